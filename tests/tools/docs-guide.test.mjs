/** Every example of docs/guide runs, and prints what the page says it prints. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { documents, root } from './documents.mjs';

const guide = documents.filter(({ path }) => path.startsWith('docs/guide/'));

/** The programs of a page, each with what the block of text right behind it says it prints. */
const examplesOf = (text) =>
  [...text.matchAll(/^```js\n([\s\S]*?)^```\n\n```text\n([\s\S]*?)^```$/gm)].map(([, code, printed]) => ({
    code,
    printed,
  }));

/** Runs a program in the package's own folder, where `tidegate` is this package. */
async function run(code) {
  const folder = mkdtempSync(join(root, 'build/guide-'));
  try {
    const file = join(folder, 'example.mjs');
    writeFileSync(file, code);
    return (await promisify(execFile)(process.execPath, [file], { timeout: 60_000 })).stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

for (const { path, text } of guide) {
  const examples = examplesOf(text);
  test(`every program of ${path} says what it prints`, () =>
    assert.equal(text.match(/^```js$/gm)?.length ?? 0, examples.length));
  for (const [number, { code, printed }] of examples.entries())
    test(`example ${number + 1} of ${path} prints what the page says`, async () =>
      assert.equal(await run(code), printed));
}

test('there are examples in the guide', () => assert.ok(guide.flatMap(({ text }) => examplesOf(text)).length > 10));
