/** `tee()` whose branches cannot buffer without bound. */
import { readableImpl } from '../bridge/brands.js';
import { convertOnDiscard, dropper, SharedDrops } from '../machines/discard.js';
import { fromNative } from '../native/convert.js';
import { describe } from '../values/describe.js';
import { isReadableStreamLike } from '../bridge/kinds.js';
import { ReadableStream } from '../streams/readable-stream.js';
import { requireCount } from '../values/require.js';
import type { ReadableControllerLike, ReadableStreamLike, ReaderLike } from '../bridge/shapes.js';
import type { ReadableImpl } from '../machines/readable.js';
import type { OnDiscard } from '../machines/discard.js';
import type { ChunkOf } from '../pipeline/accepted.js';
import type { AnyReadable } from '../streams/any.js';

export interface TeeOptions<T> {
  /** How many chunks the fastest branch may be ahead of the slowest one. Default: 1. */
  limit?: number | undefined;
  /** The number of branches. Default: 2. */
  branches?: number | undefined;
  /** Which branch sets the pace. `'slowest'` is the only value. */
  pace?: 'slowest' | undefined;
  /** Called with each chunk that every branch has dropped. Default: the `onDiscard` of `stream`. */
  onDiscard?: OnDiscard<T> | undefined;
}

/**
 * Splits `stream` into branches that each get every chunk, at the pace of the slowest branch: no branch queues more
 * than `limit` chunks. (The standard's `tee()` queues without bound for the slower branch.) All branches get the same
 * chunk objects.
 *
 * A cancelled branch no longer holds the others back. When every branch is cancelled, the stream is cancelled with an
 * array of their reasons.
 *
 * @throws {TypeError} when `stream` is not a readable stream, or is locked
 * @throws {RangeError} when `limit` is not an integer of at least 1, or `branches` is not an integer of at least 2
 */
export function tee<S extends AnyReadable>(stream: S, options?: TeeOptions<ChunkOf<S>>): ReadableStream<ChunkOf<S>>[];
export function tee<T>(
  stream: ReadableStreamLike<T>,
  { limit = 1, branches = 2, pace = 'slowest', onDiscard = undefined }: TeeOptions<T> = {},
): ReadableStream<T>[] {
  if (!isReadableStreamLike(stream))
    throw new TypeError(`tee(): the first argument must be a readable stream; got ${describe(stream)}`);
  requireCount(limit, 'tee(): limit');
  requireCount(branches, 'tee(): branches', 2);
  if (pace !== 'slowest')
    throw new TypeError(`tee(): pace must be 'slowest', the only one supported; got ${describe(pace)}`);
  const own = dropper(convertOnDiscard(onDiscard, 'tee()'));
  const source = fromNative(stream);
  const onDrop = own ?? readableImpl(source)!.onDrop;
  const drops = onDrop && new SharedDrops(branches, onDrop);
  const reader: ReaderLike<T> = source.getReader();
  const controllers: ReadableControllerLike<T>[] = [];
  const live = new Set<ReadableControllerLike<T>>();
  const reasons = new Array(branches);
  let reading = false;

  const end = (tell: (branch: ReadableControllerLike<T>) => void): void => {
    for (const branch of live) tell(branch);
    live.clear();
  };
  reader.closed.then(undefined, (error) => end((branch) => branch.error(error)));

  /** A branch that has ended drops the chunks that it would have received. */
  function give(chunk: T): void {
    for (const branch of live) branch.enqueue(chunk);
    if (drops) controllers.forEach((branch, at) => live.has(branch) || drops.drop(at, chunk));
  }

  async function read(): Promise<void> {
    if (reading) return;
    reading = true;
    while (live.size > 0 && [...live].every((branch) => branch.desiredSize! > 0)) {
      const result = await reader.read().catch(() => undefined); // its failure is that of `closed`
      if (result === undefined) break;
      if (result.done) end((branch) => branch.close());
      else give(result.value);
    }
    reading = false;
    if (live.size === 0) reader.releaseLock();
  }

  return Array.from({ length: branches }, (_, at) => {
    const branch = new ReadableStream<T>(
      {
        start: (controller: ReadableControllerLike<T>) => void live.add((controllers[at] = controller)),
        pull: () => void read(),
        cancel(reason: unknown) {
          reasons[at] = reason;
          live.delete(controllers[at]);
          if (live.size === 0) return reader.cancel(reasons) as Promise<void>;
          read();
          return undefined;
        },
      },
      { highWaterMark: limit },
    );
    (readableImpl(branch) as ReadableImpl).onDrop = drops?.of(at);
    return branch;
  });
}
