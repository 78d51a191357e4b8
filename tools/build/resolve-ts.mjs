/** An esbuild plug-in: a JavaScript file names a TypeScript one as it will be called once it is built, as TypeScript files do. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

export const resolveTs = {
  name: 'resolve-ts',
  setup(build) {
    build.onResolve({ filter: /^\.{1,2}\/.*\.js$/ }, ({ path, resolveDir }) => {
      const file = join(resolveDir, path);
      const source = file.replace(/\.js$/, '.ts');
      return !existsSync(file) && existsSync(source) ? { path: source } : undefined;
    });
  },
};
