/** https://streams.spec.whatwg.org/#ts-default-controller-class */
import { readableDesiredSize } from '../machines/readable.js';
import { defineInterface, illegalInvocation, INTERNAL } from '../runtime/webidl.js';
import type { TransformImpl } from '../machines/transform.js';

/** https://streams.spec.whatwg.org/#ts-default-controller-class */
export class TransformStreamDefaultController<O = any> {
  #stream: TransformImpl;

  private constructor() {
    if (arguments[0] !== INTERNAL)
      throw new TypeError('TransformStreamDefaultController: illegal constructor; a TransformStream makes its own');
    this.#stream = arguments[1] as TransformImpl;
  }

  /** The desired size of the readable side. */
  get desiredSize(): number | null {
    if (!(#stream in Object(this))) throw illegalInvocation('TransformStreamDefaultController.desiredSize');
    return readableDesiredSize(this.#stream.readable);
  }

  /** @throws {TypeError} when the readable side is closing, closed or errored */
  enqueue(chunk: O | undefined = undefined): void {
    if (!(#stream in Object(this))) throw illegalInvocation('TransformStreamDefaultController.enqueue');
    this.#stream.enqueue(chunk);
  }

  /** Errors both sides. */
  error(reason: unknown = undefined): void {
    if (!(#stream in Object(this))) throw illegalInvocation('TransformStreamDefaultController.error');
    this.#stream.error(reason);
  }

  /** Closes the readable side and errors the writable side. https://streams.spec.whatwg.org/#ts-default-controller-terminate */
  terminate(): void {
    if (!(#stream in Object(this))) throw illegalInvocation('TransformStreamDefaultController.terminate');
    this.#stream.terminate();
  }
}

defineInterface(TransformStreamDefaultController, 'TransformStreamDefaultController');
