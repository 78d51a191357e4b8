/** Streams between a page and a worker or frame. Each check returns what it saw; the test says what that must be. */
import { ReadableStream, WritableStream, receive, transfer } from '/dist/index.js';

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Long enough for whatever would go on without backpressure to have gone on. */
const settle = () => sleep(300);

/** A worker that does `command`, optionally with a stream, and what it tells. */
function worker(command, stream, { options, ...transferOptions } = {}) {
  const thread = new Worker('worker.js', { type: 'module' });
  const told = [];
  let wake = () => {};
  thread.addEventListener('message', ({ data }) => {
    told.push(data.value);
    wake();
  });
  const { handle, transfer: list = [] } = stream ? transfer(stream, transferOptions) : {};
  thread.postMessage({ command, handle, options }, list);
  return {
    told,
    go: (value) => thread.postMessage({ go: value }),
    terminate: () => thread.terminate(),
    async next() {
      while (told.length === 0)
        await new Promise((resolve) => {
          wake = resolve;
        });
      return told.shift();
    },
  };
}

/** A source without end that counts how often it is pulled, and notes why it was cancelled. */
function counting(chunk = (n) => n) {
  const seen = { pulls: 0, reason: undefined };
  seen.cancelled = new Promise((resolve) => {
    seen.stream = new ReadableStream(
      {
        pull(controller) {
          seen.pulls += 1;
          controller.enqueue(chunk(seen.pulls));
        },
        cancel(reason) {
          seen.reason = reason;
          resolve();
        },
      },
      { highWaterMark: 0 },
    );
  });
  return seen;
}

const checks = {
  'a worker that does not read stops the page': async () => {
    const source = counting();
    const thread = worker('readLater', source.stream);
    await thread.next();
    await settle();
    const stopped = source.pulls;
    thread.go(5);
    await thread.next();
    await settle();
    return { stopped, goneOn: source.pulls };
  },

  'a page that does not read stops the worker': async () => {
    const thread = worker('count');
    const reader = receive(await thread.next()).getReader();
    for (let i = 0; i < 3; i++) await reader.read();
    await settle();
    thread.go();
    const pulls = await thread.next();
    await reader.cancel();
    return { pulls, then: await thread.next() };
  },

  'all bytes arrive, copied': () => bytesThrough({}),

  'all bytes arrive, moved, several at once': () =>
    bytesThrough({ transferChunks: true, options: { highWaterMark: 8 } }),

  "moved buffers are the page's no more": async () => {
    const chunks = [];
    await bytesThrough({ transferChunks: true }, chunks);
    return chunks.filter((chunk) => chunk.byteLength > 0).length;
  },

  'a cancel in the worker cancels the source, with the reason': async () => {
    const source = counting();
    worker('cancel', source.stream);
    await source.cancelled;
    return `${source.reason.name}: ${source.reason.message}`;
  },

  'an error of the source fails the read in the worker': () => {
    let n = 0;
    const stream = new ReadableStream({
      pull(controller) {
        if ((n += 1) > 3) throw new RangeError('ran dry');
        controller.enqueue(n);
      },
    });
    return worker('failingRead', stream).next();
  },

  'a chunk that cannot be cloned fails both sides': async () => {
    let controller;
    const stream = new ReadableStream({
      start(c) {
        controller = c;
        c.enqueue(() => {});
      },
    });
    const told = await worker('failingRead', stream).next();
    try {
      controller.enqueue(1);
    } catch (error) {
      return [told.split(':')[0], error.name];
    }
    return [told, 'the source is still open'];
  },

  'a sink that is stopped stops the writer in the worker': async () => {
    const taken = [];
    let open;
    const gate = new Promise((resolve) => {
      open = resolve;
    });
    const sink = new WritableStream({ write: (chunk) => gate.then(() => void taken.push(chunk)) });
    const thread = worker('write', sink);
    await thread.next();
    await settle();
    const stopped = thread.told.at(-1);
    open();
    while ((await thread.next()) !== 'closed');
    await settle();
    return { stopped, taken: taken.length };
  },

  'an abort in the worker aborts the sink at once, with the reason': async () => {
    let thread;
    const reason = await new Promise((resolve) => {
      thread = worker(
        'abort',
        new WritableStream({ write: () => new Promise(() => {}), abort: resolve }, { highWaterMark: 0 }),
      );
      thread.go();
    });
    return `${reason.name}: ${reason.message}`;
  },

  'an error of the sink fails the writer in the worker': () =>
    worker('failingWrite', new WritableStream({ write: () => Promise.reject(new TypeError('no room')) })).next(),

  'a transform runs in the worker': async () => {
    const pair = receive(await worker('upper').next());
    let text = '';
    for await (const chunk of ReadableStream.from(['ebb ', 'and ', 'flow']).pipeThrough(pair)) text += chunk;
    return text;
  },

  "the engine's own fetch body is read in a worker": async () =>
    (await worker('sum', (await fetch('/bytes')).body).next()).bytes,

  'a frame reads what the page produces': async () => {
    const frame = document.createElement('iframe');
    frame.src = 'frame.html';
    const message = () =>
      new Promise((resolve) => addEventListener('message', ({ data }) => resolve(data), { once: true }));
    const ready = message();
    document.body.append(frame);
    await ready;
    const { handle, transfer: list } = transfer(ReadableStream.from(['high ', 'tide']));
    const answer = message();
    frame.contentWindow.postMessage(handle, '*', list);
    return answer;
  },

  'a worker that is gone cancels the sources of the streams it had': async () => {
    const source = counting();
    const thread = worker('readLater', source.stream);
    await thread.next();
    thread.go(1);
    await thread.next();
    await settle();
    thread.terminate();
    await source.cancelled;
    return source.reason.name;
  },

  'a worker that is gone fails the streams it gave': async () => {
    const thread = worker('count');
    const reader = receive(await thread.next()).getReader();
    await reader.read();
    await settle();
    thread.terminate();
    try {
      for (;;) await reader.read();
    } catch (error) {
      return error.name;
    }
  },

  'a worker that ends right after its first message fails the stream it gave': async () => {
    const reader = receive(await worker('lastWords').next()).getReader();
    try {
      for (;;) await reader.read();
    } catch (error) {
      return error.name;
    }
  },

  'a worker that ends right after it has received a stream cancels its source': async () => {
    const source = counting();
    worker('takeAndEnd', source.stream);
    await source.cancelled;
    return source.reason.name;
  },

  'a worker that ends by itself after its stream has failed nothing': async () => {
    const thread = worker('last');
    let text = '';
    for await (const chunk of receive(await thread.next())) text += chunk;
    return text;
  },

  'all that a worker sent before it ended arrives at a page that is busy': async () => {
    const count = 60;
    const thread = worker('burst', undefined, { options: { count } });
    let got = 0;
    try {
      for await (const chunk of receive(await thread.next(), { highWaterMark: 100 })) {
        got = chunk;
        // Longer than the lock of the worker takes to be free, and then than what arrives after it is waited for.
        for (const end = performance.now() + 50; performance.now() < end;);
      }
    } catch (error) {
      return [got, error.name];
    }
    return got;
  },

  'a peer makes the page wait for one lock, however many it names': async () => {
    const { port1, port2 } = new MessageChannel();
    const reader = receive({ type: 'tidegate.ReadableStream', port: port2 }).getReader();
    const name = (n) => `tidegate.worker.flood${n} ${origin}`;
    const locks = [];
    for (let n = 0; n < 50; n += 1)
      await new Promise((held) =>
        navigator.locks.request(name(n), () => {
          held();
          return new Promise((release) => locks.push(release));
        }),
      );
    for (let n = 0; n < 50; n += 1) port1.postMessage({ type: 'lock', value: name(n) });
    const failure = await Promise.race([reader.closed.catch((error) => error.name), settle()]);
    const { pending } = await navigator.locks.query();
    for (const release of locks) release();
    port1.close();
    return { failure, waitedFor: pending.filter((lock) => lock.name.includes('flood')).length };
  },

  'a page that looks for a lock is not taken for the worker by another that looks': async () => {
    const name = `tidegate.worker.looked ${origin}`;
    let release;
    await new Promise((looking) => {
      const options = { mode: 'shared', ifAvailable: true };
      navigator.locks.request(name, options, () => {
        looking();
        return new Promise((resolve) => {
          release = resolve;
        });
      });
    });
    const { port1, port2 } = new MessageChannel();
    const reader = receive({ type: 'tidegate.ReadableStream', port: port2, lock: name }).getReader();
    await sleep(50);
    release();
    const early = await Promise.race([reader.closed.catch((error) => error.name), sleep(900).then(() => 'still open')]);
    port1.postMessage({ type: 'close' });
    await reader.closed;
    return early;
  },

  'a worker can be terminated, and its sources cancelled, with a signal': async () => {
    const abort = new AbortController();
    const source = counting();
    const thread = worker('readLater', source.stream, { signal: abort.signal });
    await thread.next();
    abort.abort('going down');
    thread.terminate();
    await source.cancelled;
    return source.reason;
  },
};

async function bytesThrough(settings, keep) {
  let n = 0;
  const stream = new ReadableStream({
    pull(controller) {
      const chunk = new Uint8Array(65536).fill((n += 1) % 251);
      keep?.push(chunk);
      controller.enqueue(chunk);
      if (n === 256) controller.close();
    },
  });
  return worker('sum', stream, settings).next();
}

const unhandled = [];
addEventListener('unhandledrejection', (event) => unhandled.push(String(event.reason)));

const seen = {};
for (const [name, check] of Object.entries(checks)) {
  try {
    seen[name] = await Promise.race([check(), sleep(10_000).then(() => 'not settled within 10 s')]);
  } catch (error) {
    seen[name] = `threw ${error?.stack ?? error}`;
  }
}
await sleep(50);
await fetch(new URLSearchParams(location.search).get('result'), {
  method: 'POST',
  body: JSON.stringify({ seen, unhandled }),
});
