/** Bundles js/ into dist/: ES modules that share one copy of the classes, the same as CommonJS, and the types. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { say, step, StepError } from '../steps.mjs';
import { inlineWasm } from './inline-wasm.mjs';
import { filesUnder, hashOf } from './stamps.mjs';

/** The package's entries: the name in dist/ and the source. */
export const ENTRIES = {
  index: 'js/index.js',
  codecs: 'js/codecs/index.js',
  polyfill: 'js/polyfill.js',
};

const INPUTS = ['js', 'build/core', 'build/codecs', 'package.json', 'tools/build/js.mjs', 'tools/build/inline-wasm.mjs', 'node_modules/esbuild/package.json'];
const TARGET = ['es2022'];

/** Builds dist/ unless it is up to date; resolves with the names of the entries that exist. */
export async function buildJs({ root, stamps, modules, debug }) {
  const names = Object.keys(ENTRIES).filter((name) => existsSync(join(root, ENTRIES[name])) && canBuild(root, name, modules));
  for (const name of Object.keys(ENTRIES)) {
    if (!names.includes(name)) say(`- Entry ${name}: skipped, ${ENTRIES[name]} or the Wasm it needs does not exist yet`);
  }
  if (!names.length) return names;
  const hash = hashOf(root, INPUTS, { names, debug });
  const outputs = names.flatMap((name) => [`dist/${name}.js`, `dist/${name}.cjs`]);
  if (stamps.isFresh('js', hash, outputs)) return names;
  await step('Bundle the JavaScript', async () => {
    const esbuild = await import('esbuild').catch((cause) => {
      throw new StepError('Bundle the JavaScript', { reason: cause.message, advice: 'Run `npm ci`, then the command again.' });
    });
    const dist = join(root, 'dist');
    const files = await bundle({ esbuild, root, names, debug });
    const written = new Set();
    const write = (path, text) => {
      written.add(path);
      mkdirSync(dirname(path), { recursive: true });
      if (!existsSync(path) || readFileSync(path, 'utf8') !== text) writeFileSync(path, text);
    };
    for (const [path, text] of files) write(path, text);
    for (const [path, text] of await toCommonJs({ esbuild, files, dist })) write(path, text);
    for (const [path, text] of types({ root, dist })) write(path, text);
    for (const file of filesUnder(dist)) if (!written.has(file)) rmSync(file);
  });
  stamps.set('js', hash);
  return names;
}

function canBuild(root, name, modules) {
  return modules.core && (name !== 'codecs' || modules.codecs);
}

async function bundle({ esbuild, root, names, debug }) {
  try {
    const result = await esbuild.build({
      absWorkingDir: root,
      entryPoints: Object.fromEntries(names.map((name) => [name, ENTRIES[name]])),
      outdir: 'dist',
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'neutral',
      target: TARGET,
      chunkNames: 'chunks/[name]-[hash]',
      plugins: [inlineWasm],
      minify: !debug,
      legalComments: 'none',
      charset: 'utf8',
      write: false,
      logLevel: 'silent',
    });
    return result.outputFiles.map((file) => [file.path, file.text]);
  } catch (error) {
    const lines = await esbuild.formatMessages(error.errors ?? [], { kind: 'error' });
    throw new StepError('Bundle the JavaScript', { tail: lines.join('\n') || String(error.stack), advice: 'Mend the file named above.' });
  }
}

/**
 * The bundle, file by file, as CommonJS. Made from the ES modules rather than from js/, so that the CommonJS
 * entries share their chunks, and so one copy of the classes, as well.
 */
async function toCommonJs({ esbuild, files, dist }) {
  const out = [];
  for (const [path, text] of files) {
    const { code } = await esbuild.transform(text, { format: 'cjs', target: TARGET, platform: 'neutral', minify: true, charset: 'utf8' });
    const renamed = code.replace(/require\("(\.{1,2}\/[^"]+)\.js"\)/g, 'require("$1.cjs")');
    out.push([join(dist, relative(dist, path).replace(/\.js$/, '.cjs')), renamed]);
  }
  return out;
}

/** Copies of js/'s .d.ts files, and of each as .d.cts, so that `require` has types of its own kind. */
function types({ root, dist }) {
  const source = join(root, 'js');
  return filesUnder(source)
    .filter((file) => file.endsWith('.d.ts'))
    .flatMap((file) => {
      const text = readFileSync(file, 'utf8');
      const target = join(dist, 'types', relative(source, file));
      const common = text.replace(/(['"])(\.{1,2}\/[^'"]+)\.js\1/g, '$1$2.cjs$1');
      return [[target, text], [target.replace(/\.d\.ts$/, '.d.cts'), common]];
    });
}
