/** Nothing hangs: what a torn down pipeline is owed by others is waited for with a bound; a healthy one is never timed. */
import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { Duplex, Readable, Writable } from 'node:stream';
import {
  ReadableStream,
  WritableStream,
  acknowledged,
  batches,
  fromCursor,
  fromNative,
  fromQueue,
  pipeline,
  take,
  tee,
  toArray,
  toFile,
  toMessagePort,
} from 'tidegate';
import { turn, within } from './pipeline-parts.mjs';

const pending = () => new Promise(() => {});
const failure = new Error('the failure');
const isFailure = (error) => error === failure;
/** Generous: what is waited for is waited for half a second, once. */
const LIMIT = 1500;

const unhandled = [];
const onUnhandled = (error) => unhandled.push(error);
process.on('unhandledRejection', onUnhandled);
afterEach(async () => {
  await turn();
  assert.deepEqual(unhandled.splice(0), []);
});

/** Rejects with `failure` within the limit. */
const failsInTime = (promise) => assert.rejects(within(LIMIT, promise), isFailure);

/** A signal that is aborted with `failure` in a moment. */
function soon() {
  const controller = new AbortController();
  setTimeout(() => controller.abort(failure), 20);
  return controller.signal;
}

const slow = () => new WritableStream({ write: () => new Promise((resolve) => setTimeout(resolve, 5)) });

async function* endless() {
  for (let n = 0; ; n += 1) {
    yield n;
    await turn();
  }
}

describe('a cursor', { concurrency: 8 }, () => {
  test('whose read fails and whose close never settles fails the pipeline with the error of the read', async () => {
    await failsInTime(pipeline(fromCursor({ read: () => Promise.reject(failure), close: pending }), slow()));
  });

  test('whose read throws and whose close never settles fails a stream that is read without a pipeline', async () => {
    const reader = fromCursor({
      read() {
        throw failure;
      },
      close: pending,
    }).getReader();
    await failsInTime(reader.read());
  });

  for (const [what, cursor] of [
    ['read', () => ({ read: pending, close() {} })],
    ['close', () => ({ read: (count) => Array.from({ length: count }, (_, n) => n), close: pending })],
    [
      'next()',
      () => ({
        [Symbol.asyncIterator]: () => ({ next: pending, return: async () => ({ done: true, value: undefined }) }),
      }),
    ],
    [
      'return()',
      () => ({ [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false, value: 1 }), return: pending }) }),
    ],
  ]) {
    test(`whose ${what} never settles does not hold up an abort`, async () => {
      await failsInTime(pipeline(fromCursor(cursor()), slow(), { signal: soon() }));
    });

    test(`whose ${what} never settles does not hold up a cancel`, async () => {
      const reader = fromCursor(cursor()).getReader();
      reader.read();
      await turn();
      await within(LIMIT, reader.cancel());
    });
  }

  test('is closed even when the read under way never settles', async () => {
    let closed = 0;
    await failsInTime(
      pipeline(fromCursor({ read: pending, close: () => void (closed += 1) }), slow(), { signal: soon() }),
    );
    await within(
      LIMIT,
      (async () => {
        while (closed === 0) await turn();
      })(),
    );
    assert.equal(closed, 1);
  });

  test('is closed even when its iterator never returns', async () => {
    let closed = 0;
    const rows = {
      [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false, value: 1 }), return: pending }),
      close: () => void (closed += 1),
    };
    const reader = fromCursor(rows).getReader();
    await reader.read();
    await within(LIMIT, reader.cancel());
    await within(
      LIMIT,
      (async () => {
        while (closed === 0) await turn();
      })(),
    );
  });

  test('that is read to its end is waited for as long as its close takes', async () => {
    let closed = false;
    const cursor = {
      read: () => [],
      close: () => new Promise((resolve) => setTimeout(() => resolve((closed = true)), 700)),
    };
    await pipeline(fromCursor(cursor), slow());
    assert.equal(closed, true);
  });
});

describe('a queue', { concurrency: 8 }, () => {
  const queueOf = (more) => ({
    subscribe(deliver) {
      for (let n = 0; n < 3; n += 1) deliver(n);
    },
    ack() {},
    ...more,
  });

  for (const [what, more] of [
    ['nack', () => ({ nack: pending })],
    ['unsubscribe', () => ({ subscribe: (deliver) => (deliver(1), pending) })],
    ['subscribe', () => ({ subscribe: (deliver) => (deliver(1), pending()) })],
  ]) {
    test(`whose ${what} never settles does not hold up an abort`, async () => {
      await failsInTime(
        pipeline(
          fromQueue(queueOf(more())),
          async (messages) => {
            for await (const message of messages) void message;
          },
          { signal: soon() },
        ),
      );
    });

    test(`whose ${what} never settles does not hold up a failure`, async () => {
      await failsInTime(
        pipeline(
          fromQueue(queueOf(more())),
          () => {
            throw failure;
          },
          slow(),
        ),
      );
    });

    test(`whose ${what} never settles does not hold up a consumer that has had enough`, async () => {
      assert.equal(
        await within(
          LIMIT,
          pipeline(fromQueue(queueOf(more())), async (messages) => (await messages.next()).value.value),
        ),
        what === 'nack' ? 0 : 1,
      );
    });
  }

  test('whose nack never settles is left all the same', async () => {
    let left = 0;
    const queue = { subscribe: (deliver) => (deliver(1), () => void (left += 1)), ack() {}, nack: pending };
    await failsInTime(pipeline(fromQueue(queue), slow(), { signal: soon() }));
    await within(
      LIMIT,
      (async () => {
        while (left === 0) await turn();
      })(),
    );
  });

  test('that is over is waited for as long as it takes to be left', async () => {
    let left = false;
    const queue = {
      subscribe(deliver, { end }) {
        setTimeout(end, 5);
        return () => new Promise((resolve) => setTimeout(() => resolve((left = true)), 700));
      },
      ack() {},
    };
    await pipeline(fromQueue(queue), slow());
    assert.equal(left, true);
  });

  test('that is over and is never left can still be aborted', async () => {
    const queue = { subscribe: (deliver, { end }) => (setTimeout(end, 5), pending), ack() {} };
    await failsInTime(pipeline(fromQueue(queue), slow(), { signal: soonAfter(60) }));
  });
});

function soonAfter(ms) {
  const controller = new AbortController();
  setTimeout(() => controller.abort(failure), ms);
  return controller.signal;
}

describe('a sink whose write fails, and which is aborted for that,', () => {
  test('is waited for with a bound where it is acknowledged()', async () => {
    const sink = new WritableStream({
      write() {
        throw failure;
      },
      abort: pending,
    });
    const queue = { subscribe: (deliver) => void deliver(1), ack() {}, nack() {} };
    await failsInTime(pipeline(fromQueue(queue), acknowledged(sink)));
  });

  test('is waited for with a bound where a message is not acknowledged', async () => {
    const sink = new WritableStream({ abort: pending });
    const queue = { subscribe: (deliver) => void deliver(1), ack: () => Promise.reject(failure), nack() {} };
    await failsInTime(pipeline(fromQueue(queue), acknowledged(sink)));
  });

  test('is waited for with a bound where it is a file', async () => {
    const handle = {
      getFile: async () => new Blob([]),
      createWritable: async () => ({
        write: () => Promise.reject(failure),
        close: async () => {},
        seek: async () => {},
        abort: pending,
      }),
    };
    await failsInTime(pipeline([new Uint8Array(1)], toFile(handle, { gather: 0 })));
  });
});

describe('a part that never answers', { concurrency: 8 }, () => {
  const never = {
    'the cancel of a stream': [
      () => new ReadableStream({ pull: (controller) => controller.enqueue(1), cancel: pending }),
      slow,
    ],
    "the cancel of the engine's stream": [
      () => new globalThis.ReadableStream({ pull: (controller) => controller.enqueue(1), cancel: pending }),
      slow,
    ],
    'the return() of an iterator': [
      () => ({ [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false, value: 1 }), return: pending }) }),
      slow,
    ],
    "the destroy() of Node's readable": [
      () =>
        new Readable({
          objectMode: true,
          read() {
            this.push(1);
          },
          destroy() {},
        }),
      slow,
    ],
    'the abort of a stream': [endless, () => new WritableStream({ abort: pending })],
    "the abort of the engine's stream": [endless, () => new globalThis.WritableStream({ abort: pending })],
    'a write': [endless, () => new WritableStream({ write: pending })],
    "a write of the engine's stream": [endless, () => new globalThis.WritableStream({ write: pending })],
    "a write of Node's stream": [endless, () => new Writable({ objectMode: true, highWaterMark: 1, write() {} })],
    "the destroy() of Node's writable": [
      endless,
      () => new Writable({ objectMode: true, write: (chunk, encoding, done) => done(), destroy() {} }),
    ],
    'a consumer': [endless, () => pending],
  };
  for (const [what, [source, sink]] of Object.entries(never)) {
    test(`${what} does not hold up an abort`, async () => {
      await failsInTime(pipeline(source(), sink(), { signal: soon() }));
    });

    if (/write$|write of|consumer/.test(what)) continue; // what is behind it never runs, as is right
    test(`${what} does not hold up the failure of a stage`, async () => {
      await failsInTime(
        pipeline(
          source(),
          async function* fails(chunks) {
            for await (const chunk of chunks) {
              yield chunk;
              await turn();
              throw failure;
            }
          },
          sink(),
        ),
      );
    });
  }

  for (const what of [
    'the cancel of a stream',
    "the cancel of the engine's stream",
    'the return() of an iterator',
    "the destroy() of Node's readable",
  ]) {
    test(`${what} does not hold up a consumer that has had enough`, async () => {
      assert.equal(
        await within(
          LIMIT,
          pipeline(never[what][0](), async (chunks) => {
            for await (const chunk of chunks) return chunk;
          }),
        ),
        1,
      );
    });

    test(`${what} does not hold up a stage that has had enough`, async () => {
      assert.deepEqual(
        await within(
          LIMIT,
          toArray(never[what][0](), { signal: undefined, limit: 10 }).catch((error) => error.name),
        ),
        'RangeError',
      );
      const received = [];
      await within(
        LIMIT,
        pipeline(never[what][0](), take(2), new WritableStream({ write: (chunk) => void received.push(chunk) })),
      );
      assert.deepEqual(received, [1, 1]);
    });
  }

  test('the flush of a bridge does not hold up an abort with preventClose', async () => {
    const sink = new globalThis.WritableStream({ write: pending }, { highWaterMark: 10 });
    await failsInTime(pipeline([1], sink, { preventClose: true, signal: soonAfter(60) }));
  });

  test('a port that nobody reads does not hold up an abort, even with preventAbort', async () => {
    for (const options of [{}, { preventAbort: true, preventClose: true }]) {
      const { port1, port2 } = new MessageChannel();
      await failsInTime(
        pipeline(new ReadableStream({ start: (controller) => controller.enqueue(1) }), toMessagePort(port1), {
          ...options,
          signal: soon(),
        }),
      );
      port2.close();
    }
  });

  test('branches of tee() do not hold up a pipeline', async () => {
    const [one, two] = tee(new ReadableStream({ pull: (controller) => controller.enqueue(1), cancel: pending }));
    two.cancel();
    await failsInTime(pipeline(one, slow(), { signal: soon() }));
  });

  test('a cancel does not hold up a loop over batches() that is left', async () => {
    await within(
      LIMIT,
      (async () => {
        for await (const chunks of batches(
          new ReadableStream({ pull: (controller) => controller.enqueue(1), cancel: pending }),
        ))
          if (chunks) break;
      })(),
    );
  });

  test(
    'a cancel and an abort do not hold up the end of an `await using`',
    { skip: Symbol.asyncDispose === undefined && 'this engine has no asyncDispose' },
    async () => {
      await within(LIMIT, new ReadableStream({ cancel: pending }).getReader()[Symbol.asyncDispose]());
      await within(LIMIT, new WritableStream({ abort: pending }).getWriter()[Symbol.asyncDispose]());
    },
  );
});

test('a Node stream that takes no more is destroyed by an abort all the same, even in the middle of a write', async () => {
  for (const node of [
    new Writable({ objectMode: true, highWaterMark: 1, write() {} }),
    new Duplex({ objectMode: true, highWaterMark: 1, write() {}, read() {} }),
    new Writable({ objectMode: true, write: (chunk, encoding, done) => done(), final() {} }),
  ]) {
    await failsInTime(pipeline([1, 2, 3], node, { signal: soon() }));
    assert.equal(node.destroyed, true);
    assert.equal(node.errored, failure);
  }
});

test('a healthy write, pull and close are waited for as long as they take', async () => {
  const long = (value) => new Promise((resolve) => setTimeout(resolve, 700, value));
  const done = [];
  await Promise.all([
    pipeline(
      new ReadableStream({ pull: async (controller) => (await long(), controller.enqueue(1), controller.close()) }),
      async (chunks) => {
        for await (const chunk of chunks) done.push(chunk);
      },
    ),
    pipeline([2], new WritableStream({ write: async (chunk) => void done.push(await long(chunk)) })),
    pipeline([3], new WritableStream({ close: async () => void done.push(await long(3)) })),
    pipeline(
      fromNative(
        new globalThis.ReadableStream({
          start(controller) {
            controller.enqueue(4);
            controller.close();
          },
        }),
      ),
      new globalThis.WritableStream({ close: async () => void done.push(await long(4)) }),
    ),
    // Even where a stage has had enough, the sink has not.
    pipeline(
      endless(),
      take(1),
      new WritableStream({
        write: async () => void done.push(await long(5)),
        close: async () => void done.push(await long(6)),
      }),
    ),
    pipeline(
      endless(),
      take(1),
      new Writable({
        objectMode: true,
        write: (chunk, encoding, callback) =>
          void long().then(() => {
            done.push(7);
            callback();
          }),
        final: (callback) =>
          void long().then(() => {
            done.push(8);
            callback();
          }),
      }),
    ),
  ]);
  assert.deepEqual(done.sort(), [1, 2, 3, 4, 5, 6, 7, 8]);
});
