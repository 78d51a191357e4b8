/**
 * Whether a chunk costs the same however many there are: from 1,000 to 10 million chunks in a stream, and from one pipe to a
 * thousand at once. All implementations in one process, in rotating order; small sizes are repeated until there is as much to
 * measure as in the middle ones.
 */
import { ownWorkloads } from './own-workloads.js';

const CHUNKS = [1_000, 10_000, 100_000, 1_000_000, 10_000_000];
const STREAMS = [1, 10, 100, 1_000];
/** Chunks that one measurement moves at least. */
const ENOUGH = 100_000;
/** Chunks that all measurements of one size move at most: the largest are run once. */
const MOST = 10_000_000;

const pause = () =>
  new Promise((resolve) => {
    setTimeout(resolve, 5);
  });

/**
 * @param {Record<string, object>} implementations
 * @param {{ turns?: number, largest?: number, only?: string[] }} [options] `largest`: no more chunks than this in a stream
 * @returns {Promise<Record<string, { sizes: number[], figures: Record<string, number[]> }>>} nanoseconds per chunk, the minimum of the turns
 */
export async function scale(
  implementations,
  { turns = 4, largest = MOST, only = ['readLoop', 'writeLoop', 'pipeTo', 'transform3'], progress = () => {} } = {},
) {
  const results = {};
  const names = Object.keys(implementations);
  const copies = new Map(
    await Promise.all(names.map(async (name) => [implementations[name], await ownWorkloads(name)])),
  );
  for (const name of only) {
    const sizes = CHUNKS.filter((chunks) => chunks <= largest);
    const run = async (implementation, chunks) => {
      const times = Math.max(1, Math.ceil(ENOUGH / chunks));
      let arrived = 0;
      for (let i = 0; i < times; i += 1)
        arrived += await copies.get(implementation).workloads[name].run(implementation, chunks, {});
      return { arrived, asked: chunks * times };
    };
    results[name] = await measureSizes(implementations, sizes, turns, run);
    progress(name);
  }
  results['pipes at once'] = await measureSizes(implementations, STREAMS, turns, async (implementation, streams) => ({
    arrived: await copies.get(implementation).pipes(implementation, 2 * ENOUGH, streams),
    asked: 2 * ENOUGH,
  }));
  progress('pipes');
  return results;
}

async function measureSizes(implementations, sizes, turns, run) {
  const names = Object.keys(implementations);
  const figures = Object.fromEntries(names.map((name) => [name, sizes.map(() => Infinity)]));
  for (const name of names) await run(implementations[name], sizes[Math.min(2, sizes.length - 1)]);
  for (let turn = 0; turn < turns; turn += 1) {
    for (let at = 0; at < sizes.length; at += 1) {
      if (turn > 0 && sizes[at] * turn >= MOST / 2) continue;
      for (let i = 0; i < names.length; i += 1) {
        const name = names[(i + turn) % names.length];
        globalThis.gc?.({ type: 'minor' });
        await pause();
        const started = performance.now();
        const { arrived, asked } = await run(implementations[name], sizes[at]);
        const elapsed = performance.now() - started;
        if (arrived !== asked) throw new Error(`${name}: ${arrived} of ${asked} chunks arrived`);
        figures[name][at] = Math.min(figures[name][at], (elapsed * 1e6) / asked);
      }
    }
  }
  return { sizes, figures };
}
