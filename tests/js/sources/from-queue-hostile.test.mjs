/** fromQueue() and queues that call back at once, deliver too late, and never answer. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { acknowledged, fromQueue, pipeline } from 'tidegate';
import { within } from '../pipeline/pipeline-parts.mjs';

const broken = new Error('broken');
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const never = () => new Promise(() => {});
const all = acknowledged(async (values) => {
  for await (const value of values) void value;
});
const failing = acknowledged(async (values) => {
  for await (const value of values) throw value && broken;
});

/** A queue that records what it is told; `own` replaces its functions. */
function queueOf(own = {}) {
  const calls = [];
  const queue = {
    subscribe(deliver, { end }) {
      Object.assign(queue, { deliver, end });
      own.begin?.(deliver, end);
      return () => void calls.push('unsubscribe');
    },
    ack: (item) => void calls.push(`ack ${item}`),
    nack: (item) => void calls.push(`nack ${item}`),
    ...own,
  };
  return { queue, calls };
}

describe('a queue that calls back at once', () => {
  test('is told once of an item that it acknowledges from within ack()', async () => {
    const calls = [];
    const messages = [];
    const { queue } = queueOf({
      begin(deliver, end) {
        deliver(1);
        end();
      },
      ack(item) {
        calls.push(`ack ${item}`);
        messages[0].ack();
        messages[0].nack(broken);
      },
    });
    await pipeline(fromQueue(queue), async (given) => {
      for await (const message of given) {
        messages.push(message);
        await message.ack();
      }
    });
    assert.deepEqual(calls, ['ack 1']);
  });

  test('may deliver an item again from within nack(), for as long as it has a subscriber', async () => {
    let nacked = 0;
    let depth = 0;
    let deepest = 0;
    let subscribed = true;
    const { queue } = queueOf({
      subscribe(deliver) {
        queue.deliver = deliver;
        deliver(1);
        return () => void (subscribed = false);
      },
      nack(item) {
        nacked += 1;
        deepest = Math.max(deepest, ++depth);
        if (subscribed) queue.deliver(item);
        depth -= 1;
      },
    });
    await assert.rejects(within(10_000, pipeline(fromQueue(queue), failing)), (error) => error === broken);
    const then = nacked;
    assert.ok(then > 0 && !subscribed);
    assert.equal(deepest, 1);
    await pause(50);
    assert.ok(nacked <= then + 1, 'an item was returned after the subscription had ended');
  });

  test('is unsubscribed from once where nack() aborts the signal', async () => {
    const controller = new AbortController();
    const { queue, calls } = queueOf({
      begin: (deliver) => deliver(1),
      nack: () => controller.abort(new Error('another')),
    });
    await assert.rejects(within(10_000, pipeline(fromQueue(queue, { signal: controller.signal }), failing)));
    await pause(20);
    assert.deepEqual(calls, ['unsubscribe']);
  });
});

describe('an item that a queue delivers too late is returned', () => {
  test('after the pipeline has ended', async () => {
    const { queue, calls } = queueOf({
      begin(deliver, end) {
        deliver(1);
        end();
      },
    });
    await pipeline(fromQueue(queue), all);
    queue.deliver(2);
    await pause(20);
    assert.deepEqual(calls, ['ack 1', 'unsubscribe', 'nack 2']);
  });

  test('after the pipeline has failed', async () => {
    const { queue, calls } = queueOf({ begin: (deliver) => deliver(1) });
    await assert.rejects(pipeline(fromQueue(queue), failing));
    queue.deliver(2);
    await pause(20);
    assert.deepEqual(calls, ['nack 1', 'unsubscribe', 'nack 2']);
  });

  test('after end(), while others are read, which fails and says so', async () => {
    const { queue, calls } = queueOf({
      begin(deliver, end) {
        deliver(1);
        end();
        deliver(2);
      },
    });
    await assert.rejects(pipeline(fromQueue(queue), all), {
      name: 'TypeError',
      message: 'fromQueue(): the queue delivered an item after end(); call end() after the last item',
    });
    assert.deepEqual([...calls].sort(), ['nack 1', 'nack 2', 'unsubscribe']);
  });
});

describe('a queue that never answers', () => {
  for (const [what, own] of [
    ['nack()', { nack: never }],
    ['an unsubscribe', { subscribe: (deliver) => (deliver(1), never) }],
    ['subscribe()', { subscribe: (deliver) => (deliver(1), never()) }],
  ]) {
    test(`${what} does not hold up a failure`, async () => {
      const { queue } = queueOf({ begin: (deliver) => deliver(1), ...own });
      await assert.rejects(within(10_000, pipeline(fromQueue(queue), failing)), (error) => error === broken);
    });
  }

  for (const [what, own] of [
    ['ack()', { ack: never }],
    [
      'an unsubscribe',
      {
        subscribe(deliver, { end }) {
          deliver(1);
          end();
          return never;
        },
      },
    ],
  ]) {
    test(`${what} is waited for until the signal is aborted`, async () => {
      const begin = (deliver, end) => (deliver(1), end());
      const { queue } = queueOf({ begin, ...own });
      const controller = new AbortController();
      const running = pipeline(fromQueue(queue), all, { signal: controller.signal });
      setTimeout(() => controller.abort(broken), 100);
      await assert.rejects(within(10_000, running), (error) => error === broken);
    });
  }
});
