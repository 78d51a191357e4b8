/** fromNative and toNative: what crosses between tidegate's streams and the engine's, and what does not change on the way. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ReadableStream, TransformStream, WritableStream, fromNative, toNative } from 'tidegate';

const { ReadableStream: NativeReadable, WritableStream: NativeWritable, TransformStream: NativeTransform } = globalThis;

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

/** The same behaviour is asked of both directions: `From` is the class that is given, `To` the class that comes out. */
const directions = [
  {
    name: 'fromNative',
    convert: fromNative,
    FromReadable: NativeReadable,
    FromWritable: NativeWritable,
    ToReadable: ReadableStream,
    ToWritable: WritableStream,
  },
  {
    name: 'toNative',
    convert: toNative,
    FromReadable: ReadableStream,
    FromWritable: WritableStream,
    ToReadable: NativeReadable,
    ToWritable: NativeWritable,
  },
];

for (const { name, convert, FromReadable, FromWritable, ToReadable, ToWritable } of directions) {
  describe(`${name} of a readable stream`, () => {
    test('is a stream of the other class with the same chunks in the same order', async () => {
      const chunks = ['a', { b: 1 }, undefined, new Uint8Array([1])];
      const converted = convert(
        new FromReadable({
          start(c) {
            for (const chunk of chunks) c.enqueue(chunk);
            c.close();
          },
        }),
      );
      assert.ok(converted instanceof ToReadable);
      const reader = converted.getReader();
      for (const chunk of chunks) assert.equal((await reader.read()).value, chunk);
      assert.equal((await reader.read()).done, true);
    });

    test('pulls one chunk for one read and none before', async () => {
      let pulls = 0;
      const converted = convert(
        new FromReadable(
          {
            pull(c) {
              pulls += 1;
              c.enqueue(pulls);
            },
          },
          { highWaterMark: 0 },
        ),
      );
      await turn();
      assert.equal(pulls, 0);
      const reader = converted.getReader();
      await reader.read();
      await turn();
      assert.equal(pulls, 1);
    });

    test('keeps the order of reads that are asked for at once', async () => {
      let n = 0;
      const reader = convert(
        new FromReadable(
          {
            pull(c) {
              c.enqueue((n += 1));
            },
          },
          { highWaterMark: 0 },
        ),
      ).getReader();
      const results = await Promise.all([reader.read(), reader.read(), reader.read()]);
      assert.deepEqual(
        results.map(({ value }) => value),
        [1, 2, 3],
      );
    });

    test('carries the reason of a cancel to the source, and what the source makes of it back', async () => {
      const reason = { why: 'enough' };
      const refusal = new Error('cannot cancel');
      let seen;
      const converted = convert(
        new FromReadable({
          cancel(given) {
            seen = given;
            throw refusal;
          },
        }),
      );
      await assert.rejects(converted.cancel(reason), (error) => error === refusal);
      assert.equal(seen, reason);
    });

    test('settles a read that was pending when the stream is cancelled', async () => {
      const reader = convert(new FromReadable({})).getReader();
      const pending = reader.read();
      await reader.cancel();
      assert.deepEqual(await pending, { value: undefined, done: true });
    });

    test('carries an error to a pending read unchanged', async () => {
      const failure = new Error('broken');
      const reader = convert(
        new FromReadable(
          {
            async pull() {
              throw failure;
            },
          },
          { highWaterMark: 0 },
        ),
      ).getReader();
      await assert.rejects(reader.read(), (error) => error === failure);
    });

    test('shows an error when it happens, without a read', async () => {
      const failure = new Error('broken');
      let controller;
      const reader = convert(
        new FromReadable({
          start(c) {
            controller = c;
          },
        }),
      ).getReader();
      controller.error(failure);
      await assert.rejects(reader.closed, (error) => error === failure);
    });

    test('shows the end when it happens, without a read', async () => {
      let controller;
      const reader = convert(
        new FromReadable({
          start(c) {
            controller = c;
          },
        }),
      ).getReader();
      controller.close();
      assert.equal(await reader.closed, undefined);
    });

    test('delivers a last chunk that was enqueued together with the end', async () => {
      const reader = convert(
        new FromReadable(
          {
            pull(c) {
              c.enqueue('last');
              c.close();
            },
          },
          { highWaterMark: 0 },
        ),
      ).getReader();
      assert.deepEqual(await reader.read(), { value: 'last', done: false });
      assert.equal((await reader.read()).done, true);
    });

    test('locks the given stream until the end and no longer', async () => {
      const given = new FromReadable({
        start(c) {
          c.enqueue(1);
          c.close();
        },
      });
      const reader = convert(given).getReader();
      assert.equal(given.locked, true);
      await reader.read();
      await reader.read();
      await turn();
      assert.equal(given.locked, false);
    });

    for (const [how, end] of [
      ['an error', (c) => c.error(new Error('x'))],
      ['a cancel', undefined],
    ]) {
      test(`unlocks the given stream after ${how}`, async () => {
        let controller;
        const given = new FromReadable({
          start(c) {
            controller = c;
          },
        });
        const converted = convert(given);
        if (end) end(controller);
        else await converted.cancel();
        await turn();
        assert.equal(given.locked, false);
      });
    }

    test('refuses a locked stream and says what to do', () => {
      const given = new FromReadable();
      given.getReader();
      assert.throws(() => convert(given), {
        name: 'TypeError',
        message: new RegExp(`^${name}\\(\\): the stream is locked; .*release`),
      });
    });
  });

  describe(`${name} of a writable stream`, () => {
    test('is a stream of the other class that writes the same chunks and closes once', async () => {
      const written = [];
      let closes = 0;
      const converted = convert(
        new FromWritable({
          write(chunk) {
            written.push(chunk);
          },
          close() {
            closes += 1;
          },
        }),
      );
      assert.ok(converted instanceof ToWritable);
      const writer = converted.getWriter();
      const chunks = ['a', { b: 1 }, undefined];
      for (const chunk of chunks) writer.write(chunk);
      await writer.close();
      assert.deepEqual(written, chunks);
      assert.equal(closes, 1);
    });

    test('is not ready while the given stream is full, and is again when it has room', async () => {
      let finishWrite;
      const given = new FromWritable(
        {
          write: () =>
            new Promise((resolve) => {
              finishWrite = resolve;
            }),
        },
        { highWaterMark: 2 },
      );
      const writer = convert(given).getWriter();
      const states = [];
      for (let n = 0; n < 3; n += 1) {
        writer.write(n);
        await turn();
        states.push(writer.desiredSize > 0);
      }
      assert.deepEqual(states, [true, false, false]);
      finishWrite();
      await turn();
      finishWrite();
      await turn();
      assert.equal(writer.desiredSize > 0, true);
    });

    test('closes only after the last byte has landed', async () => {
      let landed = false;
      const given = new FromWritable(
        {
          async write() {
            await turn();
            landed = true;
          },
        },
        { highWaterMark: 8 },
      );
      const writer = convert(given).getWriter();
      writer.write('x');
      await writer.close();
      assert.equal(landed, true);
    });

    test('carries the reason of an abort to the sink', async () => {
      const reason = new Error('stop');
      let seen;
      await convert(
        new FromWritable({
          abort(given) {
            seen = given;
          },
        }),
      ).abort(reason);
      assert.equal(seen, reason);
    });

    test('carries an abort at once, even while a write is waiting', async () => {
      const reason = new Error('stop');
      let signal;
      const given = new FromWritable({
        write: (_, c) =>
          new Promise((_resolve, reject) => {
            signal = c.signal;
            c.signal.addEventListener('abort', () => reject(c.signal.reason));
          }),
      });
      const writer = convert(given).getWriter();
      writer.write(1).catch(() => {});
      writer.write(2).catch(() => {});
      writer.closed.catch(() => {});
      writer.ready.catch(() => {});
      await turn();
      await writer.abort(reason);
      assert.equal(signal.reason, reason);
    });

    test('carries a failed write unchanged', async () => {
      const failure = new Error('disk full');
      const writer = convert(
        new FromWritable({
          async write() {
            throw failure;
          },
        }),
      ).getWriter();
      writer.ready.catch(() => {});
      writer.write('x').catch(() => {});
      await assert.rejects(writer.closed, (error) => error === failure);
      await assert.rejects(writer.write('y'), (error) => error === failure);
    });

    test('carries a failed close unchanged', async () => {
      const failure = new Error('disk full');
      const writer = convert(
        new FromWritable({
          async close() {
            throw failure;
          },
        }),
      ).getWriter();
      writer.closed.catch(() => {});
      writer.ready.catch(() => {});
      await assert.rejects(writer.close(), (error) => error === failure);
    });

    test('shows an error when it happens, without a write', async () => {
      const failure = new Error('gone');
      let controller;
      const writer = convert(
        new FromWritable({
          start(c) {
            controller = c;
          },
        }),
      ).getWriter();
      writer.ready.catch(() => {});
      controller.error(failure);
      await assert.rejects(writer.closed, (error) => error === failure);
    });

    test('is errored when the given stream was closed before', async () => {
      const given = new FromWritable();
      await given.close();
      const writer = convert(given).getWriter();
      writer.ready.catch(() => {});
      await assert.rejects(writer.closed, { name: 'TypeError', message: /closed by other code/ });
      assert.equal(given.locked, false);
    });

    for (const how of ['close', 'abort']) {
      test(`unlocks the given stream after ${how}`, async () => {
        const given = new FromWritable();
        const converted = convert(given);
        assert.equal(given.locked, true);
        await converted[how]();
        await turn();
        assert.equal(given.locked, false);
      });
    }
  });
}

describe('fromNative and toNative', () => {
  test('return what is of the wanted class already', () => {
    const ours = [new ReadableStream(), new WritableStream(), new TransformStream()];
    for (const stream of ours) assert.equal(fromNative(stream), stream);
    const natives = [new NativeReadable(), new NativeWritable(), new NativeTransform()];
    for (const stream of natives) assert.equal(toNative(stream), stream);
  });

  test('convert a pair on both sides', async () => {
    const { readable, writable } = fromNative(
      new NativeTransform({
        transform(chunk, c) {
          c.enqueue(chunk * 2);
        },
      }),
    );
    assert.ok(readable instanceof ReadableStream);
    assert.ok(writable instanceof WritableStream);
    const writer = writable.getWriter();
    writer.write(21);
    assert.equal((await readable.getReader().read()).value, 42);
  });

  test('leave a pair as it was when one side is locked', () => {
    const pair = new NativeTransform();
    pair.writable.getWriter();
    assert.throws(() => fromNative(pair), /the pair's writable is locked/);
    assert.equal(pair.readable.locked, false);
  });

  test('say what they were given when it is no stream', () => {
    for (const [value, words] of [
      [undefined, 'undefined'],
      [null, 'null'],
      [5, 'number'],
      [{}, 'an object without keys'],
      [[], 'an array'],
      [new Map(), 'a Map'],
    ]) {
      const message = new RegExp(
        `expected a ReadableStream, a WritableStream or a \\{ readable, writable \\} pair of them; got ${words}$`,
      );
      assert.throws(() => fromNative(value), { name: 'TypeError', message });
      assert.throws(() => toNative(value), { name: 'TypeError', message });
    }
  });

  test('tell a stream by its brand, not by its prototype', () => {
    const disguised = Object.setPrototypeOf(new NativeReadable(), null);
    assert.throws(() => fromNative(Object.create(NativeReadable.prototype)), TypeError);
    assert.equal(toNative(disguised), disguised);
  });

  test('take a stream from another implementation of the standard', async () => {
    const { ReadableStream: Other } = await import('web-streams-polyfill');
    const other = new Other({
      start(c) {
        c.enqueue('chunk');
        c.close();
      },
    });
    assert.equal((await fromNative(other).getReader().read()).value, 'chunk');
  });

  test('make a body for Response, and take one from it', async () => {
    const body = new ReadableStream({
      start(c) {
        c.enqueue(new TextEncoder().encode('tide'));
        c.close();
      },
    });
    assert.equal(await new Response(toNative(body)).text(), 'tide');
    const reader = fromNative(new Response('gate').body).getReader();
    assert.equal(new TextDecoder().decode((await reader.read()).value), 'gate');
  });

  test('lead there and back without losing a chunk or the reason of a cancel', async () => {
    let seen;
    const there = toNative(
      new ReadableStream({
        start(c) {
          c.enqueue(1);
        },
        cancel(reason) {
          seen = reason;
        },
      }),
    );
    const reader = fromNative(there).getReader();
    assert.equal((await reader.read()).value, 1);
    await reader.cancel('enough');
    assert.equal(seen, 'enough');
  });
});

describe('the end of a bridge', () => {
  for (const { name, convert, FromReadable, FromWritable } of directions) {
    test(`${name} of a stream that closes behind its last chunk is closed once that has been read`, async () => {
      const reader = convert(
        new FromReadable({
          start(c) {
            c.enqueue('last');
            c.close();
          },
        }),
      ).getReader();
      assert.equal((await reader.read()).value, 'last');
      await reader.closed;
    });

    for (const reason of [undefined, new Error('reason')]) {
      test(`${name} of a writable stream tells the sink the reason of an abort as it was given, ${reason}`, async () => {
        const reasons = [];
        const converted = convert(new FromWritable({ abort: (given) => void reasons.push(given) }));
        await turn();
        await converted.abort(reason);
        assert.deepEqual(reasons, [reason]);
      });
    }
  }

  test('fromNative tells the sink the reason of an abort that comes while a write waits, as it was given', async () => {
    for (const reason of [undefined, new Error('reason')]) {
      const reasons = [];
      const far = new NativeWritable({
        write: (chunk, controller) => new Promise((resolve) => controller.signal.addEventListener('abort', resolve)),
        abort: (given) => void reasons.push(given),
      });
      const writer = fromNative(far).getWriter();
      writer.write(1).catch(() => {});
      await turn();
      writer.closed.catch(() => {});
      await writer.abort(reason);
      await turn();
      assert.deepEqual(reasons, [reason]);
    }
  });
});
