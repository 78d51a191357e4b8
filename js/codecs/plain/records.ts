/** What a parser in JavaScript has produced: text in UTF-8, and where its fields and rows end (src/codec/records.rs). */
import type { Bytes } from '../../runtime/buffers.js';
import type { Parts } from '../segment.js';

export const LF = 10;
export const CR = 13;

/** What a stage is given, and gives: bytes, or the text of records. */
export type Piece = { readonly bytes: Bytes } & Partial<Parts>;

/** Numbers, of which there are ever more. */
class Numbers {
  all = new Uint32Array(1024);
  length = 0;

  push(number: number): void {
    if (this.length === this.all.length) {
      const larger = new Uint32Array(2 * this.length);
      larger.set(this.all);
      this.all = larger;
    }
    this.all[this.length++] = number;
  }

  /** Takes the first `count` away, and subtracts `base` from the rest. */
  take(count: number, base: number): Uint32Array<ArrayBuffer> {
    const taken = this.all.slice(0, count);
    for (let at = count; at < this.length; at++) this.all[at - count] = this.all[at]! - base;
    this.length -= count;
    return taken;
  }
}

/** Turns ends in UTF-8 into ends in UTF-16. */
function toUtf16(bytes: Bytes, ends: Uint32Array): void {
  let at = 0;
  let units = 0;
  for (let field = 0; field < ends.length; field++) {
    const end = ends[field]!;
    for (; at < end; at++) {
      const byte = bytes[at]!;
      if ((byte & 0xc0) !== 0x80) units += byte >= 0xf0 ? 2 : 1;
    }
    ends[field] = units;
  }
}

export class Records {
  #bytes = new Uint8Array(2 ** 16);
  #length = 0;
  #ends = new Numbers();
  #rows = new Numbers();
  /** There are rows of fields; else each field is a record. */
  #hasRows: boolean;
  /** Bytes and fields of complete records. */
  #whole = 0;
  #fields = 0;

  constructor(hasRows: boolean) {
    this.#hasRows = hasRows;
  }

  /** Puts `bytes` from `from` to `to` behind what there is. */
  put(bytes: Bytes, from: number, to: number): void {
    const length = this.#length + to - from;
    if (length > this.#bytes.length) this.#grow(length);
    // Most fields are shorter than what a call of set() costs.
    if (to - from > 32) this.#bytes.set(bytes.subarray(from, to), this.#length);
    else for (let at = from, put = this.#length; at < to; at++, put++) this.#bytes[put] = bytes[at]!;
    this.#length = length;
  }

  putByte(byte: number): void {
    if (this.#length === this.#bytes.length) this.#grow(this.#length + 1);
    this.#bytes[this.#length++] = byte;
  }

  #grow(length: number): void {
    const larger = new Uint8Array(Math.max(length, 2 * this.#bytes.length));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }

  endField(separator: number): void {
    this.#ends.push(this.#length);
    this.putByte(separator);
    if (!this.#hasRows) {
      this.#whole = this.#length;
      this.#fields = this.#ends.length;
    }
  }

  endRow(): void {
    this.#whole = this.#length;
    this.#fields = this.#ends.length;
    this.#rows.push(this.#fields);
  }

  /** For each row the number of fields up to its end. */
  get rows(): Uint32Array {
    return this.#rows.all.subarray(0, this.#rows.length);
  }

  /** The complete records since the last call; undefined if there are none. */
  take(): Parts | undefined {
    if (this.#whole === 0) return undefined;
    const bytes = this.#bytes.slice(0, this.#whole);
    const ends = this.#ends.take(this.#fields, this.#whole);
    const rows = this.#rows.take(this.#rows.length, 0);
    this.#bytes.copyWithin(0, this.#whole, this.#length);
    this.#length -= this.#whole;
    this.#whole = 0;
    this.#fields = 0;
    toUtf16(bytes, ends);
    return { bytes, isLatin1: false, utf8Length: bytes.length, ends, rows };
  }
}

/** A parser of valid UTF-8 split between characters. */
export interface Parser {
  /** Reads text that has `offset` bytes of input before it. */
  push(text: Bytes, offset: number): void;
  /** The text has ended, after `offset` bytes of input. */
  finish(offset: number): void;
}
