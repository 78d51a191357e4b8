/** While a pipeline works, other tasks of the page get their turn, in each browser. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alive } from '../../tools/lab/alive.mjs';
import { availableEngines } from '../../tools/browsers/index.mjs';

for (const engine of availableEngines()) {
  test(`other tasks wait a fraction of the time that they wait with yieldAfter: Infinity, in ${engine}`, async (t) => {
    const { jobs } = await alive(engine, { size: 16e6, numbers: 1e6, runs: 3, jobs: ['generator'], timeout: 300_000 });
    const { given, kept } = jobs.generator.gaps;
    t.diagnostic(`longest waits: ${given.map(Math.round)} ms, with Infinity ${kept.map(Math.round)} ms`);
    assert.ok(Math.min(...given) * 2 < Math.min(...kept), `${given} against ${kept}`);
  });
}
