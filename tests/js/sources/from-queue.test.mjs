/** fromQueue() and acknowledged(): what has left the pipeline is acknowledged, and nothing else. */
import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { Writable } from 'node:stream';
import { TransformStream, WritableStream, acknowledged, batch, fromQueue, map, pipeline, toArray } from 'tidegate';
import { turn, within } from '../pipeline/pipeline-parts.mjs';

const broken = new Error('broken');
const unhandled = [];
const onUnhandled = (error) => unhandled.push(error);
process.on('unhandledRejection', onUnhandled);
afterEach(async () => {
  await turn();
  assert.deepEqual(unhandled.splice(0), []);
});

/** A queue as brokers are: delivers what is not acknowledged again to the next subscriber, and can be paused. */
function broker(count, { pausable = true } = {}) {
  const waiting = Array.from({ length: count }, (_, n) => n);
  const state = { delivered: [], acked: [], nacked: [], reasons: [], subscribed: 0, pauses: 0, paused: false };
  const flying = new Set();
  let wake = () => {};
  const queue = {
    subscribe(deliver, { end }) {
      state.subscribed += 1;
      state.paused = false;
      let active = true;
      (async () => {
        while (active) {
          if (state.paused) {
            await new Promise((resolve) => void (wake = resolve));
            continue;
          }
          if (waiting.length === 0) {
            if (flying.size === 0) return void (active && end());
            await turn();
            continue;
          }
          const item = waiting.shift();
          flying.add(item);
          state.delivered.push(item);
          deliver({ id: item });
          await undefined;
        }
      })();
      return async () => {
        active = false;
        state.subscribed -= 1;
        wake();
        assert.deepEqual(
          [...flying],
          [],
          'the queue was left with items that were neither acknowledged nor given back',
        );
      };
    },
    ack({ id }) {
      assert.ok(flying.delete(id), `${id} was acknowledged and is not delivered`);
      state.acked.push(id);
    },
    nack({ id }, reason) {
      if (flying.delete(id)) waiting.unshift(id);
      state.nacked.push(id);
      state.reasons.push(reason);
    },
    ...(pausable && {
      pause() {
        state.paused = true;
        state.pauses += 1;
      },
      resume() {
        state.paused = false;
        wake();
      },
    }),
  };
  return { queue, state };
}

const numbers = (count) => Array.from({ length: count }, (_, n) => n);
const sorted = (list) => [...list].sort((a, b) => a - b);

describe('a pipeline from fromQueue()', () => {
  test('acknowledges each item once its sink has taken it, and leaves the queue when that says that it is over', async () => {
    const { queue, state } = broker(100);
    const written = [];
    const sink = new WritableStream({
      async write({ id }) {
        await turn();
        assert.equal(state.acked.includes(id), false);
        written.push(id);
      },
    });
    await pipeline(fromQueue(queue), acknowledged(sink));
    assert.deepEqual(written, numbers(100));
    assert.deepEqual(state.acked, numbers(100));
    assert.deepEqual([state.nacked, state.subscribed], [[], 0]);
  });

  test("acknowledges an item once the engine's sink has written it, not when that wants more", async () => {
    const { queue, state } = broker(10);
    const sink = new globalThis.WritableStream(
      {
        async write({ id }) {
          await turn();
          assert.equal(state.acked.includes(id), false);
        },
      },
      { highWaterMark: 5 },
    );
    await pipeline(fromQueue(queue), acknowledged(sink));
    assert.deepEqual(state.acked, numbers(10));
  });

  test('acknowledges what has become of an item by the way', async () => {
    const { queue, state } = broker(50);
    const written = [];
    await pipeline(
      fromQueue(queue),
      map(async (message) => message.with(message.value.id * 2), { concurrency: 8, ordered: false }),
      async function* (messages) {
        for await (const message of messages) yield message.with(message.value + 1);
      },
      acknowledged(new WritableStream({ write: (value) => void written.push(value) })),
    );
    assert.deepEqual(
      sorted(written),
      numbers(50).map((n) => n * 2 + 1),
    );
    assert.deepEqual(sorted(state.acked), numbers(50));
  });

  test('acknowledges all messages of a batch at once, the last one too', async () => {
    const { queue, state } = broker(25);
    const sizes = [];
    const sink = new WritableStream({ write: (values) => void sizes.push(values.length) });
    await within(
      5000,
      pipeline(
        fromQueue(
          {
            ...queue,
            subscribe: (deliver, { end }) => {
              for (const id of numbers(25)) {
                state.delivered.push(id);
                deliver({ id });
              }
              end();
            },
            ack: ({ id }) => void state.acked.push(id),
          },
          { highWaterMark: 100 },
        ),
        batch(10),
        acknowledged(sink),
      ),
    );
    assert.deepEqual(sizes, [10, 10, 5]);
    assert.deepEqual(state.acked, numbers(25));
  });

  test('acknowledges for a function what it has gone on from, and the last when it has come to its end', async () => {
    const { queue, state } = broker(10);
    const result = await pipeline(
      fromQueue(queue),
      acknowledged(async (items) => {
        for await (const { id } of items) {
          assert.equal(state.acked.includes(id), false);
          if (id === 4) return 'enough';
        }
        return 'all';
      }),
    );
    assert.equal(result, 'enough');
    assert.deepEqual(state.acked, [0, 1, 2, 3, 4]);
    assert.equal(state.subscribed, 0);
  });

  test('leaves an item for a filter to acknowledge that it drops', async () => {
    const { queue, state } = broker(10);
    async function* even(messages) {
      for await (const message of messages) {
        if (message.value.id % 2 === 0) yield message;
        else await message.ack();
      }
    }
    await pipeline(fromQueue(queue), even, acknowledged(new WritableStream()));
    assert.deepEqual(sorted(state.acked), numbers(10));
  });

  for (const [what, parts] of [
    [
      'a stage',
      () => [
        (message) => {
          if (message.value.id === 5) throw broken;
          return message;
        },
        acknowledged(new WritableStream({ write: turn })),
      ],
    ],
    [
      'the sink',
      () => [
        acknowledged(
          new WritableStream({
            write({ id }) {
              if (id === 5) throw broken;
            },
          }),
        ),
      ],
    ],
    [
      "Node's sink",
      () => [
        acknowledged(
          new Writable({
            objectMode: true,
            write: ({ id }, encoding, done) => setTimeout(done, 1, id === 5 ? broken : null),
          }),
        ),
      ],
    ],
    [
      'a function',
      () => [
        acknowledged(async (items) => {
          for await (const { id } of items) if (id === 5) throw broken;
        }),
      ],
    ],
  ]) {
    test(`gives back what has not left it when ${what} fails, and the next pipeline gets it`, async () => {
      const { queue, state } = broker(30);
      await assert.rejects(within(1000, pipeline(fromQueue(queue), ...parts())), (error) => error === broken);
      assert.equal(state.subscribed, 0);
      assert.equal(state.acked.includes(5), false);
      assert.ok(state.nacked.includes(5));
      assert.ok(state.reasons.every((reason) => reason === broken));
      const before = [...state.acked];
      await pipeline(fromQueue(queue), acknowledged(new WritableStream()));
      assert.deepEqual(sorted(state.acked), numbers(30));
      assert.equal(new Set(state.acked).size, 30, `${before} and ${state.acked}`);
    });
  }

  test('gives back what is in a stage when it fails after the queue is over', async () => {
    const nacked = [];
    const queue = {
      subscribe(deliver, { end }) {
        deliver('a');
        deliver('b');
        end();
      },
      ack: () => assert.fail('nothing was done'),
      nack: (item, reason) => nacked.push([item, reason]),
    };
    const hold = new TransformStream({
      transform() {},
      flush() {
        throw broken;
      },
    });
    await assert.rejects(
      pipeline(fromQueue(queue), hold, acknowledged(new WritableStream())),
      (error) => error === broken,
    );
    assert.deepEqual(nacked, [
      ['a', broken],
      ['b', broken],
    ]);
  });

  test('fails with the error of an acknowledgement', async () => {
    const { queue, state } = broker(5);
    await assert.rejects(
      within(
        1000,
        pipeline(fromQueue({ ...queue, ack: () => Promise.reject(broken) }), acknowledged(new WritableStream())),
      ),
      (error) => error === broken,
    );
    assert.equal(state.subscribed, 0);
  });

  test('takes the queue down when its signal is aborted', async () => {
    const { queue, state } = broker(1000);
    const controller = new AbortController();
    const running = pipeline(fromQueue(queue), acknowledged(new WritableStream({ write: turn })), {
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(broken), 10);
    await assert.rejects(within(1000, running), (error) => error === broken);
    assert.equal(state.subscribed, 0);
    assert.equal(state.delivered.length, state.acked.length + state.nacked.length);
  });
});

describe('fromQueue()', () => {
  test('pauses the queue while nobody takes, and resumes it', async () => {
    const { queue, state } = broker(10_000);
    const reader = fromQueue(queue, { highWaterMark: 8 }).getReader();
    for (let n = 0; n < 20; n += 1) await turn();
    assert.ok(state.delivered.length <= 10, `${state.delivered.length} items were delivered for a mark of 8`);
    const stood = state.delivered.length;
    for (let n = 0; n < 20; n += 1) await turn();
    assert.equal(state.delivered.length, stood);
    for (let n = 0; n < 500; n += 1) {
      const { value } = await reader.read();
      assert.equal(value.value.id, n);
      await value.ack();
    }
    assert.ok(state.pauses > 10);
    await reader.cancel();
    for (let n = 0; n < 5; n += 1) await turn();
    assert.equal(state.subscribed, 0);
  });

  test('fails at its capacity where the queue cannot be paused, and gives everything back', async () => {
    const { queue, state } = broker(10_000, { pausable: false });
    const stream = fromQueue(queue, { highWaterMark: 4, capacity: 20 });
    for (let n = 0; n < 10; n += 1) await turn();
    await assert.rejects(toArray(stream), {
      name: 'RangeError',
      message: /the queue exceeded its capacity of 20 chunks, because the consumer is slower than the producer/,
    });
    assert.equal(state.subscribed, 0);
    assert.ok(state.delivered.length <= 40);
    assert.equal(state.nacked.length, state.delivered.length);
  });

  test('settles an item once', async () => {
    const calls = [];
    let deliver;
    const stream = fromQueue({
      subscribe: (given) => void (deliver = given),
      ack: () => void calls.push('ack'),
      nack: () => void calls.push('nack'),
    });
    deliver('x');
    const reader = stream.getReader();
    const { value: message } = await reader.read();
    await Promise.all([message.ack(), message.with('y').ack(), message.nack()]);
    await reader.cancel();
    assert.deepEqual(calls, ['ack']);
  });

  test('fails with what subscribe() throws, and what pause() throws', async () => {
    for (const subscribe of [
      () => {
        throw broken;
      },
      () => Promise.reject(broken),
    ]) {
      await assert.rejects(within(1000, toArray(fromQueue({ subscribe, ack() {} }))), (error) => error === broken);
    }
    const flooding = {
      subscribe: (deliver) => numbers(5).forEach((n) => deliver(n)),
      ack() {},
      pause() {
        throw broken;
      },
    };
    await assert.rejects(within(1000, toArray(fromQueue(flooding, { highWaterMark: 2 }))), (error) => error === broken);
  });

  test('waits for a subscription that is under way before it takes it back', async () => {
    const calls = [];
    const stream = fromQueue({
      async subscribe() {
        await turn();
        calls.push('subscribed');
        return () => void calls.push('unsubscribed');
      },
      ack() {},
    });
    await stream.cancel();
    for (let n = 0; n < 5; n += 1) await turn();
    assert.deepEqual(calls, ['subscribed', 'unsubscribed']);
  });

  test('says what it lacks', () => {
    assert.throws(() => fromQueue({ ack() {} }), {
      name: 'TypeError',
      message: 'fromQueue(): subscribe of the queue must be a function; got undefined',
    });
    assert.throws(() => fromQueue({ subscribe() {} }), /fromQueue\(\): ack of the queue must be a function/);
    assert.throws(() => acknowledged(5), {
      name: 'TypeError',
      message: /^acknowledged\(\): the argument must be a writable stream or a function; got number$/,
    });
  });

  test('refuses chunks at its end that are no messages, and says what to do', async () => {
    const { queue } = broker(1);
    await assert.rejects(
      pipeline(fromQueue(queue), (message) => message.value, acknowledged(new WritableStream())),
      {
        name: 'TypeError',
        message: /^acknowledged\(\): chunks must be messages of fromQueue\(\).*message\.with\(value\)$/,
      },
    );
  });
});
