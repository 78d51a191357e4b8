/**
 * What `npm run bench` can run besides the workloads: scale, memory and start-up. Each runs in one engine and answers the
 * lines of its table.
 */
import { gzipSync, brotliCompressSync } from 'node:zlib';
import { bundlePackages, run } from './engines.mjs';
import { kinds } from './memory.js';

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

/** Columns of equal width, the first to the left. */
export function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join('  '),
  );
}

/** The most chunks in a stream of ours and of the others': more would take an hour, as some take 100 microseconds a chunk. */
const LARGEST = {
  node: { ours: 10_000_000, others: 1_000_000 },
  chromium: { ours: 10_000_000, others: 1_000_000 },
  firefox: { ours: 1_000_000, others: 100_000 },
  webkit: { ours: 1_000_000, others: 1_000_000 },
};

async function scale(engine, settings) {
  const names = settings.implementations.filter((name) => ['ours', 'native', 'polyfill'].includes(name));
  const all = await run(engine, {
    ...settings,
    implementations: names,
    turns: 4,
    only: undefined,
    largest: LARGEST[engine].others,
    program: 'scale',
  });
  const largest = LARGEST[engine].ours;
  const ours =
    largest > LARGEST[engine].others && names.includes('ours')
      ? await run(engine, {
          ...settings,
          implementations: ['ours'],
          turns: 4,
          only: undefined,
          largest,
          program: 'scale',
        })
      : {};
  const lines = [
    `${engine}: ns per chunk, minimum of 4 turns, by the number of chunks in a stream or of pipes at once (200,000 chunks in all)`,
  ];
  for (const [name, { sizes, figures }] of Object.entries(all)) {
    const columns = ours[name]?.sizes ?? sizes;
    const rows = [[name, ...columns.map((size) => size.toLocaleString('en')), 'largest/smallest']];
    for (const implementation of names) {
      const row = (implementation === 'ours' && ours[name]?.figures.ours) || figures[implementation];
      rows.push([
        implementation,
        ...columns.map((_, i) => (row[i] === undefined ? '-' : String(Math.round(row[i])))),
        (Math.max(...row) / Math.min(...row)).toFixed(2),
      ]);
    }
    lines.push(...table(rows), '');
  }
  return lines.slice(0, -1);
}

/** Chromium tells a page the size of its JavaScript heap; Firefox and WebKit do not, and only Node tells of native streams'. */
async function memory(engine, settings) {
  if (engine !== 'node' && engine !== 'chromium') return [`${engine}: pages are not told the size of their heap`];
  const offered = engine === 'node' ? ['ours', 'native', 'polyfill', 'fast'] : ['ours', 'polyfill'];
  const names = settings.implementations.filter((name) => offered.includes(name));
  const args = ['--enable-precise-memory-info', '--js-flags=--expose-gc'];
  const rows = [['bytes', ...names]];
  for (const kind of Object.keys(kinds)) {
    const row = [kind];
    for (const name of names) {
      const found = await run(engine, { ...settings, implementations: [name], kind, args, program: 'memory' });
      row.push(
        found === null
          ? 'none'
          : `${Math.round(found.heap + found.wasm)}${name === 'ours' ? ` (Wasm ${Math.round(found.wasm)})` : ''}`,
      );
    }
    rows.push(row);
  }
  return [`${engine}: bytes held by each of 100,000 live idle streams`, ...table(rows)];
}

const STARTS = 15;

async function startup(engine, settings) {
  const names = settings.implementations.filter((name) => ['ours', 'polyfill'].includes(name));
  let times;
  if (engine === 'node') {
    times = Object.fromEntries(names.map((name) => [name, []]));
    for (let turn = 0; turn < STARTS; turn += 1) {
      for (const name of names)
        times[name].push(await run(engine, { ...settings, implementations: [name], program: 'startup' }));
    }
  } else {
    times = await run(engine, { ...settings, implementations: names, turns: STARTS, program: 'startup' });
  }
  const packages = await bundlePackages();
  const rows = [['', 'ms, median', 'ms, minimum', 'bytes', 'gzip', 'brotli']];
  for (const name of names) {
    const text = packages[`/${name}.js`];
    rows.push([
      name,
      median(times[name]).toFixed(1),
      Math.min(...times[name]).toFixed(1),
      ...[Buffer.byteLength(text), gzipSync(text, { level: 9 }).length, brotliCompressSync(text).length].map(String),
    ]);
  }
  return [
    `${engine}: from import() to the first chunk, ${STARTS} fresh ${engine === 'node' ? 'processes' : 'frames'}; what is loaded, bundled and minified`,
    ...table(rows),
  ];
}

export const programs = { scale, memory, startup };
