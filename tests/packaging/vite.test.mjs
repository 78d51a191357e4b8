/** The packed tarball in a fresh Vite app: it builds with nothing configured, and README.md's example runs in Chromium. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { runPage } from '../../tools/browsers/index.mjs';
import { lockedVersion, npm, pack, readmeExample, serve } from './helpers.mjs';

const sales = `city,amount\r\n${Array.from({ length: 5000 }, (_, n) => `${['Delft', '"Den Haag, NL"', 'Vlissingen'][n % 3]},${n}\r\n`).join('')}`;
const expected = { Delft: 0, 'Den Haag, NL': 0, Vlissingen: 0 };
for (let n = 0; n < 5000; n += 1) expected[Object.keys(expected)[n % 3]] += n;

const page = '<!doctype html><meta charset="utf-8"><title>app</title><script type="module" src="/main.js"></script>';

const main = `
import { totalsByCity } from './example.js';

async function run() {
  const { totals, sha256 } = await totalsByCity('sales.csv.gz');
  const controller = new AbortController();
  const reason = new Error('the user left');
  setTimeout(() => controller.abort(reason), 100);
  const failure = await totalsByCity('endless', { signal: controller.signal }).catch((error) => error);
  return { totals: Object.fromEntries(totals), sha256, failedWithTheReason: failure === reason };
}

const result = await run().catch((error) => ({ error: String(error.stack) }));
await fetch(new URLSearchParams(location.search).get('result'), { method: 'POST', body: JSON.stringify(result) });
`;

/** What the app asks for besides its own files, by path. */
function dataRoutes() {
  const seen = { endlessEnded: false };
  const routes = {
    '/sales.csv.gz': (request, response) => response.end(gzipSync(sales)),
    '/endless': (request, response) => {
      response.once('close', () => void (seen.endlessEnded = true));
      response.write(gzipSync(sales).subarray(0, 1000)); // and nothing more
    },
  };
  return { seen, routes };
}

async function assertRuns(url, seen) {
  const result = await runPage('chromium', url);
  assert.deepEqual(result, {
    totals: expected,
    sha256: createHash('sha256').update(sales).digest('hex'),
    failedWithTheReason: true,
  });
  assert.equal(seen.endlessEnded, true);
}

let folder;
let app;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-vite-'));
  app = join(folder, 'app');
  await mkdir(app);
  await writeFile(
    join(app, 'package.json'),
    JSON.stringify({ name: 'app', private: true, type: 'module', scripts: { build: 'vite build' } }),
  );
  await writeFile(join(app, 'index.html'), page);
  await writeFile(join(app, 'main.js'), main);
  await writeFile(join(app, 'example.js'), await readmeExample());
  await npm(
    app,
    'install',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    await pack(folder),
    `vite@${await lockedVersion('vite')}`,
  );
});
after(() => rm(folder, { recursive: true, force: true }));

test("README.md's example, built by Vite from the packed tarball, runs in Chromium", async () => {
  await npm(app, 'run', 'build');
  const { seen, routes } = dataRoutes();
  const server = await serve(join(app, 'dist'), routes);
  try {
    await assertRuns(server.url, seen);
  } finally {
    await server.close();
  }
});

test("README.md's example, served by Vite's development server, runs in Chromium", async () => {
  const { createServer } = await import(pathToFileURL(join(app, 'node_modules/vite/dist/node/index.js')));
  const { seen, routes } = dataRoutes();
  const data = {
    name: 'data',
    configureServer: ({ middlewares }) => {
      for (const [path, answer] of Object.entries(routes)) middlewares.use(path, answer);
    },
  };
  const server = await createServer({
    root: app,
    logLevel: 'error',
    plugins: [data],
    server: { host: '127.0.0.1', port: 0, hmr: false, watch: null },
  });
  try {
    await server.listen();
    await assertRuns(`http://127.0.0.1:${server.httpServer.address().port}/`, seen);
  } finally {
    await server.close();
  }
});
