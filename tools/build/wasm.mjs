/** Builds one Wasm module: cargo, then the glue generator, then wasm-opt. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { say, stepRun } from '../steps.mjs';
import { Host } from '../setup/host.mjs';
import { ensureToolchain, TARGET } from '../setup/toolchain.mjs';
import { filesUnder, hashOf } from './stamps.mjs';

/** What the modules of the codecs have in common: they need the standard library, and use SIMD where there is some. */
const CODECS = {
  feature: 'codecs',
  rustflags: ['-C', 'target-feature=+simd128'],
  optimize: ['-O3', '--enable-simd'],
  trapPanics: true,
  translated: { rustflags: [], optimize: ['-O3'] },
};

/** The families of codecs, each of which is a module: the files in src/wasm/codecs and js/codecs/families are named after them. */
export const FAMILIES = ['inflate', 'deflate', 'digest', 'text', 'csv', 'base64', 'encoding', 'brotli', 'brotli_compress', 'zstd', 'zstd-compress'];

/**
 * What differs of a family: a feature of the crate that it needs in place of `codecs`, which is one of it; and whether it has no form in JavaScript,
 * which would be of four megabytes.
 */
const OF_FAMILY = { encoding: { feature: 'codecs,encoding' }, brotli: { feature: 'brotli' }, brotli_compress: { feature: 'brotli-compress', isOnlyWasm: true }, zstd: { feature: 'zstd' }, 'zstd-compress': { feature: 'zstd' } };

/**
 * The modules: `feature` is the crate's feature, `family` the value of `--cfg tidegate_family`, `sources` what the module is made from besides the
 * shared files, `optimize` wasm-opt's options, `trapPanics` whether the generator must take the messages of panics out, as the standard library is in it,
 * `translated` what differs in the one that is translated to JavaScript: wasm2js knows no SIMD. For the core, cargo's level 3
 * is no larger than "s" or "z" once compressed, and faster.
 */
export const MODULES = {
  core: {
    feature: 'core',
    sources: ['src/core', 'src/wasm/core.rs'],
    rustflags: [],
    optimize: ['-O3'],
  },
  ...Object.fromEntries(FAMILIES.map((family) => [family, { ...CODECS, ...OF_FAMILY[family], family, sources: ['src/codec', 'src/wasm/codecs/mod.rs', `src/wasm/codecs/${family}.rs`] }])),
};

/**
 * The stack of a module, in bytes: by default a megabyte, which was nine tenths of the memory that a page has at rest. No function calls itself,
 * and the largest frames are of 48 bytes in the core. The deepest call in the codecs takes 39 KB: gunzip's step (9,968) and its CRC (28,416), or the
 * inflater (18,800). It lies at the start of the memory, so an overflow traps.
 */
const STACK = ['-C', 'link-arg=-zstack-size=65536'];

/** Switches on src/wasm: the exports, the allocator and the registry of the JavaScript host. */
const NPM_HOST = ['--cfg', 'tidegate_npm'];

const SHARED_SOURCES = ['Cargo.toml', 'Cargo.lock', 'src/lib.rs', 'src/wasm/mod.rs', 'src/wasm.rs', 'rust-toolchain.toml'];
const GENERATOR_SOURCES = ['tools/bindgen/Cargo.toml', 'tools/bindgen/Cargo.lock', 'tools/bindgen/src'];
const GENERATOR = `tools/bindgen/target/debug/tidegate-bindgen${process.platform === 'win32' ? '.exe' : ''}`;
const TOOL_SOURCES = ['tools/build/wasm.mjs'];

/** What rustc 1.82 and later switch on for wasm32-unknown-unknown; wasm-opt must know it to read the module. */
const WASM_FEATURES = [
  '--enable-bulk-memory',
  '--enable-multivalue',
  '--enable-mutable-globals',
  '--enable-nontrapping-float-to-int',
  '--enable-reference-types',
  '--enable-sign-ext',
];

/** Builds `build/<name>/<name>_bg.{js,wasm}` unless it is up to date; resolves with whether it had to. */
export async function buildModule({ root, stamps, name, debug }) {
  const module = MODULES[name];
  const outputs = ['bg.js', 'bg.wasm', ...(module.isOnlyWasm ? [] : ['js.js'])].map((end) => `build/${name}/${name}_${end}`);
  const hash = hashOf(root, [...SHARED_SOURCES, ...module.sources, ...GENERATOR_SOURCES, ...TOOL_SOURCES], { debug });
  if (stamps.isFresh(name, hash, outputs)) return false;
  const toolchain = await ensureToolchain(new Host());
  const generator = await buildGenerator({ root, stamps });
  const tools = hashOf(root, [...GENERATOR_SOURCES, ...TOOL_SOURCES], { debug });
  /**
   * Compiles a flavour of the module, and calls `finish(raw)` unless the compiler made the same as the last time: a change in one codec leaves the
   * modules of the other families as they are.
   */
  const make = async (key, flavour, outputs, finish) => {
    const raw = await compile({ root, name, module: flavour, toolchain, debug });
    const made = hashOf(root, [relative(root, raw)], tools);
    if (stamps.isFresh(`${name}-${key}`, made, outputs)) return;
    await finish(raw);
    stamps.set(`${name}-${key}`, made);
  };
  const [glue, wasm, translated] = outputs;
  const bound = (folder, flavour, raw) => bind({ root, name, folder, module: flavour, generator, raw, debug });
  const finishTranslated = async (raw) => {
    const folder = `.${name}-translated`;
    try {
      await bound(folder, { ...module, ...module.translated }, raw);
      await translate({ root, name, folder });
    } finally {
      rmSync(join(root, 'build', folder), { recursive: true, force: true });
    }
  };
  if (module.isOnlyWasm) {
    await make('raw', module, outputs, (raw) => bound(name, module, raw));
  } else if (debug || module.translated === undefined) {
    await make('raw', module, outputs, async (raw) => {
      await bound(name, module, raw);
      if (debug) writeFileSync(join(root, translated), NOT_TRANSLATED);
      else await translate({ root, name, folder: name });
    });
  } else {
    await make('raw', module, [glue, wasm], (raw) => bound(name, module, raw));
    await make('raw-translated', { ...module, ...module.translated }, [translated], finishTranslated);
  }
  stamps.set(name, hash);
  return true;
}

/** Builds the glue generator unless it is up to date; resolves with its path. */
export async function buildGenerator({ root, stamps }) {
  const hash = hashOf(root, GENERATOR_SOURCES);
  if (!stamps.isFresh('bindgen', hash, [GENERATOR])) {
    await stepRun('Build the glue generator', 'cargo', ['build', '--locked', '--manifest-path', 'tools/bindgen/Cargo.toml', '--target-dir', 'tools/bindgen/target'], { cwd: root });
    stamps.set('bindgen', hash);
  }
  return join(root, GENERATOR);
}

/** Panic messages name the file: from the crate's name on, not where the machine that builds keeps it. */
function withoutPaths(root) {
  const registry = join(process.env.CARGO_HOME ?? join(homedir(), '.cargo'), 'registry', 'src');
  return ['--remap-path-prefix', `${registry}=crates`, '--remap-path-prefix', `${root}=tidegate`];
}

async function compile({ root, name, module, toolchain, debug }) {
  // Modules with the same flags share what they depend on.
  const targetDir = join('target', module.rustflags.length > 0 ? 'wasm-simd' : 'wasm-plain');
  const profile = debug ? 'dev' : 'release';
  const features = debug ? `${module.feature},panic-hook` : module.feature;
  const how = toolchain.kind === 'build-std' ? ', with its standard library from source' : '';
  await stepRun(
    `Compile the Wasm module ${name}${how}`,
    toolchain.cargo,
    ['rustc', '--locked', '--lib', '--crate-type', 'cdylib', '--target', TARGET, '--target-dir', targetDir, '--profile', profile,
      '--no-default-features', '--features', features, ...toolchain.args, ...(module.family ? ['--', '--cfg', `tidegate_family="${module.family}"`] : [])],
    { cwd: root, env: { ...toolchain.env, CARGO_ENCODED_RUSTFLAGS: [...NPM_HOST, ...(debug ? [] : STACK), ...module.rustflags, ...withoutPaths(root)].join('\x1f') } },
  );
  return join(root, targetDir, TARGET, debug ? 'debug' : 'release', 'tidegate.wasm');
}

async function bind({ root, name, folder, module, generator, raw, debug }) {
  const outDir = join(root, 'build', folder);
  const generated = `${outDir}-generated`;
  rmSync(generated, { recursive: true, force: true });
  await stepRun(`Generate the glue of ${name}`, generator, [raw, generated, name, ...(module.trapPanics && !debug ? ['--trap-panics'] : [])], { cwd: root });
  mkdirSync(outDir, { recursive: true });
  const wasm = `${name}_bg.wasm`;
  if (!debug) {
    await stepRun(
      `Optimize the Wasm module ${name}`,
      process.execPath,
      [join(root, 'node_modules/binaryen/bin/wasm-opt'), join(generated, wasm), '-o', join(generated, `${wasm}.opt`),
        ...module.optimize, '--strip-debug', '--strip-producers', '--strip-target-features', ...WASM_FEATURES],
      { cwd: root, advice: 'Run `npm ci`, then the command again.' },
    );
    copyFileSync(join(generated, `${wasm}.opt`), join(outDir, wasm));
  } else {
    copyFileSync(join(generated, wasm), join(outDir, wasm));
  }
  copyFileSync(join(generated, `${name}_bg.js`), join(outDir, `${name}_bg.js`));
  const snippets = filesUnder(join(generated, 'snippets'));
  rmSync(generated, { recursive: true, force: true });
  if (snippets.length) throw new Error(`The module ${name} brings JS snippets of its own, which the build does not bundle: ${snippets}`);
  say(`  build/${folder}/${wasm}: ${statSync(join(outDir, wasm)).size} bytes`);
}

/**
 * Translates a module to JavaScript for hosts that refuse WebAssembly: `build/<name>/<name>_js.js`, whose default export
 * instantiates it. Newer instructions are lowered first, and what only the glue calls is dropped, because wasm2js knows neither. It does not know
 * what a debug build's panic hook needs either, so there is none of that.
 */
async function translate({ root, name, folder }) {
  const target = join(root, 'build', name, `${name}_js.js`);
  const binaryen = (tool, ...args) =>
    stepRun(`Translate the Wasm module ${name} to JavaScript (${tool})`, process.execPath, [join(root, 'node_modules/binaryen/bin', tool), ...WASM_FEATURES, ...args], { cwd: root });
  const source = join(root, 'build', folder, `${name}_bg.wasm`);
  const work = mkdtempSync(join(tmpdir(), 'tidegate-translate-'));
  try {
    const [roots, lowered, pruned, text] = ['roots.json', 'lowered.wasm', 'pruned.wasm', 'module.js'].map((file) => join(work, file));
    const names = WebAssembly.Module.exports(new WebAssembly.Module(readFileSync(source))).map((each) => each.name).filter((each) => !each.startsWith('__'));
    writeFileSync(roots, JSON.stringify([{ name: 'host', root: true, reaches: names }, ...names.map((each) => ({ name: each, export: each }))]));
    await binaryen('wasm-opt', source, '-o', lowered, '--llvm-memory-copy-fill-lowering', '--llvm-nontrapping-fptoint-lowering', '--signext-lowering');
    await binaryen('wasm-metadce', lowered, '-f', roots, '-o', pruned);
    await binaryen('wasm2js', pruned, '-O3', '-o', text);
    writeFileSync(target, asFactory(readFileSync(text, 'utf8')));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const NOT_TRANSLATED = "export default () => {\n  throw new Error('A debug build has no modules in JavaScript; run npm run build');\n};\n";

/** wasm2js writes a module that instantiates itself when it is imported; this makes it a function that does so. */
function asFactory(text) {
  const body = text.replace(/^export var .*$/gm, '');
  if (!/\bvar retasmFunc = /.test(body) || /^(import|export)\b/m.test(body)) throw new Error('wasm2js wrote a module of a shape that tools/build/wasm.mjs does not know');
  return `export default function instantiate() {\n${body}\nreturn retasmFunc;\n}\n`;
}
