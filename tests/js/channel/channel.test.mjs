/** Channels and events: write(), drain, the hard bound, and how either side ends. */
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { channel, fromEvents, pipeline } from 'tidegate';

const drain = async (stream) => {
  const seen = [];
  for await (const chunk of stream) seen.push(chunk);
  return seen;
};
const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

describe('channel', () => {
  test('write() is true up to the high-water mark of 16 chunks, and false from there on', async () => {
    const events = channel();
    const answers = Array.from({ length: 18 }, (_, i) => events.write(i));
    assert.deepEqual(answers, [...new Array(15).fill(true), false, false, false]);
    assert.equal(events.desiredSize, -2);
  });

  test('with sizes in bytes the mark is 16 KiB, and strings and buffers have their lengths', () => {
    const bytes = channel({ size: 'bytes' });
    assert.equal(bytes.desiredSize, 16384);
    assert.equal(bytes.write(new Uint8Array(16000)), true);
    assert.equal(bytes.write('x'.repeat(383)), true);
    assert.equal(bytes.write(new ArrayBuffer(1)), false);
    assert.equal(bytes.desiredSize, 0);
  });

  test('drained and the drain event come when the consumer has made room, once for each time it was full', async () => {
    const events = channel({ highWaterMark: 2 });
    let drains = 0;
    events.addEventListener('drain', () => {
      drains += 1;
    });
    events.write(1);
    assert.equal(events.write(2), false);
    let drained = false;
    const promise = events.drained.then(() => {
      drained = true;
    });
    await turn();
    assert.deepEqual([drained, drains], [false, 0]);
    const reader = events.readable.getReader();
    await reader.read();
    await promise;
    await reader.read();
    await turn();
    assert.equal(drains, 1);
    await events.drained;
  });

  test('a producer that heeds write() keeps the queue at its mark, whatever the consumer does', async () => {
    const events = channel({ highWaterMark: 8 });
    let most = 0;
    const produce = async () => {
      for (let i = 0; i < 1000; i += 1) {
        if (events.write(i) === false) await events.drained;
        most = Math.max(most, 8 - events.desiredSize);
      }
      events.end();
    };
    let count = 0;
    await Promise.all([
      produce(),
      pipeline(events.readable, async (chunks) => {
        for await (const chunk of chunks) {
          assert.equal(chunk, count);
          count += 1;
          if (count % 100 === 0) await sleep(1);
        }
      }),
    ]);
    assert.equal(count, 1000);
    assert.ok(most <= 8, `${most} were queued`);
  });

  test('one that does not fails at the capacity, with what to do in the message', async () => {
    const events = channel({ highWaterMark: 2, capacity: 5 });
    for (let i = 0; i < 6; i += 1) events.write(i);
    await assert.rejects(drain(events.readable), {
      name: 'RangeError',
      message: /the queue exceeded its capacity of 5 chunks, .* wait for drained/,
    });
    assert.equal(events.signal.aborted, true);
    assert.equal(events.write(7), false);
  });

  test('the capacity is 64 marks where none is given', () => {
    const events = channel();
    for (let i = 0; i < 1024; i += 1) events.write(i);
    assert.equal(events.signal.aborted, false);
    assert.equal(events.write(1), false);
    assert.equal(events.signal.aborted, true);
  });

  test('drop-oldest keeps the newest and counts the others', async () => {
    const events = channel({ highWaterMark: 3, capacity: 3, overflow: 'drop-oldest' });
    for (let i = 0; i < 10; i += 1) events.write(i);
    events.end();
    assert.deepEqual(await drain(events.readable), [7, 8, 9]);
    assert.deepEqual(events.counts, { written: 10, droppedOldest: 7, droppedNewest: 0, blocked: 0 });
  });

  test('drop-newest keeps the oldest and counts the others', async () => {
    const events = channel({ highWaterMark: 3, capacity: 3, overflow: 'drop-newest' });
    for (let i = 0; i < 10; i += 1) events.write(i);
    events.end();
    assert.deepEqual(await drain(events.readable), [0, 1, 2]);
    assert.deepEqual(events.counts, { written: 3, droppedOldest: 0, droppedNewest: 7, blocked: 0 });
  });

  test('block answers with a promise that waits for room, in order, and nothing is lost', async () => {
    const events = channel({ highWaterMark: 2, capacity: 2, overflow: 'block' });
    let written = 0;
    const produce = async () => {
      for (let i = 0; i < 50; i += 1) {
        await events.write(i);
        written += 1;
      }
      events.end();
    };
    const producing = produce();
    await sleep(5);
    assert.equal(written, 2);
    assert.deepEqual(
      await drain(events.readable),
      Array.from({ length: 50 }, (_, i) => i),
    );
    await producing;
    assert.ok(events.counts.blocked > 0);
  });

  test('end() lets what is queued through, and what is blocked', async () => {
    const events = channel({ highWaterMark: 1, capacity: 1, overflow: 'block' });
    events.write(1);
    const blocked = events.write(2);
    events.end();
    assert.deepEqual(await drain(events.readable), [1, 2]);
    assert.equal(typeof (await blocked), 'boolean');
    assert.throws(() => events.write(3), {
      name: 'TypeError',
      message: 'write(): the channel has ended; write before end() is called',
    });
  });

  test('fail() gives the consumer the same object, at once', async () => {
    const error = new Error('socket');
    const events = channel();
    events.write(1);
    events.fail(error);
    await assert.rejects(drain(events.readable), (reason) => reason === error);
    assert.equal(events.signal.reason, error);
  });

  test('a consumer that leaves aborts the signal, wakes who waits, and later writes are dropped', async () => {
    const events = channel({ highWaterMark: 1, capacity: 1, overflow: 'block' });
    events.write(1);
    const blocked = events.write(2);
    const { drained } = events;
    await events.readable.cancel('enough');
    assert.equal(events.signal.reason, 'enough');
    assert.equal(await blocked, false);
    await drained;
  });

  test('a size() that throws, or answers nonsense, fails the channel', async () => {
    const error = new Error('size');
    const thrower = channel({
      size: () => {
        throw error;
      },
    });
    assert.throws(
      () => thrower.write(1),
      (reason) => reason === error,
    );
    await assert.rejects(drain(thrower.readable), (reason) => reason === error);
    const nonsense = channel({ size: () => NaN });
    nonsense.write(1);
    await assert.rejects(drain(nonsense.readable), RangeError);
  });

  test('empty chunks are not free of charge where sizes are bytes', async () => {
    const bytes = channel({ size: 'bytes', highWaterMark: 100, capacity: 200 });
    for (let n = 0; n < 99; n += 1) assert.equal(bytes.write(n % 2 ? '' : new Uint8Array(0)), true);
    assert.equal(bytes.write(''), false);
    for (let n = 0; n < 101; n += 1) bytes.write('');
    await assert.rejects(drain(bytes.readable), /exceeded its capacity of 200 bytes/);
  });

  test('a chunk larger than the capacity fails it, as there is never room', async () => {
    const bytes = channel({ size: 'bytes', highWaterMark: 10, capacity: 20, overflow: 'drop-oldest' });
    bytes.write(new Uint8Array(21));
    await assert.rejects(drain(bytes.readable), { message: /a chunk of 21 bytes is larger than the capacity of 20/ });
  });

  test('a listener of drain may write, end or fail', async () => {
    for (const act of ['write', 'end', 'fail']) {
      const events = channel({ highWaterMark: 1 });
      events.addEventListener('drain', () => (act === 'write' ? (events.write(2), events.end()) : events[act]('x')));
      events.write(1);
      const seen = await drain(events.readable).catch((reason) => reason);
      assert.deepEqual(seen, { write: [1, 2], end: [1], fail: 'x' }[act]);
    }
  });

  test('end() answers whoever waits for room, before it and after it', async () => {
    const events = channel({ highWaterMark: 2 });
    events.write(1);
    events.write(2);
    const before = events.drained;
    events.end();
    await Promise.all([before, events.drained]);
    assert.deepEqual(await drain(events.readable), [1, 2]);
  });

  test('end() answers it after what is blocked has found room', async () => {
    const events = channel({ highWaterMark: 1, capacity: 1, overflow: 'block' });
    let drains = 0;
    events.addEventListener('drain', () => {
      drains += 1;
    });
    events.write(1);
    events.write(2);
    const drained = events.drained.then(() => 'answered');
    events.end();
    assert.equal(await Promise.race([drained, turn()]), undefined, 'not before');
    assert.deepEqual(await drain(events.readable), [1, 2]);
    assert.equal(await Promise.race([drained, turn()]), 'answered');
    assert.equal(drains, 0, 'nothing may be written any more');
  });

  test('with a mark of 0, a producer goes on while a read waits', { timeout: 5000 }, async () => {
    const events = channel({ highWaterMark: 0 });
    const reader = events.readable.getReader();
    const reads = [reader.read(), reader.read(), reader.read()];
    await turn();
    await events.drained;
    assert.equal(events.write(1), true, 'two reads wait');
    assert.equal(events.write(2), true, 'one read waits');
    await events.drained;
    assert.equal(events.write(3), false);
    assert.deepEqual(
      (await Promise.all(reads)).map(({ value }) => value),
      [1, 2, 3],
    );
    let isDrained = false;
    events.drained.then(() => (isDrained = true));
    await turn();
    assert.equal(isDrained, false, 'nobody reads');
    const last = reader.read();
    await events.drained;
    events.write(4);
    assert.equal((await last).value, 4);
  });

  test('drop-oldest that makes room below the mark tells the producer', async () => {
    const events = channel({ size: (n) => n, highWaterMark: 4, capacity: 4, overflow: 'drop-oldest' });
    let drains = 0;
    events.addEventListener('drain', () => {
      drains += 1;
    });
    assert.equal(events.write(4), false);
    await turn();
    assert.equal(events.write(1), true);
    await events.drained;
    assert.equal(drains, 1);
    assert.equal(events.desiredSize, 3);
  });

  test('blocked writes are retried in their turn, whatever their sizes', async () => {
    const events = channel({ size: (n) => n, highWaterMark: 2, capacity: 4, overflow: 'block' });
    assert.equal(events.write(4), false);
    const blocked = [events.write(3), events.write(2), events.write(0)];
    const reader = events.readable.getReader();
    const seen = [];
    for (let i = 0; i < 4; i += 1) seen.push((await reader.read()).value);
    assert.deepEqual(seen, [4, 3, 2, 0]);
    assert.deepEqual(await Promise.all(blocked), [false, false, false]);
    assert.equal(events.counts.blocked, 3);
  });

  test('a blocked chunk that is larger than the capacity fails the channel in its turn', async () => {
    const discarded = [];
    const events = channel({
      size: (n) => n,
      highWaterMark: 2,
      capacity: 4,
      overflow: 'block',
      onDiscard: (chunk) => discarded.push(chunk),
    });
    events.write(4);
    const blocked = [events.write(3), events.write(5), events.write(1)];
    const reader = events.readable.getReader();
    assert.equal((await reader.read()).value, 4);
    await assert.rejects(reader.read(), { message: /a chunk of 5 units is larger than the capacity of 4/ });
    assert.deepEqual(await Promise.all(blocked), [false, false, false]);
    await turn();
    assert.deepEqual(discarded, [3, 5, 1]);
  });

  test('a chunk whose size() ends the channel is refused, and drops nothing', async () => {
    const events = channel({
      highWaterMark: 2,
      capacity: 2,
      overflow: 'drop-oldest',
      size: (n) => (n === 3 && events.end(), 1),
    });
    events.write(1);
    events.write(2);
    assert.throws(() => events.write(3), { name: 'TypeError', message: /has ended/ });
    assert.deepEqual(events.counts, { written: 2, droppedOldest: 0, droppedNewest: 0, blocked: 0 });
    assert.deepEqual(await drain(events.readable), [1, 2]);
  });

  test('says what is wrong with its options', () => {
    assert.throws(() => channel({ size: 5 }), { message: "channel(): size must be a function or 'bytes'; got number" });
    assert.throws(() => channel({ highWaterMark: -1 }), RangeError);
    assert.throws(() => channel({ highWaterMark: 5, capacity: 2 }), {
      message: /capacity must be at least the high-water mark, 5/,
    });
    assert.throws(() => channel({ overflow: 'drop' }), {
      message: /overflow must be one of error, block, drop-oldest, drop-newest/,
    });
  });
});

test('a channel that counts bytes holds no buffer of which a view is less than half, and no view that is more is copied', async () => {
  const bytes = channel({ size: 'bytes' });
  const buffer = new ArrayBuffer(100);
  const large = new Uint8Array(buffer, 0, 60);
  const pooled = Buffer.from('tide');
  for (const view of [new Uint8Array(buffer, 10, 2), large, new DataView(buffer, 0, 1), pooled]) bytes.write(view);
  bytes.end();
  const all = [];
  for await (const one of bytes.readable) all.push(one);
  assert.deepEqual(
    all.map(({ buffer: { byteLength } }) => byteLength),
    [2, 100, 1, 4],
  );
  assert.equal(all[1], large);
  assert.equal(all[3].toString('utf8'), 'tide');
});

describe('fromEvents', () => {
  for (const [kind, make, emit, count] of [
    [
      'EventTarget',
      () => new EventTarget(),
      (target, name, value) => target.dispatchEvent(Object.assign(new Event(name), { value })),
      undefined,
    ],
    [
      'EventEmitter',
      () => new EventEmitter(),
      (target, name, value) => target.emit(name, { value }),
      (target) => target.eventNames().length,
    ],
  ]) {
    test(`gives the events of an ${kind} until the one that ends them, and leaves no listener`, async () => {
      const target = make();
      const stream = fromEvents(target, 'data', { end: ['end', 'close'], map: (event) => event.value });
      for (const value of [1, 2, 3]) emit(target, 'data', value);
      emit(target, 'close');
      emit(target, 'data', 4);
      assert.deepEqual(await drain(stream), [1, 2, 3]);
      if (count) assert.equal(count(target), 0);
    });

    test(`pauses an ${kind} when nobody takes, and resumes it`, async () => {
      const target = make();
      const calls = [];
      const stream = fromEvents(target, 'data', {
        highWaterMark: 2,
        pause: () => calls.push('pause'),
        resume: () => calls.push('resume'),
      });
      for (let i = 0; i < 5; i += 1) emit(target, 'data', i);
      assert.deepEqual(calls, ['pause'], 'it is paused once, whatever comes meanwhile');
      assert.equal(stream.counts.written, 5);
      const reader = stream.getReader();
      for (let i = 0; i < 4; i += 1) await reader.read();
      await turn();
      assert.deepEqual(calls, ['pause', 'resume']);
      await reader.cancel();
      if (count) assert.equal(count(target), 0);
    });
  }

  test('an error event fails the stream with its error', async () => {
    const target = new EventEmitter();
    const error = new Error('broken');
    const stream = fromEvents(target, 'data');
    target.emit('error', error);
    await assert.rejects(drain(stream), (reason) => reason === error);
    assert.deepEqual(target.eventNames(), []);
  });

  test('a map that throws fails the stream and not the emitter', async () => {
    const target = new EventEmitter();
    const error = new Error('map');
    const stream = fromEvents(target, 'data', {
      map() {
        throw error;
      },
    });
    target.emit('data', 1);
    await assert.rejects(drain(stream), (reason) => reason === error);
    assert.deepEqual(target.eventNames(), []);
  });

  for (const name of ['pause', 'resume']) {
    test(`a ${name} that throws fails the stream and not the emitter`, async () => {
      const target = new EventEmitter();
      const error = new Error(name);
      const stream = fromEvents(target, 'data', {
        highWaterMark: 1,
        [name]() {
          throw error;
        },
      });
      target.emit('data', 1);
      await assert.rejects(drain(stream), (reason) => reason === error);
      assert.deepEqual(target.eventNames(), []);
    });
  }

  test('a signal fails the stream with its reason, before and during', async () => {
    const target = new EventEmitter();
    await assert.rejects(
      drain(fromEvents(target, 'data', { signal: AbortSignal.abort('before') })),
      (reason) => reason === 'before',
    );
    const controller = new AbortController();
    const stream = fromEvents(target, 'data', { signal: controller.signal });
    controller.abort('during');
    await assert.rejects(drain(stream), (reason) => reason === 'during');
    assert.deepEqual(target.eventNames(), []);
  });

  test('events that nobody takes stop at the capacity, and the pipeline says so', async () => {
    const target = new EventEmitter();
    const running = pipeline(fromEvents(target, 'data', { capacity: 100 }), async (chunks) => {
      for await (const chunk of chunks) await sleep(10, chunk);
    });
    for (let i = 0; i < 200; i += 1) target.emit('data', i);
    await assert.rejects(running, RangeError);
    assert.deepEqual(target.eventNames(), []);
  });

  test('says what it cannot listen to', () => {
    assert.throws(() => fromEvents({}, 'data'), {
      message: /must be an EventTarget or an EventEmitter; got an object without keys/,
    });
  });
});
