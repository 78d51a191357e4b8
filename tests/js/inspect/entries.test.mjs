/** `tidegate/inspect` beside the other entries: CommonJS, the core as JavaScript, and `tidegate/slim`. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));

const run = (...args) => JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', cwd: root }));

const job = `
  const stream = new ReadableStream({ start: (c) => { c.enqueue('ab'); c.enqueue('cd'); } }, { highWaterMark: 5 });
  const before = inspect(stream);
  const done = pipeline([1, 2, 3], (n) => n, new WritableStream());
  done.then(() => console.log(JSON.stringify([before.chunks, before.held, before.desiredSize, inspect(done).stages[2].chunksIn])));
`;
const figures = [2, 4, 3, 3];

test('it sees the streams of the CommonJS entry', () => {
  const code = `
    const { inspect } = require('tidegate/inspect');
    const { pipeline, ReadableStream, WritableStream } = require('tidegate');
    ${job}`;
  assert.deepEqual(run('--input-type=commonjs', '-e', code), figures);
});

test('it counts where WebAssembly is refused, with tidegate/js', () => {
  const code = `
    delete globalThis.WebAssembly;
    await import('tidegate/js');
    const { inspect } = await import('tidegate/inspect');
    const { pipeline, ReadableStream, WritableStream } = await import('tidegate');
    ${job}`;
  assert.deepEqual(run('--input-type=module', '-e', code), figures);
});

test('tidegate/slim/inspect sees the streams of tidegate/slim', () => {
  const code = `
    const { inspect } = await import('tidegate/slim/inspect');
    const { init, pipeline, ReadableStream, WritableStream } = await import('tidegate/slim');
    await init();
    ${job}`;
  assert.deepEqual(run('--input-type=module', '-e', code), figures);
});
