/** Plain functions as stages of a pipeline, which are called for each chunk, and `stage()`, which marks those that are not. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ReadableStream, WritableStream, failureOf, pipeline, stage } from 'tidegate';
import { turn } from './pipeline-parts.mjs';

const collect = async (chunks) => {
  const all = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
};
const broken = new Error('broken');

describe('a function for each chunk', () => {
  test('gives what it returns or resolves with, in order', async () => {
    const later = async (n) => {
      await turn();
      return n + 1;
    };
    assert.deepEqual(await pipeline([1, 2, 3], (n) => n * 10, later, collect), [11, 21, 31]);
  });

  test('gets the signal of a stage', async () => {
    const signals = new Set();
    await pipeline([1, 2], (n, { signal }) => signals.add(signal), collect);
    assert.equal(signals.size, 1);
    assert.equal([...signals][0].aborted, false);
  });

  test('is called for one chunk at a time, and for none that is not wanted', async () => {
    let running = 0;
    let most = 0;
    let calls = 0;
    const slow = async (n) => {
      calls += 1;
      most = Math.max(most, (running += 1));
      await turn();
      running -= 1;
      return n;
    };
    const first = await pipeline(
      Array.from({ length: 100 }, (_, n) => n),
      slow,
      async (chunks) => {
        for await (const chunk of chunks) return chunk;
      },
    );
    assert.equal(first, 0);
    assert.equal(most, 1);
    assert.ok(calls <= 3, `it was called ${calls} times`);
  });

  for (const [how, fails] of [
    [
      'throws',
      () => {
        throw broken;
      },
    ],
    [
      'rejects',
      async () => {
        throw broken;
      },
    ],
  ]) {
    test(`that ${how} takes the pipeline down`, async () => {
      const sink = new WritableStream();
      const source = new ReadableStream({ pull: (controller) => controller.enqueue(1) });
      await assert.rejects(pipeline(source, fails, sink), (error) => error === broken);
      assert.equal(failureOf(broken).index, 1);
      assert.deepEqual([source.locked, sink.locked], [false, false]);
    });
  }

  test('that returns an iterator is told how to get all chunks', async () => {
    async function* all(chunks) {
      yield* chunks;
    }
    await assert.rejects(
      pipeline([1], (chunks) => all(chunks), collect),
      {
        name: 'TypeError',
        message: /^pipeline\(\): stage 1 returned an iterator for one chunk; .* stage\(fn\)$/,
      },
    );
    assert.deepEqual(
      await pipeline(
        [1],
        stage((chunks) => all(chunks)),
        collect,
      ),
      [1],
    );
  });
});

describe('stage()', () => {
  test('keeps the name of its function and refuses what is none', () => {
    assert.equal(stage(function parse() {}).name, 'parse');
    assert.throws(() => stage(5), {
      name: 'TypeError',
      message: 'stage(): the argument must be a function; got number',
    });
  });
});
