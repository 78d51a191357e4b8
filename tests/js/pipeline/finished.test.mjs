/** finished(): the end of a stream, for whoever does not hold its lock. */
import assert from 'node:assert/strict';
import { PassThrough, Readable, Writable } from 'node:stream';
import { describe, test } from 'node:test';
import { ReadableStream, TransformStream, WritableStream, finished } from 'tidegate';
import { turn, within } from './pipeline-parts.mjs';

const broken = new Error('broken');
const state = async (promise) =>
  Promise.race([
    promise.then(
      () => 'resolved',
      (error) => error,
    ),
    turn().then(() => 'pending'),
  ]);

describe('finished() of a readable stream', () => {
  for (const type of [undefined, 'bytes']) {
    const name = type === 'bytes' ? 'a byte stream' : 'a stream';

    test(`resolves when ${name} has been read to its end, and takes no lock`, async () => {
      let controller;
      const stream = new ReadableStream({ type, start: (given) => void (controller = given) });
      const done = finished(stream);
      assert.equal(stream.locked, false);
      const reader = stream.getReader();
      controller.enqueue(new Uint8Array(1));
      controller.close();
      assert.equal(await state(done), 'pending');
      await reader.read();
      await within(1000, done);
    });

    test(`rejects with the error of ${name}`, async () => {
      let controller;
      const stream = new ReadableStream({ type, start: (given) => void (controller = given) });
      const done = finished(stream);
      controller.error(broken);
      await assert.rejects(within(1000, done), (error) => error === broken);
      await assert.rejects(finished(stream), (error) => error === broken);
    });

    test(`resolves when ${name} is cancelled, or was before`, async () => {
      const stream = new ReadableStream({ type });
      const done = finished(stream);
      await stream.cancel();
      await within(1000, done);
      await within(1000, finished(stream));
    });
  }
});

describe('finished() of a writable stream', () => {
  test('resolves when it has closed, while a writer holds it', async () => {
    const stream = new WritableStream();
    const writer = stream.getWriter();
    const done = finished(stream);
    await writer.write(1);
    assert.equal(await state(done), 'pending');
    await writer.close();
    await within(1000, done);
  });

  test('rejects with the reason of an abort, and with the error of a write', async () => {
    const aborted = new WritableStream();
    const one = finished(aborted);
    await aborted.abort(broken);
    await assert.rejects(one, (error) => error === broken);
    const failing = new WritableStream({
      write() {
        throw broken;
      },
    });
    const two = finished(failing);
    failing
      .getWriter()
      .write(1)
      .catch(() => {});
    await assert.rejects(within(1000, two), (error) => error === broken);
  });
});

test('finished() of a pair waits for both sides', async () => {
  const pair = { readable: new ReadableStream(), writable: new WritableStream() };
  const done = finished(pair);
  await pair.writable.close();
  assert.equal(await state(done), 'pending');
  await pair.readable.cancel();
  await within(1000, done);
  const transform = new TransformStream();
  const both = finished(transform);
  await transform.readable.cancel();
  await assert.rejects(within(1000, both)); // its writable side errors
});

describe('finished() of a stream of Node', () => {
  test('resolves at the end of one that is read and one that is written', async () => {
    const readable = Readable.from(['a']);
    const reading = finished(readable);
    readable.resume();
    await within(1000, reading);
    await within(1000, finished(readable));
    const writable = new Writable({ write: (chunk, encoding, done) => done() });
    const writing = finished(writable);
    writable.end('x');
    await within(1000, writing);
    assert.deepEqual(
      writable.eventNames().filter((name) => name === 'finish'),
      [],
    );
  });

  test('waits for both sides of a duplex', async () => {
    const duplex = new PassThrough();
    const done = finished(duplex);
    duplex.end('x');
    assert.equal(await state(done), 'pending');
    duplex.resume();
    await within(1000, done);
  });

  test('rejects with its error, and when it is destroyed before its end', async () => {
    const failing = new PassThrough();
    const one = finished(failing);
    failing.destroy(broken);
    await assert.rejects(within(1000, one), (error) => error === broken);
    await assert.rejects(within(1000, finished(failing)), (error) => error === broken);
    const gone = new PassThrough();
    const two = finished(gone);
    gone.destroy();
    await assert.rejects(within(1000, two), /closed before it ended/);
  });
});

test('finished() can be given up, and then leaves nothing behind', async () => {
  const controller = new AbortController();
  const stream = new ReadableStream();
  const done = finished(stream, { signal: controller.signal });
  controller.abort(broken);
  await assert.rejects(done, (error) => error === broken);
  await stream.cancel();
  await assert.rejects(finished(stream, { signal: controller.signal }), (error) => error === broken);
});

test('finished() refuses what cannot tell it, and says what can', async () => {
  await assert.rejects(finished(new globalThis.ReadableStream()), {
    name: 'TypeError',
    message: /^finished\(\): the argument is a stream of the engine, .* fromNative/,
  });
  await assert.rejects(finished(5), {
    name: 'TypeError',
    message: 'finished(): the argument is neither a stream nor a pair of streams; got number',
  });
});
