/** `onDiscard` of a stream that was transferred: a chunk that does not cross, or is not taken there, is discarded once. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ReadableStream, WritableStream, receive, transfer } from 'tidegate';

// A stream at rest does not keep a process alive, and some tests have nothing else.
const alive = setInterval(() => {}, 1000);
after(() => clearInterval(alive));

function cross(stream, options, received) {
  const { handle, transfer: list } = transfer(stream, options);
  return receive(structuredClone(handle, { transfer: list }), received);
}

/** Long enough for every message that is on its way. */
const settle = () => sleep(50);

/** A transferred stream of five chunks, and the ids of the chunks that were discarded. */
function readable(options, { first = { id: 0 }, ...source } = {}) {
  const discarded = [];
  const stream = new ReadableStream(
    {
      start: (c) => [first, { id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }].forEach((chunk) => c.enqueue(chunk)),
      onDiscard: (chunk) => void discarded.push(chunk.id),
      ...source,
    },
    { highWaterMark: 5 },
  );
  return { discarded, reader: cross(stream, options).getReader() };
}

describe('the onDiscard of a transferred readable stream gets', () => {
  test('every chunk that was not sent when the other side cancels', async () => {
    const { discarded, reader } = readable();
    assert.equal((await reader.read()).value.id, 0);
    await settle();
    await reader.cancel('enough');
    await settle();
    assert.deepEqual(discarded.sort(), [1, 2, 3, 4]);
  });

  test('every chunk that was not sent when the signal is aborted', async () => {
    const controller = new AbortController();
    const { discarded, reader } = readable({ signal: controller.signal });
    await reader.read();
    await settle();
    controller.abort('stop');
    await settle();
    assert.deepEqual(discarded.sort(), [1, 2, 3, 4]);
    await assert.rejects(reader.closed, (error) => error === 'stop');
  });

  test('a chunk that cannot be cloned, and those behind it', async () => {
    const { discarded, reader } = readable({}, { first: { id: 'bad', call() {} } });
    await assert.rejects(reader.read(), { name: 'DataCloneError' });
    await settle();
    assert.deepEqual(discarded.sort(), [1, 2, 3, 4, 'bad']);
  });

  test('nothing twice where onDiscard cancels the other side', async () => {
    const seen = [];
    const { reader } = readable({}, { onDiscard: ({ id }) => (seen.push(id), void reader.cancel('again')) });
    await reader.read();
    await settle();
    await reader.cancel('enough');
    await settle();
    assert.deepEqual(seen.sort(), [1, 2, 3, 4]);
  });
});

describe('the onDiscard of a transferred writable stream gets', () => {
  test('every chunk that crossed and that its sink did not take', async () => {
    const discarded = [];
    let fail;
    const sink = new WritableStream({
      write: () => new Promise((resolve, reject) => (fail = reject)),
      onDiscard: ({ id }) => void discarded.push(id),
    });
    const writer = cross(sink, { highWaterMark: 3 }).getWriter();
    writer.closed.catch(() => {});
    for (let id = 0; id < 4; id += 1) writer.write({ id }).catch(() => {});
    await settle();
    fail(new RangeError('full'));
    await assert.rejects(writer.closed, { message: 'full' });
    await settle();
    // The sink was called with the first.
    assert.deepEqual(discarded.sort(), [1, 2, 3]);
  });
});
