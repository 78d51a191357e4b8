/** Thousands of transfers that have ended leave nothing on the heap. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { getEventListeners } from 'node:events';
import { ReadableStream, TransformStream, WritableStream, receive, transfer } from 'tidegate';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');

function cross(stream, options) {
  const { handle, transfer: list } = transfer(stream, options);
  return receive(structuredClone(handle, { transfer: list }));
}

const ignore = () => {};
const { signal } = new AbortController();
const endless = () => new ReadableStream({ pull: (c) => c.enqueue('x'.repeat(1000)) });

const transfers = {
  async 'read to its end'() {
    for await (const chunk of cross(ReadableStream.from([1, 2]))) void chunk;
  },
  async 'cancelled there'() {
    const reader = cross(endless()).getReader();
    await reader.read();
    await reader.cancel('enough');
  },
  async 'errored here'() {
    await cross(new ReadableStream({ pull: (c) => c.error(new Error('dry')) }))
      .getReader()
      .read()
      .catch(ignore);
  },
  async 'written and closed'() {
    const writer = cross(new WritableStream(), { signal }).getWriter();
    await writer.write(1);
    await writer.close();
    await sleep(0);
  },
  async 'written and aborted'() {
    const writer = cross(new WritableStream(), { signal }).getWriter();
    await writer.write(1);
    await writer.abort(new Error('no'));
  },
  async 'read through a transform'() {
    const { readable, writable } = cross(new TransformStream());
    const writer = writable.getWriter();
    writer.write(1);
    writer.close();
    for await (const chunk of readable) void chunk;
  },
};

async function heapUsed() {
  for (let turn = 0; turn < 6; turn += 1) {
    gc();
    await sleep(15);
  }
  return process.memoryUsage().heapUsed;
}

for (const [how, once] of Object.entries(transfers)) {
  test(`streams that were transferred and ${how} leave nothing on the heap`, async () => {
    for (let n = 0; n < 200; n += 1) await once();
    const before = await heapUsed();
    const count = 1000;
    for (let n = 0; n < count; n += 1) await once();
    const each = ((await heapUsed()) - before) / count;
    // One that stays takes 6,000 bytes and more.
    assert.ok(each < 1500, `${each} bytes are left of each`);
    assert.deepEqual(getEventListeners(signal, 'abort'), []);
  });
}
