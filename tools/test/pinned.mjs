/** Packages that only one step of the tests needs, each set with a lock file of its own. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StepError } from '../steps.mjs';

const contents = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : undefined);

/**
 * Installs in the folder `place` what its lock file pins, unless that is there already.
 *
 * @param host a Host of tools/setup/host.mjs
 * @param what the packages, for the title of the step
 * @param step the step of `npm test` to leave out where npm cannot be reached
 */
export async function installPinned(host, { place, what, step }) {
  const lock = contents(join(place, 'package-lock.json'));
  const stamp = join(place, 'node_modules/.tidegate');
  if (contents(stamp) === lock) return;
  const title = `Install ${what} (npm ci)`;
  if (!(await host.attempt(title, 'npm', ['ci', '--prefix', place, '--ignore-scripts', '--no-audit', '--no-fund']))) {
    throw new StepError(title, {
      reason: '`npm ci` failed',
      tail: host.lastOutput,
      advice: `Check that npm reaches its registry (\`npm ping\`) and run the command again; \`npm test -- --skip ${step}\` leaves this step out.`,
    });
  }
  writeFileSync(stamp, lock);
}
