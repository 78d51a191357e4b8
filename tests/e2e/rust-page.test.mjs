/** The example `rust-page` in each browser: fetch, gunzip and parse in Rust, into the DOM. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { before, test } from 'node:test';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { availableEngines, runPage } from '../../tools/browsers/index.mjs';
import { buildUserModule } from '../../tools/build/user-module.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const ROWS = 200_000;

/** What `wasm-pack build --target web` writes around the glue. */
const PACKED = `
import * as glue from './rust_page_bg.js';
export * from './rust_page_bg.js';
export default async function init() {
  const imports = new Proxy({}, { get: () => glue });
  const { instance } = await WebAssembly.instantiateStreaming(fetch(new URL('rust_page_bg.wasm', import.meta.url)), imports);
  glue.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
}
`;

/** Posts what the page shows once it is over. */
const WATCH = `
import './page.js';
const state = document.querySelector('#state');
while (state.textContent === 'counting…') await new Promise((resolve) => setTimeout(resolve, 20));
const rows = [...document.querySelectorAll('tr')].map((row) => [...row.children].map((cell) => cell.textContent));
const address = new URLSearchParams(location.search).get('result');
await fetch(address, { method: 'POST', body: JSON.stringify({ state: state.textContent, rows }) });
`;

const animals = ['cat', 'dog', 'whale'];
const csv = (lines) => gzipSync(['animal,count', ...lines, ''].join('\n'));
const whole = csv(Array.from({ length: ROWS }, (_, at) => `${animals[at % 3]},${at}`));

let module;

before(async () => {
  module = await buildUserModule({ root, folder: 'examples/rust-page', name: 'rust_page' });
});

/** Runs the page with this file. */
async function show(engine, file) {
  const page = (name) => readFileSync(join(root, 'examples/rust-page', name));
  const files = {
    '/': ['text/html', () => String(page('index.html')).replace('page.js', 'watch.js')],
    '/page.js': ['text/javascript', () => page('page.js')],
    '/watch.js': ['text/javascript', () => WATCH],
    '/pkg/rust_page.js': ['text/javascript', () => PACKED],
    '/pkg/rust_page_bg.js': ['text/javascript', () => readFileSync(module.glue)],
    '/pkg/rust_page_bg.wasm': ['application/wasm', () => readFileSync(module.wasm)],
    '/animals.csv.gz': ['application/gzip', () => file],
  };
  const server = createServer((request, response) => {
    const [type, body] = files[new URL(request.url, 'http://localhost').pathname] ?? [];
    if (body === undefined) return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': type }).end(body());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await runPage(engine, `http://127.0.0.1:${server.address().port}/`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

for (const engine of availableEngines()) {
  test(`the page shows the totals of a CSV.gz in ${engine}`, async () => {
    const totals = [0, 0, 0];
    for (let at = 0; at < ROWS; at++) totals[at % 3] += at;
    const { state, rows } = await show(engine, whole);
    assert.equal(state, 'done');
    assert.deepEqual(
      rows,
      animals.map((animal, at) => [animal, String(totals[at])]),
    );
  });

  test(`the page says what is wrong with a damaged file in ${engine}`, async () => {
    const { state } = await show(engine, whole.subarray(0, whole.length - 100));
    assert.match(state, /gunzip|gzip|ends/);
  });
}
