/** The core's slots: given back at a stream's end, and by the collector when nobody ends the stream. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { abandon, kindsOfAbandonment } from './leaks/abandon.js';
import { buildWithLiveCount } from './leaks/bundle.mjs';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');

const folder = await buildWithLiveCount();
after(() => rmSync(folder, { recursive: true, force: true }));
const tidegate = await import(pathToFileURL(join(folder, 'streams.js')));
const { ReadableStream, WritableStream, TransformStream, live } = tidegate;

const turn = () => new Promise((resolve) => setImmediate(resolve));
const swallow = (promise) => promise.catch(() => {});

/** Collects, and lets the finalization callbacks run. */
async function collect() {
  await turn();
  gc();
  await turn();
  await turn();
}

/** Each ends the streams it makes, and keeps them reachable until the count is taken. */
const ENDS = {
  'a readable stream that closes': async () => {
    const stream = new ReadableStream({
      start(controller) {
        controller.close();
      },
    });
    await stream.getReader().closed;
    return stream;
  },
  'a readable stream that closes after its last chunk': async () => {
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(1);
        controller.close();
      },
    });
    const reader = stream.getReader();
    await reader.read();
    await reader.read();
    return stream;
  },
  'a readable stream that is cancelled': async () => {
    const stream = new ReadableStream({ pull() {} });
    await stream.cancel();
    return stream;
  },
  'a readable stream that errors': async () => {
    const stream = new ReadableStream({
      pull() {
        throw new Error('pull');
      },
    });
    await swallow(stream.getReader().closed);
    return stream;
  },
  'a byte stream that closes': async () => {
    const stream = new ReadableStream({
      type: 'bytes',
      start(controller) {
        controller.enqueue(new Uint8Array(1));
        controller.close();
      },
    });
    const reader = stream.getReader({ mode: 'byob' });
    await reader.read(new Uint8Array(8));
    await reader.read(new Uint8Array(8));
    return stream;
  },
  'a byte stream that is cancelled with a read pending': async () => {
    const stream = new ReadableStream({ type: 'bytes' });
    const reader = stream.getReader({ mode: 'byob' });
    const read = reader.read(new Uint8Array(8));
    await reader.cancel();
    await read;
    return stream;
  },
  'a byte stream that errors': async () => {
    const stream = new ReadableStream({
      type: 'bytes',
      pull() {
        throw new Error('pull');
      },
    });
    await swallow(stream.getReader().read());
    return stream;
  },
  'an iteration that is left early': async () => {
    const stream = new ReadableStream({
      pull(controller) {
        controller.enqueue(1);
      },
    });
    for await (const chunk of stream) if (chunk) break;
    return stream;
  },
  'a writable stream that closes': async () => {
    const stream = new WritableStream();
    const writer = stream.getWriter();
    writer.write(1);
    await writer.close();
    return stream;
  },
  'a writable stream that is aborted': async () => {
    const stream = new WritableStream();
    await stream.abort(new Error('abort'));
    return stream;
  },
  'a writable stream whose write fails': async () => {
    const stream = new WritableStream({
      write() {
        throw new Error('write');
      },
    });
    await swallow(stream.getWriter().write(1));
    return stream;
  },
  'a writable stream whose start fails': async () => {
    const stream = new WritableStream({ start: () => Promise.reject(new Error('start')) });
    await swallow(stream.getWriter().closed);
    return stream;
  },
  'a transform stream that closes': async () => {
    const stream = new TransformStream();
    const reader = stream.readable.getReader();
    const writer = stream.writable.getWriter();
    await Promise.all([writer.write(1), reader.read(), writer.close(), reader.read()]);
    return stream;
  },
  'a transform stream whose readable side is cancelled': async () => {
    const stream = new TransformStream();
    await stream.readable.cancel(new Error('cancel'));
    return stream;
  },
  'a transform stream whose writable side is aborted': async () => {
    const stream = new TransformStream();
    await stream.writable.abort(new Error('abort'));
    return stream;
  },
  'a transform stream that errors': async () => {
    const stream = new TransformStream({
      start(controller) {
        controller.error(new Error('error'));
      },
    });
    await swallow(stream.readable.getReader().closed);
    return stream;
  },
  'a transform stream that is terminated': async () => {
    const stream = new TransformStream({
      start(controller) {
        controller.terminate();
      },
    });
    await stream.readable.getReader().closed;
    return stream;
  },
  'a pipe whose source closes': async () => {
    const source = new ReadableStream({
      start(controller) {
        controller.enqueue(1);
        controller.close();
      },
    });
    const destination = new WritableStream();
    await source.pipeTo(destination);
    return [source, destination];
  },
  'a pipe whose source errors': async () => {
    const source = new ReadableStream({
      pull() {
        throw new Error('pull');
      },
    });
    const destination = new WritableStream();
    await swallow(source.pipeTo(destination));
    return [source, destination];
  },
  'a pipe whose destination errors': async () => {
    const source = new ReadableStream({
      pull(controller) {
        controller.enqueue(1);
      },
    });
    const destination = new WritableStream({
      write() {
        throw new Error('write');
      },
    });
    await swallow(source.pipeTo(destination));
    return [source, destination];
  },
  'a pipe whose signal fires': async () => {
    const source = new ReadableStream();
    const destination = new WritableStream();
    const controller = new AbortController();
    const piped = swallow(source.pipeTo(destination, { signal: controller.signal }));
    controller.abort();
    await piped;
    return [source, destination];
  },
  'a pipe from a byte stream': async () => {
    const source = new ReadableStream({
      type: 'bytes',
      start(controller) {
        controller.enqueue(new Uint8Array(4));
        controller.close();
      },
    });
    const destination = new WritableStream();
    await source.pipeTo(destination);
    return [source, destination];
  },
  'a chain of three transforms': async () => {
    const source = new ReadableStream({
      start(controller) {
        controller.enqueue(1);
        controller.close();
      },
    });
    const stages = [new TransformStream(), new TransformStream(), new TransformStream()];
    const destination = new WritableStream();
    await stages.reduce((stream, stage) => stream.pipeThrough(stage), source).pipeTo(destination);
    return [source, stages, destination];
  },
  'a tee whose source closes': async () => {
    const source = new ReadableStream({
      start(controller) {
        controller.enqueue(1);
        controller.close();
      },
    });
    const branches = source.tee();
    await Promise.all(
      branches.map(async (branch) => {
        for await (const chunk of branch) assert.equal(chunk, 1);
      }),
    );
    return [source, branches];
  },
  'a tee whose branches are both cancelled': async () => {
    const source = new ReadableStream();
    const branches = source.tee();
    await Promise.all(branches.map((branch) => branch.cancel()));
    return [source, branches];
  },
  'a tee whose source errors': async () => {
    const source = new ReadableStream({
      pull() {
        throw new Error('pull');
      },
    });
    const branches = source.tee();
    await Promise.all(branches.map((branch) => swallow(branch.getReader().read())));
    return [source, branches];
  },
  'a tee of a byte stream whose branches are both cancelled': async () => {
    const source = new ReadableStream({ type: 'bytes' });
    const branches = source.tee();
    await Promise.all(branches.map((branch) => branch.cancel()));
    return [source, branches];
  },
  'from() an iterable': async () => {
    const stream = ReadableStream.from([1, 2]);
    for await (const chunk of stream) assert.ok(chunk);
    return stream;
  },
};

// The first call instantiates the core, and a microtask later a few streams are made that live for ever.
live();
await turn();

for (const [name, end] of Object.entries(ENDS)) {
  test(`${name} gives its slots back at once`, async () => {
    const before = live();
    const kept = await end();
    await turn();
    assert.equal(live() - before, 0);
    assert.ok(kept);
  });
}

for (const [name, make] of Object.entries(kindsOfAbandonment(tidegate))) {
  test(`${name} gives its slots back when it is collected`, async () => {
    await collect();
    const before = live();
    let made = 0;
    for (let i = 0; i < 100; i++) made += make();
    await turn();
    assert.equal(live() - before, made, 'as many slots as the test says');
    for (let i = 0; i < 20 && live() > before; i++) await collect();
    assert.ok(live() - before <= made / 20, `${live() - before} of ${made} slots are left`);
  });
}

test('streams that have ended go with the next collection of young objects', async () => {
  const run = async (count) => {
    for (let i = 0; i < count; i++) {
      await new ReadableStream({
        start(c) {
          c.enqueue(i);
          c.close();
        },
      }).pipeTo(new WritableStream());
    }
  };
  await run(5000);
  await collect();
  const before = process.memoryUsage().heapUsed;
  await run(5000);
  for (let i = 0; i < 3; i++) gc({ type: 'minor' });
  const left = (process.memoryUsage().heapUsed - before) / 5000;
  assert.ok(left < 800, `${Math.round(left)} bytes are left of each`);
});

test('a million abandoned streams leave no growth in the core', async () => {
  await collect();
  const before = live();
  const { made, peak } = await abandon(tidegate, 1_000_000, { batch: 20_000, collect });
  assert.ok(made >= 1_000_000);
  assert.ok(peak < 100_000, `${peak} slots were live at once`);
  for (let i = 0; i < 20; i++) await collect();
  assert.ok(live() - before < 1000, `${live() - before} of ${made} slots are left`);
});
