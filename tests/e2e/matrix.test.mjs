/** The matrix of sources and sinks in each browser: tests/matrix/cells.js, floods.js, mute.js, spent.js. MATRIX_CELLS=text runs the cells whose names have that text. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { availableEngines, runPage } from '../../tools/browsers/index.mjs';
import { start } from '../matrix/server.mjs';
import { root, serve } from '../packaging/helpers.mjs';

const SOURCES = 12;
/** Sources that the column of floods.js has in every browser, each into two consumers. */
const FLOODS = 20;
/** Cells of mute.js that every browser has, and those with a WebSocketStream. */
const MUTES = { all: 168, WebSocketStream: 8 };
/** Cells of spent.js, and those with files. */
const SPENT = { all: 179, opfs: 12 };
/** Sinks of which a function is one, and alone can leave early. */
const SINKS = { opfs: 11, none: 9 };

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
      const only = process.env.MATRIX_CELLS ? `?${new URLSearchParams({ cells: process.env.MATRIX_CELLS })}` : '';
      const { given, count, floods, mutes, spent, failures, unhandled } = await runPage(engine, server.url + only, {
        timeout: 300_000,
      });
      t.diagnostic(
        `${count + floods + mutes + spent} cells (${[count, floods, mutes, spent].join(' + ')}), with ${given.join(', ')}`,
      );
      for (const { name, error } of failures) await t.test(name, () => assert.fail(error));
      assert.equal(count, SOURCES * ((given.includes('opfs') ? SINKS.opfs : SINKS.none) * 12 + 1));
      assert.equal(floods, 2 * (given.includes('WebSocketStream') ? FLOODS + 2 : FLOODS));
      assert.equal(mutes, MUTES.all + (given.includes('WebSocketStream') ? MUTES.WebSocketStream : 0));
      assert.equal(spent, SPENT.all + (given.includes('opfs') ? SPENT.opfs : 0));
      assert.deepEqual(unhandled, []);
    } finally {
      other.stop();
      await server.close();
    }
  });
}
