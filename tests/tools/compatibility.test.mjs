/** The package keeps to what the oldest engines of docs/COMPATIBILITY.md have, as far as that can be read off its files. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { transform } from 'esbuild';
import { filesUnder } from '../../tools/build/stamps.mjs';
import { root } from '../packaging/helpers.mjs';

const OLDEST = ['chrome115', 'firefox140', 'safari17', 'node20'];

/** Whether every engine of `OLDEST` reads `code` as it stands: a compiler for them leaves it as one for the newest does. */
async function isUnderstood(code) {
  const outputFor = async (target) =>
    (await transform(code, { target, minifyWhitespace: true, legalComments: 'none' })).code;
  return (await outputFor(OLDEST)) === (await outputFor('esnext'));
}

const files = filesUnder(join(root, 'dist')).filter((file) => /\.c?js$/.test(file));

test('what is published has no syntax newer than the oldest engines', async () => {
  assert.ok(files.length >= 6, 'dist/ is not built');
  for (const file of files)
    assert.ok(
      await isUnderstood(readFileSync(file, 'utf8')),
      `${file} has syntax that one of ${OLDEST.join(', ')} does not know`,
    );
});

test('newer syntax is found out', async () => {
  for (const code of ['{ using file = open(); }', 'import data from "./data.json" with { type: "json" }; use(data);']) {
    assert.equal(await isUnderstood(code), false, code);
  }
  assert.equal(
    await isUnderstood('class A { #a = 1; static { this.b = new A().#a; } has(x) { return #a in x; } }'),
    true,
  );
});

test('docs/COMPATIBILITY.md promises the engines that are tested', () => {
  const path = join(root, 'docs/COMPATIBILITY.md');
  assert.ok(existsSync(path));
  const text = readFileSync(path, 'utf8');
  const { dependencies } = JSON.parse(readFileSync(join(root, 'tools/browsers/oldest/package.json'), 'utf8'));
  assert.match(text, new RegExp(`\\| Chromium \\| ${dependencies['@sparticuz/chromium'].split('.')[0]} \\|`));
  for (const row of ['| Firefox | 140 |', '| Safari | 17 |', '| Node | 20 |']) assert.ok(text.includes(row), row);
});
