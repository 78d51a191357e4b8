/**
 * The implementations of streams that tests and benchmarks can run against, each as one classic script that puts its
 * classes on `globalThis`: such a script works alike in pages, workers, frames and a Node context.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const project = fileURLToPath(new URL('../../', import.meta.url));

/** The names that the Streams Standard puts on the global object. */
export const globalNames = [
  'ReadableStream',
  'ReadableStreamDefaultReader',
  'ReadableStreamBYOBReader',
  'ReadableStreamDefaultController',
  'ReadableByteStreamController',
  'ReadableStreamBYOBRequest',
  'WritableStream',
  'WritableStreamDefaultWriter',
  'WritableStreamDefaultController',
  'TransformStream',
  'TransformStreamDefaultController',
  'ByteLengthQueuingStrategy',
  'CountQueuingStrategy',
];

/** Names that `--impl` takes. */
export const implementations = ['ours', 'native', 'web-streams-polyfill'];

const install = `
  const names = ${JSON.stringify(globalNames)};
  for (const name of names) {
    if (implementation[name] === undefined) continue;
    Object.defineProperty(globalThis, name, {
      value: implementation[name], writable: true, enumerable: false, configurable: true,
    });
  }`;

/** The module whose bundle is the script, or undefined for the engine's own classes. */
function entry(name) {
  if (name === 'native') return undefined;
  if (name === 'web-streams-polyfill') return `import * as implementation from 'web-streams-polyfill';${install}`;
  if (name !== 'ours')
    throw new TypeError(`unknown implementation "${name}", expected one of ${implementations.join(', ')}`);
  if (!existsSync(new URL('../../dist/index.js', import.meta.url))) {
    throw new Error('dist/index.js is missing: run `npm run build` first');
  }
  return existsSync(new URL('../../dist/polyfill.js', import.meta.url))
    ? "import { install } from './dist/polyfill.js'; install({ force: true });"
    : `import * as implementation from './dist/index.js';${install}`;
}

/**
 * Bundles an implementation into one script.
 * @param {string} name One of `implementations`.
 * @returns {Promise<string>} Source text; empty for the engine's own.
 */
export async function installScript(name) {
  const contents = entry(name);
  if (contents === undefined) return '';
  const result = await build({
    stdin: { contents, resolveDir: project, sourcefile: `install-${name}.mjs` },
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    keepNames: false,
    logLevel: 'error',
  });
  return result.outputFiles[0].text;
}
