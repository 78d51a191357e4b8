/** The options of pipeline() that leave its ends as they are, and `await using`. */
import assert from 'node:assert/strict';
import { PassThrough, Readable, Writable } from 'node:stream';
import { after, describe, test } from 'node:test';
import { ReadableStream, TransformStream, WritableStream, pipeline } from 'tidegate';
import { turn, within } from './pipeline-parts.mjs';

const NativeReadable = globalThis.ReadableStream;
const NativeWritable = globalThis.WritableStream;
const broken = new Error('broken');

const unhandled = [];
const onUnhandled = (error) => unhandled.push(error);
process.on('unhandledRejection', onUnhandled);
after(() => {
  process.removeListener('unhandledRejection', onUnhandled);
  assert.deepEqual(unhandled, []);
});

/** Sinks that remember what they were given, and whether they were ended or taken down. */
function record() {
  const seen = { chunks: [], closed: false, aborted: false };
  return {
    seen,
    underlying: {
      write: async (chunk) => {
        await turn();
        seen.chunks.push(chunk);
      },
      close: () => void (seen.closed = true),
      abort: () => void (seen.aborted = true),
    },
  };
}

const sinks = {
  'a writable stream of ours'() {
    const { seen, underlying } = record();
    return { seen, value: new WritableStream(underlying), send: (value, chunk) => sendTo(value, chunk) };
  },
  "the engine's writable stream"() {
    const { seen, underlying } = record();
    return {
      seen,
      value: new NativeWritable(underlying, { highWaterMark: 4 }),
      send: (value, chunk) => sendTo(value, chunk),
    };
  },
  "Node's writable stream"() {
    const { seen } = record();
    const value = new Writable({
      objectMode: true,
      write: (chunk, encoding, done) => void setTimeout(() => done(void seen.chunks.push(chunk)), 1),
      final: (done) => done(void (seen.closed = true)),
      destroy: (error, done) => done(void (seen.aborted ||= !seen.closed)),
    });
    return { seen, value, send: (to, chunk) => new Promise((resolve) => to.write(chunk, resolve)) };
  },
};

async function sendTo(stream, chunk) {
  const writer = stream.getWriter();
  await writer.write(chunk);
  writer.releaseLock();
}

describe('preventClose', () => {
  for (const [name, make] of Object.entries(sinks)) {
    test(`leaves ${name} open and unlocked, and all that was piped written`, async () => {
      const { seen, value, send } = make();
      await pipeline([1, 2, 3], value, { preventClose: true });
      if (!(value instanceof Writable)) assert.deepEqual(seen.chunks, [1, 2, 3]);
      await send(value, 4);
      assert.deepEqual(seen, { chunks: [1, 2, 3, 4], closed: false, aborted: false });
      assert.equal(value.locked ?? false, false);
    });

    test(`lets several pipelines write to ${name}, the last of which ends it`, async () => {
      const { seen, value } = make();
      await pipeline([1], new TransformStream(), value, { preventClose: true });
      await pipeline([2], value, { preventClose: true });
      await pipeline([3], (n) => n, value);
      assert.deepEqual(seen, { chunks: [1, 2, 3], closed: true, aborted: false });
    });

    test(`does not keep ${name} from being aborted`, async () => {
      const { seen, value } = make();
      await assert.rejects(
        pipeline(
          [1],
          () => {
            throw broken;
          },
          value,
          { preventClose: true },
        ),
        (error) => error === broken,
      );
      assert.deepEqual([seen.closed, seen.aborted], [false, true]);
    });
  }

  test('leaves no listener on a stream of Node', async () => {
    const { value } = sinks["Node's writable stream"]();
    const before = value.eventNames();
    for (let n = 0; n < 3; n += 1) await pipeline([n], value, { preventClose: true });
    assert.deepEqual(value.eventNames(), before);
  });

  test("reports a write of the engine's stream that fails after the source has ended", async () => {
    const sink = new NativeWritable(
      { write: (chunk) => (chunk === 2 ? turn().then(() => Promise.reject(broken)) : undefined) },
      { highWaterMark: 9 },
    );
    await assert.rejects(pipeline([1, 2], sink, { preventClose: true }), (error) => error === broken);
    assert.equal(sink.locked, false);
  });
});

describe('preventAbort', () => {
  for (const [name, make] of Object.entries(sinks)) {
    for (const [what, parts] of [
      ['the source fails', () => [new ReadableStream({ pull: () => Promise.reject(broken) })]],
      [
        'a stage fails',
        () => [
          [1, 2],
          async function* (chunks) {
            for await (const chunk of chunks) {
              yield chunk;
              throw broken;
            }
          },
        ],
      ],
      ['a transform fails', () => [[1, 2], new TransformStream({ transform: () => Promise.reject(broken) })]],
    ]) {
      test(`leaves ${name} open when ${what}`, async () => {
        const { seen, value, send } = make();
        await assert.rejects(
          within(1000, pipeline(...parts(), value, { preventAbort: true })),
          (error) => error === broken,
        );
        assert.equal(value.locked ?? false, false);
        await send(value, 'after');
        assert.deepEqual([seen.closed, seen.aborted, seen.chunks.at(-1)], [false, false, 'after']);
      });
    }

    test(`leaves ${name} open when the signal is aborted`, async () => {
      const { seen, value, send } = make();
      const controller = new AbortController();
      setTimeout(() => controller.abort(broken), 5);
      const running = pipeline(new ReadableStream(), value, { preventAbort: true, signal: controller.signal });
      await assert.rejects(within(1000, running), (error) => error === broken);
      await send(value, 1);
      assert.deepEqual(seen, { chunks: [1], closed: false, aborted: false });
    });
  }
});

/** Sources that count from 0 for ever, and say whether they were let go. */
const sources = {
  'a readable stream of ours'() {
    const seen = { made: 0, cancelled: false };
    const value = new ReadableStream(
      {
        pull: (controller) => controller.enqueue(seen.made++),
        cancel: () => void (seen.cancelled = true),
      },
      { highWaterMark: 0 },
    );
    return { seen, value, next: () => nextOf(value) };
  },
  "the engine's readable stream"() {
    const seen = { made: 0, cancelled: false };
    const value = new NativeReadable(
      {
        pull: (controller) => controller.enqueue(seen.made++),
        cancel: () => void (seen.cancelled = true),
      },
      { highWaterMark: 0 },
    );
    return { seen, value, next: () => nextOf(value) };
  },
  "Node's readable stream"() {
    const seen = { made: 0, cancelled: false };
    const value = new Readable({
      objectMode: true,
      highWaterMark: 1,
      read() {
        setImmediate(() => this.push(seen.made++));
      },
      destroy(error, done) {
        done(void (seen.cancelled = true));
      },
    });
    return {
      seen,
      value,
      next: async () => {
        for await (const chunk of value.iterator({ destroyOnReturn: false })) return chunk;
        return undefined;
      },
    };
  },
  'an async generator'() {
    const seen = { made: 0, cancelled: false };
    const value = (async function* () {
      try {
        for (;;) yield seen.made++;
      } finally {
        seen.cancelled = true;
      }
    })();
    return { seen, value, next: async () => (await value.next()).value };
  },
};

async function nextOf(stream) {
  const reader = stream.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  return value;
}

const two = async (chunks) => {
  const all = [];
  for await (const chunk of chunks) if (all.push(chunk) === 2) break;
  return all;
};

describe('preventCancel', () => {
  for (const [name, make] of Object.entries(sources)) {
    test(`leaves ${name} to be read on after the consumer has had enough`, async () => {
      const { seen, value, next } = make();
      assert.deepEqual(await pipeline(value, two, { preventCancel: true }), [0, 1]);
      assert.equal(value.locked ?? false, false);
      assert.equal(await next(), 2);
      assert.deepEqual(await pipeline(value, two, { preventCancel: true }), [3, 4]);
      assert.equal(seen.cancelled, false);
    });

    for (const [what, parts] of [
      [
        'a stage fails',
        [
          async (n) => {
            if (n === 1) throw broken;
            return n;
          },
          new WritableStream(),
        ],
      ],
      [
        'a generator fails',
        [
          async function* (chunks) {
            for await (const chunk of chunks) {
              yield chunk;
              throw broken;
            }
          },
          new WritableStream(),
        ],
      ],
      [
        'the sink fails',
        [
          new WritableStream({
            write() {
              throw broken;
            },
          }),
        ],
      ],
      [
        "the engine's sink fails",
        [
          new NativeWritable({
            write() {
              throw broken;
            },
          }),
        ],
      ],
    ]) {
      test(`leaves ${name} open and unlocked when ${what}`, async () => {
        const { seen, value, next } = make();
        await assert.rejects(
          within(1000, pipeline(value, ...parts, { preventCancel: true })),
          (error) => error === broken,
        );
        assert.equal(value.locked ?? false, false);
        assert.equal(typeof (await next()), 'number');
        assert.equal(seen.cancelled, false);
      });
    }
  }

  test('leaves the rest to be read when a transform has had enough', async () => {
    const { seen, value, next } = sources['a readable stream of ours']();
    const first = new TransformStream({
      transform(chunk, controller) {
        controller.enqueue(chunk);
        controller.terminate();
      },
    });
    await within(1000, pipeline(value, first, new WritableStream(), { preventCancel: true }));
    assert.equal(value.locked, false);
    assert.equal(typeof (await next()), 'number');
    assert.equal(seen.cancelled, false);
  });

  test('lets a pipeline that waits for a chunk be aborted', async () => {
    const source = new ReadableStream();
    const controller = new AbortController();
    const running = pipeline(source, new TransformStream(), new WritableStream(), {
      preventCancel: true,
      signal: controller.signal,
    });
    await turn();
    controller.abort(broken);
    await assert.rejects(within(1000, running), (error) => error === broken);
    assert.equal(source.locked, false);
  });

  test('leaves no listener on a stream of Node', async () => {
    const source = new PassThrough({ objectMode: true });
    source.write(1);
    source.write(2);
    const before = source.eventNames();
    await pipeline(source, two, { preventCancel: true });
    assert.deepEqual(source.eventNames(), before);
    source.destroy();
  });
});

describe('the options of pipeline()', () => {
  for (const [options, message] of [
    [{ onProgress: 5 }, /^pipeline\(\): options\.onProgress must be a function; got number$/],
    [{ memoryLimit: 0 }, /^pipeline\(\): options\.memoryLimit must be a number of at least 1; got 0$/],
    [{ memoryLimit: '1 MB' }, /options\.memoryLimit must be a number of at least 1; got string$/],
    [{ progressInterval: -1 }, /options\.progressInterval must be a number of at least 0; got -1$/],
    [{ size: 1 }, /options\.size must be a function; got number$/],
  ]) {
    test(`are refused when ${String(message).replace(/^\/\^?|\$?\/$/g, '')}`, async () => {
      const source = new ReadableStream();
      await assert.rejects(pipeline(source, new WritableStream(), options), { message });
      assert.equal(source.locked, false);
    });
  }
});

describe('await using', () => {
  const leave = (disposable) => disposable[Symbol.asyncDispose](); // what `await using` calls at the end of its scope

  test('takes a pipeline down that has not ended when its scope is left', async () => {
    const { seen, value } = sources['a readable stream of ours']();
    const { seen: sink, underlying } = record();
    const running = pipeline(value, new WritableStream(underlying));
    await turn();
    await leave(running);
    assert.deepEqual([seen.cancelled, sink.aborted, value.locked], [true, true, false]);
    await assert.rejects(running, { name: 'AbortError' });
  });

  test('leaves a pipeline that has ended as it is', async () => {
    const running = pipeline([1, 2], two);
    await running;
    await leave(running);
    assert.deepEqual(await running, [1, 2]);
  });

  for (const [kind, source, options] of [
    ['default', {}, undefined],
    ['BYOB', { type: 'bytes' }, { mode: 'byob' }],
  ]) {
    test(`cancels and unlocks the stream of a ${kind} reader`, async () => {
      let cancelled = false;
      const stream = new ReadableStream({ ...source, cancel: () => void (cancelled = true) });
      await leave(stream.getReader(options));
      assert.deepEqual([cancelled, stream.locked], [true, false]);
    });
  }

  test('leaves a stream alone whose reader has been released', async () => {
    const stream = new ReadableStream();
    const reader = stream.getReader();
    reader.releaseLock();
    const other = stream.getReader();
    await leave(reader);
    assert.equal(stream.locked, true);
    other.releaseLock();
  });

  test('does not repeat the failure of a stream that was read', async () => {
    const stream = new ReadableStream({ pull: () => Promise.reject(broken) });
    const reader = stream.getReader();
    await assert.rejects(reader.read(), (error) => error === broken);
    await leave(reader);
    assert.equal(stream.locked, false);
  });

  test('aborts what a writer has not closed', async () => {
    const { seen, underlying } = record();
    const stream = new WritableStream(underlying);
    const writer = stream.getWriter();
    await writer.write(1);
    await leave(writer);
    assert.deepEqual([seen.chunks, seen.closed, seen.aborted, stream.locked], [[1], false, true, false]);
  });

  test('waits for what a writer is closing', async () => {
    const { seen, underlying } = record();
    const stream = new WritableStream(underlying);
    const writer = stream.getWriter();
    writer.write(1);
    writer.close();
    await leave(writer);
    assert.deepEqual([seen.chunks, seen.closed, seen.aborted, stream.locked], [[1], true, false, false]);
  });
});
