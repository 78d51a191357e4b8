import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TransformStream } from 'tidegate';

test('a transform() that throws errors the stream in a microtask, not within write()', async () => {
  const error = new Error('transform');
  const { readable, writable } = new TransformStream(
    {
      transform() {
        throw error;
      },
    },
    undefined,
    { highWaterMark: 1 },
  );
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
    start(c) {
      controller = c;
    },
    cancel() {
      controller.error('error');
    },
  });
  await new Promise((resolve) => setTimeout(resolve));
  const write = writable.getWriter().write('chunk');
  await Promise.all([readable.cancel('reason'), assert.rejects(write, (reason) => reason === 'error')]);
});

test('a late write while cancel() is pending is done, and the reason of the cancel is what the writer learns', async () => {
  let finish;
  const t = new TransformStream(
    {
      cancel: () =>
        new Promise((resolve) => {
          finish = resolve;
        }),
    },
    undefined,
    { highWaterMark: 1 },
  );
  await new Promise((resolve) => setTimeout(resolve));
  const gone = new Error('gone');
  const cancelled = t.readable.cancel(gone);
  const writer = t.writable.getWriter();
  await writer.write('late');
  finish();
  await cancelled;
  await assert.rejects(writer.closed, (reason) => reason === gone);
});

test('a write that waits for room when the readable side is cancelled is done once cancel() has settled', async () => {
  let finish;
  const t = new TransformStream({
    cancel: () =>
      new Promise((resolve) => {
        finish = resolve;
      }),
  });
  await new Promise((resolve) => setTimeout(resolve));
  const gone = new Error('gone');
  const writer = t.writable.getWriter();
  const waiting = writer.write('waits');
  const cancelled = t.readable.cancel(gone);
  finish();
  await cancelled;
  await assert.rejects(waiting, (reason) => reason === gone);
});

for (const method of ['cancel', 'flush']) {
  test(`a ${method}() that throws errors the readable side as soon as a rejected promise would`, async () => {
    const error = new Error(method);
    const t = new TransformStream({
      [method]() {
        throw error;
      },
    });
    await new Promise((resolve) => setTimeout(resolve));
    const writer = t.writable.getWriter();
    const ended = method === 'cancel' ? writer.abort('reason') : writer.close();
    ended.catch(() => {});
    writer.closed.catch(() => {});
    for (let i = 0; i < 2; i++) await null;
    await assert.rejects(t.readable.cancel('late'), (reason) => reason === error);
    await assert.rejects(t.readable.getReader().closed, (reason) => reason === error);
  });
}
