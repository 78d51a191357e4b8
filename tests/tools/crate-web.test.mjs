/** The crate's feature `web`, which is there on wasm32 only: that it compiles, and that its examples do. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { Host } from '../../tools/setup/host.mjs';
import { ensureToolchain, TARGET } from '../../tools/setup/toolchain.mjs';
import { run } from '../../tools/steps.mjs';
import { root } from './documents.mjs';

let toolchain;

before(async () => {
  toolchain = await ensureToolchain(new Host());
});

const hasTarget = () => toolchain.kind === 'target';
const WITHOUT_TARGET = `did not run: the target ${TARGET} is not installed, but its standard library built from source`;

async function cargo(command, args, env = {}) {
  const options = ['--locked', '--target', TARGET, '--target-dir', join(root, 'target/wasm-web'), ...toolchain.args];
  const { code, output } = await run(toolchain.cargo, [...command, ...options, ...args], {
    cwd: root,
    env: { ...process.env, ...toolchain.env, CARGO_ENCODED_RUSTFLAGS: '', CARGO_INCREMENTAL: '0', ...env },
  });
  assert.equal(code, 0, output.slice(-3000));
  return output;
}

for (const features of [
  ['--no-default-features', '--features', 'web'],
  ['--features', 'core,web'],
]) {
  test(`${features.join(' ')} compiles for wasm32 without a warning`, async () => {
    if (hasTarget()) await cargo(['clippy', '--lib'], [...features, '--', '-D', 'warnings']);
    else await cargo(['check', '--lib'], features, { CARGO_ENCODED_RUSTFLAGS: '-Dwarnings' });
  });
}

test('the web handles are documented without a warning', async () => {
  await cargo(['doc', '--lib', '--no-deps'], ['--features', 'core,web'], { RUSTDOCFLAGS: '-Dwarnings' });
});

test('every example of the web handles compiles', async (t) => {
  if (!hasTarget()) return t.skip(WITHOUT_TARGET);
  // The examples are not to run, and there is nothing that could run them.
  const output = await cargo(['test', '--doc'], ['--features', 'web', '--', 'web'], {
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: process.platform === 'win32' ? 'cmd /c ver' : 'true',
  });
  assert.doesNotMatch(output, /FAILED|Couldn't compile/);
});
