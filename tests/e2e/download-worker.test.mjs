/** toDownload() by a service worker that the browser ends, which it does with one that has nothing to do: Chromium is told to. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { availableEngines, launch } from '../../tools/browsers/index.mjs';
import { root, serve } from '../packaging/helpers.mjs';

/**
 * In the page: begins a download whose source waits for `globalThis.go()` before its first chunk, or before its last one. `fetches` is when the browser
 * requests it: at once, or once `go()` is called; `all`: everything is sent at once, and the download's reader waits for `go()`.
 */
async function beginDownload(waitsFirst, fetches = 'at once', all = false) {
  if (globalThis.unhandled === undefined) {
    globalThis.unhandled = [];
    addEventListener('unhandledrejection', ({ reason }) => globalThis.unhandled.push(String(reason)));
  }
  const { pipeline, toDownload } = await import('/dist/index.js');
  await navigator.serviceWorker.register('/worker.js', { type: 'module' });
  while (navigator.serviceWorker.controller === null) await new Promise((resolve) => setTimeout(resolve, 20));
  const gate = new Promise((resolve) => void (globalThis.go = resolve));
  const source = (async function* () {
    if (waitsFirst) await gate;
    yield 'ti';
    if (!waitsFirst && !all) await gate;
    yield 'de';
  })();
  globalThis.got = undefined;
  const begin = (url) =>
    void (globalThis.got = Promise.resolve(fetches === 'at once' || gate)
      .then(() => fetch(url))
      .then(async (response) => {
        if (all) await gate;
        return `${response.status} ${await response.text()}`;
      })
      .catch(String));
  const sink = toDownload('a.txt', { ways: ['service-worker'], begin });
  globalThis.done = pipeline(source, sink).then(
    () => 'done',
    ({ name }) => name,
  );
  await sink.via;
  while (!waitsFirst && globalThis.got === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function outcome() {
  globalThis.go();
  const late = new Promise((resolve) => setTimeout(resolve, 40_000, 'late'));
  return { done: await Promise.race([globalThis.done, late]), got: await Promise.race([globalThis.got, late]) };
}

test('in chromium', { skip: availableEngines().includes('chromium') ? false : 'there is no Chromium' }, async (t) => {
  let version = 0;
  const routes = {
    async '/worker.js'(request, response) {
      const script = await readFile(join(root, 'tests/e2e/download-worker/worker.js'));
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(`// ${version}\n${script}`);
    },
  };
  const server = await serve(join(root, 'tests/e2e/download-worker'), routes, async (request, response) => {
    const body = await readFile(join(root, new URL(request.url, 'http://localhost').pathname)).catch(() => undefined);
    response.writeHead(body ? 200 : 404, { 'content-type': 'text/javascript' }).end(body);
  });
  const browser = await launch('chromium');
  try {
    await browser.open(server.url);
    const session = await browser.page.createCDPSession();
    const statuses = new Map();
    session.on('ServiceWorker.workerVersionUpdated', ({ versions }) =>
      versions.forEach(({ versionId, runningStatus }) => statuses.set(versionId, runningStatus)),
    );
    await session.send('ServiceWorker.enable');
    const stopWorker = async () => {
      await session.send('ServiceWorker.stopAllWorkers');
      for (let n = 0; n < 200 && ![...statuses.values()].includes('stopped'); n += 1)
        await new Promise((resolve) => setTimeout(resolve, 20));
      assert.ok([...statuses.values()].includes('stopped'), 'the worker still runs');
    };
    await t.test(
      'a worker that was ended before the first chunk is started again, and everything arrives',
      async () => {
        await browser.evaluate(beginDownload, true);
        await stopWorker();
        assert.deepEqual(await browser.evaluate(outcome), { done: 'done', got: '200 tide' });
      },
    );
    await t.test(
      'a worker that is ended during the download fails the pipeline, and the download is no whole one',
      async () => {
        await browser.evaluate(beginDownload, false);
        await stopWorker();
        const { done, got } = await browser.evaluate(outcome);
        assert.equal(done, 'NetworkError');
        assert.notEqual(got, '200 tide');
      },
    );
    await t.test('a worker that is ended before the browser requests the download fails the pipeline', async () => {
      await browser.evaluate(beginDownload, false, 'later');
      await stopWorker();
      const { done, got } = await browser.evaluate(outcome);
      assert.deepEqual([done, got.slice(0, 3)], ['NetworkError', '404']);
    });
    await t.test('a worker that is ended while the page waits for the end leaves no pipeline pending', async () => {
      await browser.evaluate(beginDownload, false, 'at once', true);
      await stopWorker();
      const { done, got } = await browser.evaluate(outcome);
      assert.deepEqual([done, got], got === '200 tide' ? ['done', got] : ['NetworkError', got]);
    });
    await t.test(
      'a worker that was replaced before the first chunk has a successor, which serves everything',
      async () => {
        await browser.evaluate(beginDownload, true);
        version += 1;
        await browser.evaluate(async () => {
          const changed = new Promise((resolve) => void (navigator.serviceWorker.oncontrollerchange = resolve));
          await (await navigator.serviceWorker.getRegistration()).update();
          await changed;
        });
        assert.deepEqual(await browser.evaluate(outcome), { done: 'done', got: '200 tide' });
      },
    );
    await t.test('leaves no rejection unhandled', async () => {
      assert.deepEqual(await browser.evaluate(() => globalThis.unhandled), []);
    });
    await t.test('a page that is closed during the download does not leave it unfinished', async () => {
      const other = await browser.page.browser().newPage();
      await other.goto(server.url);
      const address = await other.evaluate(async () => {
        const { pipeline, toDownload } = await import('/dist/index.js');
        while (navigator.serviceWorker.controller === null) await new Promise((resolve) => setTimeout(resolve, 20));
        const endless = (async function* () {
          yield 'tide';
          await new Promise(() => {});
        })();
        return new Promise((begin) => {
          pipeline(endless, toDownload('a.txt', { ways: ['service-worker'], begin })).catch(() => {});
        });
      });
      await browser.evaluate(async (url) => {
        const reader = (await fetch(url)).body.getReader();
        await reader.read();
        globalThis.rest = reader.read().then(
          () => 'more',
          () => 'failed',
        );
      }, address);
      await other.close();
      const late = await browser.evaluate(() =>
        Promise.race([globalThis.rest, new Promise((resolve) => setTimeout(resolve, 60_000, 'unfinished'))]),
      );
      assert.equal(late, 'failed');
    });
  } finally {
    await browser.close();
    await server.close();
  }
});
