/** The suites that the runner knows, and which files of a checkout belong to them. */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseMeta, runsInWindow } from './meta.mjs';

/** Suite name to the directory it is, and the directories below it that belong to another suite or to none. */
export const suites = {
  streams: { directory: 'streams', without: ['streams/transferable'] },
  transferable: { directory: 'streams/transferable', without: [], pages: true },
  compression: { directory: 'compression', without: [] },
  encoding: { directory: 'encoding/streams', without: [] },
};

/**
 * @typedef {object} TestFile
 * @property {string} path Below the checkout, with forward slashes: 'streams/piping/abort.any.js'.
 * @property {string} variant Query string, '' for most.
 * @property {string} id `path + variant`; what reports and expectations call it.
 * @property {string} url Path of the page that runs it, query included.
 * @property {string[]} scripts `META: script=` values.
 * @property {boolean} long Whether it may take six times as long.
 */

/**
 * Lists a suite's tests in the order of their paths.
 * @param {string} root The checkout.
 * @param {keyof typeof suites} name
 * @param {string} [filter] Glob on the path (`*` within a segment, `**` across); a text without `*` matches anywhere.
 * @returns {Promise<TestFile[]>}
 */
export async function listTests(root, name, filter) {
  const { directory, without, pages = false } = suites[name];
  const matches = globMatcher(filter);
  const entries = await readdir(join(root, directory), { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath ?? entry.path, entry.name)
        .slice(root.length)
        .replace(/\\/g, '/')
        .replace(/^\/+/, ''),
    )
    .filter((path) => !without.some((other) => path.startsWith(`${other}/`)) && !/\/resources\//.test(path))
    .filter((path) => /\.(any|window)\.js$/.test(path) || (pages && /\.html$/.test(path)))
    .filter(matches)
    .sort();
  const tests = [];
  for (const path of paths) {
    const source = await readFile(join(root, path), 'utf8');
    if (path.endsWith('.html')) {
      if (!source.includes('testharness.js')) continue;
      tests.push({
        path,
        variant: '',
        id: path,
        url: `/${path}`,
        scripts: [],
        long: /name="?timeout"?\s+content="?long/.test(source),
      });
      continue;
    }
    const meta = parseMeta(source);
    if (!runsInWindow(path, meta)) continue;
    for (const variant of meta.variants) {
      tests.push({
        path,
        variant,
        id: path + variant,
        url: `/${path.replace(/\.js$/, '.html')}${variant}`,
        scripts: meta.scripts,
        long: meta.long,
      });
    }
  }
  return tests;
}

/** A predicate for paths. Without a pattern everything matches. */
export function globMatcher(pattern) {
  if (!pattern) return () => true;
  if (!pattern.includes('*')) return (path) => path.includes(pattern);
  const source = pattern
    .split(/(\*\*\/?|\*)/)
    .map((part) => {
      if (part === '*') return '[^/]*';
      if (part.startsWith('**')) return '.*';
      return part.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
    })
    .join('');
  const expression = new RegExp(`^(?:.*/)?${source}$`);
  return (path) => expression.test(path);
}
