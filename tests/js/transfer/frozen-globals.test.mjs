/** transfer() and tidegate/polyfill on a page that freezes the language's own objects. Each test in a process of its own, as nothing unfreezes them. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const cwd = fileURLToPath(new URL('../../..', import.meta.url));

/** What `body`, the body of an async function, returns. It may call `freezeGlobals()`. */
async function inProcess(body) {
  const program = `
    import { freezeGlobals } from './tests/js/polyfill/frozen.mjs';
    setInterval(() => {}, 1000);
    const outcome = await (async () => {${body}})();
    process.stdout.write(JSON.stringify(outcome), () => process.exit());`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], { cwd, timeout: 30_000 });
  return JSON.parse(stdout);
}

const cross = `
  const { receive, ReadableStream, transfer, WritableStream } = await import('tidegate');
  const cross = (stream, options, received) => {
    const { handle, transfer: list } = transfer(stream, options);
    return receive(structuredClone(handle, { transfer: list }), received);
  };`;

for (const [when, load] of [
  ['before tidegate is imported', `freezeGlobals(); ${cross}`],
  ['after tidegate was imported', `${cross} freezeGlobals();`],
]) {
  for (const errors of ['all', 'message', 'none']) {
    test(`an error crosses with errors: '${errors}' where globals were frozen ${when}`, async () => {
      const told = await inProcess(`${load}
        const stream = cross(new ReadableStream({ pull: (c) => c.error(new RangeError('why')) }), { errors: '${errors}' });
        const { name, message } = await stream.getReader().read().catch((error) => error);
        return { name, message };`);
      const hidden = { name: 'Error', message: 'The other side of the stream failed' };
      assert.deepEqual(told, errors === 'none' ? hidden : { name: 'RangeError', message: 'why' });
    });

    test(`the reason of a cancel crosses with errors: '${errors}' where globals were frozen ${when}`, async () => {
      const told = await inProcess(`${load}
        const cancelled = Promise.withResolvers?.() ?? {};
        cancelled.promise ??= new Promise((resolve) => (cancelled.resolve = resolve));
        const stream = cross(new ReadableStream({ cancel: cancelled.resolve }), {}, { errors: '${errors}' });
        await stream.cancel(new RangeError('why'));
        const { name, message } = await cancelled.promise;
        return { name, message };`);
      const hidden = { name: 'Error', message: 'The other side of the stream failed' };
      assert.deepEqual(told, errors === 'none' ? hidden : { name: 'RangeError', message: 'why' });
    });
  }

  test(`chunks cross both ways where globals were frozen ${when}`, async () => {
    const seen = await inProcess(`${load}
      const seen = [];
      const writer = cross(new WritableStream({ write: (chunk) => void seen.push(chunk) }), { highWaterMark: 1 }).getWriter();
      for await (const chunk of cross(ReadableStream.from([1, { b: [2] }, new Uint8Array(9).subarray(3, 4)])))
        await writer.write(chunk.byteLength ?? chunk);
      await writer.close();
      while (seen.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
      return seen;`);
    assert.deepEqual(seen, [1, { b: [2] }, 1]);
  });
}

test('the polyfill says why it cannot be installed where globals are frozen, and changes nothing', async () => {
  const [message, unchanged] = await inProcess(`
    freezeGlobals();
    const { structuredClone: clone, Request: request, ReadableStream: stream } = globalThis;
    const message = await import('tidegate/polyfill').then(() => 'installed', (error) => error.name + ': ' + error.message);
    return [message, structuredClone === clone && Request === request && ReadableStream === stream];`);
  assert.match(
    message,
    /^TypeError: install\(\): cannot define '?\w+'?, because its object is frozen; import tidegate\/polyfill before/,
  );
  assert.equal(unchanged, true);
});

test('uninstall() restores what is not frozen, and says what is', async () => {
  const [restored, ...messages] = await inProcess(`
    const { ReadableStream: stream, structuredClone: clone } = globalThis;
    const { install, uninstall } = await import('tidegate/polyfill');
    const messageOf = (call) => {
      try {
        return call();
      } catch (error) {
        return error.name + ': ' + error.message;
      }
    };
    install({ force: true });
    Object.freeze(MessagePort.prototype);
    const first = messageOf(uninstall);
    const restored = ReadableStream === stream && structuredClone === clone;
    return [restored, first, messageOf(() => install({ force: true })), messageOf(uninstall)];`);
  assert.equal(restored, true);
  assert.match(messages[0], /^TypeError: uninstall\(\): cannot restore 'postMessage', because its object is frozen/);
  assert.match(messages[1], /^TypeError: install\(\): cannot define 'postMessage', because its object is frozen/);
  assert.equal(messages[2], null);
});
