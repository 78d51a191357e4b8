/** fromCursor(): a batch at a time, on demand, and one close for every exit. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fromCursor, pipeline, toArray, WritableStream } from 'tidegate';

/** A cursor over `total` rows that counts what was fetched and how often it was closed; `failAt` fails that read. */
function readCursor(total, { failAt = Infinity, closeFails } = {}) {
  const state = { fetched: 0, reads: [], closed: 0, busy: false };
  return {
    state,
    async read(count) {
      assert.equal(state.busy, false, 'two calls at once');
      state.busy = true;
      await sleep(1);
      state.busy = false;
      state.reads.push(count);
      if (state.reads.length === failAt) throw new Error('lost the connection');
      const rows = [];
      while (rows.length < count && state.fetched < total) rows.push(state.fetched++);
      return rows;
    },
    async close() {
      assert.equal(state.busy, false, 'closed while it is read');
      state.closed += 1;
      if (closeFails) throw closeFails;
    },
  };
}

function iteratedCursor(total) {
  const state = { fetched: 0, closed: 0 };
  return {
    state,
    [Symbol.asyncIterator]: () => ({
      next: async () =>
        state.fetched < total ? { value: state.fetched++, done: false } : { value: undefined, done: true },
      return: async () => ({ value: undefined, done: true }),
    }),
    async close() {
      state.closed += 1;
    },
  };
}

for (const [kind, make] of [
  ['read() and close()', readCursor],
  ['an async iterator', iteratedCursor],
]) {
  describe(`a cursor with ${kind}`, () => {
    test('gives every row once, in order, and is closed once', async () => {
      const cursor = make(1000);
      assert.deepEqual(
        await toArray(fromCursor(cursor, { batch: 64 })),
        Array.from({ length: 1000 }, (_, i) => i),
      );
      assert.equal(cursor.state.closed, 1);
    });

    test('gives batches where those are wanted', async () => {
      const batches = await toArray(fromCursor(make(5), { batch: 2, as: 'batches' }));
      assert.deepEqual(batches, [[0, 1], [2, 3], [4]]);
    });

    test('is read no further than one batch while the consumer stands still', async () => {
      const cursor = make(Infinity);
      const reader = fromCursor(cursor, { batch: 10 }).getReader();
      for (let i = 0; i < 3; i += 1) await reader.read();
      await sleep(20);
      assert.equal(cursor.state.fetched, 10);
      await reader.cancel();
      assert.equal(cursor.state.closed, 1);
    });

    test('is not read before anything is wanted', async () => {
      const cursor = make(10);
      const stream = fromCursor(cursor);
      await sleep(5);
      assert.equal(cursor.state.fetched, 0);
      await stream.cancel();
      assert.equal(cursor.state.closed, 1);
    });

    for (const [how, run] of [
      [
        'the consumer leaves',
        (stream) =>
          pipeline(stream, async (rows) => {
            for await (const row of rows) if (row === 15) return row;
          }),
      ],
      [
        'the sink fails',
        (stream) =>
          pipeline(
            stream,
            new WritableStream({
              write(row) {
                if (row === 15) throw new Error('sink');
              },
            }),
          ).catch(() => {}),
      ],
      [
        'the pipeline is aborted',
        (stream) =>
          pipeline(stream, new WritableStream({ write: () => sleep(5) }), { signal: AbortSignal.timeout(20) }).catch(
            () => {},
          ),
      ],
    ]) {
      test(`is closed once when ${how}`, async () => {
        const cursor = make(Infinity);
        await run(fromCursor(cursor, { batch: 10 }));
        assert.equal(cursor.state.closed, 1);
      });
    }
  });
}

test('a read that fails closes the cursor and is the error, even if the close fails too', async () => {
  const cursor = readCursor(1000, { failAt: 3, closeFails: new Error('close') });
  await assert.rejects(toArray(fromCursor(cursor, { batch: 10 })), { message: 'lost the connection' });
  assert.equal(cursor.state.closed, 1);
});

test('a close that fails at the end fails the stream, as it may be the commit that failed', async () => {
  const error = new Error('close');
  await assert.rejects(toArray(fromCursor(readCursor(5, { closeFails: error }))), (reason) => reason === error);
});

test('its signal closes the cursor and fails the stream with the reason, before and during', async () => {
  const reason = new Error('stop');
  const unread = readCursor(10);
  await assert.rejects(toArray(fromCursor(unread, { signal: AbortSignal.abort(reason) })), (error) => error === reason);
  assert.deepEqual([unread.state.closed, unread.state.fetched], [1, 0]);
  const cursor = readCursor(Infinity);
  const controller = new AbortController();
  const running = toArray(fromCursor(cursor, { signal: controller.signal }));
  setTimeout(() => controller.abort(reason), 10);
  await assert.rejects(running, (error) => error === reason);
  await sleep(10);
  assert.equal(cursor.state.closed, 1);
});

test('says what is wrong with its arguments', () => {
  assert.throws(() => fromCursor({}), {
    message: /must be iterable or have read\(\) and close\(\); got an object without keys/,
  });
  assert.throws(() => fromCursor({ read() {} }), {
    message: 'fromCursor(): a cursor with read() must have close() too',
  });
  assert.throws(() => fromCursor([], { batch: 0 }), {
    message: 'fromCursor(): batch must be a whole number of at least 1; got 0',
  });
  assert.throws(() => fromCursor([], { as: 'x' }), TypeError);
});

describe('a cursor that gives something else', () => {
  for (const wrong of [undefined, null, 7, 'row']) {
    test(`than an object from next() fails, and is closed: ${wrong}`, async () => {
      let returned = 0;
      let closed = 0;
      const cursor = {
        [Symbol.asyncIterator]: () => ({ next: async () => wrong, return: async () => void (returned += 1) }),
        close: async () => void (closed += 1),
      };
      await assert.rejects(toArray(fromCursor(cursor)), {
        name: 'TypeError',
        message: /^fromCursor\(\): the cursor's next\(\) must give an object with value and done; got /,
      });
      assert.deepEqual([returned, closed], [0, 1]);
    });
  }

  for (const wrong of [{ rows: [1] }, 'rows', 7, new Set([1])]) {
    test(`than an array from read() fails, and is closed: ${Object.prototype.toString.call(wrong)}`, async () => {
      let closed = 0;
      const cursor = { read: async () => wrong, close: async () => void (closed += 1) };
      await assert.rejects(toArray(fromCursor(cursor)), {
        name: 'TypeError',
        message: /^fromCursor\(\): the cursor's read\(\) must give an array of rows; got /,
      });
      assert.equal(closed, 1);
    });
  }
});
