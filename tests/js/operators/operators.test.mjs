/** The stages that work on each chunk: what they give, what they hold, and how they end. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  batch,
  chunk,
  filter,
  flatten,
  map,
  pipeline,
  rateLimit,
  ReadableStream,
  skip,
  take,
  tap,
  tee,
  WritableStream,
} from 'tidegate';

const unhandled = [];
const onUnhandled = (error) => unhandled.push(error);
process.on('unhandledRejection', onUnhandled);
after(() => {
  process.removeListener('unhandledRejection', onUnhandled);
  assert.deepEqual(unhandled, []);
});

const all = (source, ...stages) =>
  pipeline(source, ...stages, async (chunks) => {
    const seen = [];
    for await (const value of chunks) seen.push(value);
    return seen;
  });

/** An endless source that counts what was asked of it, and remembers its cancel. */
function endless() {
  const state = { made: 0, cancelled: undefined };
  const stream = new ReadableStream(
    {
      pull: (controller) => controller.enqueue(state.made++),
      cancel: (reason) => void (state.cancelled = { reason }),
    },
    { highWaterMark: 0 },
  );
  return { state, stream };
}

const bytes = (...values) => Uint8Array.from(values);
const operators = {
  map: () => map((x) => x),
  'map of 3 at once': () => map(async (x) => x, { concurrency: 3 }),
  'map of 3 in any order': () => map(async (x) => x, { concurrency: 3, ordered: false }),
  filter: () => filter(() => true),
  tap: () => tap(() => {}),
  take: () => take(1e9),
  skip: () => skip(0),
  batch: () => batch(1),
  'batch with ms': () => batch(5, { ms: 1 }),
  flatten: () => flatten(),
  chunk: () => chunk(1),
  rateLimit: () => rateLimit({ bytesPerSecond: 1e9 }),
};
/** A chunk that every operator takes. */
const piece = () => bytes(7);

for (const [name, make] of Object.entries(operators)) {
  describe(name, () => {
    test('passes the error of its source on, the same object', async () => {
      const error = new Error('source');
      await assert.rejects(
        all(
          (async function* () {
            yield piece();
            throw error;
          })(),
          make(),
        ),
        (reason) => reason === error,
      );
    });

    test('is taken down by an error after it, with its source', async () => {
      const error = new Error('sink');
      let released = false;
      const source = (async function* () {
        try {
          for (;;) yield piece();
        } finally {
          released = true;
        }
      })();
      await assert.rejects(
        pipeline(
          source,
          make(),
          new WritableStream({
            write() {
              throw error;
            },
          }),
        ),
        (reason) => reason === error,
      );
      assert.equal(released, true);
    });

    test('is taken down by a signal within a second, while nothing comes', async () => {
      const controller = new AbortController();
      const running = pipeline(new ReadableStream({}), make(), new WritableStream(), { signal: controller.signal });
      setTimeout(() => controller.abort('enough'), 5);
      const began = performance.now();
      await assert.rejects(running, (reason) => reason === 'enough');
      assert.ok(performance.now() - began < 1000);
    });

    test('tells its source when the consumer leaves', async () => {
      let released = false;
      const source = (async function* () {
        try {
          for (;;) yield piece();
        } finally {
          released = true;
        }
      })();
      await pipeline(source, make(), async (chunks) => {
        for await (const chunk of chunks) return chunk;
      });
      assert.equal(released, true);
    });

    test('asks a source for no more than a few chunks while the consumer stands still', async () => {
      let made = 0;
      const source = new ReadableStream(
        {
          pull(controller) {
            made += 1;
            controller.enqueue(piece());
          },
        },
        { highWaterMark: 0 },
      );
      const pair = make();
      const piped = source.pipeTo(pair.writable);
      const reader = pair.readable.getReader();
      await reader.read();
      await sleep(20);
      const before = made;
      await sleep(20);
      assert.equal(made, before, 'it went on asking');
      assert.ok(made <= 12, `${made} chunks were asked for`);
      await reader.cancel('done');
      await piped.catch(() => {});
    });

    test('works with pipeThrough', async () => {
      const source = ReadableStream.from([piece(), piece()]);
      const seen = [];
      for await (const value of source.pipeThrough(make())) seen.push(value);
      assert.ok(seen.length > 0);
    });
  });
}

describe('map', () => {
  test('gives results in order, whatever order they come in', async () => {
    const delays = [9, 1, 5, 0, 3];
    assert.deepEqual(
      await all(
        delays,
        map(
          async (ms, { index }) => {
            await sleep(ms);
            return index;
          },
          { concurrency: 3 },
        ),
      ),
      [0, 1, 2, 3, 4],
    );
  });

  test('gives results as they are done where order does not matter', async () => {
    assert.deepEqual(
      await all(
        [30, 1],
        map(
          async (ms) => {
            await sleep(ms);
            return ms;
          },
          { concurrency: 2, ordered: false },
        ),
      ),
      [1, 30],
    );
  });

  test('loses no chunk that comes as the result before it is handed on, however soon the source ends', async () => {
    for (let ticks = 0; ticks < 30; ticks += 1) {
      let controller;
      const source = new ReadableStream({ start: (given) => void (controller = given) });
      const result = all(
        source,
        map(async (x) => x, { concurrency: 2 }),
      );
      await sleep(0);
      controller.enqueue(0);
      for (let n = 0; n < ticks; n += 1) await undefined;
      controller.enqueue(1);
      controller.close();
      assert.deepEqual(await result, [0, 1], `${ticks} microtasks between the two`);
    }
  });

  for (const ordered of [true, false]) {
    test(`never has more than its concurrency under way or held, ordered: ${ordered}`, async () => {
      let running = 0;
      let most = 0;
      let begun = 0;
      const work = map(
        async (x) => {
          begun += 1;
          most = Math.max(most, (running += 1));
          await sleep(x % 3);
          running -= 1;
          return x;
        },
        { concurrency: 4, ordered },
      );
      let taken = 0;
      await pipeline(
        Array.from({ length: 40 }, (_, i) => i),
        work,
        async (chunks) => {
          for await (const value of chunks) {
            assert.ok(value >= 0);
            taken += 1;
            await sleep(1);
            assert.ok(begun - taken <= 5, `${begun} begun, ${taken} taken`);
          }
        },
      );
      assert.equal(taken, 40);
      assert.ok(most <= 4, `${most} at once`);
      assert.ok(most > 1, 'nothing ran at once');
    });
  }

  test('stops at the first failure: no call after it, the others told by their signal, their own failures dropped', async () => {
    const error = new Error('third');
    const begun = [];
    const aborted = [];
    const work = map(
      async (x, { signal }) => {
        begun.push(x);
        if (x === 2) {
          await sleep(2);
          throw error;
        }
        await new Promise((resolve, reject) =>
          signal.addEventListener('abort', () => {
            aborted.push(x);
            reject(new Error('second'));
          }),
        );
      },
      { concurrency: 3 },
    );
    await assert.rejects(all([0, 1, 2, 3, 4], work), (reason) => reason === error);
    await sleep(5);
    assert.deepEqual(
      [begun, aborted],
      [
        [0, 1, 2],
        [0, 1],
      ],
    );
  });

  test('throws what the function throws, at any concurrency', async () => {
    const error = new Error('thrown');
    for (const concurrency of [1, 2]) {
      await assert.rejects(
        all(
          [1],
          map(
            () => {
              throw error;
            },
            { concurrency },
          ),
        ),
        (reason) => reason === error,
      );
    }
  });

  test('says what is wrong with its arguments', () => {
    assert.throws(() => map(1), {
      name: 'TypeError',
      message: 'map(): the first argument must be a function; got number',
    });
    assert.throws(() => map((x) => x, { concurrency: 0 }), {
      name: 'RangeError',
      message: 'map(): concurrency must be a whole number of at least 1; got 0',
    });
  });
});

describe('filter, tap, take and skip', () => {
  test('filter keeps what its function says, or promises', async () => {
    assert.deepEqual(
      await all(
        [1, 2, 3, 4],
        filter((x) => x % 2),
        filter(async (x) => x > 1),
      ),
      [3],
    );
  });

  test('tap sees every chunk before it goes on', async () => {
    const seen = [];
    await all(
      [1, 2],
      tap(async (x) => {
        await sleep(1);
        seen.push(x);
      }),
      tap((x) => assert.equal(seen.at(-1), x)),
    );
    assert.deepEqual(seen, [1, 2]);
  });

  test('take ends after its count and cancels the source, having asked for no more', async () => {
    const { state, stream } = endless();
    assert.deepEqual(await all(stream, take(3)), [0, 1, 2]);
    assert.ok(state.cancelled);
    assert.ok(state.made <= 5, `${state.made} asked for`);
  });

  test('take of nothing ends at once', async () => assert.deepEqual(await all([1, 2], take(0)), []));

  test('skip drops its count', async () => assert.deepEqual(await all([1, 2, 3], skip(2)), [3]));
});

describe('batch', () => {
  test('gives arrays of its count, and what is left at the end', async () => {
    assert.deepEqual(await all([1, 2, 3, 4, 5], batch(2)), [[1, 2], [3, 4], [5]]);
  });

  test('gives what there is when its time is up', async () => {
    async function* slow() {
      yield* [1, 2];
      await sleep(40);
      yield 3;
    }
    assert.deepEqual(await all(slow(), batch(10, { ms: 5 })), [[1, 2], [3]]);
  });

  test('waits where its time is longer than a timer can be', async () => {
    async function* slow() {
      yield 1;
      await sleep(20);
      yield 2;
    }
    assert.deepEqual(await all(slow(), batch(10, { ms: 2 ** 31 })), [[1, 2]]);
  });

  test('keeps no timer when it is taken down', async () => {
    const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const controller = new AbortController();
    const running = all(
      (async function* () {
        yield 1;
        await new Promise((resolve) => controller.signal.addEventListener('abort', resolve));
      })(),
      batch(10, { ms: 60_000 }),
    );
    const aborted = pipeline(
      new ReadableStream({ start: (c) => c.enqueue(1) }),
      batch(10, { ms: 60_000 }),
      new WritableStream(),
      { signal: controller.signal },
    );
    await sleep(5);
    controller.abort('stop');
    await assert.rejects(aborted, (reason) => reason === 'stop');
    await running;
    assert.equal(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length, before);
  });
});

describe('flatten', () => {
  test('gives the values of arrays, generators and async iterables', async () => {
    async function* later() {
      yield 4;
    }
    assert.deepEqual(await all([[1, Promise.resolve(2)], new Set([3]), later(), []], flatten()), [1, 2, 3, 4]);
  });

  test('stops in the middle of a long iterable while nothing is wanted, and tells it when the consumer leaves', async () => {
    const state = { made: 0, returned: false };
    function* long() {
      try {
        for (;;) yield state.made++;
      } finally {
        state.returned = true;
      }
    }
    const reader = ReadableStream.from([long()]).pipeThrough(flatten()).getReader();
    for (let i = 0; i < 3; i += 1) await reader.read();
    await sleep(10);
    assert.ok(state.made <= 4, `${state.made} were made for 3`);
    await reader.cancel();
    await sleep(1);
    assert.equal(state.returned, true);
  });

  test('refuses a string, whose characters nobody means', async () => {
    await assert.rejects(all(['abc'], flatten()), { name: 'TypeError', message: /not a string; got string/ });
  });
});

describe('chunk', () => {
  test('gives pieces of its size at every way to cut the input', async () => {
    const input = Uint8Array.from({ length: 23 }, (_, i) => i);
    for (let size = 1; size <= 24; size += 1) {
      for (let cut = 1; cut <= 23; cut += 1) {
        const parts = [];
        for (let at = 0; at < 23; at += cut) parts.push(input.subarray(at, at + cut));
        const pieces = await all(parts, chunk(size));
        assert.deepEqual(Buffer.concat(pieces), Buffer.from(input));
        assert.ok(
          pieces.slice(0, -1).every((one) => one.length === size),
          `size ${size}, cut ${cut}`,
        );
      }
    }
  });

  test('does not copy a piece that lies whole in a chunk', async () => {
    const input = new Uint8Array(10);
    assert.deepEqual(
      (await all([input], chunk(5))).map((one) => one.buffer === input.buffer),
      [true, true],
    );
  });
});

describe('rateLimit', () => {
  test('takes twice as long at half the rate', async () => {
    const time = async (bytesPerSecond) => {
      const began = performance.now();
      await all(
        Array.from({ length: 20 }, () => new Uint8Array(1000)),
        rateLimit({ bytesPerSecond, burst: 1000 }),
      );
      return performance.now() - began;
    };
    const ratio = (await time(50_000)) / (await time(100_000));
    assert.ok(ratio > 1.5 && ratio < 2.5, `${ratio}`);
  });

  test('stops waiting when the consumer leaves', async () => {
    const began = performance.now();
    await pipeline(
      [new Uint8Array(1e6), new Uint8Array(1)],
      rateLimit({ bytesPerSecond: 1000, burst: 1 }),
      async (chunks) => {
        for await (const chunk of chunks) return chunk;
      },
    );
    assert.ok(performance.now() - began < 1000);
  });
});

describe('tee', () => {
  const drain = async (stream) => {
    const seen = [];
    for await (const value of stream) seen.push(value);
    return seen;
  };

  test('gives every chunk to every branch', async () => {
    const branches = tee(ReadableStream.from([1, 2, 3]), { branches: 3 });
    assert.deepEqual(await Promise.all(branches.map(drain)), [
      [1, 2, 3],
      [1, 2, 3],
      [1, 2, 3],
    ]);
  });

  for (const limit of [1, 4]) {
    test(`lets the fastest be at most ${limit} ahead, and reads no more for it`, async () => {
      const { state, stream } = endless();
      const [fast, slow] = tee(stream, { limit });
      const reader = fast.getReader();
      let read = 0;
      reader.read().then(function next({ done }) {
        if (done) return undefined;
        read += 1;
        return reader.read().then(next);
      });
      await sleep(10);
      assert.equal(read, limit);
      assert.equal(state.made, limit);
      const slowReader = slow.getReader();
      assert.deepEqual(await slowReader.read(), { value: 0, done: false });
      await sleep(5);
      assert.equal(read, limit + 1);
      await slowReader.cancel();
      await reader.cancel();
    });
  }

  test('goes on at the pace of those that are left, and cancels the source with the reasons of all', async () => {
    const { state, stream } = endless();
    const [first, second] = tee(stream);
    await first.cancel('a');
    const reader = second.getReader();
    for (let i = 0; i < 5; i += 1) assert.equal((await reader.read()).value, i);
    assert.equal(state.cancelled, undefined);
    await reader.cancel('b');
    assert.deepEqual(state.cancelled, { reason: ['a', 'b'] });
  });

  test('passes an error on to all branches, at once', async () => {
    const error = new Error('source');
    let controller;
    const branches = tee(new ReadableStream({ start: (c) => void (controller = c) }));
    const reads = branches.map((branch) => branch.getReader().read());
    controller.error(error);
    for (const { reason } of await Promise.allSettled(reads)) assert.equal(reason, error);
  });

  test('takes the streams of the engine, and unlocks the stream at its end', async () => {
    const native = new globalThis.ReadableStream({
      start(c) {
        c.enqueue(1);
        c.close();
      },
    });
    assert.deepEqual(await Promise.all(tee(native).map(drain)), [[1], [1]]);
    const ours = ReadableStream.from([1]);
    await Promise.all(tee(ours).map(drain));
    assert.equal(ours.locked, false);
  });
});

test('any chain of operators gives what arrays give', async () => {
  let state = 12345;
  const random = (below) => (state = (state * 1103515245 + 12345) % 2147483648) % below;
  const kinds = [
    () => {
      const k = random(5);
      return [map((x) => x + k), (a) => a.map((x) => x + k)];
    },
    () => {
      const concurrency = 1 + random(4);
      return [
        map(
          async (x) => {
            if (random(2)) await undefined;
            return x * 2;
          },
          { concurrency },
        ),
        (a) => a.map((x) => x * 2),
      ];
    },
    () => {
      const k = 2 + random(3);
      return [filter((x) => x % k), (a) => a.filter((x) => x % k)];
    },
    () => {
      const k = random(60);
      return [take(k), (a) => a.slice(0, k)];
    },
    () => {
      const k = random(9);
      return [skip(k), (a) => a.slice(k)];
    },
    () => [tap(() => {}), (a) => a],
  ];
  for (let run = 0; run < 200; run += 1) {
    const input = Array.from({ length: random(50) }, () => random(1000));
    const chain = Array.from({ length: 1 + random(4) }, () => kinds[random(kinds.length)]());
    const size = 1 + random(4);
    const expected = chain.reduce((values, [, plain]) => plain(values), input);
    const seen = await all(input, ...chain.map(([stage]) => stage), batch(size), flatten());
    assert.deepEqual(seen, expected, `run ${run}`);
  }
});
