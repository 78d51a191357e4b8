/** tidegate/polyfill twice on a page, as two bundles bring it: each copy with modules and classes of its own. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const dist = fileURLToPath(new URL('../../../dist', import.meta.url));
let folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-copies-'));
  await cp(dist, folder, { recursive: true });
});
after(() => rm(folder, { recursive: true, force: true }));

/** What `body` returns in a process of its own, where `load()` imports the first copy, and `loadSecond()` the other. */
async function inProcess(body) {
  const load = (path) => `() => import(${JSON.stringify(pathToFileURL(join(path, 'polyfill.js')).href)})`;
  const program = `
    setInterval(() => {}, 1000);
    const load = ${load(dist)};
    const loadSecond = ${load(folder)};
    const classes = () => [ReadableStream, WritableStream, Response, structuredClone, MessagePort.prototype.postMessage, ReadableStream.from];
    const same = (a, b) => a.every((value, at) => value === b[at]);
    async function works() {
      const stream = new ReadableStream({ start: (c) => (c.enqueue('a'), c.close()) });
      const { port1, port2 } = new MessageChannel();
      const arrived = new Promise((resolve) => (port2.onmessage = ({ data }) => resolve(data)));
      port1.postMessage({ stream }, [stream]);
      const chunks = [];
      for await (const chunk of (await arrived).stream) chunks.push(chunk);
      port2.close();
      const body = new ReadableStream({ type: 'bytes', start: (c) => (c.enqueue(new Uint8Array([98])), c.close()) });
      const squeezed = new Response('c').body.pipeThrough(new CompressionStream('gzip'));
      const text = await new Response(squeezed.pipeThrough(new DecompressionStream('gzip'))).text();
      return chunks.join('') + (await new Response(body).text()) + text;
    }
    const engine = classes();
    const outcome = await (async () => {${body}})();
    process.stdout.write(JSON.stringify(outcome), () => process.exit());`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], { timeout: 30_000 });
  return JSON.parse(stdout);
}

for (const [name, one, two] of [
  ['both complete', true, true],
  ['the first complete', true, false],
  ['the second complete', false, true],
  ['neither complete', false, false],
]) {
  for (const firstGoesFirst of [true, false]) {
    test(`two copies, ${name}, leave nothing behind: the ${firstGoesFirst ? 'first' : 'second'} is uninstalled first`, async () => {
      const seen = await inProcess(`
        const copies = [];
        for (const [load_, force] of [[load, ${one}], [loadSecond, ${two}]]) {
          const copy = await load_();
          copy.install({ force });
          copies.push(copy);
        }
        const seen = [await works()];
        if (!${firstGoesFirst}) copies.reverse();
        copies[0].uninstall();
        seen.push(await works());
        copies[1].uninstall();
        return [...seen, same(classes(), engine), Object.getOwnPropertySymbols(globalThis).filter(({ description }) => description.startsWith('tidegate')).length];`);
      assert.deepEqual(seen, ['abc', 'abc', true, 0]);
    });
  }
}

test('a copy keeps what another has installed, until both are uninstalled', async () => {
  const seen = await inProcess(`
    const first = await load();
    first.install({ force: true });
    const installed = classes();
    const second = await loadSecond();
    const answer = second.install({ force: true });
    first.uninstall();
    const kept = same(classes(), installed);
    first.install({ force: true });
    second.uninstall();
    const text = await works();
    first.uninstall();
    first.uninstall();
    return [answer, kept, text, same(classes(), engine)];`);
  assert.deepEqual(seen, [true, true, 'abc', true]);
});
