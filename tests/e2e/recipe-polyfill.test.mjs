/**
 * The recipe of the polyfill in an old browser: code for the current standard runs everywhere, and only a browser that lacks something
 * loads the polyfill. It runs in the oldest Chromium too; WebKitGTK lacks what Safari 17 lacks.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { availableEngines, runPage } from '../../tools/browsers/index.mjs';
import { recipe } from '../../tools/recipes.mjs';
import { root, serve } from '../packaging/helpers.mjs';

const LINES = 100_000;
const BYTES = Buffer.from(Array.from({ length: 100_000 }, (_, n) => n % 251));

for (const engine of availableEngines()) {
  test(`in ${engine}`, async (t) => {
    const asked = [];
    const script = (response, text) => response.writeHead(200, { 'content-type': 'text/javascript' }).end(text);
    const server = await serve(
      join(root, 'tests/e2e/recipe-polyfill'),
      {
        '/lines.gz': (request, response) => response.end(gzipSync('high tide\n'.repeat(LINES))),
        '/bytes': (request, response) => response.end(BYTES),
      },
      async (request, response) => {
        const { pathname } = new URL(request.url, 'http://localhost');
        asked.push(pathname);
        try {
          const [, name] = /^\/examples\/([\w.-]+\.js)$/.exec(pathname) ?? [];
          script(
            response,
            name
              ? recipe(name).replaceAll("'tidegate/polyfill'", "'/dist/polyfill.js'")
              : await readFile(join(root, pathname)),
          );
        } catch {
          response.writeHead(404).end();
        }
      },
    );
    try {
      const { seen, unhandled } = await runPage(engine, server.url);
      assert.equal(seen.error, undefined);
      const complete = Object.values(seen.engine).every(Boolean);
      t.diagnostic(JSON.stringify(seen.engine));
      await t.test('the polyfill is loaded where something is lacking, and only there', () =>
        assert.deepEqual([asked.includes('/dist/polyfill.js'), seen.replaced], [!complete, !complete]),
      );
      await t.test('a body is unpacked and read with for await', () => assert.equal(seen.countLines, LINES));
      await t.test('a stream is made of an async generator', () => assert.equal(seen.joined, 'ebb and flow'));
      await t.test('a body is read into a buffer', () =>
        assert.deepEqual([seen.firstBytes, seen.shortBytes], [[0, 1, 2, 3, 4, 5], BYTES.length]),
      );
      await t.test('leaving an iterator cancels its stream', () => assert.equal(seen.left, true));
      await t.test('leaves no rejection unhandled', () => assert.deepEqual(unhandled, []));
    } finally {
      await server.close();
    }
  });
}
