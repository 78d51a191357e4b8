/** What the documents point to is there: the targets of links, the paths they name, and the functions they say a file has. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  anchorsOf,
  brokenLink,
  documents,
  filesBelow,
  isNamedIn,
  linksOf,
  namesInFiles,
  pathsOf,
  resolvePath,
  root,
} from './documents.mjs';

/** What a fuzzer makes, and what a packed package holds. */
const MADE = /^(fuzz\/(corpus|artifacts)|tests\/clients\/node_modules)/;

for (const { path, text } of documents) {
  test(`every link of ${path} leads to a file and a heading that exist`, () => {
    const broken = linksOf(text).flatMap((target) => {
      const why = brokenLink(path, target);
      return why === undefined ? [] : [`(${target}): ${why}`];
    });
    assert.deepEqual(broken, []);
  });

  test(`every path that ${path} names exists`, () => {
    const missing = pathsOf(text).filter((named) => !MADE.test(named) && resolvePath(named) === undefined);
    assert.deepEqual(missing, []);
  });

  test(`every function that ${path} says a file has is there`, () => {
    const missing = namesInFiles(text).filter(({ path: file, name }) => !isNamedIn(file, name));
    assert.deepEqual(missing, []);
  });
}

test('every path that a comment of the sources names exists', () => {
  const missing = ['js', 'src', 'tools', 'tests', 'benches', 'www']
    .flatMap(filesBelow)
    .filter((file) => /\.(rs|[cm]?[jt]s)$/.test(file) && !file.startsWith('tests/tools/'))
    .flatMap((file) => {
      const comments = readFileSync(join(root, file), 'utf8').match(/\/\*[\s\S]*?\*\/|\/\/.*/g) ?? [];
      // The language of a file may change; a comment names it, not its extension.
      const found = (path) => resolvePath(path) ?? resolvePath(path.replace(/\.[jt]s$/, ''));
      return pathsOf(comments.join('\n'))
        .filter((path) => !MADE.test(path) && found(path) === undefined)
        .map((path) => `${file}: ${path}`);
    });
  assert.deepEqual(missing, []);
});

test('a link without a target, an anchor without a heading and a path without a file are found', () => {
  assert.equal(brokenLink('README.md', 'docs/NOTHING.md'), 'there is no docs/NOTHING.md');
  assert.equal(brokenLink('README.md', 'docs/CODECS.md#nothing'), 'docs/CODECS.md has no heading #nothing');
  assert.equal(brokenLink('docs/ends/README.md', '../CODECS.md'), undefined);
  assert.deepEqual(pathsOf('see `js/nothing/here`, https://example.org/docs/x and tools/build.mjs.'), [
    'js/nothing/here',
    'tools/build.mjs',
  ]);
  assert.equal(resolvePath('js/nothing/here'), undefined);
  assert.match(resolvePath('js/machines/readable'), /^js\/machines\/readable\.[jt]s$/);
  assert.deepEqual(namesInFiles('`js/machines/readable: enqueue(), ReadableImpl`'), [
    { path: 'js/machines/readable', name: 'enqueue' },
    { path: 'js/machines/readable', name: 'ReadableImpl' },
  ]);
  assert.equal(isNamedIn('js/machines/readable', 'enqueue'), true);
  assert.equal(isNamedIn('js/machines/readable', 'nothing_of_the_kind'), false);
});

test('headings give the anchors that GitHub gives them', () => {
  assert.deepEqual(anchorsOf('# A `b()` c\n## One, two & three\n```sh\n# not this\n```\n## One, two & three\n'), [
    'a-b-c',
    'one-two--three',
    'one-two--three-1',
  ]);
});
