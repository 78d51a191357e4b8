/** Runs codecs in workers of a page: what they give and fail with, beside the same codecs in the page. */
import { pipeline, toArray } from '/dist/index.js';
import { csv, digest, gunzip, json, lines, ndjson, workerPool } from '/dist/codecs.js';

const described = ({ name, code, message, offset }) => ({ name, code, message, offset: String(offset) });
const pending = Symbol('pending');
const within = (promise, ms) => Promise.race([promise, new Promise((resolve) => setTimeout(resolve, ms, pending))]);
/** What a promise rejects with; says so if it is pending after ten seconds. */
const failure = async (promise) => {
  const error = await within(
    promise.then(
      () => new Error('nothing failed'),
      (reason) => reason,
    ),
    10_000,
  );
  return error === pending ? { message: 'it is pending' } : described(error);
};

async function endless({ worker, signal }, onBatch = () => {}) {
  const source = new ReadableStream({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      controller.enqueue(new TextEncoder().encode('a,b\n'.repeat(10_000)));
    },
  });
  const sink = async (batches) => {
    for await (const batch of batches) onBatch(batch);
  };
  await pipeline(source, csv({ batch: true }), sink, { worker, signal });
}

async function results(worker) {
  const tap = digest('sha-256');
  const stages = [gunzip(), tap, csv({ batch: true })];
  const rows = (await pipeline(fetch('/rows.csv.gz'), ...stages, (batches) => toArray(batches), { worker })).flat();
  return {
    rows: rows.length,
    last: rows.at(-1),
    hex: await tap.hex,
    read: stages.map((stage) => stage.stats()[0].bytesIn),
    values: (await pipeline([`[1]\n{"a":"ü🌊"}\n`], ndjson({ batch: true }), toArray, { worker })).flat(),
    items: await pipeline(['{"é":[[1],{"a":"ü🌊"}]}'], json('$.*[*]', { entries: true }), toArray, { worker }),
    truncated: await failure(pipeline(fetch('/cut.csv.gz'), gunzip(), lines(), toArray, { worker })),
    ragged: await failure(pipeline(['a,b\n1\n'], csv(), toArray, { worker })),
  };
}

const scenarios = {
  async all() {
    const seen = { here: await results(false), there: await results(true) };
    seen.aborted = await failure(
      (() => {
        const controller = new AbortController();
        return endless({ worker: true, signal: controller.signal }, () => controller.abort(new Error('no more')));
      })(),
    );
    seen.terminated = [];
    for (let n = 0; n < 8; n++) {
      let made;
      const pool = workerPool({
        size: 1,
        workerFactory: () => (made = new Worker('/dist/codec-worker.js', { type: 'module' })),
      });
      const failed = Promise.all([1, 2].map(() => failure(endless({ worker: pool }))));
      while (made === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
      await new Promise((resolve) => setTimeout(resolve, n * 15));
      made.terminate();
      seen.terminated.push(...(await failed));
    }
    seen.classic = await pipeline(['a\nb'], lines(), toArray, {
      worker: workerPool({ workerFactory: () => new Worker('/dist/codec-worker.js') }),
    });
    seen.missing = await failure(
      pipeline(['a\nb'], lines(), toArray, {
        worker: workerPool({ workerFactory: () => new Worker('/dist/nowhere.js', { type: 'module' }) }),
      }),
    );
    seen.foreign = await failure(
      pipeline(['a\nb'], lines(), toArray, {
        worker: workerPool({ workerFactory: () => new Worker('http://localhost:1/worker.js', { type: 'module' }) }),
      }),
    );
    const pool = workerPool({ size: 1 });
    const controller = new AbortController();
    let batches = 0;
    const long = endless({ worker: pool, signal: controller.signal }, () => void batches++).catch(() => {});
    while (batches === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    seen.short = await within(pipeline(['a\nb'], lines(), toArray, { worker: pool }), 10_000);
    controller.abort();
    await long;
    seen.classicGlobal = await new Promise((resolve) => {
      const script = Object.assign(document.createElement('script'), { src: '/dist/tidegate.global.js' });
      script.onload = () =>
        resolve(
          globalThis.tidegate.pipeline(['a\nb'], globalThis.tidegate.lines(), globalThis.tidegate.toArray, {
            worker: true,
          }),
        );
      document.head.append(script);
    });
    return seen;
  },
  async none() {
    return { refused: await failure(pipeline(['a\nb'], lines(), toArray, { worker: true })) };
  },
};

const query = new URL(location).searchParams;
const scenario = location.pathname === '/none' || location.pathname === '/no-wasm' ? 'none' : 'all';
const seen = await scenarios[scenario]().catch((error) => ({ error: String(error.stack ?? error) }));
await fetch(query.get('result'), {
  method: 'POST',
  headers: { 'content-type': 'text/plain' },
  body: JSON.stringify(seen),
});
