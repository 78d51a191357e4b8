/** Runs a bench program in Node or in a browser's page that runs by itself, and resolves with what it found. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundleInstruments } from './instruments.mjs';
import { runPage } from '../tools/browsers/index.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Answers a request for `chunks` KiB of bytes, as fast as they are taken. */
function sendBytes(url, response) {
  let left = Number(url.searchParams.get('chunks')) * 1024;
  const block = Buffer.alloc(64 * 1024, 7);
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-length': left,
    'cache-control': 'no-store',
  });
  const more = () => {
    while (left > 0) {
      const part = left < block.length ? block.subarray(0, left) : block;
      left -= part.length;
      if (!response.write(part)) return;
    }
    response.end();
    response.off('drain', more);
  };
  response.on('drain', more);
  more();
}

/** An isolated page gets the fine clock: 5 microseconds and not 100 in Chromium, 20 and not 1000 in Firefox and WebKit. */
export const ISOLATED = {
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
};

/** Serves `answer(url, response)` on 127.0.0.1, and the bytes of `/bytes`, while `use(origin)` runs. */
export async function withServer(answer, use) {
  const server = createServer((request, response) => {
    const url = new URL(request.url, 'http://localhost');
    if (url.pathname === '/bytes') sendBytes(url, response);
    else answer(url, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await use(`http://127.0.0.1:${server.address().port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const notFound = (url, response) => response.writeHead(404).end();

/** `settings.program` names the program: measure, scale, memory or startup. */
export const run = (engine, settings) => (engine === 'node' ? inNode(settings) : inBrowser(engine, settings));

const inNode = async (settings) => {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-bench-'));
  try {
    for (const [name, text] of Object.entries(await bundleInstruments(settings.instruments ?? [])))
      writeFileSync(join(folder, `${name}.mjs`), text);
    return await inProcess({ ...settings, folder });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const inProcess = (settings) =>
  withServer(notFound, async (origin) => {
    const argument = JSON.stringify({ ...settings, bytesUrl: `${origin}/bytes` });
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--expose-gc', here('./node-process.mjs'), argument],
      { maxBuffer: 1 << 24 },
    );
    return JSON.parse(stdout);
  });

/** Bundles `entry`; a build of this package that is left out of the run is left out of the page too. */
async function bundle(entry, { implementations, before }) {
  const { outputFiles } = await build({
    entryPoints: [here(entry)],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    logLevel: 'error',
    plugins: [
      {
        name: 'builds',
        setup({ onResolve, onLoad }) {
          const builds = { ours: here('../dist/index.js'), before };
          onResolve({ filter: /^tidegate-bench:(ours|before)$/ }, ({ path }) => {
            const name = path.split(':')[1];
            return implementations.includes(name) ? { path: builds[name] } : { path: 'none', namespace: 'none' };
          });
          onLoad({ filter: /.*/, namespace: 'none' }, () => ({ contents: 'export {};' }));
        },
      },
    ],
  });
  return outputFiles[0].text;
}

/** The whole of each package, minified, as a page would load it. */
export async function bundlePackages() {
  const packages = { ours: here('../dist/index.js'), polyfill: 'web-streams-polyfill' };
  const texts = {};
  for (const [name, path] of Object.entries(packages)) {
    const { outputFiles } = await build({
      stdin: { contents: `export * from ${JSON.stringify(path)};`, resolveDir: here('.') },
      bundle: true,
      minify: true,
      write: false,
      format: 'esm',
      target: 'es2022',
      logLevel: 'error',
    });
    texts[`/${name}.js`] = outputFiles[0].text;
  }
  return texts;
}

async function inBrowser(engine, settings) {
  const scripts = { '/page.js': await bundle('./page.js', settings) };
  for (const name of ['workloads.js', 'workloads-more.js'])
    scripts[`/${name}`] = readFileSync(here(`./${name}`), 'utf8');
  for (const [name, text] of Object.entries(await bundleInstruments(settings.instruments ?? [])))
    scripts[`/${name}.js`] = text;
  if (settings.program === 'startup') Object.assign(scripts, await bundlePackages());
  const answer = ({ pathname }, response) => {
    const script = scripts[pathname];
    response.writeHead(200, { 'content-type': script ? 'text/javascript' : 'text/html', ...ISOLATED });
    if (script) response.end(script);
    else if (pathname === '/frame') response.end('<!doctype html><meta charset="utf-8"><title>frame</title>');
    else
      response.end(
        '<!doctype html><meta charset="utf-8"><title>bench</title><script type="module" src="/page.js"></script>',
      );
  };
  return withServer(answer, (origin) => {
    const page = encodeURIComponent(JSON.stringify({ ...settings, bytesUrl: `${origin}/bytes` }));
    return runPage(engine, `${origin}/?settings=${page}`, { timeout: settings.timeout, args: settings.args });
  });
}
