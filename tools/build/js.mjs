/**
 * Bundles js/ into dist/: ES modules that share one copy of the classes, and the same as CommonJS; and copies of these with the Wasm modules
 * in files of their own, dist/slim/ and dist/workerd/; and files for pages without a bundler.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { step, StepError } from '../steps.mjs';
import { assetName, inlineWasm, stamped } from './inline-wasm.mjs';
import { resolveTs } from './resolve-ts.mjs';
import { renameExports, shortNames } from './short-exports.mjs';
import { filesUnder, hashOf } from './stamps.mjs';
import { MODULES } from './wasm.mjs';

/** The package's entries with inlined Wasm: the name in dist/ and the source, without its extension. */
const INLINED = {
  index: 'js/index',
  archives: 'js/archives',
  codecs: 'js/codecs',
  inspect: 'js/inspect',
  monitor: 'js/monitor',
  multipart: 'js/multipart',
  polyfill: 'js/polyfill',
  js: 'js/js',
  'js-codecs': 'js/js-codecs',
};

/** All encodings of text, which are large and seldom needed. */
const ENCODING = 'codec-encoding';

/** Entries that no page imports by name: what others load when it is needed. */
const LOADED = { 'codec-pool': 'js/codecs/worker/pool', 'codec-plain': 'js/codecs/plain/chain', [ENCODING]: 'js/codecs/families/encoding', 'codec-brotli': 'js/codecs/brotli-codec', 'codec-brotli-compress': 'js/codecs/brotli-compress-codec' };

/** The worker that runs codecs: a script with all that it needs. */
const WORKER = { name: 'codec-worker.js', source: 'js/codec-worker' };

/** Bundles whose Wasm modules are files, by their folder in dist/. They are ES modules only, since CommonJS can do neither. */
const OTHERS = {
  slim: { how: 'asset', entries: { index: 'js/slim', codecs: 'js/slim-codecs', archives: 'js/archives', inspect: 'js/inspect', monitor: 'js/monitor', multipart: 'js/multipart', ...LOADED } },
  workerd: { how: 'module', entries: { index: 'js/index', codecs: 'js/codecs', archives: 'js/archives', inspect: 'js/inspect', multipart: 'js/multipart', polyfill: 'js/polyfill', ...LOADED } },
};

/** Files that a page uses without a bundler, each with all that it needs, and how esbuild makes it of the entries in dist/. */
const WHOLE = {
  'tidegate.global.js': { format: 'iife', globalName: 'tidegate', contents: "export * from './index.js'; export * from './codecs.js';" },
  'tidegate.module.js': { format: 'esm', contents: "export * from './index.js'; export * from './codecs.js';" },
  'service-worker.js': { format: 'iife', contents: "import { serveDownloads } from './index.js'; serveDownloads();" },
};

const WASM = Object.keys(MODULES).map((name) => `build/${name}/${name}_bg.wasm`);

/** The entries that have declarations of their own: the name in dist/types/ and the source. */
export const ENTRIES = { ...INLINED, slim: 'js/slim', 'slim-codecs': 'js/slim-codecs' };

const INPUTS = ['js', ...Object.keys(MODULES).map((name) => `build/${name}`), 'package.json', 'tools/build/js.mjs', 'tools/build/inline-wasm.mjs', 'tools/build/short-exports.mjs', 'tools/build/script-url.js', 'tools/build/resolve-ts.mjs', 'node_modules/esbuild/package.json'];
const TARGET = ['es2022'];

/** A script is strict, as the modules are that it is made of, whatever tsconfig.json is near. */
const STRICT = { compilerOptions: { alwaysStrict: true } };

/**
 * The module of the core's constants. As an entry it becomes a chunk of its own, in which each is a `const`: bundlers put the value of a
 * constant in the place of its name if its file has no imports, which is 400 bytes of each page. The entry itself is left out.
 */
const CONSTANTS = 'js/core/effects';

/**
 * The module of readable streams. As an entry it has a chunk with what it imports, apart from what all entries use besides, which is transform streams:
 * a page without them does not load them. The entry itself is left out.
 */
const APART = 'js/streams/readable-stream';

/** The Wasm modules that the build translated to JavaScript. */
const TRANSLATED = /^build\/.*_js\.js$/;

/** What `import.meta.url` is in CommonJS, in Node; bundles for pages have none. */
const URL_OF_COMMONJS = "return typeof __filename === 'string' && globalThis.process?.getBuiltinModule?.('node:url').pathToFileURL(__filename).href || undefined;";

/** The line by which a file names its source map. */
const LINK = /^\/\/# sourceMappingURL=.*\n/m;

/** The file of a source that is named without its extension. */
export const sourceFile = (root, name) => [`${name}.ts`, `${name}.js`].find((file) => existsSync(join(root, file)));

/** Builds dist/ unless it is up to date; resolves with whether it had to. */
export async function buildJs({ root, stamps, debug }) {
  const hash = hashOf(root, INPUTS, { debug });
  const outputs = Object.keys({ ...INLINED, ...LOADED }).flatMap((name) => [`dist/${name}.js`, `dist/${name}.cjs`]);
  outputs.push(`dist/${WORKER.name}`);
  outputs.push(...Object.keys(WHOLE).map((name) => `dist/${name}`));
  for (const [folder, { entries }] of Object.entries(OTHERS)) for (const name of Object.keys(entries)) outputs.push(`dist/${folder}/${name}.js`);
  if (stamps.isFresh('js', hash, outputs)) return false;
  await step('Bundle the JavaScript', async () => {
    const esbuild = await import('esbuild').catch((cause) => {
      throw new StepError('Bundle the JavaScript', { reason: cause.message, advice: 'Run `npm ci`, then the command again.' });
    });
    const dist = join(root, 'dist');
    const names = debug ? {} : shortNames(root);
    // Another build's worker or module is told apart by it.
    const define = { TIDEGATE_BUILD: JSON.stringify(hash.slice(0, 16)) };
    const options = { esbuild, root, debug, names, define };
    const files = await bundle({ ...options, how: 'inline', entries: { ...INLINED, ...LOADED }, folder: 'dist', chunks: 'chunks/' });
    const others = Object.entries(OTHERS).map(([folder, other]) => bundle({ ...options, ...other, folder: `dist/${folder}`, chunks: '' }));
    const written = new Set();
    const write = (path, content) => {
      written.add(path);
      mkdirSync(dirname(path), { recursive: true });
      if (!existsSync(path) || !readFileSync(path).equals(Buffer.from(content))) writeFileSync(path, content);
    };
    for (const [path, text] of files) write(path, text);
    for (const [path, text] of await toCommonJs({ esbuild, files, dist })) write(path, text);
    // The worker is in the folder above theirs.
    for (const [path, text] of (await Promise.all(others)).flat()) write(path, text.replaceAll(`"./${WORKER.name}"`, `"../${WORKER.name}"`));
    for (const file of WASM) write(join(dist, assetName(file)), stamped(renameExports(readFileSync(join(root, file)), names)));
    for (const [path, text] of (await toFiles({ esbuild, dist })).flat()) write(path, text);
    for (const [path, text] of await worker(options)) write(path, text);
    const types = join(dist, 'types') + sep;
    for (const file of filesUnder(dist)) if (!written.has(file) && !file.startsWith(types)) rmSync(file);
  });
  stamps.set('js', hash);
  return true;
}

async function bundle({ esbuild, root, debug, names, define, how, entries, folder, chunks }) {
  try {
    const result = await esbuild.build({
      absWorkingDir: root,
      entryPoints: Object.fromEntries(Object.entries({ ...entries, [`${chunks}constants`]: CONSTANTS, [`${chunks}apart`]: APART }).map(([name, source]) => [name, sourceFile(root, source)])),
      outdir: folder,
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'neutral',
      target: TARGET,
      define,
      chunkNames: `${chunks}[name]-[hash]`,
      plugins: [inlineWasm((bytes) => renameExports(bytes, names), how), resolveTs],
      mangleProps: debug ? undefined : new RegExp(`^(?:${Object.keys(names).join('|')})$`),
      mangleQuoted: true, // the module in JavaScript quotes its exports
      mangleCache: names,
      inject: [sourceFile(root, 'js/runtime/globals')],
      sourcemap: 'linked',
      metafile: true,
      legalComments: 'none',
      charset: 'utf8',
      write: false,
      logLevel: 'silent',
    });
    return debug ? result.outputFiles.map(({ path, text }) => [path, text]) : forRelease({ esbuild, root, result });
  } catch (error) {
    const lines = await esbuild.formatMessages(error.errors ?? [], { kind: 'error' });
    throw new StepError('Bundle the JavaScript', { tail: lines.join('\n') || String(error.stack), advice: 'Mend the file named above; if it is in build/, run `npm run build`, which makes the Wasm modules.' });
  }
}

/**
 * The files of a bundle as they ship: readable, with their source maps. A file that holds a Wasm module translated to JavaScript is minified and has
 * no map, because nobody reads it and it would be three times as long.
 */
async function forRelease({ esbuild, root, result: { outputFiles, metafile } }) {
  const translated = new Set();
  const constants = new Set();
  for (const [path, { inputs }] of Object.entries(metafile.outputs)) {
    const sources = Object.keys(inputs);
    if (sources.some((source) => TRANSLATED.test(source))) translated.add(join(root, path));
    if (sources.every((source) => source.startsWith(`${CONSTANTS}.`))) constants.add(join(root, path));
  }
  const files = outputFiles.filter(({ path }) => !translated.has(path.replace(/\.map$/, '')) && !/[\\/](constants|apart)\.js(\.map)?$/.test(path));
  const out = files.map(({ path, text }) => {
    if (constants.has(path)) return [path, text.replace(/^var /gm, 'const ')];
    return [path, path.endsWith('.map') ? withoutGenerated(text) : text];
  });
  for (const { path, text } of outputFiles) {
    if (!translated.has(path)) continue;
    const { code } = await esbuild.transform(text, { minify: true, target: TARGET, format: 'esm', charset: 'utf8', legalComments: 'none' });
    out.push([path, code]);
  }
  return out;
}

/**
 * The source map without the text of the sources that the build generated, such as the Wasm modules, which would double the size of the package.
 * A note takes its place, because bundlers warn about a source whose text is missing.
 */
function withoutGenerated(text) {
  const map = JSON.parse(text);
  map.sourcesContent = map.sourcesContent.map((content, index) => {
    const source = map.sources[index];
    return /\.wasm$/.test(source) ? `// ${basename(source)}: made by the build from src/` : content;
  });
  return JSON.stringify(map);
}

/**
 * The bundle, file by file, as CommonJS. Made from the ES modules rather than from js/, so that the CommonJS
 * entries share their chunks, and so one copy of the classes, as well.
 */
async function toCommonJs({ esbuild, files, dist }) {
  const maps = new Map(files.filter(([path]) => path.endsWith('.map')));
  const out = [];
  for (const [path, text] of files) {
    if (path.endsWith('.map')) continue;
    const name = basename(path, '.js');
    const readable = maps.get(`${path}.map`);
    const inlined = text.replace(LINK, () => `//# sourceMappingURL=data:application/json;base64,${Buffer.from(readable).toString('base64')}\n`);
    const { code, map } = await esbuild.transform(inlined, {
      format: 'cjs',
      target: TARGET,
      platform: 'neutral',
      charset: 'utf8',
      legalComments: 'none',
      minify: !readable,
      sourcemap: readable && 'external',
      sourcefile: path,
    });
    const renamed = code
      .replace(/\bimport\("(\.{1,2}\/[^"]+\.js)"\)/g, 'Promise.resolve().then(() => require("$1"))')
      .replace(/require\("(\.{1,2}\/[^"]+)\.js"\)/g, 'require("$1.cjs")')
      .replace('const import_meta = {};', `const import_meta = { get url() { ${URL_OF_COMMONJS} } };`);
    const file = join(dist, dirname(relative(dist, path)), `${name}.cjs`);
    out.push([file, readable ? `${renamed}//# sourceMappingURL=${name}.cjs.map\n` : renamed]);
    if (readable) out.push([`${file}.map`, map]);
  }
  return out;
}

/** The worker, as a script that is a module as well. */
async function worker({ esbuild, root, debug, names, define }) {
  const { outputFiles } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: [sourceFile(root, WORKER.source)],
    outfile: `dist/${WORKER.name}`,
    bundle: true,
    minify: !debug,
    format: 'iife',
    platform: 'neutral',
    target: TARGET,
    define,
    tsconfigRaw: STRICT,
    plugins: [inlineWasm((bytes) => renameExports(bytes, names), 'inline'), resolveTs],
    inject: [sourceFile(root, 'js/runtime/globals')],
    sourcemap: 'linked',
    charset: 'utf8',
    legalComments: 'none',
    write: false,
    logLevel: 'silent',
  });
  return outputFiles.map(({ path, text }) => [path, path.endsWith('.map') ? withoutGenerated(text) : text]);
}

/** Leaves the encodings where they are, so that a file which has all else is not half as large again. */
const withoutEncodings = {
  name: 'without-encodings',
  setup(build) {
    build.onResolve({ filter: new RegExp(`/${ENCODING}\\.js$`) }, () => ({ path: `./${ENCODING}.js`, external: true }));
  },
};

/** The files of `WHOLE`. */
async function toFiles({ esbuild, dist }) {
  return Promise.all(
    Object.entries(WHOLE).map(async ([name, { contents, ...how }]) => {
      const { outputFiles } = await esbuild.build({
        ...how,
        outfile: join(dist, name),
        tsconfigRaw: STRICT,
        sourcemap: 'linked',
        stdin: { contents, resolveDir: dist },
        plugins: [withoutEncodings],
        bundle: true,
        minify: true,
        platform: 'neutral',
        target: TARGET,
        charset: 'utf8',
        write: false,
        logLevel: 'silent',
        ...(how.format === 'iife' && { define: { 'import.meta.url': 'scriptUrl' }, inject: [fileURLToPath(new URL('./script-url.js', import.meta.url))] }),
      });
      return outputFiles.map(({ path, text }) => [path, text]);
    }),
  );
}
