/** Sinks that store nothing: `forEach()` calls a function with each chunk, `drain()` discards every chunk. */
import { requireCount, requireFunction } from '../values/require.js';
import { ownPace } from '../pipeline/watching.js';
import { WritableStream } from '../streams/writable-stream.js';
import type { WritableControllerLike } from '../bridge/shapes.js';

/** The options of `forEach()`. */
export interface ForEachOptions {
  /** How many calls may be pending at once. Default: 1. */
  concurrency?: number | undefined;
}

/** What the function of `forEach()` is called with, after the chunk. */
export interface ForEachContext {
  /** Aborted when another call fails or the stream is aborted, with that error or reason. */
  readonly signal: AbortSignal;
  /** The number of the chunk, from 0. */
  readonly index: number;
}

/** A sink that accepts every chunk and discards it: for a pipeline whose stages do the work. */
export const drain = (): WritableStream<unknown> => new WritableStream();

/**
 * A sink that calls `fn(chunk, { signal, index })` for each chunk, and awaits the promise it returns. If a call throws
 * or rejects, the sink fails with that error: it makes no further call, and aborts the `signal` of the pending ones.
 *
 * @throws {TypeError} if `fn` is not a function
 * @throws {RangeError} if `concurrency` is not a whole number of at least 1
 *
 * @example
 * await pipeline(await fetch(url), lines(), forEach((line, { signal }) => save(line, { signal }), { concurrency: 4 }));
 */
export function forEach<T>(
  fn: (chunk: T, context: ForEachContext) => unknown,
  options?: ForEachOptions,
): WritableStream<T> {
  const { concurrency = 1 } = options ?? {};
  requireFunction(fn, 'forEach');
  requireCount(concurrency, 'forEach(): concurrency');
  const abort = new AbortController();
  const calls = new Set<Promise<unknown>>(); // the pending ones
  let controller: WritableControllerLike;
  let index = 0;

  function begin(chunk: T): void {
    const call: Promise<unknown> = (async () => fn(chunk, { signal: abort.signal, index: index++ }))()
      .catch((error) => {
        controller.error(error); // no write may be pending that could reject with it
        abort.abort(error);
        throw error;
      })
      .finally(() => void calls.delete(call));
    calls.add(call);
    call.catch(() => {});
  }

  const sink = new WritableStream<T>({
    start(given: WritableControllerLike) {
      controller = given;
      const { signal } = controller;
      signal.addEventListener('abort', () => abort.abort(signal.reason), { once: true });
    },
    write(chunk: T) {
      if (concurrency === 1) return fn(chunk, { signal: abort.signal, index: index++ }) as void;
      begin(chunk);
      return calls.size < concurrency ? undefined : (Promise.race(calls) as Promise<void>);
    },
    close: () => Promise.all(calls) as Promise<unknown> as Promise<void>,
    abort: () => Promise.allSettled(calls) as Promise<unknown> as Promise<void>,
  });
  if (concurrency > 1) ownPace.add(sink);
  return sink;
}
