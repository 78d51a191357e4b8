/**
 * Takes the times. All implementations run in one process, in an order that moves on by one each turn, with a collection
 * (where the engine exposes one) and a pause between; a wrong count of chunks is an error, not a figure.
 */
import { ownWorkloads } from './own-workloads.js';

/** The part of a turn's length that runs before it and does not count: what is measured is the steady state. */
const LEAD_IN = 0.5;

/**
 * Clears what the run before left. Of the young objects only: V8's full collection also drops hidden classes that have no
 * object just then, and with them the code compiled for them, and steady state would be two to four times as slow.
 */
const collect = () => globalThis.gc?.({ type: 'minor' });

const pause = (milliseconds) =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });

/**
 * @param {Record<string, object>} implementations Name to an object with the standard's constructors, or with `workloads`
 *   of its own, name to `run(chunks, context)`.
 * @param {{ only?: string[], turns?: number, chunks?: number, progress?: (text: string) => void }} [options] `only`: names
 *   of workloads; `turns`: how often each is measured (6); `chunks`: of 1 KiB in each turn (20,000); `bytesUrl`: where to fetch bytes.
 * @returns {Promise<{ chunks: number, turns: number, workloads: Record<string, Record<string, Figures | null>> }>} null where
 *   the implementation lacks what the workload needs.
 *
 * @typedef {{ minimum: number, median: number, error?: string }} Figures Nanoseconds per chunk.
 */
export async function measure(
  implementations,
  { only, turns = 6, chunks = 20_000, bytesUrl, progress = () => {} } = {},
) {
  const names = Object.keys(implementations);
  const copies = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, (await ownWorkloads(name)).workloads])),
  );
  const chosen = Object.keys(copies[names[0]] ?? {}).filter(
    (name) => only === undefined || only.length === 0 || only.includes(name),
  );
  const results = {};
  for (const name of chosen) {
    const times = new Map();
    const errors = new Map();
    const runs = new Map();
    for (const implementation of names) {
      const own = implementations[implementation].workloads;
      const { run, needs = () => true } = copies[implementation][name];
      const can = own ? own[name] !== undefined : needs(implementations[implementation], { bytesUrl });
      if (!can) continue;
      times.set(implementation, []);
      runs.set(
        implementation,
        own
          ? (count) => own[name](count, { bytesUrl })
          : (count) => run(implementations[implementation], count, { bytesUrl }),
      );
    }
    for (let turn = 0; turn < turns; turn += 1) {
      for (let i = 0; i < names.length; i += 1) {
        const implementation = names[(i + turn) % names.length];
        if (!times.has(implementation) || errors.has(implementation)) continue;
        collect();
        await pause(5);
        try {
          await runs.get(implementation)(Math.ceil(chunks * LEAD_IN));
          const started = performance.now();
          const arrived = await runs.get(implementation)(chunks);
          const elapsed = performance.now() - started;
          if (arrived !== chunks) throw new Error(`${arrived} of ${chunks} chunks arrived`);
          times.get(implementation).push((elapsed * 1e6) / chunks);
        } catch (error) {
          errors.set(implementation, String(error?.message ?? error));
        }
      }
    }
    results[name] = {};
    for (const implementation of names)
      results[name][implementation] = figures(times.get(implementation), errors.get(implementation));
    progress(name);
  }
  return { chunks, turns, workloads: results };
}

function figures(times, error) {
  if (times === undefined) return null;
  if (error !== undefined) return { minimum: NaN, median: NaN, error };
  const sorted = [...times].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { minimum: sorted[0], median };
}
