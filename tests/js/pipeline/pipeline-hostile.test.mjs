/** Parts of a pipeline that are odd on purpose: no chunk is lost in silence, and the pipeline settles. */
import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import { describe, test } from 'node:test';
import { drain, pipeline, toArray } from 'tidegate';
import { turn, within } from './pipeline-parts.mjs';

const settles = (promise) => within(5000, promise);
const boom = new Error('boom');

/** Gives a 1 and then what `next` answers, and counts how often it is told to return. */
function iterable(symbol, next, onReturn = () => ({})) {
  let asked = 0;
  const made = {
    returns: 0,
    [symbol]: () => made,
    next: () => (asked++ === 0 ? { value: 1, done: false } : next()),
    return() {
      made.returns += 1;
      return onReturn();
    },
  };
  return made;
}

const consume = async (chunks) => {
  for await (const chunk of chunks) void chunk;
};

/** A promise that has rejected by the time somebody asks for it. */
const rejected = () => ({ value: Promise.reject(boom), done: false });

describe('a pipeline', () => {
  test('waits for a thenable of a function whose then() returns nothing', async () => {
    const got = [];
    await settles(
      pipeline(
        [1, 2, 3],
        (n) => ({ then: (resolve) => void resolve(n * 2) }),
        async (chunks) => {
          for await (const chunk of chunks) got.push(chunk);
        },
      ),
    );
    assert.deepEqual(got, [2, 4, 6]);
  });

  for (const property of ['done', 'value']) {
    const result = {
      done: false,
      value: 2,
      get [property]() {
        throw boom;
      },
    };
    test(`fails with what the getter of ${property} of an async iterator's result throws`, async () => {
      await assert.rejects(
        settles(
          pipeline(
            iterable(Symbol.asyncIterator, () => result),
            consume,
          ),
        ),
        boom,
      );
      await assert.rejects(
        settles(
          pipeline(
            iterable(Symbol.asyncIterator, () => result),
            (chunk) => chunk,
            drain(),
          ),
        ),
        boom,
      );
    });
  }

  test('fails with what an iterator gave as a rejected promise, whatever its return() does', async () => {
    const rude = () => {
      throw new Error('return');
    };
    await assert.rejects(settles(pipeline(iterable(Symbol.iterator, rejected, rude), consume)), boom);
    await assert.rejects(
      settles(
        pipeline(
          iterable(Symbol.iterator, rejected, async () => rude()),
          consume,
        ),
      ),
      boom,
    );
  });

  test('calls return() of an iterator once after a rejected promise, and not at all after it threw', async () => {
    const gave = iterable(Symbol.iterator, rejected);
    await assert.rejects(pipeline(gave, consume), boom);
    const threw = iterable(Symbol.iterator, () => {
      throw boom;
    });
    await assert.rejects(pipeline(threw, consume), boom);
    assert.deepEqual([gave.returns, threw.returns], [1, 0]);
  });

  test('answers any number of reads that were asked for at once behind a promise', async () => {
    const count = 60_000;
    const numbers = function* () {
      yield Promise.resolve(0);
      for (let n = 1; n < count; n += 1) yield n;
    };
    const got = await settles(
      pipeline(numbers(), async (chunks) => {
        const results = await Promise.all(Array.from({ length: count }, () => chunks.next()));
        return results.map(({ value }) => value);
      }),
    );
    assert.deepEqual(got, await toArray(Array.from({ length: count }, (_, n) => n)));
  });

  test('hears the error of a Node stream that was destroyed right before the abort', async () => {
    const uncaught = [];
    const onUncaught = (error) => uncaught.push(error);
    process.on('uncaughtException', onUncaught);
    try {
      for (const ends of [(node) => [node, drain()], (node) => [[1, 2, 3], node]]) {
        const controller = new AbortController();
        const node = new Duplex({ objectMode: true, read() {}, write() {} });
        const running = pipeline(...ends(node), { signal: controller.signal });
        running.catch(() => {});
        await turn();
        node.destroy(boom);
        controller.abort(new Error('abort'));
        await assert.rejects(settles(running), { message: 'abort' });
        await turn();
        await turn();
        assert.equal(node.listenerCount('error'), 0);
      }
      assert.deepEqual(uncaught, []);
    } finally {
      process.removeListener('uncaughtException', onUncaught);
    }
  });
});

describe('a result that is not an object fails the pipeline', () => {
  for (const wrong of [undefined, null, 5]) {
    for (const symbol of [Symbol.iterator, Symbol.asyncIterator]) {
      test(`of an iterator: ${String(symbol)}, ${wrong}`, () =>
        assert.rejects(settles(toArray(iterable(symbol, () => wrong))), {
          name: 'TypeError',
          message: 'next() of the iterator returned a result that is not an object; return { value, done }',
        }));
    }

    test(`of a reader of another implementation: ${wrong}`, async () => {
      let reads = 0;
      const stream = {
        locked: false,
        getReader: () => ({
          closed: new Promise(() => {}),
          read: async () => (reads++ > 10_000 ? { value: undefined, done: true } : wrong),
          cancel: async () => {},
          releaseLock() {},
        }),
        cancel: async () => {},
        pipeTo() {},
        pipeThrough() {},
        tee() {},
        [Symbol.toStringTag]: 'ReadableStream',
      };
      await assert.rejects(settles(pipeline(stream, consume)), {
        name: 'TypeError',
        message: 'read() of the reader returned a result that is not an object; return { value, done }',
      });
    });
  }
});
