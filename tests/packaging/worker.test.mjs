/** The packed tarball's codecs with `worker: true` in bundlers: each ships the worker, and a page in Chromium runs it. */
import assert from 'node:assert/strict';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import * as esbuild from 'esbuild';
import { runPage } from '../../tools/browsers/index.mjs';
import { lockedVersion, npm, pack, serve } from './helpers.mjs';

const page = '<!doctype html><meta charset="utf-8"><title>app</title><script type="module" src="/main.js"></script>';

/** The page's program; `pool` is an expression for the option. */
const program = (pool = 'true', imports = '') => `
  import { pipeline, toArray } from 'tidegate';
  import { gunzip, lines, workerPool } from 'tidegate/codecs';
  ${imports}
  const run = () => pipeline(fetch('/log.gz'), gunzip(), lines(), (chunks) => toArray(chunks), { worker: ${pool} });
  const result = await run().catch((error) => ({ error: String(error.stack) }));
  await fetch(new URLSearchParams(location.search).get('result'), { method: 'POST', body: JSON.stringify(result) });`;

const routes = { '/log.gz': (request, response) => response.end(gzipSync('flood\nebb\n')) };
const assertRuns = async (url) => assert.deepEqual(await runPage('chromium', url), ['flood', 'ebb']);

let folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-worker-'));
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'app', private: true, type: 'module' }));
  const options = ['--prefer-offline', '--no-audit', '--no-fund'];
  await npm(folder, 'install', ...options, await pack(folder), `vite@${await lockedVersion('vite')}`);
});
after(() => rm(folder, { recursive: true, force: true }));

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

async function assertDevelops(root, options = {}) {
  const { createServer } = await vite();
  const server = await createServer({
    root,
    logLevel: 'error',
    cacheDir: join(root, 'cache'),
    plugins: [
      { name: 'data', configureServer: ({ middlewares }) => void middlewares.use('/log.gz', routes['/log.gz']) },
    ],
    server: { host: '127.0.0.1', port: 0, hmr: false, watch: null },
    ...options,
  });
  try {
    await server.listen();
    await assertRuns(`http://127.0.0.1:${server.httpServer.address().port}/`);
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

test("served by Vite's development server, with the worker's URL", async () => {
  const root = await app(
    'vite-dev',
    program(
      "workerPool({ workerFactory: () => new Worker(url, { type: 'module' }) })",
      "import url from 'tidegate/codec-worker?url';",
    ),
  );
  await assertDevelops(root);
});

test("served by Vite's development server, with the package left out of its bundle of dependencies", async () => {
  const root = await app('vite-excluded', program());
  await assertDevelops(root, { optimizeDeps: { exclude: ['tidegate'] } });
});

test('built by esbuild, with the worker copied beside the bundle', async () => {
  const root = await app('esbuild', program());
  await esbuild.build({
    entryPoints: [join(root, 'main.js')],
    outdir: join(root, 'dist'),
    bundle: true,
    format: 'esm',
  });
  await writeFile(join(root, 'dist/index.html'), page);
  await copyFile(join(folder, 'node_modules/tidegate/dist/codec-worker.js'), join(root, 'dist/codec-worker.js'));
  await assertServed(join(root, 'dist'));
});
