import assert from 'node:assert/strict';
import test from 'node:test';
import { brotliDecompressSync, brotliCompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { overBudget, sizes } from '../../tools/size.mjs';

test('the sizes are those of the bytes as they are, by gzip and by brotli', () => {
  const bytes = Buffer.from('backpressure '.repeat(100));
  const [gzip, brotli] = [gzipSync(bytes, { level: 9 }), brotliCompressSync(bytes)];
  assert.deepEqual(sizes(bytes), { raw: 1300, gzip: gzip.length, brotli: brotli.length });
  assert.deepEqual([gunzipSync(gzip), brotliDecompressSync(brotli)], [bytes, bytes]);
});

test('an entry over its budget, or with a budget and not built, is named', () => {
  const entries = { tidegate: { raw: 3, gzip: 11, brotli: 2 } };
  assert.deepEqual(overBudget(entries, { tidegate: { gzip: 11 } }), []);
  assert.match(overBudget(entries, { tidegate: { gzip: 10 } })[0], /1 over its budget of 10/);
  assert.match(overBudget(entries, { other: { gzip: 10 } })[0], /not built/);
});
