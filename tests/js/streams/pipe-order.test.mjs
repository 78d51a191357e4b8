/** What shares a microtask inside pipes, and what must not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReadableStream, TransformStream, WritableStream } from 'tidegate';

/** A pull source of `count` numbers; `onPull(n)` runs after each enqueue. */
function source(count, onPull = () => {}, strategy = undefined) {
  let sent = 0;
  return new ReadableStream(
    {
      pull(controller) {
        sent += 1;
        controller.enqueue(sent);
        onPull(sent);
        if (sent === count) controller.close();
      },
    },
    strategy,
  );
}

const identity = () => new TransformStream({ transform: (chunk, controller) => controller.enqueue(chunk) });

for (const transforms of [0, 1, 3]) {
  test(`what a write queued runs before the next write, with ${transforms} transforms between`, async () => {
    const log = [];
    let stream = source(5);
    for (let i = 0; i < transforms; i += 1) stream = stream.pipeThrough(identity());
    await stream.pipeTo(
      new WritableStream({
        write(chunk) {
          log.push(`write ${chunk}`);
          Promise.resolve().then(() => log.push(`after ${chunk}`));
        },
      }),
    );
    assert.deepEqual(
      log,
      [1, 2, 3, 4, 5].flatMap((n) => [`write ${n}`, `after ${n}`]),
    );
  });

  test(`what a pull queued runs before the next pull, with ${transforms} transforms between`, async () => {
    const log = [];
    let stream = source(
      5,
      (n) => {
        log.push(`pull ${n}`);
        Promise.resolve().then(() => log.push(`after ${n}`));
      },
      { highWaterMark: 3 },
    );
    for (let i = 0; i < transforms; i += 1) stream = stream.pipeThrough(identity());
    await stream.pipeTo(new WritableStream());
    assert.deepEqual(
      log,
      [1, 2, 3, 4, 5].flatMap((n) => [`pull ${n}`, `after ${n}`]),
    );
  });
}

test('a hundred pipes take turns, chunk by chunk', async () => {
  const counts = new Array(100).fill(0);
  let widest = 0;
  await Promise.all(
    counts.map((_, i) =>
      source(50).pipeTo(
        new WritableStream({
          write() {
            counts[i] += 1;
            widest = Math.max(widest, counts[i] - Math.min(...counts));
          },
        }),
      ),
    ),
  );
  assert.deepEqual(counts, new Array(100).fill(50));
  assert.ok(widest <= 3, `one pipe was ${widest} chunks ahead of another`);
});

test('a pipe goes on beside a loop that reads and reads', async () => {
  const reader = source(Infinity).getReader();
  let written = 0;
  const piped = source(100).pipeTo(new WritableStream({ write: () => void (written += 1) }));
  let read = 0;
  while (written < 100) {
    await reader.read();
    read += 1;
    assert.ok(read < 1000, `${written} chunks were written while ${read} were read`);
  }
  await piped;
});

test("the page's own reactions get their turn between the chunks of a pipe", async () => {
  let written = 0;
  const seen = [];
  const piped = source(20).pipeTo(new WritableStream({ write: () => void (written += 1) }));
  while (written < 20) {
    await undefined;
    seen.push(written);
  }
  await piped;
  const jumps = seen.map((count, i) => count - (seen[i - 1] ?? 0));
  assert.ok(Math.max(...jumps) <= 1, `between two microtasks of the page ${Math.max(...jumps)} chunks were written`);
});

test('a completion that comes while others are queued is not lost', async () => {
  const sinks = [0, 0, 0];
  const pipe = (i, count) =>
    source(count).pipeTo(
      new WritableStream({
        write() {
          sinks[i] += 1;
          if (i === 0 && sinks[0] === 2) late.push(pipe(1, 10), pipe(2, 10));
        },
      }),
    );
  const late = [];
  await pipe(0, 10);
  await Promise.all(late);
  assert.deepEqual(sinks, [10, 10, 10]);
});
