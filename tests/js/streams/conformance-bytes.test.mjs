/** Byte streams where the standard's steps leave a request without a read. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReadableStream } from 'tidegate';

test('answering a request whose read got other bytes throws a TypeError, and later reads are answered', async () => {
  let controller;
  const stream = new ReadableStream({
    type: 'bytes',
    autoAllocateChunkSize: 4,
    start(c) {
      controller = c;
    },
  });
  const byob = stream.getReader({ mode: 'byob' });
  byob.read(new Float64Array(1)).catch(() => {});
  controller.byobRequest.view[0] = 1;
  controller.byobRequest.respond(1);
  byob.releaseLock();
  const reader = stream.getReader();
  const first = reader.read();
  controller.enqueue(new Uint8Array([2]));
  assert.deepEqual([...(await first).value], [1]);
  // The buffer that was allocated for the first read is still asked for.
  assert.throws(() => controller.byobRequest.respond(1), TypeError);
  assert.deepEqual([...(await reader.read()).value], [2]);
  const third = reader.read();
  controller.enqueue(new Uint8Array([3]));
  assert.deepEqual([...(await third).value], [3]);
});
