/** `fromFetch()` in windows: a consumer that stops stops the server in each engine, and nothing is lost when it goes on. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { availableEngines, runPage } from '../../tools/browsers/index.mjs';
import { root, serve } from '../packaging/helpers.mjs';

const MIB = 2 ** 20;
const FILE = Buffer.alloc(40 * MIB);
for (let at = 0; at < FILE.length; at += 4) FILE.writeUInt32LE(Math.imul(at, 2654435761) >>> 0, at);
const HASH = createHash('sha256').update(FILE).digest('hex');

/** Sends the file, or the range of it that is asked for, as the client takes it. */
function startFiles(counts, headers = () => ({})) {
  return (request, response) => {
    const name = request.url.split('?')[1];
    const count = (counts[name] ??= { bytes: 0, requests: [] });
    const { range } = request.headers;
    count.requests.push(range ?? 'all');
    const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
    const start = Number(first ?? 0);
    const end = Math.min(FILE.length, last === undefined || last === '' ? Infinity : Number(last) + 1);
    const whole = first === undefined;
    response.writeHead(whole ? 200 : 206, {
      etag: '"1"',
      'content-length': end - start,
      ...(whole ? {} : { 'content-range': `bytes ${start}-${end - 1}/${FILE.length}` }),
      ...headers(name),
    });
    let at = start;
    const write = () => {
      if (at >= end || response.destroyed) return response.end();
      const piece = FILE.subarray(at, Math.min(end, at + 65_536));
      at += piece.length;
      response.write(piece, () => {
        count.bytes += piece.length;
        write();
      });
    };
    write();
  };
}

const CROSS = { 'access-control-allow-origin': '*' };
const EXPOSED = { ...CROSS, 'access-control-expose-headers': 'ETag, Content-Range' };
const page = '<!doctype html><meta charset="utf-8"><script type="module" src="/tests/e2e/windows/page.js"></script>';

for (const engine of availableEngines()) {
  test(`a consumer that stops stops the server in ${engine}`, async () => {
    const counts = {};
    const elsewhere = {};
    const other = await serve(root, {
      '/file': startFiles(elsewhere, (name) => (name === 'exposed' ? EXPOSED : CROSS)),
    });
    const server = await serve(root, {
      '/windows': (request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(page),
      '/file': startFiles(counts),
      '/sent': (request, response) => response.end(JSON.stringify(counts[request.url.split('?')[1]])),
      '/other': (request, response) => response.end(JSON.stringify(other.url)),
    });
    try {
      const seen = await runPage(engine, `${server.url}windows`, { timeout: 120_000 });
      assert.equal(seen.error, undefined);
      for (const [name, windows] of [
        ['windows', 2],
        ['ahead', 4],
      ]) {
        assert.equal(seen[name].hash, HASH, name);
        assert.equal(seen[name].requests.length, 40, name);
        assert.ok(seen[name].bytes <= windows * MIB, `${name}: ${seen[name].bytes} bytes`);
      }
      assert.equal(seen.byItself.hash, HASH);
      if (engine === 'chromium') assert.deepEqual(seen.byItself.requests, ['all']);
      else {
        assert.equal(seen.byItself.requests[0], `bytes=0-${8 * MIB - 1}`);
        assert.ok(seen.byItself.bytes <= 16 * MIB, `${seen.byItself.bytes} bytes`);
      }
      assert.deepEqual([seen.exposed, seen.hidden], [HASH, HASH]);
      assert.equal(elsewhere.exposed.requests.length, 40);
      // Between them Chromium asks whether what it has of the first one is still valid.
      const { requests } = elsewhere.hidden;
      assert.deepEqual([requests[0], requests.at(-1), requests.length <= 3], [`bytes=0-${MIB - 1}`, 'all', true]);
    } finally {
      await server.close();
      await other.close();
    }
  });
}
