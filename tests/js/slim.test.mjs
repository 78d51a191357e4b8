/** tidegate/slim: Wasm modules that `init` and `initCodecs` load, from each kind of source, and what they say when that fails. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

/** Runs `code`, a module, in a Node process of its own; resolves with the lines that it printed. */
async function inNode(code, ...flags) {
  const { stdout } = await run(process.execPath, [...flags, '--input-type=module', '-e', code], { cwd: root });
  return stdout.trim().split('\n');
}

const start = `
  import { readFileSync } from 'node:fs';
  import { fileURLToPath } from 'node:url';
  const { ReadableStream, pipeline, toArray, init } = await import('tidegate/slim');
  const { csv, initCodecs } = await import('tidegate/slim/codecs');
  const fileOf = (name) => fileURLToPath(import.meta.resolve(name));
  const bytes = readFileSync(fileOf('tidegate/core.wasm'));
  const count = () => pipeline([1, 2, 3], (n) => n * 2, (chunks) => toArray(chunks));
  const rows = () => pipeline([Buffer.from('a,b\\n1,2\\n')], csv({ header: true }), (all) => toArray(all));
  const say = (value) => console.log(JSON.stringify(value));
  const sayFailure = (error) => say(error.message);
`;

test('before init() a stream says that the core has not been loaded, and the next one after it works', async () => {
  const lines = await inNode(`${start}
    try { new ReadableStream(); } catch (error) { sayFailure(error); }
    await init();
    say(await count());
    await rows().catch(sayFailure);
    await initCodecs();
    say(await rows());`);
  assert.match(lines[0], /core\.wasm has not been loaded\. Await init\(\) before/);
  assert.equal(lines[1], '[2,4,6]');
  assert.match(lines[2], /csv\.wasm has not been loaded\. Await initCodecs\(\) of tidegate\/slim\/codecs before/);
  assert.equal(lines[3], '[{"a":"1","b":"2"}]');
});

const SOURCES = {
  'bytes of a view': 'bytes',
  'an ArrayBuffer': 'new Uint8Array(bytes).buffer',
  'a module': 'new WebAssembly.Module(bytes)',
  'a response without a type': 'new Response(bytes)',
  'a response of type application/wasm': "new Response(bytes, { headers: { 'content-type': 'application/wasm' } })",
  'the promise of a response': 'Promise.resolve(new Response(bytes))',
  'a file URL': "import.meta.resolve('tidegate/core.wasm')",
  'a data URL': "`data:application/wasm;base64,${bytes.toString('base64')}`",
  'a URL object': "new URL(import.meta.resolve('tidegate/core.wasm'))",
};

for (const [name, source] of Object.entries(SOURCES)) {
  test(`init() takes ${name}`, async () => {
    assert.deepEqual(await inNode(`${start} await init(${source}); say(await count());`), ['[2,4,6]']);
  });
}

test('after init(module) streams can be made at once', async () => {
  const code = `${start} init(new WebAssembly.Module(bytes)); new ReadableStream(); say(await count());`;
  assert.deepEqual(await inNode(code), ['[2,4,6]']);
});

test('init() compiles one module, however often it is called', async () => {
  const lines = await inNode(`${start}
    const { compile } = WebAssembly;
    let compiled = 0;
    WebAssembly.compile = (...args) => { compiled += 1; return compile(...args); };
    await Promise.all([init(), init(), init()]);
    await init();
    say([compiled, await count()]);`);
  assert.deepEqual(lines, ['[1,[2,4,6]]']);
});

test('init() from a server takes the URL, and after a failure it can be called again', async () => {
  const wasm = readFileSync(`${root}/dist/core.wasm`);
  const server = createServer((request, response) => {
    if (request.url === '/absent.wasm') response.writeHead(404).end('no such file');
    else if (request.url === '/page.wasm')
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>');
    else response.writeHead(200, { 'content-type': 'application/wasm' }).end(wasm);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const url = `http://127.0.0.1:${server.address().port}`;
    const lines = await inNode(`${start}
      await init('${url}/absent.wasm').catch(sayFailure);
      await init('${url}/page.wasm').catch(sayFailure);
      await init('${url}/core.wasm');
      say(await count());`);
    assert.match(lines[0], /cannot load core\.wasm: http.*absent\.wasm has the status 404\. Deploy the core\.wasm/);
    assert.match(lines[1], /cannot load core\.wasm: the bytes are not a Wasm module/);
    assert.equal(lines[2], '[2,4,6]');
  } finally {
    server.close();
  }
});

test('a file of another build, whose exports would mean other things, is refused by init()', async () => {
  const lines = await inNode(`${start}
    bytes[bytes.length - 1] ^= 1;
    await init(bytes).catch(sayFailure);
    await init(readFileSync(fileOf('tidegate/text.wasm'))).catch(sayFailure);
    await init();
    say(await count());`);
  assert.match(lines[0], /the module is not of this build of tidegate\. Deploy the core\.wasm of the same version/);
  assert.equal(lines[1], lines[0]);
  assert.equal(lines[2], '[2,4,6]');
});

test('where there is no WebAssembly (--jitless), init() and initCodecs() load the same as JavaScript', async () => {
  const lines = await inNode(
    `${start} await init(); await initCodecs(); say(await count()); say(await rows());`,
    '--jitless',
    '--no-warnings',
  );
  assert.deepEqual(lines, ['[2,4,6]', '[{"a":"1","b":"2"}]']);
});

test('initCodecs() loads the families that it is given and no other', async () => {
  const lines = await inNode(`${start}
    const { digest, gunzip } = await import('tidegate/slim/codecs');
    await init();
    await initCodecs({ csv: new WebAssembly.Module(readFileSync(fileOf('tidegate/csv.wasm'))), digest: true, inflate: false });
    say(await rows());
    say(await pipeline([Buffer.from('a')], digest('sha-256'), (chunks) => toArray(chunks)));
    await pipeline([Buffer.from('a')], gunzip(), (chunks) => toArray(chunks)).catch(sayFailure);
  `);
  assert.equal(lines[0], '[{"a":"1","b":"2"}]');
  assert.equal(lines[1], '[{"0":97}]');
  assert.match(lines[2], /inflate\.wasm has not been loaded/);
});

test('initCodecs() refuses a name that is no family and a source without a name', async () => {
  const lines = await inNode(`${start}
    await initCodecs({ gunzip: true }).catch(sayFailure);
    await initCodecs(new URL('file:///text.wasm')).catch(sayFailure);
    await initCodecs(new WebAssembly.Module(readFileSync(fileOf('tidegate/text.wasm')))).catch(sayFailure);
  `);
  assert.match(
    lines[0],
    /initCodecs: there is no option 'gunzip'; there are base64, brotli, brotliCompress, csv, deflate, digest, encoding, inflate, text, zstd, zstd-compress/,
  );
  assert.match(lines[1], /initCodecs: the argument must be an object such as \{ inflate: url \}/);
  assert.match(lines[2], /initCodecs: the argument must be an object such as \{ inflate: url \}/);
});
