/** What tools/lab/alive.mjs measures: how long other tasks wait while a pipeline works, in a page or in Node, and what giving way costs. */

const count = async (chunks) => {
  let seen = 0;
  for await (const chunk of chunks) seen += Array.isArray(chunk) ? chunk.length : 1;
  return seen;
};

function* numbers(upTo) {
  for (let n = 0; n < upTo; n += 1) yield n;
}

/** The jobs by name, each a function of the options of its pipeline; `open()` gives the file's Response. */
export const jobsOf = ({ pipeline }, { csv, gunzip }, { open, numbers: upTo }) => ({
  csv: async (options) => pipeline(await open(), gunzip(), csv({ batch: true }), count, options),
  // The same in a worker: only the rows are made on the thread.
  worker: async (options) =>
    pipeline(await open(), gunzip(), csv({ batch: true }), count, { ...options, worker: true }),
  generator: (options) => pipeline(numbers(upTo), (n) => n + 1, count, options),
});

/** Resolves with the longest time between two turns of the event loop until `work` has ended, in milliseconds. */
async function longestGap(work, turn) {
  let longest = 0;
  let running = true;
  let last = performance.now();
  const watch = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (running) turn(watch);
  };
  turn(watch);
  try {
    await work();
  } finally {
    running = false;
  }
  return Math.max(longest, performance.now() - last);
}

/** A turn of a page: a message. Of Node: a timer, as its ports go before timers. */
function turns() {
  if (globalThis.process?.versions?.node) return (callback) => void setTimeout(callback, 1);
  const { port1, port2 } = new MessageChannel();
  return (callback) => {
    port1.onmessage = callback;
    port2.postMessage(null);
  };
}

const modes = { given: {}, kept: { yieldAfter: Infinity } };

/**
 * @returns by job `{ gaps: { given, kept }, times: { given, kept } }`, milliseconds of each run, and `idle`, the gaps of as many waits
 *   of a second
 */
export async function measureAlive(jobs, runs) {
  const turn = turns();
  const result = { idle: [], jobs: {} };
  for (let n = 0; n < runs; n += 1)
    result.idle.push(await longestGap(() => new Promise((resolve) => setTimeout(resolve, 1000)), turn));
  for (const [name, run] of Object.entries(jobs)) {
    const found = (result.jobs[name] = { gaps: { given: [], kept: [] }, times: { given: [], kept: [] } });
    await run({});
    for (let n = 0; n < runs; n += 1) {
      for (const [mode, options] of Object.entries(modes))
        found.gaps[mode].push(await longestGap(() => run(options), turn));
      // In turns, each first as often as the other.
      for (const [mode, options] of n % 2 === 0 ? Object.entries(modes) : Object.entries(modes).reverse()) {
        const begun = performance.now();
        await run(options);
        found.times[mode].push(performance.now() - begun);
      }
    }
  }
  return result;
}
