/** Rejections that nobody handles, as `diagnose()` tells them in every engine. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { engines, launch } from '../../tools/browsers/index.mjs';
import { serveFile } from '../../tools/lab/static.mjs';
import { serve } from './serve.mjs';

const LIMIT = { timeout: 120_000 };
const dist = fileURLToPath(new URL('../../dist', import.meta.url));

const PAGE = `
import { diagnose } from '/dist/inspect.js';
import { pipeline, ReadableStream, WritableStream } from '/dist/index.js';
globalThis.said = [];
diagnose({ warn: false, onMistake: ({ kind, message, place }) => said.push({ kind, message, place }) });
const sink = () => new WritableStream({ write: () => Promise.reject(new Error('the disk is full')) });
globalThis.leaves = {
  write: () => void sink().getWriter().write(1),
  pipeTo: () => void ReadableStream.from([1]).pipeTo(sink()),
  pipeline: () => void pipeline([1], sink()),
};
globalThis.handles = async () => {
  await sink().getWriter().write(1).catch(() => {});
  await ReadableStream.from([1]).pipeTo(sink()).catch(() => {});
  const late = pipeline([1], sink());
  await new Promise((resolve) => setTimeout(resolve, 100));
  await late.catch(() => {});
};
`;

for (const engine of engines)
  describe(engine, LIMIT, () => {
    let server;
    let browser;
    before(async () => {
      server = await serve(async (pathname, response) => {
        if (pathname.startsWith('/dist/')) return serveFile(response, dist, pathname.slice('/dist/'.length));
        const isScript = pathname === '/page.js';
        if (!isScript && pathname !== '/') return false;
        response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
        response.end(
          isScript ? PAGE : '<!doctype html><title>Rejections</title><script type="module" src="/page.js"></script>',
        );
        return true;
      });
      browser = await launch(engine);
      await browser.open(`${server.url}/`);
      await browser.waitFor(() => globalThis.handles !== undefined);
    }, LIMIT);
    after(async () => {
      try {
        await browser?.close();
      } finally {
        await server?.close();
      }
    });

    test('what is handled is not told', async () => {
      await browser.evaluate(() => globalThis.handles());
      await new Promise((resolve) => setTimeout(resolve, 1500));
      assert.deepEqual(await browser.evaluate(() => globalThis.said), []);
    });

    for (const name of ['write', 'pipeTo', 'pipeline'])
      test(`a ${name}() that fails and is left alone is told, with its line`, async () => {
        await browser.evaluate((call) => globalThis.leaves[call](), name);
        await browser.waitFor(() => globalThis.said.length > 0);
        const [{ kind, message, place }, ...others] = await browser.evaluate(() => globalThis.said.splice(0));
        assert.deepEqual(others, []);
        assert.equal(kind, 'rejection unhandled');
        assert.ok(
          message.startsWith(`A ${name}() has failed with Error: the disk is full, and nobody handles`),
          message,
        );
        assert.match(place, /page\.js:\d+/);
      });
  });
