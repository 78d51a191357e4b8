/** Encodes text that arrives in pieces as UTF-8. A surrogate pair may be split between two pieces. */

let encoder: TextEncoder | undefined;

/** `text` as UTF-8; half a surrogate pair becomes U+FFFD. */
export const utf8 = (text: string): Uint8Array<ArrayBuffer> => (encoder ??= new TextEncoder()).encode(text);

/** The longest text that is encoded in memory that is used again, in code units. */
const MOST = 2 ** 16;

/** Encodes texts one after another in the same memory, as a new buffer for each costs engines several times the work. */
export class Utf8Room {
  #bytes = new Uint8Array(0);

  /** `text` as UTF-8: a view that holds until the next call. */
  encode(text: string): Uint8Array<ArrayBuffer> {
    if (text.length > MOST) return utf8(text);
    if (this.#bytes.length < text.length * 3) this.#bytes = new Uint8Array(text.length * 3);
    const { written } = (encoder ??= new TextEncoder()).encodeInto(text, this.#bytes);
    return this.#bytes.subarray(0, written);
  }
}

/** `second` behind `first`; `second` itself where `first` is empty. */
export function joined<Second extends Uint8Array>(first: Uint8Array, second: Second): Second | Uint8Array<ArrayBuffer> {
  if (first.length === 0) return second;
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}

/**
 * Holds the first half of a pair at the end of a piece until the next piece has come, as TextEncoderStream does:
 * https://encoding.spec.whatwg.org/#interface-textencoderstream. So the bytes do not depend on where text was cut.
 */
export class TextPieces {
  #held = '';

  /** What can be encoded now. */
  take(piece: string): string {
    const text = this.#held + piece;
    const last = text.charCodeAt(text.length - 1);
    const cut = last >= 0xd800 && last < 0xdc00;
    this.#held = cut ? text.slice(-1) : '';
    return cut ? text.slice(0, -1) : text;
  }

  /** What is held, which has no second half: at the end, or before something that is not text. */
  rest(): string {
    const held = this.#held;
    this.#held = '';
    return held;
  }
}
