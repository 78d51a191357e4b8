/** Wasm modules in workers: each is compiled once, by the page or by the first worker that needs it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import { csv, digest, gunzip, lines, ndjson, workerPool } from 'tidegate/codecs';
import { bytes, failure, through, turn } from './codec-support.mjs';

/** Counts in `counted` what is compiled here from now on. */
const counted = { page: 0, worker: 0 };
const { Module } = WebAssembly;
WebAssembly.Module = /** @type {any} */ (
  function (bytes) {
    counted.page++;
    return new Module(bytes);
  }
);
Object.assign(WebAssembly.Module, { imports: Module.imports, exports: Module.exports });

/** A worker that says when it compiles; `before` runs in it first. */
function countingWorker(before = '') {
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads');
    const { Module } = WebAssembly;
    WebAssembly.Module = function (bytes) {
      parentPort.postMessage('compiled');
      return new Module(bytes);
    };
    ${before}
    import(${JSON.stringify(new URL('../../../dist/codec-worker.js', import.meta.url).href)});`,
    { eval: true },
  );
  worker.on('message', (message) => {
    if (message === 'compiled') counted.worker++;
  });
  return worker;
}

const packed = gzipSync('a,1\nb,2\n');
const pool = (workerFactory = () => countingWorker()) => workerPool({ size: 1, workerFactory });

/** What `run` had the page and its workers compile. */
async function compiles(run) {
  counted.page = counted.worker = 0;
  await run();
  await turn();
  return { ...counted };
}

test('what the page has compiled, no worker compiles', async (t) => {
  const workers = pool();
  t.after(() => workers.close());
  assert.ok((await compiles(() => through(csv(), [bytes('a\n')]))).page >= 1);
  const seen = await compiles(async () =>
    assert.deepEqual(await through(csv({ worker: workers }), [bytes('a,b\n')]), [['a', 'b']]),
  );
  assert.equal(seen.worker, 0);
});

test('what a worker has compiled, neither another worker nor the page compiles', async (t) => {
  const pools = [pool(), pool()];
  t.after(() => pools.forEach((workers) => workers.close()));
  const unpack = async (worker) => assert.equal(`${await through(gunzip({ worker }), [packed])}`.length > 0, true);
  assert.equal((await compiles(() => unpack(pools[0]))).worker, 1);
  assert.deepEqual(await compiles(() => unpack(pools[1])), { page: 0, worker: 0 });
  assert.deepEqual(await compiles(() => unpack(undefined)), { page: 0, worker: 0 });
});

test('a worker that cannot be given a module, or cannot give one, compiles its own', async (t) => {
  const deaf = pool(() => {
    const worker = countingWorker();
    const post = worker.postMessage.bind(worker);
    worker.postMessage = (message, moved) => {
      if (message?.tidegate === 'module') throw new DOMException('no', 'DataCloneError');
      post(message, moved);
    };
    return worker;
  });
  const mute = pool(() =>
    countingWorker(`
      const post = parentPort.postMessage.bind(parentPort);
      parentPort.postMessage = (message, moved) => {
        if (message?.tidegate === 'module') throw new Error('no');
        post(message, moved);
      };`),
  );
  t.after(() => [deaf, mute].forEach((workers) => workers.close()));
  const run = (worker) => async () => assert.deepEqual(await through(lines({ worker }), [bytes('a\nb')]), ['a', 'b']);
  assert.equal((await compiles(run(mute))).worker, 1);
  assert.equal((await compiles(run(undefined))).page, 1);
  assert.deepEqual(await compiles(run(deaf)), { page: 0, worker: 1 });
});

test('input is sent in buffers that the worker gives back', async (t) => {
  const workers = pool();
  t.after(() => workers.close());
  let made = 0;
  const Own = globalThis.ArrayBuffer;
  globalThis.ArrayBuffer = new Proxy(Own, {
    construct(target, [length]) {
      if (length === 65_536) made++;
      return new target(length);
    },
  });
  t.after(() => (globalThis.ArrayBuffer = Own));
  const stage = digest('crc32', { worker: workers });
  await through(stage, Array(300).fill(new Uint8Array(65_536)));
  const here = digest('crc32');
  await through(here, [new Uint8Array(300 * 65_536)]);
  assert.equal(await stage.hex, await here.hex);
  assert.ok(made > 0 && made < 100, `${made} buffers`);
});

/** A worker whose file is of another build. */
function otherBuild() {
  const file = new URL('../../../dist/codec-worker.js', import.meta.url);
  const source = readFileSync(file, 'utf8');
  const [build] = /"[0-9a-f]{16}"/.exec(source);
  assert.equal(source.split(build).length, 2, 'the build stands in one place');
  return new Worker(source.replace(build, '"0123456789abcdef"'), { eval: true });
}

test('a worker of another build of the package is refused by name', async () => {
  const workers = workerPool({ size: 1, workerFactory: otherBuild });
  const error = await failure(lines({ worker: workers }), [bytes('a\nb')]);
  assert.equal(error.code, 'worker-lost');
  assert.match(error.message, /^lines: its worker .*codec-worker\.js is of another build of tidegate/);
  workers.close();
});

test('what a worker says is a module is not taken for one', async (t) => {
  const workers = pool(() => {
    const worker = countingWorker();
    const tell = (listener) => (message) => {
      if (message?.tidegate === 'module') message = { ...message, module: {} };
      listener(message);
    };
    return Object.assign(Object.create(worker), {
      on: (name, listener) => void worker.on(name, name === 'message' ? tell(listener) : listener),
      postMessage: worker.postMessage.bind(worker),
      terminate: worker.terminate.bind(worker),
    });
  });
  t.after(() => workers.close());
  await through(ndjson({ worker: workers }), [bytes('1\n')]);
  assert.deepEqual(await through(ndjson(), [bytes('1\n')]), [1]);
});
