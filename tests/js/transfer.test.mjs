/** transfer() and receive(): a stream in another thread, with backpressure, ends and errors, over a MessageChannel. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
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
    const { handle, transfer: [port] } = transfer(new ReadableStream({ pull: (c) => c.enqueue(1) }, { highWaterMark: 0 }));
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
    await assert.rejects(stream.getReader().read(), (error) => error instanceof RangeError && error.message === 'too far');
  });

  test('tells of an end that came before it was received', async () => {
    const ended = transfer(new ReadableStream({ start: (c) => c.close() }));
    const failed = transfer(new ReadableStream({ start: (c) => c.error('gone') }));
    await settle();
    assert.equal((await receive(await send(ended)).getReader().read()).done, true);
    await assert.rejects(receive(await send(failed)).getReader().read(), (error) => error === 'gone');
  });

  test('serializes a chunk when it is asked for, not before', async () => {
    let read = 0;
    const chunk = { get value() { return (read += 1); } };
    const stream = await cross(new ReadableStream({ start: (c) => c.enqueue(chunk) }));
    await settle();
    assert.equal(read, 0);
    const reader = stream.getReader();
    assert.deepEqual((await reader.read()).value, { value: 1 });
    await reader.cancel();
  });

  for (const [what, chunk] of [['a function', () => {}], ['a stream', new ReadableStream()], ['a stream inside', { deep: [new WritableStream()] }]]) {
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
    await assert.rejects(stream.cancel(() => {}), isDataCloneError);
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
    for (let i = 0; i < 10; i++) writer.write(i).then(() => (written += 1), () => {});
    await settle();
    assert.deepEqual([begun, written], [1, 5]);
    writer.abort().catch(() => {});
  });

  test('aborts its sink with the reason at once, though a write is waiting', async () => {
    let reason;
    const sink = new WritableStream({ write: () => new Promise(() => {}), abort: (given) => void (reason = given) }, { highWaterMark: 0 });
    const writer = (await cross(sink)).getWriter();
    writer.write('never taken').catch(() => {});
    await settle();
    await writer.abort(new TypeError('changed my mind'));
    await settle();
    assert.ok(reason instanceof TypeError);
    assert.equal(reason.message, 'changed my mind');
  });

  test('fails with a clone of the error of its sink', async () => {
    const writer = (await cross(new WritableStream({ write: () => Promise.reject(new RangeError('full')) }))).getWriter();
    writer.write(1).catch(() => {});
    await assert.rejects(writer.closed, (error) => error instanceof RangeError && error.message === 'full');
  });

  test('fails on both sides with a DataCloneError for a chunk that cannot be cloned', async () => {
    let reason;
    const writer = (await cross(new WritableStream({ abort: (given) => void (reason = given) }))).getWriter();
    writer.closed.catch(() => {});
    await assert.rejects(writer.write(() => {}), isDataCloneError);
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
    const stream = await cross(new ReadableStream({ cancel: (given) => void (reason = given) }), { signal: abort.signal });
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
    const writer = (await cross(new WritableStream({ abort: (given) => void (reason = given) }), { signal: abort.signal })).getWriter();
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
    assert.deepEqual(got.flat().map((chunk) => chunk.byteLength), [8, 8, 8, 1]);
    assert.deepEqual([chunks[0].byteLength, chunks[1].byteLength, chunks[2][0].byteLength, chunks[2][1].buffer.byteLength], [0, 0, 0, 0]);
  });

  test('is off unless asked for', async () => {
    const chunk = new Uint8Array(8);
    await collect(await cross(ReadableStream.from([chunk])));
    assert.equal(chunk.byteLength, 8);
  });

  test('copies memory that cannot be moved', async () => {
    const { buffer } = new WebAssembly.Memory({ initial: 1 });
    const [got] = await collect(await cross(ReadableStream.from([new Uint8Array(buffer, 0, 8)]), { transferChunks: true }));
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
    for (const value of [undefined, null, 1, {}, { readable: new ReadableStream() }]) assert.throws(() => transfer(value), TypeError);
  });
});

describe('receive()', () => {
  test('refuses what is no handle', () => {
    for (const value of [undefined, null, {}, { type: 'tidegate.ReadableStream', port: {} }]) assert.throws(() => receive(value), TypeError);
  });

  test('takes a handle once', async () => {
    const handle = await send(transfer(ReadableStream.from([])));
    await collect(receive(handle));
    assert.throws(() => receive(handle), TypeError);
  });

  test('passes over messages that are not of the protocol, and chunks nobody asked for', async () => {
    const { port1, port2 } = new MessageChannel();
    const reader = receive({ type: 'tidegate.ReadableStream', port: port2 }).getReader();
    for (const message of [null, 7, 'chunk', { type: 'nonsense' }, { type: 'chunk', value: 'unasked' }]) port1.postMessage(message);
    await settle();
    const read = reader.read();
    await settle();
    port1.postMessage({ type: 'chunk', value: 'asked for' });
    assert.equal((await read).value, 'asked for');
    port1.close();
  });
});

describe('a worker', () => {
  const worker = (source) => new Worker(`
    const { parentPort } = require('node:worker_threads');
    parentPort.on('message', async (message) => {
      const { ReadableStream, receive, transfer } = await import('tidegate');
      ${source}
    });`, { eval: true });

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
    const thread = worker("const reader = receive(message).getReader(); await reader.read(); parentPort.postMessage('read');");
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
