/** Builds a Wasm module of a crate that depends on this one, as a user would: for the tests, the benchmarks and the examples. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { stepRun } from '../steps.mjs';
import { Host } from '../setup/host.mjs';
import { ensureToolchain, TARGET } from '../setup/toolchain.mjs';
import { Stamps } from './stamps.mjs';
import { buildGenerator } from './wasm.mjs';

/**
 * Compiles the crate in `folder` (a path from `root`), whose library is called `name`, and generates its glue.
 * @returns {Promise<{ raw: string, glue: string, wasm: string }>} The files: as compiled, and after the glue generator, whose
 *   glue (wasm-bindgen's bundler target) neither loads nor instantiates anything by itself.
 */
export async function buildUserModule({ root, folder, name, features = [], release = false }) {
  const toolchain = await ensureToolchain(new Host());
  const generator = await buildGenerator({ root, stamps: new Stamps(root) });
  const targetDir = join(root, 'target/wasm-web');
  await stepRun(
    `Compile ${folder} for WebAssembly`,
    toolchain.cargo,
    ['build', '--locked', '--lib', '--manifest-path', join(folder, 'Cargo.toml'), '--target', TARGET, '--target-dir', targetDir,
      '--features', features.join(), ...(release ? ['--release'] : []), ...toolchain.args],
    { cwd: root, env: { ...toolchain.env, CARGO_ENCODED_RUSTFLAGS: '', CARGO_INCREMENTAL: '0' } },
  );
  const raw = join(targetDir, TARGET, release ? 'release' : 'debug', `${name}.wasm`);
  const out = join(targetDir, 'glue', [name, ...features].join('-'));
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  await stepRun(`Generate the glue of ${folder}`, generator, [raw, out, name], { cwd: root });
  return { raw, glue: join(out, `${name}_bg.js`), wasm: join(out, `${name}_bg.wasm`) };
}
