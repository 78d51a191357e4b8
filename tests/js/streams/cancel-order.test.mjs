import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReadableStream } from 'tidegate';

test('cancel() rejects one reaction after what the source threw', async () => {
  const events = [];
  const stream = new ReadableStream({
    cancel() {
      throw 'thrown';
    },
  });
  const cancelled = stream.cancel().catch((reason) => events.push(reason));
  Promise.resolve().then(() => events.push('first reaction'));
  await cancelled;
  assert.deepEqual(events, ['first reaction', 'thrown']);
});
