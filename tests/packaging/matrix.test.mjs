/** The packed tarball in the projects of the matrix that need the least: the others run in `npm run test:packaging`. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { after, before, test } from 'node:test';
import { join } from 'node:path';
import { unpack } from './helpers.mjs';
import { hosts } from './matrix/projects-hosts.mjs';
import { pages } from './matrix/projects-pages.mjs';
import { faults, runProject } from './matrix/run.mjs';

let folder;
let installed;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-matrix-'));
  installed = await unpack(folder);
});
after(() => rm(folder, { recursive: true, force: true }));

for (const project of [...pages, ...hosts].filter(({ short }) => short)) {
  test(`${project.name}: the scenario`, async () => {
    const rows = await runProject(project, installed);
    assert.ok(rows.length > 0 && rows.every(({ results }) => Object.keys(results).length >= 3));
    for (const row of rows) assert.deepEqual(faults(row), [], `in ${row.engine || 'the host'}`);
  });
}

test('a part that comes to something else, or fails, is a fault', () => {
  const [wrong, failed] = faults({ results: { abort: true, throw: false, download: 'failed: Error: no' } });
  assert.equal(wrong, 'throw: false');
  assert.equal(failed, 'download: failed: Error: no');
});
