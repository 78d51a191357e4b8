/** toFetch() in an engine that streams requests, which Chromium does over HTTP/2: one request, and a server that does not read holds the source back. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { constants, createSecureServer } from 'node:http2';
import { join } from 'node:path';
import { test } from 'node:test';
import { availableEngines, runPage } from '../../tools/browsers/index.mjs';
import { root } from '../packaging/helpers.mjs';

const CHUNK = 65536;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Servers that respond before they have read the body. */
const early = {
  unread: (request, response) => void response.end('done'),
  unreadNoError(request, response) {
    request.pause();
    response.end('done', () => setTimeout(() => response.stream?.close(constants.NGHTTP2_NO_ERROR), 100));
  },
  reset: (request, response) => {
    response.writeHead(200).write('begun');
    request.once('data', () => response.stream.close(constants.NGHTTP2_INTERNAL_ERROR));
  },
  readOn(request, response) {
    response.end('done');
    request.resume();
  },
  async slow(request, response) {
    response.writeHead(200).write('begun, ');
    let bytes = 0;
    for await (const chunk of request) {
      if (bytes === 0) await pause(1500);
      bytes += chunk.length;
    }
    response.end(`${bytes} read`);
  },
};

/** A server of HTTP/2 whose certificate is for this test only, and known to nobody. */
async function startServer() {
  const pem = await readFile(join(root, 'tests/e2e/https/localhost.pem'));
  const state = { requests: 0, bytes: 0, sha256: undefined, protocol: undefined, broken: undefined };
  let readOn;
  const reading = new Promise((resolve) => void (readOn = resolve));
  const server = createSecureServer({ key: pem, cert: pem, allowHTTP1: false }, async (request, response) => {
    const { pathname, search } = new URL(request.url, 'https://localhost');
    if (pathname === '/counts') return void response.end(JSON.stringify(state));
    if (pathname === '/read-on') return void response.end(readOn());
    if (pathname === '/early') return void early[search.slice(1)](request, response);
    if (pathname === '/upload') {
      if (search === '?broken') {
        request.on('aborted', () => void (state.broken = 'aborted'));
        request.on('end', () => void (state.broken ??= 'ended'));
        request.on('error', () => {});
        request.resume();
        return undefined;
      }
      state.requests += 1;
      state.protocol = request.httpVersion;
      await reading;
      const hash = createHash('sha256');
      for await (const chunk of request) {
        hash.update(chunk);
        state.bytes += chunk.length;
      }
      state.sha256 = hash.digest('hex');
      return void response.end('done');
    }
    const file = join(
      root,
      pathname.startsWith('/dist/') ? pathname : `tests/e2e/https/${pathname === '/' ? 'index.html' : pathname}`,
    );
    const body = await readFile(file).catch(() => undefined);
    response.writeHead(body ? 200 : 404, { 'content-type': file.endsWith('.html') ? 'text/html' : 'text/javascript' });
    return void response.end(body);
  });
  const sessions = new Set();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => {});
    session.on('close', () => sessions.delete(session));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://127.0.0.1:${server.address().port}/`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const session of sessions) session.destroy();
      await closed;
    },
  };
}

function expected(count) {
  const hash = createHash('sha256');
  for (let n = 1; n <= count; n += 1) hash.update(new Uint8Array(CHUNK).fill(n));
  return hash.digest('hex');
}

test('in chromium', { skip: availableEngines().includes('chromium') ? false : 'there is no Chromium' }, async (t) => {
  const server = await startServer();
  try {
    // The page posts its result to a server without a certificate, which is on this machine too.
    const { seen, unhandled } = await runPage('chromium', server.url, {
      args: ['--ignore-certificate-errors', '--allow-running-insecure-content'],
    });
    assert.equal(seen.error, undefined);
    await t.test('everything comes in one request', () => {
      const { requests, bytes, sha256, protocol } = seen.counts;
      assert.deepEqual([seen.status, requests, bytes, sha256, protocol], [200, 1, 500 * CHUNK, expected(500), '2.0']);
    });
    await t.test('a server that does not read holds the source back', () => {
      t.diagnostic(`${seen.stood} chunks of 64 KiB were made while the server read nothing`);
      assert.ok(seen.stood < 400, `${seen.stood} chunks were made`);
    });
    await t.test('a pipeline that fails breaks the request off, which the server sees', () =>
      assert.deepEqual([seen.failed, seen.broken], [true, 'aborted']),
    );
    for (const how of ['unread', 'unreadNoError']) {
      await t.test(`a complete response before the body was read fails the upload: ${how}`, () =>
        assert.match(
          seen.early[how],
          /^FetchError: .* responded with 200 before it read the whole body, and reads no more/,
        ),
      );
    }
    await t.test('a server that has responded may read on, as slowly as it likes', () => {
      assert.equal(seen.early.readOn, 'done');
      assert.equal(seen.early.slow, `begun, ${300 * CHUNK} read`);
    });
    await t.test('a stream that the server resets fails the upload', () =>
      assert.match(seen.early.reset, /^TypeError: /),
    );
    await t.test('leaves no rejection unhandled', () => assert.deepEqual(unhandled, []));
  } finally {
    await server.close();
  }
});
