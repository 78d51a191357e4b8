/** `tee()` whose branches cannot buffer without bound. */
import { readableImpl } from '../bridge/brands.js';
import { convertOnDiscard, dropper, SharedDrops } from '../machines/discard.js';
import { fromNative } from '../native/convert.js';
import { describe } from '../values/describe.js';
import { isReadableStreamLike } from '../bridge/kinds.js';
import { ReadableStream } from '../streams/readable-stream.js';
import { requireCount } from '../values/require.js';

/**
 * `branches` streams that each get every chunk of `stream`. A chunk is read when every branch that is not cancelled has room
 * for it, so the fastest is at most `limit` chunks ahead of the slowest, and the slowest sets the pace.
 *
 * The branches get the same chunks, not copies. A branch that is cancelled holds the others back no more; the last one
 * cancels the stream, with all reasons in an array.
 */
export function tee(stream, { limit = 1, branches = 2, pace = 'slowest', onDiscard = undefined } = {}) {
  if (!isReadableStreamLike(stream))
    throw new TypeError(`tee(): the first argument must be a readable stream; got ${describe(stream)}`);
  requireCount(limit, 'tee(): limit');
  requireCount(branches, 'tee(): branches', 2);
  if (pace !== 'slowest')
    throw new TypeError(`tee(): pace must be 'slowest', which is all there is; got ${describe(pace)}`);
  const own = dropper(convertOnDiscard(onDiscard, 'tee()'));
  const source = fromNative(stream);
  const onDrop = own ?? readableImpl(source).onDrop;
  const drops = onDrop && new SharedDrops(branches, onDrop);
  const reader = source.getReader();
  const controllers = [];
  const live = new Set();
  const reasons = new Array(branches);
  let reading = false;

  const end = (tell) => {
    for (const branch of live) tell(branch);
    live.clear();
  };
  reader.closed.then(undefined, (error) => end((branch) => branch.error(error)));

  /** A branch that has ended drops what it would have been given. */
  function give(chunk) {
    for (const branch of live) branch.enqueue(chunk);
    if (drops) controllers.forEach((branch, at) => live.has(branch) || drops.drop(at, chunk));
  }

  async function read() {
    if (reading) return;
    reading = true;
    while (live.size > 0 && [...live].every((branch) => branch.desiredSize > 0)) {
      const result = await reader.read().catch(() => undefined); // its failure is that of `closed`
      if (result === undefined) break;
      if (result.done) end((branch) => branch.close());
      else give(result.value);
    }
    reading = false;
    if (live.size === 0) reader.releaseLock();
  }

  return Array.from({ length: branches }, (_, at) => {
    const branch = new ReadableStream(
      {
        start: (controller) => void live.add((controllers[at] = controller)),
        pull: () => void read(),
        cancel(reason) {
          reasons[at] = reason;
          live.delete(controllers[at]);
          if (live.size === 0) return reader.cancel(reasons);
          read();
          return undefined;
        },
      },
      { highWaterMark: limit },
    );
    readableImpl(branch).onDrop = drops?.of(at);
    return branch;
  });
}
