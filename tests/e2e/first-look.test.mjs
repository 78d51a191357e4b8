import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const bench = fileURLToPath(new URL('../../benches/run.mjs', import.meta.url));
const WANTED = 5;
const names = ['readLoop', 'pipeTo', 'transform1'];

/** How many times as fast as Chromium's own streams ours are in each workload. */
async function ratios() {
  const directory = await mkdtemp(join(tmpdir(), 'tidegate-test-'));
  const file = join(directory, 'figures.json');
  try {
    await promisify(execFile)(process.execPath, [
      bench,
      '--engine',
      'chromium',
      '--only',
      names.join(','),
      '--impl',
      'ours,native',
      '--chunks',
      '4000',
      '--turns',
      '24',
      '--json',
      file,
    ]);
    const { chromium } = JSON.parse(await readFile(file, 'utf8'));
    return Object.fromEntries(
      Object.entries(chromium.workloads).map(([name, { ours, native }]) => [name, native.minimum / ours.minimum]),
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

test(`readLoop, pipeTo and transform1 take at most a fifth of the time of Chromium's own streams`, async (t) => {
  const best = Object.fromEntries(names.map((name) => [name, 0]));
  // A busy machine can spoil every turn of one run of either side, so the best of three runs counts.
  for (let run = 0; run < 3 && names.some((name) => best[name] < WANTED); run += 1) {
    const found = await ratios();
    for (const name of names) best[name] = Math.max(best[name], found[name]);
  }
  t.diagnostic(names.map((name) => `${name}: ${best[name].toFixed(1)} times`).join(', '));
  for (const name of names)
    assert.ok(best[name] >= WANTED, `${name} is ${best[name].toFixed(2)} times as fast, wanted ${WANTED}`);
});
