/** Iteration by batches: one promise for all that is queued. */
import { withinGrace } from '../runtime/grace.js';
import { fromNative } from '../native/convert.js';
import type { ReadableStreamLike } from '../bridge/shapes.js';
import { ReadableStreamDefaultReader } from '../streams/readable-stream-default-reader.js';

/**
 * The chunks of `stream` as arrays: each turn gives all that is queued, or waits for the next. Leaving the loop early
 * cancels the stream unless `preventCancel` is true; the lock is released in every case.
 *
 * @param stream a ReadableStream of tidegate's or the engine's
 * @throws {TypeError} at the first `next()` when `stream` is no stream or is locked
 *
 * @example
 * for await (const rows of batches(stream)) table.append(rows);
 */
export async function* batches<R>(
  stream: ReadableStreamLike<R>,
  { preventCancel = false }: { preventCancel?: boolean | undefined } = {},
): AsyncGenerator<R[], void, void> {
  const reader = new ReadableStreamDefaultReader(fromNative(stream));
  let ended = false;
  try {
    for (;;) {
      const { value, done } = await reader.readMany().catch((error) => {
        ended = true;
        throw error;
      });
      if (done) {
        ended = true;
        return;
      }
      yield value;
    }
  } finally {
    if (!ended && !preventCancel) await withinGrace(reader.cancel());
    reader.releaseLock();
  }
}
