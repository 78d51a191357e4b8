#!/usr/bin/env node
/**
 * Copies the files of examples/ into docs/RECIPES.md, where a link to a file stands above a block of code. The files are the source; a test
 * compares the two.
 */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isProgram } from './steps.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const PAGE = join(root, 'docs/RECIPES.md');
const BLOCK = /^\[examples\/(\S+)\]\(\.\.\/examples\/\1\)\n\n```js\n[^]*?^```$/gm;

/** The text of the file examples/`name`. */
export const recipe = (name) => readFileSync(join(root, 'examples', name), 'utf8');

/** The names of all recipes' files. */
export const recipeNames = () => readdirSync(join(root, 'examples')).filter((name) => name.endsWith('.js'));

export const recipesPage = () => readFileSync(PAGE, 'utf8');

/** `page` with the files as they are now; `names` are the files it has a block for. */
export function embedRecipes(page) {
  const names = [];
  const text = page.replace(BLOCK, (block, name) => {
    names.push(name);
    return `[examples/${name}](../examples/${name})\n\n\`\`\`js\n${recipe(name)}\`\`\``;
  });
  return { text, names };
}

if (isProgram(import.meta.url)) writeFileSync(PAGE, embedRecipes(recipesPage()).text);
