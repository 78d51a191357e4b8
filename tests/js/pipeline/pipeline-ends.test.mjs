/** How a pipeline ends: parts that stop early, failures and their teardown, streams that were over before, consumers that stop. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ReadableStream, TransformStream, WritableStream, pipeline } from 'tidegate';
import { turn, within } from './pipeline-parts.mjs';

const collect = async (chunks) => {
  const all = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
};

describe('a transform that terminates', () => {
  test('ends the pipeline well, as a stage that has had enough', async () => {
    for (const Transform of [TransformStream, globalThis.TransformStream]) {
      let n = 0;
      let cancelled = false;
      const firstTwo = {
        transform(chunk, c) {
          n += 1;
          c.enqueue(chunk);
          if (n === 2) c.terminate();
        },
      };
      const source = new ReadableStream({ pull: (c) => c.enqueue(1), cancel: () => void (cancelled = true) });
      assert.deepEqual(await pipeline(source, new Transform(firstTwo), collect), [1, 1]);
      assert.equal(cancelled, true);
    }
  });
});

describe('a pair whose readable side ends by itself', () => {
  test('has its writable side closed and the source cancelled', async () => {
    let closed = false;
    let cancelled = false;
    let n = 0;
    const pair = {
      writable: new WritableStream({ write: turn, close: () => void (closed = true) }),
      readable: new ReadableStream({
        start: (c) => {
          c.enqueue('only');
          c.close();
        },
      }),
    };
    const source = new ReadableStream({ pull: (c) => c.enqueue((n += 1)), cancel: () => void (cancelled = true) });
    assert.deepEqual(await within(1000, pipeline(source, pair, collect)), ['only']);
    assert.deepEqual({ closed, cancelled }, { closed: true, cancelled: true });
  });
});

describe('a pipeline that fails', () => {
  const failure = new Error('the first error');

  test('keeps the first error when taking the others down fails too', async () => {
    const source = new ReadableStream({ pull: (c) => c.enqueue(1), cancel: () => Promise.reject(new Error('second')) });
    const stage = new TransformStream({ transform: () => Promise.reject(failure) });
    const sink = new WritableStream({ abort: () => Promise.reject(new Error('third')) });
    await assert.rejects(pipeline(source, stage, sink), (error) => error === failure);
  });

  test('cancels the source with the error, whatever kind of value that is', async () => {
    for (const reason of [failure, 'a string', undefined, null, { some: 'object' }]) {
      let seen = 'nothing';
      const source = new ReadableStream({ pull: (c) => c.enqueue(1), cancel: (given) => void (seen = given) });
      await assert.rejects(
        pipeline(source, new WritableStream({ write: () => Promise.reject(reason) })),
        (error) => error === reason,
      );
      assert.equal(seen, reason);
    }
  });

  test('reaches a sink that is stuck in a write through its signal', async () => {
    const controller = new AbortController();
    let seen;
    const sink = new WritableStream({
      write: (chunk, { signal }) =>
        new Promise((resolve, reject) => {
          signal.addEventListener('abort', () => reject((seen = signal.reason)));
        }),
    });
    const running = pipeline([1, 2, 3], new TransformStream(), sink, { signal: controller.signal });
    await turn();
    controller.abort(failure);
    await assert.rejects(within(1000, running), (error) => error === failure);
    assert.equal(seen, failure);
    assert.equal(sink.locked, false);
  });

  test('settles within a second though a part ignores that it was taken down', async () => {
    const controller = new AbortController();
    const stuck = () => new Promise(() => {});
    for (const parts of [
      [[1, 2], new WritableStream({ write: stuck })],
      [[1, 2], new TransformStream({ transform: stuck }), new WritableStream()],
      [[1, 2], stuck],
      [
        [1, 2],
        async function* () {
          yield await stuck();
        },
        collect,
      ],
      [new ReadableStream({ cancel: stuck }), collect],
      [stuck, collect],
    ]) {
      const running = pipeline(...parts, { signal: controller.signal });
      setTimeout(() => controller.abort(failure), 5);
      await assert.rejects(within(1000, running), (error) => error === failure);
    }
  });

  test('learns of an error of the source at once, though a write is stuck', async () => {
    const source = new ReadableStream({
      start: (c) => {
        c.enqueue(1);
        setTimeout(() => c.error(failure), 5);
      },
    });
    let aborted;
    const sink = new WritableStream({
      write: (chunk, { signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve((aborted = signal.reason)));
        }),
    });
    await assert.rejects(within(1000, pipeline(source, sink)), (error) => error === failure);
    assert.equal(aborted, failure);
    assert.equal(sink.locked, false);
  });

  test('cancels the source at once, before a slow sink has written what it holds', async () => {
    const controller = new AbortController();
    let cancelled = false;
    const source = new ReadableStream({ pull: (c) => c.enqueue(1), cancel: () => void (cancelled = true) });
    const running = pipeline(source, new WritableStream({ write: () => new Promise(() => {}) }), {
      signal: controller.signal,
    });
    await turn();
    controller.abort(failure);
    assert.equal(cancelled, true);
    await assert.rejects(running);
  });
});

describe('a pipeline of streams that have ended before', () => {
  const failure = new Error('failed before');
  const errored = (Readable) => new Readable({ start: (c) => c.error(failure) });
  const erroredSink = (Writable) => new Writable({ start: (c) => c.error(failure) });

  for (const [name, Readable, Writable] of [
    ['ours', ReadableStream, WritableStream],
    ["the engine's", globalThis.ReadableStream, globalThis.WritableStream],
  ]) {
    test(`fails with the error of a source of ${name}, and aborts the sink with it`, async () => {
      let aborted;
      await assert.rejects(
        within(
          1000,
          pipeline(
            errored(Readable),
            new TransformStream(),
            new WritableStream({ abort: (reason) => void (aborted = reason) }),
          ),
        ),
        (error) => error === failure,
      );
      assert.equal(aborted, failure);
    });

    test(`fails with the error of a sink of ${name}, and cancels the source with it`, async () => {
      let cancelled;
      const source = new ReadableStream({ cancel: (reason) => void (cancelled = reason) });
      await assert.rejects(within(1000, pipeline(source, erroredSink(Writable))), (error) => error === failure);
      assert.equal(cancelled, failure);
    });

    test(`fails when a sink of ${name} is closed, and cancels the source`, async () => {
      let cancelled;
      const source = new ReadableStream({ cancel: (reason) => void (cancelled = reason) });
      const sink = new Writable();
      await sink.close();
      const error = await within(
        1000,
        pipeline(source, sink).catch((reason) => reason),
      );
      assert.equal(error.name, 'TypeError');
      assert.equal(cancelled, error);
    });

    test(`ends at once from a source of ${name} that is closed`, async () => {
      assert.deepEqual(
        await within(1000, pipeline(new Readable({ start: (c) => c.close() }), new TransformStream(), collect)),
        [],
      );
    });
  }
});

describe('a pipeline with a stopped consumer', () => {
  test('holds a bounded number of chunks, however many stages there are', async () => {
    let made = 0;
    const source = new ReadableStream(
      {
        pull(c) {
          made += 1;
          c.enqueue(made);
        },
      },
      { highWaterMark: 0 },
    );
    async function* pass(chunks) {
      yield* chunks;
    }
    let resume;
    const stopped = new Promise((resolve) => void (resume = resolve));
    const running = pipeline(
      source,
      new TransformStream(),
      pass,
      new globalThis.TransformStream(),
      pass,
      async (chunks) => {
        for await (const chunk of chunks) {
          if (chunk === 1) await stopped;
          if (chunk === 100) return chunk;
        }
      },
    );
    for (let n = 0; n < 20; n += 1) await turn();
    assert.ok(made <= 8, `${made} chunks were made`);
    resume();
    assert.equal(await running, 100);
  });
});
