/** No listener of a pipeline's stays on anything that its caller keeps, whatever way it ended. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { EventEmitter, getEventListeners, once } from 'node:events';
import { describe, test } from 'node:test';
import { PassThrough, Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';
import { WebSocket, WebSocketServer } from 'ws';
import {
  ReadableStream,
  WritableStream,
  fromCursor,
  fromEvents,
  fromFile,
  fromMessagePort,
  fromQueue,
  pipeline,
  toArray,
  toMessagePort,
  toWebSocket,
} from 'tidegate';
import { turn } from './pipeline-parts.mjs';

const TIMES = 20;
const failure = new Error('the failure');
const root = new URL('../../..', import.meta.url);

const counts = (emitter) =>
  Object.fromEntries(emitter.eventNames().map((name) => [String(name), emitter.listenerCount(name)]));

async function* broken() {
  yield 'x';
  throw failure;
}

/** A pipeline that ends in each way, with `preventClose`, `preventAbort` and `preventCancel` where the end is to be kept. */
const ways = {
  'went well': (source, sink, options) => pipeline(source, sink, options),
  'failed in its source': (source, sink, options) => pipeline(broken(), sink, options),
  'failed in a stage': (source, sink, options) =>
    pipeline(
      source,
      () => {
        throw failure;
      },
      sink,
      options,
    ),
  'was aborted': (source, sink, options) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(failure), 1);
    return pipeline(new ReadableStream({ start: (stream) => stream.enqueue('x') }), sink, {
      ...options,
      signal: controller.signal,
    });
  },
  'was aborted before': (source, sink, options) =>
    pipeline(source, sink, { ...options, signal: AbortSignal.abort(failure) }),
};

for (const [way, run] of Object.entries(ways)) {
  const isWell = way === 'went well';
  const outcome = (promise) =>
    promise.then(
      () => assert.ok(isWell),
      (error) => assert.equal(error, failure),
    );

  describe(`${TIMES} pipelines that ${isWell ? way : `each ${way}`} leave no listener`, () => {
    test('on a Node stream that is kept', async () => {
      const sink = new Writable({ write: (chunk, encoding, done) => setImmediate(done) });
      const before = counts(sink);
      for (let n = 0; n < TIMES; n += 1)
        await outcome(run(['x', 'y'], sink, { preventClose: true, preventAbort: true }));
      assert.deepEqual(counts(sink), before);
      assert.equal(sink.destroyed, false);
    });

    test('on Node streams that are ended or destroyed, once they have closed', async () => {
      const sink = new PassThrough();
      const source = Readable.from(['x', 'y']);
      sink.resume();
      const [before, beforeSource] = [counts(sink), counts(source)];
      await outcome(run(source, sink, {}));
      if (!source.destroyed) source.destroy();
      for (const node of [sink, source]) if (!node.closed) await once(node, 'close');
      await turn();
      assert.deepEqual(counts(sink), before);
      assert.deepEqual(counts(source), beforeSource);
    });

    test('on a signal', async () => {
      const controller = new AbortController();
      for (let n = 0; n < TIMES; n += 1) {
        await outcome(
          run(['x'], new WritableStream(), { signal: controller.signal }).catch((error) => {
            throw error;
          }),
        );
      }
      assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
    });

    test('on a port that is kept', async () => {
      const { port1, port2 } = new MessageChannel();
      const received = pipeline(fromMessagePort(port2), async (chunks) => {
        for await (const chunk of chunks) void chunk;
      });
      const listeners = () => ['message', 'messageerror', 'close'].map((type) => getEventListeners(port1, type).length);
      const sink = toMessagePort(port1);
      try {
        const before = listeners();
        for (let n = 0; n < TIMES; n += 1)
          await outcome(run(['x', 'y'], sink, { preventClose: true, preventAbort: true }));
        assert.deepEqual(listeners(), before);
        await sink.close();
        await received;
      } finally {
        port1.close();
      }
    });

    test('on a port that goes with its pipeline', async () => {
      const { port1, port2 } = new MessageChannel();
      const received = pipeline(fromMessagePort(port2), async (chunks) => {
        for await (const chunk of chunks) void chunk;
      });
      await outcome(run(['x', 'y'], toMessagePort(port1), {}));
      if (isWell) await received;
      else await assert.rejects(received, { message: failure.message });
    });

    test('on a socket that is kept', async () => {
      const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
      await once(server, 'listening');
      const socket = new WebSocket(`ws://127.0.0.1:${server.address().port}`);
      try {
        const sink = toWebSocket(socket);
        await pipeline(['x'], sink, { preventClose: true });
        const before = counts(socket);
        for (let n = 0; n < TIMES; n += 1)
          await outcome(run(['x', 'y'], sink, { preventClose: true, preventAbort: true }));
        assert.deepEqual(counts(socket), before);
      } finally {
        socket.terminate();
        server.close();
      }
    });
  });
}

for (const [way, consume] of [
  [
    'is read to its end',
    async (chunks) => {
      for await (const chunk of chunks) void chunk;
    },
  ],
  [
    'is left early',
    async (chunks) => {
      for await (const chunk of chunks) return chunk;
    },
  ],
  [
    'fails with its consumer',
    async (chunks) => {
      for await (const chunk of chunks) if (chunk) throw failure;
    },
  ],
]) {
  test(`a source that ${way} leaves no listener on its signal or its emitter`, async () => {
    const { signal } = new AbortController();
    const emitter = new EventEmitter();
    const target = new EventTarget();
    const sources = {
      fromCursor: () => fromCursor([1, 2], { signal }),
      fromFile: () => fromFile(new Blob(['x']), { signal }),
      fromQueue: () =>
        fromQueue(
          { subscribe: (deliver, { end }) => (deliver(1), void setTimeout(end, 5)), ack() {}, nack() {} },
          { signal },
        ),
      'fromEvents of an EventEmitter': () => {
        setTimeout(() => {
          emitter.emit('data', 1);
          emitter.emit('end');
        }, 5);
        return fromEvents(emitter, 'data', { end: 'end', signal });
      },
      'fromEvents of an EventTarget': () => {
        setTimeout(() => {
          target.dispatchEvent(new Event('data'));
          target.dispatchEvent(new Event('end'));
        }, 5);
        return fromEvents(target, 'data', { end: 'end', signal });
      },
    };
    for (const [name, make] of Object.entries(sources)) {
      for (let n = 0; n < 3; n += 1) {
        const source = make();
        const acknowledging =
          name === 'fromQueue'
            ? [
                async function* (messages) {
                  for await (const message of messages) {
                    yield message;
                    await message.ack();
                  }
                },
              ]
            : [];
        await pipeline(source, ...acknowledging, consume).catch((error) => assert.equal(error, failure));
      }
      await turn();
      assert.equal(getEventListeners(signal, 'abort').length, 0, `the signal of ${name}`);
      assert.deepEqual(counts(emitter), {}, name);
      for (const event of ['data', 'end', 'error']) assert.equal(getEventListeners(target, event).length, 0, name);
    }
  });
}

test('standard output and standard error keep no listener and stay open, whatever way the pipelines into them end', async () => {
  const program = `
    import { pipeline } from 'tidegate';
    process.on('warning', (warning) => { console.error('WARNED', warning.name); process.exitCode = 1; });
    const count = (stream) => stream.eventNames().reduce((sum, name) => sum + stream.listenerCount(name), 0);
    async function* broken() { yield '.'; throw new Error('broken'); }
    for (const stream of [process.stdout, process.stderr]) {
      const before = count(stream);
      for (let n = 0; n < ${TIMES}; n += 1) {
        await pipeline(['x'], stream);
        await pipeline(['y'], stream, { preventClose: true });
        await pipeline(broken(), stream).catch(() => {});
        await pipeline(['z'], stream, { signal: AbortSignal.abort() }).catch(() => {});
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
      if (count(stream) !== before || stream.destroyed) { console.error('LEFT', count(stream), before, stream.destroyed); process.exitCode = 1; }
    }
    await pipeline(['end'], process.stdout);
  `;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
    cwd: root,
  });
  assert.match(stdout, /^(x\n?y\.?)*/);
  assert.ok(stdout.endsWith('end'), stdout);
  assert.doesNotMatch(stderr, /WARNED|LEFT/);
});

test('a loop over a stream that toArray() reads leaves a Node source without listeners', async () => {
  const source = Readable.from(['a', 'b']);
  const before = counts(source);
  await toArray(source);
  if (!source.closed) await once(source, 'close');
  assert.deepEqual(counts(source), before);
});
