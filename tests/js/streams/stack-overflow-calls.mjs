/**
 * The program of stack-overflow.test.mjs, a process of its own: the test runner's hooks run for every promise, and need stack as well.
 * It writes what went wrong as JSON, `{ [call]: problem }`.
 *
 * Calls that run out of stack anywhere inside the streams' code. A recursion is left one frame at a time, and in each frame a call is made
 * on a stream of its own, so that every call has a little more stack than the one before it.
 */
import { strict as assert } from 'node:assert';
import { setImmediate as task } from 'node:timers/promises';
import { channel, ReadableStream, TransformStream, WritableStream } from '../../../dist/index.js';

const TRIES = 700;

const attempt = (call) => {
  try {
    return call();
  } catch {
    return undefined;
  }
};

/** Recursions whose frames differ in size, so that the stack ends at other places. */
const DIVES = [
  (step) => {
    const dive = () => {
      try {
        dive();
      } catch {
        // the stack has ended
      }
      step();
    };
    dive();
  },
  (step) => {
    const dive = (a, b, c) => {
      try {
        dive(b, c, a);
      } catch {
        // the stack has ended
      }
      step(a, b, c);
    };
    dive(1, 2, 3);
  },
  (step) => {
    const dive = (a, b, c, d, e, f, g, h) => {
      let one = a + b;
      const two = c + d;
      try {
        dive(two, one, e, f, g, h, a, b);
      } catch {
        one = two;
      }
      step(one, two);
    };
    dive(1, 2, 3, 4, 5, 6, 7, 8);
  },
];

function diver() {
  const objects = { promises: [] };
  /** A promise that a call gave out. */
  objects.keep = (promise) => {
    if (promise === undefined) return;
    objects.promises.push(promise);
    promise.catch(() => {});
  };
  return objects;
}

function readable(source = {}, strategy = undefined) {
  const made = diver();
  made.stream = new ReadableStream(
    {
      ...source,
      start: (controller) => {
        made.controller = controller;
      },
    },
    strategy,
  );
  return made;
}

function read(made, view = undefined) {
  made.reader = made.stream.getReader(view && { mode: 'byob' });
  made.keep(made.reader.closed);
  if (view !== null) made.keep(made.reader.read(view));
  return made;
}

function writable(sink = {}, strategy = { highWaterMark: 2 }) {
  const made = diver();
  made.stream = new WritableStream(
    {
      ...sink,
      start: (controller) => {
        made.controller = controller;
      },
    },
    strategy,
  );
  made.writer = made.stream.getWriter();
  made.keep(made.writer.closed);
  return made;
}

function transform() {
  const made = diver();
  made.stream = new TransformStream({
    transform: (chunk, controller) => controller.enqueue(chunk),
    start: (controller) => {
      made.controller = controller;
    },
  });
  made.writer = made.stream.writable.getWriter();
  made.reader = made.stream.readable.getReader();
  made.keep(made.writer.closed);
  made.keep(made.reader.closed);
  return made;
}

const endReadable = (made) => {
  attempt(() => made.controller.enqueue('late'));
  attempt(() => made.controller.close());
  made.keep(attempt(() => (made.reader ?? made.stream).cancel()));
};
const endBytes = (made) => {
  attempt(() => made.controller.enqueue(new Uint8Array(64)));
  attempt(() => made.controller.close());
  attempt(() => made.controller.byobRequest?.respond(0));
  made.keep(attempt(() => (made.reader ?? made.stream).cancel()));
};
const endWritable = (made) => made.keep(attempt(() => made.writer.close()));
const endTransform = async (made) => {
  made.keep(attempt(() => made.writer.close()));
  let next;
  do next = await made.reader.read().catch(() => ({ done: true }));
  while (!next.done);
};

/** `make()` prepares a stream, `run` is the call, and after `end` every promise has to settle. */
const CALLS = {
  'enqueue()': {
    make: () => readable(),
    run: (made) => made.controller.enqueue(1),
    end: (made) => (attempt(() => read(made)), endReadable(made)),
  },
  'enqueue() with a size': {
    make: () => readable({}, { size: () => 1 }),
    run: (made) => made.controller.enqueue(1),
    end: (made) => (attempt(() => read(made)), endReadable(made)),
  },
  'enqueue() that answers a read': {
    make: () => read(readable()),
    run: (made) => made.controller.enqueue(1),
    end: endReadable,
  },
  'enqueue() that pulls': {
    make: () => read(readable({ pull() {} }, { highWaterMark: 3 })),
    run: (made) => made.controller.enqueue(1),
    end: endReadable,
  },
  'close() with a pending read': {
    make: () => read(readable()),
    run: (made) => made.controller.close(),
    end: endReadable,
  },
  'error() with a pending read': {
    make: () => read(readable()),
    run: (made) => made.controller.error(1),
    end: endReadable,
  },
  'read() of an empty queue': {
    make: () => read(readable({ pull() {} }, { highWaterMark: 0 }), null),
    run: (made) => made.keep(made.reader.read()),
    end: endReadable,
  },
  'read() of a full queue': {
    make() {
      const made = readable({ pull() {} });
      made.controller.enqueue(1);
      return read(made, null);
    },
    run: (made) => made.keep(made.reader.read()),
    end: endReadable,
  },
  'readMany()': {
    make: () => read(readable(), null),
    run: (made) => made.keep(made.reader.readMany()),
    end: endReadable,
  },
  'cancel() of a reader': {
    make: () => read(readable({ cancel() {} })),
    run: (made) => made.keep(made.reader.cancel(1)),
    end: endReadable,
  },
  'releaseLock() of a reader': {
    make: () => read(readable()),
    run: (made) => made.reader.releaseLock(),
    end: endReadable,
  },
  'getReader()': {
    make: () => readable(),
    run(made) {
      made.reader = made.stream.getReader();
      made.keep(made.reader.closed);
    },
    end: endReadable,
  },
  'tee()': {
    make: () => readable({ pull() {} }),
    run(made) {
      for (const branch of made.stream.tee()) made.keep(branch.getReader().read());
    },
    end: endReadable,
  },
  'next()': {
    make() {
      const made = readable();
      made.iterator = made.stream.values();
      return made;
    },
    run: (made) => made.keep(made.iterator.next()),
    end: endReadable,
  },
  'new ReadableStream()': {
    make: () => diver(),
    run: (made) => {
      made.made = new ReadableStream({ pull() {} });
    },
    end: (made) => made.made && made.keep(made.made.cancel()),
  },
  'new WritableStream()': {
    make: () => diver(),
    run: (made) => {
      made.made = new WritableStream();
    },
    end: (made) => made.made && made.keep(made.made.close()),
  },
  'new TransformStream()': {
    make: () => diver(),
    run: (made) => {
      made.made = new TransformStream();
    },
    end: (made) => made.made && made.keep(made.made.readable.cancel()),
  },
  'write()': { make: () => writable({ write() {} }), run: (made) => made.keep(made.writer.write(1)), end: endWritable },
  'write() that waits': {
    make() {
      const made = writable({ write: () => task() });
      made.keep(made.writer.write(0));
      return made;
    },
    run(made) {
      made.keep(made.writer.write(1));
    },
    end: endWritable,
  },
  'writeMany()': {
    make: () => writable({ write() {} }),
    run: (made) => made.keep(made.writer.writeMany([1, 2, 3])),
    end: endWritable,
  },
  'close() of a writer': {
    make: () => writable({ close() {} }),
    run: (made) => made.keep(made.writer.close()),
    end: endWritable,
  },
  'abort() of a writer': {
    make: () => writable({ abort() {} }),
    run: (made) => made.keep(made.writer.abort(1)),
    end: endWritable,
  },
  'error() of a sink': { make: () => writable(), run: (made) => made.controller.error(1), end: endWritable },
  'releaseLock() of a writer': { make: () => writable(), run: (made) => made.writer.releaseLock(), end: endWritable },
  'getWriter()': {
    make() {
      const made = diver();
      made.stream = new WritableStream();
      return made;
    },
    run(made) {
      made.writer = made.stream.getWriter();
      made.keep(made.writer.closed);
      made.keep(made.writer.ready);
    },
    end(made) {
      made.writer ??= attempt(() => made.stream.getWriter());
      if (made.writer) endWritable(made);
    },
  },
  'write() to a transform': { make: transform, run: (made) => made.keep(made.writer.write(1)), end: endTransform },
  'enqueue() of a transform': {
    make() {
      const made = transform();
      made.keep(made.reader.read());
      return made;
    },
    run: (made) => made.controller.enqueue(1),
    end: endTransform,
  },
  'error() of a transform': {
    make() {
      const made = transform();
      made.keep(made.writer.write(1));
      return made;
    },
    run: (made) => made.controller.error(1),
    end: endTransform,
  },
  'terminate()': {
    make() {
      const made = transform();
      made.keep(made.writer.write(1));
      return made;
    },
    run: (made) => made.controller.terminate(),
    end: endTransform,
  },
  'read() of a transform': { make: transform, run: (made) => made.keep(made.reader.read()), end: endTransform },
  'pipeTo()': {
    make() {
      const made = readable();
      made.destination = new WritableStream();
      return made;
    },
    run: (made) => made.keep(made.stream.pipeTo(made.destination)),
    end: endReadable,
  },
  'enqueue() to a pipe': {
    make() {
      const made = readable();
      made.keep(made.stream.pipeTo(new WritableStream()));
      return made;
    },
    run: (made) => made.controller.enqueue(1),
    end: endReadable,
  },
  'enqueue() to a pipe through a transform': {
    make() {
      const made = readable();
      made.keep(made.stream.pipeThrough(new TransformStream()).pipeTo(new WritableStream()));
      return made;
    },
    run: (made) => made.controller.enqueue(1),
    end: endReadable,
  },
  "abort() of a pipe's signal": {
    make() {
      const made = readable();
      made.stop = new AbortController();
      made.keep(made.stream.pipeTo(new WritableStream(), { signal: made.stop.signal }));
      return made;
    },
    run: (made) => made.stop.abort(),
    end: endReadable,
  },
  'enqueue() of bytes': {
    make: () => readable({ type: 'bytes' }),
    run: (made) => made.controller.enqueue(new Uint8Array(4)),
    end: (made) => (attempt(() => read(made)), endBytes(made)),
  },
  'enqueue() of bytes that answers a read': {
    make: () => read(readable({ type: 'bytes' })),
    run: (made) => made.controller.enqueue(new Uint8Array(4)),
    end: endBytes,
  },
  'enqueue() of bytes that answers a read into a view': {
    make: () => read(readable({ type: 'bytes' }), new Uint8Array(4)),
    run: (made) => made.controller.enqueue(new Uint8Array(4)),
    end: endBytes,
  },
  'respond()': {
    make() {
      const made = read(readable({ type: 'bytes' }), new Uint8Array(4));
      made.request = made.controller.byobRequest;
      return made;
    },
    run: (made) => made.request.respond(2),
    end: endBytes,
  },
  'close() of a byte stream': {
    make: () => read(readable({ type: 'bytes' }), new Uint8Array(4)),
    run: (made) => made.controller.close(),
    end: endBytes,
  },
  'read(view)': {
    make: () => read(readable({ type: 'bytes', pull() {} }), null),
    run: (made) => made.keep(made.reader.read()),
    end: endBytes,
  },
  'read(view) of a queue': {
    make() {
      const made = readable({ type: 'bytes', pull() {} });
      made.controller.enqueue(new Uint8Array(8));
      made.reader = made.stream.getReader({ mode: 'byob' });
      made.keep(made.reader.closed);
      return made;
    },
    run: (made) => made.keep(made.reader.read(new Uint8Array(4))),
    end(made) {
      endBytes(made);
      made.keep(attempt(() => made.reader.read(new Uint8Array(128))));
    },
  },
  'cancel() of a byte stream': {
    make: () => read(readable({ type: 'bytes' }), new Uint8Array(4)),
    run: (made) => made.keep(made.reader.cancel()),
    end: endBytes,
  },
  'write() to a channel': {
    make() {
      const made = diver();
      made.channel = channel({ onOverflow: 'block' });
      made.reader = made.channel.readable.getReader();
      made.keep(made.reader.read());
      return made;
    },
    run: (made) => made.channel.write(1),
    end: (made) => attempt(() => made.channel.end()),
  },
};

/** What of `promises` has not settled. */
async function pending(promises) {
  const open = new Set(promises);
  for (const promise of promises)
    promise.then(
      () => open.delete(promise),
      () => open.delete(promise),
    );
  for (let turn = 0; turn < 10 && open.size > 0; turn++) await task();
  return open.size;
}

async function freshStreamsWork() {
  const got = [];
  const source = new ReadableStream({
    start(controller) {
      for (let n = 0; n < 5; n++) controller.enqueue(n);
      controller.close();
    },
  });
  await source.pipeThrough(new TransformStream()).pipeTo(
    new WritableStream({
      write(chunk) {
        got.push(chunk);
      },
    }),
  );
  assert.deepEqual(got, [0, 1, 2, 3, 4]);
}

let problem;
const report = (text) => {
  problem ??= text;
};
// An engine's own event dispatch runs out of stack too, and reports that.
process.on('uncaughtException', (error) => {
  if (!(error instanceof RangeError)) throw error;
});
process.on('unhandledRejection', (error) => report(`an unhandled rejection: ${error?.stack ?? error}`));

async function tryCall({ make, run, end }) {
  for (const [at, dive] of DIVES.entries()) {
    const all = Array.from({ length: TRIES }, make);
    await task();
    let next = 0;
    let overflows = 0;
    dive(() => {
      if (next >= all.length) return;
      const made = all[next++];
      try {
        run(made);
      } catch (error) {
        overflows++;
        made.threw = error;
      }
    });
    if (overflows === 0 || overflows === all.length) report(`${overflows} of ${all.length} calls ran out of stack`);
    await task();
    await freshStreamsWork();
    for (const made of all) await end(made);
    for (const [number, made] of all.entries()) {
      if ((await pending(made.promises)) > 0)
        report(
          `dive ${at}, try ${number} (${overflows} threw, this one ${made.threw?.stack.split('\n').slice(0, 6).join()}) left a promise that hangs`,
        );
    }
    await freshStreamsWork();
  }
  await task();
}

const problems = {};
for (const [name, call] of Object.entries(CALLS)) {
  if (process.argv[2] !== undefined && process.argv[2] !== name) continue;
  problem = undefined;
  try {
    await tryCall(call);
  } catch (error) {
    report(error.stack);
  }
  problems[name] = problem ?? null;
}
process.stdout.write(JSON.stringify(problems));
