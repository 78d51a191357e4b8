/**
 * A pair of streams for operators that a TransformStream cannot implement: the work on a chunk can wait for the
 * consumer in the middle, and is notified at once when the consumer cancels or the producer fails.
 *
 * Invariants:
 * 1. Work on a chunk starts only when the consumer wants a chunk.
 * 2. The signal is aborted before either side is cancelled or errored, so work in progress stops before its streams do.
 * 3. After the first failure, later ones change nothing.
 */
import { ReadableStream } from '../streams/readable-stream.js';
import { WritableStream } from '../streams/writable-stream.js';
import type { Operator } from '../streams/any.js';
import type { ReadableControllerLike, WritableControllerLike } from '../bridge/shapes.js';

const ended = () => new DOMException('The consumer cancelled the stream without a reason', 'AbortError');

/**
 * @param work is called with one chunk at a time; the next one waits for its promise
 * @param flush is called when the writable side closes
 */
export function pairOf<I, O>(
  work: (chunk: I, output: Output<O>) => unknown,
  flush: (output: Output<O>) => unknown = () => {},
): Operator<I, O> {
  const output = new Output<O>();
  const readable = new ReadableStream<O>(
    {
      start: (controller: ReadableControllerLike<O>) => void (output.readable = controller),
      pull: () => output.onPull(),
      cancel: (reason: unknown) => output.onCancel(reason),
    },
    { highWaterMark: 0 },
  );
  const writable = new WritableStream<I>({
    start(controller: WritableControllerLike) {
      output.writable = controller;
      controller.signal.addEventListener('abort', () => output.onAbort(controller.signal.reason), { once: true });
    },
    async write(chunk: I) {
      await output.wanted();
      if (output.open) await output.guard(() => work(chunk, output));
      else output.discard(chunk);
    },
    async close() {
      await output.guard(() => flush(output));
      output.close();
    },
  });
  return { readable, writable };
}

/** Where the results go. */
export class Output<O> {
  open = true;
  readable!: ReadableControllerLike<O>;
  writable!: WritableControllerLike;
  #wants = false;
  #waiting: (() => void)[] = []; // resolvers of `wanted()`
  #pulled: (() => void) | undefined;
  #abort = new AbortController();

  /** Aborted when the consumer has left, or either side has failed. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Resolves when the consumer wants a chunk, or is gone. */
  wanted(): Promise<void> | undefined {
    return this.#wants || !this.open ? undefined : new Promise((resolve) => void this.#waiting.push(resolve));
  }

  /** Hands a chunk on; resolves when the next one is wanted. What comes too late is discarded. */
  enqueue(chunk: O): Promise<void> | undefined | void {
    if (!this.open) return this.discard(chunk);
    this.#wants = false;
    this.readable.enqueue(chunk);
    this.#pulled?.();
    return this.wanted();
  }

  /** A stream that has ended discards what it refuses. */
  discard(chunk: unknown): void {
    try {
      this.readable.enqueue(chunk as O); // also what came in, as it is refused in any case
    } catch {
      // It has ended, so it always refuses.
    }
  }

  onPull(): Promise<void> {
    this.#wants = true;
    return new Promise((resolve) => {
      this.#pulled = resolve;
      this.#wake();
    });
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** The end of the readable side, as the writable side has closed. */
  close(): void {
    if (!this.open) return;
    this.open = false;
    this.readable.close();
    this.#pulled?.();
  }

  fail(error: unknown): void {
    this.#end(error, () => {
      this.readable.error(error);
      this.writable.error(error);
    });
  }

  onCancel(reason: unknown): void {
    this.#end(reason ?? ended(), () => this.writable.error(reason));
  }

  onAbort(reason: unknown): void {
    this.#end(reason, () => this.readable.error(reason));
  }

  #end(reason: unknown, tell: () => void): void {
    if (!this.open) return;
    this.open = false;
    this.#abort.abort(reason);
    tell();
    this.#pulled?.();
    this.#wake();
  }

  /** Runs `work`; its failure is that of both sides. */
  async guard(work: () => unknown): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.fail(error);
    }
  }
}
