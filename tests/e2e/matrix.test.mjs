/** The matrix of sources and sinks in each browser: tests/matrix/cells.js. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { availableEngines, runPage } from '../../tools/browsers/index.mjs';
import { start } from '../matrix/server.mjs';
import { root, serve } from '../packaging/helpers.mjs';

const SOURCES = 12;
/** Sinks of which a function is one, and alone can leave early. */
const SINKS = { opfs: 10, none: 8 };

for (const engine of availableEngines()) {
  test(`in ${engine}`, async (t) => {
    const other = start();
    const dist = async (request, response) => {
      const body = await readFile(join(root, new URL(request.url, 'http://localhost').pathname)).catch(() => undefined);
      response.writeHead(body ? 200 : 404, { 'content-type': 'text/javascript' }).end(body);
    };
    const server = await serve(join(root, 'tests/matrix'), other.routes, dist);
    other.attach(server.server);
    try {
      const { given, count, failures, unhandled } = await runPage(engine, server.url, { timeout: 300_000 });
      t.diagnostic(`${count} cells, with ${given.join(', ')}`);
      for (const { name, error } of failures) await t.test(name, () => assert.fail(error));
      assert.equal(count, SOURCES * ((given.includes('opfs') ? SINKS.opfs : SINKS.none) * 9 + 1));
      assert.deepEqual(unhandled, []);
    } finally {
      other.stop();
      await server.close();
    }
  });
}
