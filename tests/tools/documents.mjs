/** The documents of the repository, for the tests that check what they say: their text, headings, links and the paths they name. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Folders that a build, an installation or a fuzzer makes. */
const MADE = ['node_modules', 'build', 'dist', 'target', '.git', 'corpus', 'artifacts'];

/** The files below `folder`, as paths from the root of the repository. */
export function filesBelow(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      if (MADE.includes(entry.name)) return [];
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesBelow(path) : [path];
    })
    .sort();
}

/** Every Markdown file, `{ path, text }`. */
export const documents = filesBelow('.')
  .filter((path) => path.endsWith('.md'))
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));

const withoutFences = (text) => text.replace(/^(```+).*\n[\s\S]*?^\1$/gm, '');

/** The anchors of a document's headings, by GitHub's rule. */
export function anchorsOf(text) {
  const seen = new Map();
  return [...withoutFences(text).matchAll(/^#{1,6} +(.+?) *#*$/gm)].map(([, heading]) => {
    const slug = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-');
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  });
}

/** The targets of the links of a document that lead into the repository. */
export const linksOf = (text) =>
  [...withoutFences(text).matchAll(/\]\(<?([^)\s>]+)>?\)/g)]
    .map(([, target]) => target)
    .filter((target) => !/^[a-z][a-z+.-]*:/i.test(target));

/** Why a link of the document `path` leads nowhere; undefined where it leads somewhere. */
export function brokenLink(path, target) {
  const [file, anchor] = target.split('#');
  const to = file === '' ? path : join(dirname(path), file);
  if (!existsSync(join(root, to))) return `there is no ${to}`;
  if (anchor === undefined) return undefined;
  if (!to.endsWith('.md')) return `${to} has no headings`;
  return anchorsOf(readFileSync(join(root, to), 'utf8')).includes(anchor)
    ? undefined
    : `${to} has no heading #${anchor}`;
}

const withoutExtension = (name) => name.replace(/(?!^)\..*$/, '');

/** The file or folder that `path` names, with its extension or without; undefined where there is none. */
export function resolvePath(path) {
  if (existsSync(join(root, path))) return path;
  const folder = dirname(path);
  if (!existsSync(join(root, folder)) || !statSync(join(root, folder)).isDirectory()) return undefined;
  const names = readdirSync(join(root, folder)).filter((name) => statSync(join(root, folder, name)).isFile());
  const found = names.filter((name) => withoutExtension(name) === path.slice(folder.length + 1));
  return found[0] === undefined ? undefined : join(folder, found[0]);
}

const PATH = /(?<![\w/.:@~-])(?:js|src|tools|tests|docs|www|benches|fuzz|etc|examples)\/[\w./*-]*[\w*]/g;

/** What of a document looks like a path of the repository. A pattern stands for its folder. */
export const pathsOf = (text) =>
  [...text.matchAll(PATH)].map(([path]) => (path.includes('*') ? dirname(path.slice(0, path.indexOf('*') + 1)) : path));

/** What a document says to be in a file: `js/machines/readable: enqueue(), callPull()` gives a `{ path, name }` for each name. */
export const namesInFiles = (text) =>
  [
    ...text.matchAll(
      /(?<![\w/.:@~-])((?:js|src|tools|tests)\/[\w./-]*\w): ((?:[\w$]+\(\)|[A-Z]\w+)(?:, (?:[\w$]+\(\)|[A-Z]\w+))*)/g,
    ),
  ].flatMap(([, path, names]) => names.split(', ').map((name) => ({ path, name: name.replace('()', '') })));

/** Whether `name` is a word of the file that `path` names. */
export function isNamedIn(path, name) {
  const file = resolvePath(path);
  if (file === undefined || statSync(join(root, file)).isDirectory()) return false;
  return new RegExp(`(?<![\\w$])${name.replaceAll('$', '\\$')}(?![\\w$])`).test(readFileSync(join(root, file), 'utf8'));
}
