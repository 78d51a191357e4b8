import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brotliDecompressSync } from 'node:zlib';
import { brotliCompress, brotliDecompress, CompressionStream, digest } from 'tidegate/codecs';
import { pipeline, toBytes } from 'tidegate';
import { pieces, through } from './codec-support.mjs';

const join = (chunks) => Buffer.concat(chunks);
const text = Buffer.from(Array.from({ length: 20_000 }, (_, row) => `${row},${row * row},tide\n`).join(''));

test('brotliCompress makes what zlib unpacks to the input, at every quality and window', async () => {
  for (let quality = 0; quality <= 11; quality++) {
    const input = quality < 10 ? text : text.subarray(0, 20_000);
    for (const window of [10, 16, 18, 22, 24]) {
      const packed = join(await through(brotliCompress({ quality, window }), pieces(input, 30_000)));
      assert.ok(brotliDecompressSync(packed).equals(input), `${quality}, ${window}`);
      assert.ok(packed.length < input.length / 2);
    }
  }
});

test('brotliCompress makes the same bytes however the input is cut', async () => {
  const input = text.subarray(0, 200_000);
  const whole = join(await through(brotliCompress(), [input]));
  for (const size of [7919, 65_536, 100_000])
    assert.ok(join(await through(brotliCompress(), pieces(input, size))).equals(whole), `pieces of ${size}`);
  assert.ok(brotliDecompressSync(join(await through(brotliCompress(), []))).length === 0);
});

test('brotliCompress: a flush makes everything before it available', async () => {
  const stage = brotliCompress();
  const reader = stage.readable.pipeThrough(brotliDecompress()).getReader();
  const writer = stage.writable.getWriter();
  for (const line of ['the first line\n', 'the second\n']) {
    writer.write(Buffer.from(line)).catch(() => {});
    const [{ value }] = await Promise.all([reader.read(), stage.flush()]);
    assert.equal(Buffer.from(value).toString(), line);
  }
  await writer.abort();
});

test('brotliCompress with flushEach gives each chunk as it is written', async () => {
  const stage = brotliCompress({ flushEach: true });
  const reader = stage.readable.pipeThrough(brotliDecompress()).getReader();
  const writer = stage.writable.getWriter();
  for (const line of ['one\n', 'two\n']) {
    const writing = writer.write(Buffer.from(line));
    assert.equal(Buffer.from((await reader.read()).value).toString(), line);
    await writing;
  }
  await writer.abort();
});

test('brotliCompress runs in a worker, and behind other codecs', async () => {
  const packed = join(await through(brotliCompress({ worker: true, quality: 2 }), pieces(text, 50_000)));
  assert.ok(brotliDecompressSync(packed).equals(text));
  const tap = digest('crc32');
  const bytes = await pipeline(pieces(text, 50_000), tap, brotliCompress({ quality: 2 }), toBytes);
  assert.ok(brotliDecompressSync(bytes).equals(text));
  assert.equal((await tap.hex).length, 8);
});

test("CompressionStream('brotli') makes brotli", async () => {
  const bytes = await pipeline([text], new CompressionStream('brotli'), toBytes);
  assert.ok(brotliDecompressSync(bytes).equals(text));
});

test('brotliCompress: an option that does not exist, or is out of range, throws at once', () => {
  assert.throws(() => brotliCompress({ level: 1 }), { name: 'TypeError', message: /level/ });
  for (const options of [{ quality: 12 }, { window: 9 }, { window: 25 }, { sizeHint: -1 }])
    assert.throws(() => brotliCompress(options), { name: 'RangeError' });
  assert.throws(() => brotliCompress({ flushEach: 1 }), { name: 'TypeError' });
});
