/** Sinks that keep nothing: `forEach()` calls a function with each chunk, `drain()` only takes them. */
import { requireCount, requireFunction } from '../values/require.js';
import { WritableStream } from '../streams/writable-stream.js';

/** A sink that takes every chunk and does nothing with it. See sinks.d.ts. */
export const drain = () => new WritableStream();

/**
 * A sink that calls `fn(chunk, { signal, index })` and waits for what it returns. See sinks.d.ts.
 *
 * @param {(chunk: any, context: { signal: AbortSignal, index: number }) => unknown} fn
 * @param {{ concurrency?: number }} [options]
 */
export function forEach(fn, options) {
  const { concurrency = 1 } = options ?? {};
  requireFunction(fn, 'forEach');
  requireCount(concurrency, 'forEach(): concurrency');
  const abort = new AbortController();
  const calls = new Set(); // promises of those under way
  let controller;
  let index = 0;

  function begin(chunk) {
    const call = (async () => fn(chunk, { signal: abort.signal, index: index++ }))()
      .catch((error) => {
        controller.error(error); // no write may be under way that could tell it
        abort.abort(error);
        throw error;
      })
      .finally(() => void calls.delete(call));
    calls.add(call);
    call.catch(() => {});
  }

  return new WritableStream({
    start(given) {
      controller = given;
      const { signal } = controller;
      signal.addEventListener('abort', () => abort.abort(signal.reason), { once: true });
    },
    write(chunk) {
      if (concurrency === 1) return fn(chunk, { signal: abort.signal, index: index++ });
      begin(chunk);
      return calls.size < concurrency ? undefined : Promise.race(calls);
    },
    close: () => Promise.all(calls),
    abort: () => Promise.allSettled(calls),
  });
}
