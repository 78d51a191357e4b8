/** What the package publishes in dist/types. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ENTRIES } from '../../tools/build/js.mjs';
import { root } from './documents.mjs';

const folder = join(root, 'dist/types');
const read = (name) => readFileSync(join(folder, name), 'utf8');

test('there is one file of declarations for each entry with import, and one with require', () => {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  assert.deepEqual(
    files.map(({ name }) => name).sort(),
    Object.keys(ENTRIES)
      .flatMap((name) => [`${name}.d.cts`, `${name}.d.ts`])
      .sort(),
  );
});

for (const name of Object.keys(ENTRIES)) {
  describe(`the declarations of the entry ${name}`, () => {
    const text = read(`${name}.d.ts`);

    test('begin with what the entry is', () => {
      assert.match(text, /^\/\/\/ <reference lib="esnext\.disposable" \/>\n\/\*\*\n(?: \*.*\n)+? \* @module\n/);
    });

    test('have names as a reader knows them, and no path of the machine', () => {
      assert.doesNotMatch(text, /\w\$\d/);
      assert.ok(!text.includes(root));
    });

    test('have nothing that only the package may call', () => {
      assert.doesNotMatch(text, /@internal|\bINTERNAL\b|Impl\b|\bkFuse\b/);
    });

    test('are the same for require, with the files that it finds', () => {
      assert.equal(read(`${name}.d.cts`), text.replaceAll(/'\.\/(index|codecs|inspect)\.js'/g, "'./$1.cjs'"));
    });
  });
}

test('the codecs have the classes of the main entry, which declares each once', () => {
  assert.match(read('codecs.d.ts'), /^import \{[^}]*\bReadableStream\b[^}]*\} from '\.\/index\.js';$/m);
  assert.doesNotMatch(read('codecs.d.ts'), /class (?:Readable|Writable)Stream\b/);
  assert.equal(read('index.d.ts').match(/^declare class ReadableStream\b/gm).length, 1);
});

test('the comment of a function stands before its declaration', () => {
  assert.match(
    read('index.d.ts'),
    / \* @throws \{RangeError\}[^\n]*\n \*\/\ndeclare function take<T>\(count: number\): Operator<T, T>;/,
  );
});
