/** Finds a checkout of Web Platform Tests, or clones the pinned commit where the network allows it. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The repository, commit and directories that the expectations were written for. */
export const pinned = JSON.parse(readFileSync(new URL('./PINNED.json', import.meta.url), 'utf8'));

/**
 * The checkout to use: `--dir`, else the environment variable WPT_DIR.
 * @returns {string | undefined} Its absolute path, or undefined where neither is given.
 * @throws {Error} Where the directory given is not a checkout.
 */
export function findCheckout(dir, environment = process.env) {
  const given = dir ?? environment.WPT_DIR;
  if (!given) return undefined;
  const path = resolve(given);
  if (!existsSync(join(path, 'resources/testharness.js')) || !existsSync(join(path, 'streams'))) {
    throw new Error(`${path} is no checkout of Web Platform Tests: it has no resources/testharness.js and streams/`);
  }
  return path;
}

/** Where a checkout keeps a file that its own server serves under another path. */
export function filePath(path) {
  return path === 'resources/WebIDLParser.js' ? 'resources/webidl2/lib/webidl2.js' : path;
}

/**
 * Clones the pinned commit, with only the directories that are needed.
 * @param {string} target An empty or absent directory.
 * @returns {string} `target`.
 */
export function cloneCheckout(target) {
  const { repository, commit, directories } = pinned;
  mkdirSync(target, { recursive: true });
  const git = (...args) =>
    execFileSync('git', ['-C', target, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, GIT_TERMINAL_PROMPT: '0' },
    });
  try {
    git('init', '--quiet');
    git('remote', 'add', 'origin', repository);
    git('sparse-checkout', 'set', ...directories);
    git('fetch', '--quiet', '--depth', '1', '--filter=blob:none', 'origin', commit);
    git('checkout', '--quiet', 'FETCH_HEAD');
  } catch (error) {
    throw new Error(
      `cloning ${repository} at ${commit} failed: ${String(error.stderr ?? error.message).trim()}\n` +
        'Make a checkout where the network allows it and name it with --dir or WPT_DIR.',
      { cause: error },
    );
  }
  return target;
}
