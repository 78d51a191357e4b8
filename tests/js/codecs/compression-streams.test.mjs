/** CompressionStream and DecompressionStream: what the standard says of formats, chunks, errors and shape. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import {
  brotliCompressSync,
  deflateRawSync,
  deflateSync,
  gunzipSync,
  gzipSync,
  inflateRawSync,
  inflateSync,
} from 'node:zlib';
import { pipeline, toBytes } from 'tidegate';
import { codecMemory, CompressionStream, DecompressionStream } from 'tidegate/codecs';
import { bytes, failure, pieces, through } from './codec-support.mjs';

const FORMATS = [
  ['gzip', gzipSync, gunzipSync],
  ['deflate', deflateSync, inflateSync],
  ['deflate-raw', deflateRawSync, inflateRawSync],
];

const text = Buffer.from(Array.from({ length: 20_000 }, (_, row) => `${row},${(row * row) % 977},tide\n`).join(''));

test('both classes go with node:zlib in every format', async () => {
  for (const [format, pack, unpack] of FORMATS) {
    for (const input of [Buffer.alloc(0), text, randomBytes(200_000)]) {
      const packed = Buffer.concat(await through(new CompressionStream(format), pieces(input, 30_000)));
      assert.ok(unpack(packed).equals(input), format);
      const unpacked = await through(new DecompressionStream(format), pieces(pack(input), 1000));
      assert.ok(Buffer.concat(unpacked).equals(input), format);
    }
  }
});

test('pipeline takes them as stages', async () => {
  const before = codecMemory().chains;
  const out = await pipeline([text], new CompressionStream('gzip'), new DecompressionStream('gzip'), toBytes);
  assert.ok(Buffer.from(out).equals(text));
  assert.equal(codecMemory().chains, before);
});

test("DecompressionStream('brotli') unpacks brotli, and each fault of the data is a TypeError", async () => {
  const packed = brotliCompressSync(text);
  const out = await pipeline([packed.subarray(0, 3), packed.subarray(3)], new DecompressionStream('brotli'), toBytes);
  assert.ok(Buffer.from(out).equals(text));
  for (const [chunk, code] of [
    [packed.subarray(0, 10), 'truncated'],
    [Buffer.concat([packed, Buffer.from('more')]), 'trailing-data'],
    [Buffer.from([0x91, 0xff]), 'window-too-large'],
    [Buffer.alloc(0), 'truncated'],
  ]) {
    const failing = pipeline([chunk], new DecompressionStream('brotli'), toBytes);
    await assert.rejects(failing, (error) => error instanceof TypeError && error.cause.code === code);
  }
  await assert.rejects(pipeline(['text'], new DecompressionStream('brotli'), toBytes), TypeError);
});

test('a format that is none of the standard is a TypeError', () => {
  for (const Class of [CompressionStream, DecompressionStream]) {
    for (const wrong of ['zip', 'GZIP', '', undefined, null, 1]) assert.throws(() => new Class(wrong), TypeError);
    assert.throws(() => new Class(), TypeError);
    assert.throws(() => new Class(Symbol('gzip')), TypeError);
    assert.throws(() => Class('gzip'), TypeError);
    assert.ok(new Class({ toString: () => 'gzip' }));
  }
});

test('what is wrong with the data is a TypeError, whose cause is the error of the codec', async () => {
  for (const [format, pack] of FORMATS) {
    const packed = pack(text);
    const cases = [
      ['truncated', packed.subarray(0, -1)],
      ['truncated', Buffer.alloc(0)],
      ['trailing-data', Buffer.concat([packed, Buffer.of(0)])],
    ];
    for (const [code, input] of cases) {
      const error = await failure(new DecompressionStream(format), [input]);
      assert.equal(error.name, 'TypeError', `${format}, ${code}`);
      assert.match(error.message, /^DecompressionStream: /);
      assert.equal(error.cause.code, code, format);
    }
  }
  const damaged = gzipSync(text);
  damaged[damaged.length - 8] ^= 1;
  assert.equal((await failure(new DecompressionStream('gzip'), [damaged])).cause.code, 'crc-mismatch');
});

test('a chunk that is not bytes is a TypeError on both sides', async () => {
  for (const Class of [CompressionStream, DecompressionStream]) {
    for (const wrong of [undefined, null, 3.14, {}, [65], 'text', new Uint8Array(new SharedArrayBuffer(1))]) {
      const stream = new Class('gzip');
      const writing = stream.writable.getWriter().write(wrong);
      const reading = stream.readable.getReader().read();
      await assert.rejects(writing, TypeError);
      await assert.rejects(reading, TypeError);
    }
  }
});

test('a chunk that is detached while it is compressed is compressed whole', async () => {
  const input = randomBytes(500_000);
  const chunk = new Uint8Array(input);
  const stream = new CompressionStream('deflate');
  const writer = stream.writable.getWriter();
  writer.write(chunk);
  writer.close();
  const parts = [];
  for await (const part of stream.readable) {
    if (parts.push(part) === 1) structuredClone(chunk.buffer, { transfer: [chunk.buffer] });
  }
  assert.ok(inflateSync(Buffer.concat(parts)).equals(input));
});

test('a view and a buffer are chunks', async () => {
  const whole = bytes('..text..');
  for (const chunk of [
    new DataView(whole.buffer, 2, 4),
    new Uint16Array(whole.buffer, 2, 2),
    whole.slice(2, 6).buffer,
  ]) {
    const packed = Buffer.concat(await through(new CompressionStream('gzip'), [chunk]));
    assert.equal(gunzipSync(packed).toString(), 'text');
  }
});

test('they have the shape of interfaces', () => {
  for (const [name, Class] of Object.entries({ CompressionStream, DecompressionStream })) {
    assert.deepEqual([Class.name, Class.length], [name, 1]);
    const stream = new Class('deflate');
    assert.equal(Object.prototype.toString.call(stream), `[object ${name}]`);
    assert.deepEqual([stream.readable === stream.readable, stream.writable === stream.writable], [true, true]);
    for (const side of ['readable', 'writable']) {
      const { get, set, enumerable } = Object.getOwnPropertyDescriptor(Class.prototype, side);
      assert.deepEqual([set, enumerable], [undefined, true]);
      assert.throws(() => get.call({}), TypeError);
    }
  }
});
