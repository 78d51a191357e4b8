/** https://streams.spec.whatwg.org/#readable-stream-tee for default and byte streams. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ReadableStream } from 'tidegate';

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));
const bytes = (...values) => new Uint8Array(values);

const kinds = [
  { name: 'a default stream', source: {}, chunk: (n) => bytes(n) },
  { name: 'a byte stream', source: { type: 'bytes' }, chunk: (n) => bytes(n) },
];

function open(source) {
  let controller;
  const stream = new ReadableStream({
    ...source,
    start(c) {
      controller = c;
    },
  });
  return { stream, controller };
}

async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push([...chunk]);
  return chunks;
}

for (const { name, source, chunk } of kinds) {
  describe(`tee() of ${name}`, () => {
    test('gives both branches every chunk, and the end', async () => {
      const { stream, controller } = open(source);
      const branches = stream.tee();
      assert.ok(branches.every((branch) => branch instanceof ReadableStream));
      controller.enqueue(chunk(1));
      controller.enqueue(chunk(2));
      controller.close();
      assert.deepEqual(await Promise.all(branches.map(collect)), [
        [[1], [2]],
        [[1], [2]],
      ]);
    });

    test('locks the stream', () => {
      const { stream } = open(source);
      stream.tee();
      assert.equal(stream.locked, true);
      assert.throws(() => stream.tee(), TypeError);
    });

    test('lets a slow branch keep what the other has read', async () => {
      const { stream, controller } = open(source);
      const [first, second] = stream.tee();
      controller.enqueue(chunk(1));
      controller.enqueue(chunk(2));
      controller.close();
      assert.deepEqual(await collect(first), [[1], [2]]);
      assert.deepEqual(await collect(second), [[1], [2]]);
    });

    test("errors both branches with the source's error", async () => {
      const { stream, controller } = open(source);
      const readers = stream.tee().map((branch) => branch.getReader());
      const reads = readers.map((reader) => reader.read());
      const error = new Error('source');
      controller.error(error);
      for (const read of reads) await assert.rejects(read, error);
      for (const reader of readers) await assert.rejects(reader.closed, error);
    });

    test('errors both branches of a stream that is errored already', async () => {
      const { stream, controller } = open(source);
      const error = new Error('before');
      controller.error(error);
      for (const branch of stream.tee()) await assert.rejects(branch.getReader().read(), error);
    });

    test('closes both branches of a stream that is closed already', async () => {
      const { stream, controller } = open(source);
      controller.close();
      for (const branch of stream.tee()) assert.equal((await branch.getReader().read()).done, true);
    });

    test('cancels the source with both reasons when both branches are cancelled', async () => {
      let reason;
      const { stream } = open({
        ...source,
        cancel(r) {
          reason = r;
        },
      });
      const [first, second] = stream.tee();
      const cancels = [first.cancel('one')];
      await turn();
      assert.equal(reason, undefined);
      cancels.push(second.cancel('two'));
      await Promise.all(cancels);
      assert.deepEqual(reason, ['one', 'two']);
    });

    test('goes on for one branch when the other is cancelled', async () => {
      const { stream, controller } = open(source);
      const [first, second] = stream.tee();
      first.cancel();
      controller.enqueue(chunk(1));
      controller.close();
      assert.deepEqual(await collect(second), [[1]]);
    });

    test("settles a branch's cancel when the source ends", async () => {
      const { stream, controller } = open(source);
      const [first, second] = stream.tee();
      const cancelled = first.cancel();
      const reader = second.getReader();
      const read = reader.read();
      await turn();
      controller.close();
      assert.equal((await read).done, true);
      await cancelled;
    });

    test("rejects both cancels with what the source's cancel throws", async () => {
      const error = new Error('cancel');
      const { stream } = open({
        ...source,
        cancel() {
          throw error;
        },
      });
      const cancels = stream.tee().map((branch) => branch.cancel());
      for (const cancelled of cancels) await assert.rejects(cancelled, error);
    });

    test('can be done again to a branch', async () => {
      const { stream, controller } = open(source);
      const [first, second] = stream.tee();
      const branches = [...first.tee(), second];
      controller.enqueue(chunk(5));
      controller.close();
      assert.deepEqual(await Promise.all(branches.map(collect)), [[[5]], [[5]], [[5]]]);
    });
  });
}

describe('tee() of a default stream', () => {
  test('gives both branches the same object', async () => {
    const { stream, controller } = open({});
    const shared = {};
    controller.enqueue(shared);
    const [first, second] = stream.tee().map((branch) => branch.getReader());
    assert.equal((await first.read()).value, shared);
    assert.equal((await second.read()).value, shared);
  });

  test('pulls the source for what its faster branch wants', async () => {
    let pulls = 0;
    const stream = new ReadableStream(
      {
        pull(c) {
          pulls += 1;
          c.enqueue(pulls);
        },
      },
      { highWaterMark: 0 },
    );
    const [first] = stream.tee();
    const reader = first.getReader();
    await turn();
    assert.equal(pulls, 1);
    for (const expected of [1, 2, 3]) assert.equal((await reader.read()).value, expected);
  });
});

describe('tee() of a byte stream', () => {
  test('gives each branch a buffer of its own', async () => {
    const { stream, controller } = open({ type: 'bytes' });
    controller.enqueue(bytes(1));
    const [first, second] = stream.tee().map((branch) => branch.getReader());
    const [a, b] = [(await first.read()).value, (await second.read()).value];
    a[0] = 9;
    assert.deepEqual(b, bytes(1));
  });

  test('pulls nothing before a branch is read', async () => {
    let pulls = 0;
    new ReadableStream({
      type: 'bytes',
      pull() {
        pulls += 1;
      },
    }).tee();
    await turn();
    assert.equal(pulls, 0);
  });

  test("reads the source into the buffer of a branch's BYOB read", async () => {
    const { stream, controller } = open({ type: 'bytes' });
    const [first, second] = stream.tee();
    const read = first.getReader({ mode: 'byob' }).read(new Uint8Array(new ArrayBuffer(8), 2, 4));
    await turn();
    const { view } = controller.byobRequest;
    assert.deepEqual([view.byteOffset, view.byteLength, view.buffer.byteLength], [2, 4, 8]);
    view.set([1, 2]);
    controller.byobRequest.respond(2);
    const { value } = await read;
    assert.deepEqual([value.byteOffset, [...value]], [2, [1, 2]]);
    assert.deepEqual((await second.getReader().read()).value, bytes(1, 2));
  });

  test('answers the BYOB reads of both branches when the source closes', async () => {
    const { stream, controller } = open({ type: 'bytes' });
    const reads = stream.tee().map((branch) => branch.getReader({ mode: 'byob' }).read(new Uint8Array(4)));
    await turn();
    controller.close();
    controller.byobRequest.respond(0);
    for (const { value, done } of await Promise.all(reads)) {
      assert.equal(done, true);
      assert.equal(value.byteLength, 0);
    }
  });

  test('answers a BYOB read of one branch when the source closes during a default read of the other', async () => {
    const { stream, controller } = open({ type: 'bytes' });
    const [first, second] = stream.tee();
    const plain = first.getReader().read();
    await turn();
    const byob = second.getReader({ mode: 'byob' }).read(new Uint8Array(4));
    controller.close();
    assert.equal((await plain).done, true);
    const { value, done } = await byob;
    assert.equal(done, true);
    assert.equal(value.buffer.byteLength, 4);
  });
});
