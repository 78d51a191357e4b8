/** A page whose Content-Security-Policy refuses WebAssembly, in each browser. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';
import { availableEngines, runPage } from '../../tools/browsers/index.mjs';
import { root, serve } from '../packaging/helpers.mjs';

const BYTES = 5_000_000;
const ROWS = Array.from({ length: 5000 }, (_, row) => [`${row}`, `Łódź, "${row % 7}"`]);
const csv = `id,city\n${ROWS.map(([id, city]) => `${id},"${city.replaceAll('"', '""')}"\n`).join('')}`;
const one = gzipSync('one\n');

/** What engines refuse, all but the last but one, or would read a part of. */
const FILES = {
  '/rows.csv.gz': gzipSync(csv),
  '/members': Buffer.concat([one, gzipSync('second\n')]),
  '/equal': Buffer.concat([one, one]),
  '/junk': Buffer.concat([one, Buffer.from('junk')]),
  '/zero': Buffer.concat([one, Buffer.alloc(9)]),
  '/short': one.subarray(0, -1),
  '/zlib': deflateSync('one\n'),
  '/zlib-junk': Buffer.concat([deflateSync('one\n'), Buffer.from('junk')]),
};

for (const engine of availableEngines()) {
  test(`a strict policy in ${engine}`, async (t) => {
    const page =
      '<!doctype html><meta charset="utf-8"><title>Policy</title><script type="module" src="/tests/e2e/policy/page.js"></script>';
    const server = await serve(root, {
      '/strict': (request, response) =>
        response
          .writeHead(200, { 'content-type': 'text/html', 'content-security-policy': "script-src 'self'" })
          .end(page),
      '/text': (request, response) => response.end('high tide'),
      '/bytes': (request, response) => response.end(Buffer.alloc(BYTES)),
      ...Object.fromEntries(
        Object.entries(FILES).map(([path, bytes]) => [path, (request, response) => response.end(bytes)]),
      ),
    });
    try {
      const seen = await runPage(engine, `${server.url}strict`);
      await t.test('lets the package be imported', () => assert.equal(seen.imported, 'function'));
      await t.test('makes the first stream fail, with the directive and the other way in the error', () =>
        assert.match(seen.refused, /^Error: tidegate: this page's .*'wasm-unsafe-eval'.*'tidegate\/js'/),
      );
      await t.test('lets pipelines run once tidegate/js has been imported', () => {
        assert.equal(seen.text, 'high tide');
        assert.equal(seen.bytes, BYTES);
      });
      await t.test('lets them fail and abort as anywhere', () => {
        assert.equal(seen.aborted, 'Error: no more');
        assert.equal(seen.thrown, 'Error: broken stage');
      });
      await t.test('makes a codec fail with the directive in the error', () =>
        assert.match(seen.codec, /'wasm-unsafe-eval'.*'tidegate\/js-codecs'/),
      );
      await t.test('lets lines, csv and the codecs that the engine has run without either', () => {
        const { rows, level, ...rest } = seen.plain;
        assert.deepEqual(
          rows,
          ROWS.map(([id, city]) => ({ id, city })),
        );
        assert.deepEqual(rest, { lines: ['high tide'], raw: ['high tide'], packed: ['high tide'] });
        assert.match(level, /gzip: level: 1 needs .*'wasm-unsafe-eval'/);
      });
      await t.test('lets no part of the data be lost silently', () => {
        for (const [name, outcome] of seen.faults) {
          t.diagnostic(`${name}: ${JSON.stringify(outcome)}`);
          if (name === 'zlib') assert.deepEqual(outcome, ['one'], name);
          else assert.match(`${outcome}`, /^CodecError: (gunzip|inflate): |^one,(second|one)$/, name);
        }
      });
      await t.test('lets codecs run once tidegate/js-codecs has been imported', () =>
        assert.deepEqual(seen.lines, ['high tide']),
      );
      await t.test('makes init() of tidegate/slim load JavaScript, and no Wasm', () => {
        assert.deepEqual(seen.slim, ['high tide']);
        assert.equal(seen.fetched, 0);
      });
    } finally {
      await server.close();
    }
  });
}
