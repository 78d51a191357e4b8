/** Asynchronous iteration of readable streams, as https://streams.spec.whatwg.org/#rs-asynciterator says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReadableStream } from 'tidegate';

function countingStream(limit = Infinity, calls = []) {
  let next = 0;
  return new ReadableStream({
    pull(controller) {
      next += 1;
      controller.enqueue(next);
      if (next === limit) controller.close();
    },
    cancel(reason) {
      calls.push(['cancel', reason]);
    },
  });
}

test('a loop gets every chunk, and leaves the stream closed and unlocked', async () => {
  const stream = countingStream(3);
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  assert.deepEqual(chunks, [1, 2, 3]);
  assert.equal(stream.locked, false);
});

test('leaving the loop cancels the stream and unlocks it', async () => {
  const calls = [];
  const stream = countingStream(Infinity, calls);
  for await (const chunk of stream) if (chunk === 2) break;
  assert.deepEqual(calls, [['cancel', undefined]]);
  assert.equal(stream.locked, false);
});

test('with preventCancel, leaving the loop unlocks the stream and leaves it readable', async () => {
  const calls = [];
  const stream = countingStream(Infinity, calls);
  for await (const chunk of stream.values({ preventCancel: true })) if (chunk === 2) break;
  assert.deepEqual(calls, []);
  assert.equal((await stream.getReader().read()).value, 3);
});

test('an error of the stream is thrown from the loop, and the stream is unlocked', async () => {
  const error = new Error('broken');
  const stream = new ReadableStream({
    pull(controller) {
      controller.error(error);
    },
  });
  await assert.rejects(
    async () => {
      for await (const chunk of stream) assert.fail(chunk);
    },
    (thrown) => thrown === error,
  );
  assert.equal(stream.locked, false);
});

test('values and the iterator method lock the stream, and a locked one cannot be iterated', () => {
  const stream = countingStream();
  stream.values();
  assert.equal(stream.locked, true);
  assert.throws(() => stream.values(), TypeError);
  assert.throws(() => stream[Symbol.asyncIterator](), TypeError);
});

test('the iterator method is values', () => {
  assert.equal(ReadableStream.prototype[Symbol.asyncIterator], ReadableStream.prototype.values);
});

test('next called several times at once is answered in order', async () => {
  const iterator = countingStream(3).values();
  const results = await Promise.all([
    iterator.next(),
    iterator.next(),
    iterator.next(),
    iterator.next(),
    iterator.next(),
  ]);
  assert.deepEqual(
    results.map(({ value, done }) => [value, done]),
    [
      [1, false],
      [2, false],
      [3, false],
      [undefined, true],
      [undefined, true],
    ],
  );
});

test('return waits for the next that came before it, and gives its argument back as done', async () => {
  const calls = [];
  const iterator = countingStream(Infinity, calls).values();
  const next = iterator.next();
  const returned = iterator.return('why');
  assert.deepEqual(await next, { value: 1, done: false });
  assert.deepEqual(await returned, { value: 'why', done: true });
  assert.deepEqual(calls, [['cancel', 'why']]);
});

test('after return, next is done and a second return cancels nothing', async () => {
  const calls = [];
  const iterator = countingStream(Infinity, calls).values();
  await iterator.return();
  assert.deepEqual(await iterator.next(), { value: undefined, done: true });
  assert.deepEqual(await iterator.return('again'), { value: 'again', done: true });
  assert.equal(calls.length, 1);
});

test('a return whose cancel fails rejects with that reason', async () => {
  const error = new Error('no');
  const iterator = new ReadableStream({
    cancel() {
      throw error;
    },
  }).values();
  await assert.rejects(iterator.return(), (thrown) => thrown === error);
});

test('an error comes once, later calls of next are done', async () => {
  const error = new Error('broken');
  const iterator = new ReadableStream({
    start(controller) {
      controller.error(error);
    },
  }).values();
  await assert.rejects(iterator.next(), (thrown) => thrown === error);
  assert.deepEqual(await iterator.next(), { value: undefined, done: true });
});

test('the iterator has next and return of its prototype, which extends the one of async generators', () => {
  const iterator = countingStream().values();
  const prototype = Object.getPrototypeOf(iterator);
  assert.deepEqual(Object.getOwnPropertyNames(prototype).sort(), ['next', 'return']);
  assert.equal(prototype.next.length, 0);
  assert.equal(prototype.return.length, 1);
  const AsyncIteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf(async function* () {}).prototype);
  assert.equal(Object.getPrototypeOf(prototype), AsyncIteratorPrototype);
});

test('next and return on something else reject with a TypeError', async () => {
  const { next, return: finish } = Object.getPrototypeOf(countingStream().values());
  await assert.rejects(next.call({}), TypeError);
  await assert.rejects(finish.call({}), TypeError);
});

const turn = () => new Promise((resolve) => setTimeout(resolve));

test('a return() right after a next() that found a chunk waits for it before it cancels', async () => {
  const calls = [];
  const stream = countingStream(Infinity, calls);
  await turn();
  const iterator = stream.values();
  const next = iterator.next();
  const returned = iterator.return('enough');
  assert.equal(stream.locked, true);
  assert.deepEqual(calls, []);
  assert.deepEqual(await next, { value: 1, done: false });
  assert.deepEqual(await returned, { value: 'enough', done: true });
  assert.deepEqual(calls, [['cancel', 'enough']]);
});

test('two next() in one turn read one after the other', async () => {
  let controller;
  const stream = new ReadableStream(
    {
      start(c) {
        controller = c;
      },
    },
    { highWaterMark: 2 },
  );
  controller.enqueue('a');
  controller.enqueue('b');
  const iterator = stream.values();
  const both = [iterator.next(), iterator.next()];
  assert.equal(controller.desiredSize, 1);
  assert.deepEqual(await Promise.all(both), [
    { value: 'a', done: false },
    { value: 'b', done: false },
  ]);
  assert.equal(controller.desiredSize, 2);
});

test('a next() waits for a return() whose cancel has not settled', async () => {
  let settle;
  const stream = new ReadableStream({
    cancel: () =>
      new Promise((resolve) => {
        settle = resolve;
      }),
  });
  const iterator = stream.values();
  const events = [];
  const returned = iterator.return().then(() => events.push('returned'));
  const next = iterator.next().then((result) => events.push(result));
  await turn();
  assert.deepEqual(events, []);
  settle();
  await Promise.all([returned, next]);
  assert.deepEqual(events.sort(), [{ value: undefined, done: true }, 'returned'].sort());
});

for (const end of ['error', 'close']) {
  test(`two requests of one iterator, made by a pull() that calls next(), both settle at a ${end}`, async () => {
    let inner;
    let controller;
    const stream = new ReadableStream(
      {
        start(c) {
          controller = c;
        },
        pull() {
          inner ??= iterator.next();
        },
      },
      { highWaterMark: 0 },
    );
    const iterator = stream.values();
    await turn();
    const outer = iterator.next();
    if (end === 'error') controller.error('failed');
    else controller.close();
    const results = await Promise.allSettled([outer, inner]);
    const expected =
      end === 'error'
        ? { status: 'rejected', reason: 'failed' }
        : { status: 'fulfilled', value: { value: undefined, done: true } };
    assert.deepEqual(results, [expected, expected]);
    assert.equal(stream.locked, false);
  });
}

test('its class string is that of Web IDL', () => {
  assert.equal(Object.prototype.toString.call(new ReadableStream().values()), '[object ReadableStream AsyncIterator]');
});
