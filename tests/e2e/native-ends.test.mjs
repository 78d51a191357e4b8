/** The engine's own streams at the ends of tidegate's, in each browser: fetch bodies, files, transforms, Response. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { availableEngines, runPage } from '../../tools/browsers/index.mjs';
import { root, serve } from '../packaging/helpers.mjs';

const TOTAL = 3_000_000;

const expected = {
  'a fetch body arrives whole': TOTAL,
  'a fetch body goes through a transform of the engine': true,
  'a gzipped fetch body is unzipped by the engine': 'high tide',
  'corrupt gzip fails the pipeline': true,
  'a Blob is a source': 12,
  'a stream of ours is the body of a Response': 'ebb and flow',
  'a failing stream of ours fails the Response it is the body of': true,
  "a stream of the engine's is piped into one of the engine's": TOTAL,
  "a body of the engine is read into a buffer of one's own, where it can be": 1000,
  'streams of another frame are taken': 7,
  'a stream of ours goes to a worker as one of the engine': TOTAL,
  'an abort ends the connection': 'the first error',
  'a stage that throws ends the connection': 'the first error',
  'a consumer that has had enough ends the connection': { value: true },
};

const IN_A_BUFFER = "a body of the engine is read into a buffer of one's own, where it can be";
const TO_A_WORKER = 'a stream of ours goes to a worker as one of the engine';

/** What is expected in place of that where the engine's own cannot do what it takes. */
const without = (can) => ({
  ...(can['read a body into a buffer'] ? {} : { [IN_A_BUFFER]: 'no byte streams' }),
  ...(can['transfer a stream'] ? {} : { [TO_A_WORKER]: 'no transfer' }),
});

async function startServer() {
  const endless = new Map();
  const files = (request, response) =>
    readFile(join(root, request.url.slice(1))).then(
      (body) => response.writeHead(200, { 'content-type': 'text/javascript' }).end(body),
      () => response.writeHead(404).end(),
    );
  const server = await serve(
    join(root, 'tests/e2e/native-ends'),
    {
      '/bytes': (request, response) => response.end(Buffer.alloc(TOTAL)),
      '/zipped': (request, response) => response.end(gzipSync('high tide')),
      '/endless': (request, response) => {
        const state = { ended: undefined };
        endless.set(request.url, state);
        response.once('close', () => void (state.ended = Date.now()));
        const write = () => {
          while (!response.destroyed && response.write(Buffer.alloc(16384)));
        };
        response.on('drain', write);
        write();
      },
    },
    files,
  );
  return { ...server, endless };
}

for (const engine of availableEngines()) {
  test(`in ${engine}`, async (t) => {
    const server = await startServer();
    try {
      const { can, seen, unhandled } = await runPage(engine, server.url);
      for (const [name, value] of Object.entries({ ...expected, ...without(can) })) {
        await t.test(name, () => assert.deepEqual(seen[name], value));
      }
      await t.test('leaves no rejection unhandled', () => assert.deepEqual(unhandled, []));
      for (const [url, state] of server.endless) {
        await t.test(`ended the connection of ${url} within a second`, async () => {
          const limit = Date.now() + 1000;
          while (state.ended === undefined && Date.now() < limit) await sleep(10);
          assert.notEqual(state.ended, undefined);
        });
      }
      await t.test('asked for every endless file', () => assert.equal(server.endless.size, 3));
    } finally {
      await server.close();
    }
  });
}
