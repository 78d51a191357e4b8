/** toFetch() over HTTP/1.1, where no browser streams a request: an endpoint that knows nothing of parts gets all in one request. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { availableEngines, launch } from '../../tools/browsers/index.mjs';
import { root, serve } from '../packaging/helpers.mjs';

const MB = 1 << 20;
const COUNT = 20;

/** What an endpoint keeps that puts what comes under the name it comes for. */
function endpoint() {
  const state = { requests: 0, ranges: 0, bytes: 0, sha256: undefined };
  return {
    state,
    routes: {
      async '/upload'(request, response) {
        state.requests += 1;
        if (request.headers['content-range'] !== undefined) state.ranges += 1;
        const hash = createHash('sha256');
        state.bytes = 0;
        for await (const chunk of request) {
          hash.update(chunk);
          state.bytes += chunk.length;
        }
        state.sha256 = hash.digest('hex');
        response.end('done');
      },
      '/favicon.ico': (request, response) => response.writeHead(204).end(),
    },
  };
}

/** In the page. */
async function upload(count, size, options) {
  const { pipeline, toFetch } = await import('/dist/index.js');
  let made = 0;
  const source = (function* () {
    for (; made < count;) yield new Uint8Array(size).fill(++made);
  })();
  const sink = toFetch('/upload', { method: 'PUT', ...options });
  return pipeline(source, sink).then(
    async () => ({ status: (await sink.response).status }),
    ({ name, message }) => ({ name, message, made }),
  );
}

function expected() {
  const hash = createHash('sha256');
  for (let n = 1; n <= COUNT; n += 1) hash.update(new Uint8Array(MB).fill(n));
  return hash.digest('hex');
}

for (const engine of availableEngines()) {
  test(`in ${engine}`, async (t) => {
    const { state, routes } = endpoint();
    const server = await serve(join(root, 'tests/e2e/upload-once'), routes, async (request, response) => {
      const body = await readFile(join(root, new URL(request.url, 'http://localhost').pathname)).catch(() => undefined);
      response.writeHead(body ? 200 : 404, { 'content-type': 'text/javascript' }).end(body);
    });
    const browser = await launch(engine);
    try {
      await browser.open(server.url);
      await t.test('20 MB land whole, in one request that says nothing of a range', async () => {
        assert.deepEqual(await browser.evaluate(upload, COUNT, MB), { status: 200 });
        assert.deepEqual(state, { requests: 1, ranges: 0, bytes: COUNT * MB, sha256: expected() });
      });
      await t.test('more than the cap fails before anything is sent, and says what to do', async () => {
        const { name, message, made } = await browser.evaluate(upload, 1000, MB, { cap: 4 * MB });
        assert.equal(name, 'RangeError');
        assert.match(
          message,
          /^toFetch\(\): received more than the 4194304 bytes that cap allows.*raise cap, or use as: 'parts'/,
        );
        assert.ok(made < 8, `${made} MB were made`);
        assert.equal(state.requests, 1);
      });
      await t.test('parts are sent where they are asked for', async () => {
        state.requests = 0;
        await browser.evaluate(upload, 3, MB, { as: 'parts', partSize: 2 * MB });
        assert.deepEqual([state.requests, state.ranges], [2, 2]);
      });
      await t.test('leaves nothing in the console', () => assert.deepEqual(browser.messages, []));
    } finally {
      await browser.close();
      await server.close();
    }
  });
}
