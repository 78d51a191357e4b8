/** The packed tarball's codecs with `worker: true` in bundlers: each ships the worker, and a page in Chromium runs it. */
import assert from 'node:assert/strict';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import * as esbuild from 'esbuild';
import { runPage } from '../../tools/browsers/index.mjs';
import { page, pageApps } from './page-apps.mjs';

/** The page's program; `pool` is an expression for the option. */
const program = (pool = 'true', imports = '') => `
  import { pipeline, toArray } from 'tidegate';
  import { gunzip, lines, workerPool } from 'tidegate/codecs';
  ${imports}
  const run = () => pipeline(fetch('/log.gz'), gunzip(), lines(), (chunks) => toArray(chunks), { worker: ${pool} });
  const result = await run().catch((error) => ({ error: String(error.stack) }));
  await fetch(new URLSearchParams(location.search).get('result'), { method: 'POST', body: JSON.stringify(result) });`;

const assertRuns = async (url) => assert.deepEqual(await runPage('chromium', url), ['flood', 'ebb']);

const apps = pageApps('worker', assertRuns);
const { app, assertDevelops, assertServed, vite } = apps;

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
  await copyFile(join(apps.folder, 'node_modules/tidegate/dist/codec-worker.js'), join(root, 'dist/codec-worker.js'));
  await assertServed(join(root, 'dist'));
});
