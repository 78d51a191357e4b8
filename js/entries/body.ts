/**
 * The content of an entry that is read forward.
 *
 * 1. The content and what follows it are never read at the same time: `finish()` waits until nobody reads.
 * 2. What the content fails with, everything that follows fails with.
 */
import { deferred } from '../codecs/deferred.js';
import { onDemand } from '../sources/on-demand.js';
import type { Bytes } from '../runtime/buffers.js';
import type { ReadableStream } from '../streams/readable-stream.js';

/** What there is to read behind a header. */
export interface Content {
  /** The next bytes, with a buffer of their own, at most 64 KiB; undefined at the end, once that has been checked. */
  read(): Promise<Bytes | undefined>;
  /** Goes to the end, from wherever it is, as cheaply as possible. */
  skip(): Promise<void>;
  /** Called when nothing of it is read any more, whether it was read to its end or not. */
  free?(): void;
}

export class Body {
  #content: Content;
  #state: 'unread' | 'open' | 'passed' = 'unread';
  #over = deferred<void>();
  #reading: Promise<unknown> | undefined;
  #ended = false;
  #dropped = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(content: Content) {
    this.#content = content;
  }

  get isPassed(): boolean {
    return this.#state === 'passed';
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** The content as a stream. To be called once, before `finish()`. */
  open(): ReadableStream<Bytes> {
    this.#state = 'open';
    return onDemand<Bytes>({
      pull: async (controller) => {
        if (this.#dropped) throw new TypeError('filter returned false, so the content was skipped');
        const reading = this.#content.read();
        this.#reading = reading;
        let bytes;
        try {
          bytes = await reading;
        } catch (error) {
          this.#failure = { error };
          this.#over.resolve();
          throw error;
        }
        if (bytes !== undefined) {
          controller.enqueue(bytes);
          return false;
        }
        this.#ended = true;
        this.#over.resolve();
        return true;
      },
      stop: () => this.#over.resolve(),
    });
  }

  /** Resolves when the input is behind the content. It waits for a stream that is being read, and rejects with what that failed with. */
  async finish(): Promise<void> {
    const wasOpen = this.#state === 'open';
    if (wasOpen) {
      await this.#over.promise;
      await this.#reading?.catch(() => {});
    }
    this.#state = 'passed';
    try {
      if (this.#failure !== undefined) throw this.#failure.error;
      if (!this.#ended) await this.#content.skip();
    } finally {
      this.#content.free?.();
    }
  }

  /** Nobody wants it: a stream that is open fails at its next read, and `finish()` does not wait for it. */
  drop(): void {
    this.#dropped = true;
    this.#over.resolve();
  }

  /** As no more is read: a stream that is open fails at its next read. */
  abandon(): void {
    this.#state = 'passed';
    // A read under way frees it by its own failure, or by the end of the input.
    const free = () => this.#content.free?.();
    if (this.#reading === undefined) free();
    else void this.#reading.then(free, free);
  }
}
