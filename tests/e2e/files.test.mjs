/** The files of dist/ that a page uses without a bundler, in each browser. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { availableEngines, runPage } from '../../tools/browsers/index.mjs';
import { root, serve } from '../packaging/helpers.mjs';

const ROWS = 10_000;
const table = gzipSync(`n\n${Array.from({ length: ROWS }, (_, n) => n).join('\n')}\n`);
const expected = (ROWS * (ROWS - 1)) / 2;

const routes = {
  '/page': async (request, response) =>
    response
      .writeHead(200, { 'content-type': 'text/html' })
      .end(await readFile(join(root, 'tests/e2e/files/index.html'))),
  '/frame': (request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>'),
  '/table.csv.gz': (request, response) => response.end(table),
  '/service-worker.js': async (request, response) =>
    response
      .writeHead(200, { 'content-type': 'text/javascript' })
      .end(await readFile(join(root, 'dist/service-worker.js'))),
};

for (const engine of availableEngines()) {
  test(`without a bundler, in ${engine}`, async (t) => {
    const server = await serve(root, routes);
    try {
      const seen = await runPage(engine, `${server.url}page`, { timeout: 60_000 });
      await t.test('a classic script has the global tidegate', () => assert.equal(seen.global, expected));
      await t.test('a worker gets it by importScripts()', () => assert.equal(seen.worker, expected));
      await t.test('a page imports the module of one file', () => assert.equal(seen.module, expected));
      await t.test('the service worker serves downloads as a classic script', () =>
        assert.equal(seen.classicServiceWorker, 'high tide'),
      );
      const skip = engine === 'firefox' && 'Firefox takes modules from 147 on';
      await t.test('and as a module', { skip }, () => assert.equal(seen.moduleServiceWorker, 'high tide'));
    } finally {
      await server.close();
    }
  });
}
