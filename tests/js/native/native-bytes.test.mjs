/** fromNative and toNative of byte streams: a BYOB read on one side is a BYOB read on the other, into the same buffer. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ReadableStream, fromNative, toNative } from 'tidegate';

/** The same behaviour is asked of both directions: `FromReadable` is the class that is given. */
const directions = [
  { name: 'fromNative', convert: fromNative, FromReadable: globalThis.ReadableStream },
  { name: 'toNative', convert: toNative, FromReadable: ReadableStream },
];

for (const { name, convert, FromReadable } of directions) {
  describe(`${name} of a byte stream`, () => {
    const bytes = (...values) => ({
      type: 'bytes',
      start(c) {
        c.enqueue(new Uint8Array(values));
        c.close();
      },
    });

    test('is a byte stream too, read into the buffer it is given', async () => {
      const reader = convert(new FromReadable(bytes(1, 2, 3))).getReader({ mode: 'byob' });
      const first = await reader.read(new Uint8Array(2));
      assert.deepEqual([...first.value], [1, 2]);
      assert.equal(first.value.buffer.byteLength, 2);
      const second = await reader.read(new Uint8Array(8));
      assert.deepEqual([...second.value], [3]);
      assert.equal(second.value.buffer.byteLength, 8);
      const third = await reader.read(new Uint8Array(8));
      assert.equal(third.done, true);
      assert.equal(third.value.byteLength, 0);
    });

    test('gives its chunks to a default reader as well', async () => {
      const reader = convert(new FromReadable(bytes(1, 2, 3))).getReader();
      assert.deepEqual([...(await reader.read()).value], [1, 2, 3]);
      assert.equal((await reader.read()).done, true);
    });

    test('gives a default reader no more than 256 KiB at once', async () => {
      const large = new FromReadable({
        type: 'bytes',
        start(c) {
          c.enqueue(new Uint8Array(600_000));
          c.close();
        },
      });
      const sizes = [];
      for await (const chunk of convert(large)) sizes.push(chunk.byteLength);
      assert.deepEqual(sizes, [262_144, 262_144, 600_000 - 2 * 262_144]);
    });

    test('gives small chunks in buffers of about their size, and one does not overwrite another', async () => {
      let n = 0;
      const small = new FromReadable({
        type: 'bytes',
        pull(c) {
          c.enqueue(new Uint8Array(1000).fill((n += 1)));
          if (n === 5) c.close();
        },
      });
      const chunks = [];
      for await (const chunk of convert(small)) chunks.push(chunk);
      for (const chunk of chunks) assert.ok(chunk.buffer.byteLength <= 2 * chunk.byteLength);
      assert.deepEqual(Buffer.concat(chunks), Buffer.concat([1, 2, 3, 4, 5].map((fill) => Buffer.alloc(1000, fill))));
    });

    test('asks the source to fill a buffer once the consumer has brought one, and not before', async () => {
      const asked = [];
      const source = new FromReadable({
        type: 'bytes',
        pull(c) {
          asked.push(c.byobRequest?.view.byteLength);
          c.enqueue(new Uint8Array([asked.length]));
        },
      });
      const converted = convert(source);
      const reader = converted.getReader();
      for (const n of [1, 2]) assert.deepEqual([...(await reader.read()).value], [n]);
      reader.releaseLock();
      const byob = converted.getReader({ mode: 'byob' });
      assert.deepEqual([...(await byob.read(new Uint8Array(5))).value], [3]);
      assert.deepEqual(asked, [undefined, undefined, 5]);
      await byob.cancel();
    });

    test('asks the source for 256 KiB once it has given more at once', async () => {
      const asked = [];
      const source = new FromReadable({
        type: 'bytes',
        pull(c) {
          asked.push(c.byobRequest?.view.byteLength);
          c.enqueue(new Uint8Array(asked.length === 1 ? 300_000 : 10));
          if (asked.length === 3) c.close();
        },
      });
      const sizes = [];
      for await (const chunk of convert(source)) sizes.push(chunk.byteLength);
      assert.deepEqual(asked, [undefined, 262_144, 262_144]);
      assert.deepEqual(sizes, [262_144, 300_000 - 262_144, 10, 10]);
    });

    test('carries an error that comes after the change to another kind of reader', async () => {
      const failure = new Error('broken');
      let controller;
      const converted = convert(
        new FromReadable({
          type: 'bytes',
          start(c) {
            controller = c;
            c.enqueue(new Uint8Array([1, 2]));
          },
        }),
      );
      const byob = converted.getReader({ mode: 'byob' });
      assert.deepEqual([...(await byob.read(new Uint8Array(4))).value], [1, 2]);
      controller.error(failure);
      await assert.rejects(byob.closed, (error) => error === failure);
    });

    test('may change between the two kinds of reader', async () => {
      const converted = convert(new FromReadable(bytes(1, 2, 3)));
      const byob = converted.getReader({ mode: 'byob' });
      assert.deepEqual([...(await byob.read(new Uint8Array(1))).value], [1]);
      byob.releaseLock();
      const reader = converted.getReader();
      assert.deepEqual([...(await reader.read()).value], [2, 3]);
    });

    for (const [when, pull] of [
      ['closes without an answer to the read', (c) => c.close()],
      [
        'closes later without an answer to the read',
        async (c) => {
          await new Promise((resolve) => setTimeout(resolve, 1));
          c.close();
        },
      ],
      [
        'enqueues and closes at once',
        (c) => {
          c.enqueue(new Uint8Array([7]));
          c.close();
        },
      ],
    ]) {
      const bytes = when.startsWith('enqueues') ? [7] : [];

      test(`ends for a default reader when the source ${when}`, async () => {
        const chunks = [];
        for await (const chunk of convert(new FromReadable({ type: 'bytes', pull }))) chunks.push(...chunk);
        assert.deepEqual(chunks, bytes);
      });

      test(`ends for a BYOB reader when the source ${when}`, async () => {
        const reader = convert(new FromReadable({ type: 'bytes', pull })).getReader({ mode: 'byob' });
        const read = () => reader.read(new Uint8Array(new ArrayBuffer(16), 4, 8));
        for (const value of bytes) assert.deepEqual([...(await read()).value], [value]);
        const { done, value } = await read();
        assert.deepEqual([done, value.byteOffset, value.byteLength, value.buffer.byteLength], [true, 4, 0, 16]);
      });
    }

    test('may be cancelled at any moment after the source has closed', async () => {
      for (let ticks = 0; ticks < 10; ticks += 1) {
        let controller;
        const reader = convert(
          new FromReadable({
            type: 'bytes',
            start(c) {
              controller = c;
            },
          }),
        ).getReader();
        const read = reader.read();
        await new Promise((resolve) => setTimeout(resolve, 0));
        controller.close();
        for (let n = 0; n < ticks; n += 1) await undefined;
        await reader.cancel();
        assert.equal((await read).done, true);
      }
    });

    test('carries an error to a pending BYOB read unchanged', async () => {
      const failure = new Error('broken');
      const reader = convert(
        new FromReadable({
          type: 'bytes',
          async pull() {
            throw failure;
          },
        }),
      ).getReader({ mode: 'byob' });
      await assert.rejects(reader.read(new Uint8Array(4)), (error) => error === failure);
    });

    test('carries a cancel during a BYOB read', async () => {
      let seen;
      const reader = convert(
        new FromReadable({
          type: 'bytes',
          cancel(reason) {
            seen = reason;
          },
        }),
      ).getReader({ mode: 'byob' });
      const pending = reader.read(new Uint8Array(4));
      await reader.cancel('enough');
      assert.equal((await pending).done, true);
      assert.equal(seen, 'enough');
    });
  });
}
