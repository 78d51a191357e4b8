import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { batches, ByteLengthQueuingStrategy, ReadableStream, WritableStream } from 'tidegate';

const countdown = (n, strategy) => {
  let i = 0;
  return new ReadableStream(
    {
      pull(c) {
        if (i < n) c.enqueue(i++);
        else c.close();
      },
    },
    strategy,
  );
};

describe('readMany()', () => {
  it('gives everything that is queued for one promise', async () => {
    const reader = new ReadableStream({
      start(c) {
        for (const x of 'abc') c.enqueue(x);
        c.close();
      },
    }).getReader();
    assert.deepEqual(await reader.readMany(), { value: ['a', 'b', 'c'], done: false });
    assert.deepEqual(await reader.readMany(), { value: undefined, done: true });
    await reader.closed;
  });

  it('waits for the next chunks where nothing is queued, and takes all of one call', async () => {
    let controller;
    const reader = new ReadableStream({
      start(c) {
        controller = c;
      },
    }).getReader();
    const many = reader.readMany();
    controller.enqueue(1);
    controller.enqueue(2);
    assert.deepEqual(await many, { value: [1, 2], done: false });
  });

  it('leaves to a later read what comes after its own first chunk', async () => {
    let controller;
    const reader = new ReadableStream({
      start(c) {
        controller = c;
      },
    }).getReader();
    const many = reader.readMany();
    const one = reader.read();
    controller.enqueue(1);
    controller.enqueue(2);
    assert.deepEqual(await many, { value: [1], done: false });
    assert.deepEqual(await one, { value: 2, done: false });
  });

  it('never holds more than the high-water mark', async () => {
    const reader = countdown(1000, { highWaterMark: 8 }).getReader();
    let seen = 0;
    for (;;) {
      const { value, done } = await reader.readMany();
      if (done) break;
      assert.ok(value.length <= 9, `${value.length} chunks at once`);
      for (const x of value) assert.equal(x, seen++);
    }
    assert.equal(seen, 1000);
  });

  it('rejects with the error of the stream', async () => {
    const error = new Error('broken');
    const reader = new ReadableStream({
      pull() {
        throw error;
      },
    }).getReader();
    await assert.rejects(reader.readMany(), (e) => e === error);
    await assert.rejects(reader.readMany(), (e) => e === error);
  });

  it('reads byte streams', async () => {
    const reader = new ReadableStream({
      type: 'bytes',
      start(c) {
        c.enqueue(Uint8Array.of(1));
        c.enqueue(Uint8Array.of(2, 3));
        c.close();
      },
    }).getReader();
    const { value } = await reader.readMany();
    assert.deepEqual(
      value.map((view) => [...view]),
      [[1], [2, 3]],
    );
    assert.equal((await reader.readMany()).done, true);
  });

  it('rejects once the reader is released', async () => {
    const reader = new ReadableStream().getReader();
    const pending = reader.readMany();
    reader.releaseLock();
    await assert.rejects(pending, TypeError);
    await assert.rejects(reader.readMany(), TypeError);
  });
});

describe('batches()', () => {
  it('gives every chunk once, in order', async () => {
    const seen = [];
    for await (const batch of batches(countdown(100, { highWaterMark: 7 }))) seen.push(...batch);
    assert.deepEqual(
      seen,
      Array.from({ length: 100 }, (_, i) => i),
    );
  });

  it('cancels the stream when the loop is left, and releases the lock', async () => {
    let cancelled = 0;
    const stream = new ReadableStream({
      pull(c) {
        c.enqueue(1);
      },
      cancel() {
        cancelled++;
      },
    });
    for await (const batch of batches(stream)) if (batch) break;
    assert.equal(cancelled, 1);
    assert.equal(stream.locked, false);
  });

  it('leaves the stream usable with preventCancel', async () => {
    const stream = countdown(10);
    for await (const batch of batches(stream, { preventCancel: true })) if (batch) break;
    assert.equal((await stream.getReader().read()).done, false);
  });

  it("takes the engine's own streams", async () => {
    const seen = [];
    for await (const batch of batches(new Blob(['hello']).stream())) seen.push(...batch);
    assert.equal(Buffer.concat(seen).toString(), 'hello');
  });
});

describe('writeMany()', () => {
  it('writes all chunks in order and fulfils with the last', async () => {
    const seen = [];
    const writer = new WritableStream(
      {
        write(x) {
          seen.push(x);
        },
      },
      { highWaterMark: 4 },
    ).getWriter();
    await writer.writeMany([1, 2, 3]);
    assert.deepEqual(seen, [1, 2, 3]);
    await writer.writeMany([]);
    await writer.close();
  });

  it('counts every chunk against the high-water mark', async () => {
    const writer = new WritableStream({}, { highWaterMark: 4 }).getWriter();
    const done = writer.writeMany([1, 2, 3, 4, 5]);
    assert.equal(writer.desiredSize, -1);
    await writer.ready;
    assert.ok(writer.desiredSize > 0);
    await done;
  });

  it("asks the strategy for each chunk's size", async () => {
    const writer = new WritableStream({}, new ByteLengthQueuingStrategy({ highWaterMark: 10 })).getWriter();
    const done = writer.writeMany([new Uint8Array(3), new Uint8Array(4)]);
    assert.equal(writer.desiredSize, 3);
    await done;
  });

  it('rejects with the error of the write that failed, and writes no more', async () => {
    const error = new Error('disk full');
    const seen = [];
    const writer = new WritableStream(
      {
        write(x) {
          seen.push(x);
          if (x === 2) throw error;
        },
      },
      { highWaterMark: 9 },
    ).getWriter();
    await assert.rejects(writer.writeMany([1, 2, 3, 4]), (e) => e === error);
    assert.deepEqual(seen, [1, 2]);
    await assert.rejects(writer.writeMany([5]), (e) => e === error);
  });

  it('rejects a closing stream and what is no array', async () => {
    const writer = new WritableStream().getWriter();
    await assert.rejects(writer.writeMany('abc'), TypeError);
    const closed = writer.close();
    await assert.rejects(writer.writeMany([1]), TypeError);
    await closed;
  });
});
