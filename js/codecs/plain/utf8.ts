/** UTF-8 that arrives split anywhere, checked or repaired as the Encoding Standard's decoder does it (src/codec/utf8.rs). */
import { joined } from '../../runtime/text.js';
import { fault } from './fault.js';
import type { Bytes } from '../../runtime/buffers.js';

/** Text, and how many bytes of input are before it. */
type TextPiece = readonly [text: Bytes, offset: number];

const REPLACEMENT = /* @__PURE__ */ Uint8Array.of(0xef, 0xbf, 0xbd);
const NOTHING = /* @__PURE__ */ new Uint8Array(0);

/**
 * The sequence at `at` that is no character: how many bytes of it could begin one, at least 1; 0 if the input ends before that is
 * clear; or minus the length of the character that it is.
 */
function sequenceAt(bytes: Bytes, at: number): number {
  const first = bytes[at]!;
  if (first < 0x80) return -1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4) return 1;
  for (let count = 1; count < length; count++) {
    if (at + count === bytes.length) return 0;
    const byte = bytes[at + count]!;
    let [least, most] = [0x80, 0xbf];
    if (count === 1) {
      if (first === 0xe0) least = 0xa0;
      else if (first === 0xed) most = 0x9f;
      else if (first === 0xf0) least = 0x90;
      else if (first === 0xf4) most = 0x8f;
    }
    if (byte < least || byte > most) return count;
  }
  return -length;
}

/** Where a character begins that `bytes` may have only a part of; their end if there is none. */
export function wholeUntil(bytes: Bytes): number {
  const { length } = bytes;
  for (let back = 1; back <= 3 && back <= length; back++) {
    const byte = bytes[length - back]!;
    if (byte < 0x80) break;
    if (byte >= 0xc0) return sequenceAt(bytes, length - back) === 0 ? length - back : length;
  }
  return length;
}

/** Where the first sequence begins that is no character, or that the end cuts off; the length of `bytes` if there is none. */
export function invalidAt(bytes: Bytes): number {
  let at = 0;
  while (at < bytes.length) {
    const sequence = sequenceAt(bytes, at);
    if (sequence >= 0) break;
    at -= sequence;
  }
  return at;
}

/** Splits input into valid pieces. */
export class Utf8 {
  #codec: string;
  #fatal: boolean;
  #expectsMark: boolean;
  #partial: Bytes = NOTHING;
  #checker = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  /** Input bytes before those of `#partial`. */
  offset = 0;

  constructor(codec: string, fatal: boolean, keepsMark: boolean) {
    this.#codec = codec;
    this.#fatal = fatal;
    this.#expectsMark = !keepsMark;
  }

  /** The pieces of the next input; what is before a fault comes before its error. */
  *next(input: Bytes, last: boolean): Generator<TextPiece> {
    const bytes = joined(this.#partial, input) as Bytes;
    const end = last ? bytes.length : wholeUntil(bytes);
    this.#partial = bytes.slice(end);
    let at = 0;
    if (this.#expectsMark && end > 0) {
      this.#expectsMark = false;
      if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) at = 3;
    }
    const offset = this.offset;
    this.offset += end;
    if (this.#isValid(bytes.subarray(at, end))) {
      if (end > at) yield [bytes.subarray(at, end), offset + at];
      return;
    }
    for (let from = at; at < end; from = at) {
      let sequence = 0;
      while (at < end && (sequence = sequenceAt(bytes, at)) < 0) at -= sequence;
      if (at > from) yield [bytes.subarray(from, at), offset + from];
      if (at === end) return;
      const wrong = sequence > 0 ? sequence : end - at;
      if (this.#fatal) {
        const hex = Array.from(bytes.subarray(at, at + wrong), (byte) => byte.toString(16)).join(' ');
        throw fault(this.#codec, 'invalid-utf8', offset + at, `${hex} is no character`);
      }
      yield [REPLACEMENT, offset + at];
      at += wrong;
    }
  }

  #isValid(bytes: Bytes): boolean {
    try {
      this.#checker.decode(bytes);
      return true;
    } catch {
      return false;
    }
  }
}
