/** The items of a JSON document, in JavaScript: the grammar of src/codec/json/grammar.rs and the parser of src/codec/json/walk.rs, byte by byte. */
import { CodecError } from '../error.js';
import { shownStep } from '../json-path.js';
import { faultMessage } from './fault.js';
import type { Bytes } from '../../runtime/buffers.js';
import type { CodecErrorCode } from '../error.js';
import type { Step } from '../json-path.js';
import type { Parser, Records } from './records.js';

/** What must follow. */
const VALUE = 0;
const ELEMENT = 1;
const MEMBER = 2;
const NAME = 3;
const COLON = 4;
const AFTER = 5;
/** What is being read. */
const TEXT = 6;
const ESCAPE = 7;
const DIGITS = 8;
const LITERAL = 9;
const MINUS = 10;
const ZERO = 11;
const INTEGER = 12;
const POINT = 13;
const FRACTION = 14;
const EXPONENT = 15;
const SIGN = 16;
const POWER = 17;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Bytes of a name that a message shows. */
const SHOWN = 64;

const isSpace = (byte: number) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
const isDigit = (byte: number) => byte >= 0x30 && byte <= 0x39;
const isEnd = (state: number) => state === ZERO || state === INTEGER || state === FRACTION || state === POWER;
const bytesOf = (text: string) => Array.from(text, (character) => character.charCodeAt(0));

const LITERALS = new Map(
  ['true', 'false', 'null'].map((literal) => [literal.charCodeAt(0), bytesOf(literal.slice(1))]),
);
const ESCAPES = new Set(bytesOf('"\\/bfnrt'));
const LETTER_U = 0x75;

/** The state of a number behind another byte; undefined if no number has it there. */
function numberState(state: number, byte: number): number | undefined {
  if (isDigit(byte)) {
    if (state === MINUS) return byte === 0x30 ? ZERO : INTEGER;
    if (state === INTEGER) return INTEGER;
    if (state === POINT || state === FRACTION) return FRACTION;
    return state === ZERO ? undefined : POWER;
  }
  if (byte === 0x2e) return state === ZERO || state === INTEGER ? POINT : undefined;
  if (byte === 0x65 || byte === 0x45)
    return state === ZERO || state === INTEGER || state === FRACTION ? EXPONENT : undefined;
  return (byte === 0x2b || byte === 0x2d) && state === EXPONENT ? SIGN : undefined;
}

/** A container on the path, and where in it the text is. */
interface Level {
  index: number;
  name: string;
  selects: boolean;
}

export class JsonParser implements Parser {
  #records: Records;
  #steps: readonly Step[];
  #maxBytes: number;
  #maxDepth: number;
  #hasRows: boolean;
  #hasNames: boolean;
  #missingIsError: boolean;
  #state = VALUE;
  /** For each open container, whether it is an object. */
  #open: boolean[] = [];
  #inObject = false;
  /** The string being read is a name. */
  #isName = false;
  /** Hexadecimal digits that are missing. */
  #digits = 0;
  #literal: readonly number[] = [];
  #matched = 0;
  #levels: Level[] = [];
  /** The name being read, with its quotes, if the path asks for it. */
  #nameBytes: number[] | undefined;
  #found = 0;
  #entered = 0;
  #inItem = false;
  #length = 0;
  #start = 0;

  constructor(
    records: Records,
    steps: readonly Step[],
    maxBytes: number,
    maxDepth: number,
    hasRows: boolean,
    missingIsError: boolean,
  ) {
    this.#records = records;
    this.#steps = steps;
    this.#maxBytes = maxBytes;
    this.#maxDepth = maxDepth;
    this.#hasRows = hasRows;
    this.#hasNames = hasRows && steps[steps.length - 1] === null;
    this.#missingIsError = missingIsError;
  }

  push(text: Bytes, offset: number): void {
    for (let at = 0; at < text.length; at++) {
      const byte = text[at]!;
      // A number ends with the byte behind it, which belongs to what follows.
      if (this.#state >= MINUS) {
        const next = numberState(this.#state, byte);
        if (next !== undefined) {
          this.#state = next;
          this.#putByte(byte);
          continue;
        }
        if (!isEnd(this.#state)) throw this.#expected('a digit', byte, offset + at);
        this.#endValue();
      }
      this.#take(byte, offset + at);
    }
  }

  #take(byte: number, offset: number): void {
    switch (this.#state) {
      case TEXT:
        if (byte === QUOTE) {
          this.#putByte(byte);
          this.#endText();
          return;
        }
        if (byte < 0x20) throw this.#refuse('invalid-json', `${shownByte(byte)} must be an escape in a string`, offset);
        if (byte === BACKSLASH) this.#state = ESCAPE;
        break;
      case ESCAPE:
        if (byte === LETTER_U) {
          this.#state = DIGITS;
          this.#digits = 4;
        } else if (ESCAPES.has(byte)) {
          this.#state = TEXT;
        } else {
          throw this.#expected('one of "\\/bfnrtu', byte, offset);
        }
        break;
      case DIGITS:
        if (!isDigit(byte) && !((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66))
          throw this.#expected('a hexadecimal digit', byte, offset);
        if (--this.#digits === 0) this.#state = TEXT;
        break;
      case LITERAL:
        if (byte !== this.#literal[this.#matched]) throw this.#expected('a value', byte, offset);
        this.#putByte(byte);
        if (++this.#matched === this.#literal.length) this.#endValue();
        return;
      default:
        this.#takeMark(byte, offset);
        return;
    }
    this.#putByte(byte);
  }

  /** Between values and names. */
  #takeMark(byte: number, offset: number): void {
    if (isSpace(byte)) {
      // Inside of an item it is text.
      if (this.#inItem) this.#putByte(byte);
      return;
    }
    const state = this.#state;
    if (state === AFTER) {
      if (this.#open.length === 0)
        throw this.#refuse('trailing-data', `${shownByte(byte)} is behind the end of the document`, offset);
      if (byte === COMMA) {
        this.#state = this.#inObject ? NAME : VALUE;
        if (this.#inItem) this.#putByte(byte);
      } else if (byte === (this.#inObject ? CLOSE_OBJECT : CLOSE_ARRAY)) {
        this.#close(byte);
      } else {
        throw this.#expected(this.#inObject ? 'a comma or }' : 'a comma or ]', byte, offset);
      }
    } else if (state === COLON) {
      if (byte !== 0x3a) throw this.#expected('a colon', byte, offset);
      this.#state = VALUE;
      if (this.#inItem) this.#putByte(byte);
    } else if (state === MEMBER || state === NAME) {
      if (byte === QUOTE) this.#startName(offset);
      else if (byte === CLOSE_OBJECT && state === MEMBER) this.#close(byte);
      else throw this.#expected(state === MEMBER ? 'a name in quotes or }' : 'a name in quotes', byte, offset);
    } else if (byte === CLOSE_ARRAY && state === ELEMENT) {
      this.#close(byte);
    } else {
      this.#startValue(byte, offset);
    }
  }

  #startValue(byte: number, offset: number): void {
    const isOpening = byte === OPEN_OBJECT || byte === OPEN_ARRAY;
    const literal = LITERALS.get(byte);
    if (!isOpening && literal === undefined && byte !== QUOTE && byte !== 0x2d && !isDigit(byte))
      throw this.#expected('a value', byte, offset);
    if (this.#open.length === this.#levels.length) this.#startOnPath(isOpening, offset);
    if (isOpening && this.#open.length === this.#maxDepth)
      throw this.#refuse('too-deep', `${this.#maxDepth} containers may be open`, offset);
    this.#putByte(byte);
    if (isOpening) {
      this.#inObject = byte === OPEN_OBJECT;
      this.#open.push(this.#inObject);
      this.#state = this.#inObject ? MEMBER : ELEMENT;
    } else if (byte === QUOTE) {
      this.#state = TEXT;
      this.#isName = false;
    } else if (literal !== undefined) {
      this.#state = LITERAL;
      this.#literal = literal;
      this.#matched = 0;
    } else if (byte === 0x2d) {
      this.#state = MINUS;
    } else {
      this.#state = byte === 0x30 ? ZERO : INTEGER;
    }
  }

  #startOnPath(isOpening: boolean, offset: number): void {
    const levels = this.#levels;
    const depth = levels.length;
    const level = levels[depth - 1];
    if (level !== undefined) {
      if (!this.#inObject) {
        level.index++;
        const step = this.#steps[depth - 1];
        level.selects = step === null || step === level.index;
      }
      if (!level.selects) return;
    }
    this.#found = Math.max(this.#found, depth);
    if (depth === this.#steps.length) {
      this.#inItem = true;
      // One with a name began with that.
      if (this.#inObject && this.#hasNames) return;
      this.#start = offset;
      this.#length = 0;
      if (this.#hasNames && level!.index === 0) {
        this.#records.putByte(0x30);
        this.#records.endField(COMMA);
      }
    } else if (isOpening) {
      levels.push({ index: -1, name: '', selects: false });
      this.#entered = Math.max(this.#entered, depth + 1);
    }
  }

  #startName(offset: number): void {
    this.#state = TEXT;
    this.#isName = true;
    if (this.#open.length === this.#levels.length) {
      this.#nameBytes = [];
      if (this.#hasNames && this.#levels.length === this.#steps.length) {
        this.#inItem = true;
        this.#start = offset;
        this.#length = 0;
      }
    }
    this.#putByte(QUOTE);
  }

  #endText(): void {
    if (!this.#isName) return this.#endValue();
    this.#isName = false;
    this.#state = COLON;
    if (this.#nameBytes === undefined) return;
    const level = this.#levels[this.#levels.length - 1]!;
    const step = this.#steps[this.#levels.length - 1];
    level.name = JSON.parse(new TextDecoder().decode(Uint8Array.from(this.#nameBytes))) as string;
    level.selects = step === null || step === level.name;
    this.#nameBytes = undefined;
    if (this.#inItem) {
      this.#records.endField(COMMA);
      this.#inItem = false;
    }
  }

  #close(byte: number): void {
    if (this.#inItem) this.#putByte(byte);
    this.#open.pop();
    this.#inObject = this.#open[this.#open.length - 1] ?? false;
    this.#endValue();
  }

  #endValue(): void {
    this.#state = AFTER;
    const depth = this.#open.length;
    if (depth < this.#levels.length) this.#levels.pop();
    else if (depth === this.#levels.length && this.#inItem) this.#endItem();
  }

  #endItem(): void {
    this.#records.endField(COMMA);
    if (this.#hasRows) this.#records.endRow();
    this.#inItem = false;
  }

  #putByte(byte: number): void {
    this.#nameBytes?.push(byte);
    if (!this.#inItem) return;
    if (this.#length++ === this.#maxBytes)
      throw this.#refuse('too-long', `an item may have ${this.#maxBytes} bytes`, this.#start);
    this.#records.putByte(byte);
  }

  finish(offset: number): void {
    if (this.#open.length > 0 || !(this.#state === AFTER || isEnd(this.#state)))
      throw this.#refuse('truncated', 'the document has not ended', offset);
    if (this.#inItem) this.#endItem();
    const missing = this.#missing();
    if (missing === undefined || !this.#missingIsError) return;
    const path = pathOf(missing);
    throw this.#fault('missing-path', `nothing is at ${path}`, offset, path);
  }

  /** The steps up to the first that nothing was found for, if something must have been. */
  #missing(): readonly Step[] | undefined {
    const step = this.#steps[this.#found];
    if (step === undefined || (step === null && this.#entered > this.#found)) return undefined;
    return this.#steps.slice(0, this.#found + 1);
  }

  #expected(what: string, byte: number, offset: number): CodecError {
    return this.#refuse('invalid-json', `${what} must be there, and ${shownByte(byte)} is`, offset);
  }

  #refuse(code: CodecErrorCode, detail: string, offset: number): CodecError {
    return this.#fault(code, detail, offset, this.#place());
  }

  #fault(code: CodecErrorCode, detail: string, offset: number, path: string): CodecError {
    const message = `${faultMessage('json', code, offset, detail)} (path ${path})`;
    return Object.assign(new CodecError(message, { codec: 'json', code, offset }), { path });
  }

  /** The path to what is being read, as far as the path asked for goes. */
  #place(): string {
    const place: Step[] = [];
    for (const [at, { index, name, selects }] of this.#levels.entries()) {
      if (this.#open[at]!) {
        if (!selects || (this.#nameBytes !== undefined && at + 1 === this.#levels.length)) break;
        place.push(this.#steps[at] === null ? cut(name) : name);
      } else if (index >= 0) {
        place.push(index);
      }
    }
    return pathOf(place);
  }
}

const pathOf = (steps: readonly Step[]): string => `$${steps.map(shownStep).join('')}`;

/** A name as messages show it. */
function cut(name: string): string {
  const bytes = new TextEncoder().encode(name);
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  if (bytes.length <= SHOWN) return decoder.decode(bytes);
  return `${decoder.decode(bytes.subarray(0, SHOWN)).replace(/\ufffd+$/, '')}…`;
}

function shownByte(byte: number): string {
  if (byte > 0x20 && byte < 0x7f) return String.fromCharCode(byte);
  return `the byte ${byte.toString(16).padStart(2, '0')}`;
}
