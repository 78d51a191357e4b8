/** Installs Debian packages; only where the system is Debian and the user is root. */
import { StepError } from '../steps.mjs';

const OPTIONS = ['-y', '-q', '-o', 'DPkg::Lock::Timeout=120', '--no-install-recommends'];
const ENV = { DEBIAN_FRONTEND: 'noninteractive' };

export function canApt(host) {
  return host.isRoot && host.isDebian && host.exists('/usr/bin/apt-get');
}

/** Installs `packages`, with fresh package lists when they are old or absent. `what` is for the reader. */
export async function aptInstall(host, what, packages, advice) {
  const title = `Install ${what} (apt-get install ${packages.join(' ')})`;
  const install = () =>
    host.attempt(title, 'apt-get', ['install', ...OPTIONS, ...packages], { env: ENV, timeoutMs: 900_000 });
  if (await install()) return;
  await host.attempt('Refresh the package lists (apt-get update)', 'apt-get', ['update', '-q'], {
    env: ENV,
    timeoutMs: 300_000,
  });
  if (await install()) return;
  throw new StepError(title, { reason: 'apt-get could not install the packages', tail: host.lastOutput, advice });
}
