/** Bundles js/ into dist/: ES modules that share one copy of the classes, and the same as CommonJS. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { step, StepError } from '../steps.mjs';
import { inlineWasm } from './inline-wasm.mjs';
import { resolveTs } from './resolve-ts.mjs';
import { renameExports, shortNames } from './short-exports.mjs';
import { filesUnder, hashOf } from './stamps.mjs';

/** The package's entries: the name in dist/ and the source, without its extension. */
export const ENTRIES = {
  index: 'js/index',
  codecs: 'js/codecs',
  polyfill: 'js/polyfill',
  js: 'js/js',
};

const INPUTS = ['js', 'build/core', 'build/codecs', 'package.json', 'tools/build/js.mjs', 'tools/build/inline-wasm.mjs', 'tools/build/short-exports.mjs', 'tools/build/resolve-ts.mjs', 'node_modules/esbuild/package.json'];
const TARGET = ['es2022'];

/** The file of a source that is named without its extension. */
export const sourceFile = (root, name) => [`${name}.ts`, `${name}.js`].find((file) => existsSync(join(root, file)));

/** Builds dist/ unless it is up to date; resolves with whether it had to. */
export async function buildJs({ root, stamps, debug }) {
  const hash = hashOf(root, INPUTS, { debug });
  const outputs = Object.keys(ENTRIES).flatMap((name) => [`dist/${name}.js`, `dist/${name}.cjs`]);
  if (stamps.isFresh('js', hash, outputs)) return false;
  await step('Bundle the JavaScript', async () => {
    const esbuild = await import('esbuild').catch((cause) => {
      throw new StepError('Bundle the JavaScript', { reason: cause.message, advice: 'Run `npm ci`, then the command again.' });
    });
    const dist = join(root, 'dist');
    const files = await bundle({ esbuild, root, debug });
    const written = new Set();
    const write = (path, text) => {
      written.add(path);
      mkdirSync(dirname(path), { recursive: true });
      if (!existsSync(path) || readFileSync(path, 'utf8') !== text) writeFileSync(path, text);
    };
    for (const [path, text] of files) write(path, text);
    for (const [path, text] of await toCommonJs({ esbuild, files, dist })) write(path, text);
    const types = join(dist, 'types') + sep;
    for (const file of filesUnder(dist)) if (!written.has(file) && !file.startsWith(types)) rmSync(file);
  });
  stamps.set('js', hash);
  return true;
}

async function bundle({ esbuild, root, debug }) {
  const names = debug ? {} : shortNames(root);
  try {
    const result = await esbuild.build({
      absWorkingDir: root,
      entryPoints: Object.fromEntries(Object.entries(ENTRIES).map(([name, source]) => [name, sourceFile(root, source)])),
      outdir: 'dist',
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'neutral',
      target: TARGET,
      chunkNames: 'chunks/[name]-[hash]',
      plugins: [inlineWasm((bytes) => renameExports(bytes, names)), resolveTs],
      mangleProps: debug ? undefined : new RegExp(`^(?:${Object.keys(names).join('|')})$`),
      mangleQuoted: true, // the module in JavaScript quotes its exports
      mangleCache: names,
      inject: [sourceFile(root, 'js/runtime/globals')],
      minify: !debug,
      legalComments: 'none',
      charset: 'utf8',
      write: false,
      logLevel: 'silent',
    });
    return result.outputFiles.map((file) => [file.path, file.text]);
  } catch (error) {
    const lines = await esbuild.formatMessages(error.errors ?? [], { kind: 'error' });
    throw new StepError('Bundle the JavaScript', { tail: lines.join('\n') || String(error.stack), advice: 'Mend the file named above; if it is in build/, run `npm run build`, which makes the Wasm modules.' });
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
