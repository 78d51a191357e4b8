/**
 * Inlines a Wasm module as text that compresses as well as the module itself. Base64 spreads each byte over two
 * characters, which hides repetitions from gzip and brotli and costs a third of the compressed size; here the bytes below
 * 89, the most frequent in Wasm, are one character and the others two.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

/** Printable ASCII from `#` on without the backslash: 91 digits, none of which a string literal must escape. */
const digit = (value) => String.fromCharCode(value + (value < 57 ? 35 : 36));
const SINGLE = 89;
const DIGITS = 91;

export function encode(bytes) {
  let text = '';
  for (const byte of bytes) {
    const rest = byte - SINGLE;
    text += rest < 0 ? digit(byte) : digit(SINGLE + Math.floor(rest / DIGITS)) + digit(rest % DIGITS);
  }
  return text;
}

/**
 * Makes the inverse of `encode`, `decode(text, length)`, where `length` is the number of bytes. Shipped, so it refers to nothing outside itself.
 * A page may replace the functions of the language between the import and the first stream, which decodes.
 */
function makeDecode() {
  const Bytes = Uint8Array;
  const codeAt = Function.prototype.call.bind(String.prototype.charCodeAt);
  return (text, length) => {
    const bytes = new Bytes(length);
    let from = 0;
    const next = () => {
      const code = codeAt(text, from++);
      return code - (code < 92 ? 35 : 36);
    };
    for (let to = 0; to < length; to++) {
      const value = next();
      bytes[to] = value < 89 ? value : (value - 89) * 91 + next() + 89;
    }
    return bytes;
  };
}

export const decode = makeDecode();

/**
 * An esbuild plug-in. A `.wasm` file exports as default a function that returns its bytes (a `Uint8Array`), and as `imports` what to instantiate
 * it with: those functions of its glue that the module asks for, so that the rest of the glue can be dropped. `rename` makes another
 * module of it: short-exports.mjs. `how` says where the bytes are: WAYS.
 */
export const inlineWasm = (rename = (bytes) => bytes, how = 'inline') => ({
  name: 'inline-wasm',
  setup(build) {
    build.onResolve({ filter: /^inline-wasm:decode$/ }, ({ path }) => ({ path, namespace: 'inline-wasm', sideEffects: false }));
    build.onResolve({ filter: /^wasm-file:/ }, ({ path }) => ({ path: path.slice('wasm-file:'.length), external: true }));
    build.onLoad({ filter: /.*/, namespace: 'inline-wasm' }, () => ({ contents: `${makeDecode}\nexport const decode = /* @__PURE__ */ makeDecode();` }));
    build.onLoad({ filter: /\.wasm$/, namespace: 'file' }, async ({ path }) => {
      const bytes = rename(await readFile(path));
      return { contents: `${importsOf(bytes)}\n${WAYS[how](bytes, assetName(path))}`, resolveDir: dirname(path) };
    });
  },
});

/** The name in dist/ of the file of a module: `core.wasm`. */
export const assetName = (path) => basename(path).replace('_bg.', '.');

/** How a module comes: as text in the JavaScript, from a file that `init` loads, or from a file that the runtime compiles and imports. */
const WAYS = {
  inline: (bytes) => `import { decode } from 'inline-wasm:decode';
export const compiled = undefined;
export default () => decode(${JSON.stringify(encode(bytes))}, ${bytes.length});`,
  asset: (bytes, name) => `export const compiled = undefined;
export const asset = { name: '${name}', stamp: '${stampOf(bytes)}', url: () => new URL('../${name}', import.meta.url) };
export default () => {
  throw new Error('tidegate/slim: ${name} has not been loaded. ${MISSING[name]}');
};`,
  module: (bytes, name) => `import module from 'wasm-file:../${name}';
export const compiled = module;
export default () => undefined;`,
};

const MISSING = {
  'core.wasm': 'Await init() before the first stream is made',
  'codecs.wasm': 'Await initCodecs() of tidegate/slim/codecs before the first codec runs',
};

const stampOf = (bytes) => createHash('sha256').update(bytes).digest('hex').slice(0, 16);

/** The module with a section of its own that holds its stamp, by which `init` knows the file of its build. */
export function stamped(bytes) {
  const content = Buffer.concat([Buffer.from([8]), Buffer.from('tidegate'), Buffer.from(stampOf(bytes))]);
  return Buffer.concat([bytes, Buffer.from([0, content.length]), content]);
}

function importsOf(bytes) {
  const wanted = {};
  for (const { module, name } of WebAssembly.Module.imports(new WebAssembly.Module(bytes))) (wanted[module] ??= []).push(name);
  const modules = Object.entries(wanted);
  const glue = modules.map(([module, names], index) => `import { ${names.map((name) => `${name} as _${index}_${name}`)} } from '${module}';`);
  const imports = modules.map(([module, names], index) => `'${module}': { ${names.map((name) => `${name}: _${index}_${name}`)} }`);
  return `${glue.join('\n')}
export const imports = { ${imports} };`;
}
