/** The packed tarball's tidegate/slim in bundlers: its Wasm modules become assets, and a page in Chromium loads both. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import * as esbuild from 'esbuild';
import { runPage } from '../../tools/browsers/index.mjs';
import { page, pageApps } from './page-apps.mjs';

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

const assertRuns = async (url) =>
  assert.deepEqual(await runPage('chromium', url), { rows: ['flood', 'ebb'], files: 3 });

const { app, assertDevelops, assertServed, vite } = pageApps('slim', assertRuns);

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
  await assertDevelops(root);
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
