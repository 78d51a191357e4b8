import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { CodecError, digest, gunzip } from 'tidegate/codecs';
import { bytes, failure, pieces, through } from './codec-support.mjs';

const join = (chunks) => Buffer.concat(chunks);
const text = Buffer.from(Array.from({ length: 30_000 }, (_, row) => `${row},${row * row},tide\n`).join(''));

test('gunzip gives back what zlib packed, whatever the size of the chunks', async () => {
  for (const level of [0, 1, 6, 9]) {
    const packed = gzipSync(text, { level });
    for (const size of [1021, 65536, packed.length]) {
      assert.ok(join(await through(gunzip(), pieces(packed, size))).equals(text));
    }
  }
});

test('gunzip takes single bytes and empty chunks', async () => {
  const packed = gzipSync('tide gate');
  const chunks = [...pieces(packed, 1)].flatMap((chunk) => [chunk, new Uint8Array(0)]);
  assert.equal(join(await through(gunzip(), chunks)).toString(), 'tide gate');
});

test('gunzip unpacks members one after another', async () => {
  const packed = Buffer.concat([gzipSync('tide '), gzipSync(''), gzipSync('gate')]);
  assert.equal(join(await through(gunzip(), [packed])).toString(), 'tide gate');
});

test('chunks of gunzip have at most 64 KiB however much the input expands to', async () => {
  const chunks = await through(gunzip(), [gzipSync(Buffer.alloc(10_000_000))]);
  assert.equal(
    chunks.reduce((sum, chunk) => sum + chunk.length, 0),
    10_000_000,
  );
  assert.ok(chunks.every((chunk) => chunk instanceof Uint8Array && chunk.length <= 65536));
});

test('gunzip takes every kind of BufferSource', async () => {
  const packed = gzipSync('tide');
  const padded = new Uint8Array(packed.length + 8);
  padded.set(packed, 3);
  const views = [
    [packed.buffer.slice(packed.byteOffset, packed.byteOffset + packed.length)],
    [new DataView(padded.buffer, 3, packed.length)],
    [new Int8Array(padded.buffer, 3, packed.length)],
    [padded.subarray(3, 3 + packed.length)],
  ];
  for (const view of views) assert.equal(join(await through(gunzip(), view)).toString(), 'tide');
});

test('what is no BufferSource fails both sides with one TypeError', async () => {
  for (const chunk of [
    'text',
    1,
    null,
    undefined,
    {},
    { byteLength: 3 },
    [1, 2],
    new Uint8Array(new SharedArrayBuffer(4)),
  ]) {
    const pair = gunzip();
    const writer = pair.writable.getWriter();
    const [write, read, closed] = await Promise.allSettled([
      writer.write(chunk),
      pair.readable.getReader().read(),
      writer.closed,
    ]);
    assert.ok(write.reason instanceof TypeError);
    assert.match(write.reason.message, /^gunzip: chunks must /);
    assert.equal(read.reason, write.reason);
    assert.equal(closed.reason, write.reason);
  }
});

function assertError(error, code, offset, message) {
  assert.ok(error instanceof CodecError && error instanceof Error);
  assert.deepEqual(
    { name: error.name, codec: error.codec, code: error.code, offset: error.offset },
    { name: 'CodecError', codec: 'gunzip', code, offset },
  );
  assert.match(error.message, message);
}

test('a wrong CRC is an error that names the codec, the byte and both values', async () => {
  const packed = gzipSync(text);
  packed[packed.length - 8] ^= 1;
  assertError(
    await failure(gunzip(), pieces(packed, 1000)),
    'crc-mismatch',
    packed.length - 8,
    /^gunzip: CRC mismatch at byte \d+: expected 0x[0-9a-f]{8}, got 0x[0-9a-f]{8}$/,
  );
});

test('a wrong length is an error', async () => {
  const packed = gzipSync(text);
  packed[packed.length - 4] ^= 1;
  assertError(await failure(gunzip(), [packed]), 'size-mismatch', packed.length - 4, /^gunzip: size mismatch at byte/);
});

test('input that ends too early is an error at its end, and no input is as well', async () => {
  const packed = gzipSync(text);
  for (const length of [0, 5, 20, packed.length - 1]) {
    assertError(
      await failure(gunzip(), [packed.subarray(0, length)]),
      'truncated',
      length,
      /^gunzip: input ends too early at byte/,
    );
  }
});

test('what is not gzip, or does not stay it, is an error', async () => {
  assertError(await failure(gunzip(), [bytes('id,city\n')]), 'not-gzip', 0, /expected 0x1f, got 0x69/);
  const packed = gzipSync(randomBytes(1000));
  packed[10] = 0xff;
  const error = await failure(gunzip(), [packed]);
  assert.equal(error.code, 'corrupt-data');
  assertError(
    await failure(gunzip(), [Buffer.concat([gzipSync('a'), bytes('b')])]),
    'trailing-data',
    gzipSync('a').length,
    /data after the end/,
  );
});

test('bytes behind the last member can be ignored', async () => {
  const packed = Buffer.concat([gzipSync('tide'), Buffer.alloc(200_000)]);
  assert.equal(join(await through(gunzip({ trailing: 'ignore' }), [packed])).toString(), 'tide');
});

test('a failure reaches both sides as the same object', async () => {
  const pair = gunzip();
  const writer = pair.writable.getWriter();
  const reader = pair.readable.getReader();
  const results = await Promise.allSettled([
    writer.write(bytes('not gzip')),
    reader.read(),
    writer.closed,
    reader.closed,
  ]);
  assert.ok(results[0].reason instanceof CodecError);
  for (const { reason } of results) assert.equal(reason, results[0].reason);
});

test('digest lets bytes pass and gives what node:crypto gives', async () => {
  for (const data of [Buffer.alloc(0), text, randomBytes(200_001)]) {
    const tap = digest('SHA-256');
    assert.ok(join(await through(tap, pieces(data, 10_007))).equals(data));
    assert.equal(await tap.hex, createHash('sha256').update(data).digest('hex'));
    assert.ok(Buffer.from(await tap.digest).equals(createHash('sha256').update(data).digest()));
  }
});

test('the digest of a stream that fails rejects with its error', async () => {
  const tap = digest('sha-256');
  const reason = new Error('stop');
  await tap.writable.abort(reason);
  await assert.rejects(tap.digest, (error) => error === reason);
  await assert.rejects(tap.hex, (error) => error === reason);
});

test('an unknown algorithm or option is refused at once', () => {
  assert.throws(() => digest('md4'), TypeError);
  assert.throws(() => digest(), TypeError);
  assert.throws(() => gunzip({ trailng: 'ignore' }), /there is no option 'trailng'/);
  assert.throws(() => gunzip({ trailing: 'yes' }), TypeError);
  assert.throws(() => gunzip({ highWaterMark: -1 }), RangeError);
  assert.throws(() => gunzip(null), TypeError);
});
