/** Writable streams, as https://streams.spec.whatwg.org/#ws says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { WritableStream, WritableStreamDefaultWriter } from 'tidegate';

const turn = () => sleep(0);

/** A promise and its functions. */
function deferred() {
  const result = {};
  result.promise = new Promise((resolve, reject) => Object.assign(result, { resolve, reject }));
  return result;
}

/** A stream and what its sink was called with. */
function recorded(sink = {}, strategy) {
  const calls = [];
  let controller;
  const stream = new WritableStream(
    {
      start(c) {
        controller = c;
        return sink.start?.(c);
      },
      write(chunk, c) {
        calls.push(['write', chunk]);
        return sink.write?.(chunk, c);
      },
      close() {
        calls.push(['close']);
        return sink.close?.();
      },
      abort(reason) {
        calls.push(['abort', reason]);
        return sink.abort?.(reason);
      },
    },
    strategy,
  );
  return { stream, controller, calls };
}

test('the sink gets chunks one at a time and in order, then close', async () => {
  const gates = [deferred(), deferred()];
  const waiting = [...gates];
  const { stream, calls } = recorded({ write: () => waiting.shift().promise });
  const writer = stream.getWriter();
  writer.write('a');
  writer.write('b');
  writer.close();
  await turn();
  assert.deepEqual(calls, [['write', 'a']]);
  gates[0].resolve();
  await turn();
  assert.deepEqual(calls, [
    ['write', 'a'],
    ['write', 'b'],
  ]);
  gates[1].resolve();
  await writer.closed;
  assert.deepEqual(calls.at(-1), ['close']);
});

test('no chunk is written before start has settled', async () => {
  const gate = deferred();
  const { stream, calls } = recorded({ start: () => gate.promise });
  const write = stream.getWriter().write('a');
  await turn();
  assert.deepEqual(calls, []);
  gate.resolve();
  await write;
  assert.deepEqual(calls, [['write', 'a']]);
});

test('desiredSize falls with each chunk, and ready is pending until there is room', async () => {
  const gate = deferred();
  const { stream } = recorded({ write: () => gate.promise }, { highWaterMark: 2 });
  const writer = stream.getWriter();
  assert.equal(writer.desiredSize, 2);
  await writer.ready;
  writer.write('a');
  writer.write('b');
  assert.equal(writer.desiredSize, 0);
  let isReady = false;
  writer.ready.then(() => {
    isReady = true;
  });
  await turn();
  assert.equal(isReady, false);
  gate.resolve();
  await writer.ready;
});

test('with a high-water mark of 0, ready is pending from the start', async () => {
  const writer = recorded({}, { highWaterMark: 0 }).stream.getWriter();
  let isReady = false;
  writer.ready.then(() => {
    isReady = true;
  });
  await turn();
  assert.equal(isReady, false);
  assert.equal(writer.desiredSize, 0);
});

test('a write that fails errors the stream: later writes, close, ready and closed reject with its reason', async () => {
  const error = new Error('full');
  const { stream } = recorded({ write: () => Promise.reject(error) });
  const writer = stream.getWriter();
  const isError = (reason) => reason === error;
  await assert.rejects(writer.write('a'), isError);
  await assert.rejects(writer.write('b'), isError);
  await assert.rejects(writer.ready, isError);
  await assert.rejects(writer.closed, isError);
  assert.equal(writer.desiredSize, null);
});

test('chunks that wait behind a failed write are never written', async () => {
  const error = new Error('full');
  const { stream, calls } = recorded(
    {
      write() {
        throw error;
      },
    },
    { highWaterMark: 4 },
  );
  const writer = stream.getWriter();
  const writes = ['a', 'b', 'c'].map((chunk) => writer.write(chunk));
  for (const result of await Promise.allSettled(writes)) assert.equal(result.reason, error);
  assert.deepEqual(calls, [['write', 'a']]);
});

test('close waits for the chunks before it; write and close after it reject with a TypeError', async () => {
  const { stream, calls } = recorded();
  const writer = stream.getWriter();
  writer.write('a');
  const closed = writer.close();
  await assert.rejects(writer.write('b'), TypeError);
  await assert.rejects(writer.close(), TypeError);
  await closed;
  assert.deepEqual(calls, [['write', 'a'], ['close']]);
  assert.equal(writer.desiredSize, 0);
});

test('a close that fails rejects close and closed with its reason', async () => {
  const error = new Error('no');
  const writer = recorded({
    close() {
      throw error;
    },
  }).stream.getWriter();
  await assert.rejects(writer.close(), (reason) => reason === error);
  await assert.rejects(writer.closed, (reason) => reason === error);
});

test('abort throws queued chunks away, calls the sink with the reason, and rejects their writes with it', async () => {
  const gate = deferred();
  const { stream, calls } = recorded({ write: () => gate.promise }, { highWaterMark: 4 });
  const writer = stream.getWriter();
  await turn();
  const first = writer.write('a');
  const second = writer.write('b');
  const aborted = writer.abort('why');
  gate.resolve();
  await first;
  await assert.rejects(second, (reason) => reason === 'why');
  await aborted;
  await assert.rejects(writer.closed, (reason) => reason === 'why');
  assert.deepEqual(calls, [
    ['write', 'a'],
    ['abort', 'why'],
  ]);
});

test('abort waits for the write that is under way', async () => {
  const gate = deferred();
  const { stream, calls } = recorded({ write: () => gate.promise });
  const writer = stream.getWriter();
  await turn();
  writer.write('a');
  const aborted = writer.abort('why');
  await turn();
  assert.deepEqual(calls, [['write', 'a']]);
  gate.resolve();
  await aborted;
  assert.deepEqual(calls, [
    ['write', 'a'],
    ['abort', 'why'],
  ]);
});

test("the controller's signal is aborted with the reason at once, though a write is under way", async () => {
  const { stream, controller } = recorded({ write: () => new Promise(() => {}) });
  const writer = stream.getWriter();
  await turn();
  writer.write('a').catch(() => {});
  assert.equal(controller.signal.aborted, false);
  writer.abort('why').catch(() => {});
  assert.equal(controller.signal.aborted, true);
  assert.equal(controller.signal.reason, 'why');
});

test('abort a second time, while the first is under way, gives the same outcome and calls the sink once', async () => {
  const { stream, calls } = recorded();
  const writer = stream.getWriter();
  await Promise.all([writer.abort('first'), writer.abort('second')]);
  assert.deepEqual(calls, [['abort', 'first']]);
});

test('abort of a closed or errored stream resolves and does not ask the sink', async () => {
  const { stream, calls } = recorded();
  await stream.close();
  await stream.abort('late');
  assert.deepEqual(calls, [['close']]);
});

test('an abort that fails rejects with its reason, and the stream keeps the reason of the abort', async () => {
  const error = new Error('no');
  const writer = recorded({
    abort() {
      throw error;
    },
  }).stream.getWriter();
  await assert.rejects(writer.abort('why'), (reason) => reason === error);
  await assert.rejects(writer.closed, (reason) => reason === 'why');
});

test('the controller can error the stream, and only once', async () => {
  const { stream, controller } = recorded();
  controller.error('first');
  controller.error('second');
  await assert.rejects(stream.getWriter().closed, (reason) => reason === 'first');
});

test('a stream has one writer at a time, and only its writer can write, close and abort', async () => {
  const { stream } = recorded();
  const writer = stream.getWriter();
  assert.equal(stream.locked, true);
  assert.throws(() => stream.getWriter(), TypeError);
  assert.throws(() => new WritableStreamDefaultWriter(stream), TypeError);
  await assert.rejects(stream.close(), TypeError);
  await assert.rejects(stream.abort(), TypeError);
  writer.releaseLock();
  await stream.close();
});

test('releaseLock rejects ready and closed with a TypeError, and what was written is still written', async () => {
  const { stream, calls } = recorded();
  const writer = stream.getWriter();
  const write = writer.write('a');
  writer.releaseLock();
  await assert.rejects(writer.ready, TypeError);
  await assert.rejects(writer.closed, TypeError);
  await assert.rejects(writer.write('b'), TypeError);
  assert.throws(() => writer.desiredSize, TypeError);
  await write;
  assert.deepEqual(calls, [['write', 'a']]);
});

test('a size that throws rejects the write and errors the stream with what it threw', async () => {
  const error = new Error('no');
  const writer = recorded(
    {},
    {
      size() {
        throw error;
      },
    },
  ).stream.getWriter();
  await assert.rejects(writer.write('a'), (reason) => reason === error);
  await assert.rejects(writer.closed, (reason) => reason === error);
});

test('a size that releases the lock rejects the write with a TypeError', async () => {
  const { stream, calls } = recorded(
    {},
    {
      size() {
        writer.releaseLock();
        return 1;
      },
    },
  );
  const writer = stream.getWriter();
  await assert.rejects(writer.write('a'), TypeError);
  assert.deepEqual(calls, []);
});

test('a size that aborts rejects the write with the reason of the abort', async () => {
  const { stream } = recorded(
    {},
    {
      size() {
        writer.abort('why').catch(() => {});
        return 1;
      },
    },
  );
  const writer = stream.getWriter();
  await turn();
  await assert.rejects(writer.write('a'), (reason) => reason === 'why');
});

test('a sink with a type is a RangeError, since types are kept for later', () => {
  assert.throws(() => new WritableStream({ type: 'bytes' }), RangeError);
});

test('a sink whose members are no functions is a TypeError', () => {
  for (const name of ['start', 'write', 'close', 'abort'])
    assert.throws(() => new WritableStream({ [name]: 1 }), TypeError);
});

test('a start that rejects errors the stream', async () => {
  const error = new Error('no');
  const writer = new WritableStream({ start: () => Promise.reject(error) }).getWriter();
  await assert.rejects(writer.write('a'), (reason) => reason === error);
});
