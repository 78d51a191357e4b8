/** Readable streams with a default controller, as https://streams.spec.whatwg.org/#rs says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CountQueuingStrategy, ReadableStream, ReadableStreamDefaultReader } from 'tidegate';

const turn = () => sleep(0);

/** A stream and what its source was called with. */
function recorded(source = {}, strategy) {
  const calls = [];
  let controller;
  const stream = new ReadableStream(
    {
      start(c) {
        controller = c;
        return source.start?.(c);
      },
      pull(c) {
        calls.push('pull');
        return source.pull?.(c);
      },
      cancel(reason) {
        calls.push(['cancel', reason]);
        return source.cancel?.(reason);
      },
    },
    strategy,
  );
  return { stream, controller, calls };
}

test('pull is not called before start has settled', async () => {
  let go;
  const { calls } = recorded({
    start: () =>
      new Promise((resolve) => {
        go = resolve;
      }),
  });
  await turn();
  assert.deepEqual(calls, []);
  go();
  await turn();
  assert.deepEqual(calls, ['pull']);
});

test('pull is called again after it settled only when the queue has room', async () => {
  const { calls, controller } = recorded({ pull: (c) => c.enqueue('chunk') }, { highWaterMark: 3 });
  await turn();
  assert.equal(calls.length, 3);
  assert.equal(controller.desiredSize, 0);
});

test('pull is not called while its promise is pending, and once after it where a read came meanwhile', async () => {
  const settle = [];
  const { stream, calls } = recorded(
    {
      pull: () =>
        new Promise((resolve) => {
          settle.push(resolve);
        }),
    },
    { highWaterMark: 0 },
  );
  const reader = stream.getReader();
  reader.read();
  await turn();
  reader.read();
  reader.read();
  await turn();
  assert.equal(calls.length, 1);
  settle.shift()();
  await turn();
  assert.equal(calls.length, 2);
});

test('with a high-water mark of 0, pull waits for a read', async () => {
  const { stream, calls } = recorded({}, { highWaterMark: 0 });
  await turn();
  assert.deepEqual(calls, []);
  stream.getReader().read();
  await turn();
  assert.deepEqual(calls, ['pull']);
});

test('a start that throws makes the constructor throw the same error', () => {
  const error = new Error('no');
  assert.throws(
    () =>
      new ReadableStream({
        start() {
          throw error;
        },
      }),
    (thrown) => thrown === error,
  );
});

test('a start, and a pull, that rejects errors the stream with its reason', async () => {
  const error = new Error('no');
  await assert.rejects(new ReadableStream({ start: () => Promise.reject(error) }).getReader().read(), error);
  await assert.rejects(new ReadableStream({ pull: () => Promise.reject(error) }).getReader().read(), error);
});

test('a pull that throws errors the stream with what it threw', async () => {
  const error = new Error('no');
  await assert.rejects(
    new ReadableStream({
      pull() {
        throw error;
      },
    }).getReader().closed,
    (thrown) => thrown === error,
  );
});

test('chunks come in the order in which they were enqueued, and then done', async () => {
  const { stream, controller } = recorded();
  for (const chunk of ['a', undefined, null]) controller.enqueue(chunk);
  controller.close();
  const reader = stream.getReader();
  assert.deepEqual(await reader.read(), { value: 'a', done: false });
  assert.deepEqual(await reader.read(), { value: undefined, done: false });
  assert.deepEqual(await reader.read(), { value: null, done: false });
  assert.deepEqual(await reader.read(), { value: undefined, done: true });
});

test('reads that wait are answered in order, and all with done when the stream closes', async () => {
  const { stream, controller } = recorded();
  const reader = stream.getReader();
  const reads = [reader.read(), reader.read(), reader.read()];
  controller.enqueue('a');
  controller.close();
  assert.deepEqual(
    (await Promise.all(reads)).map(({ value, done }) => [value, done]),
    [
      ['a', false],
      [undefined, true],
      [undefined, true],
    ],
  );
});

test('close lets queued chunks out first; enqueue and close after it throw a TypeError', async () => {
  const { stream, controller } = recorded();
  controller.enqueue('a');
  controller.close();
  assert.throws(() => controller.enqueue('b'), TypeError);
  assert.throws(() => controller.close(), TypeError);
  const reader = stream.getReader();
  assert.equal((await reader.read()).value, 'a');
  await reader.closed;
});

test('error throws queued chunks away, rejects what waits, and is the reason of every later read', async () => {
  const { stream, controller } = recorded();
  const reader = stream.getReader();
  controller.enqueue('a');
  controller.error('why');
  await assert.rejects(reader.read(), (reason) => reason === 'why');
  await assert.rejects(reader.closed, (reason) => reason === 'why');
});

test('error after the stream has ended does nothing', async () => {
  const { stream, controller } = recorded();
  controller.close();
  controller.error(new Error('late'));
  assert.deepEqual(await stream.getReader().read(), { value: undefined, done: true });
});

test('desiredSize is the mark less what is queued, 0 when closed and null when errored', () => {
  const { controller } = recorded({}, { highWaterMark: 2 });
  assert.equal(controller.desiredSize, 2);
  for (const expected of [1, 0, -1]) {
    controller.enqueue('chunk');
    assert.equal(controller.desiredSize, expected);
  }
  const closed = recorded().controller;
  closed.close();
  assert.equal(closed.desiredSize, 0);
  const errored = recorded().controller;
  errored.error();
  assert.equal(errored.desiredSize, null);
});

test('a size that throws errors the stream, and enqueue throws the same', async () => {
  const error = new Error('no');
  const { stream, controller } = recorded(
    {},
    {
      size() {
        throw error;
      },
    },
  );
  assert.throws(
    () => controller.enqueue('chunk'),
    (thrown) => thrown === error,
  );
  await assert.rejects(stream.getReader().closed, (thrown) => thrown === error);
});

for (const size of [NaN, -1, Infinity]) {
  test(`a size of ${size} errors the stream with a RangeError`, async () => {
    const { stream, controller } = recorded({}, { size: () => size });
    assert.throws(() => controller.enqueue('chunk'), RangeError);
    await assert.rejects(stream.getReader().closed, RangeError);
  });
}

test('size may close the stream; the chunk is then not taken and enqueue does not throw', async () => {
  const { stream, controller } = recorded(
    {},
    {
      size() {
        controller.close();
        return 1;
      },
    },
  );
  controller.enqueue('chunk');
  assert.deepEqual(await stream.getReader().read(), { value: undefined, done: true });
});

test('cancel calls the source with the reason, empties the queue and closes the stream', async () => {
  const { stream, controller, calls } = recorded({}, { highWaterMark: 1 });
  controller.enqueue('a');
  assert.equal(await stream.cancel('why'), undefined);
  assert.deepEqual(
    calls.filter((call) => call !== 'pull'),
    [['cancel', 'why']],
  );
  assert.deepEqual(await stream.getReader().read(), { value: undefined, done: true });
});

test('cancel rejects with what the source rejects with, and the stream is closed all the same', async () => {
  const error = new Error('no');
  const { stream } = recorded({ cancel: () => Promise.reject(error) });
  await assert.rejects(stream.cancel(), (thrown) => thrown === error);
  await stream.getReader().closed;
});

test('cancel of a locked stream rejects with a TypeError, and its reader can cancel it', async () => {
  const { stream, calls } = recorded({}, { highWaterMark: 0 });
  const reader = stream.getReader();
  await assert.rejects(stream.cancel(), TypeError);
  await reader.cancel('why');
  assert.deepEqual(calls, [['cancel', 'why']]);
});

test('cancel of an errored stream rejects with its error, of a closed one resolves, and neither asks the source', async () => {
  const errored = recorded({}, { highWaterMark: 0 });
  errored.controller.error('broken');
  await assert.rejects(errored.stream.cancel(), (reason) => reason === 'broken');
  const closed = recorded({}, { highWaterMark: 0 });
  closed.controller.close();
  await closed.stream.cancel();
  assert.deepEqual([...errored.calls, ...closed.calls], []);
});

test('a stream has one reader at a time', () => {
  const { stream } = recorded();
  const reader = stream.getReader();
  assert.equal(stream.locked, true);
  assert.throws(() => stream.getReader(), TypeError);
  assert.throws(() => new ReadableStreamDefaultReader(stream), TypeError);
  reader.releaseLock();
  assert.equal(stream.locked, false);
  assert.ok(stream.getReader() instanceof ReadableStreamDefaultReader);
});

test('releaseLock rejects reads that wait and closed with a TypeError, and the chunk goes to the next reader', async () => {
  const { stream, controller } = recorded({}, { highWaterMark: 0 });
  const first = stream.getReader();
  const read = first.read();
  first.releaseLock();
  await assert.rejects(read, TypeError);
  await assert.rejects(first.closed, TypeError);
  await assert.rejects(first.read(), TypeError);
  await assert.rejects(first.cancel(), TypeError);
  const second = stream.getReader();
  const next = second.read();
  controller.enqueue('a');
  assert.equal((await next).value, 'a');
});

test('releaseLock a second time does nothing', () => {
  const reader = recorded().stream.getReader();
  reader.releaseLock();
  reader.releaseLock();
});

test('closed gives the same promise until the lock is released', async () => {
  const reader = recorded().stream.getReader();
  const { closed } = reader;
  assert.equal(reader.closed, closed);
  reader.releaseLock();
  assert.notEqual(reader.closed, undefined);
  await assert.rejects(reader.closed, TypeError);
});

test('a strategy of CountQueuingStrategy counts each chunk as one', () => {
  const { controller } = recorded({}, new CountQueuingStrategy({ highWaterMark: 2 }));
  controller.enqueue(new Uint8Array(1000));
  assert.equal(controller.desiredSize, 1);
});

for (const highWaterMark of [-1, NaN, 'many']) {
  test(`a high-water mark of ${JSON.stringify(highWaterMark)} is a RangeError`, () => {
    assert.throws(() => new ReadableStream({}, { highWaterMark }), RangeError);
  });
}

test("members of the source are read once, in the order of their names, then the one that is not the standard's, before start is called", () => {
  const read = [];
  const source = new Proxy(
    {},
    {
      get(target, name) {
        read.push(name);
        return undefined;
      },
    },
  );
  new ReadableStream(source);
  assert.deepEqual(read, ['autoAllocateChunkSize', 'cancel', 'pull', 'start', 'type', 'onDiscard']);
});

test('a source whose members are no functions is a TypeError', () => {
  for (const name of ['start', 'pull', 'cancel']) assert.throws(() => new ReadableStream({ [name]: 1 }), TypeError);
});

test('a type that is not bytes is a TypeError', () => {
  for (const type of ['', 'text', null]) assert.throws(() => new ReadableStream({ type }), TypeError);
});

test('callbacks are called with the source as this', async () => {
  const seen = [];
  const source = {
    start() {
      seen.push(this === source);
    },
    pull() {
      seen.push(this === source);
    },
    cancel() {
      seen.push(this === source);
    },
  };
  const stream = new ReadableStream(source);
  await turn();
  await stream.cancel();
  assert.deepEqual(seen, [true, true, true]);
});
