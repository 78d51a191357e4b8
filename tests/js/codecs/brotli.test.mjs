import assert from 'node:assert/strict';
import { test } from 'node:test';
import zlib, { brotliCompressSync, brotliDecompressSync } from 'node:zlib';
import { brotliDecompress, CodecError, codecMemory, csv, digest } from 'tidegate/codecs';
import { pipeline, toArray } from 'tidegate';
import { failure, pieces, through } from './codec-support.mjs';

const { BROTLI_PARAM_QUALITY: QUALITY, BROTLI_PARAM_LGWIN: WINDOW, BROTLI_PARAM_LARGE_WINDOW: LARGE } = zlib.constants;
const pack = (data, quality = 5, window = 22) =>
  brotliCompressSync(data, { params: { [QUALITY]: quality, [WINDOW]: window } });
const join = (chunks) => Buffer.concat(chunks);
const text = Buffer.from(Array.from({ length: 20_000 }, (_, row) => `${row},${row * row},tide\n`).join(''));

/** Meta-blocks that make 16 MiB of zeros each, from a few bytes. */
const bomb = () => brotliCompressSync(Buffer.alloc(64 << 20), { params: { [QUALITY]: 9, [WINDOW]: 24 } });

test('brotliDecompress gives back what zlib packed, at every quality and window, whatever the size of the chunks', async () => {
  for (const quality of [0, 1, 2, 4, 5, 9]) {
    for (const window of [10, 16, 17, 22, 24]) {
      const packed = pack(text, quality, window);
      for (const size of [1021, packed.length])
        assert.ok(join(await through(brotliDecompress(), pieces(packed, size))).equals(text));
    }
  }
  const small = text.subarray(0, 3000);
  for (const quality of [10, 11])
    assert.ok(join(await through(brotliDecompress(), pieces(pack(small, quality), 1))).equals(small));
});

// The forms of RFC 7932 that encoders seldom make.
const VECTORS = {
  'the empty stream, with a window of 2^16': ['Bg==', ''],
  'the empty stream, with a window of 2^22': ['Ow==', ''],
  'a metadata block': ['LAFhYmMD', ''],
  'a stored block': ['iwGAdGV4dAM=', 'text'],
};
for (const [name, [packed, expected]] of Object.entries(VECTORS)) {
  test(`brotliDecompress reads ${name}`, async () => {
    const bytes = Buffer.from(packed, 'base64');
    assert.equal(brotliDecompressSync(bytes).toString(), expected);
    for (const size of [1, 100])
      assert.equal(join(await through(brotliDecompress(), pieces(bytes, size))).toString(), expected);
  });
}

test('brotliDecompress: a truncation at any byte is an error there', async () => {
  const packed = pack('tide gate, tide gate, tide');
  for (let length = 0; length < packed.length; length++) {
    const error = await failure(brotliDecompress(), [packed.subarray(0, length)]);
    assert.ok(error instanceof CodecError);
    assert.deepEqual([error.codec, error.code, error.offset], ['brotliDecompress', 'truncated', length]);
  }
});

test('brotliDecompress takes and refuses the same inputs as node:zlib when any bit is changed', async () => {
  const packed = pack(text.subarray(0, 400), 9);
  for (let bit = 8; bit < packed.length * 8; bit++) {
    const changed = Buffer.from(packed);
    changed[bit >> 3] ^= 1 << (bit & 7);
    let expected;
    try {
      expected = brotliDecompressSync(changed).toString('latin1');
    } catch {
      expected = undefined;
    }
    let got;
    try {
      got = join(await through(brotliDecompress({ trailing: 'ignore' }), [changed])).toString('latin1');
    } catch (error) {
      assert.ok(error instanceof CodecError, String(error));
      got = undefined;
    }
    assert.equal(got, expected, `bit ${bit}`);
  }
});

test('brotliDecompress: bytes after the end are an error, or dropped', async () => {
  const packed = pack('tide gate');
  const longer = Buffer.concat([packed, Buffer.from('more')]);
  const error = await failure(brotliDecompress(), [longer]);
  assert.deepEqual([error.code, error.offset], ['trailing-data', packed.length]);
  assert.equal(join(await through(brotliDecompress({ trailing: 'ignore' }), [longer])).toString(), 'tide gate');
});

test('brotliDecompress ends a bomb at its bounds, after what is allowed', async () => {
  const packed = bomb();
  assert.ok(packed.length < 1000);
  for (const [options, code, allowed] of [
    [{ maxOutputBytes: 100_000 }, 'output-too-large', 100_000],
    [{ maxRatio: 20 }, 'ratio-too-high', 20 * 1024 + 65_536],
  ]) {
    const sizes = [];
    await assert.rejects(
      pipeline([packed], brotliDecompress(options), async (chunks) => {
        for await (const chunk of chunks) sizes.push(chunk.length);
      }),
      { code, offset: 0 },
    );
    assert.equal(
      sizes.reduce((sum, size) => sum + size, 0),
      allowed,
    );
  }
});

test('brotliDecompress holds no more than its window of a bomb, and gives the memory back', async () => {
  let most = 0;
  let total = 0;
  await pipeline([bomb()], brotliDecompress(), async (chunks) => {
    for await (const chunk of chunks) {
      total += chunk.length;
      most = Math.max(most, codecMemory().bytes);
    }
  });
  assert.equal(total, 64 << 20);
  // The ring buffer, and the one that it has grown from.
  assert.ok(most < 40 << 20, `${most} bytes`);
  assert.ok(codecMemory().bytes < 16 << 20);
});

test('brotliDecompress refuses a window larger than maxWindowBytes, and large-window brotli, at the first byte', async () => {
  const packed = pack(text, 5, 20);
  const error = await failure(brotliDecompress({ maxWindowBytes: 2 ** 19 }), [packed]);
  assert.deepEqual([error.code, error.offset], ['window-too-large', 0]);
  assert.match(error.message, /2\^20 bytes, and 524288 are allowed/);
  assert.ok(join(await through(brotliDecompress({ maxWindowBytes: 2 ** 20 }), [packed])).equals(text));
  const large = brotliCompressSync(text, { params: { [QUALITY]: 5, [LARGE]: 1, [WINDOW]: 26 } });
  const refused = await failure(brotliDecompress(), [large]);
  assert.deepEqual([refused.code, refused.offset], ['window-too-large', 0]);
  assert.match(refused.message, /large-window brotli/);
});

test('brotliDecompress is fused with codecs of other modules', async () => {
  const tap = digest('sha-256');
  const rows = await pipeline(pieces(pack('a,b\n1,2\n'), 3), brotliDecompress(), tap, csv(), toArray);
  assert.deepEqual(rows, [
    ['a', 'b'],
    ['1', '2'],
  ]);
  assert.equal((await tap.hex).length, 64);
});

test('brotliDecompress runs in a worker', async () => {
  assert.ok(join(await through(brotliDecompress({ worker: true }), pieces(pack(text), 5000))).equals(text));
});

test('brotliDecompress: an option that does not exist, or is out of range, throws at once', () => {
  assert.throws(() => brotliDecompress({ maxWindow: 1 }), { name: 'TypeError', message: /maxWindow/ });
  assert.throws(() => brotliDecompress({ maxWindowBytes: 0 }), { name: 'RangeError' });
  assert.throws(() => brotliDecompress({ maxRatio: 0.5 }), { name: 'RangeError' });
});
