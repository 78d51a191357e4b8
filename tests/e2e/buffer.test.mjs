/** `buffer()` in a page of each browser: it spills to the origin private file system, and leaves nothing there. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { availableEngines, runPage } from '../../tools/browsers/index.mjs';
import { root, serve } from '../packaging/helpers.mjs';

const page = '<!doctype html><meta charset="utf-8"><script type="module" src="/tests/e2e/buffer/page.js"></script>';
const routes = {
  '/buffer': (request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(page),
};

for (const engine of availableEngines()) {
  test(`a buffer spills to the disk in ${engine}, and clears it on every exit`, async () => {
    const server = await serve(root, routes);
    try {
      const seen = await runPage(engine, `${server.url}buffer`, { timeout: 120_000 });
      assert.equal(seen.error, undefined);
      if (seen.refusal !== undefined) {
        assert.match(seen.refusal, /there is no origin private file system here/);
        return;
      }
      // The page that left has left one folder, which the next buffer removes, at its end at the latest: until then the page may be there.
      const { during, ...ordered } = seen.ordered;
      assert.ok(during === 1 || during === 2, `${during}`);
      assert.equal(seen.left.split(',').length, 1);
      assert.deepEqual(seen.found, [seen.left]);
      assert.deepEqual(ordered, { isBounded: true, hasSpilled: true, number: 2048, after: [] });
      assert.deepEqual(seen.failed, ['the consumer', []]);
      assert.deepEqual(seen.aborted, ['the signal', []]);
    } finally {
      await server.close();
    }
  });
}
