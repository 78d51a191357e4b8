/** https://streams.spec.whatwg.org/#rs-default-controller-class */
import { closeReadable, enqueue, errorStream, readableDesiredSize } from '../machines/readable.js';
import { defineInterface, illegalInvocation, INTERNAL } from '../runtime/webidl.js';

export class ReadableStreamDefaultController {
  #stream;

  constructor() {
    if (arguments[0] !== INTERNAL)
      throw new TypeError('ReadableStreamDefaultController: illegal constructor; a ReadableStream makes its own');
    this.#stream = arguments[1];
  }

  get desiredSize() {
    if (!(#stream in Object(this))) throw illegalInvocation('ReadableStreamDefaultController.desiredSize');
    return readableDesiredSize(this.#stream);
  }

  close() {
    if (!(#stream in Object(this))) throw illegalInvocation('ReadableStreamDefaultController.close');
    if (!closeReadable(this.#stream)) throw new TypeError('close(): the ReadableStream is closed, closing or errored');
  }

  enqueue(chunk = undefined) {
    if (!(#stream in Object(this))) throw illegalInvocation('ReadableStreamDefaultController.enqueue');
    if (!enqueue(this.#stream, chunk))
      throw new TypeError('enqueue(): the ReadableStream is closed, closing or errored');
  }

  error(e = undefined) {
    if (!(#stream in Object(this))) throw illegalInvocation('ReadableStreamDefaultController.error');
    errorStream(this.#stream, e);
  }
}

defineInterface(ReadableStreamDefaultController, 'ReadableStreamDefaultController');
