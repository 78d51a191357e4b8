/**
 * An esbuild plug-in for the TypeScript of js/:
 *
 * - a JavaScript file names a TypeScript one as it will be called once it is built, as TypeScript files do;
 * - types become blanks before the bundler sees a file (ts-blank-space, so nothing else changes). It chooses short names by how often
 *   letters occur in the sources, so types would change what is published.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import blankTypes from 'ts-blank-space';

export const resolveTs = {
  name: 'resolve-ts',
  setup(build) {
    build.onResolve({ filter: /^\.{1,2}\/.*\.js$/ }, ({ path, resolveDir }) => {
      const file = join(resolveDir, path);
      const source = file.replace(/\.js$/, '.ts');
      return !existsSync(file) && existsSync(source) ? { path: source } : undefined;
    });
    build.onLoad({ filter: /\.ts$/, namespace: 'file' }, async ({ path }) => {
      const refused = [];
      const contents = blankTypes(await readFile(path, 'utf8'), (node) => refused.push(node));
      const errors = refused.map((node) => ({ text: `This syntax is more than a type: ${node.getText()}`, location: { file: path } }));
      return { contents, errors, loader: 'js' };
    });
  },
};
