/** transfer() and receive(): a stream in another thread, with backpressure, ends and errors, over a MessageChannel. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { inspect } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { ReadableStream, TransformStream, WritableStream, receive, transfer } from 'tidegate';

// A stream at rest does not keep a process alive, and some tests have nothing else.
const alive = setInterval(() => {}, 1000);
after(() => clearInterval(alive));

/** Long enough for messages to cross the channel a few times. */
const settle = () => sleep(20);

/** `handle` as the other side of a channel gets it. */
function send({ handle, transfer: list }) {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port2.onmessage = ({ data }) => {
      resolve(data);
      port2.close();
    };
    port1.postMessage(handle, list);
  });
}

const cross = async (stream, options, receiveOptions) => receive(await send(transfer(stream, options)), receiveOptions);

const isDataCloneError = (error) => error instanceof DOMException && error.name === 'DataCloneError';

describe('a transferred readable stream', () => {
  test('gives the same chunks in the same order, and then ends', async () => {
    const stream = await cross(ReadableStream.from([1, 'two', { three: [3] }, undefined]));
    assert.ok(stream instanceof ReadableStream);
    assert.deepEqual(await collect(stream), [1, 'two', { three: [3] }, undefined]);
  });

  test('locks the one that was given away', () => {
    const stream = new ReadableStream({ start: (controller) => controller.close() });
    transfer(stream);
    assert.equal(stream.locked, true);
  });

  test('pulls one chunk ahead while nobody reads, and one for each read', async () => {
    let pulls = 0;
    const stream = await cross(new ReadableStream({ pull: (c) => c.enqueue((pulls += 1)) }, { highWaterMark: 0 }));
    await settle();
    assert.equal(pulls, 1);
    const reader = stream.getReader();
    assert.deepEqual([(await reader.read()).value, (await reader.read()).value], [1, 2]);
    await settle();
    assert.equal(pulls, 3);
    await reader.cancel();
  });

  test('pulls no more ahead than the receiving side may hold', async () => {
    let pulls = 0;
    const source = new ReadableStream({ pull: (c) => c.enqueue((pulls += 1)) }, { highWaterMark: 0 });
    const stream = await cross(source, {}, { highWaterMark: 8 });
    await settle();
    assert.equal(pulls, 9);
    const reader = stream.getReader();
    for (let i = 1; i <= 100; i++) assert.equal((await reader.read()).value, i);
    await settle();
    assert.ok(pulls <= 109, `${pulls} pulls for 100 reads`);
    await reader.cancel();
  });

  test('grants credits in batches, not one by one', async () => {
    const {
      handle,
      transfer: [port],
    } = transfer(new ReadableStream({ pull: (c) => c.enqueue(1) }, { highWaterMark: 0 }));
    const tap = new MessageChannel();
    const credits = [];
    port.onmessage = ({ data }) => tap.port1.postMessage(data);
    tap.port1.onmessage = ({ data }) => {
      if (data.type === 'credit') credits.push(data.value);
      port.postMessage(data);
    };
    const reader = receive({ ...handle, port: tap.port2 }, { highWaterMark: 8 }).getReader();
    for (let i = 0; i < 100; i++) await reader.read();
    await reader.cancel();
    await settle();
    assert.equal(credits[0], 8);
    assert.ok(credits.length <= 26, `${credits.length} messages of credit for 100 chunks`);
    port.close();
    tap.port1.close();
  });

  test('cancels its source with the reason', async () => {
    const cancelled = new Promise((resolve) => {
      cross(new ReadableStream({ cancel: resolve })).then((stream) => stream.cancel({ why: 'enough' }));
    });
    assert.deepEqual(await cancelled, { why: 'enough' });
  });

  test('fails with a clone of the error of its source', async () => {
    const stream = await cross(new ReadableStream({ pull: (c) => c.error(new RangeError('too far')) }));
    await assert.rejects(
      stream.getReader().read(),
      (error) => error instanceof RangeError && error.message === 'too far',
    );
  });

  test('tells of an end that came before it was received', async () => {
    const ended = transfer(new ReadableStream({ start: (c) => c.close() }));
    const failed = transfer(new ReadableStream({ start: (c) => c.error('gone') }));
    await settle();
    assert.equal(
      (
        await receive(await send(ended))
          .getReader()
          .read()
      ).done,
      true,
    );
    await assert.rejects(
      receive(await send(failed))
        .getReader()
        .read(),
      (error) => error === 'gone',
    );
  });

  test('serializes a chunk when it is asked for, not before', async () => {
    let read = 0;
    const chunk = {
      get value() {
        return (read += 1);
      },
    };
    const stream = await cross(new ReadableStream({ start: (c) => c.enqueue(chunk) }));
    await settle();
    assert.equal(read, 0);
    const reader = stream.getReader();
    assert.deepEqual((await reader.read()).value, { value: 1 });
    await reader.cancel();
  });

  for (const [what, chunk] of [
    ['a function', () => {}],
    ['a stream', new ReadableStream()],
    ['a stream inside', { deep: [new WritableStream()] }],
  ]) {
    test(`fails on both sides with a DataCloneError for a chunk that is ${what}`, async () => {
      let controller;
      const stream = await cross(new ReadableStream({ start: (c) => void (controller = c).enqueue(chunk) }));
      await assert.rejects(stream.getReader().read(), isDataCloneError);
      assert.throws(() => controller.enqueue(1), TypeError);
    });
  }

  test('cancels its source with a DataCloneError for a reason that cannot be cloned', async () => {
    let reason;
    const stream = await cross(new ReadableStream({ cancel: (given) => void (reason = given) }));
    await assert.rejects(
      stream.cancel(() => {}),
      isDataCloneError,
    );
    await settle();
    assert.ok(isDataCloneError(reason));
  });

  test('can be a stream of the engine', async () => {
    assert.deepEqual(await collect(await cross(new Blob(['tide']).stream())), [new Uint8Array([116, 105, 100, 101])]);
  });
});

describe('a transferred writable stream', () => {
  test('writes in order, and closes when its sink has', async () => {
    const log = [];
    const sink = { write: (chunk) => void log.push(chunk), close: () => void log.push('closed') };
    const writer = (await cross(new WritableStream(sink))).getWriter();
    await Promise.all([writer.write(1), writer.write(2), writer.close()]);
    await settle();
    assert.deepEqual(log, [1, 2, 'closed']);
  });

  test('holds its writer back while its sink is stopped', async () => {
    const writes = [];
    const stopped = new WritableStream({ write: (chunk) => new Promise((resolve) => writes.push({ chunk, resolve })) });
    const writer = (await cross(stopped)).getWriter();
    let written = 0;
    for (let i = 0; i < 10; i++) writer.write(i).then(() => (written += 1));
    await settle();
    assert.deepEqual([writes.length, written], [1, 1]);
    assert.ok(writer.desiredSize < 0);
    for (let i = 0; i < 10; i++) {
      writes[i].resolve();
      await settle();
    }
    assert.equal(written, 10);
    await writer.abort();
  });

  test('takes as many chunks at once as the giving side allows', async () => {
    let begun = 0;
    const stopped = new WritableStream({ write: () => new Promise(() => (begun += 1)) });
    const writer = (await cross(stopped, { highWaterMark: 4 })).getWriter();
    let written = 0;
    for (let i = 0; i < 10; i++)
      writer.write(i).then(
        () => (written += 1),
        () => {},
      );
    await settle();
    assert.deepEqual([begun, written], [1, 5]);
    writer.abort().catch(() => {});
  });

  test('aborts its sink with the reason at once, though a write is waiting', async () => {
    let reason;
    const sink = new WritableStream(
      { write: () => new Promise(() => {}), abort: (given) => void (reason = given) },
      { highWaterMark: 0 },
    );
    const writer = (await cross(sink)).getWriter();
    writer.write('never taken').catch(() => {});
    await settle();
    await writer.abort(new TypeError('changed my mind'));
    await settle();
    assert.ok(reason instanceof TypeError);
    assert.equal(reason.message, 'changed my mind');
  });

  test('fails with a clone of the error of its sink', async () => {
    const writer = (
      await cross(new WritableStream({ write: () => Promise.reject(new RangeError('full')) }))
    ).getWriter();
    writer.write(1).catch(() => {});
    await assert.rejects(writer.closed, (error) => error instanceof RangeError && error.message === 'full');
  });

  test('fails on both sides with a DataCloneError for a chunk that cannot be cloned', async () => {
    let reason;
    const writer = (await cross(new WritableStream({ abort: (given) => void (reason = given) }))).getWriter();
    writer.closed.catch(() => {});
    await assert.rejects(
      writer.write(() => {}),
      isDataCloneError,
    );
    await settle();
    assert.ok(isDataCloneError(reason));
  });
});

describe('a transferred pair', () => {
  test('is a TransformStream that transforms on the giving side', async () => {
    const pair = await cross(new TransformStream({ transform: (chunk, c) => c.enqueue(chunk * 2) }));
    assert.ok(pair instanceof TransformStream);
    assert.deepEqual(await collect(ReadableStream.from([1, 2, 3]).pipeThrough(pair)), [2, 4, 6]);
  });

  test('may be one of the engine', async () => {
    const pair = await cross(new TextEncoderStream());
    assert.deepEqual(await collect(ReadableStream.from(['a']).pipeThrough(pair)), [new Uint8Array([97])]);
  });
});

describe('the signal of a transfer', () => {
  test('cancels the source and fails the reads of a readable stream', async () => {
    const abort = new AbortController();
    let reason;
    const stream = await cross(new ReadableStream({ cancel: (given) => void (reason = given) }), {
      signal: abort.signal,
    });
    const read = stream.getReader().read();
    abort.abort(new TypeError('going down'));
    await assert.rejects(read, (error) => error instanceof TypeError && error.message === 'going down');
    assert.equal(reason, abort.signal.reason);
  });

  test('does so while a chunk waits for a reader that has stopped', async () => {
    const abort = new AbortController();
    const cancelled = new Promise((resolve) => {
      cross(new ReadableStream({ pull: (c) => c.enqueue(1), cancel: resolve }), { signal: abort.signal });
    });
    await settle();
    abort.abort('going down');
    assert.equal(await cancelled, 'going down');
  });

  test('aborts the sink and fails the writes of a writable stream', async () => {
    const abort = new AbortController();
    let reason;
    const writer = (
      await cross(new WritableStream({ abort: (given) => void (reason = given) }), { signal: abort.signal })
    ).getWriter();
    abort.abort('going down');
    await assert.rejects(writer.closed, (error) => error === 'going down');
    assert.equal(reason, 'going down');
  });
});

describe('transferChunks', () => {
  test('moves the buffers of chunks instead of copying them', async () => {
    const chunks = [new Uint8Array(8), new ArrayBuffer(8), [new Float64Array(1), new DataView(new ArrayBuffer(1))]];
    const stream = await cross(ReadableStream.from([...chunks]), { transferChunks: true });
    const got = await collect(stream);
    assert.deepEqual(
      got.flat().map((chunk) => chunk.byteLength),
      [8, 8, 8, 1],
    );
    assert.deepEqual(
      [chunks[0].byteLength, chunks[1].byteLength, chunks[2][0].byteLength, chunks[2][1].buffer.byteLength],
      [0, 0, 0, 0],
    );
  });

  test('copies a view that is narrower than its buffer, and moves one that is as wide', async () => {
    const { buffer } = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);
    const whole = new Uint8Array(4);
    const chunks = [new Uint8Array(buffer, 0, 2), new Uint16Array(buffer, 2, 1), new DataView(buffer, 4, 2), whole];
    const got = await collect(await cross(ReadableStream.from(chunks), { transferChunks: true }));
    assert.deepEqual(
      got.map((view) => [view.constructor, [...new Uint8Array(view.buffer)]]),
      [
        [Uint8Array, [1, 2]],
        [Uint16Array, [3, 4]],
        [DataView, [5, 6]],
        [Uint8Array, [0, 0, 0, 0]],
      ],
    );
    assert.deepEqual([[...new Uint8Array(buffer)], whole.byteLength], [[1, 2, 3, 4, 5, 6, 7, 8], 0]);
  });

  test('leaves to a function that names the buffer of a narrow view to move it whole', async () => {
    const chunk = new Uint8Array(new ArrayBuffer(8), 2, 2);
    const [got] = await collect(
      await cross(ReadableStream.from([chunk]), { transferChunks: ({ buffer }) => [buffer] }),
    );
    assert.deepEqual([got.byteLength, got.byteOffset, got.buffer.byteLength, chunk.byteLength], [2, 2, 8, 0]);
  });

  test('is off unless asked for', async () => {
    const chunk = new Uint8Array(8);
    await collect(await cross(ReadableStream.from([chunk])));
    assert.equal(chunk.byteLength, 8);
  });

  test('copies memory that cannot be moved', async () => {
    const { buffer } = new WebAssembly.Memory({ initial: 1 });
    const [got] = await collect(
      await cross(ReadableStream.from([new Uint8Array(buffer, 0, 8)]), { transferChunks: true }),
    );
    assert.equal(got.byteLength, 8);
    assert.equal(buffer.byteLength, 65536);
  });

  test('holds for the writer of a transferred writable stream', async () => {
    const writer = (await cross(new WritableStream(), { transferChunks: true })).getWriter();
    const chunk = new Uint8Array(8);
    await writer.write(chunk);
    assert.equal(chunk.byteLength, 0);
    await writer.close();
  });

  test('may be a function that names what to move', async () => {
    const chunk = { rows: new Uint8Array(8), kept: new Uint8Array(8) };
    await collect(await cross(ReadableStream.from([chunk]), { transferChunks: ({ rows }) => [rows.buffer] }));
    assert.deepEqual([chunk.rows.byteLength, chunk.kept.byteLength], [0, 8]);
  });
});

describe('a chunk with views that are narrower than their buffers', () => {
  const narrow = (length = 2) => new Uint8Array(new ArrayBuffer(1000), 10, length).fill(7);
  for (const [what, chunk, read] of [
    ['is one', narrow(), (got) => got],
    ['is empty', narrow(0), (got) => got],
    ["is a Buffer of Node's pool", Buffer.from('tide'), (got) => got],
    ['is an array', [1, narrow()], (got) => got[1]],
    ['is an object', { name: 'x', bytes: narrow() }, (got) => got.bytes],
  ]) {
    test(`carries only what they see where it ${what}`, async () => {
      const [got] = await collect(await cross(ReadableStream.from([chunk])));
      const view = read(got);
      assert.deepEqual([...view], [...read(chunk)]);
      assert.equal(view.buffer.byteLength, view.byteLength);
      assert.ok(read(chunk).buffer.byteLength > view.byteLength, 'it was not narrow');
    });
  }

  test('has its getters called once', async () => {
    let calls = 0;
    const chunk = {
      bytes: narrow(),
      get more() {
        return (calls += 1);
      },
    };
    const [got] = await collect(await cross(ReadableStream.from([chunk])));
    assert.deepEqual([got.more, calls], [1, 1]);
  });

  test('may be of memory that is shared, which stays so', async () => {
    const view = new Uint8Array(new SharedArrayBuffer(8), 2, 2);
    const [got] = await collect(await cross(ReadableStream.from([view])));
    assert.deepEqual([got.byteOffset, got.buffer.byteLength], [2, 8]);
  });
});

describe('what cannot be transferred', () => {
  test('is refused with a DataCloneError where it is locked', () => {
    const readable = new ReadableStream();
    readable.getReader();
    assert.throws(() => transfer(readable), isDataCloneError);
    const writable = new WritableStream();
    writable.getWriter();
    assert.throws(() => transfer(writable), isDataCloneError);
  });

  test('leaves the other side of a pair unlocked', () => {
    const pair = new TransformStream();
    pair.writable.getWriter();
    assert.throws(() => transfer(pair), isDataCloneError);
    assert.equal(pair.readable.locked, false);
  });

  test('is refused with a TypeError where it is no stream', () => {
    for (const value of [undefined, null, 1, {}, { readable: new ReadableStream() }])
      assert.throws(() => transfer(value), TypeError);
  });
});

describe('receive()', () => {
  test('refuses what is no handle', () => {
    for (const value of [undefined, null, {}, { type: 'tidegate.ReadableStream', port: {} }])
      assert.throws(() => receive(value), TypeError);
  });

  test('takes a handle once', async () => {
    const handle = await send(transfer(ReadableStream.from([])));
    await collect(receive(handle));
    assert.throws(() => receive(handle), TypeError);
  });
});

/** Resolves with the first message that comes to `port` and is not in `passed`. */
const answerTo = (port, passed = ['credit']) =>
  new Promise((resolve) => {
    port.onmessage = ({ data }) => passed.includes(data.type) || resolve(data);
  });

describe('a message that is not of the protocol', () => {
  const strange = [
    null,
    7,
    'chunk',
    {},
    { type: 'nonsense' },
    { type: 1n },
    { type: 'lock', value: 1 },
    { type: 'exception', value: undefined },
    { type: 'exception', value: { name: 'Error', message: [Array(2 ** 28)] } },
    { type: 'exception', value: { name: {}, message: '' } },
  ];
  const toReadable = [
    ...strange,
    { type: 'chunk', value: 'unasked' },
    { type: 'credit', value: 1 },
    { type: 'closed' },
  ];
  const toWritable = [
    ...strange,
    { type: 'chunk', value: 1 },
    { type: 'close' },
    { type: 'closed' },
    ...[1n, Infinity, NaN, 0, -1, 0.5, '1', 4097, {}, undefined].map((value) => ({ type: 'credit', value })),
  ];
  const show = (message) => inspect(message, { breakLength: Infinity });

  for (const message of toReadable) {
    test(`fails a readable stream on both sides: ${show(message)}`, async () => {
      const { port1, port2 } = new MessageChannel();
      const reader = receive(
        { type: 'tidegate.ReadableStream', port: port2 },
        { highWaterMark: message?.type === 'chunk' ? 1 : 0 },
      ).getReader();
      if (message?.value === 'unasked') {
        await answerTo(port1, []);
        port1.postMessage({ type: 'chunk', value: 'asked for' });
      }
      const told = answerTo(port1);
      port1.postMessage(message);
      await assert.rejects(reader.closed, { name: 'DataError' });
      assert.equal((await told).value.name, 'DataError');
    });
  }

  for (const message of toWritable) {
    test(`fails a writable stream on both sides: ${show(message)}`, async () => {
      const { port1, port2 } = new MessageChannel();
      const writer = receive({ type: 'tidegate.WritableStream', port: port2 }).getWriter();
      const told = answerTo(port1);
      port1.postMessage(message);
      await assert.rejects(writer.closed, { name: 'DataError' });
      assert.equal((await told).value.name, 'DataError');
    });
  }

  test('is credit that would add up to more than may be under way', async () => {
    const { port1, port2 } = new MessageChannel();
    const writer = receive({ type: 'tidegate.WritableStream', port: port2 }).getWriter();
    for (let n = 0; n < 2; n += 1) port1.postMessage({ type: 'credit', value: 3000 });
    await assert.rejects(writer.closed, { name: 'DataError' });
    port1.close();
  });
});

test('a side that may hold any number of chunks asks for no more than 4096 at once, and gets all', async () => {
  let pulls = 0;
  const source = new ReadableStream(
    { pull: (c) => ((pulls += 1) > 10_000 ? c.close() : c.enqueue(pulls)) },
    { highWaterMark: 0 },
  );
  const stream = await cross(source, {}, { highWaterMark: Infinity });
  assert.equal((await collect(stream)).length, 10_000);
});

describe('the errors option', () => {
  const secret = Object.assign(new RangeError('too far', { cause: 'the secret' }), { code: 5 });
  const failing = (errors) => cross(new ReadableStream({ pull: (c) => c.error(secret) }), { errors });
  const failureOf = async (stream) =>
    stream
      .getReader()
      .read()
      .then(
        () => assert.fail('it did not fail'),
        (error) => error,
      );

  test('lets all cross that a clone has, unless it says otherwise', async () => {
    const error = await failureOf(await failing(undefined));
    assert.ok(error instanceof RangeError);
    assert.match(error.stack, /transfer\.test/);
  });

  test('lets the name and the message cross, and no stack and no cause, by message', async () => {
    const error = await failureOf(await failing('message'));
    assert.deepEqual([error.name, error.message, error.cause], ['RangeError', 'too far', undefined]);
    assert.doesNotMatch(String(error.stack), /transfer\.test/);
  });

  test('lets nothing cross by none', async () => {
    const error = await failureOf(await failing('none'));
    assert.equal(error.message, 'The other side of the stream failed');
    assert.doesNotMatch(inspect(error), /too far|secret|transfer\.test/);
  });

  test('holds for the reason of a cancel in receive() too', async () => {
    const reason = new Promise((resolve) => {
      cross(new ReadableStream({ cancel: resolve }), {}, { errors: 'message' }).then((stream) => stream.cancel(secret));
    });
    assert.deepEqual([(await reason).name, (await reason).cause], ['RangeError', undefined]);
  });

  test('must be one of three', () => {
    assert.throws(() => transfer(new ReadableStream(), { errors: 'some' }), {
      name: 'TypeError',
      message: "transfer(): errors must be 'all', 'message' or 'none'; got string",
    });
  });
});

describe('a worker', () => {
  const worker = (source) =>
    new Worker(
      `
    const { parentPort } = require('node:worker_threads');
    parentPort.on('message', async (message) => {
      const { ReadableStream, receive, transfer } = await import('tidegate');
      ${source}
    });`,
      { eval: true },
    );

  test('reads what the main thread produces, and sends it back', async () => {
    const thread = worker(`
      const upper = receive(message).pipeThrough(new (await import('tidegate')).TransformStream({ transform: (chunk, c) => c.enqueue(chunk.toUpperCase()) }));
      const { handle, transfer: list } = transfer(upper);
      parentPort.postMessage(handle, list);`);
    try {
      const { handle, transfer: list } = transfer(ReadableStream.from(['ebb', 'flow']));
      const answer = new Promise((resolve) => thread.once('message', resolve));
      thread.postMessage(handle, list);
      assert.deepEqual(await collect(receive(await answer)), ['EBB', 'FLOW']);
    } finally {
      await thread.terminate();
    }
  });

  test('that is gone cancels the sources of the streams it had', async () => {
    const thread = worker(
      "const reader = receive(message).getReader(); await reader.read(); parentPort.postMessage('read');",
    );
    let reason;
    const cancelled = new Promise((resolve) => {
      const source = new ReadableStream({ pull: (c) => c.enqueue(1), cancel: (given) => resolve((reason = given)) });
      const { handle, transfer: list } = transfer(source);
      thread.postMessage(handle, list);
    });
    await new Promise((resolve) => thread.once('message', resolve));
    await thread.terminate();
    await cancelled;
    assert.equal(reason.name, 'NetworkError');
  });
});

async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}
