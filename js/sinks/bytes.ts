/** Converts the chunks of sinks that take bytes: bytes stay as they are, strings become UTF-8. */
import { refuseDetached } from '../runtime/buffers.js';
import { joined, TextPieces, utf8 } from '../runtime/text.js';
import { describe } from '../values/describe.js';
import { isBytes } from '../bridge/kinds.js';

/**
 * The chunks of sinks that take bytes: buffers and views, or strings, which the sink encodes as UTF-8. A surrogate pair
 * may be split between two strings. Half a pair without its other half becomes U+FFFD.
 */
export type BytesOrText = string | ArrayBuffer | ArrayBufferView;

/** Encodes the chunks of one sink. `caller` is the function that its errors name. */
export class Encoder {
  #caller: string;
  #text = new TextPieces();

  constructor(caller: string) {
    this.#caller = caller;
  }

  /**
   * The bytes of `chunk`, after what `rest()` still held. A view of the chunk's own memory where nothing has to be
   * copied.
   *
   * @throws {TypeError} if `chunk` is neither bytes nor a string, or its buffer is detached
   */
  encode(chunk: unknown): Uint8Array {
    if (typeof chunk === 'string') return utf8(this.#text.take(chunk));
    const bytes = own(bytesOf(chunk, this.#caller));
    return bytes.length === 0 ? bytes : joined(this.rest(), bytes);
  }

  /** The bytes that are left when no text follows: U+FFFD for half a surrogate pair, or none. */
  rest(): Uint8Array {
    return utf8(this.#text.rest());
  }
}

/** `bytes`, copied if they are in a SharedArrayBuffer: engines write none, and send none to another process. */
function own(bytes: Uint8Array): Uint8Array {
  return bytes.buffer instanceof ArrayBuffer ? bytes : new Uint8Array(bytes);
}

function bytesOf(chunk: unknown, caller: string): Uint8Array {
  if (isBytes(chunk)) refuseDetached(chunk, `${caller}(): the chunk`);
  if (chunk instanceof Uint8Array) return chunk;
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  // A buffer of another realm, such as a frame, is no instance of this realm's class.
  if (Object.prototype.toString.call(chunk) === '[object ArrayBuffer]') return new Uint8Array(chunk as ArrayBuffer);
  throw new TypeError(
    `${caller}(): chunks must be bytes or strings; got ${describe(chunk)}. Convert them in a stage before it`,
  );
}
