/** Runs a project of the matrix: installs what it needs, writes its files, builds it, and gets the results of the scenario. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { transform } from 'esbuild';
import { endOwned, spawnOwned } from '../../../tools/browsers/cleanup.mjs';
import { runPage } from '../../../tools/browsers/index.mjs';
import { filesUnder } from '../../../tools/build/stamps.mjs';
import { npm, readmeExample, root, serve } from '../helpers.mjs';

const run = promisify(execFile);
const SCENARIO = fileURLToPath(new URL('./scenario', import.meta.url));
const PLACE = join(root, 'build/packaging');
const STEP_MS = 240_000;

const cities = ['Delft', '"Den Haag, NL"', 'Vlissingen'];
const sales = `city,amount\r\n${Array.from({ length: 5000 }, (_, n) => `${cities[n % 3]},${n}\r\n`).join('')}`;
const totals = {};
for (let n = 0; n < 5000; n++) {
  const city = cities[n % 3].replaceAll('"', '');
  totals[city] = (totals[city] ?? 0) + n;
}

/** What each part of the scenario must come to. */
export const EXPECTED = { totals, abort: true, throw: true, transfer: 10_100, download: 'high tide', example: totals };

const zipped = gzipSync(sales);

const dataRoutes = {
  '/sales.csv.gz': (request, response) => void response.writeHead(200, CORS).end(zipped),
  '/endless': (request, response) => void response.writeHead(200, CORS).write(zipped.subarray(0, 1000)), // and nothing more
  '/frame.html': (request, response) =>
    void response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>'),
};
const CORS = { 'access-control-allow-origin': '*' };

const slug = (name) => name.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, ''); // prettier-ignore

/** The folder of a project, with its packages and files. What npm installed stays for the next run. */
async function prepare(project, installed) {
  const folder = join(PLACE, slug(project.shared ?? project.name));
  await mkdir(folder, { recursive: true });
  const manifest = {
    name: 'app',
    private: true,
    type: project.commonJs ? 'commonjs' : 'module',
    dependencies: project.dependencies,
  };
  const stamp = join(folder, 'node_modules/.installed');
  const wanted = JSON.stringify(project.dependencies);
  const isThere = (await readFile(stamp, 'utf8').catch(() => '')) === wanted;
  for (const name of await readdir(folder))
    if (!isThere || name !== 'node_modules') await rm(join(folder, name), { recursive: true, force: true });
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  if (!isThere && wanted !== '{}')
    await npm(folder, 'install', '--prefer-offline', '--no-audit', '--no-fund', '--no-save', '--loglevel=error');
  await rm(join(folder, 'node_modules/tidegate'), { recursive: true, force: true });
  await cp(installed, join(folder, 'node_modules/tidegate'), { recursive: true });
  await writeFile(stamp, wanted);

  const files = { ...project.files };
  for (const name of await readdir(SCENARIO)) files[name] = await readFile(join(SCENARIO, name), 'utf8');
  if (project.example) files['example.js'] = await readmeExample();
  for (const [name, text] of Object.entries(files)) {
    let content = project.transform?.[name]?.(text) ?? text;
    const isScenario = project.commonJs && /^(scenario|answer|host)\.js$/.test(name);
    if (isScenario) content = (await transform(content, { format: 'cjs', platform: 'node' })).code;
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}

async function command(folder, [file, ...args], env = {}) {
  try {
    const options = {
      cwd: folder,
      env: { ...process.env, CI: '1', ...QUIET, ...env },
      timeout: STEP_MS,
      maxBuffer: 1 << 26,
    };
    return (
      await run(file === 'node' ? process.execPath : join(file.startsWith('/') ? '' : folder, file), args, options)
    ).stdout;
  } catch (error) {
    throw new Error(
      `${file} ${args.join(' ')} failed:\n${`${error.stdout ?? ''}${error.stderr ?? error}`.slice(-3000)}`,
      { cause: error },
    );
  }
}
const QUIET = {
  NEXT_TELEMETRY_DISABLED: '1',
  WRANGLER_SEND_METRICS: 'false',
  NO_UPDATE_NOTIFIER: '1',
  NG_CLI_ANALYTICS: 'false',
  DENO_NO_UPDATE_CHECK: '1',
};

/** gzip bytes of the scripts in a folder, each by itself. */
async function sizeOf(folder) {
  const scripts = filesUnder(folder).filter((file) => /\.m?js$/.test(file) && !/(service|codec)-worker\b/.test(file));
  const sizes = await Promise.all(scripts.map(async (file) => gzipSync(await readFile(file), { level: 9 }).length));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

/** Starts a server of the project's and calls `use` with its address. */
async function withServer(project, folder, use) {
  const port = await freePort();
  const [file, ...args] = project.serve(port);
  const child = spawnOwned(join(folder, file), args, {
    cwd: folder,
    env: { ...process.env, ...QUIET },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (said = (said + text).slice(-3000)));
  try {
    for (let tries = 0; ; tries++) {
      if (child.exitCode !== null) throw new Error(`${file} ended: ${said}${child.diagnostics}`);
      const signal = AbortSignal.timeout(30_000);
      const isUp = await fetch(`http://127.0.0.1:${port}/`, { method: 'HEAD', signal }).catch(() => undefined);
      if (isUp) break;
      if (tries > 600) throw new Error(`${file} does not answer: ${said}${child.diagnostics}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return await use(`http://127.0.0.1:${port}`);
  } finally {
    await endOwned(child);
  }
}

/** Resolves with the rows `{ name, engine, results, bytes }` of a project whose results come from a browser. */
export async function runPageProject(project, { installed, engines }) {
  const folder = await prepare(project, installed);
  const worker = join(installed, 'dist/service-worker.js');
  if (project.public) await cp(worker, join(folder, project.public, 'service-worker.js'));
  if (project.public) await writeFile(join(folder, project.public, 'frame.html'), '<!doctype html>');
  for (const step of project.build ?? []) await (typeof step === 'function' ? step(folder) : command(folder, step));
  const rows = [];
  if (project.serve) {
    const data = await serve(folder, dataRoutes);
    try {
      await withServer(project, folder, async (url) => {
        const base = encodeURIComponent(data.url);
        for (const engine of engines)
          rows.push({
            name: project.name,
            engine,
            results: await runPage(engine, `${url}/?base=${base}`, { timeout: 90_000 }),
          });
        for (const [name, path] of Object.entries(project.urls)) {
          const response = await fetch(`${url}${path}?base=${base}`, { signal: AbortSignal.timeout(60_000) });
          rows.push({ name: `${project.name} ${name}`, engine: '', results: await response.json() });
        }
      });
    } finally {
      await data.close();
    }
    rows[0].bytes = await sizeOf(join(folder, project.sizes));
    return rows;
  }
  const out = join(folder, project.out);
  for (const file of project.copy ?? []) await cp(join(folder, file), join(out, file.split('/').at(-1)));
  const bytes = project.out === '.' ? undefined : await sizeOf(out);
  const routes = {
    ...dataRoutes,
    '/service-worker.js': async (request, response) =>
      void response.writeHead(200, { 'content-type': 'text/javascript' }).end(await readFile(worker)),
  };
  const server = await serve(out, routes, undefined, project.headers);
  try {
    for (const engine of engines)
      rows.push({ name: project.name, engine, bytes, results: await runPage(engine, server.url, { timeout: 90_000 }) });
  } finally {
    await server.close();
  }
  return rows;
}

/** The same for a project whose results come from a program. */
export async function runHostProject(project, { installed }) {
  const folder = await prepare(project, installed);
  const data = await serve(folder, dataRoutes);
  try {
    if (project.serve) {
      const results = await withServer(project, folder, async (url) =>
        (await fetch(`${url}${project.url}?base=${encodeURIComponent(data.url)}`)).json(),
      );
      return [{ name: project.name, engine: '', results }];
    }
    const file = join(folder, 'results.json');
    const said = await command(folder, project.run, { BASE: data.url, DATA: zipped.toString('base64'), RESULTS: file });
    const [, line] = /^RESULTS(.*)$/m.exec(said) ?? [];
    const results = JSON.parse(line ?? (await readFile(file, 'utf8')));
    return [{ name: project.name, engine: '', results }];
  } finally {
    await data.close();
  }
}
