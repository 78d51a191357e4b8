/** decodeText() in each browser: the standard's text of every encoding, and for which of them the engine's own decoder is not used. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { availableEngines, runPage } from '../../tools/browsers/index.mjs';
import { encodings, NAMES, referenceDecoders, source } from '../js/codecs/encoding-support.mjs';
import { root, serve } from '../packaging/helpers.mjs';

const noise = Array.from({ length: 3000 }, (_, at) => (Math.imul(at + 7, 2654435761) >>> 17) & 255);
const page =
  '<!doctype html><meta charset="utf-8"><title>Encodings</title><script type="module" src="/tests/e2e/encodings/page.js"></script>';
const routes = {
  '/page': (request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(page),
  '/encodings.js': (request, response) => response.writeHead(200, { 'content-type': 'text/javascript' }).end(source),
  '/cases': (request, response) => response.end(JSON.stringify({ names: NAMES, noise })),
};

/** docs/CODECS.md has the same table. */
const WRONG = {
  chromium: ['big5', 'iso-2022-jp'],
  firefox: [],
  webkit: ['iso-8859-16', 'iso-2022-jp'],
};

for (const engine of availableEngines())
  test(`every encoding in ${engine}`, async (t) => {
    const server = await serve(root, routes);
    try {
      const seen = await runPage(engine, `${server.url}page`, { timeout: 120_000 });
      assert.equal(seen.error, undefined);
      await t.test('becomes the text that the standard says, whoever decodes it', () => {
        const reference = referenceDecoders();
        for (const name of NAMES) assert.equal(seen.texts[name], reference(name).decode(Uint8Array.from(noise)), name);
        assert.equal(encodings.encodingOf('SJIS'), 'shift_jis');
        assert.deepEqual(seen.fault, { code: 'invalid-text', offset: 1 });
      });
      await t.test('is decoded by the engine where that is right, and the module is loaded for the first other', () => {
        assert.deepEqual(seen.wrong, WRONG[engine]);
        assert.equal(seen.before, false);
        assert.equal(seen.chains, 0);
      });
    } finally {
      await server.close();
    }
  });
