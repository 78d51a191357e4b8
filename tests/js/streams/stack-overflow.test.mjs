/** Calls that run out of stack anywhere inside the streams' code: see stack-overflow-calls.mjs. */
import { strict as assert } from 'node:assert';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const program = fileURLToPath(new URL('./stack-overflow-calls.mjs', import.meta.url));

test(
  'a call that runs out of stack hangs no promise, and leaves the streams of others alone',
  { timeout: 110_000 },
  async (t) => {
    const { stdout } = await promisify(execFile)(process.execPath, [program], { maxBuffer: 1e8 });
    const problems = Object.entries(JSON.parse(stdout));
    assert.ok(problems.length > 40);
    for (const [call, problem] of problems) await t.test(call, () => assert.equal(problem, null));
  },
);
