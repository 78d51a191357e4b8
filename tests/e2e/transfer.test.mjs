/** transfer() and receive() in each browser: to a worker, to a frame and back, with backpressure, ends and errors. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { availableEngines, runPage } from '../../tools/browsers/index.mjs';
import { root, serve } from '../packaging/helpers.mjs';

const TOTAL = 3_000_000;

/** 256 chunks of 64 KiB, and the sum of their first bytes. */
const all = { bytes: 256 * 65536, sum: Array.from({ length: 256 }, (_, i) => (i + 1) % 251).reduce((a, b) => a + b) };

const expected = {
  'a worker that does not read stops the page': { stopped: 1, goneOn: 6 },
  'a page that does not read stops the worker': { pulls: 4, then: 'cancelled' },
  'all bytes arrive, copied': all,
  'all bytes arrive, moved, several at once': all,
  "moved buffers are the page's no more": 0,
  'a cancel in the worker cancels the source, with the reason': 'TypeError: enough',
  'an error of the source fails the read in the worker': 'RangeError: ran dry',
  'a chunk that cannot be cloned fails both sides': ['DataCloneError', 'TypeError'],
  'a sink that is stopped stops the writer in the worker': { stopped: 2, taken: 20 },
  'an abort in the worker aborts the sink at once, with the reason': 'RangeError: changed my mind',
  'an error of the sink fails the writer in the worker': 'TypeError: no room',
  'a transform runs in the worker': 'EBB AND FLOW',
  "the engine's own fetch body is read in a worker": TOTAL,
  'a frame reads what the page produces': 'high tide',
  'a worker that is gone cancels the sources of the streams it had': 'NetworkError',
  'a worker that is gone fails the streams it gave': 'NetworkError',
  'a worker that ends right after its first message fails the stream it gave': 'NetworkError',
  'a worker that ends right after it has received a stream cancels its source': 'NetworkError',
  'a worker that ends by itself after its stream has failed nothing': '12345',
  'all that a worker sent before it ended arrives at a page that is busy': 60,
  'a peer makes the page wait for one lock, however many it names': { failure: 'DataError', waitedFor: 0 },
  'a page that looks for a lock is not taken for the worker by another that looks': 'still open',
  'a worker can be terminated, and its sources cancelled, with a signal': 'going down',
};

for (const engine of availableEngines()) {
  test(`in ${engine}`, async (t) => {
    const files = (request, response) =>
      readFile(join(root, request.url.slice(1))).then(
        (body) => response.writeHead(200, { 'content-type': 'text/javascript' }).end(body),
        () => response.writeHead(404).end(),
      );
    const server = await serve(
      join(root, 'tests/e2e/transfer'),
      {
        '/bytes': (request, response) => response.end(Buffer.alloc(TOTAL)),
      },
      files,
    );
    try {
      const { seen, unhandled } = await runPage(engine, server.url);
      for (const [name, value] of Object.entries(expected)) {
        await t.test(name, () => assert.deepEqual(seen[name], value));
      }
      await t.test('leaves no rejection unhandled', () => assert.deepEqual(unhandled, []));
    } finally {
      await server.close();
    }
  });
}
