/** Installs the npm packages when they are absent or not those of the lock file. */
import { StepError } from '../steps.mjs';

/**
 * Whether every package of the lock file is installed in the version it names. `lock` and `installed` are the parsed
 * package-lock.json and node_modules/.package-lock.json; `installed` is undefined when there is none.
 */
export function packagesAreCurrent(lock, installed) {
  if (!installed) return false;
  return Object.entries(lock.packages).every(([path, wanted]) => {
    if (path === '' || wanted.link) return true;
    const found = installed.packages[path];
    // Optional packages are those of other platforms; npm leaves them out.
    if (!found) return wanted.optional === true;
    return found.version === wanted.version && found.integrity === wanted.integrity;
  });
}

/** Runs `npm ci` when it is needed; resolves with whether it was. `readJson` gives undefined for an absent file. */
export async function ensurePackages(host, readJson) {
  if (packagesAreCurrent(readJson('package-lock.json'), readJson('node_modules/.package-lock.json'))) return false;
  const title = 'Install the npm packages (npm ci)';
  const npm = host.platform === 'win32' ? 'npm.cmd' : 'npm';
  if (await host.attempt(title, npm, ['ci', '--no-audit', '--no-fund'])) return true;
  throw new StepError(title, {
    reason: '`npm ci` failed',
    tail: host.lastOutput,
    advice: 'Check that npm reaches its registry (`npm ping`) and run the command again.',
  });
}
