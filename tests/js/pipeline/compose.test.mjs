/** compose(): several stages as one, in a pipeline and as a pair of streams. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ReadableStream, TransformStream, compose, failureOf, pipeline } from 'tidegate';
import { gunzip, lines } from 'tidegate/codecs';
import { turn, within } from './pipeline-parts.mjs';

const broken = new Error('broken');
const collect = async (chunks) => {
  const all = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
};
const twice = (n) => n * 2;
async function* plusOne(chunks) {
  for await (const chunk of chunks) yield chunk + 1;
}
const passing = () => new TransformStream();

describe('compose() in a pipeline', () => {
  test('runs its stages in their order, compositions of compositions too', async () => {
    assert.deepEqual(await pipeline([1, 2], compose(twice, compose(plusOne, passing()), twice), collect), [6, 10]);
  });

  test('counts as one stage when one of its parts fails', async () => {
    await assert.rejects(
      pipeline(
        [1],
        passing(),
        compose(twice, () => {
          throw broken;
        }),
        passing(),
        collect,
      ),
      (error) => error === broken,
    );
    assert.equal(failureOf(broken).index, 2);
  });

  test('lets codecs join those of its neighbours', async () => {
    assert.deepEqual((await pipeline([gzipSync('a\nb\n')], compose(gunzip()), lines(), collect)).map(String), [
      'a',
      'b',
    ]);
  });

  test('has its source cancelled when a part of it has had enough', async () => {
    let cancelled = false;
    const source = new ReadableStream({ pull: (c) => c.enqueue(1), cancel: () => void (cancelled = true) });
    async function* two(chunks) {
      let n = 0;
      for await (const chunk of chunks) {
        yield chunk;
        if ((n += 1) === 2) return;
      }
    }
    assert.deepEqual(await within(1000, pipeline(source, compose(twice, two), collect)), [2, 2]);
    assert.equal(cancelled, true);
  });
});

describe('compose() as a pair of streams', () => {
  const take = (stream) => pipeline(stream, collect);

  test('is something to pipe through', async () => {
    assert.deepEqual(await take(ReadableStream.from([1, 2]).pipeThrough(compose(twice, plusOne))), [3, 5]);
  });

  test('passes an error of the source and of a part on, the same object', async () => {
    const failing = new ReadableStream({ pull: () => Promise.reject(broken) });
    await assert.rejects(within(1000, take(failing.pipeThrough(compose(twice)))), (error) => error === broken);
    const source = new ReadableStream({ pull: (c) => c.enqueue(1) });
    await assert.rejects(
      within(
        1000,
        take(
          source.pipeThrough(
            compose(() => {
              throw broken;
            }),
          ),
        ),
      ),
      (error) => error === broken,
    );
    await turn();
    assert.equal(source.locked, false);
  });

  test('cancels its source when its consumer leaves', async () => {
    let reason;
    const source = new ReadableStream({ pull: (c) => c.enqueue(1), cancel: (given) => void (reason = given) });
    const out = source.pipeThrough(compose(twice, plusOne));
    const reader = out.getReader();
    assert.equal((await reader.read()).value, 3);
    await reader.cancel(broken);
    for (let n = 0; n < 5; n += 1) await turn();
    assert.equal(reason, broken);
    assert.equal(source.locked, false);
  });

  test('holds its source back while nobody reads', async () => {
    let made = 0;
    const source = new ReadableStream({ pull: (c) => c.enqueue(made++) }, { highWaterMark: 0 });
    source.pipeThrough(compose(twice, plusOne, passing()));
    for (let n = 0; n < 10; n += 1) await turn();
    assert.ok(made < 10, `${made} chunks were read`);
  });

  test('stays a stage of a pipeline after somebody has looked at its streams', async () => {
    const composed = compose(twice);
    assert.equal(composed.readable.locked, false);
    assert.deepEqual(await pipeline([1, 2], composed, collect), [2, 4]);
  });
});

test('compose() refuses what is no stage', () => {
  assert.throws(() => compose(), { name: 'TypeError', message: 'compose(): expected at least one stage; got none' });
  assert.throws(() => compose(twice, 5), {
    name: 'TypeError',
    message: /^compose\(\): stage 2 is neither a stream pair, a codec nor a function; got number$/,
  });
});
