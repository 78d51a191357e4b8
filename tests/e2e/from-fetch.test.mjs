/** fromFetch() in each browser, against a server that drops its connections. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { availableEngines, runPage } from '../../tools/browsers/index.mjs';
import { root, serve } from '../packaging/helpers.mjs';

const FILE = Buffer.from(Uint8Array.from({ length: 2_000_000 }, (_, i) => (i * 7 + (i >> 8)) & 255));

const expected = {
  'goes on where the connection broke, byte for byte': createHash('sha256').update(FILE).digest('hex'),
  'fails where the file has changed': true,
  'fails with the status of an answer that is no success': 'FetchError',
  'ends the connection when the consumer leaves': true,
  'fails with the reason of its signal': true,
};

/** Sends the file from the asked place on, at most `most` bytes of it before it drops the connection. */
function send(request, response, most) {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const part = FILE.subarray(from);
  response.writeHead(from > 0 ? 206 : 200, {
    etag: '"1"', 'cache-control': 'no-store', 'content-length': part.length,
    ...(from > 0 ? { 'content-range': `bytes ${from}-${FILE.length - 1}/${FILE.length}` } : {}),
  });
  if (most < part.length) response.write(part.subarray(0, most), () => setTimeout(() => response.destroy(), 50));
  else response.end(part);
}

async function startServer() {
  const requests = { dropped: 0, changed: 0 };
  let ended = false;
  const files = (request, response) => readFile(join(root, request.url.slice(1))).then(
    (body) => response.writeHead(200, { 'content-type': 'text/javascript' }).end(body),
    () => response.writeHead(404).end(),
  );
  return serve(join(root, 'tests/e2e/from-fetch'), {
    '/dropped': (request, response) => send(request, response, (requests.dropped += 1) < 3 ? 600_000 : Infinity),
    '/changed': (request, response) => {
      if ((requests.changed += 1) === 1) send(request, response, 1000);
      else response.writeHead(200, { etag: '"2"' }).end('another');
    },
    '/missing': (request, response) => response.writeHead(404).end('no'),
    '/ended': (request, response) => response.end(JSON.stringify(ended)),
    '/endless': (request, response) => {
      response.once('close', () => { ended = true; });
      const write = () => {
        while (!response.destroyed && response.write(Buffer.alloc(16384)));
      };
      response.on('drain', write);
      write();
    },
  }, files);
}

for (const engine of availableEngines()) {
  test(`in ${engine}`, async (t) => {
    const server = await startServer();
    try {
      const { seen, unhandled } = await runPage(engine, server.url);
      for (const [name, value] of Object.entries(expected)) await t.test(name, () => assert.deepEqual(seen[name], value));
      await t.test('leaves no rejection unhandled', () => assert.deepEqual(unhandled, []));
    } finally {
      await server.close();
    }
  });
}
