/** What `diagnose()` says of promises that reject and that nobody handles, in a host with the event of a page. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const program = fileURLToPath(new URL('./rejections-program.mjs', import.meta.url));

async function said(what) {
  const env = { ...process.env, NODE_ENV: 'production' };
  return JSON.parse((await promisify(execFile)(process.execPath, [program, what], { env })).stdout);
}

describe('rejections', { concurrency: 4 }, () => {
  for (const [what, name, call, bytes] of [
    ['write', 'writesAndLeaves', 'write()', 100],
    ['close', 'closesAndLeaves', 'close()', 0],
    ['closeStream', 'closesStreamAndLeaves', 'close()', 0],
    ['pipeTo', 'pipesAndLeaves', 'pipeTo()', 0],
    ['pipeline', 'runsAndLeaves', 'pipeline()', 0],
  ])
    test(`a ${call} that fails and that nobody handles is told, with its line (${what})`, async () => {
      const [mistake, ...others] = await said(what);
      assert.deepEqual(others, []);
      assert.equal(mistake.kind, 'rejection unhandled');
      assert.ok(
        mistake.message.startsWith(
          `A ${call} has failed with Error: the disk is full, and nobody handles its promise, so `,
        ),
        mistake.message,
      );
      assert.match(mistake.place, new RegExp(`${name} .*rejections-program\\.mjs:\\d+:\\d+`));
      assert.equal(mistake.bytes, bytes);
    });

  for (const what of ['awaited', 'late', 'derived', 'ready', 'through', 'prevented', 'ended'])
    test(`nothing is told of what is handled (${what})`, async () => assert.deepEqual(await said(what), []));
});
