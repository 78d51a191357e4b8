/** The packed tarball in a Node program, imported and required, with nothing else installed. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { npm, pack } from './helpers.mjs';

const run = promisify(execFile);
let folder;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-node-'));
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'app', private: true }));
  await npm(folder, 'install', '--no-audit', '--no-fund', await pack(folder));
});
after(() => rm(folder, { recursive: true, force: true }));

const body = `
const zipped = require('node:zlib').gzipSync('a,b\\n1,2\\n3,4\\n');
pipeline([zipped], gunzip(), csv(), async (rows) => {
  const all = [];
  for await (const row of rows) all.push(row);
  return all;
}).then((rows) => console.log(JSON.stringify(rows)));
`;

const programs = {
  'program.mjs': `import { createRequire } from 'node:module';
import { pipeline } from 'tidegate';
import { csv, gunzip } from 'tidegate/codecs';
const require = createRequire(import.meta.url);
${body}`,
  'program.cjs': `const { pipeline } = require('tidegate');
const { csv, gunzip } = require('tidegate/codecs');
${body}`,
  // What `require` loads in a Node that cannot require a module.
  'commonjs.cjs': `const { pipeline } = require('./node_modules/tidegate/dist/index.cjs');
const { csv, gunzip } = require('./node_modules/tidegate/dist/codecs.cjs');
${body}`,
};

for (const [name, code] of Object.entries(programs)) {
  test(`${name} runs a pipeline of codecs`, async () => {
    await writeFile(join(folder, name), code);
    const { stdout } = await run(process.execPath, [join(folder, name)], { timeout: 30_000 });
    assert.deepEqual(JSON.parse(stdout), [
      ['a', 'b'],
      ['1', '2'],
      ['3', '4'],
    ]);
  });
}

test('nothing else is installed with it', async () => {
  const installed = await readdir(join(folder, 'node_modules'));
  assert.deepEqual(
    installed.filter((name) => !name.startsWith('.')),
    ['tidegate'],
  );
});
