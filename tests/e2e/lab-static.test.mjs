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

const LIMIT = { timeout: 90_000 };
const PLACE = '/some/where/';

let folder;
let server;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tidegate-www-'));
  await buildWww(folder);
  server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const path = pathname === PLACE ? 'index.html' : pathname.slice(PLACE.length);
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
    let browser;
    before(async () => {
      browser = await launch(engine);
      await browser.open(`http://127.0.0.1:${server.address().port}${PLACE}`);
      await browser.waitFor(() => document.documentElement.dataset.ready === 'true');
    });
    after(() => browser?.close());
    const says = (id, pattern) =>
      browser.waitFor((name, source) => new RegExp(source).test(document.getElementById(name).textContent), {
        ...LIMIT,
        args: [id, pattern.source],
      });
    const click = (id) => browser.evaluate((name) => document.getElementById(name).click(), id);

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
      const wrong = browser.messages.filter(({ type }) => type === 'error' || type === 'pageerror');
      assert.deepEqual(wrong, []);
    });
  });
