/** What sinks of bytes take: bytes, and strings as UTF-8. */
import { refuseDetached } from '../runtime/buffers.js';
import { TextPieces, utf8 } from '../runtime/text.js';
import { describe } from '../values/describe.js';
import { isBytes } from '../bridge/kinds.js';

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
  throw new TypeError(
    `${caller}(): chunks must be bytes or strings; got ${describe(chunk)}. Put a stage before it that makes them so`,
  );
}
