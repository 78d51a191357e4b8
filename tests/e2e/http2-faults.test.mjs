/** Downloads and uploads over HTTP/2 whose stream or connection the server ends in the middle, in Chromium. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { constants, createSecureServer } from 'node:http2';
import { join } from 'node:path';
import { test } from 'node:test';
import { availableEngines, launch } from '../../tools/browsers/index.mjs';
import { root } from '../packaging/helpers.mjs';

const MB = 1 << 20;
const file = Buffer.from(Uint8Array.from({ length: 4 * MB }, (_, n) => (n * 7 + (n >> 8)) & 255));
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What a server may do to a stream; the first two leave it as it is. */
const faults = {
  'GOAWAY without an error': (stream) => stream.session.goaway(constants.NGHTTP2_NO_ERROR),
  'GOAWAY with an error': (stream) => stream.session.goaway(constants.NGHTTP2_INTERNAL_ERROR),
  'the end of the connection': (stream) => stream.session.destroy(),
  'RST_STREAM, internal error': (stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR),
  'RST_STREAM, cancel': (stream) => stream.close(constants.NGHTTP2_CANCEL),
  'RST_STREAM, refused': (stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM),
  'RST_STREAM, no error': (stream) => stream.close(constants.NGHTTP2_NO_ERROR),
};
const isGraceful = (fault) => fault.startsWith('GOAWAY');

async function startServer() {
  const pem = await readFile(join(root, 'tests/e2e/https/localhost.pem'));
  const server = createSecureServer({ key: pem, cert: pem }, async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'https://localhost');
    const { stream } = response;
    stream.on('error', () => {});
    const fault = searchParams.get('fault');
    if (pathname === '/file') {
      const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
      response.writeHead(from > 0 ? 206 : 200, {
        etag: '"one"',
        'content-length': file.length - from,
        ...(from > 0 && { 'content-range': `bytes ${from}-${file.length - 1}/${file.length}` }),
      });
      if (from > 0) return void response.end(file.subarray(from));
      response.write(file.subarray(0, MB));
      await pause(100);
      faults[fault](stream);
      if (isGraceful(fault)) response.end(file.subarray(MB));
      return undefined;
    }
    if (pathname === '/upload') {
      let bytes = 0;
      request.on('data', (chunk) => {
        const before = bytes;
        bytes += chunk.length;
        if (before < MB && bytes >= MB) faults[fault](stream);
      });
      request.on('error', () => {});
      request.on('end', () => void (stream.destroyed || response.end(String(bytes))));
      return undefined;
    }
    const body = pathname.startsWith('/dist/') ? await readFile(join(root, pathname)) : '<!doctype html>';
    return void response
      .writeHead(200, { 'content-type': pathname.startsWith('/dist/') ? 'text/javascript' : 'text/html' })
      .end(body);
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
    close() {
      server.close();
      for (const session of sessions) session.destroy();
    },
  };
}

/** In the page. */
async function download(fault) {
  const { fromFetch, toBlob } = await import('/dist/index.js');
  const blob = await toBlob(fromFetch(`/file?${new URLSearchParams({ fault })}`, { delay: 10 }));
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', await blob.arrayBuffer()));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** In the page. */
async function upload(fault, count) {
  const { pipeline, toFetch } = await import('/dist/index.js');
  const chunks = (async function* () {
    for (let n = 0; n < count; n += 1) {
      yield new Uint8Array(65536);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  })();
  const sink = toFetch(`/upload?${new URLSearchParams({ fault })}`, { as: 'stream' });
  const outcome = pipeline(chunks, sink).then(
    async () => (await sink.response).text(),
    ({ name }) => name,
  );
  return Promise.race([outcome, new Promise((resolve) => setTimeout(resolve, 20_000, 'pending'))]);
}

test('in chromium', { skip: availableEngines().includes('chromium') ? false : 'there is no Chromium' }, async (t) => {
  const server = await startServer();
  try {
    const browser = await launch('chromium', { args: ['--ignore-certificate-errors'] });
    try {
      await browser.open(server.url);
      for (const fault of Object.keys(faults)) {
        await t.test(`a download arrives whole in spite of ${fault}`, async () =>
          assert.equal(await browser.evaluate(download, fault), sha256(file)),
        );
        await t.test(`an upload ${isGraceful(fault) ? 'goes on after' : 'fails with'} ${fault}`, async () =>
          assert.equal(await browser.evaluate(upload, fault, 40), isGraceful(fault) ? String(40 * 65536) : 'TypeError'),
        );
      }
    } finally {
      await browser.close();
    }
  } finally {
    server.close();
  }
});
