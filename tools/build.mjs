#!/usr/bin/env node
/**
 * `npm run build`: the Wasm modules (cargo, glue, wasm-opt) into build/, then the JavaScript and its
 * declarations into dist/.
 * Steps whose inputs have not changed are skipped.
 *
 *   --js      only the JavaScript     --core, --codecs  only these Wasm modules, and the JavaScript
 *   --module NAME  only this Wasm module, and the JavaScript
 *   --debug   unoptimized, readable, with panic messages     --force  skip nothing
 */
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildJs } from './build/js.mjs';
import { Stamps } from './build/stamps.mjs';
import { buildTypes } from './build/types.mjs';
import { buildModule, MODULES } from './build/wasm.mjs';
import { isProgram, runMain, say, seconds } from './steps.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Builds what `options` ask for, and dist/. */
export async function build({
  js = false,
  core = false,
  codecs = false,
  module = '',
  debug = false,
  force = false,
} = {}) {
  const began = Date.now();
  const stamps = new Stamps(root);
  if (force) rmSync(join(root, 'build', '.stamps'), { recursive: true, force: true });
  if (module && !(module in MODULES))
    throw new Error(`--module ${module}: there is none; the modules are ${Object.keys(MODULES).join(', ')}`);
  const all = !core && !codecs && !js && !module;
  const made = [];
  for (const name of Object.keys(MODULES)) {
    if (
      (all || name === module || (name === 'core' ? core : codecs)) &&
      (await buildModule({ root, stamps, name, debug }))
    )
      made.push(`build/${name}`);
  }
  if (await buildJs({ root, stamps, debug })) made.push('dist');
  if (all && (await buildTypes({ root, stamps }))) made.push('dist/types');
  say(made.length ? `Built ${made.join(', ')} in ${seconds(Date.now() - began)}` : 'Everything is built already');
}

if (isProgram(import.meta.url)) {
  runMain(async () => {
    const { values } = parseArgs({
      options: {
        js: { type: 'boolean' },
        core: { type: 'boolean' },
        codecs: { type: 'boolean' },
        module: { type: 'string' },
        debug: { type: 'boolean' },
        force: { type: 'boolean' },
      },
    });
    await build(values);
  });
}
