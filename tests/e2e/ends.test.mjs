/**
 * Sources and sinks in each browser, against a real server: each module of tests/e2e/ends/ has checks that run in a page, and may have
 * routes of its own beside it. The examples of docs/ends/ are served as modules, so what a reader copies is what runs.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { availableEngines, runPage } from '../../tools/browsers/index.mjs';
import { exampleText } from '../examples/example.mjs';
import { root, serve } from '../packaging/helpers.mjs';

const folder = join(root, 'tests/e2e/ends');
const groups = readdirSync(folder)
  .filter((name) => name.endsWith('.checks.js'))
  .map((name) => name.slice(0, -'.checks.js'.length));

async function startServer() {
  const made = [];
  for (const group of groups) {
    const file = join(folder, `${group}.server.mjs`);
    if (existsSync(file)) made.push(await (await import(file)).start());
  }
  const routes = Object.assign(
    { '/groups.json': (request, response) => response.end(JSON.stringify(groups)) },
    ...made.map((one) => one.routes),
  );
  const otherwise = async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const example = /^\/examples\/([\w-]+)\.js$/.exec(pathname);
    try {
      const text = example
        ? exampleText(example[1])
            .replaceAll("'tidegate'", "'/dist/index.js'")
            .replaceAll("'tidegate/codecs'", "'/dist/codecs.js'")
        : await readFile(join(root, pathname));
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(text);
    } catch {
      response.writeHead(404).end();
    }
  };
  const server = await serve(folder, routes, otherwise);
  for (const one of made) one.attach?.(server.server);
  return {
    url: server.url,
    async close() {
      for (const one of made) await one.stop?.();
      await server.close();
    },
  };
}

for (const engine of availableEngines()) {
  test(`in ${engine}`, async (t) => {
    const server = await startServer();
    try {
      const { seen, unhandled } = await runPage(engine, server.url);
      assert.deepEqual(Object.keys(seen), groups);
      for (const group of groups) {
        await t.test(group, async (inner) => {
          assert.ok(Object.keys(seen[group]).length > 0, 'there is no check');
          for (const [name, outcome] of Object.entries(seen[group])) {
            await inner.test(name, { skip: outcome.startsWith('skip: ') && outcome.slice(6) }, () =>
              assert.equal(outcome, 'ok'),
            );
          }
        });
      }
      await t.test('leaves no rejection unhandled', () => assert.deepEqual(unhandled, []));
    } finally {
      await server.close();
    }
  });
}
