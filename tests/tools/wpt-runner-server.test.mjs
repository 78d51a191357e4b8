import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startServer } from '../../tools/wpt/server.mjs';

let root;
let server;
const results = [];
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'tidegate-test-'));
  for (const [path, text] of Object.entries({
    'streams/a.any.js': '// META: script=resources/helper.js\n// META: timeout=long\n// META: title=one < two\n',
    'streams/page.html': '<!doctype html>\n<script src="/resources/testharness.js"></script>',
    'streams/worker.js': 'postMessage(1);',
    'streams/isolated.any.js': '',
    'streams/isolated.any.js.headers': 'Cross-Origin-Opener-Policy: same-origin\nX-Template: {{host}}\n',
  })) {
    await mkdir(join(root, path, '..'), { recursive: true });
    await writeFile(join(root, path), text);
  }
  server = await startServer(root, {
    script: 'self.installed = true;',
    onResult(result) {
      results.push(result);
      return '/streams/next.any.html';
    },
  });
});
after(async () => {
  await server.close();
  await rm(root, { recursive: true, force: true });
});

const text = async (path, options) => (await fetch(server.origin + path, options)).text();

test('the page of a script loads the implementation, the harness, its helpers and the script, in that order', async () => {
  const html = await text('/streams/a.any.html');
  const sources = [...html.matchAll(/<script src="([^"]+)"/g)].map(([, source]) => source);
  assert.match(sources[0], /install\.js$/);
  assert.deepEqual(sources.slice(1), [
    '/resources/testharness.js',
    '/resources/testharnessreport.js',
    'resources/helper.js',
    '/streams/a.any.js',
  ]);
  assert.match(html, /<meta name="timeout" content="long">/);
  assert.match(html, /<title>one &lt; two<\/title>/);
});

test('a page of the checkout gets the implementation before its first script', async () => {
  assert.match(await text('/streams/page.html'), /^<!doctype html><script src="[^"]+install\.js">/);
});

test('a script that is loaded as a worker gets the implementation first, as a script it does not', async () => {
  assert.match(
    await text('/streams/worker.js', { headers: { 'sec-fetch-dest': 'worker' } }),
    /^importScripts\("[^"]+install\.js"\);\npostMessage/,
  );
  assert.equal(await text('/streams/worker.js'), 'postMessage(1);');
});

test('fields of a .headers file are sent, templates are left out', async () => {
  const { headers } = await fetch(`${server.origin}/streams/isolated.any.html`);
  assert.equal(headers.get('cross-origin-opener-policy'), 'same-origin');
  assert.equal(headers.get('x-template'), null);
});

test('a path that leaves the checkout is not served', async () => {
  const { status } = await fetch(`${server.origin}/..%2f..%2fetc%2fpasswd`);
  assert.equal(status, 404);
});

test('a posted result is taken and answered with where to go next', async () => {
  const answer = await fetch(`${server.origin}/.tidegate/result`, {
    method: 'POST',
    body: JSON.stringify({ url: '/x', status: 'OK' }),
  });
  assert.deepEqual(await answer.json(), { next: '/streams/next.any.html' });
  assert.deepEqual(results, [{ url: '/x', status: 'OK' }]);
});
