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

/**
 * Names that `--impl` takes. `ours-js` is ours with its core as JavaScript, `ours-codecs` is ours with the CompressionStream, DecompressionStream,
 * TextDecoderStream and TextEncoderStream of `tidegate/codecs` in place of the engine's.
 */
export const implementations = ['ours', 'ours-js', 'ours-codecs', 'native', 'web-streams-polyfill'];

/** Whether `name` is held to what tools/wpt/expectations says of ours. */
export const isOurs = (name) => name.startsWith('ours');

/** The name of the file in tools/wpt/expectations. */
export const expectationsOf = (name, suite) => (name === 'ours-codecs' ? `${suite}-codecs` : suite);

/** Makes the core run as JavaScript: WebAssembly is refused while the first stream is created. */
const asJavaScript = `
  import './dist/js.js';
  const { Module } = WebAssembly;
  WebAssembly.Module = function () {
    throw new WebAssembly.CompileError('refused, to have the core run as JavaScript');
  };
  new ReadableStream();
  WebAssembly.Module = Module;`;

const codecs = `
  import * as codecs from './dist/codecs.js';
  for (const name of ['CompressionStream', 'DecompressionStream', 'TextDecoderStream', 'TextEncoderStream']) {
    Object.defineProperty(globalThis, name, { value: codecs[name], writable: true, enumerable: false, configurable: true });
  }`;

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
  if (!isOurs(name))
    throw new TypeError(`unknown implementation "${name}", expected one of ${implementations.join(', ')}`);
  if (!existsSync(new URL('../../dist/polyfill.js', import.meta.url))) {
    throw new Error('dist/polyfill.js is missing: run `npm run build` first');
  }
  const ours = "import { install } from './dist/polyfill.js'; install({ force: true });";
  return `${ours}${{ 'ours-js': asJavaScript, 'ours-codecs': codecs }[name] ?? ''}`;
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
