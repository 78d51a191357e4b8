/** `npm run bench`: streams of this package against the engine's own and other implementations, in real engines. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { parseArgs, promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { engines, runPage } from '../tools/browsers/index.mjs';
import { workloads } from './workloads.js';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const all = ['ours', 'native', 'polyfill', 'fast', 'streamx'];
const RESULTS = here('./RESULTS.md');

const usage = `usage: npm run bench -- [--engine node|${engines.join('|')}]... [--only NAME[,NAME]] [--impl ${all.join('|')}[,...]]
                    [--turns N] [--chunks N] [--json FILE] [--write]

  --engine  where to run; may be repeated; node and chromium if left out
  --only    workloads, of ${Object.keys(workloads).join(', ')}
  --impl    implementations; all if left out ("polyfill" is web-streams-polyfill; "fast" is
            experimental-fast-webstreams, "streamx" the package of that name, both in Node only)
  --turns   how often each workload is measured (6)
  --chunks  chunks of 1 KiB in one turn (20000)
  --json    write the figures to this file
  --write   write benches/RESULTS.md

Figures are nanoseconds per chunk: the minimum over all turns, and the median in parentheses.`;

/** Answers a request for `chunks` KiB of bytes, as fast as they are taken. */
function sendBytes(url, response) {
  let left = Number(url.searchParams.get('chunks')) * 1024;
  const block = Buffer.alloc(64 * 1024, 7);
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': left, 'cache-control': 'no-store' });
  const more = () => {
    while (left > 0) {
      const part = left < block.length ? block.subarray(0, left) : block;
      left -= part.length;
      if (!response.write(part)) return;
    }
    response.end();
    response.off('drain', more);
  };
  response.on('drain', more);
  more();
}

async function withServer(answer, use) {
  const server = createServer((request, response) => {
    const url = new URL(request.url, 'http://localhost');
    if (url.pathname === '/bytes') sendBytes(url, response);
    else answer(url, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await use(`http://127.0.0.1:${server.address().port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const inNode = (settings) => withServer((url, response) => response.writeHead(404).end(), (origin) => (
  runNode({ ...settings, bytesUrl: `${origin}/bytes` })
));

async function runNode(settings) {
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', here('./node-process.mjs'), JSON.stringify(settings)], {
    maxBuffer: 1 << 24,
  });
  return JSON.parse(stdout);
}

async function bundlePage(settings) {
  const { outputFiles } = await build({
    entryPoints: [here('./page.js')], bundle: true, write: false, format: 'esm', target: 'es2022', logLevel: 'error',
    plugins: [{
      name: 'ours',
      setup({ onResolve, onLoad }) {
        onResolve({ filter: /^tidegate-bench:ours$/ }, () => (
          settings.implementations.includes('ours') ? { path: here('../dist/index.js') } : { path: 'none', namespace: 'none' }
        ));
        onLoad({ filter: /.*/, namespace: 'none' }, () => ({ contents: 'export {};' }));
      },
    }],
  });
  return outputFiles[0].text;
}

async function inBrowser(engine, settings) {
  const script = await bundlePage(settings);
  const answer = ({ pathname }, response) => {
    const isScript = pathname === '/page.js';
    // An isolated page gets the fine clock: 5 microseconds and not 100 in Chromium, 20 and not 1000 in Firefox and WebKit.
    response.writeHead(200, {
      'content-type': isScript ? 'text/javascript' : 'text/html',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
    })
      .end(isScript ? script : '<!doctype html><meta charset="utf-8"><title>bench</title><script type="module" src="/page.js"></script>');
  };
  return withServer(answer, (origin) => {
    const page = encodeURIComponent(JSON.stringify({ ...settings, bytesUrl: `${origin}/bytes` }));
    return runPage(engine, `${origin}/?settings=${page}`, { timeout: settings.timeout });
  });
}

/** benches/RESULTS.md: the tables of all engines of one run. */
function resultsDocument(report) {
  const blocks = Object.entries(report).map(([engine, result]) => {
    const [caption, ...lines] = formatTable(engine, result);
    return `## ${engine}\n\n${caption}\n\n\`\`\`\n${lines.join('\n')}\n\`\`\`\n`;
  });
  return `# Benchmark results

Made by \`npm run bench -- --write\`. Nanoseconds per chunk of 1 KiB, the minimum and in parentheses the median over the turns; a
ratio above 1 means that ours is faster. All implementations ran in one process and in rotating order; every workload counts its
chunks at the end, and \`checksum\` adds up every byte. Read figures of different runs as ratios only.

${blocks.join('\n')}`;
}

const ratio = (value) => (value >= 10 ? value.toFixed(1) : value.toFixed(2));

/** The figures as lines of text: a table, ratios against ours where ours ran, and the geometric means of those. */
export function formatTable(engine, { workloads: figures, chunks, turns }) {
  const names = Object.keys(Object.values(figures)[0] ?? {});
  const others = names.includes('ours') ? names.filter((name) => name !== 'ours') : [];
  const header = ['workload', ...names, ...others.map((name) => `${name}/ours`)];
  const logs = Object.fromEntries(others.map((name) => [name, []]));
  const rows = Object.entries(figures).map(([workload, row]) => [
    workload,
    ...names.map((name) => {
      if (!row[name]) return 'none';
      if (row[name].error) return 'ERROR';
      return `${Math.round(row[name].minimum)} (${Math.round(row[name].median)})`;
    }),
    ...others.map((name) => {
      const value = (row[name]?.minimum ?? NaN) / (row.ours?.minimum ?? NaN);
      if (!Number.isFinite(value)) return '-';
      logs[name].push(Math.log(value));
      return ratio(value);
    }),
  ]);
  if (others.length > 0) {
    rows.push(['geometric mean', ...names.map(() => ''), ...others.map((name) => (
      logs[name].length === 0 ? '-' : ratio(Math.exp(logs[name].reduce((a, b) => a + b, 0) / logs[name].length))
    ))]);
  }
  const widths = header.map((_, column) => Math.max(...[header, ...rows].map((row) => row[column].length)));
  const line = (row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join('  ');
  const errors = Object.entries(figures).flatMap(([workload, row]) => (
    Object.entries(row).filter(([, value]) => value?.error).map(([name, value]) => `${workload}, ${name}: ${value.error}`)
  ));
  return [`${engine}: ns per chunk of 1 KiB, minimum (median) of ${turns} turns over ${chunks} chunks`, line(header), ...rows.map(line), ...errors];
}

async function main() {
  const { values } = parseArgs({
    options: {
      engine: { type: 'string', multiple: true, default: ['node', 'chromium'] }, only: { type: 'string' }, impl: { type: 'string' },
      turns: { type: 'string', default: '6' }, chunks: { type: 'string', default: '20000' }, json: { type: 'string' },
      write: { type: 'boolean', default: false },
      timeout: { type: 'string', default: '600' }, help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(usage);
  const list = (text) => (text ? text.split(',').map((name) => name.trim()).filter(Boolean) : []);
  const settings = {
    only: list(values.only), turns: Number(values.turns), chunks: Number(values.chunks), timeout: Number(values.timeout) * 1000,
    implementations: values.impl ? list(values.impl) : all,
  };
  for (const name of settings.only) if (!(name in workloads)) throw new TypeError(`unknown workload "${name}"\n${usage}`);
  for (const name of settings.implementations) if (!all.includes(name)) throw new TypeError(`unknown implementation "${name}"\n${usage}`);
  for (const name of ['turns', 'chunks']) if (!(Number.isInteger(settings[name]) && settings[name] > 0)) throw new TypeError(`--${name} must be a positive whole number`);
  for (const engine of values.engine) if (engine !== 'node' && !engines.includes(engine)) throw new TypeError(`unknown engine "${engine}"\n${usage}`);
  if (settings.implementations.includes('ours') && !existsSync(here('../dist/index.js'))) {
    throw new Error('dist/index.js is missing: run `npm run build` first, or leave ours out with --impl');
  }
  const report = {};
  for (const engine of values.engine) {
    report[engine] = engine === 'node' ? await inNode(settings) : await inBrowser(engine, settings);
    console.log(`${formatTable(engine, report[engine]).join('\n')}\n`);
    const failed = Object.values(report[engine].workloads).some((row) => Object.values(row).some((value) => value?.error));
    if (failed) process.exitCode = 1;
  }
  if (values.write) writeFileSync(RESULTS, resultsDocument(report));
  if (values.json) writeFileSync(values.json, `${JSON.stringify(report, undefined, 1)}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().catch((error) => {
    console.error(error.message);
    process.exitCode = 2;
  });
}
