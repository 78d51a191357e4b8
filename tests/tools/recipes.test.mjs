/** docs/RECIPES.md shows the files of examples/ as they are, and each of them runs in some test. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { embedRecipes, recipeNames, recipesPage } from '../../tools/recipes.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('the recipes page shows every file of examples/ as it is', () => {
  const page = recipesPage();
  const { text, names } = embedRecipes(page);
  assert.deepEqual(names.toSorted(), recipeNames().toSorted());
  assert.ok(text === page, 'docs/RECIPES.md is not up to date; run node tools/recipes.mjs');
  assert.equal(page.match(/^```js$/gm).length, names.length, 'a block of code has no link to its file above it');
});

test('a block whose text is not that of its file is replaced', () => {
  const page = '[examples/service-worker.js](../examples/service-worker.js)\n\n```js\nold();\n```\n';
  const { text, names } = embedRecipes(page);
  assert.deepEqual(names, ['service-worker.js']);
  assert.ok(text.includes('serveDownloads();\n```\n') && !text.includes('old'));
});

test('every file of examples/ runs in a test', () => {
  const tests = ['tests/examples', 'tests/e2e', 'tests/e2e/recipes', 'tests/e2e/recipe-polyfill']
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(root, folder, name)))
    .filter((file) => statSync(file).isFile())
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  for (const name of recipeNames()) {
    // What another file of the folder imports or starts runs with that.
    const others = recipeNames()
      .filter((other) => other !== name)
      .map((other) => readFileSync(join(root, 'examples', other), 'utf8'));
    assert.ok(
      tests.includes(`examples/${name}'`) ||
        tests.includes(`file('${name}')`) ||
        others.some((text) => text.includes(`'./${name}'`)),
      `examples/${name} runs in no test`,
    );
  }
});
