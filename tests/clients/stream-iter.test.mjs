/** node:stream/iter, which the newest Node has behind a flag: its batches are sources, and batches() gives it streams. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { newestNode } from '../../tools/test/clients.mjs';

const run = promisify(execFile);
const newest = newestNode();

test(
  'the batches of node:stream/iter go both ways',
  { skip: !newest && 'npm has no newer Node for this machine' },
  async () => {
    const program = fileURLToPath(new URL('./stream-iter.mjs', import.meta.url));
    const { stdout } = await run(newest, ['--no-warnings', '--experimental-stream-iter', program], { timeout: 60_000 });
    assert.deepEqual(JSON.parse(stdout), {
      text: 'high tide',
      lines: ['a', 'b', 'c'],
      pushed: 'low tide',
      batches: [3, 1],
      given: 'high and low tide',
      pulled: 'high and low tide',
      fails: true,
      cancelled: true,
    });
  },
);
