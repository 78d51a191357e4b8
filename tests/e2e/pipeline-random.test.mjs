/** The random pipelines of tests/js in each browser, with that engine's own streams among their parts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { availableEngines, runPage } from '../../tools/browsers/index.mjs';
import { root, serve } from '../packaging/helpers.mjs';

for (const engine of availableEngines()) {
  test(`random pipelines leave nothing behind in ${engine}`, async () => {
    const server = await serve(root);
    try {
      assert.deepEqual(
        await runPage(engine, `${server.url}tests/e2e/pipeline-random/index.html`, { timeout: 120_000 }),
        [],
      );
    } finally {
      await server.close();
    }
  });
}
