/**
 * The files of the lab's page, as a browser loads them. A module of www/ imports the package by its name, as Node does; a page without
 * an import map, which a strict policy refuses, needs paths instead. The lab's server and `npm run build:www` both get the files from here.
 */
import { readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = (path) => fileURLToPath(new URL(path, import.meta.url)).replace(/[\\/]$/, '');

/** The folders of a page, by the beginning of their path in the page's place. */
export const FOLDERS = {
  'dist/': folder('../../dist/'),
  'benches/': folder('../../benches/'),
  '': folder('../../www/'),
};

/** What may not load in the page: scripts, styles and frames of others, and anything inline. A user may name a file at any address. */
export const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self' http: https:",
  "worker-src 'self'",
  "frame-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

const IMPORT = /(\bfrom\s*|\bimport\s*\(?\s*)'(tidegate(?:\/[\w-]+)?|(?:\.\.\/)+benches\/[\w.-]+)'/g;

/**
 * A module of www/ with paths in place of names.
 *
 * @param {string} source
 * @param {string} path below www/, as in "flood/flood.js"
 */
export function withPaths(source, path) {
  return source.replace(IMPORT, (_, before, name) => `${before}'${pathOf(name, path)}'`);
}

function pathOf(name, from) {
  const file = name.startsWith('tidegate')
    ? `dist/${name === 'tidegate' ? 'index' : name.slice('tidegate/'.length)}.js`
    : name.replace(/^(\.\.\/)+/, '');
  const path = posix.relative(posix.dirname(from), file);
  return path.startsWith('.') ? path : `./${path}`;
}

const NO_SUCH_FILE = ['ENOENT', 'EISDIR', 'ENOTDIR', 'ENAMETOOLONG'];

/**
 * A module of www/, ready for a page.
 *
 * @param {string} path below www/
 * @returns {Promise<string | null>} null when there is no such module
 */
export async function pageModule(path) {
  try {
    return withPaths(await readFile(`${FOLDERS['']}/${path}`, 'utf8'), path);
  } catch (error) {
    if (NO_SUCH_FILE.includes(error.code)) return null;
    throw error;
  }
}
