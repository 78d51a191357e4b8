/** Where streams, locks and pipelines were made: kept in development. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('./places-program.mjs', import.meta.url));

const run = (mode) =>
  JSON.parse(execFileSync(process.execPath, [program], { encoding: 'utf8', env: { ...process.env, NODE_ENV: mode } }));

test('in development, the first line of a place is the line of the page that made it', () => {
  const { alive, madeAt, takenAt, startedAt } = run('development');
  assert.equal(alive, 1);
  assert.match(madeAt.split('\n')[0], /makeStream .*places-program\.mjs:7:\d+/);
  assert.match(takenAt.split('\n')[0], /takeLock .*places-program\.mjs:11:\d+/);
  assert.match(startedAt.split('\n')[0], /startPipeline .*places-program\.mjs:15:\d+/);
});

test('elsewhere no place is kept', () => {
  assert.deepEqual(run('production'), { alive: 1 });
});
