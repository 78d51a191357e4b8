/** Pipelines of real values that need closing leave none of them open, in each browser. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { availableEngines, runPage } from '../../tools/browsers/index.mjs';
import { root, serve } from '../packaging/helpers.mjs';

for (const engine of availableEngines()) {
  test(`pipelines that are torn down anywhere leave no frame open in ${engine}`, async (t) => {
    const server = await serve(root);
    try {
      const kinds = await runPage(engine, `${server.url}tests/e2e/discard/index.html`, { timeout: 120_000 });
      assert.ok('ImageBitmap' in kinds);
      for (const [name, { made, discarded, open, errors }] of Object.entries(kinds)) {
        t.diagnostic(`${name}: ${made} made, ${discarded} discarded`);
        assert.deepEqual({ name, open, errors }, { name, open: 0, errors: [] });
        assert.ok(made > 100 && discarded > 20, `${name}: ${made} were made and ${discarded} discarded`);
      }
    } finally {
      await server.close();
    }
  });
}
