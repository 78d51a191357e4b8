import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { nodeSinks, nodeSources, nodeStages } from './pipeline-node-parts.mjs';
import { sinks, sources, stages } from './pipeline-parts.mjs';
import { runRandom } from './pipeline-random.mjs';

const SEEDS = (process.env.TIDEGATE_SEEDS ?? '1,2').split(',').map(Number);

const unhandled = [];
const onUnhandled = (error) => unhandled.push(error);
process.on('unhandledRejection', onUnhandled);
after(() => process.removeListener('unhandledRejection', onUnhandled));

for (const seed of SEEDS) {
  test(`random pipelines settle with an error of theirs and leave nothing behind (seed ${seed} of TIDEGATE_SEEDS)`, async () => {
    const problems = await runRandom({
      seed,
      count: 500,
      unhandled,
      sources: { ...sources, ...nodeSources },
      stages: { ...stages, ...nodeStages },
      sinks: { ...sinks, ...nodeSinks },
    });
    assert.deepEqual(problems, []);
  });
}
