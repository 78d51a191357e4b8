#!/usr/bin/env node
/** `npm run docs`: the site (build/docs/site) and the documentation of the crate (build/docs/rust). */
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './docs/pages.mjs';
import { buildSite } from './docs/site.mjs';
import { runMain, say, stepRun } from './steps.mjs';

runMain(async () => {
  await buildSite();
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
  say(
    'Open build/docs/site/index.html with a server (`npx vitepress preview build/site`), and build/docs/rust/tidegate/index.html',
  );
});
