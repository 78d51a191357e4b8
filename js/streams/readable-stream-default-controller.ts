/** https://streams.spec.whatwg.org/#rs-default-controller-class */
import { closeReadable, enqueue, errorStream, readableDesiredSize } from '../machines/readable.js';
import { defineInterface, illegalInvocation, INTERNAL } from '../runtime/webidl.js';
import type { ReadableImpl } from '../machines/readable.js';

/** https://streams.spec.whatwg.org/#rs-default-controller-class */
export class ReadableStreamDefaultController<R = any> {
  #stream: ReadableImpl;

  private constructor() {
    if (arguments[0] !== INTERNAL)
      throw new TypeError('ReadableStreamDefaultController: illegal constructor; a ReadableStream makes its own');
    this.#stream = arguments[1] as ReadableImpl;
  }

  /** The room below the high-water mark: negative above it, 0 when closed, null when errored. */
  get desiredSize(): number | null {
    if (!(#stream in Object(this))) throw illegalInvocation('ReadableStreamDefaultController.desiredSize');
    return readableDesiredSize(this.#stream);
  }

  /**
   * Closes the stream once its queue has been read.
   *
   * @throws {TypeError} when the stream is closing, closed or errored
   */
  close(): void {
    if (!(#stream in Object(this))) throw illegalInvocation('ReadableStreamDefaultController.close');
    if (!closeReadable(this.#stream)) throw new TypeError('close(): the ReadableStream is closed, closing or errored');
  }

  /**
   * Queues a chunk, regardless of `desiredSize`.
   *
   * @throws {TypeError} when the stream is closing, closed or errored
   */
  enqueue(chunk: R | undefined = undefined): void {
    if (!(#stream in Object(this))) throw illegalInvocation('ReadableStreamDefaultController.enqueue');
    if (!enqueue(this.#stream, chunk))
      throw new TypeError('enqueue(): the ReadableStream is closed, closing or errored');
  }

  /** Errors the stream and drops its queue. Does nothing when the stream has ended. */
  error(e: unknown = undefined): void {
    if (!(#stream in Object(this))) throw illegalInvocation('ReadableStreamDefaultController.error');
    errorStream(this.#stream, e);
  }
}

defineInterface(ReadableStreamDefaultController, 'ReadableStreamDefaultController');
