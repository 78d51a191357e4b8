/** Forms of each browser are read by a Node server, and our own are; and a page reads those of its Request and Response. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { multipartParts } from 'tidegate/multipart';
import { availableEngines, runPage } from '../../tools/browsers/index.mjs';
import { root, serve } from '../packaging/helpers.mjs';

const page = `<!doctype html><meta charset="utf-8"><title>Forms</title>
  <form method="post" action="/form" enctype="multipart/form-data" target="answer">
    <textarea name="text ü"></textarea><input type="file" name="file"></form>
  <iframe name="answer"></iframe><script type="module" src="/tests/e2e/multipart/page.js"></script>`;
const html = { 'content-type': 'text/html; charset=utf-8' };

const CONTENT = new Uint8Array(300_000).map((_, at) => (at * at) >> 3);
const digest = (bytes) => createHash('sha256').update(bytes).digest('hex');
const TEXT = 'a "quoted"\r\nMöwe';
const NAME = 'Öl "1" %22;.bin';

/** What has come of each part. */
async function answer(request, response) {
  const seen = [];
  for await (const part of multipartParts(request)) {
    if (part.filename === undefined) seen.push([part.name, await part.text()]);
    else {
      const hash = createHash('sha256');
      for await (const chunk of part.stream()) hash.update(chunk);
      seen.push([part.name, part.filename, part.type, hash.digest('hex')]);
    }
  }
  response.writeHead(200, html).end(JSON.stringify(seen).replaceAll('<', '\\u003c'));
}

const routes = {
  '/forms': (request, response) => response.writeHead(200, html).end(page),
  '/form': (request, response) =>
    answer(request, response).catch((error) => response.writeHead(400).end(String(error))),
};

for (const engine of availableEngines()) {
  test(`forms are sent and read in ${engine}`, async () => {
    const server = await serve(root, routes);
    try {
      const seen = await runPage(engine, `${server.url}forms`, { timeout: 60_000 });
      assert.equal(seen.error, undefined);
      const file = [digest(CONTENT)];
      // A browser writes %22 for a quote and leaves a %22 as it is, so the two cannot be told apart.
      const name = NAME.replace('%22', '"');
      const form = [
        ['text ü', TEXT],
        ['file', name, 'image/png', ...file],
      ];
      assert.deepEqual(seen.submitted, form);
      assert.deepEqual(seen.fetched, form);
      assert.deepEqual(seen.own, [
        ['text ü', TEXT.replace('\r', '')],
        ['file', name, 'image/png', ...file],
        ['stream', 's', 'application/octet-stream', ...file],
      ]);
      const sizes = [
        ['text ü', null, 'text/plain', Buffer.byteLength(TEXT)],
        ['file', name, 'image/png', CONTENT.length],
      ];
      const readable = seen.canReadFiles ? sizes : sizes.slice(0, 1);
      assert.deepEqual(seen.request, readable);
      assert.deepEqual(seen.response, readable);
    } finally {
      await server.close();
    }
  });
}
