/** A core that has no slot left: the module is instantiated here with exports that answer 0 while `full` is set. */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { shortNames } from '../../../tools/build/short-exports.mjs';

const names = shortNames(fileURLToPath(new URL('../../..', import.meta.url)));
let full = false;
const { Instance } = WebAssembly;
WebAssembly.Instance = function (module, imports) {
  const { exports } = new Instance(module, imports);
  const limited = { ...exports };
  for (const long of ['pipe_new', 'tee_new', 'readable_new', 'writable_new', 'byte_readable_new']) {
    const name = names[long];
    if (exports[name] !== undefined) limited[name] = (...args) => (full ? 0 : exports[name](...args));
  }
  return { exports: limited };
};
const { ReadableStream, TransformStream, WritableStream } = await import('../../../dist/index.js');
new ReadableStream(); // the first stream instantiates the module
WebAssembly.Instance = Instance;

const whileFull = async (call) => {
  full = true;
  try {
    return await call();
  } finally {
    full = false;
  }
};

test('pipeTo() that finds no slot rejects with a RangeError and locks nothing', async () => {
  const source = ReadableStream.from([1]);
  const destination = new WritableStream();
  await whileFull(() => assert.rejects(source.pipeTo(destination), RangeError));
  assert.deepEqual([source.locked, destination.locked], [false, false]);
  await source.pipeTo(destination);
});

test('pipeThrough() that finds no slot throws a RangeError and locks nothing', async () => {
  const source = ReadableStream.from([1]);
  const transform = new TransformStream();
  await whileFull(() => assert.throws(() => source.pipeThrough(transform), RangeError));
  assert.deepEqual([source.locked, transform.writable.locked], [false, false]);
});

test('tee() that finds no slot throws a RangeError and locks nothing', async () => {
  const source = ReadableStream.from([1]);
  await whileFull(() => assert.throws(() => source.tee(), RangeError));
  assert.equal(source.locked, false);
});

test('constructors that find no slot throw a RangeError', async () => {
  for (const make of [
    () => new ReadableStream(),
    () => new ReadableStream({ type: 'bytes' }),
    () => new WritableStream(),
    () => new TransformStream(),
  ]) {
    await whileFull(() => assert.throws(make, RangeError));
  }
});
