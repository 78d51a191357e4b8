/** docs/FILES.md has one line for each file of js/, src/ and tools/, and no line for a file that is gone. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { filesBelow, resolvePath, root } from './documents.mjs';

const MAP = readFileSync(join(root, 'docs/FILES.md'), 'utf8');

/** The files of a map: each line of a table that begins with a path. */
const listed = [...MAP.matchAll(/^\| `((?:js|src|tools)\/[^`]+)` \|/gm)].map(([, path]) => path);

/** Lock files and manifests are explained by the folder they are in. */
const isListable = (path) => !/\/(Cargo\.(toml|lock)|package(-lock)?\.json)$/.test(path);

/** How the map names a file: those of js/ without the extension. */
const nameOf = (path) => (path.startsWith('js/') ? path.replace(/\.ts$/, '') : path);

test('every file of js/, src/ and tools/ is in docs/FILES.md', () => {
  const files = ['js', 'src', 'tools'].flatMap(filesBelow).filter(isListable).map(nameOf);
  assert.deepEqual(
    files.filter((name) => !listed.includes(name)),
    [],
    'Add a line to docs/FILES.md for each of these files.',
  );
});

test('every file that docs/FILES.md lists exists, and is listed once', () => {
  assert.deepEqual(
    listed.filter((path) => resolvePath(path) === undefined),
    [],
    'Take the lines of these files out of docs/FILES.md, or give them their new names.',
  );
  assert.deepEqual(
    listed.filter((path, n) => listed.indexOf(path) !== n),
    [],
  );
});

test('every line of docs/FILES.md says something of its file', () => {
  const lines = MAP.split('\n').filter((line) => /^\| `(js|src|tools)\//.test(line));
  assert.deepEqual(
    lines.filter((line) => !/^\| `[^`]+` \| \S.{9,} \|$/.test(line)),
    [],
  );
});
