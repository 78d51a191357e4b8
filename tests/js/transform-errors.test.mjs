import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TransformStream } from 'tidegate';

test('a transform() that throws errors the stream in a microtask, not within write()', async () => {
  const error = new Error('transform');
  const { readable, writable } = new TransformStream({ transform() { throw error; } }, undefined, { highWaterMark: 1 });
  await new Promise((resolve) => setTimeout(resolve));
  const writer = writable.getWriter();
  const write = writer.write('chunk');
  assert.equal(writer.desiredSize, 0);
  await assert.rejects(write, (reason) => reason === error);
  assert.equal(writer.desiredSize, null);
  await assert.rejects(readable.getReader().read(), (reason) => reason === error);
});

test('a cancel whose transformer errors the stream fulfils though a write was waiting', async () => {
  let controller;
  const { readable, writable } = new TransformStream({
    start(c) { controller = c; },
    cancel() { controller.error('error'); },
  });
  await new Promise((resolve) => setTimeout(resolve));
  const write = writable.getWriter().write('chunk');
  await Promise.all([readable.cancel('reason'), assert.rejects(write, (reason) => reason === 'error')]);
});
