/** Transform streams, as https://streams.spec.whatwg.org/#ts says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { TransformStream } from 'tidegate';

const turn = () => sleep(0);

async function readAll(readable) {
  const chunks = [];
  for await (const chunk of readable) chunks.push(chunk);
  return chunks;
}

/** A transform stream, its controller and what the transformer was called with. */
function recorded(transformer = {}, ...strategies) {
  const calls = [];
  let controller;
  const stream = new TransformStream(
    {
      start(c) {
        controller = c;
        return transformer.start?.(c);
      },
      transform(chunk, c) {
        calls.push(['transform', chunk]);
        return transformer.transform ? transformer.transform(chunk, c) : c.enqueue(chunk);
      },
      flush(c) {
        calls.push(['flush']);
        return transformer.flush?.(c);
      },
      cancel(reason) {
        calls.push(['cancel', reason]);
        return transformer.cancel?.(reason);
      },
    },
    ...strategies,
  );
  return { stream, controller, calls };
}

test('without a transform, chunks pass as they are', async () => {
  const { readable, writable } = new TransformStream();
  const writer = writable.getWriter();
  writer.write('a');
  writer.write('b');
  writer.close();
  assert.deepEqual(await readAll(readable), ['a', 'b']);
});

test('a transform may give any number of chunks for one, and flush may add some', async () => {
  const { readable, writable } = new TransformStream({
    transform(chunk, controller) {
      for (let i = 0; i < chunk; i += 1) controller.enqueue(chunk);
    },
    flush: (controller) => controller.enqueue('end'),
  });
  const writer = writable.getWriter();
  for (const chunk of [0, 2, 1]) writer.write(chunk);
  writer.close();
  assert.deepEqual(await readAll(readable), [2, 2, 1, 'end']);
});

test('nothing is transformed before somebody reads: the readable side has a high-water mark of 0', async () => {
  const { stream, calls } = recorded();
  const writer = stream.writable.getWriter();
  assert.equal(writer.desiredSize, 1);
  writer.write('a');
  await turn();
  assert.deepEqual(calls, []);
  assert.equal((await stream.readable.getReader().read()).value, 'a');
});

test('a readable high-water mark lets that many chunks through before somebody reads', async () => {
  const { stream, calls } = recorded({}, undefined, { highWaterMark: 2 });
  const writer = stream.writable.getWriter();
  for (const chunk of ['a', 'b', 'c']) writer.write(chunk);
  await turn();
  assert.deepEqual(calls, [
    ['transform', 'a'],
    ['transform', 'b'],
  ]);
});

test('the next chunk waits until the promise of transform has settled', async () => {
  let go;
  const { stream, calls } = recorded(
    {
      transform: () =>
        new Promise((resolve) => {
          go = resolve;
        }),
    },
    undefined,
    { highWaterMark: 4 },
  );
  const writer = stream.writable.getWriter();
  writer.write('a');
  writer.write('b');
  await turn();
  assert.equal(calls.length, 1);
  go();
  await turn();
  assert.equal(calls.length, 2);
});

test('a transform that throws errors both sides with what it threw', async () => {
  const error = new Error('no');
  const { stream } = recorded({
    transform() {
      throw error;
    },
  });
  const writer = stream.writable.getWriter();
  const isError = (reason) => reason === error;
  const read = assert.rejects(stream.readable.getReader().read(), isError);
  await assert.rejects(writer.write('a'), isError);
  await read;
  await assert.rejects(writer.closed, isError);
});

test('a flush that throws errors the readable side and rejects close', async () => {
  const error = new Error('no');
  const { stream } = recorded({
    flush() {
      throw error;
    },
  });
  const isError = (reason) => reason === error;
  const read = assert.rejects(stream.readable.getReader().read(), isError);
  await assert.rejects(stream.writable.close(), isError);
  await read;
});

test('cancelling the readable side calls cancel with the reason and errors the writable side with it', async () => {
  const { stream, calls } = recorded();
  const writer = stream.writable.getWriter();
  await stream.readable.cancel('why');
  assert.deepEqual(calls, [['cancel', 'why']]);
  await assert.rejects(writer.closed, (reason) => reason === 'why');
});

test('aborting the writable side calls cancel with the reason and errors the readable side with it', async () => {
  const { stream, calls } = recorded();
  const read = assert.rejects(stream.readable.getReader().read(), (reason) => reason === 'why');
  await stream.writable.abort('why');
  assert.deepEqual(calls, [['cancel', 'why']]);
  await read;
});

test('a cancel that throws rejects the call that led to it, and errors the other side with what it threw', async () => {
  const error = new Error('no');
  const isError = (reason) => reason === error;
  const { stream } = recorded({
    cancel() {
      throw error;
    },
  });
  const { closed } = stream.writable.getWriter();
  await assert.rejects(stream.readable.cancel('why'), isError);
  await assert.rejects(closed, isError);
});

test('after close has begun to flush, cancelling the readable side waits for the flush and calls no cancel', async () => {
  let go;
  const { stream, calls } = recorded(
    {
      flush: () =>
        new Promise((resolve) => {
          go = resolve;
        }),
    },
    undefined,
    { highWaterMark: 1 },
  );
  await turn();
  const closed = stream.writable.close();
  await turn();
  const cancelled = stream.readable.cancel('why');
  go();
  await Promise.all([closed, cancelled]);
  assert.deepEqual(calls, [['flush']]);
});

test('terminate closes the readable side and errors the writable side with a TypeError', async () => {
  const { stream, controller } = recorded();
  const writer = stream.writable.getWriter();
  controller.terminate();
  assert.deepEqual(await readAll(stream.readable), []);
  await assert.rejects(writer.closed, TypeError);
});

test('cancelling the readable side resolves where cancel terminates, though a write waits for a reader', async () => {
  const { stream, controller } = recorded({ cancel: () => controller.terminate() });
  const write = assert.rejects(stream.writable.getWriter().write('a'), TypeError);
  await turn();
  assert.equal(await stream.readable.cancel('why'), undefined);
  await write;
});

test('terminate right after the readable side was cancelled does not throw', async () => {
  const { stream, controller } = recorded();
  const cancelled = stream.readable.cancel('why');
  controller.terminate();
  await cancelled.catch(() => {});
});

test('error errors both sides, and enqueue after it throws a TypeError', async () => {
  const { stream, controller } = recorded();
  const writer = stream.writable.getWriter();
  controller.error('why');
  assert.throws(() => controller.enqueue('a'), TypeError);
  await assert.rejects(writer.closed, (reason) => reason === 'why');
  await assert.rejects(stream.readable.getReader().read(), (reason) => reason === 'why');
});

test('desiredSize of the controller is that of the readable side', () => {
  const { controller } = recorded({}, undefined, { highWaterMark: 3 });
  assert.equal(controller.desiredSize, 3);
  controller.enqueue('a');
  assert.equal(controller.desiredSize, 2);
  controller.terminate();
  controller.error();
});

test('a start that throws makes the constructor throw, one that rejects errors both sides', async () => {
  const error = new Error('no');
  const isError = (reason) => reason === error;
  assert.throws(
    () =>
      new TransformStream({
        start() {
          throw error;
        },
      }),
    isError,
  );
  const { readable, writable } = new TransformStream({ start: () => Promise.reject(error) });
  await assert.rejects(readable.getReader().read(), isError);
  await assert.rejects(writable.getWriter().closed, isError);
});

test('readableType and writableType are kept for later, so any value is a RangeError', () => {
  assert.throws(() => new TransformStream({ readableType: 'bytes' }), RangeError);
  assert.throws(() => new TransformStream({ writableType: undefined, readableType: '' }), RangeError);
  assert.throws(() => new TransformStream({ writableType: 'bytes' }), RangeError);
});

test('readable and writable are the same objects each time, and cannot be set', () => {
  const stream = new TransformStream();
  const { readable } = stream;
  assert.equal(stream.readable, readable);
  assert.throws(() => {
    stream.readable = undefined;
  }, TypeError);
});
