/** failureOf(): which part failed, and what failed after it. */
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { failureOf, pipeline, ReadableStream, TransformStream, WritableStream } from 'tidegate';
import { gunzip, lines } from 'tidegate/codecs';

const rejection = (promise) =>
  promise.then(
    () => assert.fail('it did not reject'),
    (error) => error,
  );
const broken = () => new Error('broken');
const identity = () => new TransformStream();
const failing = () =>
  new TransformStream({
    transform() {
      throw broken();
    },
  });
const collect = async (chunks) => {
  for await (const chunk of chunks) void chunk;
};

async function* pass(chunks) {
  yield* chunks;
}
async function* breaks(chunks) {
  for await (const chunk of chunks) if (chunk) throw broken();
  yield 0;
}

describe('failureOf', () => {
  for (const [what, index, name, parts] of [
    [
      'a stream source',
      0,
      'a ReadableStream',
      () => [
        new ReadableStream({
          pull() {
            throw broken();
          },
        }),
        identity(),
        collect,
      ],
    ],
    [
      "a source of the engine's",
      0,
      'a ReadableStream',
      () => [
        new globalThis.ReadableStream({
          pull() {
            throw broken();
          },
        }),
        new WritableStream(),
      ],
    ],
    [
      'a source function',
      0,
      'function start',
      () => [
        function start() {
          throw broken();
        },
        collect,
      ],
    ],
    [
      'a source function that rejects',
      0,
      'function start',
      () => [
        async function start() {
          throw broken();
        },
        pass,
        collect,
      ],
    ],
    [
      'a generator source',
      0,
      'an Object',
      () => [
        (function* () {
          yield* [];
          throw broken();
        })(),
        identity(),
        new WritableStream(),
      ],
    ],
    ['a transform', 2, 'a TransformStream', () => [[1, 2], identity(), failing(), identity(), new WritableStream()]],
    ['a transform before a function', 1, 'a TransformStream', () => [[1], failing(), pass, collect]],
    ['a function stage', 1, 'function breaks', () => [[1], breaks, identity(), collect]],
    [
      'a function stage that throws at once',
      2,
      'function throws',
      () => [
        [1],
        pass,
        function throws() {
          throw broken();
        },
        collect,
      ],
    ],
    [
      'a sink stream',
      2,
      'a WritableStream',
      () => [
        [1],
        pass,
        new WritableStream({
          write() {
            throw broken();
          },
        }),
      ],
    ],
    [
      'a consumer',
      1,
      'function consume',
      () => [
        [1],
        async function consume() {
          throw broken();
        },
      ],
    ],
    [
      "a sink of Node's",
      1,
      'a PassThrough',
      () => {
        const sink = new PassThrough();
        setTimeout(() => sink.destroy(broken()), 5);
        return [new ReadableStream(), sink];
      },
    ],
  ]) {
    test(`names ${what}`, async () => {
      const error = await rejection(pipeline(...parts()));
      assert.equal(error.message, 'broken');
      const failure = failureOf(error);
      assert.equal(failure.index, index);
      if (name !== 'an Object') assert.equal(failure.name, name);
      assert.deepEqual(failure.later, []);
    });
  }

  test('counts a sink after fused codecs as the part it is, and the codecs as the first of them', async () => {
    const zipped = new Uint8Array(50);
    const first = await rejection(pipeline([zipped], pass, gunzip(), lines(), collect));
    assert.equal(failureOf(first).index, 2);
    const last = await rejection(
      pipeline([gzipSync('a\n')], gunzip(), lines(), async () => {
        throw broken();
      }),
    );
    assert.equal(failureOf(last).index, 3);
  });

  test('has no part for a signal', async () => {
    const reason = broken();
    for (const signal of [
      AbortSignal.abort(reason),
      (() => {
        const c = new AbortController();
        setTimeout(() => c.abort(reason), 5);
        return c.signal;
      })(),
    ]) {
      const error = await rejection(pipeline(new ReadableStream(), new WritableStream(), { signal }));
      assert.equal(error, reason);
      assert.deepEqual({ ...failureOf(error) }, { index: undefined, name: 'the signal', later: [] });
    }
  });

  test('keeps what failed later, each once, beside the first', async () => {
    const [first, second, third] = [broken(), new Error('cancel'), new Error('abort')];
    const source = new ReadableStream({
      pull: (c) => c.enqueue(1),
      cancel() {
        throw second;
      },
    });
    const sink = new WritableStream({
      abort() {
        throw third;
      },
    });
    const stage = new TransformStream({
      transform() {
        throw first;
      },
    });
    assert.equal(await rejection(pipeline(source, stage, sink)), first);
    assert.equal(failureOf(first).index, 1);
    assert.deepEqual(new Set(failureOf(first).later), new Set([second, third]));
  });

  test('knows nothing of errors no pipeline rejected with, nor of values that are no objects', async () => {
    assert.equal(failureOf(broken()), undefined);
    assert.equal(failureOf('text'), undefined);
    assert.equal(failureOf(undefined), undefined);
    assert.equal(await rejection(pipeline(new ReadableStream({ start: (c) => c.error('text') }), collect)), 'text');
    assert.equal(failureOf('text'), undefined);
  });
});
