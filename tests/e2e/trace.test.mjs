/** The tracks of a pipeline in a recording of Chromium's Performance panel. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launch } from '../../tools/browsers/index.mjs';
import { serveFile } from '../../tools/lab/static.mjs';
import { serve } from './serve.mjs';

const dist = fileURLToPath(new URL('../../dist', import.meta.url));

test('a recording has a track for each part, in a group of the name', { timeout: 120_000 }, async () => {
  const server = await serve(async (pathname, response) => {
    if (pathname !== '/') return serveFile(response, dist, pathname);
    response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><title>Trace</title>');
    return true;
  });
  const browser = await launch('chromium');
  try {
    await browser.open(`${server.url}/`);
    await browser.page.tracing.start({ categories: ['devtools.timeline'] });
    await browser.evaluate(async () => {
      await import('/inspect.js');
      const { pipeline, WritableStream } = await import('/index.js');
      const write = () => new Promise((resolve) => setTimeout(resolve, 120));
      await pipeline([1, 2, 3, 4].values(), (n) => n, new WritableStream({ write }), { trace: 'import' });
    });
    const { traceEvents } = JSON.parse(Buffer.from(await browser.page.tracing.stop()).toString());
    const stamps = traceEvents.map(({ args }) => args?.data).filter((data) => data?.trackGroup === 'import');
    const tracks = new Set(stamps.map(({ track }) => track));
    assert.equal(tracks.size, 3, [...tracks].join());
    assert.ok(
      stamps.some(({ track, name, message }) => track.startsWith('2 ') && (name ?? message) === 'working'),
      JSON.stringify(stamps),
    );
  } finally {
    await browser.close();
    await server.close();
  }
});
