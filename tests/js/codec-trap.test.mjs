/** What happens should the codecs' module trap, which it must not: shown with a module that is made to. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytes, failure, through } from './codec-support.mjs';

let trapping = false;
const { Instance } = WebAssembly;
WebAssembly.Instance = function (module, imports) {
  const { exports } = new Instance(module, imports);
  if (exports.codecs_run === undefined) return { exports };
  const run = (...numbers) => {
    if (trapping) throw new WebAssembly.RuntimeError('unreachable');
    return exports.codecs_run(...numbers);
  };
  return { exports: { ...exports, codecs_run: run } };
};
const { CodecError, lines } = await import('tidegate/codecs');

test('a trap fails the streams with an error that has it as its cause, and the next codec works', async () => {
  trapping = true;
  const error = await failure(lines(), [bytes('one\n')]);
  assert.ok(error instanceof CodecError);
  assert.deepEqual([error.codec, error.code], ['codecs', 'internal']);
  assert.ok(error.cause instanceof WebAssembly.RuntimeError);
  trapping = false;
  assert.deepEqual(await through(lines(), [bytes('one\ntwo')]), ['one', 'two']);
});
