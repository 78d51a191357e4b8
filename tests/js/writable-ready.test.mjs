import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WritableStream } from 'tidegate';

test('ready is fulfilled before the sink gets the next chunk', async () => {
  const events = [];
  const stream = new WritableStream({
    write(chunk) {
      Promise.resolve().then(() => events.push(`reaction of write ${chunk}`));
    },
  }, { highWaterMark: 2 });
  await new Promise((resolve) => setTimeout(resolve));
  const writer = stream.getWriter();
  writer.write(1);
  const last = writer.write(2);
  writer.ready.then(() => events.push('ready'));
  await last;
  assert.deepEqual(events, ['reaction of write 1', 'ready', 'reaction of write 2']);
});
