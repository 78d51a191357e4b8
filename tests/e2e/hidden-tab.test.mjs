/** A pipeline in a tab that nobody sees, where an engine lets timers run once a second. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { availableEngines, launch } from '../../tools/browsers/index.mjs';
import { serveFile } from '../../tools/lab/static.mjs';

const root = join(fileURLToPath(import.meta.url), '../../..');

/** Flags for tests by which Chromium treats hidden tabs as seen ones. */
const THROTTLING = [
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
];

/** In the page: how long `turns` slices of a pipeline took, and how long `timers` timers in a row. */
async function measure(turns, timers) {
  const { pipeline, drain } = await import('/dist/index.js');
  const slice = 2;
  // Each chunk takes as long as a slice, so after each the thread is given back.
  const busy = (chunk) => {
    for (const began = performance.now(); performance.now() - began < slice;);
    return chunk;
  };
  const began = performance.now();
  await pipeline(
    Array.from({ length: turns }, (_, n) => n),
    busy,
    drain(),
    { yieldAfter: slice },
  );
  const piped = performance.now() - began;
  // Timers set by timers are what an engine slows down.
  const chain = performance.now();
  for (let n = 0; n < timers; n++) await new Promise((resolve) => setTimeout(resolve, 1));
  return { hidden: document.visibilityState, turn: piped / turns, timer: (performance.now() - chain) / timers };
}

test(
  'a hidden tab, whose timers run once a second, does not slow a pipeline down',
  { skip: availableEngines().includes('chromium') ? false : 'there is no Chromium' },
  async (t) => {
    const server = createServer(async (request, response) => {
      const { pathname } = new URL(request.url, 'http://localhost');
      if (pathname === '/')
        response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>hidden</title>');
      else if (!(await serveFile(response, root, pathname))) response.writeHead(404).end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    let browser;
    try {
      browser = await launch('chromium', { without: THROTTLING });
      await browser.open(`http://127.0.0.1:${server.address().port}/`);
      const seen = await browser.evaluate(measure, 100, 20);
      const other = await browser.page.browser().newPage();
      await other.bringToFront();
      await browser.waitFor(() => document.visibilityState === 'hidden');
      const unseen = await browser.evaluate(measure, 100, 4);
      t.diagnostic(
        `a turn took ${seen.turn.toFixed(1)} ms in sight and ${unseen.turn.toFixed(1)} out of it, a timer ${seen.timer.toFixed(1)} and ${unseen.timer.toFixed(1)}`,
      );
      assert.equal(unseen.hidden, 'hidden');
      if (unseen.timer < 10 * seen.timer) t.skip('this browser slows no timers of a hidden tab');
      assert.ok(unseen.turn < 5 * seen.turn + 5, `${unseen.turn} ms a turn, ${seen.turn} in sight`);
    } finally {
      await browser?.close();
      server.closeAllConnections();
      server.close();
    }
  },
);
