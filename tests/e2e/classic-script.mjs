/** Bundles a worker's module as a classic script, as a user's bundler does. */
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from '../packaging/helpers.mjs';

/**
 * The text of `file` with all that it imports, as one classic script. Firefox before 147 takes nothing else for a service worker.
 *
 * @param {string} file a path below the repository's root
 */
export async function classicScript(file) {
  const { outputFiles } = await build({
    entryPoints: [join(root, file)],
    bundle: true,
    format: 'iife',
    write: false,
    logLevel: 'silent',
    plugins: [
      {
        name: 'served-paths',
        setup: ({ onResolve }) =>
          onResolve({ filter: /^\// }, ({ path }) => (path.startsWith(root) ? undefined : { path: join(root, path) })),
      },
    ],
  });
  return outputFiles[0].text;
}
