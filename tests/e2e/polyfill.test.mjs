/** tidegate/polyfill in each browser: what is lacking there, what it installs, what works with it, and uninstall(). */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { availableEngines, runPage } from '../../tools/browsers/index.mjs';
import { root, serve } from '../packaging/helpers.mjs';

const TOTAL = 3_000_000;

const expected = {
  'a Request of a stream is made as the engine makes one of its own': true,
  'the import installed what is lacking': true,
  'the page is as it was after uninstall()': [],
  'the page is as it was after install({ force: true }) and uninstall()': [],
  'what is lacking works': [true, 1, 'ab'],
  'a fetch body is a byte stream of the page': [true, 'high'],
  'a fetch body of megabytes is read whole': TOTAL,
  'looking at a body takes nothing from text()': [false, 'high tide', true],
  'a body with a reader is not for text()': 'TypeError',
  'a Response is made of a stream, and has it for its body': [true, 'hi'],
  "a fetch body goes through the engine's transforms": 'low tide',
  'a body that text() reads is locked at once, and read whole': ['TypeError', 'hi', 'TypeError', 'high tide'],
  'clones of a Response of a stream read the same': ['high tide', 'high tide'],
  'a deep message goes through as with the engine alone': [true, true],
  'a Blob is compressed into a Response and back': 'ebb and flow',
  'a stream goes to a worker and back by postMessage': [true, true, true, 'HIGH TIDE'],
  'a stream is cloned by transfer': [true, 'through'],
  'a message between windows keeps its source': ['the parent', true],
};

for (const engine of availableEngines()) {
  test(`in ${engine}`, async (t) => {
    const files = (request, response) =>
      readFile(join(root, request.url.slice(1))).then(
        (body) => response.writeHead(200, { 'content-type': 'text/javascript' }).end(body),
        () => response.writeHead(404).end(),
      );
    const server = await serve(
      join(root, 'tests/e2e/polyfill'),
      {
        '/text': (request, response) => response.end('high tide'),
        '/bytes': (request, response) => response.end(Buffer.alloc(TOTAL)),
        '/zipped': (request, response) => response.end(gzipSync('low tide')),
      },
      files,
    );
    try {
      const { seen, unhandled } = await runPage(engine, server.url);
      const { 'stream a request': streamsRequests, ...can } = seen['what the engine can do'];
      for (const [name, works] of Object.entries(can)) {
        await t.test(`says of ${name} what using it shows`, () =>
          assert.equal(seen['what the engine lacks'].includes(name), !works),
        );
      }
      await t.test('a Request has its body streamed, or is never sent', () => {
        const refused = ['TypeError', 'TypeError', 'TypeError', 'TypeError', false, true];
        assert.deepEqual(
          seen['a Request has its body streamed, or is never sent'],
          streamsRequests ? 'ebb and flow' : refused,
        );
      });
      for (const [name, value] of Object.entries(expected)) {
        await t.test(name, () => assert.deepEqual(seen[name], value));
      }
      await t.test('leaves no rejection unhandled', () => assert.deepEqual(unhandled, []));
      t.diagnostic(`lacking: ${seen['what the engine lacks'].join(', ')}`);
    } finally {
      await server.close();
    }
  });
}
