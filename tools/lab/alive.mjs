/**
 * How long other tasks wait while a pipeline works, and what that costs: the longest time between two turns of the event loop, with
 * the pipeline giving the thread back and with `yieldAfter: Infinity`, beside a page that does nothing.
 *
 *   node tools/lab/alive.mjs [--engine node,chromium,firefox,webkit] [--size 256MB] [--numbers 2000000] [--runs 5] [--jobs csv,worker,generator] [--firefox-sse]
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { availableEngines, runPage, WITHOUT_AVX } from '../browsers/index.mjs';
import { isProgram } from '../steps.mjs';
import { parseSize } from '../../www/units.js';
import { jobsOf, measureAlive } from './alive-jobs.js';
import { startLabServer } from './server.mjs';
import { serveFile } from './static.mjs';

const root = join(fileURLToPath(import.meta.url), '../../..');

const page = (settings) => `<!doctype html><meta charset="utf-8"><title>alive</title><script type="module">
const settings = ${JSON.stringify(settings)};
const post = (value) => fetch(new URLSearchParams(location.search).get('result'), { method: 'POST', body: JSON.stringify(value) });
try {
  const { jobsOf, measureAlive } = await import('/tools/lab/alive-jobs.js');
  const all = jobsOf(await import('/dist/index.js'), await import('/dist/codecs.js'), { open: () => fetch('/file'), ...settings });
  await post(await measureAlive(Object.fromEntries(settings.jobs.map((name) => [name, all[name]])), settings.runs));
} catch (error) {
  await post({ error: String(error.stack ?? error) });
}
</script>`;

/** The lab's file, made once, so that making it takes no time from what is measured. */
async function fileOf(size) {
  const lab = await startLabServer();
  try {
    return Buffer.from(await (await fetch(new URL(`/data/${size}.csv.gz`, lab.url))).arrayBuffer());
  } finally {
    await lab.close();
  }
}

/**
 * @param {{ size: number, numbers: number, runs: number, jobs: string[], preferences?: Record<string, unknown> }} settings
 * @returns what `measureAlive` found in `engine`
 */
export async function alive(engine, { size, timeout = 1_200_000, preferences = {}, ...rest }) {
  const file = rest.jobs.some((job) => job !== 'generator') ? await fileOf(size) : Buffer.alloc(0);
  const settings = rest;
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    // An isolated page gets the fine clock.
    for (const [name, value] of [
      ['opener', 'same-origin'],
      ['embedder', 'require-corp'],
    ])
      response.setHeader(`cross-origin-${name}-policy`, value);
    response.setHeader('cross-origin-resource-policy', 'same-origin');
    if (pathname === '/file') response.end(file);
    else if (pathname === '/') response.writeHead(200, { 'content-type': 'text/html' }).end(page(settings));
    else if (!/^\/(dist|tools\/lab)\//.test(pathname) || !(await serveFile(response, root, pathname)))
      response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${server.address().port}/`;
  try {
    if (engine !== 'node') return await runPage(engine, origin, { timeout, preferences });
    // In one process a server would wait with the job that it serves, and Node's Blob keeps the thread for a tenth of a second by itself.
    const all = jobsOf(await import('tidegate'), await import('tidegate/codecs'), {
      open: () => slicesOf(file),
      ...settings,
    });
    return await measureAlive(Object.fromEntries(settings.jobs.map((name) => [name, all[name]])), settings.runs);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

function* slicesOf(file) {
  for (let at = 0; at < file.length; at += 65536) yield file.subarray(at, at + 65536);
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

function row(engine, name, { gaps, times }, idle) {
  const cost = (pick) => `${((pick(times.given) / pick(times.kept) - 1) * 100).toFixed(1)} %`;
  const least = (values) => Math.min(...values);
  const cells = [engine, name, median(gaps.given), median(gaps.kept), median(idle)].map((cell) =>
    typeof cell === 'number' ? `${cell.toFixed(0)}` : cell,
  );
  return `| ${[...cells, `${(median(times.kept) / 1000).toFixed(2)} s`, cost(least), cost(median)].join(' | ')} |`;
}

async function main() {
  const { values } = parseArgs({
    options: {
      engine: { type: 'string' },
      size: { type: 'string' },
      numbers: { type: 'string' },
      runs: { type: 'string' },
      jobs: { type: 'string' },
      'firefox-sse': { type: 'boolean', default: false },
    },
  });
  const engines = values.engine?.split(',') ?? ['node', ...availableEngines()];
  const settings = {
    size: parseSize(values.size ?? '256MB'),
    numbers: Number(values.numbers ?? 2e6),
    runs: Number(values.runs ?? 5),
    jobs: (values.jobs ?? 'csv,worker,generator').split(','),
    preferences: values['firefox-sse'] ? WITHOUT_AVX : {},
  };
  console.log(
    '| engine | job | longest wait, ms | with `yieldAfter: Infinity` | idle page | time | cost, least | cost, median |\n|---|---|---|---|---|---|---|---|',
  );
  for (const engine of engines) {
    const { idle, jobs } = await alive(engine, settings);
    for (const [name, found] of Object.entries(jobs)) console.log(row(engine, name, found, idle));
  }
}

if (isProgram(import.meta.url)) await main();
