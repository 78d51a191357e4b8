/** Byte streams: https://streams.spec.whatwg.org/#rbs-controller-class and the classes around it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  ReadableByteStreamController,
  ReadableStream,
  ReadableStreamBYOBReader,
  ReadableStreamBYOBRequest,
  TransformStream,
  WritableStream,
} from 'tidegate';

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

/** A byte stream and its controller. */
function byteStream(source = {}, strategy = undefined) {
  let controller;
  const stream = new ReadableStream(
    {
      type: 'bytes',
      ...source,
      start(c) {
        controller = c;
      },
    },
    strategy,
  );
  return { stream, controller };
}

const bytes = (...values) => new Uint8Array(values);
const isDetached = (buffer) => buffer.byteLength === 0;
const detach = (buffer) => structuredClone(buffer, { transfer: [buffer] });

describe('A byte stream', () => {
  test('gives its source a ReadableByteStreamController', () => {
    assert.ok(byteStream().controller instanceof ReadableByteStreamController);
  });

  test('has a high-water mark of 0 unless told otherwise', () => {
    assert.equal(byteStream().controller.desiredSize, 0);
    assert.equal(byteStream({}, { highWaterMark: 10 }).controller.desiredSize, 10);
  });

  test('refuses a size function, and an allocation of 0 bytes', () => {
    assert.throws(() => byteStream({}, { size: () => 1 }), RangeError);
    assert.throws(() => byteStream({ autoAllocateChunkSize: 0 }), TypeError);
    assert.throws(() => byteStream({ autoAllocateChunkSize: -1 }), TypeError);
  });

  test('counts what is queued in bytes', () => {
    const { controller } = byteStream({}, { highWaterMark: 10 });
    controller.enqueue(bytes(1, 2, 3));
    controller.enqueue(new Uint16Array(2));
    assert.equal(controller.desiredSize, 3);
  });

  test('is pulled for a read, and not before', async () => {
    let pulls = 0;
    const stream = new ReadableStream({
      type: 'bytes',
      pull(c) {
        pulls += 1;
        c.enqueue(bytes(pulls));
      },
    });
    await turn();
    assert.equal(pulls, 0);
    const { value } = await stream.getReader().read();
    assert.deepEqual(value, bytes(1));
    assert.equal(pulls, 1);
  });

  test('rejects the reads of a source whose pull throws', async () => {
    const error = new Error('pull');
    const reader = new ReadableStream({
      type: 'bytes',
      pull() {
        throw error;
      },
    }).getReader({ mode: 'byob' });
    await assert.rejects(reader.read(bytes(0)), error);
    await assert.rejects(reader.closed, error);
  });

  test('can be iterated and piped', async () => {
    const make = () => {
      const { stream, controller } = byteStream();
      controller.enqueue(bytes(1));
      controller.enqueue(bytes(2, 3));
      controller.close();
      return stream;
    };
    const iterated = [];
    for await (const chunk of make()) iterated.push(chunk);
    const piped = [];
    await make().pipeTo(
      new WritableStream({
        write(chunk) {
          piped.push(chunk);
        },
      }),
    );
    assert.deepEqual(iterated, [bytes(1), bytes(2, 3)]);
    assert.deepEqual(piped, iterated);
  });

  for (const [what, source, strategy] of [
    ['on demand', {}, undefined],
    ['ahead of its reads', {}, { highWaterMark: 100 }],
    ['into buffers of its own', { autoAllocateChunkSize: 16 }, undefined],
  ]) {
    test(`that answers ${what} within its pull is piped to its end, and no other stream is pulled for it`, async () => {
      let pulls = 0;
      const neighbour = new ReadableStream({
        pull: (controller) => {
          pulls += 1;
          controller.enqueue('not to be read');
        },
      });
      let given = 0;
      const { stream } = byteStream(
        {
          ...source,
          pull(controller) {
            if (given === 200) {
              controller.close();
              controller.byobRequest?.respond(0);
            } else if (controller.byobRequest === null || given % 2 === 0) {
              controller.enqueue(bytes(given++));
            } else {
              controller.byobRequest.view[0] = given++;
              controller.byobRequest.respond(1);
            }
          },
        },
        strategy,
      );
      const written = [];
      const piped = stream.pipeTo(new WritableStream({ write: (chunk) => void written.push(...chunk) }));
      await Promise.race([
        piped,
        new Promise((resolve, reject) => setTimeout(reject, 5000, new Error('the pipe does not end'))),
      ]);
      assert.deepEqual(
        written,
        Array.from({ length: 200 }, (_, i) => i),
      );
      assert.equal(pulls, 1);
      await neighbour.cancel();
    });
  }

  test('can be read again after a pipe that was aborted released it', async () => {
    const { stream, controller } = byteStream();
    const abort = new AbortController();
    const pipe = stream.pipeTo(new WritableStream(), { signal: abort.signal, preventCancel: true });
    await turn();
    abort.abort();
    await assert.rejects(pipe);
    controller.enqueue(bytes(7));
    assert.deepEqual((await stream.getReader().read()).value, bytes(7));
  });

  test('cancels its source with the reason and forgets what was queued', async () => {
    let reason;
    const { stream, controller } = byteStream({
      cancel(r) {
        reason = r;
      },
    });
    controller.enqueue(bytes(1));
    await stream.cancel('enough');
    assert.equal(reason, 'enough');
    assert.equal(controller.desiredSize, 0);
  });
});

describe('enqueue() of a byte stream', () => {
  test("takes the chunk's buffer away from its owner", () => {
    const { controller } = byteStream();
    const chunk = bytes(1, 2);
    controller.enqueue(chunk);
    assert.ok(isDetached(chunk.buffer));
  });

  test('turns any view into a Uint8Array of the same bytes', async () => {
    const { stream, controller } = byteStream();
    const reader = stream.getReader();
    controller.enqueue(new Uint16Array(bytes(9, 9, 1, 2).buffer, 2));
    controller.enqueue(new DataView(bytes(9, 3, 9).buffer, 1, 1));
    class Sub extends Uint8Array {
      get buffer() {
        throw new Error('not asked');
      }
      get byteLength() {
        return 99;
      }
    }
    controller.enqueue(new Sub([4]));
    for (const expected of [bytes(1, 2), bytes(3), bytes(4)]) {
      const { value } = await reader.read();
      assert.equal(value.constructor, Uint8Array);
      assert.deepEqual(value, expected);
    }
  });

  test('refuses what is not a view, or a view that is empty, detached, shared or resizable', () => {
    const { controller } = byteStream();
    const detached = bytes(1);
    detach(detached.buffer);
    const refused = [
      {},
      'text',
      new ArrayBuffer(1),
      bytes(),
      detached,
      new DataView(new ArrayBuffer(0)),
      new Uint8Array(new SharedArrayBuffer(1)),
      new Uint8Array(new ArrayBuffer(1, { maxByteLength: 2 })),
      new Uint8Array(new WebAssembly.Memory({ initial: 1 }).buffer, 0, 1),
    ];
    for (const chunk of refused) assert.throws(() => controller.enqueue(chunk), TypeError);
    assert.throws(() => controller.enqueue(), TypeError);
    assert.equal(controller.desiredSize, 0);
  });

  test('throws once close() was called', () => {
    const { controller } = byteStream();
    controller.enqueue(bytes(1));
    controller.close();
    assert.throws(() => controller.enqueue(bytes(1)), TypeError);
    assert.throws(() => controller.close(), TypeError);
  });

  test('throws where the buffer that is to be filled was detached', () => {
    const { stream, controller } = byteStream();
    stream.getReader({ mode: 'byob' }).read(new Uint8Array(4));
    detach(controller.byobRequest.view.buffer);
    assert.throws(() => controller.enqueue(bytes(1)), TypeError);
  });
});

describe('A BYOB reader', () => {
  test('is only to be had of a byte stream', () => {
    assert.throws(() => new ReadableStream().getReader({ mode: 'byob' }), TypeError);
    assert.throws(() => new ReadableStreamBYOBReader(new ReadableStream()), TypeError);
    assert.ok(byteStream().stream.getReader({ mode: 'byob' }) instanceof ReadableStreamBYOBReader);
  });

  test('reads into the buffer it was given, at the same place', async () => {
    const { stream, controller } = byteStream();
    const reader = stream.getReader({ mode: 'byob' });
    const view = new Uint8Array(bytes(9, 9, 9, 9, 9).buffer, 1, 3);
    const read = reader.read(view);
    assert.ok(isDetached(view.buffer));
    controller.enqueue(bytes(1, 2));
    const { value, done } = await read;
    assert.equal(done, false);
    assert.deepEqual(value, bytes(1, 2));
    assert.equal(value.byteOffset, 1);
    assert.deepEqual(new Uint8Array(value.buffer), bytes(9, 1, 2, 9, 9));
  });

  test('answers in the type of view it was given, and keeps what is no whole element', async () => {
    const { stream, controller } = byteStream();
    const reader = stream.getReader({ mode: 'byob' });
    controller.enqueue(bytes(1, 0, 2, 0, 3));
    const words = await reader.read(new Uint16Array(4));
    assert.deepEqual(words.value, new Uint16Array([1, 2]));
    const rest = await reader.read(new DataView(new ArrayBuffer(4)));
    assert.ok(rest.value instanceof DataView);
    assert.equal(rest.value.byteLength, 1);
    assert.equal(rest.value.getUint8(0), 3);
  });

  test('waits for `min` elements', async () => {
    const { stream, controller } = byteStream();
    const reader = stream.getReader({ mode: 'byob' });
    let settled = false;
    const read = reader.read(new Uint16Array(4), { min: 2 }).then((result) => {
      settled = true;
      return result;
    });
    controller.enqueue(bytes(1, 0, 2));
    await turn();
    assert.equal(settled, false);
    controller.enqueue(bytes(0, 3));
    assert.deepEqual((await read).value, new Uint16Array([1, 2]));
    assert.equal(controller.desiredSize, -1);
  });

  test('refuses a `min` of 0 with a TypeError and one beyond the view with a RangeError', async () => {
    const reader = byteStream().stream.getReader({ mode: 'byob' });
    await assert.rejects(reader.read(new Uint8Array(2), { min: 0 }), TypeError);
    await assert.rejects(reader.read(new Uint8Array(2), { min: -1 }), TypeError);
    await assert.rejects(reader.read(new Uint16Array(2), { min: 3 }), RangeError);
    await assert.rejects(reader.read(new DataView(new ArrayBuffer(2)), { min: 3 }), RangeError);
  });

  test('refuses what is not a view, or a view that is empty, detached, shared, resizable or not to be moved', async () => {
    const reader = byteStream().stream.getReader({ mode: 'byob' });
    const detached = bytes(1);
    detach(detached.buffer);
    const refused = [
      undefined,
      {},
      new ArrayBuffer(1),
      bytes(),
      detached,
      new Uint8Array(new SharedArrayBuffer(1)),
      new Uint8Array(new ArrayBuffer(1, { maxByteLength: 2 })),
      new Uint8Array(new WebAssembly.Memory({ initial: 1 }).buffer, 0, 1),
    ];
    for (const view of refused) await assert.rejects(reader.read(view), TypeError);
  });

  test('answers with the buffer and `done` once the stream is closed', async () => {
    const { stream, controller } = byteStream();
    controller.close();
    const { value, done } = await stream.getReader({ mode: 'byob' }).read(new Uint8Array(8));
    assert.equal(done, true);
    assert.equal(value.byteLength, 0);
    assert.equal(value.buffer.byteLength, 8);
  });

  test('gets its buffers back from a closed stream when the source responds with 0', async () => {
    const { stream, controller } = byteStream();
    const reader = stream.getReader({ mode: 'byob' });
    const reads = [reader.read(new Uint8Array(2)), reader.read(new Uint8Array(3))];
    controller.close();
    await reader.closed;
    controller.byobRequest.respond(0);
    const results = await Promise.all(reads);
    assert.deepEqual(
      results.map(({ done, value }) => [done, value.byteLength, value.buffer.byteLength]),
      [
        [true, 0, 2],
        [true, 0, 3],
      ],
    );
    assert.equal(controller.byobRequest, null);
  });

  test('gets no buffer back where the stream is cancelled', async () => {
    const reader = byteStream().stream.getReader({ mode: 'byob' });
    const read = reader.read(new Uint8Array(2));
    await reader.cancel();
    assert.deepEqual(await read, { value: undefined, done: true });
  });

  test('that is released rejects its reads; what the source writes then goes to the next reader', async () => {
    const { stream, controller } = byteStream();
    const first = stream.getReader({ mode: 'byob' });
    const read = first.read(new Uint8Array(4));
    const request = controller.byobRequest;
    first.releaseLock();
    await assert.rejects(read, TypeError);
    request.view.set([1, 2]);
    request.respond(2);
    assert.deepEqual((await stream.getReader().read()).value, bytes(1, 2));
  });

  test('that has too little for an element when the stream closes is told so', async () => {
    const { stream, controller } = byteStream();
    const reader = stream.getReader({ mode: 'byob' });
    controller.enqueue(bytes(1));
    controller.close();
    await assert.rejects(reader.read(new Uint16Array(1)), TypeError);
    await assert.rejects(reader.closed, TypeError);
  });
});

describe('A byobRequest', () => {
  test('shows what is left of the buffer that is read into', () => {
    const { stream, controller } = byteStream();
    assert.equal(controller.byobRequest, null);
    stream.getReader({ mode: 'byob' }).read(new Uint8Array(new ArrayBuffer(6), 1, 4), { min: 4 });
    assert.ok(controller.byobRequest instanceof ReadableStreamBYOBRequest);
    assert.equal(controller.byobRequest, controller.byobRequest);
    controller.byobRequest.respond(1);
    const { view } = controller.byobRequest;
    assert.deepEqual([view.byteOffset, view.byteLength], [2, 3]);
  });

  test('is of no use once it was answered, and its view is detached', () => {
    const { stream, controller } = byteStream();
    stream.getReader({ mode: 'byob' }).read(new Uint8Array(4));
    const request = controller.byobRequest;
    const { view } = request;
    request.respond(1);
    assert.ok(isDetached(view.buffer));
    assert.equal(request.view, null);
    assert.throws(() => request.respond(1), TypeError);
    assert.throws(() => request.respondWithNewView(bytes(1)), TypeError);
  });

  test('has one view, however often it is asked for', () => {
    const { stream, controller } = byteStream();
    stream.getReader({ mode: 'byob' }).read(new Uint8Array(4));
    const { view } = controller.byobRequest;
    view[0] = 9;
    assert.equal(controller.byobRequest.view, view);
  });

  test('is answered without a look at its view, and has none afterwards', async () => {
    const { stream, controller } = byteStream();
    const given = new Uint8Array(4).fill(6);
    const read = stream.getReader({ mode: 'byob' }).read(given);
    const request = controller.byobRequest;
    request.respond(3);
    assert.equal(request.view, null);
    assert.throws(() => request.respond(1), TypeError);
    assert.deepEqual((await read).value, bytes(6, 6, 6));
    assert.ok(isDetached(given.buffer));
  });

  test('is withdrawn by an enqueue', async () => {
    const { stream, controller } = byteStream();
    const read = stream.getReader({ mode: 'byob' }).read(new Uint8Array(4));
    const request = controller.byobRequest;
    const { view } = request;
    controller.enqueue(bytes(5));
    assert.equal(request.view, null);
    assert.ok(isDetached(view.buffer));
    assert.deepEqual((await read).value, bytes(5));
  });

  test('takes a view of another buffer of the same length', async () => {
    const { stream, controller } = byteStream();
    const read = stream.getReader({ mode: 'byob' }).read(new Uint8Array(2));
    const mine = bytes(8, 9);
    controller.byobRequest.respondWithNewView(mine);
    assert.ok(isDetached(mine.buffer));
    assert.deepEqual((await read).value, bytes(8, 9));
  });

  test('refuses answers that do not fit', () => {
    const { stream, controller } = byteStream();
    stream.getReader({ mode: 'byob' }).read(new Uint8Array(4));
    const request = controller.byobRequest;
    assert.throws(() => request.respond(), TypeError);
    assert.throws(() => request.respond(-1), TypeError);
    assert.throws(() => request.respond(0), TypeError);
    assert.throws(() => request.respond(5), RangeError);
    assert.throws(() => request.respondWithNewView(new Uint8Array(5)), RangeError);
    assert.throws(() => request.respondWithNewView(new Uint8Array(new ArrayBuffer(4), 1, 1)), RangeError);
    assert.throws(() => request.respondWithNewView(new Uint8Array(new ArrayBuffer(4), 0, 0)), TypeError);
    assert.throws(() => request.respondWithNewView(new Uint8Array(new SharedArrayBuffer(4))), TypeError);
    assert.equal(controller.byobRequest, request);
  });

  test('cannot be answered from a detached buffer', () => {
    const { stream, controller } = byteStream();
    stream.getReader({ mode: 'byob' }).read(new Uint8Array(4));
    const request = controller.byobRequest;
    detach(request.view.buffer);
    assert.throws(() => request.respond(1), TypeError);
  });
});

describe('autoAllocateChunkSize', () => {
  test('gives the source a buffer for each read of a default reader', async () => {
    const stream = new ReadableStream({
      type: 'bytes',
      autoAllocateChunkSize: 16,
      pull(controller) {
        const { view } = controller.byobRequest;
        assert.equal(view.byteLength, 16);
        view[0] = 7;
        controller.byobRequest.respond(1);
      },
    });
    const { value } = await stream.getReader().read();
    assert.deepEqual(value, bytes(7));
    assert.equal(value.buffer.byteLength, 16);
  });

  test('that cannot be allocated rejects the read and nothing else', async () => {
    const { stream, controller } = byteStream({ autoAllocateChunkSize: Number.MAX_SAFE_INTEGER });
    const reader = stream.getReader();
    await assert.rejects(reader.read(), RangeError);
    controller.enqueue(bytes(1));
    assert.deepEqual((await reader.read()).value, bytes(1));
  });

  test('does not keep a source from enqueueing', async () => {
    const { stream, controller } = byteStream({ autoAllocateChunkSize: 16 });
    const read = stream.getReader().read();
    controller.enqueue(bytes(1, 2));
    assert.deepEqual((await read).value, bytes(1, 2));
    assert.equal(controller.byobRequest, null);
  });
});

describe('Re-entrant calls on byte streams', () => {
  /** Runs `check` when the first object with no `then` of its own is resolved with. */
  function onFirstThenable(check, body) {
    let ran = false;
    Object.defineProperty(Object.prototype, 'then', {
      configurable: true,
      get() {
        if (!ran) {
          ran = true;
          check();
        }
        return undefined;
      },
    });
    try {
      body();
    } finally {
      delete Object.prototype.then;
    }
    assert.ok(ran);
  }

  test('find every descriptor that an enqueue filled gone from the controller', async () => {
    const { stream, controller } = byteStream();
    const reader = stream.getReader({ mode: 'byob' });
    const reads = [reader.read(new Uint8Array(1)), reader.read(new Uint8Array(1))];
    onFirstThenable(
      () => assert.equal(controller.byobRequest, null),
      () => controller.enqueue(bytes(1, 2)),
    );
    assert.deepEqual(
      (await Promise.all(reads)).map(({ value }) => value[0]),
      [1, 2],
    );
  });

  test('may release the reader while an enqueue answers its reads', async () => {
    const { stream, controller } = byteStream();
    const reader = stream.getReader({ mode: 'byob' });
    const reads = [reader.read(new Uint8Array(1)), reader.read(new Uint8Array(1))];
    onFirstThenable(
      () => reader.releaseLock(),
      () => controller.enqueue(bytes(1, 2)),
    );
    assert.deepEqual(
      (await Promise.all(reads)).map(({ value }) => value[0]),
      [1, 2],
    );
    assert.equal(stream.locked, false);
  });

  test('may enqueue from pull', async () => {
    const stream = new ReadableStream({
      type: 'bytes',
      pull(controller) {
        controller.enqueue(bytes(1));
        controller.enqueue(bytes(2));
        controller.close();
      },
    });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk[0]);
    assert.deepEqual(chunks, [1, 2]);
  });
});

describe('a pipe from a byte source whose automatic buffer cannot be had', () => {
  test('ends with the error of the allocation', async () => {
    const source = new ReadableStream({ type: 'bytes', autoAllocateChunkSize: Number.MAX_SAFE_INTEGER, pull() {} });
    let aborted;
    await assert.rejects(
      source.pipeTo(
        new WritableStream({
          abort(reason) {
            aborted = reason;
          },
        }),
      ),
      RangeError,
    );
    assert.ok(aborted instanceof RangeError);
  });
});

describe('a byte stream through a transform stream', () => {
  test('gives every chunk to a reader that waits', async () => {
    let left = 5;
    const source = new ReadableStream({
      type: 'bytes',
      async pull(controller) {
        await turn();
        if (left-- > 0) controller.enqueue(Uint8Array.of(left));
        else controller.close();
      },
    });
    const seen = [];
    for await (const [byte] of source.pipeThrough(new TransformStream())) seen.push(byte);
    assert.deepEqual(seen, [4, 3, 2, 1, 0]);
  });
});
