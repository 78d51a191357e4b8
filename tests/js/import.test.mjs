/** What importing the package costs a program that uses none of it, and in which hosts it works. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';
import * as esbuild from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

for (const name of ['tidegate', 'tidegate/archives', 'tidegate/codecs', 'tidegate/inspect', 'tidegate/monitor']) {
  test(`importing ${name} does not load Node's fetch`, () => {
    const code = `await import('${name}'); console.log(process.moduleLoadList.filter((name) => name.includes('undici')).length)`;
    assert.equal(execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' }).trim(), '0');
  });
}

/** The globals that ECMAScript itself defines, and WebAssembly: all that a new context of node:vm has. */
const inBareContext = async (entry) => {
  const { outputFiles } = await esbuild.build({
    stdin: { contents: `export * from './dist/${entry}.js';`, resolveDir: root },
    bundle: true,
    format: 'iife',
    globalName: 'tidegate',
    write: false,
  });
  const context = vm.createContext({});
  vm.runInContext(outputFiles[0].text, context);
  return (code) => vm.runInContext(code, context);
};

for (const entry of [
  'index',
  'archives',
  'codecs',
  'inspect',
  'monitor',
  'polyfill',
  'js',
  'js-codecs',
  'slim/index',
  'slim/archives',
  'slim/codecs',
  'slim/inspect',
  'slim/monitor',
]) {
  test(`importing dist/${entry}.js looks up nothing that the language does not have`, async () => {
    const run = await inBareContext(entry);
    assert.equal(run('typeof tidegate'), 'object');
  });
}

test('streams work in a host that has no DOM at all', async () => {
  const run = await inBareContext('index');
  const read = run(`(async () => {
    const stream = new tidegate.ReadableStream({ pull: (c) => { c.enqueue('tide'); c.close(); } });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    return chunks.join();
  })()`);
  assert.equal(await read, 'tide');
});

/** Runs `code`, a module, in a Node process of its own; resolves with what it printed. */
const inNode = (code, ...flags) =>
  execFileSync(process.execPath, [...flags, '--input-type=module', '-e', code], { encoding: 'utf8', cwd: root }).trim();

const countModules = `
  const { Module } = WebAssembly;
  let modules = 0;
  WebAssembly.Module = function (bytes) { modules += 1; return new Module(bytes); };
`;

test('an import compiles nothing; the first stream compiles the core', () => {
  const code = `${countModules}
    const { ReadableStream } = await import('tidegate');
    await import('tidegate/codecs');
    await import('tidegate/polyfill');
    const before = modules;
    new ReadableStream();
    new ReadableStream();
    console.log(before, modules);`;
  assert.equal(inNode(code), '0 1');
});

const jobOf = (name) => `
  const { pipeline, map, ReadableStream } = await import('${name}');
  const source = new ReadableStream({ type: 'bytes', pull: (c) => { c.enqueue(new Uint8Array([1, 2, 3])); c.close(); } });
  const sum = await pipeline(source, (bytes) => bytes.reduce((a, b) => a + b), map((n) => n * 7), async (chunks) => {
    let all = 0;
    for await (const n of chunks) all += n;
    return all;
  });
  console.log(sum);`;

test('a host that refuses WebAssembly fails at the first stream, by an error that says what to do', () => {
  const code = `
    WebAssembly.Module = function () { throw new WebAssembly.CompileError('blocked by policy'); };
    const { ReadableStream } = await import('tidegate');
    for (let i = 0; i < 2; i++) try { new ReadableStream(); } catch (error) { console.log(error.message, '/', error.cause.message); }`;
  const [first, second] = inNode(code).split('\n');
  assert.match(
    first,
    /does not let its core run as WebAssembly\. Add 'wasm-unsafe-eval'.* import 'tidegate\/js'.* \/ blocked by policy$/,
  );
  assert.equal(second, first);
});

test('tidegate/js runs the core as JavaScript in a Node without WebAssembly (--jitless)', () => {
  assert.equal(inNode(`import 'tidegate/js'; ${jobOf('tidegate')}`, '--jitless', '--no-warnings'), '42');
});

test('tidegate/js runs the core as WebAssembly where the host allows that', () => {
  assert.equal(inNode(`${countModules} import 'tidegate/js'; ${jobOf('tidegate')} console.log(modules);`), '42\n1');
});

for (const entry of ['js', 'js-codecs']) {
  test(`tidegate/${entry} keeps its effect in a bundle`, async () => {
    const { outputFiles } = await esbuild.build({
      stdin: {
        contents: `
          import 'tidegate/${entry}';
          import { ReadableStream } from 'tidegate';
          WebAssembly.Module = function () { throw new WebAssembly.CompileError('blocked by policy'); };
          console.log(typeof new ReadableStream());`,
        resolveDir: root,
      },
      bundle: true,
      format: 'esm',
      write: false,
    });
    const printed = execFileSync(process.execPath, ['--input-type=module', '-'], { input: outputFiles[0].text });
    assert.equal(String(printed).trim(), 'object');
  });
}

test('a codec in a host that refuses WebAssembly fails its pipeline by an error that says what to do', () => {
  const code = `
    delete globalThis.WebAssembly;
    await import('tidegate/js');
    const { pipeline, drain } = await import('tidegate');
    const { digest } = await import('tidegate/codecs');
    await pipeline([new Uint8Array(3)], digest('crc32'), drain()).catch((error) => console.log(error.message));`;
  assert.match(
    inNode(code),
    /does not let its codecs \(digest\) run as WebAssembly\. Add 'wasm-unsafe-eval'.* import 'tidegate\/js-codecs'/,
  );
});

test('syntax that a tool lowers to ES2015 works, also the iteration of streams', async () => {
  const { outputFiles } = await esbuild.build({
    stdin: { contents: `export * from './dist/index.js';`, resolveDir: root },
    bundle: true,
    format: 'esm',
    target: 'es2015',
    supported: {
      'class-private-field': true,
      bigint: true,
      'for-await': true,
      'async-generator': false,
      'async-await': false,
    },
    write: false,
    logLevel: 'silent',
  });
  const module = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
  const stream = module.ReadableStream.from([1, 2, 3]);
  const chunks = [];
  for await (const chunk of stream.values({ preventCancel: true })) chunks.push(chunk);
  assert.deepEqual(chunks, [1, 2, 3]);
  assert.deepEqual(
    await module.pipeline(
      [1, 2],
      (n) => n + 1,
      (all) => module.toArray(all),
    ),
    [2, 3],
  );
});
