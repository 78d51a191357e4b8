/** `onDiscard` of the streams themselves: every chunk is consumed or discarded, exactly once. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { channel, fromEvents, ReadableStream, TransformStream, WritableStream } from 'tidegate';

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));
const never = new Promise(() => {});

describe('a readable stream discards', () => {
  test('what is queued when it is cancelled, before the cancel settles', async () => {
    const discarded = [];
    const stream = new ReadableStream(
      {
        start: (controller) => [1, 2, 3].forEach((chunk) => controller.enqueue(chunk)),
        onDiscard: (chunk) => void discarded.push(chunk),
      },
      { highWaterMark: 3 },
    );
    await stream.cancel();
    assert.deepEqual(discarded, [1, 2, 3]);
  });

  test('what is queued when it is errored, and not what was read', async () => {
    const discarded = [];
    let controller;
    const stream = new ReadableStream({
      start: (given) => void (controller = given),
      onDiscard: (chunk) => void discarded.push(chunk),
    });
    controller.enqueue(1);
    controller.enqueue(2);
    controller.enqueue(3);
    assert.equal((await stream.getReader().read()).value, 1);
    controller.error(new Error('no'));
    assert.deepEqual(discarded, [], 'within error()');
    await settled();
    assert.deepEqual(discarded, [2, 3]);
  });

  test('what enqueue() refuses, as it has ended', async () => {
    const discarded = [];
    let controller;
    const stream = new ReadableStream({
      start: (given) => void (controller = given),
      onDiscard: (chunk) => void discarded.push(chunk),
    });
    await stream.cancel();
    assert.throws(() => controller.enqueue('late'), TypeError);
    await settled();
    assert.deepEqual(discarded, ['late']);
  });

  test('a chunk whose size() throws, is bad, or ends the stream', async () => {
    for (const size of [
      () => {
        throw new Error('no');
      },
      () => -1,
      (chunk, stop) => stop(),
    ]) {
      const discarded = [];
      let controller;
      const stop = () => {
        stream.cancel();
        return 1;
      };
      const stream = new ReadableStream(
        { start: (given) => void (controller = given), onDiscard: (chunk) => void discarded.push(chunk) },
        { size: (chunk) => size(chunk, stop), highWaterMark: 9 },
      );
      try {
        controller.enqueue('one');
      } catch {
        // The standard's business.
      }
      await settled();
      assert.deepEqual(discarded, ['one']);
    }
  });

  test('nothing twice where onDiscard uses the stream', async () => {
    const discarded = [];
    let controller;
    const stream = new ReadableStream({
      start: (given) => void (controller = given),
      onDiscard(chunk) {
        discarded.push(chunk);
        stream.cancel();
        controller.error(new Error('again'));
      },
    });
    controller.enqueue(1);
    controller.enqueue(2);
    await stream.cancel();
    await settled();
    assert.deepEqual(discarded, [1, 2]);
  });

  test('all there is where onDiscard throws or rejects, each of which is an unhandled rejection', async () => {
    const program = `
      import { ReadableStream } from 'tidegate';
      const reported = [];
      process.on('unhandledRejection', (error) => reported.push(error.message));
      const discards = (onDiscard) => new ReadableStream({ start: (c) => [1, 2].forEach((n) => c.enqueue(n)), onDiscard }).cancel();
      await discards((n) => { throw new Error('threw at ' + n); });
      await discards(async (n) => { throw new Error('rejected at ' + n); });
      setTimeout(() => console.log(JSON.stringify(reported)), 5);`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program]);
    assert.deepEqual(JSON.parse(stdout), ['threw at 1', 'threw at 2', 'rejected at 1', 'rejected at 2']);
  });

  test('nothing of a byte stream, which refuses the option', () => {
    assert.throws(
      () => new ReadableStream({ type: 'bytes', onDiscard() {} }),
      /underlyingSource: a byte stream has no onDiscard/,
    );
  });
});

describe('a writable stream discards', () => {
  const stuck = (discarded, sink = {}) =>
    new WritableStream(
      { write: () => never, ...sink, onDiscard: (chunk) => void discarded.push(chunk) },
      { highWaterMark: 4 },
    );

  test('what is queued when it is errored; the sink has the chunk in flight', async () => {
    const discarded = [];
    let fail;
    const stream = stuck(discarded, { write: () => new Promise((resolve, reject) => void (fail = reject)) });
    const writer = stream.getWriter();
    const writes = [1, 2, 3].map((chunk) => writer.write(chunk));
    await settled();
    fail(new Error('no'));
    await Promise.allSettled(writes);
    await settled();
    assert.deepEqual(discarded, [2, 3]);
  });

  test('what is queued when it is aborted, even while the write in flight never settles', async () => {
    const discarded = [];
    const writer = stuck(discarded).getWriter();
    writer.closed.catch(() => {});
    for (const chunk of [1, 2, 3]) writer.write(chunk).catch(() => {});
    await settled();
    writer.abort(new Error('enough'));
    await settled();
    assert.deepEqual(discarded, [2, 3]);
  });

  test('what is queued when it is aborted, before the abort settles', async () => {
    const discarded = [];
    const stream = new WritableStream({
      start: () => new Promise((resolve) => setTimeout(resolve, 5)),
      onDiscard: (chunk) => void discarded.push(chunk),
    });
    const writer = stream.getWriter();
    const writes = [1, 2].map((chunk) => writer.write(chunk));
    writes.map((write) => write.catch(() => {}));
    await writer.abort(new Error('enough'));
    assert.deepEqual(discarded, [1, 2]);
  });

  test('what write() refuses: of a stream that is closing, erroring or errored, and of a size() that throws', async () => {
    const discarded = [];
    const closing = stuck(discarded).getWriter();
    closing.close();
    await assert.rejects(closing.write('closing'), TypeError);
    const errored = stuck(discarded).getWriter();
    errored.closed.catch(() => {});
    errored.abort(new Error('no'));
    await assert.rejects(errored.write('erroring'));
    await settled();
    await assert.rejects(errored.write('errored'));
    const sized = new WritableStream(
      { onDiscard: (chunk) => void discarded.push(chunk) },
      {
        size() {
          throw new Error('no');
        },
      },
    ).getWriter();
    sized.closed.catch(() => {});
    sized.ready.catch(() => {});
    await assert.rejects(sized.write('sized'));
    const bad = new WritableStream(
      { onDiscard: (chunk) => void discarded.push(chunk) },
      { size: () => NaN },
    ).getWriter();
    bad.closed.catch(() => {});
    bad.ready.catch(() => {});
    await assert.rejects(bad.write('bad'));
    await settled();
    assert.deepEqual(discarded, ['closing', 'erroring', 'errored', 'sized', 'bad']);
  });

  test('what writeMany() refuses', async () => {
    const discarded = [];
    const writer = stuck(discarded).getWriter();
    writer.closed.catch(() => {});
    await writer.abort(new Error('no'));
    await assert.rejects(writer.writeMany([1, 2]));
    await settled();
    assert.deepEqual(discarded, [1, 2]);
  });

  test('everything, where its sink has no write()', async () => {
    const discarded = [];
    const writer = new WritableStream({ onDiscard: (chunk) => void discarded.push(chunk) }).getWriter();
    await writer.write(1);
    await writer.close();
    assert.deepEqual(discarded, [1]);
  });
});

describe('a transform stream discards', () => {
  test('the write that waits for room, what is queued behind it, and what its readable side holds', async () => {
    const discarded = [];
    const { readable, writable } = new TransformStream(
      {
        transform: (chunk, controller) => controller.enqueue(chunk * 10),
        onDiscard: (chunk) => void discarded.push(chunk),
      },
      { highWaterMark: 4 },
      { highWaterMark: 1 },
    );
    const writer = writable.getWriter();
    const writes = [1, 2, 3].map((chunk) => writer.write(chunk));
    writer.closed.catch(() => {});
    await settled();
    await readable.cancel(new Error('enough'));
    await Promise.allSettled(writes);
    await settled();
    assert.deepEqual(discarded.sort(), [10, 2, 3].sort());
  });

  test('what transform() gives when the stream has ended', async () => {
    const discarded = [];
    let give;
    const { readable, writable } = new TransformStream(
      {
        transform: (chunk, controller) =>
          new Promise((resolve) => void (give = resolve)).then(() => controller.enqueue(chunk * 10)),
        onDiscard: (chunk) => void discarded.push(chunk),
      },
      undefined,
      { highWaterMark: 1 },
    );
    const writer = writable.getWriter();
    writer.closed.catch(() => {});
    writer.write(1).catch(() => {});
    await settled();
    readable.cancel().catch(() => {});
    give();
    await settled();
    assert.deepEqual(discarded, [10]);
  });

  test('what an identity transform holds when its writable side is aborted', async () => {
    const discarded = [];
    const { readable, writable } = new TransformStream(
      { onDiscard: (chunk) => void discarded.push(chunk) },
      undefined,
      { highWaterMark: 9 },
    );
    const writer = writable.getWriter();
    writer.closed.catch(() => {});
    await writer.write(1);
    await writer.abort(new Error('no'));
    await assert.rejects(readable.getReader().read());
    assert.deepEqual(discarded, [1]);
  });
});

describe('a pipe discards', () => {
  test('the chunk it has read and cannot write, by the onDiscard of either end', async () => {
    for (const end of ['source', 'destination']) {
      const discarded = [];
      const onDiscard = (chunk) => void discarded.push(chunk);
      let source;
      let sink;
      const readable = new ReadableStream(
        { start: (given) => void (source = given), ...(end === 'source' && { onDiscard }) },
        { highWaterMark: 0 },
      );
      const writable = new WritableStream(
        { start: (given) => void (sink = given), write() {}, ...(end === 'destination' && { onDiscard }) },
        { size: () => 1 },
      );
      const piped = readable.pipeTo(writable, { preventCancel: true });
      await settled();
      source.enqueue('held');
      sink.error(new Error('no'));
      await assert.rejects(piped);
      await settled();
      assert.deepEqual(discarded, ['held'], end);
    }
  });

  test('the chunk whose write has begun when the sink is errored before it is called', async () => {
    const discarded = [];
    const written = [];
    let source;
    let sink;
    const readable = new ReadableStream({ start: (given) => void (source = given) }, { highWaterMark: 0 });
    const writable = new WritableStream({
      start: (given) => void (sink = given),
      write: (chunk) => void written.push(chunk),
      onDiscard: (chunk) => void discarded.push(chunk),
    });
    const piped = readable.pipeTo(writable);
    await settled();
    source.enqueue('begun');
    sink.error(new Error('no'));
    await assert.rejects(piped);
    await settled();
    assert.deepEqual([...written, ...discarded], ['begun']);
  });
});

describe('tee() discards', () => {
  const teed = (count) => {
    const discarded = [];
    let n = 0;
    const stream = new ReadableStream(
      {
        pull: (controller) => (n < count ? controller.enqueue({ n: n++ }) : undefined),
        onDiscard: ({ n: number }) => void discarded.push(number),
      },
      { highWaterMark: 0 },
    );
    const [first, second] = stream.tee();
    return { first: first.getReader(), second: second.getReader(), discarded };
  };
  const take = async (reader, count) => {
    for (let n = 0; n < count; n += 1) await reader.read();
  };

  test('what both branches have dropped, and nothing that one of them has handed on', async () => {
    const { first, second, discarded } = teed(5);
    await take(first, 4);
    await take(second, 1);
    await settled();
    second.cancel();
    await settled();
    assert.deepEqual(discarded, [], 'the other branch may hand them on');
    first.cancel();
    await settled();
    assert.deepEqual(discarded, [4]);
  });

  test('what came to one branch when the other had ended, and that dropped', async () => {
    const { first, second, discarded } = teed(9);
    await take(first, 2);
    await settled();
    second.cancel();
    await take(first, 2);
    await settled();
    first.cancel();
    await settled();
    assert.deepEqual(discarded, [4]);
  });

  test('equal chunks as often as both have dropped them', async () => {
    const discarded = [];
    const stream = new ReadableStream({
      start: (controller) => ['a', 'a', 'b', 'a'].forEach((chunk) => controller.enqueue(chunk)),
      onDiscard: (chunk) => void discarded.push(chunk),
    });
    const [first, second] = stream.tee().map((branch) => branch.getReader());
    await take(first, 2);
    await settled();
    await Promise.all([first.cancel(), second.cancel()]);
    await settled();
    assert.deepEqual(discarded.sort(), ['a', 'b']);
  });
});

describe('a channel discards', () => {
  const made = (options) => {
    const discarded = [];
    const chunks = channel({
      highWaterMark: 2,
      capacity: 2,
      onDiscard: (chunk) => void discarded.push(chunk),
      ...options,
    });
    return { chunks, discarded };
  };

  test('what its overflow drops', async () => {
    const oldest = made({ overflow: 'drop-oldest' });
    const newest = made({ overflow: 'drop-newest' });
    for (const { chunks } of [oldest, newest]) for (const n of [1, 2, 3, 4]) chunks.write(n);
    await settled();
    assert.deepEqual(oldest.discarded, [1, 2]);
    assert.deepEqual(newest.discarded, [3, 4]);
  });

  test('what is queued and the chunk that overflows, when that fails it', async () => {
    const { chunks, discarded } = made({ overflow: 'error' });
    for (const n of [1, 2, 3, 4]) chunks.write(n);
    await settled();
    assert.deepEqual(discarded.sort(), [1, 2, 3, 4]);
  });

  test('what is queued and what waits, when it is cancelled; what is written later, too', async () => {
    const { chunks, discarded } = made({ overflow: 'block' });
    for (const n of [1, 2, 3, 4]) chunks.write(n);
    await chunks.readable.cancel();
    chunks.write(5);
    await settled();
    assert.deepEqual(discarded.sort(), [1, 2, 3, 4, 5]);
  });

  test('once a chunk that has waited and is then found too large', async () => {
    const { chunks, discarded } = made({ overflow: 'block', size: (n) => n });
    chunks.write(2);
    chunks.write(1);
    chunks.write(9);
    const reader = chunks.readable.getReader();
    assert.equal((await reader.read()).value, 2);
    await settled();
    await assert.rejects(reader.read(), RangeError);
    await settled();
    assert.deepEqual(discarded.sort(), [1, 9]);
  });

  test('a chunk whose size() throws, and one that is written after the end', async () => {
    const { chunks, discarded } = made({
      size() {
        throw new Error('no');
      },
    });
    assert.throws(() => chunks.write('sized'), /no/);
    const other = made({});
    other.chunks.end();
    assert.throws(() => other.chunks.write('late'), TypeError);
    await settled();
    assert.deepEqual([...discarded, ...other.discarded], ['sized', 'late']);
  });

  test('events that nobody has taken', async () => {
    const discarded = [];
    const target = new EventTarget();
    const events = fromEvents(target, 'event', { onDiscard: (event) => void discarded.push(event) });
    const event = new Event('event');
    target.dispatchEvent(event);
    await events.cancel();
    assert.deepEqual(discarded, [event]);
  });
});

describe('onDiscard', () => {
  test('is a function or "dispose"; anything else is a TypeError', () => {
    for (const make of [
      (onDiscard) => new ReadableStream({ onDiscard }),
      (onDiscard) => new WritableStream({ onDiscard }),
      (onDiscard) => new TransformStream({ onDiscard }),
    ]) {
      assert.throws(() => make('close'), /onDiscard must be a function or 'dispose'; got 'close'/);
      assert.throws(() => make(null), TypeError);
    }
  });

  test("'dispose' calls Symbol.asyncDispose, else Symbol.dispose, where a chunk has one, also in arrays", async () => {
    const calls = [];
    const chunk = (name, ...symbols) =>
      Object.fromEntries(symbols.map((symbol) => [symbol, () => void calls.push(`${name} ${symbol.description}`)]));
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(chunk('sync', Symbol.dispose));
        controller.enqueue([chunk('in an array', Symbol.dispose)]);
        controller.enqueue(chunk('both', Symbol.dispose, Symbol.asyncDispose));
        for (const other of [1, 'text', null, undefined, {}]) controller.enqueue(other);
      },
      onDiscard: 'dispose',
    });
    await stream.cancel();
    assert.deepEqual(calls, [
      `sync ${Symbol.dispose.description}`,
      `in an array ${Symbol.dispose.description}`,
      `both ${Symbol.asyncDispose.description}`,
    ]);
  });

  test('is read after the members of the standard', () => {
    const read = [];
    const watched = new Proxy({}, { get: (target, key) => void read.push(key) });
    new ReadableStream(watched);
    assert.equal(read.at(-1), 'onDiscard');
    assert.equal(read.filter((key) => key === 'onDiscard').length, 1);
  });
});
