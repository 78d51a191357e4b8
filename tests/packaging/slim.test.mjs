/** The packed tarball's tidegate/slim in bundlers: its Wasm modules become assets, and a page in Chromium loads both. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import * as esbuild from 'esbuild';
import { runPage } from '../../tools/browsers/index.mjs';
import { lockedVersion, npm, pack, serve } from './helpers.mjs';

const page = '<!doctype html><meta charset="utf-8"><title>app</title><script type="module" src="/main.js"></script>';

/** The page's program; `urls` are imports of the variables `core`, `inflate` and `text`. */
const program = (urls = 'let core, inflate = true, text = true;') => `
  import { init, pipeline, toArray } from 'tidegate/slim';
  import { gunzip, initCodecs, lines } from 'tidegate/slim/codecs';
  ${urls}
  async function run() {
    await Promise.all([init(core), initCodecs({ inflate, text })]);
    const rows = await pipeline(fetch('/log.gz'), gunzip(), lines(), (chunks) => toArray(chunks));
    const loaded = performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname);
    return { rows, files: new Set(loaded.filter((name) => /(wasm|_js[^/]*\\.js)$/.test(name))).size };
  }
  const result = await run().catch((error) => ({ error: String(error.stack) }));
  await fetch(new URLSearchParams(location.search).get('result'), { method: 'POST', body: JSON.stringify(result) });`;

const routes = { '/log.gz': (request, response) => response.end(gzipSync('flood\nebb\n')) };

const assertRuns = async (url) =>
  assert.deepEqual(await runPage('chromium', url), { rows: ['flood', 'ebb'], files: 3 });

let folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-slim-'));
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'app', private: true, type: 'module' }));
  const options = ['--prefer-offline', '--no-audit', '--no-fund'];
  await npm(folder, 'install', ...options, await pack(folder), `vite@${await lockedVersion('vite')}`);
});
after(() => rm(folder, { recursive: true, force: true }));

/** A folder beside node_modules with the page and its program. */
async function app(name, code) {
  const root = join(folder, name);
  await mkdir(root);
  await writeFile(join(root, 'index.html'), page);
  await writeFile(join(root, 'main.js'), code);
  return root;
}

const vite = () => import(pathToFileURL(join(folder, 'node_modules/vite/dist/node/index.js')));

async function assertServed(dist) {
  const server = await serve(dist, routes);
  try {
    await assertRuns(server.url);
  } finally {
    await server.close();
  }
}

test('built by Vite, nothing configured', async () => {
  const root = await app('vite', program());
  const { build } = await vite();
  await build({ root, logLevel: 'error', build: { target: 'es2022' } });
  await assertServed(join(root, 'dist'));
});

test("served by Vite's development server, with the files' URLs", async () => {
  const root = await app(
    'vite-dev',
    program(
      "import core from 'tidegate/core.wasm?url'; import inflate from 'tidegate/inflate.wasm?url'; import text from 'tidegate/text.wasm?url';",
    ),
  );
  const { createServer } = await vite();
  const server = await createServer({
    root,
    logLevel: 'error',
    cacheDir: join(root, 'cache'),
    plugins: [
      { name: 'data', configureServer: ({ middlewares }) => void middlewares.use('/log.gz', routes['/log.gz']) },
    ],
    server: { host: '127.0.0.1', port: 0, hmr: false, watch: null },
  });
  try {
    await server.listen();
    await assertRuns(`http://127.0.0.1:${server.httpServer.address().port}/`);
  } finally {
    await server.close();
  }
});

test("built by esbuild, with the files' URLs from its loader", async () => {
  const root = await app(
    'esbuild',
    program(
      "import core from 'tidegate/core.wasm'; import inflate from 'tidegate/inflate.wasm'; import text from 'tidegate/text.wasm';",
    ),
  );
  await esbuild.build({
    entryPoints: [join(root, 'main.js')],
    outdir: join(root, 'dist'),
    publicPath: '/',
    bundle: true,
    splitting: true,
    format: 'esm',
    loader: { '.wasm': 'file' },
  });
  await writeFile(join(root, 'dist/index.html'), page);
  await assertServed(join(root, 'dist'));
});
