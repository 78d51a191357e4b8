/** https://streams.spec.whatwg.org/#ts-default-controller-class */
import { readableDesiredSize } from '../machines/readable.js';
import { defineInterface, illegalInvocation, INTERNAL } from '../runtime/webidl.js';
import type { TransformImpl } from '../machines/transform.js';

export class TransformStreamDefaultController<O = unknown> {
  #stream: TransformImpl;

  /** @internal */
  constructor(internal: typeof INTERNAL, stream: TransformImpl);
  constructor() {
    if (arguments[0] !== INTERNAL)
      throw new TypeError('TransformStreamDefaultController: illegal constructor; a TransformStream makes its own');
    this.#stream = arguments[1] as TransformImpl;
  }

  get desiredSize(): number | null {
    if (!(#stream in Object(this))) throw illegalInvocation('TransformStreamDefaultController.desiredSize');
    return readableDesiredSize(this.#stream.readable);
  }

  enqueue(chunk: O | undefined = undefined): void {
    if (!(#stream in Object(this))) throw illegalInvocation('TransformStreamDefaultController.enqueue');
    this.#stream.enqueue(chunk);
  }

  error(reason: unknown = undefined): void {
    if (!(#stream in Object(this))) throw illegalInvocation('TransformStreamDefaultController.error');
    this.#stream.error(reason);
  }

  terminate(): void {
    if (!(#stream in Object(this))) throw illegalInvocation('TransformStreamDefaultController.terminate');
    this.#stream.terminate();
  }
}

defineInterface(TransformStreamDefaultController, 'TransformStreamDefaultController');
