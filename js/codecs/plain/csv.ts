/** Comma-separated values, in JavaScript: the parser of src/codec/csv.rs, byte by byte. */
import { fault } from './fault.js';
import type { Bytes } from '../../runtime/buffers.js';
import { CR, LF } from './records.js';
import type { Parser, Records } from './records.js';

/** How CSV is read. A byte of 255 is in no text: there is no such character. */
export interface Dialect {
  readonly delimiter: Bytes;
  readonly quote: number;
  readonly escape: number;
  readonly comment: number;
  readonly skipLines: number;
  /** The number of fields that rows must have; 0: as many as the first. */
  readonly width: number;
  readonly keepsRagged: boolean;
  readonly keepsEmptyLines: boolean;
  readonly returnEndsRow: boolean;
  readonly maxBytes: number;
}

/** No byte of the field has come. */
const FIELD_START = 0;
/** In a field that did not begin with a quote. */
const UNQUOTED = 1;
/** Between the quotes. */
const QUOTED = 2;
/** Behind a quote in a quoted field: the end of the field, or half of an escaped quote. */
const AFTER_QUOTE = 3;
/** Behind an escape in a quoted field. */
const ESCAPED = 4;
/** In one of the lines that are no rows. */
const SKIPPED = 5;

export class CsvParser implements Parser {
  #dialect: Dialect;
  #records: Records;
  #state: number;
  #skipped: number;
  /** The text so far ends with so many bytes of a long delimiter, outside of quotes; they are held. */
  #matched = 0;
  /** The text so far ends with a CR that has ended a row, to which an LF belongs. */
  #afterReturn = false;
  /** The text so far ends with a CR outside of quotes, which is text unless LF follows. */
  #heldReturn = false;
  #quoteOffset = 0;
  #width: number;
  #rows = 0;
  /** Of the row: the offset of its first byte, its fields that have ended, its bytes. */
  #start: number | undefined;
  #fields = 0;
  #bytes = 0;

  constructor(dialect: Dialect, records: Records) {
    this.#dialect = dialect;
    this.#records = records;
    this.#width = dialect.width;
    this.#skipped = dialect.skipLines;
    this.#state = this.#skipped > 0 ? SKIPPED : FIELD_START;
  }

  push(text: Bytes, offset: number): void {
    const { delimiter, quote, escape, comment, returnEndsRow } = this.#dialect;
    const first = delimiter[0]!;
    const isLong = delimiter.length > 1;
    const { length } = text;
    if (length > 0) this.#start ??= offset;
    let at = 0;
    while (at < length) {
      const byte = text[at]!;
      if (this.#afterReturn) {
        this.#afterReturn = false;
        if (byte === LF) {
          at++;
          this.#start = offset + at;
          continue;
        }
      }
      if (this.#matched > 0) {
        if (byte !== delimiter[this.#matched]) {
          this.#releaseDelimiter(offset + at, false);
          continue;
        }
        at++;
        if (++this.#matched === delimiter.length) {
          this.#matched = 0;
          this.#endField();
        }
        continue;
      }
      if (this.#heldReturn) {
        if (byte === LF) {
          this.#heldReturn = false;
          at++;
          this.#endLine(offset + at);
        } else {
          this.#releaseReturn(offset + at - 1);
        }
        continue;
      }
      if (this.#state === FIELD_START) {
        if (byte === comment && this.#fields === 0) {
          this.#state = SKIPPED;
          this.#skipped = 1;
          continue;
        }
        if (byte === quote) {
          this.#state = QUOTED;
          this.#quoteOffset = offset + at;
          at++;
          continue;
        }
      }
      switch (this.#state) {
        case FIELD_START:
        case UNQUOTED: {
          let end = at;
          let mark = byte;
          while (mark !== first && mark !== LF && mark !== CR && ++end < length) mark = text[end]!;
          if (end > at) {
            this.#put(text, at, end);
            this.#state = UNQUOTED;
          }
          at = end + 1;
          if (end === length) break;
          if (mark === CR) this.#pushReturn(offset + at);
          else if (mark === LF) this.#endLine(offset + at);
          else if (isLong) this.#matched = 1;
          else this.#endField();
          break;
        }
        case QUOTED: {
          let end = at;
          while (end < length && text[end] !== quote && text[end] !== escape) end++;
          this.#put(text, at, end);
          if (end < length) this.#state = text[end] === quote ? AFTER_QUOTE : ESCAPED;
          at = end + 1;
          break;
        }
        case ESCAPED:
          // An escape before anything else is text.
          this.#putByte(byte === quote ? quote : escape);
          if (byte === quote || byte === escape) at++;
          this.#state = QUOTED;
          break;
        case AFTER_QUOTE:
          at++;
          if (byte === quote) {
            this.#state = QUOTED;
            this.#putByte(quote);
          } else if (byte === first) {
            if (isLong) this.#matched = 1;
            else this.#endField();
          } else if (byte === LF) this.#endLine(offset + at);
          else if (byte === CR) this.#pushReturn(offset + at);
          else this.#stray(offset + at - 1);
          break;
        default: {
          while (at < length && text[at] !== LF && !(returnEndsRow && text[at] === CR)) at++;
          if (at === length) break;
          this.#afterReturn = text[at] === CR;
          at++;
          this.#start = offset + at;
          if (--this.#skipped === 0) this.#state = FIELD_START;
        }
      }
    }
    this.#checkLength();
  }

  finish(offset: number): void {
    if (this.#matched > 0) this.#releaseDelimiter(offset, true);
    if (this.#heldReturn) this.#releaseReturn(Math.max(0, offset - 1));
    if (this.#state === QUOTED || this.#state === ESCAPED)
      throw fault('csv', 'unclosed-quote', this.#quoteOffset, 'the input ends inside the field that this quote opened');
    if (this.#state === SKIPPED || (this.#state === FIELD_START && this.#fields === 0)) return;
    this.#endLine(offset);
  }

  #put(text: Bytes, from: number, to: number): void {
    this.#records.put(text, from, to);
    this.#bytes += to - from;
  }

  #putByte(byte: number): void {
    this.#records.putByte(byte);
    this.#bytes++;
  }

  #endField(): void {
    const { delimiter } = this.#dialect;
    // What reads the text knows where fields end, and wants one byte there.
    this.#records.endField(delimiter.length > 1 ? 0x2c : delimiter[0]!);
    this.#bytes++;
    this.#fields++;
    this.#state = FIELD_START;
  }

  /** LF, or the end of the text, outside of quotes. The next row begins at `next`. */
  #endLine(next: number): void {
    if (this.#fields === 0 && this.#state === FIELD_START && !this.#dialect.keepsEmptyLines) {
      this.#start = next;
      return;
    }
    this.#endField();
    this.#checkLength();
    this.#rows++;
    if (this.#width === 0) this.#width = this.#fields;
    if (this.#fields !== this.#width && !this.#dialect.keepsRagged)
      throw fault('csv', 'ragged-row', this.#start ?? 0, `row ${this.#rows} has ${this.#fields}, not ${this.#width}`);
    this.#records.endRow();
    this.#start = next;
    this.#fields = 0;
    this.#bytes = 0;
  }

  #checkLength(): void {
    const { maxBytes } = this.#dialect;
    if (this.#bytes > maxBytes) throw fault('csv', 'too-long', this.#start ?? 0, `a row may have ${maxBytes} bytes`);
  }

  #stray(offset: number): never {
    this.#checkLength();
    throw fault('csv', 'stray-quote', offset, 'a delimiter or the end of the row must follow the closing quote');
  }

  /** A CR outside of quotes, behind which the text goes on at `next`. */
  #pushReturn(next: number): void {
    if (this.#dialect.returnEndsRow) {
      this.#afterReturn = true;
      this.#endLine(next);
    } else {
      this.#heldReturn = true;
    }
  }

  /** The held CR turned out to be text. */
  #releaseReturn(offset: number): void {
    this.#heldReturn = false;
    if (this.#state === AFTER_QUOTE) this.#stray(offset);
    this.#state = UNQUOTED;
    this.#putByte(CR);
  }

  /** The held beginning of a long delimiter turned out to be text, as far as it is no beginning of another; `offset` is behind it. */
  #releaseDelimiter(offset: number, whole: boolean): void {
    const { delimiter } = this.#dialect;
    const held = this.#matched;
    if (this.#state === AFTER_QUOTE) this.#stray(offset - held);
    let released = 1;
    if (whole) released = held;
    else while (!delimiter.subarray(released, held).every((byte, at) => byte === delimiter[at])) released++;
    this.#put(delimiter, 0, released);
    this.#matched -= released;
    this.#state = UNQUOTED;
  }
}
