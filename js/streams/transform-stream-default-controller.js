/** https://streams.spec.whatwg.org/#ts-default-controller-class */
import { readableDesiredSize } from '../machines/readable.js';
import { defineInterface, illegalInvocation, INTERNAL } from '../runtime/webidl.js';

export class TransformStreamDefaultController {
  #stream;

  constructor() {
    if (arguments[0] !== INTERNAL)
      throw new TypeError('TransformStreamDefaultController: illegal constructor; a TransformStream makes its own');
    this.#stream = arguments[1];
  }

  get desiredSize() {
    if (!(#stream in Object(this))) throw illegalInvocation('TransformStreamDefaultController.desiredSize');
    return readableDesiredSize(this.#stream.readable);
  }

  enqueue(chunk = undefined) {
    if (!(#stream in Object(this))) throw illegalInvocation('TransformStreamDefaultController.enqueue');
    this.#stream.enqueue(chunk);
  }

  error(reason = undefined) {
    if (!(#stream in Object(this))) throw illegalInvocation('TransformStreamDefaultController.error');
    this.#stream.error(reason);
  }

  terminate() {
    if (!(#stream in Object(this))) throw illegalInvocation('TransformStreamDefaultController.terminate');
    this.#stream.terminate();
  }
}

defineInterface(TransformStreamDefaultController, 'TransformStreamDefaultController');
