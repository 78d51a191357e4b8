/**
 * What the polyfill does in engines that lack one thing or another. The engines are made up: a worker of Node whose globals
 * are web-streams-polyfill's classes less what a test takes away, before tidegate sees them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';

/** Runs `report` in an engine that `change` has changed; resolves with what it returned. Both are functions of no scope. */
async function inEngine(change, report) {
  const worker = new Worker(
    `
    const { parentPort } = require('node:worker_threads');
    (async () => {
      const engine = await import('web-streams-polyfill');
      for (const [name, value] of Object.entries(engine)) globalThis[name] = value;
      // An engine that knows the standard of today, and can transfer.
      const { from } = ReadableStream;
      ReadableStream.from = (source) => {
        if (typeof source !== 'object') throw new TypeError('no object');
        return from(source);
      };
      const clone = structuredClone;
      globalThis.structuredClone = (value, options) => value instanceof ReadableStream ? new ReadableStream() : clone(value, options);
      (${change})();
      const before = { ...engine, structuredClone, post: MessagePort.prototype.postMessage, Response };
      const polyfill = await import('tidegate/polyfill');
      parentPort.postMessage(await (${report})(polyfill, before));
    })().catch((error) => parentPort.postMessage({ error: String(error?.stack ?? error) }));`,
    { eval: true },
  );
  try {
    const answer = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
    assert.equal(answer?.error, undefined);
    return answer;
  } finally {
    await worker.terminate();
  }
}

test('nothing is installed where nothing is lacking', async () => {
  assert.deepEqual(
    await inEngine(
      () => {},
      ({ lacking, install }, before) => ({
        lacking: lacking(),
        installed: install(),
        same:
          ReadableStream === before.ReadableStream &&
          structuredClone === before.structuredClone &&
          Response === before.Response,
      }),
    ),
    { lacking: [], installed: false, same: true },
  );
});

test("a missing from() is added to the engine's own class, and gives its streams", async () => {
  const change = () => delete ReadableStream.from;
  assert.deepEqual(
    await inEngine(change, async ({ lacking, uninstall }, before) => {
      const { value, ...attributes } = Object.getOwnPropertyDescriptor(ReadableStream, 'from');
      const stream = ReadableStream.from([1, 2]);
      const reader = stream.getReader();
      const answer = {
        lacking: lacking(),
        same: ReadableStream === before.ReadableStream && stream instanceof before.ReadableStream,
        shape: [value.name, value.length, attributes],
        chunks: [await reader.read(), await reader.read(), await reader.read()],
      };
      uninstall();
      return { ...answer, left: 'from' in ReadableStream };
    }),
    {
      lacking: ['ReadableStream.from'],
      same: true,
      shape: ['from', 1, { writable: true, enumerable: true, configurable: true }],
      chunks: [
        { done: false, value: 1 },
        { done: false, value: 2 },
        { done: true, value: undefined },
      ],
      left: false,
    },
  );
});

test("missing streams of text are added over the engine's own class", async () => {
  const change = () => {
    delete globalThis.TextDecoderStream;
    delete globalThis.TextEncoderStream;
  };
  assert.deepEqual(
    await inEngine(change, async ({ lacking, uninstall }, before) => {
      const encoder = new TextEncoderStream();
      const writer = encoder.writable.getWriter();
      writer.write('caf\u00e9').then(() => writer.close());
      const { value } = await encoder.readable.pipeThrough(new TextDecoderStream()).getReader().read();
      const answer = { lacking: lacking(), value, same: encoder.readable instanceof before.ReadableStream };
      uninstall();
      return { ...answer, left: 'TextDecoderStream' in globalThis };
    }),
    { lacking: ['TextDecoderStream', 'TextEncoderStream'], value: 'caf\u00e9', same: true, left: false },
  );
});

test("missing async iteration is added to the engine's own class", async () => {
  const change = () => {
    delete ReadableStream.prototype[Symbol.asyncIterator];
    delete ReadableStream.prototype.values;
  };
  assert.deepEqual(
    await inEngine(change, async ({ lacking }, before) => {
      const chunks = [];
      let cancelled;
      const stream = new ReadableStream({
        start: (c) => [1, 2, 3].forEach((n) => c.enqueue(n)),
        cancel: (reason) => void (cancelled = { reason }),
      });
      for await (const chunk of stream.values({ preventCancel: true })) {
        chunks.push(chunk);
        break;
      }
      const kept = cancelled === undefined && !stream.locked;
      for await (const chunk of stream) {
        chunks.push(chunk);
        break;
      }
      return {
        lacking: lacking(),
        same: ReadableStream === before.ReadableStream,
        chunks,
        kept,
        cancelled: cancelled !== undefined,
      };
    }),
    { lacking: ['async iteration'], same: true, chunks: [1, 2], kept: true, cancelled: true },
  );
});

test("an engine that cannot transfer sends its own streams over tidegate's channel", async () => {
  const change = () => {
    const clone = structuredClone;
    globalThis.structuredClone = (value, options) => {
      if (value instanceof ReadableStream) throw new DOMException('no', 'DataCloneError');
      return clone(value, options);
    };
  };
  assert.deepEqual(
    await inEngine(change, async ({ lacking }, before) => {
      const stream = new ReadableStream({ start: (c) => (c.enqueue('a'), c.close()) });
      const clone = structuredClone({ stream }, { transfer: [stream] });
      const reader = clone.stream.getReader();
      return {
        lacking: lacking(),
        same:
          ReadableStream === before.ReadableStream &&
          clone.stream instanceof before.ReadableStream &&
          Response === before.Response,
        chunks: [await reader.read(), await reader.read()],
      };
    }),
    {
      lacking: ['transfer'],
      same: true,
      chunks: [
        { done: false, value: 'a' },
        { done: true, value: undefined },
      ],
    },
  );
});

test('a class that is wrong brings all classes, which know one another', async () => {
  const change = () => {
    const Right = TransformStream;
    globalThis.TransformStream = class extends Right {
      constructor({ start, transform, flush } = {}, ...strategies) {
        super({ start, transform, flush }, ...strategies);
      }
    };
  };
  assert.deepEqual(
    await inEngine(change, async ({ lacking, uninstall }, before) => {
      const pair = new TransformStream({ cancel: () => {} });
      const answer = {
        lacking: lacking(),
        replaced: ReadableStream !== before.ReadableStream && CountQueuingStrategy !== before.CountQueuingStrategy,
        known: pair.readable instanceof ReadableStream && pair.writable instanceof WritableStream,
      };
      uninstall();
      return { ...answer, restored: ReadableStream === before.ReadableStream };
    }),
    { lacking: ['transformer.cancel'], replaced: true, known: true, restored: true },
  );
});
