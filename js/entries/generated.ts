/** A stream of what a generator makes of a source, chunk by chunk, as its reader asks. */
import { openSource } from '../pipeline/sources.js';
import { onDemand } from '../sources/on-demand.js';
import type { ReadableStream } from '../streams/readable-stream.js';
import type { ReadableStreamDefaultReader } from '../streams/readable-stream-default-reader.js';

/**
 * The source is cancelled with the stream, and when the generator fails, with its error, or ends before it.
 *
 * @param source anything that a pipeline may start with
 * @param make is given the chunks of the source, and a signal that aborts when the stream is cancelled
 * @param release is called, once or more, with what the stream failed with or was cancelled with
 */
export function generated<Chunk, Made>(
  source: unknown,
  signal: AbortSignal | undefined,
  make: (chunks: AsyncIterableIterator<Chunk>, options: { signal: AbortSignal }) => AsyncGenerator<Made>,
  release: (reason: unknown) => void = () => {},
): ReadableStream<Made> {
  const reader = openSource(source, { onError: () => {} }).getReader() as ReadableStreamDefaultReader<Chunk>;
  const cancel = (reason: unknown) => void reader.cancel(reason).catch(() => {});
  const chunks: AsyncIterableIterator<Chunk> = {
    [Symbol.asyncIterator]: () => chunks,
    next: () => reader.read() as Promise<IteratorResult<Chunk>>,
    // A generator that fails in a loop over them leaves the loop first: its end says what to cancel with.
    return: (value?: unknown) => Promise.resolve({ value, done: true }),
  };
  const stopped = new AbortController();
  const iterator = make(chunks, { signal: stopped.signal });
  return onDemand<Made>({
    signal,
    async pull(controller) {
      try {
        const { value, done } = await iterator.next();
        if (done) {
          cancel(undefined);
          return true;
        }
        controller.enqueue(value);
        return false;
      } catch (error) {
        cancel(error);
        release(error);
        throw error;
      }
    },
    stop(reason) {
      stopped.abort(reason);
      cancel(reason);
      release(reason);
      iterator.return(undefined).catch(() => {});
    },
  });
}
