import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { CodecError, csv, decompress, digest, zstdCompress } from 'tidegate/codecs';
import { pipeline, toArray } from 'tidegate';
import { failure, pieces, through } from './codec-support.mjs';

const join = (chunks) => Buffer.concat(chunks);
const text = Buffer.from('the tide comes in, the tide goes out\n'.repeat(3000));
const hex = (digits) => Buffer.from(digits, 'hex');

const zstd = join(await through(zstdCompress(), [text]));
const skippable = Buffer.concat([hex('5a2a4d1803000000616263'), zstd]);

for (const [name, format, packed] of [
  ['gzip', 'gzip', gzipSync(text)],
  ['deflate', 'deflate', deflateSync(text)],
  ['zstd', 'zstd', zstd],
  ['a skippable frame of zstd', 'zstd', skippable],
]) {
  test(`decompress finds ${name} by its first bytes, wherever they are split`, async () => {
    for (const chunks of [
      [packed],
      [...pieces(packed, 1)],
      ...[1, 2, 3, 6].map((at) => [packed.subarray(0, at), new Uint8Array(), packed.subarray(at)]),
    ]) {
      const stage = decompress();
      assert.ok(join(await through(stage, chunks)).equals(text));
      assert.equal(await stage.format, format);
    }
  });
}

test('decompress tells the format before the data has ended', async () => {
  const stage = decompress();
  const writer = stage.writable.getWriter();
  writer.write(gzipSync(text).subarray(0, 2)).catch(() => {});
  stage.readable
    .getReader()
    .read()
    .catch(() => {});
  assert.equal(await stage.format, 'gzip');
  await writer.abort();
});

for (const [name, begins, advice] of [
  ['bzip2', '425a6839', /bzip2/],
  ['xz', 'fd377a585a0000', /xz/],
  ['lz4', '04224d1864', /lz4/],
  ['zip', '504b030414', /openZip\(\) of 'tidegate\/archives'/],
  ['text', '68656c6c6f', /unknown: 'brotli'.*unknown: 'pass'/],
]) {
  test(`decompress fails on ${name}, with one message wherever it is split`, async () => {
    const messages = new Set();
    for (const size of [1, 2, 3, 100]) {
      const stage = decompress();
      const error = await failure(stage, pieces(hex(begins), size));
      assert.ok(error instanceof CodecError);
      assert.deepEqual([error.codec, error.code, error.offset], ['decompress', 'unknown-format', 0]);
      assert.match(error.message, advice);
      assert.equal(await stage.format.catch((reason) => reason), error);
      messages.add(error.message);
    }
    assert.equal(messages.size, 1, [...messages].join('\n'));
  });
}

test('decompress of nothing is truncated, and of a beginning that has no end unknown', async () => {
  assert.equal((await failure(decompress(), [])).code, 'truncated');
  assert.equal((await failure(decompress({ unknown: 'brotli' }), [new Uint8Array()])).code, 'truncated');
  assert.equal((await failure(decompress(), [hex('1f')])).code, 'unknown-format');
});

test("decompress takes what it does not know for brotli, if unknown is 'brotli'", async () => {
  for (const size of [1, 1000, text.length]) {
    const stage = decompress({ unknown: 'brotli' });
    assert.ok(join(await through(stage, pieces(brotliCompressSync(text), size))).equals(text));
    assert.equal(await stage.format, 'brotli');
  }
  const stage = decompress({ unknown: 'brotli' });
  assert.ok(join(await through(stage, [gzipSync(text)])).equals(text));
  assert.equal(await stage.format, 'gzip');
  const error = await failure(decompress({ unknown: 'brotli' }), [hex('425a6839')]);
  assert.equal(error.code, 'unknown-format');
});

test("decompress passes on what it does not know, if unknown is 'pass'", async () => {
  for (const plain of [text, Buffer.from('P'), Buffer.from('x'), Buffer.alloc(0), hex('425a6839')]) {
    for (const size of [1, 100_000]) {
      const stage = decompress({ unknown: 'pass' });
      assert.ok(join(await through(stage, pieces(plain, size))).equals(plain));
      assert.equal(await stage.format, null);
    }
  }
});

test('decompress has the options of the codec that it finds', async () => {
  for (const pack of [gzipSync, deflateSync, brotliCompressSync]) {
    const packed = pack(Buffer.alloc(1e6));
    const bounded = { unknown: 'brotli', maxOutputBytes: 1000 };
    assert.equal((await failure(decompress(bounded), [packed])).code, 'output-too-large');
    const longer = Buffer.concat([packed, hex('00')]);
    assert.equal((await failure(decompress({ unknown: 'brotli' }), [longer])).code, 'trailing-data');
    assert.equal(join(await through(decompress({ unknown: 'brotli', trailing: 'ignore' }), [longer])).length, 1e6);
  }
});

test('decompress is fused with the codecs behind it, and takes what those before it give', async () => {
  const packed = gzipSync('a,b\n1,2\n');
  const [before, stage] = [digest('crc32'), decompress()];
  const rows = await pipeline(pieces(packed, 5), before, stage, csv(), toArray);
  assert.deepEqual(rows, [
    ['a', 'b'],
    ['1', '2'],
  ]);
  assert.equal((await before.hex).length, 8);
  assert.deepEqual(
    stage.stats().map(({ bytesIn }) => bytesIn),
    [packed.length],
  );
});

test('decompress runs in a worker', async () => {
  for (const pack of [gzipSync, brotliCompressSync]) {
    const stage = decompress({ unknown: 'brotli', worker: true });
    assert.ok(join(await through(stage, pieces(pack(text), 100))).equals(text));
  }
});

test('decompress fails when its stream is aborted before the format is known', async () => {
  const stage = decompress();
  const reason = new Error('enough');
  await stage.writable.abort(reason);
  assert.equal(await stage.format.catch((error) => error), reason);
});

test('decompress: an option that does not exist, or is none of its values, throws at once', () => {
  assert.throws(() => decompress({ unknwon: 'pass' }), { name: 'TypeError', message: /unknwon/ });
  assert.throws(() => decompress({ unknown: 'gzip' }), { name: 'TypeError', message: /unknown/ });
});
