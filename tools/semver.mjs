#!/usr/bin/env node
/**
 * Compares the crate's public interface with that of an earlier revision, and names each change that semantic versioning does not
 * allow for the version in Cargo.toml: `node tools/semver.mjs [REVISION]`. Without a revision: the last tag of a version.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run, runMain, say, StepError } from './steps.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** What semantic versioning covers: not `core`, and not `panic-hook`, which is for the npm package. */
const FEATURES = ['std', 'codecs', 'futures-io'];

async function lastVersion() {
  const { code, output } = await run('git', ['describe', '--tags', '--abbrev=0', '--match', 'v[0-9]*'], { cwd: root });
  if (code === 0) return output.trim();
  const advice = 'Name a revision: `node tools/semver.mjs REVISION`.';
  throw new StepError('Compare the interface of the crate', { reason: 'there is no tag of a version', advice });
}

runMain(async () => {
  const revision = process.argv[2] ?? (await lastVersion());
  const { code: absent } = await run('cargo', ['semver-checks', '--version'], { cwd: root });
  if (absent) {
    const advice = 'Install it: `cargo install cargo-semver-checks --locked`.';
    throw new StepError('Compare the interface of the crate', { reason: 'cargo has no semver-checks', advice });
  }
  say(`Compare the interface of the crate with that of ${revision}`);
  const features = FEATURES.flatMap((feature) => ['--features', feature]);
  const args = ['semver-checks', '--baseline-rev', revision, '--only-explicit-features', ...features];
  const { code } = await run('cargo', args, { cwd: root, onOutput: (text) => process.stdout.write(text) });
  if (code) process.exitCode = code;
});
