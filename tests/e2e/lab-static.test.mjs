/** The lab's page as files in a folder of a host that knows nothing of it. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { availableEngines, launch } from '../../tools/browsers/index.mjs';
import { serveFile } from '../../tools/lab/static.mjs';
import { buildWww } from '../../tools/lab/www.mjs';
import { labPage } from './lab-helpers.mjs';

const LIMIT = { timeout: 90_000 };
const PLACE = '/some/where/';

let folder;
let server;
/** Files that the host has lost, or has without content: by their path, with what it answers. @type {Map<string, number>} */
const broken = new Map();

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tidegate-www-'));
  await buildWww(folder);
  server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const path = pathname === PLACE ? 'index.html' : pathname.slice(PLACE.length);
    if (broken.has(path)) return response.writeHead(broken.get(path)).end();
    const found = pathname.startsWith(PLACE) && serveFile(response, folder, path);
    // A browser that goes away in the middle of a file is no failure of the page's.
    if (!(await Promise.resolve(found).catch(() => true))) response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

after(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

for (const engine of availableEngines())
  describe(engine, () => {
    const context = { browser: null, lab: null };
    const { open, says, click, errors } = labPage(context);
    before(async () => {
      context.browser = await launch(engine);
      context.lab = { url: `http://127.0.0.1:${server.address().port}${PLACE.slice(0, -1)}` };
      await open();
    });
    after(() => context.browser?.close());

    test('a worker plays the server: it stops with its consumer, and is told of a failure', LIMIT, async () => {
      await click('start');
      await says('status', /^Everything runs/);
      await click('hold');
      await says('status', /^You stopped taking rows: .* the server stopped after/);
      await click('hold');
      await says('status', /^Everything runs/);
      await click('throw');
      await says('status', /^totals failed: .* the server saw the connection end after \d+ ms\.$/);
    });

    test('the sample is read', LIMIT, async () => {
      await click('sample');
      await says('file-status', /rows of 7 columns/);
    });

    test('its policy refuses nothing that it needs', () => {
      assert.deepEqual(errors(), []);
    });

    for (const [path, status, said] of [
      ['data/head.bin', 404, /^fetch failed: .*head\.bin answered 404\./],
      ['data/block.bin', 200, /^fetch failed: .*block\.bin is empty\./],
      ['server/worker.js', 404, /^The run failed: The worker that plays the server did not start/],
    ])
      test(`a run without ${path} fails with the reason, and another can be begun`, LIMIT, async () => {
        broken.set(path, status);
        try {
          await click('start');
          await says('status', said);
        } finally {
          broken.clear();
        }
        await context.browser.waitFor(() => !document.getElementById('start').disabled);
        await click('start');
        await says('status', /^Everything runs/);
        await click('abort');
        await says('status', /^You ended it/);
      });
  });
