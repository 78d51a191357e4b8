/** Remembers what each build step was made from, so that a step whose inputs are unchanged can be skipped. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** All files under `path` (a file or a folder), sorted; an absent path has none. */
export function filesUnder(path) {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? filesUnder(join(path, entry.name)) : [join(path, entry.name)]))
    .sort();
}

/** A hash of the names and contents of all files under `paths`, and of `salt`. */
export function hashOf(root, paths, salt = '') {
  const hash = createHash('sha256').update(JSON.stringify(salt));
  for (const file of paths.flatMap((path) => filesUnder(join(root, path)))) {
    const bytes = readFileSync(file);
    hash.update(`\0${relative(root, file)}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex');
}

/** One file per step: concurrent builds of different steps do not overwrite each other's stamps. */
export class Stamps {
  #root;

  constructor(root) {
    this.#root = root;
  }

  #path(name) {
    return join(this.#root, 'build', '.stamps', name);
  }

  /** Whether step `name` was last made from `hash` and all its `outputs` are still there. */
  isFresh(name, hash, outputs) {
    const path = this.#path(name);
    if (!existsSync(path) || readFileSync(path, 'utf8') !== hash) return false;
    return outputs.every((output) => existsSync(join(this.#root, output)));
  }

  set(name, hash) {
    mkdirSync(dirname(this.#path(name)), { recursive: true });
    writeFileSync(this.#path(name), hash);
  }
}
