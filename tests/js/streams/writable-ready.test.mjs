import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WritableStream } from 'tidegate';

test('ready is fulfilled before the sink gets the next chunk', async () => {
  const events = [];
  const stream = new WritableStream(
    {
      write(chunk) {
        Promise.resolve().then(() => events.push(`reaction of write ${chunk}`));
      },
    },
    { highWaterMark: 2 },
  );
  await new Promise((resolve) => setTimeout(resolve));
  const writer = stream.getWriter();
  writer.write(1);
  const last = writer.write(2);
  writer.ready.then(() => events.push('ready'));
  await last;
  assert.deepEqual(events, ['reaction of write 1', 'ready', 'reaction of write 2']);
});

test('the closed promise of a writer stays the same object while an abort goes on', async () => {
  const stream = new WritableStream();
  await new Promise((resolve) => setTimeout(resolve));
  const aborted = stream.abort('reason');
  const writer = stream.getWriter();
  const { closed } = writer;
  closed.catch(() => {});
  await aborted;
  assert.equal(writer.closed, closed);
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(writer.closed, closed);
});

test('a desired size that is not a number holds no writer back', async () => {
  const stream = new WritableStream(
    { write: () => new Promise(() => {}) },
    { highWaterMark: Infinity, size: () => Number.MAX_VALUE },
  );
  const writer = stream.getWriter();
  writer.write(1);
  writer.write(2);
  assert.ok(Number.isNaN(writer.desiredSize));
  await writer.ready;
});
