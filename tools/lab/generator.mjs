/**
 * The lab's file: a CSV of any size up to 10 GB made on the fly and never stored. The same size gives the same bytes on
 * every machine: integer arithmetic only, a fixed seed, no clock, no locale.
 *
 * Rows end in CRLF (RFC 4180) and go straight from prepared bytes into a block, since the file must be made faster than a
 * page can read it. The last row's note is padded so that the file has exactly the size that was asked for.
 */

import { createHash } from 'node:crypto';
import { CITIES, NOTES, PRODUCTS, quote } from './vocabulary.mjs';

export const HEADER = 'id,timestamp,city,product,quantity,price_cents,note\r\n';

/** Smallest and largest file, in bytes of CSV. */
export const MIN_SIZE = 1e3;
export const MAX_SIZE = 10e9;

const BLOCK_SIZE = 256 * 1024;
/** No row but the last is longer; checked below against the vocabulary. */
const MAX_ROW = 320;
const SEED = 0x7464_6774;
const FIRST_DAY = 20_089; // 2025-01-01, in days since 1970
const SECONDS_PER_DAY = 86_400;

const utf8 = new TextEncoder();
const bytesOf = (words, end) => words.map((word) => utf8.encode(quote(word) + end));
const CITY_BYTES = bytesOf(CITIES, ',');
const PRODUCT_BYTES = bytesOf(PRODUCTS, ',');
const NOTE_BYTES = bytesOf(NOTES, '\r\n');
/** ",HH:MM:SSZ," needs pairs of digits: TENS[n] and ONES[n] for n below 100. */
const TENS = Uint8Array.from({ length: 100 }, (_, n) => 48 + Math.floor(n / 10));
const ONES = Uint8Array.from({ length: 100 }, (_, n) => 48 + (n % 10));

const longest = (list) => Math.max(...list.map((bytes) => bytes.length));
const FIXED_FIELDS = 11 + 21 + 4 + 7; // id, timestamp, quantity and price, each with its comma
if (FIXED_FIELDS + longest(CITY_BYTES) + longest(PRODUCT_BYTES) + longest(NOTE_BYTES) > MAX_ROW) {
  throw new Error('tools/lab/vocabulary.mjs: a row could be longer than MAX_ROW of tools/lab/generator.mjs');
}

/** Makes one file, block by block, and sums it up on the way. */
export class CsvGenerator {
  #size;
  #remaining;
  #rows = 0;
  #random = SEED;
  #seconds = SECONDS_PER_DAY; // so that the first row writes its day
  #day = FIRST_DAY - 1;
  #dayBytes = new Uint8Array(11);
  #totals = new Float64Array(CITIES.length); // sums stay below 2^53: 10 GB of rows of at most 20 x 99,999 cents
  #hash = createHash('sha256');
  #summary = null;

  /** @param {number} size bytes of CSV, from MIN_SIZE to MAX_SIZE */
  constructor(size) {
    if (!Number.isSafeInteger(size) || size < MIN_SIZE || size > MAX_SIZE) {
      throw new RangeError(`the lab's file can have ${MIN_SIZE} to ${MAX_SIZE} bytes, not ${size}`);
    }
    this.#size = size;
    this.#remaining = size;
  }

  /** Makes the next block of whole rows, or returns null after the last one. */
  next() {
    if (this.#remaining === 0) return null;
    const block = Buffer.allocUnsafeSlow(BLOCK_SIZE);
    let at = 0;
    if (this.#remaining === this.#size) at = block.write(HEADER, 'latin1');
    const before = this.#remaining;
    // The last row takes what is left: more than MAX_ROW, so that its fields fit, and no more than the block has room for.
    while (at <= BLOCK_SIZE - 3 * MAX_ROW && before - at > 2 * MAX_ROW) at = this.#row(block, at);
    if (before - at <= 2 * MAX_ROW) at = this.#lastRow(block, at, before);
    this.#remaining = before - at;
    const bytes = block.subarray(0, at);
    this.#hash.update(bytes);
    return bytes;
  }

  /** The whole file, block by block. */
  *[Symbol.iterator]() {
    for (let block = this.next(); block !== null; block = this.next()) yield block;
  }

  /**
   * What a reader of the file must arrive at: rows without the header, totals (quantity times price) in whole cents by
   * city, SHA-256 of the CSV in hex.
   *
   * @returns {{ size: number, rows: number, totals: Record<string, number>, sha256: string }}
   * @throws {Error} before the last block was made
   */
  summary() {
    if (this.#remaining !== 0) throw new Error('the summary is known after the last block');
    this.#summary ??= {
      size: this.#size,
      rows: this.#rows,
      totals: Object.fromEntries(CITIES.map((city, i) => [city, this.#totals[i]]).filter(([, cents]) => cents > 0)),
      sha256: this.#hash.digest('hex'),
    };
    return this.#summary;
  }

  #row(block, start) {
    // xorshift32: the low 32 bits of three shifts, the same in every engine.
    let r = this.#random;
    r ^= r << 13;
    r ^= r >>> 17;
    r ^= r << 5;
    let s = r;
    s ^= s << 13;
    s ^= s >>> 17;
    s ^= s << 5;
    this.#random = s;

    const city = r & 15;
    const quantity = 1 + (((r >>> 8) & 0xff) % 20);
    const price = 99 + ((s >>> 5) % 99_901);

    let at = this.#idAndTime(block, start, (r >>> 28) & 3);
    at = copy(CITY_BYTES[city], block, at);
    at = copy(PRODUCT_BYTES[(r >>> 4) & 15], block, at);
    at = digits(quantity, block, at);
    block[at++] = 44;
    at = digits(price, block, at);
    block[at++] = 44;
    at = copy(NOTE_BYTES[(r >>> 20) & 31], block, at);
    this.#totals[city] += quantity * price;
    return at;
  }

  #lastRow(block, start, before) {
    let at = this.#idAndTime(block, start, 1);
    at = copy(CITY_BYTES[0], block, at);
    at = copy(PRODUCT_BYTES[0], block, at);
    at += block.write('1,100,', at, 'latin1');
    block.fill('.', at, before - 2, 'latin1');
    block.write('\r\n', before - 2, 'latin1');
    this.#totals[0] += 100;
    return before;
  }

  #idAndTime(block, start, secondsLater) {
    let at = digits(++this.#rows, block, start);
    block[at++] = 44;
    this.#seconds += secondsLater;
    if (this.#seconds >= SECONDS_PER_DAY) {
      this.#seconds -= SECONDS_PER_DAY;
      this.#day += 1;
      utf8.encodeInto(`${isoDay(this.#day)}T`, this.#dayBytes);
    }
    at = copy(this.#dayBytes, block, at);
    const minutes = (this.#seconds / 60) | 0;
    const hour = (minutes / 60) | 0;
    const minute = minutes - hour * 60;
    const second = this.#seconds - minutes * 60;
    block[at++] = TENS[hour];
    block[at++] = ONES[hour];
    block[at++] = 58;
    block[at++] = TENS[minute];
    block[at++] = ONES[minute];
    block[at++] = 58;
    block[at++] = TENS[second];
    block[at++] = ONES[second];
    block[at++] = 90;
    block[at++] = 44;
    return at;
  }
}

function copy(from, to, at) {
  for (let i = 0; i < from.length; i++) to[at + i] = from[i];
  return at + from.length;
}

function digits(value, to, at) {
  let length = 1;
  for (let power = 10; value >= power; power *= 10) length += 1;
  let left = value;
  for (let i = at + length - 1; i >= at; i--) {
    const tenth = Math.floor(left / 10);
    to[i] = 48 + left - tenth * 10;
    left = tenth;
  }
  return at + length;
}

/** Days since 1970 as YYYY-MM-DD. */
function isoDay(day) {
  return new Date(day * SECONDS_PER_DAY * 1000).toISOString().slice(0, 10);
}

/**
 * The summary of the file of this size, without streaming it. Gives way to other work between blocks.
 *
 * @param {number} size bytes of CSV
 * @param {AbortSignal} [signal]
 */
export async function computeSummary(size, signal) {
  const generator = new CsvGenerator(size);
  while (generator.next() !== null) {
    signal?.throwIfAborted();
    await new Promise(setImmediate);
  }
  return generator.summary();
}
