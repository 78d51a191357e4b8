/**
 * The package with its instruments absent, off and on: three copies, each bundled by itself, because a copy whose instruments were once
 * installed has them for good.
 */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));

/** Milliseconds between two looks where they are on. */
const EVERY = 250;

const OURS = "export * from '../dist/index.js';";
const INSPECT = "from '../dist/inspect.js';";

/** `off`: the entry is imported, and nobody looks. `on`: somebody looks at all streams and pipelines, now and then. */
const ENTRIES = {
  absent: OURS,
  off: `export { inspect } ${INSPECT} ${OURS}`,
  on: `import { pipelines, streams } ${INSPECT} ${OURS}
    setInterval(() => void [pipelines(), streams()], ${EVERY}).unref?.();`,
};

export const VARIANTS = Object.keys(ENTRIES);

/**
 * The scripts of the copies.
 *
 * @param {readonly string[]} names
 * @returns {Promise<Record<string, string>>} name to text
 */
export async function bundleInstruments(names) {
  const texts = {};
  for (const name of names) {
    const { outputFiles } = await build({
      stdin: { contents: ENTRIES[name], resolveDir: here },
      bundle: true,
      write: false,
      format: 'esm',
      target: 'es2022',
      logLevel: 'error',
      define: { 'process.env.NODE_ENV': "'production'" },
    });
    texts[name] = outputFiles[0].text;
  }
  return texts;
}
