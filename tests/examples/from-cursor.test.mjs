import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WritableStream } from 'tidegate';
import { exampleModule } from './example.mjs';

test('the example of fromCursor writes every row as a line and closes the cursor', async () => {
  const { exportRows } = await exampleModule('from-cursor');
  const rows = Array.from({ length: 1200 }, (_, id) => ({ id }));
  let closed = 0;
  const left = [...rows];
  const cursor = {
    read: async (count) => left.splice(0, count),
    close: async () => {
      closed += 1;
    },
  };
  let text = '';
  await exportRows(cursor, new WritableStream({ write: (line) => void (text += line) }));
  assert.deepEqual(
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    rows,
  );
  assert.equal(closed, 1);
});
