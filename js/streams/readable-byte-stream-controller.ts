/** https://streams.spec.whatwg.org/#rbs-controller-class */
import { convertView, refuseDetached } from '../runtime/buffers.js';
import {
  byteDesiredSize,
  canCloseOrEnqueueBytes,
  closeBytes,
  enqueueView,
  getByobRequest,
} from '../machines/byte-readable.js';
import { errorStream } from '../machines/readable.js';
import { defineInterface, illegalInvocation, INTERNAL } from '../runtime/webidl.js';
import { ReadableStreamBYOBRequest } from './readable-stream-byob-request.js';
import type { ByteReadableImpl } from '../machines/byte-readable.js';
import type { Internal } from '../runtime/webidl.js';

/** https://streams.spec.whatwg.org/#rbs-controller-class */
export class ReadableByteStreamController {
  #stream: ByteReadableImpl;

  private constructor() {
    if (arguments[0] !== INTERNAL)
      throw new TypeError(
        "ReadableByteStreamController: illegal constructor; a ReadableStream of type 'bytes' makes its own",
      );
    this.#stream = arguments[1] as ByteReadableImpl;
  }

  /** The pending read into the consumer's buffer, or null. https://streams.spec.whatwg.org/#rbs-controller-byob-request */
  get byobRequest(): ReadableStreamBYOBRequest | null {
    if (!(#stream in Object(this))) throw illegalInvocation('ReadableByteStreamController.byobRequest');
    const request = getByobRequest(this.#stream);
    return request === null
      ? null
      : ((request.wrapper as ReadableStreamBYOBRequest | undefined) ??= new (
          ReadableStreamBYOBRequest as unknown as Internal<ReadableStreamBYOBRequest, typeof request>
        )(INTERNAL, request));
  }

  /** As of a default controller, in bytes. */
  get desiredSize(): number | null {
    if (!(#stream in Object(this))) throw illegalInvocation('ReadableByteStreamController.desiredSize');
    return byteDesiredSize(this.#stream);
  }

  /** @throws {TypeError} when the stream is closing, closed or errored, or a pending read holds part of an element */
  close(): void {
    if (!(#stream in Object(this))) throw illegalInvocation('ReadableByteStreamController.close');
    if (!closeBytes(this.#stream)) throw new TypeError('close(): the ReadableStream is closed, closing or errored');
  }

  /**
   * Queues bytes; their buffer is transferred.
   *
   * @throws {TypeError} when the stream is not readable, or the chunk is empty or its buffer detached
   */
  enqueue(chunk: ArrayBufferView): void {
    if (!(#stream in Object(this))) throw illegalInvocation('ReadableByteStreamController.enqueue');
    if (arguments.length === 0) throw new TypeError('enqueue(): 1 argument required');
    const view = convertView(chunk, 'enqueue(): the chunk');
    if (view.byteLength === 0) {
      refuseDetached(view.buffer, 'enqueue(): the chunk');
      throw new TypeError('enqueue(): the chunk must not be empty; leave out what has no bytes');
    }
    if (!canCloseOrEnqueueBytes(this.#stream))
      throw new TypeError('enqueue(): the ReadableStream is closed, closing or errored');
    enqueueView(this.#stream, view);
  }

  error(e: unknown = undefined): void {
    if (!(#stream in Object(this))) throw illegalInvocation('ReadableByteStreamController.error');
    errorStream(this.#stream, e);
  }
}

defineInterface(ReadableByteStreamController, 'ReadableByteStreamController');
