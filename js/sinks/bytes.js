/** What sinks of bytes take: bytes, and strings as UTF-8. */
import { refuseDetached } from '../internal/buffers.js';
import { TextPieces, utf8 } from '../internal/text.js';
import { describe } from '../pipeline/describe.js';
import { isBytes } from '../pipeline/ends.js';

/** Makes bytes of chunks on behalf of the sink `caller`. */
export class Encoder {
  #caller;
  #text = new TextPieces();

  constructor(caller) {
    this.#caller = caller;
  }

  /** @throws {TypeError} where `chunk` is neither bytes nor a string */
  encode(chunk) {
    if (typeof chunk === 'string') return utf8(this.#text.take(chunk));
    const bytes = bytesOf(chunk, this.#caller);
    return bytes.length === 0 ? bytes : joined(this.rest(), bytes);
  }

  /** What is left at the end: half a surrogate pair as U+FFFD, or nothing. */
  rest() {
    return utf8(this.#text.rest());
  }
}

function joined(first, second) {
  if (first.length === 0) return second;
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}

function bytesOf(chunk, caller) {
  if (isBytes(chunk)) refuseDetached(chunk, `${caller}(): the chunk`);
  if (chunk instanceof Uint8Array) return chunk;
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk);
  throw new TypeError(`${caller}(): chunks must be bytes or strings; got ${describe(chunk)}. Put a stage before it that makes them so`);
}

/** Gathers small chunks into pieces of `size` bytes. A chunk as large as that goes on as it is. */
export class Gatherer {
  #size;
  #buffer;
  #filled = 0;

  constructor(size) {
    this.#size = size;
  }

  /** Takes bytes; returns the pieces that are to be written now, in their order. What it keeps of them is a copy. */
  add(bytes) {
    const pieces = [];
    if (this.#filled + bytes.length > this.#size) pieces.push(...this.rest());
    if (bytes.length >= this.#size) return [...pieces, bytes];
    this.#buffer ??= new Uint8Array(this.#size);
    this.#buffer.set(bytes, this.#filled);
    this.#filled += bytes.length;
    return pieces;
  }

  /** What has been gathered, at most one piece. */
  rest() {
    if (this.#filled === 0) return [];
    const piece = this.#buffer.subarray(0, this.#filled);
    this.#buffer = undefined;
    this.#filled = 0;
    return [piece];
  }
}
