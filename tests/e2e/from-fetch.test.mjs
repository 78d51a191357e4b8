/** fromFetch() in each browser, against servers that drop their connections, are silent, and expose little to other origins. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { availableEngines, runPage } from '../../tools/browsers/index.mjs';
import { root, serve } from '../packaging/helpers.mjs';

const FILE = Buffer.from(Uint8Array.from({ length: 2_000_000 }, (_, i) => (i * 7 + (i >> 8)) & 255));
const HASH = createHash('sha256').update(FILE).digest('hex');
const ZIPPED = gzipSync(FILE);

const expected = {
  'resumes where the connection broke, byte for byte': HASH,
  'fails where the file has changed': true,
  'fails where a part is of another version': true,
  'fails with the status of a response that is no success, and keeps what it says': [404, 'no'],
  'ends the connection when the consumer leaves': true,
  'fails with the reason of its signal': true,
  'tries again when the connection breaks before the headers': HASH,
  'tries again when the connection breaks before the first byte': HASH,
  'tries again after 503, and waits as long as Retry-After says': [HASH, true],
  'resumes after silence in the body': HASH,
  'tries again after silence before the headers': HASH,
  'does not take a consumer that pauses for a silent network': HASH,
  'does not take a busy page for a silent network': HASH,
  'has everything of a server that ended while the consumer was slow': HASH,
  'has everything of a server that broke off while the consumer was slow': HASH,
  'has total and fraction from the first report on': true,
  'resumes across origins without a preflight': [HASH, 0],
  'names the headers that a server of another origin must expose': true,
  'names them where the place of a part is hidden': true,
  'takes a compressed body of another origin whole': HASH,
  'resumes a compressed body whose connection broke': HASH,
  'fails where a compressed body whose connection broke cannot be resumed': 'FetchError',
  'fails where the response of a fetch is compressed and its connection broke': true,
  'gives a whole compressed response of a fetch': HASH,
  'says that nothing but CORS or the network can be known': true,
  'refuses a response that is no success, opaque or a redirect as a source': [
    '404 Not Found',
    'opaque',
    'a redirect',
    'a network error',
  ],
};

/** Sends the file from the requested place on, at most `most` bytes of it before it drops the connection, or stops where `silent`. */
function send(request, response, most, { etag = '"1"', silent = false, headers = {} } = {}) {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const part = FILE.subarray(from);
  response.writeHead(from > 0 ? 206 : 200, {
    etag,
    'cache-control': 'no-store',
    'content-length': part.length,
    ...headers,
    ...(from > 0 ? { 'content-range': `bytes ${from}-${FILE.length - 1}/${FILE.length}` } : {}),
  });
  if (most >= part.length) response.end(part);
  else if (silent) response.write(part.subarray(0, most));
  else if (most > 0) response.write(part.subarray(0, most), () => setTimeout(() => response.destroy(), 50));
  else {
    response.flushHeaders();
    setTimeout(() => response.destroy(), 50);
  }
}

const EXPOSED = { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'ETag, Content-Range' };
const OPAQUE = { 'access-control-allow-origin': '*' };

/** The other origin. */
function startOther() {
  const requests = { exposed: 0, options: 0, silent: 0 };
  return serve(join(root, 'tests/e2e/from-fetch/none'), {
    '/exposed': (request, response) => {
      if (request.method === 'OPTIONS') {
        requests.options += 1;
        response.writeHead(405).end();
      } else send(request, response, (requests.exposed += 1) < 3 ? 600_000 : Infinity, { headers: EXPOSED });
    },
    '/options': (request, response) => response.writeHead(200, OPAQUE).end(JSON.stringify(requests.options)),
    '/hidden': (request, response) => send(request, response, 600_000, { headers: OPAQUE }),
    '/placeless': (request, response) =>
      send(request, response, 600_000, { headers: { ...OPAQUE, 'access-control-expose-headers': 'ETag' } }),
    '/zipped': (request, response) =>
      response.writeHead(200, { ...OPAQUE, 'content-encoding': 'gzip', 'content-length': ZIPPED.length }).end(ZIPPED),
    '/forbidden': (request, response) => response.end('no CORS'),
  });
}

async function startServer(other) {
  const requests = {};
  const count = ({ url }) => (requests[url] = (requests[url] ?? 0) + 1);
  let ended = false;
  const files = (request, response) =>
    readFile(join(root, request.url.slice(1))).then(
      (body) => response.writeHead(200, { 'content-type': 'text/javascript' }).end(body),
      () => response.writeHead(404).end(),
    );
  return serve(
    join(root, 'tests/e2e/from-fetch'),
    {
      '/other': (request, response) => response.end(JSON.stringify(other)),
      '/dropped': (request, response) => send(request, response, count(request) < 3 ? 600_000 : Infinity),
      '/changed': (request, response) => {
        if (count(request) === 1) send(request, response, 1000);
        else response.writeHead(200, { etag: '"2"' }).end('another');
      },
      '/mixed': (request, response) =>
        count(request) === 1 ? send(request, response, 1000) : send(request, response, Infinity, { etag: '"2"' }),
      '/headless': (request, response) =>
        count(request) < 3 ? request.socket.destroy() : send(request, response, Infinity),
      '/bodiless': (request, response) => send(request, response, count(request) < 3 ? 0 : Infinity),
      '/busy': (request, response) =>
        count(request) === 1
          ? response.writeHead(503, { 'retry-after': '1' }).end()
          : send(request, response, Infinity),
      '/silent': (request, response) =>
        send(request, response, count(request) < 3 ? 600_000 : Infinity, { silent: true }),
      '/mute': (request, response) => {
        if (count(request) > 1) send(request, response, Infinity);
      },
      '/cut-zipped': (request, response) => {
        const headers = {
          'cache-control': 'no-store',
          'content-encoding': 'gzip',
          'content-length': ZIPPED.length,
          ...(request.url.endsWith('tag') ? { etag: '"1"' } : {}),
        };
        response.writeHead(200, headers);
        if (request.url.endsWith('whole') || (request.url.endsWith('tag') && count(request) > 1)) response.end(ZIPPED);
        else response.write(ZIPPED.subarray(0, ZIPPED.length / 2), () => setTimeout(() => response.destroy(), 50));
      },
      '/late': (request, response) => {
        response.writeHead(200, { 'content-length': FILE.length }).write(FILE.subarray(0, 1000));
        setTimeout(() => response.end(FILE.subarray(1000)), 100);
      },
      '/whole': (request, response) => send(request, response, Infinity),
      '/moved': (request, response) => response.writeHead(302, { location: '/whole' }).end(),
      '/missing': (request, response) => response.writeHead(404).end('no'),
      '/ended': (request, response) => response.end(JSON.stringify(ended)),
      '/endless': (request, response) => {
        response.once('close', () => {
          ended = true;
        });
        const write = () => {
          while (!response.destroyed && response.write(Buffer.alloc(16384)));
        };
        response.on('drain', write);
        write();
      },
    },
    files,
  );
}

for (const engine of availableEngines()) {
  test(`in ${engine}`, async (t) => {
    const other = await startOther();
    const server = await startServer(other.url);
    try {
      const { seen, unhandled } = await runPage(engine, server.url);
      for (const [name, value] of Object.entries(expected))
        await t.test(name, () => assert.deepEqual(seen[name], value));
      await t.test('leaves no rejection unhandled', () => assert.deepEqual(unhandled, []));
    } finally {
      await server.close();
      await other.close();
    }
  });
}
