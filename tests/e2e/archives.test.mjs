/** Archives in a page of each browser: what is written as a Blob is opened, and read forward. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { availableEngines, runPage } from '../../tools/browsers/index.mjs';
import { root, serve } from '../packaging/helpers.mjs';

const page =
  '<!doctype html><meta charset="utf-8"><title>Archives</title><script type="module" src="/tests/e2e/archives/page.js"></script>';
const routes = {
  '/archives': (request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(page),
};
const SIZES = { 'möwe.txt': 4, file: 300_000, stream: 250_000, stored: 5000 };

for (const engine of availableEngines()) {
  test(`zip archives are written and read in ${engine}`, async () => {
    const server = await serve(root, routes);
    try {
      const seen = await runPage(engine, `${server.url}archives`, { timeout: 60_000 });
      assert.equal(seen.error, undefined);
      assert.deepEqual(seen.sizes, SIZES);
      assert.deepEqual(seen.forward, SIZES);
      assert.deepEqual(seen.tarred, SIZES);
      assert.deepEqual([seen.text, seen.modified, seen.truncated], ['gull', 1e12, 'truncated']);
    } finally {
      await server.close();
    }
  });
}
