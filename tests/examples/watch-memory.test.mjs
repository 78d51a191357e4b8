/** What the recipe for memory that climbs shows: the limit names the part that holds most, and the counts show where chunks stay. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { drain, failureOf, forEach, pipeline, TransformStream } from 'tidegate';
import { gunzip } from 'tidegate/codecs';
import { watched } from '../../examples/watch-memory.js';

const MB = 2 ** 20;
const ignore = () => {};

function* megabytes(count) {
  for (let n = 0; n < count; n += 1) yield new Uint8Array(MB);
}

describe('a pipeline that is watched', () => {
  test('holds its source back at half of the limit, where a queue has no mark of its own', async () => {
    let made = 0;
    let taken = 0;
    let most = 0;
    const source = function* () {
      for (; made < 50; made += 1) {
        most = Math.max(most, made - taken);
        yield new Uint8Array(MB);
      }
    };
    const unbounded = new TransformStream({}, undefined, { highWaterMark: Infinity });
    const slow = async () => {
      await sleep(2);
      taken += 1;
    };
    await pipeline(source, unbounded, forEach(slow), watched(ignore, { limit: 16 * MB }));
    assert.equal(taken, 50);
    assert.ok(most >= 8 && most <= 12, `${most} MB were under way`);
  });

  test('fails when a part puts out more than the limit at once, and names that part', async () => {
    const unfolding = new TransformStream({
      transform(chunk, controller) {
        for (const piece of megabytes(20)) controller.enqueue(piece);
      },
    });
    const options = watched(ignore, { limit: 8 * MB });
    const error = await pipeline(megabytes(1), unfolding, drain(), options).catch((reason) => reason);
    assert.equal(error.name, 'RangeError');
    assert.match(error.message, /more than the memoryLimit of 8388608.* TransformStream \(part 1\)/);
    assert.equal(failureOf(error).index, 1);
  });

  test('shows a function that keeps its chunks by what went in and did not come out', async () => {
    const reports = [];
    const keep = async function* (chunks) {
      const all = [];
      for await (const chunk of chunks) {
        all.push(chunk);
        await sleep(1);
      }
      yield* all;
    };
    await pipeline(
      megabytes(100),
      keep,
      drain(),
      watched((report) => reports.push(report), { interval: 10 }),
    );
    const inside = reports.map(({ parts: [, { chunksIn, chunksOut }] }) => chunksIn - chunksOut);
    assert.ok(Math.max(...inside) > 50, `${inside}`);
    assert.equal(inside.at(-1), 0);
    assert.equal(reports[0].parts[1].name, 'function keep');
    assert.ok(reports[0].memory.arrayBuffers > 0);
  });

  test('shows what its codecs hold, and that they hold nothing after its end', async () => {
    const reports = [];
    const zipped = new Blob([gzipSync(new Uint8Array(50 * MB))]);
    const options = watched((report) => reports.push(report.codecs), { interval: 1 });
    await pipeline(
      zipped,
      gunzip(),
      forEach(() => sleep(0)),
      options,
    );
    assert.ok(reports.some(({ chains, bytes }) => chains === 1 && bytes > 0));
    assert.equal(reports.at(-1).chains, 0);
  });

  test('is not failed by much data, where nothing keeps it', () =>
    pipeline(megabytes(200), new TransformStream(), drain(), watched(ignore, { limit: 8 * MB })));
});
