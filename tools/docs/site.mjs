/** Builds the site into build/docs/site: guide, reference, API, search, the lab. VitePress makes the pages, typedoc those of the API. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ENTRIES } from '../build/js.mjs';
import { buildWww } from '../lab/www.mjs';
import { stepRun } from '../steps.mjs';
import { documents, moduleName, pageOf, pageText, root } from './pages.mjs';

const STAGE = join(root, 'build/site');
export const SITE = join(root, 'build/docs/site');

/** Copies everything that becomes a page to one folder, with the links of the site. */
function stage() {
  rmSync(STAGE, { recursive: true, force: true });
  cpSync(join(root, 'site'), STAGE, { recursive: true });
  for (const document of documents()) {
    const to = join(STAGE, pageOf(document));
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, pageText(document));
  }
  writeFileSync(join(STAGE, '.vitepress/config.mjs'), "export { default } from '../../../tools/docs/config.mjs';\n");
  mkdirSync(join(STAGE, 'public'), { recursive: true });
  cpSync(join(root, 'www/icon.svg'), join(STAGE, 'public/icon.svg'));
}

const edit = (file, change) => writeFileSync(file, change(readFileSync(file, 'utf8')));

/** Names the entries as a program imports them. */
function nameModules(names) {
  for (const name of names) {
    edit(join(STAGE, `api/${name}/index.md`), (text) => text.replace(/^# .*$/m, `# ${moduleName(name)}`));
    edit(join(STAGE, 'api/index.md'), (text) => text.replace(`- [${name}]`, `- [${moduleName(name)}]`));
  }
}

/** Writes the pages of the API from the package's types. */
async function stageTypes() {
  const typedoc = join(root, 'node_modules/typedoc/bin/typedoc');
  const plugins = ['typedoc-plugin-markdown', 'typedoc-vitepress-theme'].flatMap((name) => ['--plugin', name]);
  const entries = Object.keys(ENTRIES).map((name) => `dist/types/${name}.d.ts`);
  const settings = ['--tsconfig', 'tools/types/docs.json', '--options', 'tools/docs/typedoc.json'];
  await stepRun(
    'Document the package',
    process.execPath,
    [typedoc, ...plugins, '--entryPoints', ...entries, ...settings, '--docsRoot', STAGE, '--out', join(STAGE, 'api')],
    { cwd: root, advice: 'Mend the doc comments named above.' },
  );
  nameModules(Object.keys(ENTRIES));
}

export async function buildSite() {
  stage();
  await stageTypes();
  await stepRun(
    'Build the site',
    process.execPath,
    [join(root, 'node_modules/vitepress/bin/vitepress.js'), 'build', STAGE],
    {
      cwd: root,
      advice: 'Mend the links or the page named above.',
    },
  );
  // What `site/try.md` shows.
  await buildWww(join(SITE, 'canal'));
}
