#!/usr/bin/env node
/**
 * The licences of what is compiled into the Wasm modules: `node tools/licenses.mjs` prints their crates, `--update` writes
 * THIRD-PARTY-LICENSES.md, which ships. A test compares its list with Cargo.lock. Macros are left out: they run when the crate is compiled.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MODULES } from './build/wasm.mjs';
import { TARGET } from './setup/toolchain.mjs';
import { isProgram, runMain, say, StepError } from './steps.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** The file that ships. */
export const shipped = join(root, 'THIRD-PARTY-LICENSES.md');

/** Of a choice of licences the first that a crate has a file of. */
const TEXTS = ['LICENSE-MIT', 'LICENSE.md', 'LICENSE', 'LICENSE-APACHE', 'LICENSE_A2', 'LICENSE.MIT'];

/** Further licences of a crate, which hold besides. */
const ALSO = { brotli: ['LICENSE.BSD-3-Clause'], encoding_rs: ['LICENSE-WHATWG'] };

/** The licence of crates that are published without it, from their repository: https://github.com/Nugine/simd */
const ELSEWHERE = Object.fromEntries(
  ['base64-simd', 'hex-simd', 'vsimd'].map((name) => [name, join(root, 'tools/licenses/simd.txt')]),
);

const cargo = (args) =>
  execFileSync('cargo', args, {
    cwd: root,
    env: { ...process.env, CARGO_ENCODED_RUSTFLAGS: '--cfg\x1ftidegate_npm' },
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });

/** The crates of all modules as `name version`, with the licence that each names, in order. */
export function crates() {
  const lines = Object.values(MODULES).flatMap(({ feature }) =>
    cargo([
      'tree', '--locked', '--target', TARGET, '--edges', 'normal,no-proc-macro', '--prefix', 'none', '--no-dedupe',
      '--no-default-features', '--features', feature, '--format', '{p}\t{l}',
    ]).split('\n'),
  ); // prettier-ignore
  const found = new Map();
  for (const line of lines) {
    const [, name, version, license] = /^(\S+) v(\S+)\t(.+)$/.exec(line) ?? [];
    if (name) found.set(`${name} ${version}`, license);
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The folder of each crate's source, by `name version`. */
function folders() {
  const { packages } = JSON.parse(cargo(['metadata', '--locked', '--format-version', '1', '--all-features']));
  return new Map(packages.map((entry) => [`${entry.name} ${entry.version}`, dirname(entry.manifest_path)]));
}

function document() {
  const where = folders();
  const list = crates();
  const texts = new Map();
  for (const crate of list.keys()) {
    const file =
      TEXTS.map((name) => join(where.get(crate), name)).find((path) => existsSync(path)) ??
      ELSEWHERE[crate.split(' ')[0]];
    if (!file)
      throw new StepError('Licences', {
        reason: `${crate} has none of ${TEXTS.join(', ')}`,
        advice: 'Add the name of its file to tools/licenses.mjs.',
      });
    const further = (ALSO[crate.split(' ')[0]] ?? []).map((name) => join(where.get(crate), name));
    for (const path of [file, ...further]) {
      const text = readFileSync(path, 'utf8').replaceAll('\r', '').trim();
      texts.set(text, [...(texts.get(text) ?? []), crate]);
    }
  }
  const rows = [...list].map(([crate, license]) => `| ${crate.replace(' ', ' | ')} | ${license} |`);
  const parts = [...texts].map(([text, names]) => `## ${names.join(', ')}\n\n\`\`\`text\n${text}\n\`\`\`\n`);
  return `# Licences of what tidegate's WebAssembly contains

Made by \`node tools/licenses.mjs --update\`. The WebAssembly modules, as text, as files or translated to JavaScript, contain parts of these crates. The npm package has no
other dependency. tidegate's own licences are LICENSE-MIT and LICENSE-APACHE.

| crate | version | licence |
|---|---|---|
${rows.join('\n')}

They also contain parts of Rust's standard library, which is licensed as MIT OR Apache-2.0, copyright The Rust Project contributors. Its memory allocator is dlmalloc,
MIT OR Apache-2.0, copyright Alex Crichton.

${parts.join('\n')}`;
}

if (isProgram(import.meta.url)) {
  runMain(async () => {
    if (process.argv.includes('--update')) writeFileSync(shipped, document());
    else for (const [crate, license] of crates()) say(`${crate}  ${license}`);
  });
}
