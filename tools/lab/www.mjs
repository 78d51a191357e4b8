/**
 * `npm run build:www`: the lab's page as files for any host, in any folder, in build/www. It needs no server: a worker of the page plays
 * that part. The page's policy stands in the page; `_headers` has it for hosts that read such a file.
 */
import { cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { isProgram, runMain, say } from '../steps.mjs';
import { endlessMembers } from './endless.mjs';
import { CsvGenerator } from './generator.mjs';
import { FOLDERS, pageModule, POLICY } from './page.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
/** What benches/own-workloads.js loads by addresses that it makes. */
const LOADED = ['benches/workloads.js', 'benches/workloads-more.js'];
const SAMPLE = 4e6;
const IMPORTED_AT_ONCE = /(?:\bfrom|^import)\s*["'](\.[^"'?]+)["']/gm;
const IMPORTED = /(?:\bfrom|\bimport)\s*\(?\s*["'](\.[^"'?]+)["']/g;

/**
 * Writes the files. Whatever was in the folder goes.
 *
 * @param {string} folder absolute path
 */
export async function buildWww(folder) {
  await rm(folder, { recursive: true, force: true });
  const write = async (path, content) => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  };
  const www = FOLDERS[''];
  const modules = [];
  for (const entry of await readdir(www, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = relative(www, join(entry.parentPath ?? entry.path, entry.name))
      .split(sep)
      .join('/');
    if (path.endsWith('.js')) {
      modules.push(path);
      await write(path, await pageModule(path));
    } else if (path === 'index.html')
      await write(path, asFiles(await readFile(join(www, path), 'utf8'), await modulesOf('lab.js')));
    else await write(path, await readFile(join(www, path)));
  }
  for (const path of await elsewhere(modules)) await cp(join(root, path), join(folder, path));
  const { head, block } = await endlessMembers();
  // Named so that no host calls them gzip by themselves, which a browser would unpack.
  await write('data/head.bin', head);
  await write('data/block.bin', block);
  await write('data/sample.csv.gz', await promisify(gzip)(Buffer.concat([...new CsvGenerator(SAMPLE)])));
  await write('_headers', `/*\n  Content-Security-Policy: ${POLICY}\n  X-Content-Type-Options: nosniff\n`);
}

/** The page with its policy, and with a hint for each module that it loads at once: else a browser finds out about them level by level. */
function asFiles(html, modules) {
  const policy = `<meta http-equiv="Content-Security-Policy" content="${POLICY}" />`;
  const made = html
    .replace('data-server="lab"', 'data-server="local"')
    .replace('<meta charset="utf-8" />', `<meta charset="utf-8" />\n    ${policy}`)
    .replace(
      '  </head>',
      `${modules.map((path) => `    <link rel="modulepreload" href="${path}" />\n`).join('')}  </head>`,
    );
  if (!made.includes('data-server="local"') || !made.includes(policy))
    throw new Error('www/index.html has no data-server or no charset to change');
  return made;
}

/** A module of the page and all that it imports at once, by their paths in the page's place. */
async function modulesOf(entry) {
  const found = new Set([entry]);
  for (const path of found) {
    const text = path.startsWith('dist/') ? await readFile(join(root, path), 'utf8') : await pageModule(path);
    for (const [, name] of text.matchAll(IMPORTED_AT_ONCE)) found.add(join(dirname(path), name).split(sep).join('/'));
  }
  return [...found];
}

/** What modules of the page import from elsewhere, at once or later, and all that this imports; by paths below the repository's root. */
async function elsewhere(modules) {
  const found = new Set([...modules, ...LOADED]);
  const isElsewhere = (path) => /^(dist|benches)\//.test(path);
  for (const path of found) {
    const text = isElsewhere(path) ? await readFile(join(root, path), 'utf8') : await pageModule(path);
    for (const [, name] of text.matchAll(IMPORTED)) found.add(join(dirname(path), name).split(sep).join('/'));
  }
  return [...found].filter(isElsewhere);
}

if (isProgram(import.meta.url))
  runMain(async () => {
    await buildWww(join(root, 'build/www'));
    say('Wrote the lab’s page into build/www');
  });
