/** Runs the scenario in a page and posts the results to the address in its query. `makeWorker()` starts worker.js. */
import { scenario } from './scenario.js';

export async function runPage(makeWorker, { example } = {}) {
  const query = new URLSearchParams(location.search);
  const base = query.get('base') ?? '/';
  const results = await scenario({
    open: (name, signal) => fetch(base + name, { signal }),
    connect: () => {
      const worker = makeWorker();
      return { port: worker, close: () => worker.terminate() };
    },
    serviceWorker: '/service-worker.js',
  }).catch((error) => ({ error: String(error?.stack ?? error) }));
  if (example) {
    const { totals } = await example(`${base}sales.csv.gz`).catch((error) => ({
      totals: [['failed', String(error?.stack ?? error)]],
    }));
    results.example = Object.fromEntries(totals);
  }
  await fetch(query.get('result'), { method: 'POST', body: JSON.stringify(results) });
}
