#!/usr/bin/env node
/**
 * What each Wasm module imports and exports: `node tools/wasm-report.mjs` prints it, `--update` writes etc/wasm-modules.txt, which a test
 * compares with what is built. An import is what a module may call; an export that nobody calls is code that nobody needs.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MODULES } from './build/wasm.mjs';
import { isProgram, runMain, say } from './steps.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** The golden file. */
export const golden = join(root, 'etc/wasm-modules.txt');

/** wasm-bindgen ends the names of its own functions with a hash that changes with its version. */
const withoutHash = (name) => name.replace(/_[0-9a-f]{16}$/, '');

/** One line for each import and export of each module. */
export function wasmReport() {
  const lines = [];
  for (const name of Object.keys(MODULES)) {
    const module = new WebAssembly.Module(readFileSync(join(root, 'build', name, `${name}_bg.wasm`)));
    const imports = WebAssembly.Module.imports(module).map((entry) => `${entry.kind} ${withoutHash(entry.name)}`);
    const exports = WebAssembly.Module.exports(module).map((entry) => `${entry.kind} ${entry.name}`);
    lines.push(...imports.sort().map((entry) => `${name} imports ${entry}`));
    lines.push(...exports.sort().map((entry) => `${name} exports ${entry}`));
  }
  return `${lines.join('\n')}\n`;
}

if (isProgram(import.meta.url)) {
  runMain(async () => {
    if (process.argv.includes('--update')) writeFileSync(golden, wasmReport());
    else say(wasmReport());
  });
}
