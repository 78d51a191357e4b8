/** Makes the declarations in dist/types/ from js/: one file for each entry, with `import` and with `require`. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { step, StepError, stepRun } from '../steps.mjs';
import { ENTRIES } from './js.mjs';
import { filesUnder, hashOf } from './stamps.mjs';

const INPUTS = [
  'js',
  'tsconfig.json',
  'tools/build/types.mjs',
  'tools/types',
  'node_modules/typescript/package.json',
  'node_modules/rollup-plugin-dts/package.json',
];

/** Where the compiler writes the declarations of each source. */
const EMITTED = 'build/types';

/** `await using` has types of its own from this library on, which TypeScript does not put into declarations by itself. */
const REFERENCES = '/// <reference lib="esnext.disposable" />\n';

/** Builds dist/types/ unless it is up to date; resolves with whether it had to. */
export async function buildTypes({ root, stamps }) {
  const hash = hashOf(root, INPUTS);
  const outputs = Object.keys(ENTRIES).flatMap((name) => [`dist/types/${name}.d.ts`, `dist/types/${name}.d.cts`]);
  if (stamps.isFresh('types', hash, outputs)) return false;
  rmSync(join(root, EMITTED), { recursive: true, force: true });
  await stepRun(
    'Emit the declarations',
    process.execPath,
    [
      ...['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json', '--outDir', EMITTED, '--rootDir', '.'],
      ...['--noEmit', 'false', '--declaration', '--emitDeclarationOnly', '--stripInternal', '--noCheck'],
    ],
    { cwd: root, advice: 'Run `npm ci`, then the command again.' },
  );
  await step('Roll up the declarations', async () => {
    const written = new Set();
    const write = (name, text) => {
      const path = join(root, 'dist/types', name);
      written.add(path);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    };
    for (const [name, source] of Object.entries(ENTRIES)) {
      const text = await rollUp({ root, name, source });
      write(`${name}.d.ts`, text);
      write(`${name}.d.cts`, text.replace(/(['"])(\.\/[^'"]+)\.js\1/g, '$1$2.cjs$1'));
    }
    for (const file of filesUnder(join(root, 'dist/types'))) if (!written.has(file)) rmSync(file);
  });
  stamps.set('types', hash);
  return true;
}

/** The declarations of an entry as one text. What another entry declares is imported from it, and the rest from the main entry, so that there is one of each class. */
async function rollUp({ root, name, source }) {
  const [{ rollup }, { dts }] = await Promise.all([import('rollup'), import('rollup-plugin-dts')]).catch((cause) => {
    throw new StepError('Roll up the declarations', {
      reason: cause.message,
      advice: 'Run `npm ci`, then the command again.',
    });
  });
  const own = (file) => file === `${source}.d.ts` || file.startsWith(`${source.replace(/-codecs$/, '')}/`);
  const isOf = (file, entry) =>
    file === `${ENTRIES[entry]}.d.ts` || (entry === 'inspect' && file.startsWith(`${ENTRIES.inspect}/`));
  const entryOf = (file) => Object.keys(ENTRIES).find((entry) => isOf(file, entry)) ?? 'index';
  const fromIndex = {
    name: 'from-index',
    resolveId(path, importer) {
      if (name === 'index' || importer === undefined || !path.startsWith('.')) return undefined;
      const file = relative(join(root, EMITTED), join(dirname(importer), path)).replace(/\.js$/, '.d.ts');
      return own(file) ? undefined : { id: `./${entryOf(file)}.js`, external: true };
    },
  };
  const bundle = await rollup({
    input: join(root, EMITTED, `${source}.d.ts`),
    plugins: [fromIndex, dts({ compilerOptions: { noLib: true, types: [] } })],
    onwarn(warning) {
      if (warning.code === 'EMPTY_BUNDLE') return; // an entry that is imported for its effect alone
      throw new StepError('Roll up the declarations', {
        reason: warning.message,
        advice: 'Mend the types of the source named above.',
      });
    },
  });
  const { output } = await bundle.generate({ format: 'es' });
  // The compiler and the roll-up keep the comments of declarations alone.
  const [comment] = /^\/\*\*[^]*?\*\/\n/.exec(readFileSync(join(root, `${source}.ts`), 'utf8')) ?? [''];
  return `${REFERENCES}${comment}\n${output[0].code.replace(comment, '').trimStart()}`;
}
