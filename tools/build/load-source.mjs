/** For tests of a single file of js/, which Node cannot import as it is. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { inlineWasm } from './inline-wasm.mjs';
import { sourceFile } from './js.mjs';
import { resolveTs } from './resolve-ts.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * The exports of a file of js/, compiled for this process alone.
 *
 * @param {string} name its path in the repository without the extension: `js/runtime/fifo`
 */
export async function loadSource(name) {
  const { build } = await import('esbuild');
  const folder = mkdtempSync(join(root, 'build/source-'));
  const outfile = join(folder, 'source.mjs');
  try {
    await build({
      absWorkingDir: root,
      entryPoints: [sourceFile(root, name)],
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'neutral',
      target: 'es2022',
      plugins: [inlineWasm(), resolveTs],
      logLevel: 'error',
    });
    return await import(pathToFileURL(outfile));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
