/** `inspect()`, `streams()`, `pipelines()` and `observe()` of `tidegate/inspect`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect, observe, pipelines, streams } from 'tidegate/inspect';
import {
  ByteLengthQueuingStrategy,
  forEach,
  pipeline,
  ReadableStream,
  TransformStream,
  WritableStream,
} from 'tidegate';
import { csv, gunzip, gzip, workerPool } from 'tidegate/codecs';
import { counted, never, sleep, until } from './helpers.mjs';

test('a readable stream tells what it holds, what has gone through it, and its most', async () => {
  let controller;
  const stream = new ReadableStream({ start: (c) => void (controller = c) }, { highWaterMark: 2 });
  for (let n = 0; n < 5; n++) controller.enqueue('abc');
  const reader = stream.getReader();
  await reader.read();
  await reader.read();
  const report = inspect(stream);
  assert.equal(report.kind, 'readable');
  assert.equal(report.state, 'open');
  assert.deepEqual([report.chunks, report.size, report.held], [3, 3, 9]);
  assert.deepEqual([report.highWaterMark, report.desiredSize], [2, -1]);
  assert.deepEqual([report.chunksIn, report.chunksOut], [5, 2]);
  assert.deepEqual([report.peakChunks, report.peakSize], [5, 5]);
  assert.equal(report.pendingReads, 0);
  assert.equal(report.lock.holder, 'reader');
  assert.ok(report.lock.heldFor >= 0);
  assert.equal(report.pipeline, undefined);
});

test('chunks that go straight to a pending read are counted', async () => {
  let controller;
  const stream = new ReadableStream({ start: (c) => void (controller = c) });
  const reader = stream.getReader();
  const reads = [reader.read(), reader.read(), reader.read()];
  assert.equal(inspect(stream).pendingReads, 3);
  controller.enqueue(1);
  controller.enqueue(2);
  const { chunksIn, chunksOut, peakChunks, pendingReads } = inspect(stream);
  assert.deepEqual([chunksIn, chunksOut, peakChunks, pendingReads], [2, 2, 0, 1]);
  controller.close();
  await Promise.all(reads);
  assert.equal(inspect(stream).state, 'closed');
});

test('a stream that counts by its own sizes tells sizes', () => {
  const stream = new ReadableStream(
    {
      start(controller) {
        controller.enqueue(new Uint8Array(100));
        controller.enqueue(new Uint8Array(50));
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: 120 }),
  );
  const { chunks, size, held, desiredSize, peakSize } = inspect(stream);
  assert.deepEqual([chunks, size, held, desiredSize, peakSize], [2, 150, 150, -30, 150]);
});

test('a byte stream tells bytes', async () => {
  const stream = new ReadableStream({ type: 'bytes', start: (c) => c.enqueue(new Uint8Array(64)) });
  const reader = stream.getReader({ mode: 'byob' });
  await reader.read(new Uint8Array(24));
  const { kind, chunks, size, held, lock } = inspect(stream);
  assert.equal(kind, 'readable bytes');
  assert.deepEqual([chunks, size, held], [1, 40, 40]);
  assert.equal(lock.holder, 'byob reader');
});

test('a writable stream tells the writes that wait', async () => {
  let finish;
  const stream = new WritableStream({ write: () => new Promise((resolve) => void (finish = resolve)) });
  const writer = stream.getWriter();
  for (const chunk of ['a', 'bc', 'def']) writer.write(chunk);
  await sleep(1);
  const { kind, chunks, pendingWrites, desiredSize, chunksIn, chunksOut, lock } = inspect(stream);
  assert.equal(kind, 'writable');
  assert.deepEqual([chunks, pendingWrites, desiredSize, chunksIn, chunksOut], [3, 3, -2, 3, 0]);
  assert.equal(lock.holder, 'writer');
  finish();
  await sleep(1);
  assert.deepEqual([inspect(stream).chunksOut, inspect(stream).pendingWrites], [1, 2]);
});

test('a stream that failed tells with what, and one that closes that it does', () => {
  const error = new Error('cut');
  let controller;
  const failing = new ReadableStream({ start: (c) => void (controller = c) });
  controller.error(error);
  assert.equal(inspect(failing).state, 'errored');
  assert.equal(inspect(failing).error, error);
  assert.equal(inspect(failing).desiredSize, null);
  const closing = new ReadableStream({
    start(c) {
      c.enqueue(1);
      c.close();
    },
  });
  assert.equal(inspect(closing).state, 'closing');
});

test('tees and pipes are told as what holds a lock', () => {
  const source = new ReadableStream();
  source.tee();
  assert.equal(inspect(source).lock.holder, 'tee');
  const piped = new ReadableStream();
  const sink = new WritableStream();
  piped.pipeTo(sink);
  assert.equal(inspect(piped).lock.holder, 'pipe');
  assert.equal(inspect(sink).lock.holder, 'pipe');
});

test('the times that a stream waits are told from its first look on', async () => {
  const stream = new ReadableStream();
  const reader = stream.getReader();
  reader.read();
  inspect(stream);
  await sleep(30);
  const { waitedForUpstream, waitedForDownstream } = inspect(stream);
  assert.ok(waitedForUpstream >= 25, `${waitedForUpstream}`);
  assert.equal(waitedForDownstream, 0);
});

test('a pipeline tells what has gone from part to part, chunks and bytes', async () => {
  const job = pipeline(
    counted(100, () => new Uint8Array(10)),
    (chunk) => 'x'.repeat(chunk.length / 2),
    new TransformStream(),
    new WritableStream(),
  );
  await job;
  const { state, stages, held } = inspect(job);
  assert.equal(state, 'done');
  assert.equal(held, 0);
  assert.deepEqual(
    stages.map(({ kind, state: end, chunksIn, bytesIn, chunksOut, bytesOut }) => [
      kind,
      end,
      chunksIn,
      bytesIn,
      chunksOut,
      bytesOut,
    ]),
    [
      ['source', 'ended', 0, 0, 100, 1000],
      ['stage', 'ended', 100, 1000, 100, 500],
      ['stage', 'ended', 100, 500, 100, 500],
      ['sink', 'ended', 100, 500, 0, 0],
    ],
  );
});

for (const [what, options] of Object.entries({
  onProgress: { onProgress() {}, progressInterval: 1 },
  memoryLimit: { memoryLimit: 1e6 },
  'yieldAfter: Infinity': { yieldAfter: Infinity },
  'a signal and preventCancel': { signal: new AbortController().signal, preventCancel: true },
})) {
  test(`the counts of a pipeline are the same with ${what}`, async () => {
    const source = new ReadableStream({
      start(controller) {
        for (let n = 0; n < 50; n++) controller.enqueue(new Uint8Array(4));
        controller.close();
      },
    });
    const job = pipeline(
      source,
      new TransformStream(),
      forEach(() => {}),
      options,
    );
    await job;
    assert.deepEqual(
      inspect(job).stages.map(({ chunksIn, chunksOut, bytesIn, bytesOut }) => [chunksIn, chunksOut, bytesIn, bytesOut]),
      [
        [0, 50, 0, 200],
        [50, 50, 200, 200],
        [50, 0, 200, 0],
      ],
    );
  });
}

test('rows are weighed by some of them', async () => {
  const job = pipeline(
    counted(160, () => ['abcd', 12]),
    forEach(() => {}),
  );
  await job;
  assert.equal(inspect(job).stages[0].bytesOut, 160 * 12);
});

test('what waits in a pipeline is told in bytes, part by part, with the most that was seen', async () => {
  const stop = new AbortController();
  const source = new ReadableStream(
    { pull: (controller) => controller.enqueue(new Uint8Array(100)) },
    { highWaterMark: 5 },
  );
  const job = pipeline(
    source,
    new TransformStream(undefined, undefined, { highWaterMark: 3 }),
    new WritableStream({ write: never }),
    { signal: stop.signal },
  );
  job.catch(() => {});
  await until(() => inspect(job).held === 900);
  const { held, peakHeld, stages } = inspect(job);
  assert.equal(held, 900);
  assert.ok(peakHeld >= 900);
  assert.deepEqual(
    stages.map((stage) => [stage.state, stage.held]),
    [
      ['waiting for downstream', 500],
      ['waiting for downstream', 400],
      ['working', 0],
    ],
  );
  assert.equal(stages[1].output.chunks, 3);
  assert.equal(stages[2].input.pendingWrites, 1);
  assert.equal(inspect(source).pipeline.stages.length, 3);
  stop.abort();
  await job.catch(() => {});
});

for (const worker of [false, true]) {
  test(`codecs that run as one are told each by itself${worker ? ', in a worker' : ''}`, async () => {
    const pool = worker ? workerPool({ size: 1 }) : false;
    const text = 'city,people\n' + 'Oslo,700000\n'.repeat(2000);
    const parts = [];
    await pipeline(
      [new TextEncoder().encode(text)],
      gzip(),
      forEach((part) => void parts.push(part)),
    );
    const job = pipeline(
      parts,
      gunzip(),
      csv(),
      forEach(() => {}),
      { worker: pool },
    );
    await job;
    const [, first, second] = inspect(job).stages;
    assert.deepEqual([first.name, first.kind, first.index, first.fusedWith], ['gunzip', 'codec', 1, 1]);
    assert.deepEqual([second.name, second.kind, second.index, second.fusedWith], ['csv', 'codec', 2, 1]);
    assert.equal(first.inWorker, worker);
    assert.equal(second.inWorker, worker);
    assert.equal(first.bytesOut, text.length);
    assert.equal(second.bytesIn, text.length);
    assert.equal(first.chunksIn, parts.length);
    assert.equal(first.chunksOut, undefined);
    assert.equal(inspect(job).stages[3].chunksIn, second.chunksOut);
    if (pool) pool.close();
  });
}

test('all pipelines that run are told', async () => {
  const stop = new AbortController();
  const before = pipelines().length;
  const job = pipeline(new ReadableStream(), new WritableStream(), { signal: stop.signal });
  job.catch(() => {});
  assert.equal(pipelines().length, before + 1);
  assert.equal(pipelines().at(-1).state, 'running');
  stop.abort();
  await job.catch(() => {});
  assert.equal(pipelines().length, before);
});

test('throughput is told of a pipeline that runs', async () => {
  const stop = new AbortController();
  async function* source() {
    for (;;) {
      await sleep(5);
      yield new Uint8Array(1000);
    }
  }
  const job = pipeline(source(), new WritableStream(), { signal: stop.signal });
  job.catch(() => {});
  await until(() => inspect(job).stages[0].chunksOut > 20);
  const { chunksPerSecond, bytesPerSecond } = inspect(job);
  assert.ok(chunksPerSecond > 0 && chunksPerSecond <= 200, `${chunksPerSecond}`);
  assert.ok(Math.abs(bytesPerSecond - chunksPerSecond * 1000) < 1e-6 * bytesPerSecond);
  stop.abort();
  await job.catch(() => {});
});

test('streams() has what is alive, the oldest idle first, and forgets what has ended', async () => {
  const old = new ReadableStream({}, { highWaterMark: 41 });
  await sleep(20);
  const young = new ReadableStream({ start: (c) => c.enqueue(1) }, { highWaterMark: 42 });
  const ended = new ReadableStream({ start: (c) => c.close() }, { highWaterMark: 43 });
  const marks = streams().map(({ highWaterMark }) => highWaterMark);
  assert.ok(marks.indexOf(41) >= 0);
  assert.ok(marks.indexOf(41) < marks.indexOf(42));
  assert.equal(marks.indexOf(43), -1);
  await Promise.all([old.cancel(), young.cancel()]);
  assert.ok(!streams().some(({ highWaterMark }) => highWaterMark === 41));
  assert.equal(inspect(ended).state, 'closed');
});

test('observe() calls at once, now and then, and a last time at the end', async () => {
  const reports = [];
  let end;
  const job = pipeline(
    new ReadableStream({
      start: (controller) => void (end = () => controller.close()),
    }),
    new WritableStream(),
  );
  observe(job, (report) => reports.push(report), { everyMs: 5 });
  assert.equal(reports.length, 1);
  await until(() => reports.length > 3);
  end();
  await job;
  await until(() => reports.at(-1).state === 'done');
  const { length } = reports;
  await sleep(30);
  assert.equal(reports.length, length);
});

test('observe() ends when it is told to, by a call, by stop() and by dispose', async () => {
  const stream = new ReadableStream();
  for (const end of [
    (stop) => stop(),
    (stop) => stop.stop(),
    (stop) => stop[Symbol.dispose ?? Symbol.for('none')]?.(),
  ]) {
    let calls = 0;
    const stop = observe(stream, () => calls++, { everyMs: 1 });
    end(stop);
    if (end.length && !Symbol.dispose) stop();
    await sleep(20);
    assert.equal(calls, 1);
  }
  await stream.cancel();
});

test('what is neither a stream nor a pipeline is refused', () => {
  assert.throws(
    () => inspect({}),
    /^TypeError: inspect\(\): the argument must be one of tidegate's streams, or the promise/,
  );
  assert.throws(() => inspect(Promise.resolve()), TypeError);
  assert.throws(() => observe(new ReadableStream()), /observe\(\): the callback must be a function; got undefined/);
  assert.throws(() => observe(new ReadableStream(), () => {}, { everyMs: 0 }), RangeError);
});

test('the reports are plain: they can be cloned and sent', async () => {
  const job = pipeline([1], new WritableStream());
  structuredClone(inspect(job));
  structuredClone(inspect(new ReadableStream()));
  await job;
});
