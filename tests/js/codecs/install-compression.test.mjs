import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib';
import { installCompression } from 'tidegate/codecs';

const text = Buffer.from('the tide comes in, the tide goes out\n'.repeat(3000));
const engines = [globalThis.CompressionStream, globalThis.DecompressionStream];

/** A format is lacking if this engine, as some do by now, does not know it. */
function lacks(Class, format) {
  try {
    return !new Class(format);
  } catch {
    return true;
  }
}

async function bytesOf(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

const through = (chunks, pair) =>
  bytesOf(
    new ReadableStream({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(chunk);
        controller.close();
      },
    }).pipeThrough(pair),
  );

test("installCompression() adds brotli to the engine's classes, over the engine's streams", async () => {
  const uninstall = installCompression(['brotli']);
  try {
    const packed = await through([text], new CompressionStream('brotli'));
    assert.ok(brotliDecompressSync(packed).equals(text));
    const stream = new DecompressionStream('brotli');
    assert.ok(stream instanceof DecompressionStream && stream.readable instanceof ReadableStream);
    assert.ok(stream.writable instanceof WritableStream);
    assert.equal(stream.readable, stream.readable);
    assert.equal(Object.prototype.toString.call(stream), '[object DecompressionStream]');
    assert.ok((await through([packed], stream)).equals(text));
  } finally {
    uninstall();
  }
  assert.deepEqual([globalThis.CompressionStream, globalThis.DecompressionStream], engines);
});

test("what the engine knows stays the engine's", async () => {
  const uninstall = installCompression();
  try {
    const stream = new CompressionStream('gzip');
    assert.ok(stream instanceof CompressionStream && stream instanceof engines[0]);
    const packed = await through([text], stream);
    assert.ok((await through([packed], new DecompressionStream('gzip'))).equals(text));
    assert.throws(() => new CompressionStream('zip'), TypeError);
    assert.throws(() => new DecompressionStream(), TypeError);
    assert.throws(() => CompressionStream('gzip'), TypeError);
  } finally {
    uninstall();
  }
});

test('an installed brotli stream fails with a TypeError, as the standard says', async () => {
  const uninstall = installCompression();
  const packed = brotliCompressSync(text);
  try {
    for (const chunks of [
      [packed.subarray(0, 20)],
      [packed, Buffer.from('more')],
      [Buffer.from([0x91, 0xff])],
      [],
      ['a string'],
      [new Uint8Array(new SharedArrayBuffer(1))],
    ])
      await assert.rejects(through(chunks, new DecompressionStream('brotli')), TypeError);
  } finally {
    uninstall();
  }
});

test('installCompression() changes nothing where the engine knows all formats, and refuses what is none', () => {
  installCompression(['gzip', 'deflate']);
  assert.deepEqual([globalThis.CompressionStream, globalThis.DecompressionStream], engines);
  assert.throws(() => installCompression(['zip']), TypeError);
  assert.throws(() => installCompression('brotli'), TypeError);
});

test('a later installation stays when an earlier one is taken back', { skip: !lacks(engines[0], 'brotli') }, () => {
  const first = installCompression();
  globalThis.CompressionStream = class {};
  const other = globalThis.CompressionStream;
  first();
  assert.equal(globalThis.CompressionStream, other);
  globalThis.CompressionStream = engines[0];
});
