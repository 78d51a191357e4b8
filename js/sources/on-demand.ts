/** Streams of sources that are asked: nothing is queued, and the signal of their options ends them. */
import { ReadableStream } from '../streams/readable-stream.js';
import type { ReadableStreamBYOBRequest } from '../streams/readable-stream-byob-request.js';

/** Either kind of controller, as far as a source of ours uses it. */
export interface DemandController<T> {
  readonly byobRequest?: ReadableStreamBYOBRequest | null;
  enqueue(chunk: T): void;
  close(): void;
  error(error: unknown): void;
}

interface Demand<T> {
  type?: 'bytes' | undefined;
  signal?: AbortSignal | undefined;
  pull: (controller: DemandController<T>) => unknown;
  stop?: (reason: unknown) => unknown;
}

/**
 * A stream whose `pull(controller)` gives one chunk, or resolves with true at the end, upon which the stream closes. When `signal` is
 * aborted it fails with the reason, and `stop(reason)` is called; what a pull does after that changes nothing. `stop` is also what a
 * cancel calls, and waits for.
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
  return new ReadableStream<T>(source, { highWaterMark: 0 });
}
