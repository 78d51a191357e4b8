/** The clients in the browsers: each job in a page of its own for each mode, and what they return compared. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { availableEngines, runPage } from '../../tools/browsers/index.mjs';
import { root, serve } from '../packaging/helpers.mjs';
import { MODES } from './modes.mjs';
import { routes } from './server.mjs';

const JOBS = ['arrow', 'comlink', 'events', 'hono', 'ky', 'openai', 'react', 'streamsaver', 'zip'];
const ENGINES = ['chromium', 'firefox'];
const here = fileURLToPath(new URL('.', import.meta.url));

/** How each engine is told where downloads go, without asking. */
const settings = {
  firefox: (folder) => ({
    preferences: {
      'browser.download.folderList': 2,
      'browser.download.dir': folder,
      'browser.download.useDownloadDir': true,
      'browser.download.manager.showWhenStarting': false,
      'browser.helperApps.neverAsk.saveToDisk': 'application/octet-stream',
      'browser.download.alwaysOpenPanel': false,
    },
  }),
  chromium(folder, profile) {
    mkdirSync(join(profile, 'Default'), { recursive: true });
    writeFileSync(
      join(profile, 'Default/Preferences'),
      JSON.stringify({
        download: { default_directory: folder, prompt_for_download: false },
        profile: { default_content_setting_values: { automatic_downloads: 1 } },
      }),
    );
    return { args: [`--user-data-dir=${profile}`] };
  },
};

let bundles;
before(async () => {
  bundles = await mkdtemp(join(tmpdir(), 'tidegate-clients-'));
  await build({
    entryPoints: [...JOBS, 'comlink-worker'].map((job) => join(here, `jobs/${job}.mjs`)),
    bundle: true,
    format: 'esm',
    platform: 'browser',
    conditions: ['browser'],
    external: ['@hono/node-server'],
    define: { 'process.env.NODE_ENV': '"production"' },
    outdir: join(bundles, 'jobs'),
    logLevel: 'error',
  });
});
after(() => rm(bundles, { recursive: true, force: true }));

async function textOf(request) {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

function disk(folder) {
  return (request, response) => {
    const file = join(folder, basename(new URL(request.url, 'http://localhost').searchParams.get('name')));
    // A file that is being written has a second one beside it in Firefox, and another name in Chromium.
    const bytes = existsSync(file) && !existsSync(`${file}.part`) ? readFileSync(file) : undefined;
    response.end(
      JSON.stringify(
        bytes ? { size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') } : { size: -1 },
      ),
    );
  };
}

async function runAll(engine) {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-downloads-'));
  const profile = await mkdtemp(join(tmpdir(), 'tidegate-profile-'));
  const results = {};
  const left = JOBS.flatMap((job) => MODES.map((mode) => ({ job, mode })));
  let current;
  const places = [here, bundles, join(here, 'node_modules'), root];
  const server = await serve(
    join(here, 'nothing'),
    {
      ...routes(),
      '/next'(request, response) {
        current = left.shift() ?? {};
        response.end(JSON.stringify(current));
      },
      async '/seen'(request, response) {
        (results[current.job] ??= {})[current.mode] = JSON.parse(await textOf(request));
        response.end();
      },
      '/disk': disk(folder),
    },
    async (request, response) => {
      const { pathname } = new URL(request.url, 'http://localhost');
      for (const place of places) {
        const body = await readFile(join(place, pathname)).catch(() => undefined);
        if (body)
          return void response
            .writeHead(200, { 'content-type': pathname.endsWith('.html') ? 'text/html' : 'text/javascript' })
            .end(body);
      }
      return void response.writeHead(404).end();
    },
  );
  try {
    await runPage(engine, `${server.url}page.html`, { timeout: 150_000, ...settings[engine](folder, profile) });
    return { results };
  } catch (error) {
    return { results, failure: `while ${current?.job} ran on ${current?.mode}: ${error.message}` };
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
    await rm(profile, { recursive: true, force: true });
  }
}

for (const engine of availableEngines().filter((name) => ENGINES.includes(name))) {
  test(`in ${engine}`, async (t) => {
    const { results, failure } = await runAll(engine);
    for (const [job, { native, ...others }] of Object.entries(results)) {
      await t.test(`${job} does the same on every kind of streams`, () => {
        assert.ok(native.result && !JSON.stringify(native).includes('it hangs'), JSON.stringify(native));
        assert.deepEqual(native.unhandled, []);
        for (const [mode, other] of Object.entries(others)) assert.deepEqual({ mode, ...other }, { mode, ...native });
      });
    }
    await t.test('every job has run', () => assert.equal(failure, undefined));
  });
}
