/** Measures workloads: all contenders in turns, each outcome compared. Runs in Node and in pages. */

/**
 * @param workloads by name: contenders by name, functions of `data` that resolve with what they saw
 * @param now gives milliseconds
 * @returns by workload: by contender the milliseconds of each turn, or an error
 */
export async function measure(workloads, data, { turns, only = [], contenders = [] }, now = () => performance.now()) {
  const figures = {};
  for (const [name, all] of Object.entries(workloads)) {
    if (only.length > 0 && !only.some((part) => name.includes(part))) continue;
    const names = Object.keys(all).filter((each) => contenders.length === 0 || contenders.includes(each));
    const row = (figures[name] = Object.fromEntries(names.map((each) => [each, { times: [] }])));
    let expected;
    for (let turn = 0; turn < turns; turn++) {
      for (let place = 0; place < names.length; place++) {
        const contender = names[(place + turn) % names.length];
        if (row[contender].error) continue;
        globalThis.gc?.();
        try {
          const began = now();
          const seen = await all[contender](data);
          row[contender].times.push(now() - began);
          // What can be compared only by more work is compared when the time has been taken.
          const { same = (await seen.check?.()) ?? seen, size } = seen;
          if (size !== undefined) row[contender].size = size;
          expected ??= same;
          if (same !== expected) throw new Error(`saw ${same}, another saw ${expected}`);
        } catch (error) {
          row[contender].error = String(error?.message ?? error);
        }
      }
    }
  }
  return figures;
}
