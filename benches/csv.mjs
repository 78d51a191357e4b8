#!/usr/bin/env node
/**
 * MB/s of CSV through csv() of the built package, and through uDSV and PapaParse, from bytes in memory: of the clock, and of the processor's time
 * (all threads), which a busy machine disturbs less. The best of the turns, in which all take their turn.
 *
 *   node --expose-gc benches/csv.mjs [--mb 20] [--turns 5] [--only NAME]
 */
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import Papa from 'papaparse';
import { pipeline } from 'tidegate';
import { csv, gunzip } from 'tidegate/codecs';
import { inferSchema, initParser } from 'udsv';

const { values } = parseArgs({
  options: {
    mb: { type: 'string', default: '20' },
    turns: { type: 'string', default: '5' },
    only: { type: 'string' },
  },
});

const CITIES = ['London', 'Paris', 'Amsterdam', 'Sao Paulo', 'New York', 'Hamburg'];
const TYPES = { id: 'i32', time: 'timestamp', city: 'dictionary', amount: 'f64', email: 'utf8', note: 'utf8' };
const { id, time, city, amount } = TYPES;

/** CSV of six columns, the same at every run. */
function makeText(length) {
  let seed = 1;
  const random = (below) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const parts = ['id,time,city,amount,email,note\n'];
  let made = 0;
  for (let row = 0; made < length; row++) {
    const text = `${row},2026-0${1 + random(9)}-${10 + random(18)}T12:${10 + random(50)}:56Z,${CITIES[random(6)]},${random(1e6) / 100},user${random(1e6)}@example.com,note ${random(1e9)}\n`;
    made += text.length;
    parts.push(text);
  }
  return { text: Buffer.from(parts.join('')), count: parts.length - 1 };
}

const { text, count } = makeText(Number(values.mb) * 1e6);
const packed = gzipSync(text);

function* chunksOf(bytes, size = 65536) {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

/** The rows that come out. */
async function rowsOf(source, ...stages) {
  let rows = 0;
  await pipeline(source, ...stages, async (chunks) => {
    for await (const chunk of chunks) rows += chunk.length;
  });
  return rows;
}

async function* decoded(source) {
  const decoder = new TextDecoder();
  for await (const chunk of source) yield decoder.decode(chunk, { stream: true });
}

/** uDSV piece by piece; `kind` is the method that makes rows. */
async function withUdsv(source, kind) {
  let parser;
  let rows = 0;
  for await (const piece of decoded(source)) {
    parser ??= initParser(inferSchema(piece));
    if (kind === 'typedCols') parser.chunk(piece, parser[kind]);
    else
      parser.chunk(piece, parser[kind], () => {
        rows += 1;
      });
  }
  const all = parser.end();
  return kind === 'typedCols' ? all[0].length : rows;
}

const unzipped = () => new Response(packed).body.pipeThrough(new DecompressionStream('gzip'));
const typed = (columns, options) => csv({ header: true, columns, ...options });

const cases = {
  'rows as arrays: tidegate': () => rowsOf(chunksOf(text), csv({ header: true, rows: 'arrays', batch: true })),
  'rows as arrays: uDSV': () => withUdsv(chunksOf(text), 'stringArrs'),
  'rows as arrays: PapaParse': () =>
    Papa.parse(new TextDecoder().decode(text), { skipEmptyLines: true }).data.length - 1,
  'rows as objects: tidegate': () => rowsOf(chunksOf(text), csv({ header: true, batch: true })),
  'rows as objects: uDSV': () => withUdsv(chunksOf(text), 'stringObjs'),
  'two of six fields: tidegate': () =>
    rowsOf(chunksOf(text), csv({ header: true, select: ['id', 'amount'], batch: true })),
  'typed columns, all six: tidegate': () => rowsOf(chunksOf(text), typed(TYPES)),
  'typed columns, four: tidegate': () => rowsOf(chunksOf(text), typed({ id, time, city, amount })),
  'typed columns, four in batches of 65,536: tidegate': () =>
    rowsOf(chunksOf(text), typed({ id, time, city, amount }, { batch: 65536 })),
  'typed columns, two: tidegate': () => rowsOf(chunksOf(text), typed({ id, amount })),
  'typed columns, all six: uDSV': () => withUdsv(chunksOf(text), 'typedCols'),
  'typed rows, all six: uDSV': () => withUdsv(chunksOf(text), 'typedArrs'),
  'gunzip, typed columns, all six: tidegate': () => rowsOf(chunksOf(packed), gunzip(), typed(TYPES)),
  'gunzip, typed columns, four: tidegate': () => rowsOf(chunksOf(packed), gunzip(), typed({ id, time, city, amount })),
  'gunzip, rows as arrays: tidegate': () =>
    rowsOf(chunksOf(packed), gunzip(), csv({ header: true, rows: 'arrays', batch: true })),
  'DecompressionStream, rows as arrays: uDSV': () => withUdsv(unzipped(), 'stringArrs'),
};

const best = new Map();
for (let turn = 0; turn < Number(values.turns); turn++) {
  for (const [name, run] of Object.entries(cases)) {
    if (values.only && !name.includes(values.only)) continue;
    globalThis.gc?.();
    const before = process.cpuUsage();
    const began = performance.now();
    const rows = await run();
    const took = performance.now() - began;
    const { user, system } = process.cpuUsage(before);
    if (rows !== count) throw new Error(`${name}: got ${rows} rows, expected ${count}`);
    const [clock, used] = best.get(name) ?? [Infinity, Infinity];
    best.set(name, [Math.min(clock, took), Math.min(used, (user + system) / 1000)]);
  }
}
const rate = (milliseconds) => (text.length / 1000 / milliseconds).toFixed(0).padStart(6);
for (const [name, [clock, used]] of best)
  console.log(`${name.padEnd(54)} ${rate(clock)} MB/s ${rate(used)} MB/s of processor time`);
