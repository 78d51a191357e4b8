/** The requests of a byte stream: the pending reads into buffers, and the BYOB requests that answer them. */
import { bytesOf, isDetachedBuffer, transferArrayBuffer } from '../runtime/buffers.js';
import { broken } from '../runtime/broken.js';
import { B_NOT_ZERO, B_OTHER_BUFFER, B_OTHER_OFFSET, B_TOO_LONG, B_ZERO } from '../core/effects.js';
import { isolate } from '../runtime/intrinsics.js';
import type { ViewType } from '../runtime/buffers.js';
import type { ByteReadableImpl } from './byte-readable.js';

/** The state of a pending read into a buffer: https://streams.spec.whatwg.org/#pull-into-descriptor */
export class PullInto {
  declare buffer: ArrayBuffer;
  declare bufferByteLength: number;
  declare byteOffset: number;
  declare byteLength: number;
  declare type: ViewType;
  declare filled: number;
  declare exposed: boolean;

  constructor(buffer: ArrayBuffer, bufferByteLength: number, byteOffset: number, byteLength: number, type: ViewType) {
    this.buffer = buffer;
    this.bufferByteLength = bufferByteLength;
    this.byteOffset = byteOffset;
    this.byteLength = byteLength;
    this.type = type;
    this.filled = 0;
    /** Whether the page may hold a view of `buffer`. */
    this.exposed = false;
  }

  view(): ArrayBufferView<ArrayBuffer> {
    const { View, elementSize } = this.type;
    return new View(this.buffer, this.byteOffset, this.filled / elementSize);
  }

  /** Transfers the buffer away from the page, if the page could reach it. */
  claim(): void {
    if (!this.exposed) return;
    this.buffer = transferArrayBuffer(this.buffer);
    this.exposed = false;
  }
}

isolate(PullInto);

/** The view type of an automatically allocated buffer. */
export const BYTES: ViewType = { View: Uint8Array, elementSize: 1 };

/** https://streams.spec.whatwg.org/#rs-byob-request-class; `wrapper` is the page's object for it. */
export class ByobRequestImpl {
  declare stream: ByteReadableImpl | undefined;
  declare descriptor: PullInto | undefined;
  declare filled: number;
  declare made: Uint8Array<ArrayBuffer> | undefined;
  declare wrapper: unknown;

  constructor(stream: ByteReadableImpl, descriptor: PullInto, filled: number) {
    this.stream = stream;
    this.descriptor = descriptor;
    this.filled = filled;
    this.made = undefined;
    this.wrapper = undefined;
  }

  /**
   * Created when the page asks for it; until then only this file knows the buffer. Null once the request is no longer
   * valid.
   */
  get view(): Uint8Array<ArrayBuffer> | null {
    const { stream, descriptor, filled } = this;
    if (stream === undefined) return null;
    if (this.made === undefined) {
      descriptor!.exposed = true;
      this.made = bytesOf(descriptor!.buffer, descriptor!.byteOffset + filled, descriptor!.byteLength - filled);
    }
    return this.made;
  }

  /** Whether the page has detached the view's buffer. */
  get isDetached(): boolean {
    return this.descriptor!.exposed && isDetachedBuffer(this.descriptor!.buffer);
  }
}

isolate(ByobRequestImpl);

/** Throws if `effects`, the core's result for a response, is a refusal. `name`: the method that was called. */
export function throwRefusal(effects: number, name: string): void {
  if (effects & B_ZERO)
    throw (broken.expected = new TypeError(
      `${name}: 0 bytes cannot answer a request while the stream is readable; write some, or close the stream first`,
    ));
  if (effects & B_NOT_ZERO)
    throw (broken.expected = new TypeError(`${name}: the stream is closed, so only 0 bytes can answer a request`));
  if (effects & B_TOO_LONG)
    throw (broken.expected = new RangeError(`${name}: more bytes than the request has room for`));
  if (effects & B_OTHER_OFFSET)
    throw (broken.expected = new RangeError(`${name}: the view must begin where the request's view does`));
  if (effects & B_OTHER_BUFFER)
    throw (broken.expected = new RangeError(`${name}: the view's buffer must be as long as the request's`));
}
