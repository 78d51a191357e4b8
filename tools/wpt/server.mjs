/** Serves a checkout to a browser, makes the page around each script test, and takes the results. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { readJson } from '../browsers/index.mjs';
import { filePath } from './checkout.mjs';
import { parseMeta } from './meta.mjs';

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.idl': 'text/plain; charset=utf-8',
  '.txt': 'text/plain',
  '.png': 'image/png',
};

/** The smallest WebAssembly module: the magic number and the version. */
const EMPTY_MODULE = Buffer.from([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);

/** Where the page finds the script that installs the implementation. */
const INSTALL = '/.tidegate/install.js';
const RESULT = '/.tidegate/result';

/**
 * Stands in for the checkout's testharnessreport.js. It posts what the harness found and goes where the answer says.
 * XMLHttpRequest is used, and taken before the test runs, since tests patch promises and other globals.
 */
const report = `'use strict';
(() => {
  const { XMLHttpRequest, JSON, Date } = self;
  const { parse, stringify } = JSON;
  const started = Date.now();
  setup({ output: false, timeout_multiplier: TIMEOUT_MULTIPLIER });
  const testStatus = ['PASS', 'FAIL', 'TIMEOUT', 'NOTRUN', 'PRECONDITION_FAILED'];
  const harnessStatus = ['OK', 'ERROR', 'TIMEOUT', 'PRECONDITION_FAILED'];
  add_completion_callback((tests, status) => {
    const request = new XMLHttpRequest();
    request.onload = () => {
      const { next } = parse(request.responseText);
      if (next) location.replace(next);
    };
    request.open('POST', '${RESULT}');
    request.send(stringify({
      url: location.pathname + location.search,
      status: harnessStatus[status.status],
      message: status.message || '',
      milliseconds: Date.now() - started,
      subtests: tests.map((t) => ({ name: t.name, status: testStatus[t.status], message: t.message || '' })),
    }));
  });
})();
`;

/**
 * Stands in for the checkout's get-host-info.sub.js, a template that the checkout's own server fills in. There is no TLS
 * here; the two names of the loopback interface are two sites, and both count as secure contexts.
 */
const hostInfo = `'use strict';
function get_host_info() {
  const same = 'http://localhost:' + location.port;
  const other = 'http://127.0.0.1:' + location.port;
  return {
    HTTP_PORT: location.port, HTTPS_PORT: location.port, ORIGINAL_HOST: 'localhost', REMOTE_HOST: '127.0.0.1',
    ORIGIN: same, HTTP_ORIGIN: same, HTTPS_ORIGIN: same,
    REMOTE_ORIGIN: other, HTTP_REMOTE_ORIGIN: other, HTTPS_REMOTE_ORIGIN: other,
    HTTP_NOTSAMESITE_ORIGIN: other, HTTPS_NOTSAMESITE_ORIGIN: other,
  };
}
`;

function page(path, source) {
  const meta = parseMeta(source);
  const title = JSON.stringify(meta.title ?? '')
    .slice(1, -1)
    .replace(/</g, '&lt;');
  return `<!doctype html>
<meta charset="utf-8">
<title>${title}</title>
${meta.long ? '<meta name="timeout" content="long">' : ''}
<script>self.GLOBAL = { isWindow: () => true, isWorker: () => false, isShadowRealm: () => false };</script>
<script src="${INSTALL}"></script>
<script src="/resources/testharness.js"></script>
<script src="/resources/testharnessreport.js"></script>
${meta.scripts.map((script) => `<script src="${script}"></script>`).join('\n')}
<div id="log"></div>
<script src="/${path}"></script>
`;
}

/**
 * Starts the server on an ephemeral port of 127.0.0.1.
 * @param {string} root The checkout.
 * @param {{ script: string, multiplier?: number, onResult(result: object): string | undefined }} options `script`: what
 *   installs the implementation; `multiplier`: of the harness's timeouts; `onResult`: takes a page's result and names
 *   the path to go to next.
 * @returns {Promise<{ origin: string, close(): Promise<void> }>}
 */
export async function startServer(root, { script, multiplier = 2, onResult }) {
  async function answer(request, response) {
    const { pathname } = new URL(request.url, 'http://localhost');
    const send = (type, body, headers = {}) => {
      response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store', ...headers }).end(body);
    };
    if (pathname === RESULT)
      return send('application/json', JSON.stringify({ next: onResult(await readJson(request)) }));
    if (pathname === INSTALL) return send(types['.js'], script);
    if (pathname === '/common/get-host-info.sub.js') return send(types['.js'], hostInfo);
    if (pathname === '/resources/testharnessreport.js') {
      return send(types['.js'], report.replace('TIMEOUT_MULTIPLIER', String(multiplier)));
    }
    // Normalizing an absolute path drops every way out of the checkout.
    const path = filePath(normalize(decodeURIComponent(pathname)).replace(/^[/\\]+/, ''));
    const wrapped = /\.(any|window)\.html$/.test(path) ? path.replace(/\.html$/, '.js') : undefined;
    const body = await readFile(join(root, wrapped ?? path)).catch((error) => error);
    // Tests of transfer fetch some module or other from a directory that the pinned checkout leaves out.
    if (body instanceof Error && path.endsWith('.wasm')) return send('application/wasm', EMPTY_MODULE);
    if (body instanceof Error) return response.writeHead(404).end(`${path}: ${body.code}`);
    const headers = await extraHeaders(join(root, wrapped ?? path));
    if (wrapped !== undefined) return send(types['.html'], page(wrapped, body.toString('utf8')), headers);
    if (path.endsWith('.html') && script) {
      return send(
        types['.html'],
        body.toString('utf8').replace(/^(\s*<!doctype[^>]*>)?/i, `$1<script src="${INSTALL}"></script>`),
        headers,
      );
    }
    if (script && /worker$/.test(request.headers['sec-fetch-dest'] ?? '')) {
      return send(types['.js'], `importScripts(${JSON.stringify(INSTALL)});\n${body}`, headers);
    }
    return send(types[extname(path)] ?? 'application/octet-stream', body, headers);
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(String(error?.stack ?? error));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    // Service workers and other features of secure contexts need the name, not the number.
    origin: `http://localhost:${server.address().port}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The fields of `FILE.headers`, which a checkout keeps beside files that need some. */
async function extraHeaders(path) {
  const text = await readFile(`${path}.headers`, 'utf8').catch(() => '');
  return Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line.includes(':') && !line.includes('{{'))
      .map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
      }),
  );
}
