/** https://streams.spec.whatwg.org/#rs-byob-request-class */
import { convertView, isDetachedBuffer } from '../runtime/buffers.js';
import { respond, respondWithNewView } from '../machines/byob.js';
import { convertUnsignedLongLong, defineInterface, illegalInvocation, INTERNAL } from '../runtime/webidl.js';
import type { ByobRequestImpl } from '../machines/pull-into.js';

function invalidated(name: string): TypeError {
  return new TypeError(`${name}: this BYOB request has been answered or withdrawn`);
}

/** https://streams.spec.whatwg.org/#rs-byob-request-class */
export class ReadableStreamBYOBRequest {
  #request: ByobRequestImpl;

  private constructor() {
    if (arguments[0] !== INTERNAL)
      throw new TypeError("ReadableStreamBYOBRequest: illegal constructor; a byte stream's controller makes its own");
    this.#request = arguments[1] as ByobRequestImpl;
  }

  /** The memory to write into; null once the request has been answered. */
  get view(): Uint8Array | null {
    if (!(#request in Object(this))) throw illegalInvocation('ReadableStreamBYOBRequest.view');
    return this.#request.view;
  }

  /**
   * Tells the stream how many bytes were written into `view`. https://streams.spec.whatwg.org/#rs-byob-request-respond
   *
   * @throws {TypeError} when the request was answered before, its buffer is detached, or `bytesWritten` is 0 while the
   *   stream is readable
   * @throws {RangeError} when `bytesWritten` is larger than the view
   */
  respond(bytesWritten: number): void {
    if (!(#request in Object(this))) throw illegalInvocation('ReadableStreamBYOBRequest.respond');
    if (arguments.length === 0) throw new TypeError('respond(): 1 argument required');
    const written = convertUnsignedLongLong(bytesWritten, 'respond(): bytesWritten');
    const { stream } = this.#request;
    if (stream === undefined) throw invalidated('respond()');
    if (this.#request.isDetached) throw new TypeError("respond(): the buffer of the request's view is detached");
    respond(stream, written);
  }

  /**
   * Answers the request with another view of the same memory.
   * https://streams.spec.whatwg.org/#rs-byob-request-respond-with-new-view
   */
  respondWithNewView(view: ArrayBufferView): void {
    if (!(#request in Object(this))) throw illegalInvocation('ReadableStreamBYOBRequest.respondWithNewView');
    if (arguments.length === 0) throw new TypeError('respondWithNewView(): 1 argument required');
    const parts = convertView(view, 'respondWithNewView(): the view');
    const { stream } = this.#request;
    if (stream === undefined) throw invalidated('respondWithNewView()');
    if (isDetachedBuffer(parts.buffer)) throw new TypeError("respondWithNewView(): the view's buffer is detached");
    respondWithNewView(stream, parts);
  }
}

defineInterface(ReadableStreamBYOBRequest, 'ReadableStreamBYOBRequest');
