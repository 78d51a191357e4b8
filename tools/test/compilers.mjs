/**
 * The versions of TypeScript that the published types work with. The lock file in tests/types/typescript/ pins them; whoever needs them first
 * installs them there.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Host } from '../setup/host.mjs';
import { installPinned } from './pinned.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const PLACE = join(root, 'tests/types/typescript');

const PREFIX = 'typescript-';
const versionIn = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version;
const minorOf = (version) => version.split('.').slice(0, 2).join('.');

/** The versions that are pinned, the oldest first, as `5.4`. */
export function pinnedVersions() {
  const { dependencies } = JSON.parse(readFileSync(join(PLACE, 'package.json'), 'utf8'));
  const number = (version) => version.split('.').reduce((sum, part) => sum * 1000 + Number(part), 0);
  return Object.keys(dependencies)
    .map((name) => name.slice(PREFIX.length))
    .sort((a, b) => number(a) - number(b));
}

/**
 * Which versions to run: the oldest, the newest and the repository's own; or `wanted`, a list of versions with commas, or `all`.
 *
 * @param pinned as of `pinnedVersions()`
 * @param own the version of the repository's compiler, as `6.0`
 * @throws {TypeError} when a version is wanted that there is not
 */
export function chooseVersions(wanted, pinned, own) {
  if (wanted === 'all') return [...new Set([...pinned, own])];
  const chosen = wanted ? wanted.split(',') : [pinned[0], own, pinned.at(-1)];
  for (const version of chosen) {
    if (version !== own && !pinned.includes(version)) {
      throw new TypeError(`TIDEGATE_TYPESCRIPT: there is no TypeScript ${version}; there are ${pinned.join(', ')}`);
    }
  }
  return [...new Set(chosen)];
}

/**
 * Installs the compilers, and resolves with those that `wanted` chooses, as `{ version, tsc, own }`: `tsc` is a program for Node.
 *
 * @param wanted as of `chooseVersions()`
 */
export async function compilers(wanted) {
  const ownFolder = join(root, 'node_modules/typescript');
  const own = minorOf(versionIn(ownFolder));
  const versions = chooseVersions(wanted, pinnedVersions(), own);
  await installPinned(new Host(), { place: PLACE, what: 'the versions of TypeScript', step: 'packaging' });
  return versions.map((minor) => {
    const folder = minor === own ? ownFolder : join(PLACE, 'node_modules', PREFIX + minor);
    return { version: versionIn(folder), tsc: join(folder, 'bin/tsc'), own: minor === own };
  });
}

/** Why the compiler of `version` cannot run here; undefined where it can. From 7 on it is a program for the machine. */
export function whyNotHere(version, { platform, arch } = process) {
  if (Number.parseInt(version, 10) < 7) return undefined;
  const program = join(PLACE, `node_modules/@typescript/typescript-${platform}-${arch}`);
  return existsSync(program) ? undefined : `there is no TypeScript ${version} for ${platform} on ${arch}`;
}
