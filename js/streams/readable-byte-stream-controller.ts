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

export class ReadableByteStreamController {
  #stream: ByteReadableImpl;

  /** @internal */
  constructor(internal: typeof INTERNAL, stream: ByteReadableImpl);
  constructor() {
    if (arguments[0] !== INTERNAL)
      throw new TypeError(
        "ReadableByteStreamController: illegal constructor; a ReadableStream of type 'bytes' makes its own",
      );
    this.#stream = arguments[1] as ByteReadableImpl;
  }

  get byobRequest(): ReadableStreamBYOBRequest | null {
    if (!(#stream in Object(this))) throw illegalInvocation('ReadableByteStreamController.byobRequest');
    const request = getByobRequest(this.#stream);
    return request === null
      ? null
      : ((request.wrapper as ReadableStreamBYOBRequest | undefined) ??= new ReadableStreamBYOBRequest(
          INTERNAL,
          request,
        ));
  }

  get desiredSize(): number | null {
    if (!(#stream in Object(this))) throw illegalInvocation('ReadableByteStreamController.desiredSize');
    return byteDesiredSize(this.#stream);
  }

  close(): void {
    if (!(#stream in Object(this))) throw illegalInvocation('ReadableByteStreamController.close');
    if (!closeBytes(this.#stream)) throw new TypeError('close(): the ReadableStream is closed, closing or errored');
  }

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
