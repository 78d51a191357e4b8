/** Cargo for wasm32, as the tests of the crate's feature `web` run it. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Host } from '../../tools/setup/host.mjs';
import { ensureToolchain, TARGET } from '../../tools/setup/toolchain.mjs';
import { run } from '../../tools/steps.mjs';
import { root } from './documents.mjs';

const toolchain = await ensureToolchain(new Host());

export const hasTarget = toolchain.kind === 'target';
export const WITHOUT_TARGET = `did not run: the target ${TARGET} is not installed, but its standard library built from source`;

export async function cargo(command, args, env = {}) {
  const options = ['--locked', '--target', TARGET, '--target-dir', join(root, 'target/wasm-web'), ...toolchain.args];
  const { code, output } = await run(toolchain.cargo, [...command, ...options, ...args], {
    cwd: root,
    env: { ...process.env, ...toolchain.env, CARGO_ENCODED_RUSTFLAGS: '', CARGO_INCREMENTAL: '0', ...env },
  });
  assert.equal(code, 0, output.slice(-3000));
  return output;
}
