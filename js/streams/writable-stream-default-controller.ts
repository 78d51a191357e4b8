/** https://streams.spec.whatwg.org/#ws-default-controller-class */
import { defineInterface, illegalInvocation, INTERNAL } from '../runtime/webidl.js';
import { errorWritable } from '../machines/writable.js';
import type { WritableImpl } from '../machines/writable.js';

/** https://streams.spec.whatwg.org/#ws-default-controller-class */
export class WritableStreamDefaultController {
  #stream: WritableImpl;

  private constructor() {
    if (arguments[0] !== INTERNAL)
      throw new TypeError('WritableStreamDefaultController: illegal constructor; a WritableStream makes its own');
    this.#stream = arguments[1] as WritableImpl;
  }

  /** Aborted when the stream is aborted, so that a running write can stop. */
  get signal(): AbortSignal {
    if (!(#stream in Object(this))) throw illegalInvocation('WritableStreamDefaultController.signal');
    return this.#stream.signal;
  }

  /** Errors the stream. Does nothing when the stream has ended. */
  error(e: unknown = undefined): void {
    if (!(#stream in Object(this))) throw illegalInvocation('WritableStreamDefaultController.error');
    errorWritable(this.#stream, e);
  }
}

defineInterface(WritableStreamDefaultController, 'WritableStreamDefaultController');
