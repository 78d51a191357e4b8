/** The Markdown pages of the repository as pages of the site: where each goes, and where its links lead there. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** Folders of docs/ whose pages stay together. */
const FOLDERS = ['guide', 'ends', 'moving-in'];

const OTHERS = {
  'CHANGELOG.md': 'changelog.md',
  'CONTRIBUTING.md': 'contributing.md',
  'SECURITY.md': 'security.md',
  'benches/RESULTS.md': 'benchmarks.md',
};

/** The page of the site that a document becomes, as `guide/errors.md`; undefined for one that does not. */
export function pageOf(document) {
  if (document === 'README.md') return 'index.md';
  if (document in OTHERS) return OTHERS[document];
  const [, folder, name] = /^docs\/(?:([a-z-]+)\/)?([\w-]+)\.md$/.exec(document) ?? [];
  if (name === undefined || (folder !== undefined && !FOLDERS.includes(folder))) return undefined;
  const file = name === 'README' ? 'index' : name.toLowerCase();
  return folder === undefined ? `${file}.md` : `${folder}/${file}.md`;
}

/** Every document that becomes a page, but README.md, whose place the site's own first page takes. */
export function documents() {
  const docs = ['', ...FOLDERS].flatMap((folder) =>
    readdirSync(join(root, 'docs', folder), { withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
      .map((entry) => posix.join('docs', folder, entry.name)),
  );
  return [...docs, ...Object.keys(OTHERS)].filter((document) => existsSync(join(root, document)));
}

/** Where `target`, a link of `document`, leads on the site; undefined if to a file that is no page there. */
function linkOf(document, target) {
  const [file, anchor] = target.split('#');
  const to = file === '' ? document : posix.join(posix.dirname(document), file);
  const page =
    pageOf(to) ?? (existsSync(join(root, to, 'README.md')) ? pageOf(posix.join(to, 'README.md')) : undefined);
  if (page === undefined) return undefined;
  const path = `/${page.replace(/(^|\/)index\.md$/, '$1').replace(/\.md$/, '')}`;
  return anchor === undefined ? path : `${path}#${anchor}`;
}

/** A tag outside of code would be one of the page. */
const withoutTags = (text) =>
  text
    .split(/(`+[^`]*`+)/)
    .map((part) => (part.startsWith('`') ? part : part.replace(/<(?!https?:)/g, '&lt;')))
    .join('');

const LINK = /\[([^\]]*)\]\(<?([^)\s>]+)>?\)/g;

/** The text of a document with the links of the site. A link to a file that is no page becomes its text. */
export function pageText(document, text = readFileSync(join(root, document), 'utf8')) {
  return text
    .replace(/^<!--[\s\S]*?-->\n*/gm, '')
    .split(/(^```[\s\S]*?^```$)/m)
    .map((part) =>
      part.startsWith('```')
        ? part.replace(/^```rust,\w+/, '```rust')
        : withoutTags(part).replace(LINK, (whole, label, target) => {
            if (/^[a-z][a-z+.-]*:/i.test(target)) return whole;
            const link = linkOf(document, target);
            if (link !== undefined) return `[${label}](${link})`;
            return label.includes('`') ? label : `\`${label}\``;
          }),
    )
    .join('');
}

/** The anchor of a heading, by GitHub's rule, which the links of the documents follow. */
export const slugOf = (heading) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');

/** What a program writes to import the entry that typedoc calls `name`. */
export const moduleName = (name) => (name === 'index' ? 'tidegate' : `tidegate/${name.replace('slim-', 'slim/')}`);
