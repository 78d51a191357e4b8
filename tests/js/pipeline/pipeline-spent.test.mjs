/** Ends that are over before the pipeline begins: it fails at once, says so, and lets go of the other parts. */
import assert from 'node:assert/strict';
import http from 'node:http';
import http2 from 'node:http2';
import { once } from 'node:events';
import { afterEach, describe, test } from 'node:test';
import { PassThrough, Readable, Transform, Writable } from 'node:stream';
import * as streamx from 'streamx';
import {
  ReadableStream,
  TransformStream,
  WritableStream,
  acknowledged,
  failureOf,
  fromQueue,
  pipeline,
  toText,
} from 'tidegate';
import { turn, within } from './pipeline-parts.mjs';

const failure = new Error('the failure');
const LIMIT = 1000;

const unhandled = [];
const onUnhandled = (error) => unhandled.push(error);
process.on('unhandledRejection', onUnhandled);
afterEach(async () => {
  await turn();
  assert.deepEqual(unhandled.splice(0), []);
});

const taker = () => new Writable({ objectMode: true, write: (chunk, encoding, done) => done() });
const giver = () =>
  new Readable({
    objectMode: true,
    read() {
      this.push('x');
      this.push(null);
    },
  });
async function after(node, act, event = 'close') {
  node.on('error', () => {});
  act(node);
  await once(node, event).catch(() => {});
  await turn();
  return node;
}

const spentSinks = {
  'a Node writable that was destroyed': [
    () => after(taker(), (node) => node.destroy()),
    /^The Node stream, a Writable, had been destroyed before the pipeline started; make a new one$/,
  ],
  'a Node writable that is destroyed and has not closed': [async () => taker().destroy(), /had been destroyed before/],
  'a Node writable that has failed': [() => after(taker(), (node) => node.destroy(failure)), /^the failure$/],
  'a Node writable that has ended': [
    () => after(taker(), (node) => node.end()),
    /^The Node stream, a Writable, had ended before the pipeline started; make a new one$/,
  ],
  'a Node writable that is ending': [async () => taker().end('x'), /had ended before/],
  'a writable of streamx that was destroyed': [
    () => after(new streamx.Writable({ write: (data, done) => done() }), (node) => node.destroy()),
    /had been destroyed before/,
  ],
  'a writable of streamx that is being destroyed': [
    async () => {
      const node = new streamx.Writable();
      node.on('error', () => {});
      node.destroy(failure);
      return node;
    },
    /had been destroyed before/,
  ],
  'a writable of streamx that has ended': [
    () => after(new streamx.Writable({ write: (data, done) => done() }), (node) => node.end()),
    /had been destroyed before/,
  ],
  'a WritableStream that was aborted': [
    async () => {
      const sink = new WritableStream();
      await sink.abort(failure);
      return sink;
    },
    /^the failure$/,
  ],
  'a WritableStream that was closed': [
    async () => {
      const sink = new WritableStream();
      await sink.close();
      return sink;
    },
    /closed/,
  ],
  "the engine's WritableStream that was aborted": [
    async () => {
      const sink = new globalThis.WritableStream();
      await sink.abort(failure);
      return sink;
    },
    /^the failure$/,
  ],
  "the engine's WritableStream that was closed": [
    async () => {
      const sink = new globalThis.WritableStream();
      await sink.close();
      return sink;
    },
    /closed/,
  ],
};

for (const [what, [make, message]] of Object.entries(spentSinks)) {
  describe(`into ${what}`, () => {
    test('a pipeline fails, says where, and cancels its source', async () => {
      let reason;
      const source = new ReadableStream({
        pull: (controller) => controller.enqueue('x'),
        cancel: (why) => void (reason = why),
      });
      const error = await within(
        LIMIT,
        pipeline(source, await make()).then(
          () => assert.fail('it went well'),
          (why) => why,
        ),
      );
      assert.match(error.message, message);
      assert.equal(reason, error);
      assert.equal(failureOf(error).index, 1);
    });

    test('a pipeline fails although its source has not come yet, and tells the source so', async () => {
      let signal;
      const error = await within(
        LIMIT,
        pipeline(
          (options) => {
            ({ signal } = options);
            return new Promise(() => {});
          },
          await make(),
        ).then(
          () => assert.fail('it went well'),
          (why) => why,
        ),
      );
      assert.match(error.message, message);
      assert.equal(signal.aborted, true);
    });

    test('a pipeline of nothing fails too', async () => {
      await assert.rejects(within(LIMIT, pipeline([], await make())), { message });
    });
  });
}

const spentSources = {
  'a Node readable that was destroyed': [
    () => after(giver(), (node) => node.destroy()),
    /^The Node stream, a Readable, had been destroyed before the pipeline started; make a new one$/,
  ],
  'a Node readable that has failed': [() => after(giver(), (node) => node.destroy(failure)), /^the failure$/],
  'a Node readable that was read to its end': [
    () => after(giver(), (node) => node.resume()),
    /^The Node stream, a Readable, had ended before the pipeline started; make a new one$/,
  ],
  'a readable of streamx that was destroyed': [
    () => after(new streamx.Readable(), (node) => node.destroy()),
    /had been destroyed before/,
  ],
  'a readable of streamx that was read to its end': [
    () => after(streamx.Readable.from(['x']), (node) => node.resume()),
    /had been destroyed before/,
  ],
  'a ReadableStream that has failed': [
    async () => new ReadableStream({ start: (controller) => controller.error(failure) }),
    /^the failure$/,
  ],
  "the engine's ReadableStream that has failed": [
    async () => new globalThis.ReadableStream({ start: (controller) => controller.error(failure) }),
    /^the failure$/,
  ],
};

for (const [what, [make, message]] of Object.entries(spentSources)) {
  test(`from ${what} a pipeline fails and aborts its sink`, async () => {
    let reason;
    const error = await within(
      LIMIT,
      pipeline(await make(), new WritableStream({ abort: (why) => void (reason = why) })).then(
        () => assert.fail('it went well'),
        (why) => why,
      ),
    );
    assert.match(error.message, message);
    assert.equal(reason, error);
    assert.equal(failureOf(error).index, 0);
  });
}

test('through a Node stage that was destroyed or has ended a pipeline fails, and both ends are told', async () => {
  const identity = () => new Transform({ transform: (chunk, encoding, done) => done(null, chunk) });
  for (const stage of [
    await after(identity(), (node) => node.destroy()),
    await after(identity(), (node) => {
      node.end();
      node.resume();
    }),
    identity().end(),
  ]) {
    const told = [];
    const source = new ReadableStream({ cancel: () => void told.push('source') });
    const sink = new WritableStream({ abort: () => void told.push('sink') });
    await assert.rejects(within(LIMIT, pipeline(source, stage, sink)), {
      message: /The Node stream, a Transform, had (ended|been destroyed)/,
    });
    assert.deepEqual(told.sort(), ['sink', 'source']);
  }
});

test('what acknowledged() writes to and has ended before fails the pipeline', async () => {
  const queue = { subscribe: (deliver) => void deliver('x'), ack() {}, nack() {} };
  await assert.rejects(
    within(LIMIT, pipeline(fromQueue(queue), acknowledged(await after(taker(), (node) => node.end())))),
    { message: /had ended before/ },
  );
});

test('the error of a stream that is over has the code by which Node calls it', async () => {
  await assert.rejects(pipeline(['x'], await spentSinks['a Node writable that was destroyed'][0]()), {
    code: 'ERR_STREAM_PREMATURE_CLOSE',
  });
  const node = taker();
  setTimeout(() => node.destroy(), 5);
  await assert.rejects(pipeline(new ReadableStream(), node), { code: 'ERR_STREAM_PREMATURE_CLOSE' });
});

/** What a handler makes of a request whose client has left before it begins. */
async function afterTheClient(protocol, handle) {
  const outcome = {};
  const done = new Promise((resolve) => void (outcome.resolve = resolve));
  const onRequest = async (request, response) => {
    request.on('error', () => {});
    await once(response, 'close').catch(() => {});
    await turn();
    outcome.resolve(
      await within(LIMIT, handle(request, response)).then(
        () => 'went well',
        (error) => error.message,
      ),
    );
  };
  const server = protocol.createServer(onRequest);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  let session;
  try {
    if (protocol === http2) {
      session = http2.connect(`http://127.0.0.1:${port}`);
      session.on('error', () => {});
      const stream = session.request({ ':path': '/', ':method': 'POST' });
      stream.on('error', () => {});
      stream.write('half');
      setTimeout(() => stream.close(http2.constants.NGHTTP2_CANCEL), 30);
    } else {
      const request = http.request({ port, host: '127.0.0.1', method: 'POST' });
      request.on('error', () => {});
      request.write('half');
      setTimeout(() => request.destroy(), 30);
    }
    return await within(5000, done);
  } finally {
    session?.destroy();
    server.closeAllConnections?.();
    server.close();
  }
}

for (const [name, protocol] of [
  ['HTTP/1.1', http],
  ['HTTP/2', http2],
]) {
  test(`to a client of ${name} that has left nothing is written, and the pipeline fails`, async () => {
    let cancelled = false;
    const source = new ReadableStream({
      pull: (controller) => controller.enqueue('x'),
      cancel: () => void (cancelled = true),
    });
    assert.match(
      await afterTheClient(protocol, (request, response) => pipeline(source, response)),
      /^The Node stream, an? (ServerResponse|Http2ServerResponse), had been destroyed before the pipeline started; make a new one$/,
    );
    assert.equal(cancelled, true);
  });

  test(`a body that a client of ${name} broke off before is no whole one`, async () => {
    assert.match(await afterTheClient(protocol, (request) => toText(request)), /aborted|had been destroyed/);
  });
}

test('to a stream of HTTP/2 whose client has left nothing is written, and the pipeline fails', async () => {
  assert.match(
    await afterTheClient(http2, (request, response) => pipeline(['x'], response.stream)),
    /^The Node stream, .*, had (been destroyed|ended) before/,
  );
});

test('a stream that is over only on one of its sides serves on the other', async () => {
  const node = new PassThrough();
  node.end('whole');
  assert.equal(await toText(node), 'whole');
});

for (const [name, Stream] of [
  ['a TransformStream', TransformStream],
  ["the engine's TransformStream", globalThis.TransformStream],
]) {
  test(`${name} that a pipeline has used fails the next one, which would lose everything`, async () => {
    for (const consumer of [
      async (chunks) => {
        for await (const chunk of chunks) void chunk;
      },
      async (chunks) => {
        for await (const chunk of chunks) return chunk;
      },
    ]) {
      const stage = new Stream();
      await pipeline(['a', 'b'], stage, consumer);
      await turn();
      await assert.rejects(within(LIMIT, pipeline(['c'], stage, new WritableStream())), (error) => {
        assert.match(error.message, /^The TransformStream had ended before the pipeline started/);
        return failureOf(error).index === 1;
      });
    }
  });
}

test('a TransformStream that has terminated before the pipeline begins has had enough, as take(0) has', async () => {
  for (const Stream of [TransformStream, globalThis.TransformStream]) {
    await within(
      LIMIT,
      pipeline(['a'], new Stream({ start: (controller) => controller.terminate() }), new WritableStream()),
    );
  }
});

test('into a WritableStream that is still closing a pipeline fails although its source has not come', async () => {
  const sink = new WritableStream({ close: () => new Promise(() => {}) });
  sink.close().catch(() => {}); // the pipeline aborts it
  await assert.rejects(
    within(
      LIMIT,
      pipeline(() => new Promise(() => {}), sink),
    ),
    { message: /closed/ },
  );
});
