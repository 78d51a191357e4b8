/** `tidegate/inspect` in pages that throw, replace what the host has, or keep streams for long: nothing of it reaches the pipelines. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { inspect, observe } from 'tidegate/inspect';
import { pipeline, ReadableStream, WritableStream } from 'tidegate';
import { counted, sleep, until } from './helpers.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../../..');

/** What a program of its own prints, which imports `names` of the package. */
function printed(program, { args = [], env = {}, cwd = root } = {}) {
  return execFileSync(process.execPath, [...args, '--input-type=module', '-e', program], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, NODE_ENV: 'production', ...env },
  }).trim();
}

test('a size() of the page that throws, or gives no number, is 0 and reaches nobody', async () => {
  for (const size of [
    () => {
      throw new Error('no size');
    },
    () => 'large',
    () => -1,
    () => 5n,
  ]) {
    const job = pipeline(
      counted(40, () => ({ a: 1 })),
      (chunk) => chunk,
      new WritableStream({ write: () => sleep(2) }),
      { size },
    );
    await sleep(20);
    assert.equal(inspect(job).held, 0);
    await job;
    const { stages, peakHeld } = inspect(job);
    assert.deepEqual([stages[0].bytesOut, peakHeld], [0, 0]);
  }
});

test('a chunk whose getters throw is queued and reported', async () => {
  const stream = new ReadableStream({
    start: (controller) =>
      controller.enqueue({
        get byteLength() {
          throw new Error('gone');
        },
      }),
  });
  assert.deepEqual([inspect(stream).chunks, inspect(stream).held], [1, 0]);
  await stream.cancel();
});

test('a failure that has no text is reported', async () => {
  const odd = Object.create(null);
  const unreadable = Object.defineProperty(new Error(), 'message', {
    get() {
      throw new Error('no message');
    },
  });
  for (const error of [odd, unreadable]) {
    const job = pipeline(
      [1],
      () => {
        throw error;
      },
      new WritableStream(),
    );
    await assert.rejects(job, (reason) => reason === error);
    assert.equal(inspect(job).error, error);
    assert.match(inspect(job).bottleneck.why, /failed with a value that cannot be shown/);
  }
});

test('a sink that serves many pipelines is not called through all of them', async () => {
  let depth = 0;
  const sink = new WritableStream({
    write() {
      Error.stackTraceLimit = Infinity;
      depth = new Error().stack.split('\n').length;
      Error.stackTraceLimit = 10;
    },
  });
  const depths = [];
  for (let n = 0; n < 30; n++) {
    await pipeline([n], sink, { preventClose: true });
    depths.push(depth);
  }
  assert.equal(depths[29], depths[1]);
});

test('a source that serves many pipelines is not called through all of them', async () => {
  let depth = 0;
  const source = new ReadableStream(
    {
      pull(controller) {
        Error.stackTraceLimit = Infinity;
        depth = new Error().stack.split('\n').length;
        Error.stackTraceLimit = 10;
        controller.enqueue(1);
      },
    },
    { highWaterMark: 0 },
  );
  const depths = [];
  for (let n = 0; n < 30; n++) {
    await pipeline(
      source,
      async (chunks) => {
        for await (const chunk of chunks) if (chunk) break;
      },
      { preventCancel: true },
    );
    depths.push(depth);
  }
  assert.ok(Math.max(...depths.slice(20)) <= Math.max(...depths.slice(0, 5)), depths.join());
});

test('observe() with a time that is too long for a timer does not call all the time', async () => {
  for (const everyMs of [Infinity, 2 ** 31, 1e12]) {
    const stream = new ReadableStream();
    let calls = 0;
    const stop = observe(stream, () => void (calls += 1), { everyMs });
    await sleep(40);
    stop();
    assert.equal(calls, 1, `${everyMs}`);
    await stream.cancel();
  }
});

test('observe() keeps no stream: one that is dropped is collected, and the timer ends', () => {
  const said = printed(
    `
    import { observe } from 'tidegate/inspect';
    import { ReadableStream } from 'tidegate';
    let calls = 0;
    let collected = false;
    const registry = new FinalizationRegistry(() => void (collected = true));
    (() => {
      const source = { cancel() {} };
      registry.register(source);
      observe(new ReadableStream(source), () => void (calls += 1), { everyMs: 5 });
    })();
    const pause = () => new Promise((resolve) => setTimeout(resolve, 50));
    for (let n = 0; n < 100 && !collected; n++) { await pause(); gc(); }
    await pause();
    const before = calls;
    await pause();
    console.log(collected, calls === before);
    `,
    { args: ['--expose-gc'] },
  );
  assert.equal(said, 'true true');
});

test('a pipeline that nothing can move any more is collected', () => {
  const said = printed(
    `
    import { pipelines, streams } from 'tidegate/inspect';
    import { pipeline, ReadableStream, WritableStream } from 'tidegate';
    let collected = false;
    const registry = new FinalizationRegistry(() => void (collected = true));
    (() => {
      const source = { pull: () => new Promise(() => {}) };
      registry.register(source);
      pipeline(new ReadableStream(source), (chunk) => chunk, new WritableStream());
    })();
    const began = pipelines().length;
    for (let n = 0; n < 100 && !collected; n++) { await new Promise((resolve) => setTimeout(resolve, 50)); gc(); }
    console.log(began, collected, pipelines().length, streams().length);
    `,
    { args: ['--expose-gc'] },
  );
  assert.equal(said, '1 true 0 0');
});

test('a clock that the page replaces moves no figures, and the instruments set no timer of it', () => {
  const said = printed(`
    import { inspect } from 'tidegate/inspect';
    import { pipeline, ReadableStream, WritableStream } from 'tidegate';
    const real = { setInterval, setTimeout, now: performance.now };
    let timers = 0;
    globalThis.setInterval = () => void (timers += 1);
    performance.now = () => 0;
    const job = pipeline(new ReadableStream(), new WritableStream());
    await new Promise((resolve) => real.setTimeout(resolve, 200));
    const { elapsed, stages } = inspect(job);
    console.log(timers, elapsed >= 150, stages[0].idle >= 150);
  `);
  assert.equal(said, '0 true true');
});

test('a host that has neither performance nor timers has figures', () => {
  const said = printed(`
    const { setTimeout } = globalThis;
    delete globalThis.performance;
    delete globalThis.setInterval;
    const { inspect } = await import('tidegate/inspect');
    const { ReadableStream } = await import('tidegate');
    const stream = new ReadableStream({ start: (controller) => controller.enqueue('abc') });
    await new Promise((resolve) => setTimeout(resolve, 20));
    const { held, age } = inspect(stream);
    console.log(held, age >= 10);
  `);
  assert.equal(said, '3 true');
});

for (const [what, change] of Object.entries({
  'makes lists of stacks': 'Error.prepareStackTrace = (error, sites) => sites;',
  'throws where stacks are made': "Error.prepareStackTrace = () => { throw new Error('no stacks'); };",
  'freezes the depth of stacks': "Object.defineProperty(Error, 'stackTraceLimit', { value: 5, writable: false });",
}))
  test(`a page that ${what} makes streams as before`, () => {
    const said = printed(
      `
      import 'tidegate/inspect';
      import { pipeline, ReadableStream, WritableStream } from 'tidegate';
      ${change}
      const stream = new ReadableStream({ start: (controller) => controller.close() });
      await pipeline(stream, new WritableStream());
      console.log('done');
      `,
      { env: { NODE_ENV: 'development' } },
    );
    assert.equal(said, 'done');
  });

test('a place is that of the page also where a folder above the package looks like a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-place-'));
  try {
    const app = join(folder, 'app.js');
    const dist = join(app, 'node_modules/tidegate/dist');
    mkdirSync(dist, { recursive: true });
    cpSync(join(root, 'dist'), dist, {
      recursive: true,
      filter: (file) => !/\.map$|\.d\.ts$|\.cjs$/.test(file),
    });
    cpSync(join(root, 'package.json'), join(dist, '../package.json'));
    writeFileSync(
      join(app, 'page.mjs'),
      `import { inspect } from 'tidegate/inspect';
      import { ReadableStream } from 'tidegate';
      console.log(/page\\.mjs/.test(inspect(new ReadableStream()).madeAt));`,
    );
    const env = { ...process.env, NODE_ENV: 'development' };
    assert.equal(execFileSync(process.execPath, [join(app, 'page.mjs')], { encoding: 'utf8', env }).trim(), 'true');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('diagnose() that has ended keeps no more places', () => {
  const said = printed(`
    import { diagnose, inspect } from 'tidegate/inspect';
    import { ReadableStream } from 'tidegate';
    const end = diagnose({ warn: false });
    const one = inspect(new ReadableStream()).madeAt !== undefined;
    end();
    console.log(one, inspect(new ReadableStream()).madeAt);
  `);
  assert.equal(said, 'true undefined');
});

test('a look that is to come late comes late', () => {
  const said = printed(`
    import { diagnose } from 'tidegate/inspect';
    import { ReadableStream } from 'tidegate';
    const warnings = [];
    process.on('warning', ({ name }) => warnings.push(name));
    diagnose({ warn: false, lookEvery: Infinity });
    const stream = new ReadableStream();
    await new Promise((resolve) => setTimeout(resolve, 30));
    console.log(stream.locked, warnings.join());
  `);
  assert.equal(said, 'false');
});

test('a function that reads on after its pipeline has failed is let be', async () => {
  let asked = 0;
  const job = pipeline(
    counted(3),
    async function* (chunks) {
      for (;;) {
        try {
          asked += 1;
          const { value, done } = await chunks.next();
          if (done) return;
          yield value;
        } catch {
          if (asked > 20) return;
        }
      }
    },
    new WritableStream({
      write() {
        throw new Error('broken');
      },
    }),
  );
  await assert.rejects(job, /broken/);
  await until(() => asked > 0);
  assert.equal(inspect(job).state, 'failed');
});
