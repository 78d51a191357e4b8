#!/usr/bin/env node
/** `npm run docs`: the API of the package (build/docs/js, from its types) and of the crate (build/docs/rust). */
import { cpSync, existsSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ENTRIES } from './build/js.mjs';
import { runMain, say, stepRun } from './steps.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

runMain(async () => {
  const entries = Object.keys(ENTRIES).map((name) => `dist/types/${name}.d.ts`);
  await stepRun(
    'Document the package',
    process.execPath,
    [
      join(root, 'node_modules/typedoc/bin/typedoc'),
      '--entryPoints',
      ...entries,
      '--tsconfig',
      'tools/types/docs.json',
      '--out',
      'build/docs/js',
      '--treatWarningsAsErrors',
      '--disableSources',
      '--readme',
      existsSync(join(root, 'README.md')) ? 'README.md' : 'none',
    ],
    { cwd: root, advice: 'Mend the doc comments named above.' },
  );
  await stepRun(
    'Document the crate',
    'cargo',
    ['doc', '--locked', '--no-deps', '--document-private-items', '--features', 'core,futures-io'],
    {
      cwd: root,
      env: { RUSTDOCFLAGS: '-D warnings' },
      advice: 'Mend the doc comments named above.',
    },
  );
  rmSync(join(root, 'build/docs/rust'), { recursive: true, force: true });
  cpSync(join(root, 'target/doc'), join(root, 'build/docs/rust'), { recursive: true });
  say('Open build/docs/js/index.html and build/docs/rust/tidegate/index.html');
});
