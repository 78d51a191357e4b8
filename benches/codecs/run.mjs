/** `npm run bench:codecs`: the codecs of this package against the engine's own and the packages that people use, in real engines. */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs, promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { engines, engineVersion, runPage, WITHOUT_AVX } from '../../tools/browsers/index.mjs';
import { ISOLATED, withServer } from '../engines.mjs';
import { table } from '../programs.mjs';
import { makeData } from './data.mjs';
import { zstdOf } from './zstd-data.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const usage = `usage: npm run bench:codecs -- [--engine node|${engines.join('|')}]... [--mb N] [--turns N] [--only PART[,PART]] [--contenders NAME[,NAME]] [--json FILE] [--firefox-sse]

  --engine      where to run; may be repeated; node and chromium if left out
  --mb          megabytes of unpacked CSV (100)
  --turns       how often each workload is measured, in turns (5)
  --only        workloads whose names have one of these parts
  --contenders  these only, of ours, engine, brotli-wasm, fflate, pako, fzstd, zstddec, hash-wasm, papaparse, streamparser, udsv
  --json        write the figures to this file
  --firefox-sse Firefox compiles Wasm without AVX: in some virtual machines a change between its AVX and its SSE code takes 250 ns, so that
                functions with vectors take 50 times as long

Figures are MB/s of unpacked bytes, by the least time of all turns and by the median. A ratio above 1 means that ours is faster than the best of the others.`;

/** The least and the middle of some times. */
export function summary(times) {
  const sorted = [...times].sort((a, b) => a - b);
  return { least: sorted[0], median: sorted[Math.floor(sorted.length / 2)] };
}

/** The figures of an engine as lines of text, one for each contender. `bytes` gives for each workload how many unpacked bytes it is about. */
export function formatFigures(title, figures, bytes) {
  const rows = Object.entries(figures).flatMap(([workload, row]) => {
    const of = Object.fromEntries(
      Object.entries(row).map(([name, { times, error }]) => [name, error ? { least: NaN } : summary(times)]),
    );
    const others = Object.entries(of).filter(([name]) => !name.startsWith('ours'));
    const best = Math.min(...others.map(([, { least }]) => (least > 0 ? least : Infinity)));
    const rate = (milliseconds) => (bytes(workload) / 1000 / milliseconds).toFixed(0);
    return Object.entries(row).map(([name, { error, size }], place) => [
      place === 0 ? workload : '',
      name,
      error ? 'ERROR' : rate(of[name].least),
      error ? '' : rate(of[name].median),
      error || !name.startsWith('ours') || best === Infinity ? '' : (best / of[name].least).toFixed(2),
      error ?? (size === undefined ? '' : `${size} bytes`),
    ]);
  });
  return [title, ...table([['workload', '', 'least', 'median', 'ratio', ''], ...rows])];
}

function serving(files, page, use) {
  const answers = {
    '/text': files.text,
    '/packed': files.packed,
    '/brotli': files.brotli,
    '/zstd': files.zstd,
    '/json': files.json,
    '/page.js': page,
    '/brotli_wasm_bg.wasm': readFileSync(here('../../node_modules/brotli-wasm/pkg.web/brotli_wasm_bg.wasm')),
    '/codec-worker.js': readFileSync(here('../../dist/codec-worker.js')),
  };
  const blank =
    '<!doctype html><meta charset="utf-8"><title>bench</title><script type="module" src="/page.js"></script>';
  return withServer(({ pathname }, response) => {
    const found = answers[pathname];
    const type = pathname.endsWith('.js') ? 'text/javascript' : found ? 'application/octet-stream' : 'text/html';
    response.writeHead(200, { 'content-type': type, ...ISOLATED }).end(found ?? blank);
  }, use);
}

async function bundlePage() {
  const { outputFiles } = await build({
    entryPoints: [here('./page.js')],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    logLevel: 'error',
    alias: { tidegate: here('../../dist/index.js'), 'tidegate/codecs': here('../../dist/codecs.js') },
  });
  return outputFiles[0].text;
}

async function inNode(origin, settings) {
  const argument = JSON.stringify({ ...settings, origin });
  const flags = ['--expose-gc', here('./node-process.mjs'), argument];
  const { stdout } = await promisify(execFile)(process.execPath, flags, { maxBuffer: 1 << 24 });
  return JSON.parse(stdout);
}

async function inBrowser(engine, origin, settings) {
  const query = encodeURIComponent(JSON.stringify(settings));
  return runPage(engine, `${origin}/?settings=${query}`, {
    timeout: settings.timeout,
    preferences: settings.preferences,
  });
}

/** Runs the workloads in an engine, with what `makeData` made. */
export async function runCodecs(engine, { files }, settings) {
  const page = engine === 'node' ? '' : await bundlePage();
  const figures = await serving(files, page, (origin) =>
    engine === 'node' ? inNode(origin, settings) : inBrowser(engine, origin, settings),
  );
  if (figures.error) throw new Error(figures.error);
  return figures;
}

const list = (text) => (text ? text.split(',').map((part) => part.trim()) : []);

async function main() {
  const { values } = parseArgs({
    options: {
      engine: { type: 'string', multiple: true, default: ['node', 'chromium'] },
      mb: { type: 'string', default: '100' },
      turns: { type: 'string', default: '5' },
      only: { type: 'string' },
      contenders: { type: 'string' },
      json: { type: 'string' },
      'firefox-sse': { type: 'boolean', default: false },
      timeout: { type: 'string', default: '1800' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(usage);
  for (const engine of values.engine)
    if (engine !== 'node' && !engines.includes(engine)) throw new TypeError(`unknown engine "${engine}"\n${usage}`);
  const settings = {
    turns: Number(values.turns),
    only: list(values.only),
    contenders: list(values.contenders),
    timeout: Number(values.timeout) * 1000,
    preferences: values['firefox-sse'] ? WITHOUT_AVX : {},
  };
  for (const number of [settings.turns, Number(values.mb)])
    if (!(number > 0)) throw new TypeError(`--turns and --mb must be numbers above 0\n${usage}`);
  const data = makeData(Number(values.mb) * 1e6);
  const { text, packed, json } = data.files;
  const zstd = (data.files.zstd = await zstdOf(text));
  console.log(
    `${text.length} bytes of CSV, ${packed.length} packed, ${zstd.length} as zstd; ${json.length} bytes of NDJSON; ${data.rows} rows\n`,
  );
  const report = {};
  for (const engine of values.engine) {
    const version = engine === 'node' ? process.version : await engineVersion(engine);
    const figures = await runCodecs(engine, data, settings);
    report[engine] = { version, bytes: text.length, figures };
    const bytes = (workload) => (/^(nd)?json/.test(workload) ? json.length : text.length);
    console.log(`${formatFigures(`${engine} ${version}: MB/s`, figures, bytes).join('\n')}\n`);
    if (Object.values(figures).some((row) => Object.values(row).some((each) => each.error))) process.exitCode = 1;
  }
  if (values.json) writeFileSync(values.json, `${JSON.stringify(report, undefined, 1)}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().catch((error) => {
    console.error(error.message);
    process.exitCode = 2;
  });
}
