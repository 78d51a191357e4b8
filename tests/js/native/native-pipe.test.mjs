/** Pipes with the engine's streams at either end: pipeTo and pipeThrough as methods of ours and as functions. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { ReadableStream, TransformStream, WritableStream, pipeThrough, pipeTo } from 'tidegate';
import { turn } from '../pipeline/pipeline-parts.mjs';

const { ReadableStream: NativeReadable, WritableStream: NativeWritable, TransformStream: NativeTransform } = globalThis;
const failure = new Error('the first error');

const collect = async (stream) => {
  const all = [];
  for await (const chunk of stream) all.push(chunk);
  return all;
};

const numbers = (Readable) =>
  new Readable({
    start(c) {
      for (const n of [1, 2, 3]) c.enqueue(n);
      c.close();
    },
  });
const endless = (Readable, cancelled) =>
  new Readable({ pull: (c) => c.enqueue(1), cancel: (reason) => void cancelled?.push(reason) });

const sources = { ours: ReadableStream, "the engine's": NativeReadable };
const sinks = { ours: WritableStream, "the engine's": NativeWritable };

for (const [sourceName, Readable] of Object.entries(sources)) {
  for (const [sinkName, Writable] of Object.entries(sinks)) {
    describe(`pipeTo from ${sourceName} to ${sinkName}`, () => {
      test('writes everything, closes the destination and unlocks both', async () => {
        const written = [];
        let closed = false;
        const source = numbers(Readable);
        const destination = new Writable({
          write: (chunk) => void written.push(chunk),
          close: () => void (closed = true),
        });
        assert.equal(await pipeTo(source, destination), undefined);
        assert.deepEqual(written, [1, 2, 3]);
        assert.deepEqual([closed, source.locked, destination.locked], [true, false, false]);
      });

      test('with preventClose resolves when all is written, and leaves the destination open and unlocked', async () => {
        const written = [];
        const destination = new Writable(
          {
            async write(chunk) {
              await turn();
              written.push(chunk);
            },
          },
          { highWaterMark: 8 },
        );
        await pipeTo(numbers(Readable), destination, { preventClose: true });
        assert.deepEqual(written, [1, 2, 3]);
        await pipeTo(numbers(Readable), destination);
        assert.deepEqual(written, [1, 2, 3, 1, 2, 3]);
      });

      test('with preventCancel leaves the source readable when the destination fails', async () => {
        const source = endless(Readable);
        const destination = new Writable({ write: () => Promise.reject(failure) });
        await assert.rejects(pipeTo(source, destination, { preventCancel: true }), (error) => error === failure);
        const reader = source.getReader();
        assert.deepEqual(await reader.read(), { value: 1, done: false });
        await reader.cancel();
      });

      test('with preventAbort leaves the destination writable when the source fails', async () => {
        const written = [];
        const destination = new Writable({ write: (chunk) => void written.push(chunk) });
        const source = new Readable({ pull: () => Promise.reject(failure) });
        await assert.rejects(pipeTo(source, destination, { preventAbort: true }), (error) => error === failure);
        await destination.getWriter().write('still open');
        assert.deepEqual(written, ['still open']);
      });

      test('carries an error of the source to the destination', async () => {
        let aborted;
        const source = new Readable({ pull: () => Promise.reject(failure) });
        const destination = new Writable({ abort: (reason) => void (aborted = reason) });
        await assert.rejects(pipeTo(source, destination), (error) => error === failure);
        assert.equal(aborted, failure);
      });

      test('carries an error of the destination to the source', async () => {
        const cancelled = [];
        const destination = new Writable({ write: () => Promise.reject(failure) });
        await assert.rejects(pipeTo(endless(Readable, cancelled), destination), (error) => error === failure);
        assert.deepEqual(cancelled, [failure]);
      });

      test('ends both with the reason of a signal', async () => {
        const cancelled = [];
        let aborted;
        const controller = new AbortController();
        const source = endless(Readable, cancelled);
        const destination = new Writable({ write: turn, abort: (reason) => void (aborted = reason) });
        setTimeout(() => controller.abort(failure), 5);
        await assert.rejects(pipeTo(source, destination, { signal: controller.signal }), (error) => error === failure);
        assert.deepEqual(cancelled, [failure]);
        assert.equal(aborted, failure);
        assert.deepEqual([source.locked, destination.locked], [false, false]);
      });
    });
  }

  describe(`pipeThrough from ${sourceName}`, () => {
    for (const [pairName, Transform] of [
      ['ours', TransformStream],
      ["the engine's", NativeTransform],
    ]) {
      test(`through ${pairName} gives a stream of ours`, async () => {
        const doubled = pipeThrough(
          numbers(Readable),
          new Transform({ transform: (chunk, c) => c.enqueue(chunk * 2) }),
        );
        assert.ok(doubled instanceof ReadableStream);
        assert.deepEqual(await collect(doubled), [2, 4, 6]);
      });

      test(`through ${pairName} carries a cancel back to the source`, async () => {
        const cancelled = [];
        const stream = pipeThrough(endless(Readable, cancelled), new Transform());
        await stream.cancel(failure);
        await turn();
        assert.deepEqual(cancelled, [failure]);
      });
    }
  });
}

for (const [way, through] of Object.entries({
  'the method': (stream, pair) => stream.pipeThrough(pair),
  'the function': pipeThrough,
})) {
  describe(`pipeThrough through a pair of the engine's, by ${way},`, () => {
    const bytes = () =>
      new ReadableStream({ start: (own) => (own.enqueue(new TextEncoder().encode('tide')), own.close()) });
    const source = (Readable) =>
      way === 'the method'
        ? bytes()
        : new Readable({ start: (own) => (own.enqueue(new TextEncoder().encode('tide')), own.close()) });

    test('leaves the readable side to who kept the pair', async () => {
      for (const Readable of [ReadableStream, NativeReadable]) {
        const pair = new TextDecoderStream();
        through(source(Readable), pair);
        assert.equal(pair.readable.locked, false);
        assert.deepEqual(await collect(pair.readable), ['tide']);
      }
    });

    test('locks it with the first read of what it gave', async () => {
      const pair = new TextDecoderStream();
      const result = through(source(NativeReadable), pair);
      assert.deepEqual(await result.getReader().read(), { done: false, value: 'tide' });
      assert.equal(pair.readable.locked, true);
    });

    test('fails a read of what it gave while another reads the pair', async () => {
      const pair = new TextDecoderStream();
      const result = through(source(NativeReadable), pair);
      pair.readable.getReader();
      await assert.rejects(result.getReader().read(), TypeError);
    });
  });
}

describe('pipeThrough as a method', () => {
  test("chains the engine's transforms with ours", async () => {
    const zipped = new ReadableStream({
      start(c) {
        c.enqueue(gzipSync('high tide'));
        c.close();
      },
    });
    const upper = new TransformStream({ transform: (chunk, c) => c.enqueue(chunk.toUpperCase()) });
    const chunks = await collect(
      zipped.pipeThrough(new DecompressionStream('gzip')).pipeThrough(new TextDecoderStream()).pipeThrough(upper),
    );
    assert.equal(chunks.join(''), 'HIGH TIDE');
  });

  test("carries an error of the engine's transform to the reader", async () => {
    const broken = new ReadableStream({
      start(c) {
        c.enqueue(new Uint8Array([1, 2, 3]));
        c.close();
      },
    });
    await assert.rejects(collect(broken.pipeThrough(new DecompressionStream('gzip'))));
  });
});

describe('pipeTo and pipeThrough', () => {
  test('refuse a source that is no stream, or locked, and say so', async () => {
    const locked = new NativeReadable();
    locked.getReader();
    await assert.rejects(pipeTo({}, new WritableStream()), {
      name: 'TypeError',
      message: /the source must be a ReadableStream; got an object/,
    });
    await assert.rejects(pipeTo(locked, new WritableStream()), { name: 'TypeError', message: /the source is locked/ });
    assert.throws(() => pipeThrough(5, new TransformStream()), {
      name: 'TypeError',
      message: /the source must be a ReadableStream; got number/,
    });
  });

  test('refuse a destination that is no stream, and leave the source unlocked', async () => {
    const source = new NativeReadable();
    await assert.rejects(pipeTo(source, {}), TypeError);
    assert.equal(source.locked, false);
  });
});

describe('a pipe from a byte stream', () => {
  /** In a process of its own, as only there the core numbers the first streams of each kind alike. */
  const program = `
    import { ReadableStream, TransformStream } from 'tidegate';
    const source = new ReadableStream({ type: 'bytes', start(c) { setTimeout(() => { c.enqueue(new Uint8Array(9)); c.close(); }, 5); } });
    let bytes = 0;
    for await (const chunk of source.pipeThrough(new TransformStream())) bytes += chunk.byteLength;
    console.log(bytes);
  `;

  test('is not taken for the reader of another stream', async () => {
    const cwd = new URL('../../..', import.meta.url);
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
      cwd,
      timeout: 10_000,
    });
    assert.equal(stdout, '9\n');
  });
});
