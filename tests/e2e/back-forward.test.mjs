/** A page that has streams of a worker, and the browser's cache of pages for the way back. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { availableEngines, runPage } from '../../tools/browsers/index.mjs';
import { root, serve } from '../packaging/helpers.mjs';

const dist = (request, response) =>
  readFile(join(root, request.url.slice(1))).then(
    (body) => response.writeHead(200, { 'content-type': 'text/javascript' }).end(body),
    () => response.writeHead(404).end(),
  );

for (const engine of availableEngines()) {
  for (const [what, query, seen] of [
    // Firefox keeps no page whose worker holds a lock.
    ...(engine === 'firefox' ? [] : [['a stream that is open goes on after the way back', '', [0, 1]]]),
    ['a page whose streams have ended is kept for the way back', '?ends', [0, 'done']],
  ]) {
    test(`${what}, in ${engine}`, async () => {
      const server = await serve(join(root, 'tests/e2e/back-forward'), {}, dist);
      try {
        const { kept, read } = await runPage(engine, new URL(query, server.url).href);
        assert.deepEqual(kept && read, seen);
      } finally {
        await server.close();
      }
    });
  }
}
