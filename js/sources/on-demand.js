/** Streams of sources that are asked: nothing is queued, and the signal of their options ends them. */
import { ReadableStream } from '../streams/readable-stream.js';

/**
 * A stream whose `pull(controller)` gives one chunk, or resolves with true at the end, upon which the stream closes. When `signal` is
 * aborted it fails with the reason, and `stop(reason)` is called; what a pull does after that changes nothing. `stop` is also what a
 * cancel calls, and waits for.
 *
 * @param {{ type?: 'bytes', signal?: AbortSignal, pull: (controller: any) => unknown, stop?: (reason: unknown) => unknown }} source
 */
export function onDemand({ type, signal, pull, stop = () => {} }) {
  let onAbort;
  const done = () => signal?.removeEventListener('abort', onAbort);
  const source = {
    type,
    start(controller) {
      onAbort = () => {
        controller.error(signal.reason);
        stop(signal.reason);
      };
      if (signal?.aborted) onAbort();
      else signal?.addEventListener('abort', onAbort, { once: true });
    },
    async pull(controller) {
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
    cancel(reason) {
      done();
      return stop(reason);
    },
  };
  return new ReadableStream(/** @type {any} */ (source), { highWaterMark: 0 });
}
