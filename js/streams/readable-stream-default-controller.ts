/** https://streams.spec.whatwg.org/#rs-default-controller-class */
import { closeReadable, enqueue, errorStream, readableDesiredSize } from '../machines/readable.js';
import { defineInterface, illegalInvocation, INTERNAL } from '../runtime/webidl.js';
import type { ReadableImpl } from '../machines/readable.js';

export class ReadableStreamDefaultController<R = unknown> {
  #stream: ReadableImpl;

  /** @internal */
  constructor(internal: typeof INTERNAL, stream: ReadableImpl);
  constructor() {
    if (arguments[0] !== INTERNAL)
      throw new TypeError('ReadableStreamDefaultController: illegal constructor; a ReadableStream makes its own');
    this.#stream = arguments[1] as ReadableImpl;
  }

  get desiredSize(): number | null {
    if (!(#stream in Object(this))) throw illegalInvocation('ReadableStreamDefaultController.desiredSize');
    return readableDesiredSize(this.#stream);
  }

  close(): void {
    if (!(#stream in Object(this))) throw illegalInvocation('ReadableStreamDefaultController.close');
    if (!closeReadable(this.#stream)) throw new TypeError('close(): the ReadableStream is closed, closing or errored');
  }

  enqueue(chunk: R | undefined = undefined): void {
    if (!(#stream in Object(this))) throw illegalInvocation('ReadableStreamDefaultController.enqueue');
    if (!enqueue(this.#stream, chunk))
      throw new TypeError('enqueue(): the ReadableStream is closed, closing or errored');
  }

  error(e: unknown = undefined): void {
    if (!(#stream in Object(this))) throw illegalInvocation('ReadableStreamDefaultController.error');
    errorStream(this.#stream, e);
  }
}

defineInterface(ReadableStreamDefaultController, 'ReadableStreamDefaultController');
