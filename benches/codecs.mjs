#!/usr/bin/env node
/**
 * MB/s of unpacked CSV text through the codecs of the built package, from memory, with the results checked: of the clock,
 * and of the processor's time (all threads), which a busy machine disturbs less.
 *
 *   node benches/codecs.mjs [--mb 100] [--turns 3] [--only NAME]
 */
import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { pipeline } from 'tidegate';
import { csv, digest, gunzip, lines } from 'tidegate/codecs';

const { values } = parseArgs({
  options: {
    mb: { type: 'string', default: '100' },
    turns: { type: 'string', default: '3' },
    only: { type: 'string' },
  },
});

const CITIES = ['London', 'Paris', 'Amsterdam', 'São Paulo', 'New York', 'Hamburg'];

/** CSV of six columns, the same at every run. */
function makeText(bytes, ascii) {
  let seed = 1;
  const random = (below) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const parts = ['id,time,city,amount,email,note\n'];
  let length = 0;
  for (let id = 0; length < bytes; id++) {
    const city = CITIES[random(6)];
    const row = `${id},2026-0${1 + random(9)}-${10 + random(18)}T12:${10 + random(50)}:56Z,${ascii ? city.replace('ã', 'a') : city},${random(1e6) / 100},user${random(1e6)}@example.com,note ${random(1e9)}\n`;
    length += row.length;
    parts.push(row);
  }
  return Buffer.from(parts.join(''));
}

function* chunksOf(bytes, size = 65536) {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

const drain = (count) => ({
  total: 0,
  async run(source, ...stages) {
    await pipeline(source, ...stages, async (chunks) => {
      for await (const chunk of chunks) this.total += count(chunk);
    });
    return this.total;
  },
});
const bytes = () => drain((chunk) => chunk.length);
const records = () => drain((batch) => batch.length);
const single = () => drain(() => 1);

async function measure(name, text, expected, run) {
  if (values.only && !name.includes(values.only)) return;
  let best = Infinity;
  let leastUsed = Infinity;
  for (let turn = 0; turn < Number(values.turns); turn++) {
    globalThis.gc?.();
    const began = performance.now();
    const usedBefore = process.cpuUsage();
    const result = await run();
    best = Math.min(best, performance.now() - began);
    const { user, system } = process.cpuUsage(usedBefore);
    leastUsed = Math.min(leastUsed, (user + system) / 1000);
    if (result !== expected) throw new Error(`${name}: got ${result}, expected ${expected}`);
  }
  const rate = (milliseconds) => (text.length / 1000 / milliseconds).toFixed(0).padStart(6);
  console.log(`${name.padEnd(44)} ${rate(best)} MB/s ${rate(leastUsed)} MB/s of processor time`);
}

for (const ascii of [true, false]) {
  const text = makeText(Number(values.mb) * 1e6, ascii);
  const packed = gzipSync(text, { level: 6 });
  if (!gunzipSync(packed).equals(text)) throw new Error('zlib does not give back what it was given');
  const rows = text.reduce((count, byte) => count + (byte === 10), 0);
  const hash = createHash('sha256').update(text).digest('hex');
  console.log(`\n${ascii ? 'ASCII' : 'not only ASCII'}: ${text.length} bytes, ${packed.length} packed, ${rows} rows`);
  const hashed = async (stages, tap, output, expected) => {
    const total = await output.run(chunksOf(packed), ...stages);
    return (await tap.hex) === hash ? total : `another digest than ${expected}`;
  };
  await measure('gunzip', text, text.length, () => bytes().run(chunksOf(packed), gunzip()));
  await measure('digest', text, text.length, () => bytes().run(chunksOf(text), digest('sha-256')));
  await measure('gunzip, digest', text, text.length, () => {
    const tap = digest('sha-256');
    return hashed([gunzip(), tap], tap, bytes(), hash);
  });
  await measure('lines in batches', text, rows, () => records().run(chunksOf(text), lines({ batch: true })));
  await measure('lines one by one', text, rows, () => single().run(chunksOf(text), lines()));
  await measure('csv, arrays in batches', text, rows, () => records().run(chunksOf(text), csv({ batch: true })));
  await measure('csv, arrays one by one', text, rows, () => single().run(chunksOf(text), csv()));
  await measure('csv, objects in batches', text, rows - 1, () =>
    records().run(chunksOf(text), csv({ header: true, batch: true })),
  );
  await measure('gunzip, csv, arrays in batches', text, rows, () =>
    records().run(chunksOf(packed), gunzip(), csv({ batch: true })),
  );
  for (const [label, options] of [
    ['arrays', {}],
    ['objects', { header: true }],
  ]) {
    await measure(`gunzip, digest, csv, ${label} in batches`, text, rows - (options.header ? 1 : 0), () => {
      const tap = digest('sha-256');
      return hashed([gunzip(), tap, csv({ ...options, batch: true })], tap, records(), hash);
    });
  }
}
