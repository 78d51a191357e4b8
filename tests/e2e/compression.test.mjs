/** zstd and brotli in a page of each browser: codecs, in a worker as well, and the standard's class with brotli. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { availableEngines, runPage } from '../../tools/browsers/index.mjs';
import { root, serve } from '../packaging/helpers.mjs';

const page =
  '<!doctype html><meta charset="utf-8"><script type="module" src="/tests/e2e/compression/page.js"></script>';
const routes = {
  '/compression': (request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(page),
};

for (const engine of availableEngines()) {
  test(`zstd and brotli are packed and unpacked in ${engine}`, async () => {
    const server = await serve(root, routes);
    try {
      const seen = await runPage(engine, `${server.url}compression`, { timeout: 120_000 });
      assert.equal(seen.error, undefined);
      for (const name of ['zstd', 'brotli']) {
        assert.deepEqual(seen[name], [true, true, true, name]);
        assert.deepEqual(seen[`${name}InWorker`], [true, true, true, name]);
      }
      for (const name of ['ours', 'pages']) {
        const { unpacks, truncated, trailing, noBytes } = seen[name];
        assert.equal(unpacks, true, name);
        for (const outcome of [truncated, trailing, noBytes]) assert.match(outcome, /^TypeError/, name);
      }
      assert.deepEqual([seen.ours.truncated, seen.ours.trailing], ['TypeError, truncated', 'TypeError, trailing-data']);
    } finally {
      await server.close();
    }
  });
}
