/** The recipes of examples/ in each browser, against a real server; what is saved is compared on the disk where the browser can be told where. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { availableEngines, runPage } from '../../tools/browsers/index.mjs';
import { recipe } from '../../tools/recipes.mjs';
import { root, serve } from '../packaging/helpers.mjs';
import { classicScript } from './classic-script.mjs';
import { downloadSettings } from './download-settings.mjs';
import { startRecipes } from './recipes/recipes.server.mjs';

const folder = join(root, 'tests/e2e/recipes');
const groups = readdirSync(folder)
  .filter((name) => name.endsWith('.checks.js'))
  .map((name) => name.slice(0, -'.checks.js'.length));

const script = (response, text) => response.writeHead(200, { 'content-type': 'text/javascript' }).end(text);

/** A recipe as a bundler leaves it for a page: its imports by name are addresses. */
const served = (name) =>
  recipe(name).replaceAll("'tidegate'", "'/dist/index.js'").replaceAll("'tidegate/codecs'", "'/dist/codecs.js'");

async function startServer(downloads) {
  const recipes = startRecipes(downloads);
  const shared = (name) => async (request, response) =>
    script(response, await readFile(join(root, 'tests/e2e/ends', name)));
  const routes = {
    ...recipes.routes,
    '/page.js': shared('page.js'),
    '/support.js': shared('support.js'),
    '/groups.json': (request, response) => response.end(JSON.stringify(groups)),
    '/service-worker.js': (request, response) => script(response, served('service-worker.js')),
    '/service-worker.classic.js': async (request, response) =>
      script(response, await classicScript('examples/service-worker.js')),
  };
  const server = await serve(folder, routes, async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const [, name] = /^\/examples\/([\w.-]+\.js)$/.exec(pathname) ?? [];
    try {
      script(response, name ? served(name) : await readFile(join(root, pathname)));
    } catch {
      response.writeHead(404).end();
    }
  });
  recipes.attach(server.server);
  return {
    url: server.url,
    async close() {
      recipes.stop();
      await server.close();
    },
  };
}

for (const engine of availableEngines()) {
  test(`in ${engine}`, async (t) => {
    const downloads = await mkdtemp(join(tmpdir(), 'tidegate-recipes-'));
    const profile = await mkdtemp(join(tmpdir(), 'tidegate-profile-'));
    const server = await startServer(downloads);
    try {
      const { seen, unhandled } = await runPage(engine, server.url, {
        timeout: 180_000,
        ...downloadSettings[engine]?.(downloads, profile),
      });
      assert.deepEqual(Object.keys(seen), groups);
      for (const group of groups) {
        await t.test(group, async (inner) => {
          assert.ok(Object.keys(seen[group]).length > 0, 'there is no check');
          for (const [name, outcome] of Object.entries(seen[group]))
            await inner.test(name, () => assert.equal(outcome, 'ok'));
        });
      }
      await t.test('leaves no rejection unhandled', () => assert.deepEqual(unhandled, []));
    } finally {
      await server.close();
      await rm(downloads, { recursive: true, force: true });
      await rm(profile, { recursive: true, force: true });
    }
  });
}
