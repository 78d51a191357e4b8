/** The Rust crate's web handles in each browser: a user's Wasm module that reads, writes, makes and pipes streams. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { availableEngines, runPage } from '../../tools/browsers/index.mjs';
import { buildUserModule } from '../../tools/build/user-module.mjs';
import { serve } from './rust-web/server.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

let module;

/** WebKit's own `pipeTo()` does not hear an abort while it waits for a chunk. */
const LEFT_OUT = { webkit: 'test_options_of_a_pipe' };

before(async () => {
  module = await buildUserModule({ root, folder: 'tests/e2e/rust-web/crate', name: 'tidegate_web_tests' });
});

test('the module exports its own functions, and no class or function of the crate', () => {
  const glue = readFileSync(module.glue, 'utf8');
  const names = [...glue.matchAll(/^export (?:async )?(?:function|class) (\w+)/gm)].map((match) => match[1]);
  const others = names.filter((name) => !/^(test_|__wb)/.test(name));
  assert.ok(names.some((name) => name.startsWith('test_')));
  assert.deepEqual(others, ['start', 'volume']);
  const compiled = WebAssembly.Module.exports(new WebAssembly.Module(readFileSync(module.wasm)));
  const foreign = compiled
    .map(({ name }) => name)
    .filter((name) => /tidegate|stream|underlying/i.test(name) && !/^test_/.test(name));
  assert.deepEqual(
    foreign.filter((name) => !/closures_*invoke/.test(name)),
    [],
  );
});

for (const engine of availableEngines()) {
  for (const of of ['engine', 'package']) {
    test(`the handles over the streams of the ${of} in ${engine}`, async (t) => {
      const server = await serve(module);
      try {
        const { names, failures } = await runPage(engine, `${server.url}?of=${of}&without=${LEFT_OUT[engine]}`, {
          timeout: 180_000,
        });
        t.diagnostic(`${names.length} tests`);
        assert.ok(names.length > 60);
        assert.deepEqual(failures, []);
      } finally {
        await server.close();
      }
    });
  }
}
