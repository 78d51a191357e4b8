/** The bottleneck's sentence, in pipelines that are slow, stopped, mute or failed on purpose. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'tidegate/inspect';
import { forEach, pipeline, ReadableStream, TransformStream, WritableStream } from 'tidegate';
import { gzip } from 'tidegate/codecs';
import { never, sleep, until } from './helpers.mjs';

async function* numbers(every) {
  for (let n = 0; ; n++) {
    if (every) await sleep(every);
    yield n;
  }
}

const bytes = () => new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1000)) });

function work(milliseconds) {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

/** Runs the pipeline that `start(signal)` starts until the bottleneck's sentence matches. */
async function bottleneckOf(start, index, why) {
  const stop = new AbortController();
  const job = start(stop.signal);
  job.catch(() => {});
  try {
    await until(
      () => why.test(inspect(job).bottleneck?.why ?? '') && inspect(job).bottleneck.index === index,
      () => JSON.stringify(inspect(job).bottleneck),
    );
  } finally {
    stop.abort();
    await job.catch(() => {});
  }
}

test('a consumer that has stopped is the bottleneck, with what waits for it', () =>
  bottleneckOf(
    (signal) => pipeline(bytes(), new TransformStream(), new WritableStream({ write: never }), { signal }),
    2,
    /^The sink \(a WritableStream\) has taken nothing for .*: .* wait in the queues and the source is held back\.$/,
  ));

test('a function that has stopped in its loop is the bottleneck', () =>
  bottleneckOf(
    (signal) =>
      pipeline(
        numbers(),
        (n) => n,
        async function idle(chunks, { signal: ended }) {
          // eslint-disable-next-line no-unused-vars
          for await (const _ of chunks) await new Promise((resolve) => ended.addEventListener('abort', resolve));
        },
        { signal },
      ),
    2,
    /^The sink \(function idle\) has taken nothing for .*the source is held back\.$/,
  ));

test('a slow function is the bottleneck, between what waits for room and what waits for chunks', () =>
  bottleneckOf(
    (signal) =>
      pipeline(
        numbers(),
        (n) => n,
        async function slow(n) {
          await sleep(20);
          return n;
        },
        (n) => n,
        forEach(() => {}),
        { signal },
      ),
    2,
    /^Stage 2 \(function slow\) is the slowest part: .*waits for room .*waits for chunks\.$/,
  ));

test('a function that keeps the thread is the bottleneck', () =>
  bottleneckOf(
    (signal) =>
      pipeline(
        numbers(),
        (n) => n,
        function busy(n) {
          work(3);
          return n;
        },
        (n) => n,
        new WritableStream(),
        { signal },
      ),
    2,
    /^Stage 2 \(function busy\) is the slowest part/,
  ));

test('a generator that keeps the thread is the bottleneck', () =>
  bottleneckOf(
    (signal) =>
      pipeline(
        numbers(),
        async function* busy(chunks) {
          for await (const n of chunks) {
            work(3);
            yield n;
          }
        },
        (n) => n,
        new WritableStream(),
        { signal },
      ),
    1,
    /^Stage 1 \(function busy\) is the slowest part/,
  ));

test('a slow transform stream is the bottleneck', () =>
  bottleneckOf(
    (signal) =>
      pipeline(
        bytes(),
        new TransformStream({ transform: (chunk, controller) => sleep(15).then(() => controller.enqueue(chunk)) }),
        new TransformStream(),
        new WritableStream(),
        { signal },
      ),
    1,
    /^Stage 1 \(a TransformStream\) is the slowest part/,
  ));

test('a codec that works hard is the bottleneck, by its name', () =>
  bottleneckOf(
    (signal) => {
      const noise = new Uint8Array(2 ** 18).map(() => Math.random() * 256);
      const source = new ReadableStream({ pull: (controller) => controller.enqueue(noise) });
      return pipeline(source, gzip({ level: 9 }), new WritableStream(), { signal });
    },
    1,
    /^Stage 1 \(gzip\) is the slowest part/,
  ));

test('a slow sink is the bottleneck', () =>
  bottleneckOf(
    (signal) => pipeline(bytes(), new TransformStream(), new WritableStream({ write: () => sleep(15) }), { signal }),
    2,
    /^The sink \(a WritableStream\) is the slowest part/,
  ));

test('a source that waits for the network is the bottleneck, with how long it has been mute', () =>
  bottleneckOf(
    (signal) => {
      let left = 3;
      const source = new ReadableStream({
        pull: (controller) => (left-- > 0 ? controller.enqueue(new Uint8Array(10)) : new Promise(() => {})),
      });
      return pipeline(source, new TransformStream(), new WritableStream(), { signal });
    },
    0,
    /^The source \(a ReadableStream\) has given nothing for .* \(3 chunks before\), and every part waits for it\.$/,
  ));

test('a slow source is the bottleneck', () =>
  bottleneckOf(
    (signal) => pipeline(numbers(15), (n) => n, new WritableStream(), { signal }),
    0,
    /^The source is the slowest part: the others waited for it \d+ % of the last second\.$/,
  ));

test('a source that is promised and has not come is the bottleneck', () =>
  bottleneckOf(
    (signal) =>
      pipeline(new Promise((_, reject) => signal.addEventListener('abort', reject)), new WritableStream(), { signal }),
    0,
    /^The source .*has not begun for .*, and every part waits for it\.$/,
  ));

test('a part that has failed is named with its error', async () => {
  const job = pipeline(
    numbers(),
    function parse(n) {
      if (n > 4) throw new SyntaxError('no number');
      return n;
    },
    new WritableStream(),
  );
  await assert.rejects(job, SyntaxError);
  const { state, error, stages, bottleneck } = inspect(job);
  assert.equal(state, 'failed');
  assert.equal(error.message, 'no number');
  assert.deepEqual(
    stages.map((stage) => stage.state),
    ['torn down', 'failed', 'torn down'],
  );
  assert.equal(bottleneck.index, 1);
  assert.equal(
    bottleneck.why,
    'Stage 1 (function parse) failed with SyntaxError: no number; all other parts were torn down.',
  );
});

test('an abort is named as what ended the pipeline', async () => {
  const stop = new AbortController();
  const job = pipeline(numbers(5), new WritableStream(), { signal: stop.signal });
  stop.abort(new Error('enough'));
  await assert.rejects(job, /enough/);
  assert.equal(
    inspect(job).bottleneck.why,
    'The signal ended the pipeline with Error: enough; all parts were torn down.',
  );
});

test('a pipeline that is done has no bottleneck', async () => {
  const job = pipeline([1, 2, 3], new WritableStream());
  await job;
  assert.equal(inspect(job).state, 'done');
  assert.equal(inspect(job).bottleneck, undefined);
});

/** A pair that works when it is written to, and whose pulls are short. */
function workingPair() {
  let controller;
  const readable = new ReadableStream({ start: (given) => void (controller = given), pull() {} });
  const writable = new WritableStream({
    write(chunk) {
      work(60);
      controller.enqueue(chunk);
    },
    close: () => controller.close(),
  });
  return { readable, writable };
}

for (const [what, stage] of Object.entries({
  'a function': () => (n) => {
    work(60);
    return n;
  },
  'a pair of streams': workingPair,
}))
  test(`short pulls hide no long calls of ${what}`, async () => {
    const stop = new AbortController();
    const job = pipeline(numbers(2), stage(), new WritableStream(), { signal: stop.signal });
    await until(() => inspect(job).stages[2].chunksIn >= 10);
    const { stages, elapsed } = inspect(job);
    stop.abort();
    await job.catch(() => {});
    const [source, working] = stages;
    assert.ok(working.working >= 400 && working.working <= elapsed, `${working.working} of ${elapsed}`);
    assert.ok(working.working > source.working, `${working.working}, the source ${source.working}`);
  });
