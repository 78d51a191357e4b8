/**
 * The polyfill beside libraries that put classes of their own on the global object before it: zone.js a Promise, jsdom
 * and happy-dom a MessageEvent. Each runs in a process of its own, as the import looks at the globals.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

async function outputOf(program) {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
    timeout: 60_000,
  });
  return JSON.parse(stdout);
}

const PAGE_PROMISE = `
  const Native = Promise;
  globalThis.Promise = class PagePromise {
    #promise;
    constructor(executor) {
      this.#promise = new Native(executor);
    }
    then(onFulfilled, onRejected) {
      return new PagePromise((resolve) => resolve(this.#promise.then(onFulfilled, onRejected)));
    }
    catch(onRejected) {
      return this.then(undefined, onRejected);
    }
    finally(onFinally) {
      return new PagePromise((resolve) => resolve(this.#promise.finally(onFinally)));
    }
    static resolve(value) {
      return value instanceof PagePromise ? value : new PagePromise((resolve) => resolve(value));
    }
    static reject(reason) {
      return new PagePromise((resolve, reject) => reject(reason));
    }
  };
  for (const name of ['all', 'race', 'allSettled', 'any'])
    globalThis.Promise[name] = (promises) => globalThis.Promise.resolve(Native[name](promises));`;

test("a fetch() ends and fails as the body of its response does, though the page's Promise is not the engine's", async () => {
  assert.deepEqual(
    await outputOf(`${PAGE_PROMISE}
      const { install } = await import('tidegate/polyfill');
      install({ force: true });
      const { createServer } = await import('node:http');
      const server = createServer((request, response) => {
        if (request.url === '/') return request.pipe(response);
        response.writeHead(200, { 'content-length': 100 });
        response.write('half');
        setTimeout(() => response.destroy(), 50);
      });
      await new Native((resolve) => server.listen(0, '127.0.0.1', resolve));
      const url = 'http://127.0.0.1:' + server.address().port;
      const body = new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode('high tide'));
          controller.close();
        },
      });
      const whole = await (await fetch(url, { method: 'POST', body, duplex: 'half' })).text();
      const broken = await (await fetch(url + '/broken')).text().catch((error) => error.name);
      process.stdout.write(JSON.stringify([whole, broken]), () => process.exit());`),
    ['high tide', 'TypeError'],
  );
});

for (const [library, definition] of [
  [
    'checks what its getter is called on, as in jsdom',
    'get data() { return this.#data; } get ports() { return this.#data; }',
  ],
  ['has its data as a field, as in happy-dom', 'data = null; ports = [];'],
]) {
  test(`streams go through ports beside a global MessageEvent that ${library}`, async () => {
    assert.deepEqual(
      await outputOf(`
        globalThis.MessageEvent = class MessageEvent extends Event { #data = null; ${definition} };
        const { install } = await import('tidegate/polyfill');
        install({ force: true });
        const { receive, transfer } = await import('tidegate');
        const bytes = () => new ReadableStream({
          start(controller) {
            controller.enqueue(new TextEncoder().encode('high tide'));
            controller.close();
          },
        });
        const { handle, transfer: list } = transfer(bytes());
        const sent = receive(structuredClone(handle, { transfer: list }));
        const stream = bytes();
        const cloned = structuredClone(stream, { transfer: [stream] });
        const texts = [await new Response(sent).text(), await new Response(cloned).text()];
        process.stdout.write(JSON.stringify(texts), () => process.exit());`),
      ['high tide', 'high tide'],
    );
  });
}
