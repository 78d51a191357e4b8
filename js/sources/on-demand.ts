/** Makes the stream of a source that can be pulled: the stream queues nothing, and the caller's signal ends it. */
import { ReadableStream } from '../streams/readable-stream.js';
import type { ReadableStreamBYOBRequest } from '../streams/readable-stream-byob-request.js';
import type { UnderlyingDefaultSource } from '../streams/readable-stream.js';

/** The controller of a default or a byte stream, by the members that sources use. */
interface DemandController<T> {
  readonly byobRequest?: ReadableStreamBYOBRequest | null;
  enqueue(chunk: T): void;
  close(): void;
  error(error: unknown): void;
}

interface Demand<T> {
  /** `bytes` makes a byte stream. */
  type?: 'bytes' | undefined;
  /** When aborted, errors the stream with its reason, and calls `stop()`. */
  signal?: AbortSignal | undefined;
  /** Enqueues one chunk, or resolves with true if there is none. Not called again before its promise settles. */
  pull: (controller: DemandController<T>) => unknown;
  /**
   * Releases the source. Called when the signal is aborted, or the stream is cancelled, which waits for the promise it
   * returns.
   */
  stop?: (reason: unknown) => unknown;
}

/**
 * A stream with a high-water mark of 0 over `pull()`. It closes when a pull resolves with true. An error of a pull
 * after the abort is dropped.
 */
export function onDemand<T>({ type, signal, pull, stop = () => {} }: Demand<T>): ReadableStream<T> {
  let onAbort: () => void;
  const done = () => signal?.removeEventListener('abort', onAbort);
  const source = {
    type,
    start(controller: DemandController<T>) {
      onAbort = () => {
        controller.error(signal!.reason);
        stop(signal!.reason);
      };
      if (signal?.aborted) onAbort();
      else signal?.addEventListener('abort', onAbort, { once: true });
    },
    async pull(controller: DemandController<T>) {
      try {
        if ((await pull(controller)) !== true) return;
        done();
        controller.close();
        controller.byobRequest?.respond(0);
      } catch (error) {
        done();
        if (!signal?.aborted) throw error;
      }
    },
    cancel(reason: unknown) {
      done();
      return stop(reason);
    },
  };
  return new ReadableStream<T>(source as UnderlyingDefaultSource<T>, { highWaterMark: 0 }); // or of bytes, as `type` says
}
