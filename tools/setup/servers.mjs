/** Finds or installs the servers that the interoperability tests start. Without them those tests do not run, which is said. */
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { aptInstall, canApt } from './apt.mjs';

const DEBIAN = '/usr/lib/postgresql';

function onPath(name) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .filter(Boolean)
    .find((folder) => existsSync(join(folder, name)));
}

/** The folder of PostgreSQL's programs; undefined where there is none. Debian keeps them off the PATH, a folder a version. */
export function findPostgres() {
  const given = process.env.TIDEGATE_POSTGRES;
  if (given) return given;
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  const newest = versions
    .map((version) => join(DEBIAN, version, 'bin'))
    .find((folder) => existsSync(join(folder, 'postgres')) && existsSync(join(folder, 'initdb')));
  return newest ?? (onPath('postgres') && onPath('initdb'));
}

/** The path of redis-server; undefined where there is none. */
export function findRedis() {
  const folder = onPath('redis-server');
  return process.env.TIDEGATE_REDIS ?? (folder && join(folder, 'redis-server'));
}

const missingServers = () =>
  [findPostgres() === undefined && 'postgresql', findRedis() === undefined && 'redis-server'].filter(Boolean);

/** Installs what is missing where that can be done, and says what is missing where it cannot. */
export async function ensureServers(host) {
  const packages = missingServers();
  const advice = `Install ${packages.join(' and ')} (paths in TIDEGATE_POSTGRES, the folder of its programs, and TIDEGATE_REDIS). On Debian as root: \`apt-get install ${packages.join(' ')}\`.`;
  if (packages.length && canApt(host))
    await aptInstall(host, 'the servers of the interoperability tests', packages, advice).catch(() => {});
  if (missingServers().length)
    host.say(`- Not found, so the tests with them will not run: ${missingServers().join(', ')}. ${advice}`);
}
