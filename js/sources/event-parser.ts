/**
 * Parses an event stream: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */

/** The most characters of one event. */
const MOST = 16 * 1024 * 1024;
/** Milliseconds: the longest time of a timer. */
const LONGEST = 2 ** 31 - 1;

/** An event of an event stream. */
export interface ServerSentEvent {
  /** The event's type; `message` if the server names none. */
  readonly type: string;
  /** The text of the event; the lines of several `data` fields are joined by line feeds. */
  readonly data: string;
  /** The id of this event, or of the last one before it that had an id; empty if there is none. */
  readonly lastEventId: string;
}

export class EventParser {
  /** The id to send as `Last-Event-ID` when reconnecting; empty for none. */
  lastEventId = '';
  /** Milliseconds to wait before that, if the server has said so. */
  retry: number | undefined = undefined;
  /** Why the rest cannot be parsed, if that is so. The events before it were returned. */
  fault: RangeError | undefined = undefined;

  #rest = ''; // a line that has not ended; not inspected before, because that would copy it each time
  #comment = false; // whether that line is a comment, of which nothing is kept
  #afterCR = false;
  #first = true;
  #data: string[] = [];
  #size = 0;
  #type = '';
  #id: string | undefined = undefined;

  /**
   * Parses the next piece of text, which may be split anywhere, and returns the events that are now complete. The text
   * must be decoded with `ignoreBOM`: the parser removes the byte order mark.
   *
   * @throws {RangeError} the `fault`, if no event is complete before it
   */
  push(text: string): ServerSentEvent[] {
    const events: ServerSentEvent[] = [];
    let from = 0;
    if (this.#first && text !== '') {
      this.#first = false;
      if (text[0] === '\uFEFF') from = 1;
    }
    const ends = /\r\n?|\n/g;
    while (from < text.length && this.fault === undefined) {
      if (this.#afterCR) {
        this.#afterCR = false;
        if (text[from] === '\n') {
          from += 1;
          continue;
        }
      }
      ends.lastIndex = from;
      const end = ends.exec(text);
      this.#extend(text.slice(from, end?.index));
      if (end === null || this.fault !== undefined) break;
      from = ends.lastIndex;
      this.#afterCR = end[0] === '\r';
      const event = this.#endLine();
      if (event !== undefined) events.push(event);
    }
    if (events.length === 0 && this.fault !== undefined) throw this.fault;
    return events;
  }

  /** The connection has ended. Drops the incomplete line and event. */
  reset(): void {
    this.#rest = '';
    this.#comment = false;
    this.#afterCR = false;
    this.#first = true;
    this.#clear();
  }

  #clear(): void {
    this.#data = [];
    this.#size = 0;
    this.#type = '';
    this.#id = undefined;
  }

  #extend(piece: string): void {
    if (this.#rest === '' && piece[0] === ':') this.#comment = true;
    if (this.#comment) return;
    this.#rest += piece;
    if (this.#size + this.#rest.length > MOST)
      this.fault = new RangeError(
        `fromEventSource(): an event has more than ${MOST} characters; make the server send smaller events`,
      );
  }

  #endLine(): ServerSentEvent | undefined {
    const line = this.#rest;
    const isComment = this.#comment;
    this.#rest = '';
    this.#comment = false;
    if (isComment) return undefined;
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'data') {
      this.#data.push(value);
      this.#size += value.length + 1;
    } else if (field === 'event') {
      this.#type = value;
    } else if (field === 'id') {
      if (!value.includes('\0')) this.#id = value;
    } else if (field === 'retry' && /^[0-9]+$/.test(value)) {
      this.retry = Math.min(Number(value), LONGEST);
    }
    return undefined;
  }

  #dispatch(): ServerSentEvent | undefined {
    const [data, type] = [this.#data, this.#type || 'message'];
    if (this.#id !== undefined) this.lastEventId = this.#id;
    this.#clear();
    return data.length === 0 ? undefined : { type, data: data.join('\n'), lastEventId: this.lastEventId };
  }
}
