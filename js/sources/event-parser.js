/** Parses an event stream: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation */

const MOST = 16 * 1024 * 1024;

export class EventParser {
  /** What to say that was seen last, when connecting again. */
  lastEventId = '';
  /** Milliseconds to wait before that, where the server said so. */
  retry = undefined;

  #rest = ''; // a line that has not ended
  #afterCR = false;
  #first = true;
  #data = [];
  #size = 0;
  #type = '';
  #id = undefined;

  /** Takes text, cut anywhere; returns the events that are complete, `{ type, data, lastEventId }`. */
  push(text) {
    const events = [];
    if (this.#first && text !== '') {
      this.#first = false;
      if (text[0] === '\uFEFF') text = text.slice(1);
    }
    if (this.#afterCR && text !== '') {
      this.#afterCR = false;
      if (text[0] === '\n') text = text.slice(1);
    }
    const lines = (this.#rest + text).split(/\r\n|\r|\n/);
    this.#rest = lines.pop();
    this.#afterCR = text.endsWith('\r');
    for (const line of lines) {
      const event = this.#line(line);
      if (event !== undefined) events.push(event);
    }
    if (this.#size + this.#rest.length > MOST) throw new RangeError(`fromEventSource(): an event has more than ${MOST} characters`);
    return events;
  }

  /** A connection has ended: what was not complete is dropped. */
  reset() {
    this.#rest = '';
    this.#afterCR = false;
    this.#first = true;
    this.#clear();
  }

  #clear() {
    this.#data = [];
    this.#size = 0;
    this.#type = '';
    this.#id = undefined;
  }

  #line(line) {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    if (colon === 0) return undefined; // a comment
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'data') {
      this.#data.push(value);
      this.#size += value.length + 1;
    } else if (field === 'event') {
      this.#type = value;
    } else if (field === 'id') {
      if (!value.includes('\0')) this.#id = value;
    } else if (field === 'retry' && /^\d+$/.test(value)) {
      this.retry = Number(value);
    }
    return undefined;
  }

  #dispatch() {
    const [data, type] = [this.#data, this.#type || 'message'];
    if (this.#id !== undefined) this.lastEventId = this.#id;
    this.#clear();
    return data.length === 0 ? undefined : { type, data: data.join('\n'), lastEventId: this.lastEventId };
  }
}
