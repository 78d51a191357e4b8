/** ReadableStream.from(): https://streams.spec.whatwg.org/#rs-from with Web IDL's async_sequence. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ReadableStream } from 'tidegate';

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

/** An async iterable over `iterator` that notes each `return(reason)` in `returned`. */
function iterable(iterator, returned = []) {
  return {
    [Symbol.asyncIterator]: () => ({
      return(reason) {
        returned.push(reason);
        return Promise.resolve({});
      },
      ...iterator,
    }),
  };
}

describe('ReadableStream.from', () => {
  test('reads arrays, sets, generators, async generators and streams', async () => {
    const make = {
      array: () => [1, 2],
      set: () => new Set([1, 2]),
      generator: () =>
        (function* () {
          yield 1;
          yield 2;
        })(),
      'array of promises': () => [Promise.resolve(1), 2],
      'async generator': () =>
        (async function* () {
          yield 1;
          yield 2;
        })(),
      stream: () => ReadableStream.from([1, 2]),
    };
    for (const [name, source] of Object.entries(make))
      assert.deepEqual(await collect(ReadableStream.from(source())), [1, 2], name);
  });

  test('throws a TypeError for what is no object or cannot be iterated, a string included', () => {
    for (const value of [
      undefined,
      null,
      0,
      true,
      'text',
      Symbol('s'),
      1n,
      {},
      { [Symbol.asyncIterator]: 1 },
      { [Symbol.iterator]: null },
    ]) {
      assert.throws(() => ReadableStream.from(value), TypeError);
    }
    assert.throws(() => ReadableStream.from(), TypeError);
  });

  test('takes a String object, which is an iterable object', async () => {
    assert.deepEqual(await collect(ReadableStream.from(new String('ab'))), ['a', 'b']);
  });

  test('prefers Symbol.asyncIterator, and falls back where that is null', async () => {
    const both = {
      [Symbol.asyncIterator]: async function* () {
        yield 'async';
      },
      *[Symbol.iterator]() {
        yield 'sync';
      },
    };
    assert.deepEqual(await collect(ReadableStream.from(both)), ['async']);
    assert.deepEqual(await collect(ReadableStream.from({ ...both, [Symbol.asyncIterator]: null })), ['sync']);
  });

  test('throws what the iterator method throws', () => {
    const error = new Error('open');
    assert.throws(
      () =>
        ReadableStream.from({
          [Symbol.asyncIterator]() {
            throw error;
          },
        }),
      error,
    );
    assert.throws(() => ReadableStream.from({ [Symbol.asyncIterator]: () => 1 }), TypeError);
  });

  test('asks for a value only when one is read', async () => {
    let asked = 0;
    const stream = ReadableStream.from(iterable({ next: async () => ({ value: ++asked, done: false }) }));
    await turn();
    assert.equal(asked, 0);
    const reader = stream.getReader();
    assert.equal((await reader.read()).value, 1);
    await turn();
    assert.equal(asked, 1);
  });

  test('looks up next once', async () => {
    let lookups = 0;
    let count = 0;
    const iterator = {
      get next() {
        lookups += 1;
        return async () => ({ value: 0, done: ++count > 3 });
      },
    };
    await collect(ReadableStream.from({ [Symbol.asyncIterator]: () => iterator }));
    assert.equal(lookups, 1);
  });

  test('errors with what next() throws, rejects with or answers instead of an object', async () => {
    const error = new Error('next');
    await assert.rejects(
      collect(
        ReadableStream.from(
          iterable({
            next() {
              throw error;
            },
          }),
        ),
      ),
      error,
    );
    await assert.rejects(
      collect(
        ReadableStream.from(
          iterable({
            next: async () => {
              throw error;
            },
          }),
        ),
      ),
      error,
    );
    await assert.rejects(collect(ReadableStream.from(iterable({ next: () => 1 }))), TypeError);
    await assert.rejects(collect(ReadableStream.from({ [Symbol.iterator]: () => ({ next: () => 1 }) })), TypeError);
  });

  test('calls return() with the reason of a cancel, and waits for it', async () => {
    const returned = [];
    const stream = ReadableStream.from(iterable({ next: () => new Promise(() => {}) }, returned));
    await stream.cancel('enough');
    assert.deepEqual(returned, ['enough']);
  });

  test('does not need a return()', async () => {
    await ReadableStream.from(iterable({ next: async () => ({}), return: undefined })).cancel();
    await ReadableStream.from({ [Symbol.iterator]: () => ({ next: () => ({}) }) }).cancel();
  });

  test('rejects the cancel with what return() throws, rejects with or answers instead of an object', async () => {
    const error = new Error('return');
    const cancelled = (method) => ReadableStream.from(iterable({ next: async () => ({}), return: method })).cancel();
    await assert.rejects(
      cancelled(() => {
        throw error;
      }),
      error,
    );
    await assert.rejects(
      cancelled(async () => {
        throw error;
      }),
      error,
    );
    await assert.rejects(
      cancelled(async () => 1),
      TypeError,
    );
    await assert.rejects(cancelled(1), TypeError);
  });

  test('runs the finally block of a generator that is cancelled in the middle', async () => {
    let closed = false;
    const stream = ReadableStream.from(
      (function* () {
        try {
          yield 1;
          yield 2;
        } finally {
          closed = true;
        }
      })(),
    );
    const reader = stream.getReader();
    await reader.read();
    await reader.cancel();
    assert.equal(closed, true);
  });

  test('closes a sync iterator one of whose promises rejects', async () => {
    const error = new Error('value');
    let closed = 0;
    const source = {
      [Symbol.iterator]: () => ({
        next: () => ({ value: Promise.reject(error), done: false }),
        return() {
          closed += 1;
          return {};
        },
      }),
    };
    await assert.rejects(collect(ReadableStream.from(source)), error);
    assert.equal(closed, 1);
  });

  test('does not call return() when the iterator ends or fails by itself', async () => {
    const returned = [];
    await collect(ReadableStream.from(iterable({ next: async () => ({ done: true }) }, returned)));
    await assert.rejects(
      collect(
        ReadableStream.from(
          iterable(
            {
              next: async () => {
                throw new Error('next');
              },
            },
            returned,
          ),
        ),
      ),
    );
    assert.deepEqual(returned, []);
  });
});
