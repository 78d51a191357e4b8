/** The package built as it is for dist/, with one entry more that lets a test count the core's live slots. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { inlineWasm } from '../../../../tools/build/inline-wasm.mjs';
import { resolveTs } from '../../../../tools/build/resolve-ts.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../../..');

/** Builds into a new temporary folder, which is the caller's to remove; resolves with its path. Its one file is `streams.js`. */
export async function buildWithLiveCount() {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-leaks-'));
  await build({
    absWorkingDir: root,
    stdin: {
      contents: `
        export * from './js/index.js';
        import { core } from './js/core/module.js';
        /** The number of machines of all kinds that the core holds. */
        export const live = () => core.live();
      `,
      resolveDir: root,
      sourcefile: 'streams.js',
    },
    outfile: join(folder, 'streams.js'),
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    target: ['es2022'],
    plugins: [inlineWasm(), resolveTs],
    minify: true,
    logLevel: 'silent',
  });
  return folder;
}
