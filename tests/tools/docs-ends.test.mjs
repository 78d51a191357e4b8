/** Every source and sink has a page, and the example of every page runs in some test, as does that of every guide for moving in. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as tidegate from 'tidegate';
import { exampleText } from '../examples/example.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Bridges, and what keeps a whole source in memory, are in docs/PIPELINE.md. */
const ELSEWHERE = ['fromNative', 'toNative', 'toArray', 'toBytes', 'toBlob', 'toJSON', 'toText'];

const kebab = (name) => name.replace(/DB$/, 'Db').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const names = Object.keys(tidegate)
  .filter((name) => (/^(from|to)[A-Z]/.test(name) && !ELSEWHERE.includes(name)) || name === 'channel')
  .map(kebab);
const pagesOf = (folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name !== 'README.md')
    .map((name) => name.replace(/\.md$/, ''));
const pages = pagesOf('docs/ends');
const guides = pagesOf('docs/moving-in');

test('every source and sink has a page of its own, and every page is in the list', () => {
  assert.deepEqual(pages.toSorted(), names.toSorted());
  const list = readFileSync(join(root, 'docs/ends/README.md'), 'utf8');
  for (const name of names) assert.ok(list.includes(`(${name}.md)`), `${name} is not in docs/ends/README.md`);
});

test('every guide is in the list', () => {
  const list = readFileSync(join(root, 'docs/moving-in/README.md'), 'utf8');
  assert.ok(guides.length >= 5);
  for (const name of guides) assert.ok(list.includes(`(${name}.md)`), `${name} is not in docs/moving-in/README.md`);
});

test('the example of every page runs in a test', () => {
  const tests = ['tests/examples', 'tests/e2e/ends', 'tests/interop']
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => readFileSync(join(root, folder, name), 'utf8')))
    .join('\n');
  for (const name of [...pages, ...guides]) {
    assert.ok(exampleText(name).includes('export '), `${name} has an example that exports nothing`);
    assert.ok(
      tests.includes(`exampleModule('${name}')`) || tests.includes(`'/examples/${name}.js'`),
      `the example of ${name} runs nowhere`,
    );
  }
});
