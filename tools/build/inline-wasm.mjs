/**
 * Inlines a Wasm module as text that compresses as well as the module itself. Base64 spreads each byte over two
 * characters, which hides repetitions from gzip and brotli and costs a third of the compressed size; here the 89 bytes that are the most frequent in
 * the module are one character and the others two.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

/** Printable ASCII from `#` on without the backslash: 91 digits, none of which a string literal must escape. */
const digit = (value) => String.fromCharCode(value + (value < 57 ? 35 : 36));
const SINGLE = 89;
const DIGITS = 91;

/** The arguments of `decode` for these bytes: the bytes that are one character, as differences from the one before, and all of them. */
export function encode(bytes) {
  const counts = new Uint32Array(256);
  for (const byte of bytes) counts[byte]++;
  const byFrequency = [...counts.keys()].sort((a, b) => counts[b] - counts[a]);
  const frequent = byFrequency.slice(0, SINGLE);
  const between = [];
  const inOrder = () => [...frequent, ...between].sort((a, b) => a - b);
  const stepsOf = (bytes) => bytes.map((byte, index) => byte - (bytes[index - 1] ?? 0));
  // Two frequent bytes that are too far apart for one digit have one between them, in place of the least frequent.
  for (;;) {
    const bytes = inOrder();
    const wide = stepsOf(bytes).findIndex((step) => step >= DIGITS);
    if (wide === -1) break;
    between.push((bytes[wide - 1] ?? 0) + DIGITS - 1);
    frequent.pop();
  }
  const singles = inOrder();
  const pairs = [...counts.keys()].filter((byte) => !singles.includes(byte));
  const steps = stepsOf(singles);
  const words = new Map(singles.map((byte, index) => [byte, digit(index)]));
  pairs.forEach((byte, index) => words.set(byte, digit(SINGLE + Math.floor(index / DIGITS)) + digit(index % DIGITS)));
  return [steps.map(digit).join(''), Array.from(bytes, (byte) => words.get(byte)).join(''), bytes.length];
}

/**
 * Makes the inverse of `encode`, `decode(steps, text, length)`. Shipped, so it refers to nothing outside itself. A page may replace the functions of
 * the language between the import and the first stream, which decodes. No function is called for a byte: WebKit interprets the loop.
 */
function makeDecode() {
  const Bytes = Uint8Array;
  const codeAt = Function.prototype.call.bind(String.prototype.charCodeAt);
  const encoder = typeof TextEncoder === 'function' && new TextEncoder();
  const codesOf = encoder ? encoder.encode.bind(encoder) : (text) => Bytes.from(text, (character) => codeAt(character, 0));
  return (steps, text, length) => {
    // By the code of a character, or of the second one of a pair plus 93 or 185: each range has a hole for the backslash.
    const bytesOf = new Bytes(312);
    const isSingle = new Bytes(256);
    let byte = 0;
    let at = 35;
    const stepCodes = codesOf(steps);
    // Not with for-of or the array's length, which call functions of its prototype: the page may have replaced them.
    for (let index = 0; index < steps.length; index++) {
      const step = stepCodes[index];
      byte += step - (step < 92 ? 35 : 36);
      isSingle[byte] = 1;
      if (at === 92) at++;
      bytesOf[at++] = byte;
    }
    at = 128;
    for (byte = 0; byte < 256; byte++) {
      if (isSingle[byte]) continue;
      if (at === 185 || at === 277) at++;
      bytesOf[at++] = byte;
    }
    const codes = codesOf(text);
    const bytes = new Bytes(length);
    let from = 0;
    for (let to = 0; to < length; to++) {
      let code = codes[from++];
      if (code > 124) code = (code - 124) * 92 + codes[from++] + 1;
      bytes[to] = bytesOf[code];
    }
    return bytes;
  };
}

export const decode = makeDecode();

/**
 * Where the tables of CRC-32 are in `bytes`, as offsets, each followed by the number of zero bytes that its table advances a CRC by. A decompressor
 * brings nine of them, a kilobyte each, which no compression makes smaller.
 */
export function crcTables(bytes) {
  const found = [];
  for (let zeros = 1; zeros <= MOST_ZEROS; zeros++) {
    const table = Buffer.alloc(TABLE);
    fillCrcTables(table, [0, zeros]);
    for (let at = -TABLE; (at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(table, at + TABLE)) !== -1; ) found.push(at, zeros);
  }
  return found;
}

const TABLE = 1024;
/** The longest braid of words that decompressors work on is of five. */
const MOST_ZEROS = 40;

/** Makes `fillCrcTables(bytes, tables)`, which writes the tables of `crcTables` and returns the bytes. Shipped, as `decode` is. */
function makeFillCrcTables() {
  return (bytes, tables) => {
    const first = [];
    for (let byte = 0; byte < 256; byte++) {
      let crc = byte;
      for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 && 0xedb88320);
      first[byte] = crc;
    }
    for (let table = 0; table < tables.length; table += 2) {
      for (let byte = 0; byte < 256; byte++) {
        let crc = byte;
        for (let left = tables[table + 1]; left > 0; left--) crc = (crc >>> 8) ^ first[crc & 255];
        for (let part = 0; part < 4; part++) bytes[tables[table] + 4 * byte + part] = crc >>> (8 * part);
      }
    }
    return bytes;
  };
}

export const fillCrcTables = makeFillCrcTables();

/**
 * Where the logarithms to base 2 of the numbers from 3 to 65,535 are in `bytes`, as single floats in a row, and which of them differ from what
 * `fillLogarithms` computes: the offset, then for each of those its number and its bits. Undefined if there are none. brotli's encoder brings this
 * table of 256 KiB, which no compression makes much smaller.
 */
export function logarithms(bytes) {
  const table = Buffer.alloc(LOGARITHMS);
  fillLogarithms(table, [0]);
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const begin = table.subarray(0, 64);
  for (let at = -1; (at = all.indexOf(begin, at + 1)) !== -1; ) {
    const found = all.subarray(at, at + LOGARITHMS);
    if (found.length < LOGARITHMS) return undefined;
    const others = [];
    for (let number = 0; number < LOGARITHMS && others.length <= MOST_OTHERS; number += 4)
      if (found.readUInt32LE(number) !== table.readUInt32LE(number)) others.push(number / 4 + 3, found.readUInt32LE(number));
    if (others.length <= MOST_OTHERS) return [at, ...others];
  }
  return undefined;
}

const LOGARITHMS = (65536 - 3) * 4;
const MOST_OTHERS = 16;

/**
 * Makes `fillLogarithms(bytes, table)`, which writes what `logarithms` returned and returns the bytes. It adds, multiplies and divides, which is the same
 * in every engine, where `Math.log2` need not be. Shipped, as `decode` is.
 */
function makeFillLogarithms() {
  return (bytes, [start, ...others]) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset + start);
    const logs = new Float64Array(65536);
    for (let number = 2; number < 65536; number++) {
      logs[number] = logs[number >> 1] + 1;
      if (number % 2 === 1) {
        // log(n / (n - 1)) = 2 artanh(1 / (2n - 1))
        const x = 1 / (2 * number - 1);
        let sum = 0;
        for (let power = x, at = 1; power > 1e-20; power *= x * x, at += 2) sum += power / at;
        logs[number] += 2 * sum * 1.4426950408889634;
      }
      if (number > 2) view.setFloat32(4 * (number - 3), logs[number], true);
    }
    for (let at = 0; at < others.length; at += 2) view.setUint32(4 * (others[at] - 3), others[at + 1], true);
    return bytes;
  };
}

export const fillLogarithms = makeFillLogarithms();

/** JavaScript that exports as default what makes the bytes anew. */
function inlined(bytes) {
  const tables = crcTables(bytes);
  const rest = Uint8Array.from(bytes);
  for (let table = 0; table < tables.length; table += 2) rest.fill(0, tables[table], tables[table] + TABLE);
  const logs = logarithms(bytes);
  if (logs !== undefined) {
    rest.fill(0, logs[0], logs[0] + LOGARITHMS);
    const filled = `fillLogarithms(decode(${encode(rest).map((argument) => JSON.stringify(argument)).join()}), ${JSON.stringify(logs)})`;
    if (tables.length > 0) throw new Error('A module has tables of CRC-32 and of logarithms, which tools/build/inline-wasm.mjs does not expect');
    return `import { decode } from 'inline-wasm:decode';\nimport { fillLogarithms } from 'inline-wasm:logarithms';\nexport default () => ${filled};`;
  }
  const text = `decode(${encode(rest).map((argument) => JSON.stringify(argument)).join()})`;
  const decoder = "import { decode } from 'inline-wasm:decode';";
  if (tables.length === 0) return `${decoder}\nexport default () => ${text};`;
  return `${decoder}\nimport { fillCrcTables } from 'inline-wasm:crc';\nexport default () => fillCrcTables(${text}, ${JSON.stringify(tables)});`;
}

/**
 * An esbuild plug-in. A `.wasm` file exports as default a function that returns its bytes (a `Uint8Array`), and as `imports` what to instantiate
 * it with: those functions of its glue that the module asks for, so that the rest of the glue can be dropped. `rename` makes another
 * module of it: short-exports.mjs. `how` says where the bytes are: WAYS.
 */
export const inlineWasm = (rename = (bytes) => bytes, how = 'inline') => ({
  name: 'inline-wasm',
  setup(build) {
    build.onResolve({ filter: /^inline-wasm:/ }, ({ path }) => ({ path, namespace: 'inline-wasm', sideEffects: false }));
    build.onResolve({ filter: /^wasm-file:/ }, ({ path }) => ({ path: path.slice('wasm-file:'.length), external: true }));
    build.onLoad({ filter: /.*/, namespace: 'inline-wasm' }, ({ path }) => ({ contents: SHIPPED[path] }));
    build.onLoad({ filter: /\.wasm$/, namespace: 'file' }, async ({ path }) => {
      const bytes = rename(await readFile(path));
      return { contents: `${importsOf(bytes)}\n${WAYS[how](bytes, assetName(path))}`, resolveDir: dirname(path) };
    });
  },
});

/** What the text refers to, each in a module of its own: only what has tables brings the second. */
const SHIPPED = {
  'inline-wasm:decode': `${makeDecode}\nexport const decode = /* @__PURE__ */ makeDecode();`,
  'inline-wasm:logarithms': `${makeFillLogarithms}\nexport const fillLogarithms = /* @__PURE__ */ makeFillLogarithms();`,
  'inline-wasm:crc': `${makeFillCrcTables}\nexport const fillCrcTables = /* @__PURE__ */ makeFillCrcTables();`,
};

/** The name in dist/ of the file of a module: `core.wasm`. */
export const assetName = (path) => basename(path).replace('_bg.', '.');

/** How a module comes: as text in the JavaScript, from a file that `init` loads, or from a file that the runtime compiles and imports. */
const WAYS = {
  inline: (bytes) => `export const compiled = undefined;\n${inlined(bytes)}`,
  asset: (bytes, name) => `export const compiled = undefined;
export const asset = { name: '${name}', stamp: '${stampOf(bytes)}', url: () => new URL('../${name}', import.meta.url) };
export default () => {
  throw new Error('tidegate/slim: ${name} has not been loaded. ${MISSING[name] ?? CODECS_MISSING}');
};`,
  module: (bytes, name) => `import module from 'wasm-file:../${name}';
export const compiled = module;
export default () => undefined;`,
};

const MISSING = { 'core.wasm': 'Await init() before the first stream is made' };
const CODECS_MISSING = 'Await initCodecs() of tidegate/slim/codecs before the first codec runs';

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
