/** The clients in Node, this one and the newest that npm has: each job in a process of its own for each mode, and what they return compared. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { newestNode } from '../../tools/test/clients.mjs';
import { serve } from '../packaging/helpers.mjs';
import { MODES } from './modes.mjs';
import { routes } from './server.mjs';

const run = promisify(execFile);
const JOBS = ['arrow', 'comlink', 'events', 'hono', 'ky', 'openai', 'react', 'undici', 'zip'];
const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const newest = newestNode();
const nodes = [process.execPath, ...(newest ? [newest] : [])];

/** A server for each run, so that the client which the server sees leave is this run's. */
async function resultOf(node, job, mode) {
  const server = await serve(path('./nothing'), routes());
  try {
    const { stdout } = await run(node, [path('./process.mjs'), job, mode, server.url], {
      timeout: 120_000,
      maxBuffer: 1 << 24,
    });
    return JSON.parse(stdout);
  } finally {
    await server.close();
  }
}

/** Whether something in `value` hangs. */
const hangs = (value) => JSON.stringify(value).includes('it hangs');

for (const node of nodes) {
  const title = node === newest ? 'the newest Node' : 'this Node';
  describe(`in ${title}`, { concurrency: 2 }, () => {
    for (const job of JOBS) {
      test(`${job} does the same on every kind of streams`, async () => {
        const [native, ...others] = await Promise.all(MODES.map((mode) => resultOf(node, job, mode)));
        assert.ok(!hangs(native), JSON.stringify(native));
        assert.deepEqual(native.unhandled, []);
        for (const [n, other] of others.entries())
          assert.deepEqual({ mode: MODES[n + 1], ...other }, { mode: MODES[n + 1], ...native });
      });
    }
  });
}
