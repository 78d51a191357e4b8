/** Base64 and hexadecimal digits in JavaScript (src/codec/ascii). */
import { joined } from '../../runtime/text.js';
import { fault } from './fault.js';
import type { Bytes } from '../../runtime/buffers.js';
import type { Piece } from './records.js';

const bytesOf = (text: string): Bytes => Uint8Array.from(text, (character) => character.charCodeAt(0));

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const ALPHABETS = [bytesOf(`${LETTERS}+/`), bytesOf(`${LETTERS}-_`)] as const;
const DIGITS = [bytesOf('0123456789abcdef'), bytesOf('0123456789ABCDEF')] as const;

const EQUALS = 61;

/** https://infra.spec.whatwg.org/#ascii-whitespace */
const isWhitespace = (byte: number) => byte === 32 || byte === 10 || byte === 13 || byte === 9 || byte === 12;

/** How an error shows a character that has no place in the text. */
const shown = (byte: number) =>
  byte >= 32 && byte < 127 ? `'${String.fromCharCode(byte)}'` : `0x${byte.toString(16).padStart(2, '0')}`;

export interface Base64Shape {
  readonly url: boolean;
  readonly padding: boolean;
  /** Characters of a line; 0 if all are in one. */
  readonly lineLength: number;
  readonly lf: boolean;
}

export async function* base64Encoded(
  input: AsyncIterable<Piece>,
  { url, padding, lineLength, lf }: Base64Shape,
): AsyncGenerator<Piece> {
  const alphabet = ALPHABETS[url ? 1 : 0];
  const lineEnd = bytesOf(lf ? '\n' : '\r\n');
  let rest: Bytes = new Uint8Array(0);
  let column = 0;
  const encode = (bytes: Bytes): Bytes => {
    const groups = Math.ceil(bytes.length / 3);
    const room = groups * 4 + (lineLength === 0 ? 0 : (Math.ceil((groups * 4) / lineLength) + 1) * lineEnd.length);
    const text = new Uint8Array(room);
    let to = 0;
    for (let at = 0; at < bytes.length; at += 3) {
      if (lineLength > 0 && column === lineLength) {
        text.set(lineEnd, to);
        to += lineEnd.length;
        column = 0;
      }
      const left = bytes.length - at;
      const bits = (bytes[at]! << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
      text[to++] = alphabet[bits >> 18]!;
      text[to++] = alphabet[(bits >> 12) & 63]!;
      if (left > 1 || padding) text[to++] = left > 1 ? alphabet[(bits >> 6) & 63]! : EQUALS;
      if (left > 2 || padding) text[to++] = left > 2 ? alphabet[bits & 63]! : EQUALS;
      column += 4;
    }
    return text.subarray(0, to);
  };
  for await (const piece of input) {
    const bytes = joined(rest, piece.bytes) as Bytes;
    const end = bytes.length - (bytes.length % 3);
    rest = bytes.slice(end);
    if (end > 0) yield { bytes: encode(bytes.subarray(0, end)) };
  }
  if (rest.length > 0) yield { bytes: encode(rest) };
}

/** Reads text character by character; what it has made comes before what is wrong. */
abstract class Reader {
  protected made: Bytes = new Uint8Array(0);
  protected length = 0;
  #skips: boolean;
  #offset = 0;

  constructor(skips: boolean) {
    this.#skips = skips;
  }

  async *read(input: AsyncIterable<Piece>): AsyncGenerator<Piece> {
    for await (const { bytes } of input) yield* this.#piece(bytes, () => this.#take(bytes));
    yield* this.#piece(new Uint8Array(3), () => this.end(this.#offset));
  }

  *#piece(room: Bytes, work: () => void): Generator<Piece> {
    this.made = new Uint8Array(room.length + 3);
    this.length = 0;
    try {
      work();
    } finally {
      if (this.length > 0) yield { bytes: this.made.subarray(0, this.length) };
    }
  }

  #take(bytes: Bytes): void {
    for (const byte of bytes) {
      if (!this.#skips || !isWhitespace(byte)) this.take(byte, this.#offset);
      this.#offset += 1;
    }
  }

  protected abstract take(byte: number, offset: number): void;
  protected abstract end(offset: number): void;
}

export class Base64Reader extends Reader {
  #values = new Int8Array(256).fill(-1);
  #url: boolean;
  #loose: boolean;
  #bits = 0;
  #count = 0;
  #pads = 0;
  #latest = 0;
  #ended = false;

  constructor(url: boolean, loose: boolean, skips: boolean) {
    super(skips);
    this.#url = url;
    this.#loose = loose;
    ALPHABETS[url ? 1 : 0].forEach((character, value) => (this.#values[character] = value));
  }

  protected take(byte: number, offset: number): void {
    if (this.#ended) throw fault('base64Decode', 'trailing-data', offset, 'only whitespace may follow the padding');
    if (byte === EQUALS) {
      if (this.#count < 2) {
        const detail = `'=' behind ${this.#count} characters of a group; there are at least 2`;
        throw fault('base64Decode', 'invalid-padding', offset, detail);
      }
      this.#pads += 1;
      if (this.#count + this.#pads < 4) return;
      this.#ended = true;
      return this.#last();
    }
    const value = this.#values[byte]!;
    if (value === -1) throw this.#stray(byte, offset);
    if (this.#pads > 0)
      throw fault('base64Decode', 'invalid-padding', offset, "'=' must follow, as a group has four characters");
    this.#bits = (this.#bits << 6) | value;
    this.#count += 1;
    this.#latest = offset;
    if (this.#count < 4) return;
    this.made[this.length++] = this.#bits >> 16;
    this.made[this.length++] = this.#bits >> 8;
    this.made[this.length++] = this.#bits;
    this.#bits = this.#count = 0;
  }

  #stray(byte: number, offset: number): Error {
    let detail = shown(byte);
    const character = String.fromCharCode(byte);
    if (this.#url && '+/'.includes(character)) detail = "the alphabet is base64url, which has '-' and '_' in its place";
    if (!this.#url && '-_'.includes(character)) detail = "the alphabet is base64; use base64url, which has '-' and '_'";
    return fault('base64Decode', 'invalid-character', offset, detail);
  }

  /** The bytes of a last group of 2 or 3 characters. */
  #last(): void {
    const surplus = this.#count === 2 ? 4 : 2;
    if (!this.#loose && (this.#bits & ((1 << surplus) - 1)) !== 0) {
      const detail = 'the last character has bits that belong to no byte; loose handling ignores them';
      throw fault('base64Decode', 'stray-bits', this.#latest, detail);
    }
    const bits = this.#bits >> surplus;
    if (this.#count === 3) this.made[this.length++] = bits >> 8;
    this.made[this.length++] = bits;
    this.#bits = this.#count = this.#pads = 0;
  }

  protected end(offset: number): void {
    if (this.#count === 0) return;
    if (this.#loose && this.#count > 1 && this.#pads === 0) return this.#last();
    const detail = `the last group has ${this.#count + this.#pads} of 4 characters`;
    throw fault('base64Decode', 'truncated', offset, detail);
  }
}

export async function* hexEncoded(input: AsyncIterable<Piece>, upperCase: boolean): AsyncGenerator<Piece> {
  const digits = DIGITS[upperCase ? 1 : 0];
  for await (const { bytes } of input) {
    const text = new Uint8Array(bytes.length * 2);
    bytes.forEach((byte, at) => {
      text[at * 2] = digits[byte >> 4]!;
      text[at * 2 + 1] = digits[byte & 15]!;
    });
    if (text.length > 0) yield { bytes: text };
  }
}

export class HexReader extends Reader {
  #high = -1;

  protected take(byte: number, offset: number): void {
    const lower = byte | 32;
    let value = -1;
    if (byte >= 48 && byte <= 57) value = byte - 48;
    else if (lower >= 97 && lower <= 102) value = lower - 87;
    if (value === -1) throw fault('hexDecode', 'invalid-character', offset, `${shown(byte)} is no hexadecimal digit`);
    if (this.#high === -1) {
      this.#high = value;
      return;
    }
    this.made[this.length++] = (this.#high << 4) | value;
    this.#high = -1;
  }

  protected end(offset: number): void {
    if (this.#high !== -1) throw fault('hexDecode', 'truncated', offset, 'the last byte has one digit');
  }
}
