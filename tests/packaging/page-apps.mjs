/** Apps of a page and its program beside the installed package and Vite, and ways to serve them with the log that their pipelines read. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { lockedVersion, npm, pack, serve } from './helpers.mjs';

export const page =
  '<!doctype html><meta charset="utf-8"><title>app</title><script type="module" src="/main.js"></script>';

const routes = { '/log.gz': (request, response) => response.end(gzipSync('flood\nebb\n')) };

/** Installs before the tests of the file; `assertRuns(url)` opens the page there and looks at what came of it. */
export function pageApps(name, assertRuns) {
  let folder;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), `tidegate-${name}-`));
    await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'app', private: true, type: 'module' }));
    const options = ['--prefer-offline', '--no-audit', '--no-fund'];
    await npm(folder, 'install', ...options, await pack(folder), `vite@${await lockedVersion('vite')}`);
  });
  after(() => rm(folder, { recursive: true, force: true }));
  const vite = () => import(pathToFileURL(join(folder, 'node_modules/vite/dist/node/index.js')));
  return {
    get folder() {
      return folder;
    },

    vite,

    /** A folder beside node_modules with the page and its program. */
    async app(folderName, code) {
      const root = join(folder, folderName);
      await mkdir(root);
      await writeFile(join(root, 'index.html'), page);
      await writeFile(join(root, 'main.js'), code);
      return root;
    },

    async assertServed(dist) {
      const server = await serve(dist, routes);
      try {
        await assertRuns(server.url);
      } finally {
        await server.close();
      }
    },

    /** By Vite's development server, with further `options`. */
    async assertDevelops(root, options = {}) {
      const { createServer } = await vite();
      const server = await createServer({
        root,
        logLevel: 'error',
        cacheDir: join(root, 'cache'),
        plugins: [
          { name: 'data', configureServer: ({ middlewares }) => void middlewares.use('/log.gz', routes['/log.gz']) },
        ],
        server: { host: '127.0.0.1', port: 0, hmr: false, watch: null },
        ...options,
      });
      try {
        await server.listen();
        await assertRuns(`http://127.0.0.1:${server.httpServer.address().port}/`);
      } finally {
        await server.close();
      }
    },
  };
}
