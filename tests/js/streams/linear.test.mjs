/** Parsers and buffers take time in proportion to their input: one huge token, a million tokens, and pieces of one byte. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ReadableStream, WritableStream, pipeline, toArray, toBytes, toText } from 'tidegate';
import { csv, digest, gunzip, lines } from 'tidegate/codecs';
import { loadSource } from '../../../tools/build/load-source.mjs';

const { Fifo } = await loadSource('js/runtime/fifo');
const { Gatherer } = await loadSource('js/sinks/gatherer');
const { EventParser } = await loadSource('js/sources/event-parser');

/** Four times the input: four times the time where growth is linear, sixteen times where it is quadratic. */
const FACTOR = 4;
const MOST = 10;
/** What is over sooner than this, in milliseconds of the processor, is no quadratic trouble at this size. */
const NEGLIGIBLE = 25;

async function cost(work) {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** `make(size)` returns what is measured; the minimum of several counts. */
function linear(name, size, make) {
  test(name, async () => {
    let ratio;
    for (let round = 0; round < 3; round += 1) {
      const [small, large] = [make(size), make(FACTOR * size)];
      const [one, other] = [await cost(small), await cost(large)];
      ratio = Math.min(ratio ?? Infinity, other / Math.max(one, NEGLIGIBLE));
      if (ratio < MOST / 2) break;
    }
    assert.ok(ratio < MOST, `${FACTOR} times the input took ${ratio.toFixed(1)} times as long`);
  });
}

const single = (bytes) =>
  ReadableStream.from(
    (function* pieces() {
      for (let at = 0; at < bytes.length; at += 1) yield bytes.subarray(at, at + 1);
    })(),
  );
const drain =
  (source, ...stages) =>
  () =>
    pipeline(source, ...stages, new WritableStream());
const text = (value) => new TextEncoder().encode(value);
const wide = (size) => text(`${Array.from({ length: size }, (_, n) => n.toString(36)).join(',')}\n`);
const MAX = { maxRowBytes: 2 ** 26 };

linear('csv: the columns of a header', 20_000, (size) => drain([wide(size)], csv({ header: true, ...MAX })));
linear(
  'csv: the columns of a header that is given',
  20_000,
  (size) => () => csv({ header: Array.from({ length: size }, (_, n) => `${n}`) }),
);
for (const options of [
  {},
  { header: true },
  { header: true, ragged: 'keep' },
  { header: true, ragged: 'pad' },
  { header: true, rows: 'arrays', emptyNames: 'skip' },
]) {
  linear(`csv: the columns of rows, ${JSON.stringify(options)}`, 10_000, (size) => {
    const row = wide(size);
    return drain([row, row, row], csv({ ...options, ...MAX }));
  });
}
linear('csv: rows in one chunk', 50_000, (size) => drain([text('1,2,3\n'.repeat(size))], csv()));
linear('csv: rows in batches as large as can be, in small chunks', 10_000, (size) =>
  drain(
    Array.from({ length: size }, () => text('1,2\n')),
    csv({ batch: 2 ** 24 }),
  ),
);
linear('csv: one row of many fields, a byte a chunk', 10_000, (size) =>
  drain(single(text(`${'1,'.repeat(size)}\n`)), csv(MAX)),
);
linear('csv: one field, a byte a chunk', 20_000, (size) => drain(single(text(`"${'x'.repeat(size)}"`)), csv(MAX)));
linear('csv: empty lines', 500_000, (size) => drain([new Uint8Array(size).fill(10)], csv()));
linear('lines: one line, a byte a chunk', 20_000, (size) =>
  drain(single(new Uint8Array(size).fill(97)), lines({ maxLineBytes: 2 ** 26 })),
);
linear('lines: one line of megabytes', 2 ** 21, (size) =>
  drain([new Uint8Array(size).fill(97)], lines({ maxLineBytes: 2 ** 28 })),
);
linear('lines: a million empty ones', 250_000, (size) =>
  drain([new Uint8Array(size).fill(10)], lines({ batch: true })),
);
linear('lines: bytes that are no text', 100_000, (size) =>
  drain([new Uint8Array(size).fill(0xff)], lines({ maxLineBytes: 2 ** 26 })),
);
linear('gunzip: a byte a chunk', 10_000, (size) => {
  const packed = gzipSync(Buffer.from(Array.from({ length: size }, (_, n) => (n * n * 7919) & 255)), { level: 0 });
  return drain(single(packed), gunzip(), digest('sha-256'), csv({ ...MAX, ragged: 'keep' }));
});
linear('gunzip: members of nothing', 20_000, (size) =>
  drain([Buffer.concat(new Array(size).fill(gzipSync('')))], gunzip()),
);
linear('gunzip: a header as long as the input', 2 ** 20, (size) => {
  const packed = Buffer.from(gzipSync(''));
  packed[3] = 8;
  return drain(
    [Buffer.concat([packed.subarray(0, 10), Buffer.alloc(size, 97), Buffer.of(0), packed.subarray(10)])],
    gunzip(),
  );
});
linear('event streams: one line, a character a piece', 200_000, (size) => () => {
  const parser = new EventParser();
  for (let n = 0; n < size; n += 1) parser.push('x');
  parser.push('\n\n');
});
linear('event streams: one line, in pieces of a thousand', 2 ** 21, (size) => () => {
  const parser = new EventParser();
  const piece = 'x'.repeat(1000);
  parser.push('data:');
  for (let n = 0; n < size; n += 1000) parser.push(piece);
  assert.ok(parser.push('\n\n')[0].data.length >= size);
});
linear(
  'event streams: lines of one event',
  200_000,
  (size) => () => assert.equal(new EventParser().push(`${'data:x\n'.repeat(size)}\n`).length, 1),
);
linear(
  'event streams: events in one piece',
  200_000,
  (size) => () => assert.equal(new EventParser().push('data\n\n'.repeat(size)).length, size),
);
linear(
  'event streams: empty lines, comments and retries',
  200_000,
  (size) => () => new EventParser().push('\r\n:c\rretry:1\n'.repeat(size)),
);
linear(
  'event streams: digits of a retry',
  2 ** 20,
  (size) => () => new EventParser().push(`retry:${'9'.repeat(size)}\n`),
);
linear('toText, toBytes and toArray: many chunks', 50_000, (size) => async () => {
  const chunks = Array.from({ length: size }, () => Uint8Array.of(97));
  assert.equal((await toText(chunks)).length, size);
  assert.equal((await toBytes(chunks)).length, size);
  assert.equal((await toArray(chunks)).length, size);
});
linear('a queue of many chunks', 100_000, (size) => async () => {
  const stream = new ReadableStream({
    start(controller) {
      for (let n = 0; n < size; n += 1) controller.enqueue(n);
      controller.close();
    },
  });
  let count = 0;
  for await (const chunk of stream) count += chunk >= 0;
  assert.equal(count, size);
});
linear('a first-in first-out list', 500_000, (size) => () => {
  const list = new Fifo();
  for (let n = 0; n < size; n += 1) list.push(n);
  for (let n = 0; n < size; n += 1) assert.ok(list.shift() === n);
});
linear('a gatherer of single bytes', 500_000, (size) => () => {
  const gatherer = new Gatherer(65536);
  const byte = Uint8Array.of(1);
  for (let n = 0; n < size; n += 1) gatherer.add(byte);
});
