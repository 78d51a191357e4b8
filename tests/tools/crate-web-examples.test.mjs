/** The examples of the crate's feature `web`, for which its dependencies are built, not only checked. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cargo, hasTarget, WITHOUT_TARGET } from './crate-web.mjs';

test('every example of the web handles compiles', async (t) => {
  if (!hasTarget) return t.skip(WITHOUT_TARGET);
  // The examples are not to run, and there is nothing that could run them.
  const output = await cargo(['test', '--doc'], ['--features', 'web', '--', 'web'], {
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: process.platform === 'win32' ? 'cmd /c ver' : 'true',
  });
  assert.doesNotMatch(output, /FAILED|Couldn't compile/);
});
