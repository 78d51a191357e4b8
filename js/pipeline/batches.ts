/** Iteration by batches: one promise for all that is queued. */
import { withinGrace } from '../runtime/grace.js';
import { fromNative } from '../native/convert.js';
import type { ReadableStreamLike } from '../bridge/shapes.js';
import { ReadableStreamDefaultReader } from '../streams/readable-stream-default-reader.js';
import type { AnyReadable } from '../streams/any.js';
import type { ChunkOf } from './accepted.js';

/**
 * Iterates over the chunks of `stream` in arrays, each with all chunks that were queued: one promise for many chunks.
 * Leaving the loop early cancels the stream unless `preventCancel` is true. The lock is always released.
 *
 * @throws {TypeError} at the first `next()`, when `stream` is not a readable stream or is locked
 *
 * @example
 * for await (const rows of batches(stream)) table.append(rows);
 *
 */
export function batches<S extends AnyReadable>(
  stream: S,
  options?: { preventCancel?: boolean | undefined },
): AsyncGenerator<ChunkOf<S>[], void, void>;
export async function* batches(
  stream: ReadableStreamLike,
  { preventCancel = false }: { preventCancel?: boolean | undefined } = {},
): AsyncGenerator<unknown[], void, void> {
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
