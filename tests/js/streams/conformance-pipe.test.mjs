/** pipeTo and pipeThrough, as https://streams.spec.whatwg.org/#rs-pipe-to says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ReadableStream, TransformStream, WritableStream } from 'tidegate';

const turn = () => sleep(0);

/** A stream of `chunks`, which then stays open, closes or errors, and what is done to it. */
function source({ chunks = [], then } = {}) {
  const calls = [];
  let controller;
  const stream = new ReadableStream({
    start(c) {
      controller = c;
      for (const chunk of chunks) c.enqueue(chunk);
      if (then === 'close') c.close();
    },
    cancel(reason) {
      calls.push(['cancel', reason]);
    },
  });
  return { stream, controller, calls };
}

function sink({ write = () => {}, ...rest } = {}, strategy) {
  const calls = [];
  let controller;
  const stream = new WritableStream(
    {
      start(c) {
        controller = c;
      },
      write(chunk) {
        calls.push(['write', chunk]);
        return write(chunk);
      },
      close() {
        calls.push(['close']);
        return rest.close?.();
      },
      abort(reason) {
        calls.push(['abort', reason]);
        return rest.abort?.(reason);
      },
    },
    strategy,
  );
  return { stream, controller, calls };
}

const unlocked = (...ends) => ends.every(({ stream }) => !stream.locked);

test('all chunks are written, the destination closed, and both unlocked', async () => {
  const [from, to] = [source({ chunks: ['a', 'b'], then: 'close' }), sink()];
  const piped = from.stream.pipeTo(to.stream);
  assert.equal(from.stream.locked && to.stream.locked, true);
  assert.equal(await piped, undefined);
  assert.deepEqual(to.calls, [['write', 'a'], ['write', 'b'], ['close']]);
  assert.ok(unlocked(from, to));
});

test('with preventClose the destination stays open', async () => {
  const [from, to] = [source({ chunks: ['a'], then: 'close' }), sink()];
  await from.stream.pipeTo(to.stream, { preventClose: true });
  const writer = to.stream.getWriter();
  await writer.write('b');
  assert.deepEqual(to.calls, [
    ['write', 'a'],
    ['write', 'b'],
  ]);
});

test('a write that was under way before the pipe is fulfilled all the same', async () => {
  const [from, to] = [source({ chunks: ['b'], then: 'close' }), sink()];
  const writer = to.stream.getWriter();
  const written = writer.write('a');
  writer.releaseLock();
  await from.stream.pipeTo(to.stream);
  assert.equal(await Promise.race([written, new Promise((resolve) => setTimeout(resolve, 100, 'pending'))]), undefined);
  assert.deepEqual(to.calls, [['write', 'a'], ['write', 'b'], ['close']]);
});

test('an error of the source aborts the destination with it, and rejects with it', async () => {
  const error = new Error('broken');
  const [from, to] = [source(), sink()];
  const piped = from.stream.pipeTo(to.stream);
  from.controller.error(error);
  await assert.rejects(piped, (reason) => reason === error);
  assert.deepEqual(to.calls, [['abort', error]]);
  assert.ok(unlocked(from, to));
});

test('with preventAbort an error of the source leaves the destination alone', async () => {
  const [from, to] = [source(), sink()];
  const piped = from.stream.pipeTo(to.stream, { preventAbort: true });
  from.controller.error('broken');
  await assert.rejects(piped, (reason) => reason === 'broken');
  assert.deepEqual(to.calls, []);
  await to.stream.getWriter().write('still here');
});

test('an error of the destination cancels the source with it, and rejects with it', async () => {
  const error = new Error('full');
  const [from, to] = [
    source({ chunks: ['a', 'b'] }),
    sink({
      write() {
        throw error;
      },
    }),
  ];
  await assert.rejects(from.stream.pipeTo(to.stream), (reason) => reason === error);
  assert.deepEqual(from.calls, [['cancel', error]]);
  assert.ok(unlocked(from, to));
});

test('with preventCancel an error of the destination leaves the source alone', async () => {
  const [from, to] = [source(), sink()];
  const piped = from.stream.pipeTo(to.stream, { preventCancel: true });
  to.controller.error('full');
  await assert.rejects(piped, (reason) => reason === 'full');
  assert.deepEqual(from.calls, []);
  from.controller.enqueue('still here');
  assert.equal((await from.stream.getReader().read()).value, 'still here');
});

test('a destination that is closed already cancels the source, and rejects with a TypeError', async () => {
  const [from, to] = [source({ chunks: ['a'] }), sink()];
  await to.stream.close();
  await assert.rejects(from.stream.pipeTo(to.stream), TypeError);
  assert.equal(from.calls[0][0], 'cancel');
  assert.ok(from.calls[0][1] instanceof TypeError);
});

test('the chunk under way is written before the pipe ends by an error of the source', async () => {
  let go;
  const [from, to] = [
    source({ chunks: ['a'] }),
    sink({
      write: () =>
        new Promise((resolve) => {
          go = resolve;
        }),
    }),
  ];
  let settled = false;
  const piped = from.stream.pipeTo(to.stream).catch(() => {
    settled = true;
  });
  await turn();
  from.controller.error('broken');
  await turn();
  assert.equal(settled, false);
  go();
  await piped;
  assert.deepEqual(to.calls, [
    ['write', 'a'],
    ['abort', 'broken'],
  ]);
});

test('no more is read than the destination wants', async () => {
  let pulls = 0;
  const from = new ReadableStream(
    {
      pull(controller) {
        controller.enqueue((pulls += 1));
      },
    },
    { highWaterMark: 0 },
  );
  const to = sink({ write: () => new Promise(() => {}) }, { highWaterMark: 3 });
  from.pipeTo(to.stream);
  await turn();
  assert.equal(pulls, 3);
});

test('an aborted signal aborts the destination, cancels the source, and rejects with its reason', async () => {
  const abort = new AbortController();
  const [from, to] = [source(), sink()];
  const piped = from.stream.pipeTo(to.stream, { signal: abort.signal });
  await turn();
  abort.abort('stop');
  await assert.rejects(piped, (reason) => reason === 'stop');
  assert.deepEqual(to.calls, [['abort', 'stop']]);
  assert.deepEqual(from.calls, [['cancel', 'stop']]);
  assert.ok(unlocked(from, to));
});

test('a signal that is aborted already does the same, and nothing is read', async () => {
  const [from, to] = [source({ chunks: ['a'] }), sink()];
  await assert.rejects(
    from.stream.pipeTo(to.stream, { signal: AbortSignal.abort('stop') }),
    (reason) => reason === 'stop',
  );
  assert.deepEqual([to.calls, from.calls], [[['abort', 'stop']], [['cancel', 'stop']]]);
});

test('a signal with preventAbort and preventCancel touches neither end', async () => {
  const abort = new AbortController();
  const [from, to] = [source(), sink()];
  const piped = from.stream.pipeTo(to.stream, { signal: abort.signal, preventAbort: true, preventCancel: true });
  abort.abort('stop');
  await assert.rejects(piped, (reason) => reason === 'stop');
  assert.deepEqual([to.calls, from.calls], [[], []]);
  assert.ok(unlocked(from, to));
});

test('a locked source, a locked destination and what is no stream reject with a TypeError', async () => {
  const [from, to] = [source(), sink()];
  const reader = from.stream.getReader();
  await assert.rejects(from.stream.pipeTo(to.stream), TypeError);
  reader.releaseLock();
  to.stream.getWriter();
  await assert.rejects(from.stream.pipeTo(to.stream), TypeError);
  await assert.rejects(from.stream.pipeTo({}), TypeError);
  await assert.rejects(from.stream.pipeTo(), TypeError);
  assert.equal(from.stream.locked, false);
});

test('options are read in the order of their names', async () => {
  const read = [];
  const options = new Proxy(
    {},
    {
      get(target, name) {
        read.push(name);
      },
    },
  );
  await source({ then: 'close' }).stream.pipeTo(sink().stream, options);
  assert.deepEqual(read, ['preventAbort', 'preventCancel', 'preventClose', 'signal']);
});

test('a signal that is none is a TypeError', async () => {
  await assert.rejects(source().stream.pipeTo(sink().stream, { signal: {} }), TypeError);
});

test('enqueue never calls the sink inside itself', async () => {
  const [from, to] = [source(), sink()];
  from.stream.pipeTo(to.stream);
  await turn();
  from.controller.enqueue('a');
  assert.deepEqual(to.calls, []);
  await turn();
  assert.deepEqual(to.calls, [['write', 'a']]);
});

test('pipeThrough gives the readable side of the pair and pipes into its writable side', async () => {
  const upper = new TransformStream({ transform: (chunk, controller) => controller.enqueue(chunk.toUpperCase()) });
  const result = source({ chunks: ['a'], then: 'close' }).stream.pipeThrough(upper);
  assert.equal(result, upper.readable);
  const chunks = [];
  for await (const chunk of result) chunks.push(chunk);
  assert.deepEqual(chunks, ['A']);
});

test('pipeThrough takes any object with readable and writable, and throws where one is missing or locked', () => {
  const { readable, writable } = new TransformStream();
  assert.equal(source().stream.pipeThrough({ readable, writable }), readable);
  assert.throws(() => source().stream.pipeThrough({ readable, writable }), TypeError);
  assert.throws(() => source().stream.pipeThrough({ readable }), TypeError);
  assert.throws(() => source().stream.pipeThrough({ writable }), TypeError);
});

test('a failure behind pipeThrough is no unhandled rejection', async () => {
  const seen = [];
  const listener = (reason) => seen.push(reason);
  process.on('unhandledRejection', listener);
  try {
    const from = source();
    const result = from.stream.pipeThrough(new TransformStream());
    from.controller.error('broken');
    await assert.rejects(result.getReader().read(), (reason) => reason === 'broken');
    await turn();
    assert.deepEqual(seen, []);
  } finally {
    process.off('unhandledRejection', listener);
  }
});
