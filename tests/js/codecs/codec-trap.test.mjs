/** What happens should the codecs' module trap, which it must not: shown with a module that is made to, in each of its exports. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytes, failure, through } from './codec-support.mjs';

let trapping;
const { Instance } = WebAssembly;
WebAssembly.Instance = function (module, imports) {
  const { exports } = new Instance(module, imports);
  if (exports.codecs_run === undefined) return { exports };
  const wrapped = Object.entries(exports).map(([name, value]) => [
    name,
    typeof value !== 'function'
      ? value
      : (...numbers) => {
          if (trapping === name) throw new WebAssembly.RuntimeError('unreachable');
          return value(...numbers);
        },
  ]);
  return { exports: Object.fromEntries(wrapped) };
};
const { CodecError, codecMemory, csv, digest, gunzip, lines } = await import('tidegate/codecs');

for (const name of ['codecs_add_lines', 'codecs_create', 'codecs_input', 'codecs_run', 'codecs_text']) {
  test(`a trap in ${name} fails the streams with an error that has it as its cause, and the next codec works`, async () => {
    await through(lines(), [bytes('before\n')]);
    trapping = name;
    const error = await failure(lines(), [bytes('one\n')]);
    trapping = undefined;
    assert.ok(error instanceof CodecError);
    assert.deepEqual([error.codec, error.code], ['codecs', 'internal']);
    assert.ok(error.cause instanceof WebAssembly.RuntimeError);
    assert.deepEqual(codecMemory().chains, 0);
    assert.deepEqual(await through(lines(), [bytes('one\ntwo')]), ['one', 'two']);
  });
}

test('a trap while a digest is taken, or figures are, or a chain is freed, throws nowhere but into the streams', async () => {
  trapping = 'codecs_digest';
  assert.equal((await failure(digest('sha-256'), [bytes('one')])).code, 'internal');
  for (const name of ['codecs_stat', 'codecs_free']) {
    trapping = name;
    assert.deepEqual(await through(csv(), [bytes('a,b\n')]), [['a', 'b']]);
  }
  trapping = undefined;
  assert.deepEqual(codecMemory().chains, 0);
  assert.deepEqual(await through(csv(), [bytes('a,b\n')]), [['a', 'b']]);
});

test('the other chains of a module that has trapped fail when they are used next, and codecMemory() counts none of them', async () => {
  const other = gunzip();
  const writer = other.writable.getWriter();
  writer.closed.catch(() => {});
  await writer.write(Uint8Array.of(0x1f, 0x8b));
  trapping = 'codecs_create';
  await failure(gunzip(), [bytes('a\n')]);
  trapping = undefined;
  assert.equal(codecMemory().chains, 0);
  await assert.rejects(writer.write(Uint8Array.of(8)), { code: 'internal' });
  assert.equal((await failure(gunzip(), [bytes('no')])).code, 'not-gzip');
});
