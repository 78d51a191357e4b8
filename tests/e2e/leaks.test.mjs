/** A million streams that a page makes and drops leave no growth in the core's slots, in each browser. */
import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { availableEngines, runPage } from '../../tools/browsers/index.mjs';
import { buildWithLiveCount } from '../js/streams/leaks/bundle.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const folder = await buildWithLiveCount();
after(() => rm(folder, { recursive: true, force: true }));

const FILES = {
  '/': [join(here, 'leaks/index.html'), 'text/html'],
  '/page.js': [join(here, 'leaks/page.js'), 'text/javascript'],
  '/abandon.js': [join(here, '../js/streams/leaks/abandon.js'), 'text/javascript'],
  '/streams.js': [join(folder, 'streams.js'), 'text/javascript'],
};

async function serve() {
  const server = createServer(async (request, response) => {
    const [file, type] = FILES[new URL(request.url, 'http://localhost').pathname] ?? [];
    if (file === undefined) return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': type }).end(await readFile(file));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

for (const engine of availableEngines()) {
  test(`a million abandoned streams leave no growth in the core in ${engine}`, async (t) => {
    const server = await serve();
    try {
      const options = engine === 'chromium' ? { args: ['--js-flags=--expose-gc'] } : {};
      const url = `http://127.0.0.1:${server.address().port}/`;
      const { made, peak, left } = await runPage(engine, url, { timeout: 300_000, ...options });
      t.diagnostic(`${made} slots made, at most ${peak} at once, ${left} left`);
      assert.ok(made >= 1_000_000);
      assert.ok(left <= 10_000, `${left} of ${made} slots are left`);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
}
