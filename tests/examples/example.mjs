/** The examples of docs/ends/ and docs/moving-in/, as modules: what a reader copies is what runs here. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** The one fenced block of JavaScript of the page `name`. */
export function exampleText(name) {
  const page = ['docs/ends', 'docs/moving-in']
    .map((folder) => `${folder}/${name}.md`)
    .find((path) => existsSync(join(root, path)));
  const blocks = [...readFileSync(join(root, page), 'utf8').matchAll(/^```js\n(.*?)^```$/gms)];
  if (blocks.length !== 1) throw new Error(`${page} has ${blocks.length} examples and should have one`);
  return blocks[0][1];
}

/** Its exports. The module lies below the package, so that its imports by name are resolved. */
export async function exampleModule(name) {
  const folder = join(root, 'build/examples');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, exampleText(name));
  return import(`${pathToFileURL(file)}?${Date.now()}`);
}
