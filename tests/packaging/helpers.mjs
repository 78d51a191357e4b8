/** What the packaging tests share: the packed tarball, a fresh folder with it installed, and a server for what was built. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The root of this repository. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Runs npm in `cwd`; rejects with what it printed when it fails. Resolves with its standard output. */
export async function npm(cwd, ...args) {
  try {
    const { stdout } = await run('npm', args, { cwd, maxBuffer: 16 * 1024 * 1024 });
    return stdout;
  } catch (error) {
    throw new Error(`npm ${args.join(' ')} failed:\n${error.stdout ?? ''}${error.stderr ?? error.message}`, {
      cause: error,
    });
  }
}

/** Packs the built package into `folder`; resolves with the tarball's path. */
export async function pack(folder) {
  const [{ filename }] = Object.values(JSON.parse(await npm(root, 'pack', '--json', '--pack-destination', folder)));
  return join(folder, filename);
}

/** Unpacks the package into `folder`/node_modules, which takes less time than npm; resolves with where it is. */
export async function unpack(folder) {
  const installed = join(folder, 'node_modules/tidegate');
  await mkdir(installed, { recursive: true });
  const tarball = await pack(folder);
  await run('tar', ['-x', '-f', tarball, '-C', installed, '--strip-components=1']);
  await rm(tarball);
  return installed;
}

/** The version of a dependency that this repository's lock file holds. */
export async function lockedVersion(name) {
  const { packages } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8'));
  return packages[`node_modules/${name}`].version;
}

/** The first block of JavaScript in README.md. */
export async function readmeExample() {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const [, code] = /^```js\n([^]*?)^```$/m.exec(readme) ?? [];
  if (code === undefined) throw new Error('README.md holds no block of JavaScript');
  return code;
}

const notFound = (request, response) => void response.writeHead(404).end();

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.css': 'text/css' };

/**
 * Serves the files of `folder` on 127.0.0.1, for each path of `routes` what its handler answers, and for paths that are
 * neither what `otherwise` answers. `headers` go with the files.
 *
 * @returns `{ url, server, close() }`
 */
export async function serve(folder, routes = {}, otherwise = notFound, headers = {}) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    if (routes[pathname]) return void routes[pathname](request, response);
    const path = pathname === '/' ? '/index.html' : normalize(pathname);
    try {
      const body = await readFile(join(folder, path));
      response
        .writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream', ...headers })
        .end(body);
    } catch {
      otherwise(request, response);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    server,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
