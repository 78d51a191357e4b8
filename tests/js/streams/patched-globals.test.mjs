/** A page that replaces the functions of the language and the platform after import: see patched-globals-program.mjs. */
import { strict as assert } from 'node:assert';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const program = fileURLToPath(new URL('./patched-globals-program.mjs', import.meta.url));

test(
  'streams call no function that a page has put in the place of one after import',
  { timeout: 60_000 },
  async (t) => {
    const { stdout } = await promisify(execFile)(process.execPath, [program]);
    const programs = Object.entries(JSON.parse(stdout));
    assert.ok(programs.length > 10);
    for (const [name, { failure, called }] of programs) {
      await t.test(name, () => assert.deepEqual({ failure, called }, { failure: undefined, called: [] }));
    }
  },
);
