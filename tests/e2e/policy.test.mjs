/** A page whose Content-Security-Policy refuses WebAssembly, in each browser. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { availableEngines, runPage } from '../../tools/browsers/index.mjs';
import { root, serve } from '../packaging/helpers.mjs';

const BYTES = 5_000_000;

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
