/** The JavaScript side of the tests in Rust: streams whose sources and sinks note what they are called with. */

/** What a stream's source or sink was called with, and what the tests want to know of it. */
const notes = new WeakMap();

const own = (stream) => notes.get(stream) ?? { log: [] };

function note(stream, log, more) {
  notes.set(stream, { log, ...more });
  return stream;
}

/** `classes` are those of the run: the engine's, or the package's. */
export function makeHarness(classes, { isEngine, base, onPanic }) {
  const rejections = [];
  addEventListener('unhandledrejection', (event) => {
    event.preventDefault();
    rejections.push(String(event.reason));
  });

  function readable(values, end, Readable = classes.ReadableStream) {
    const log = [];
    let at = 0;
    const stream = new Readable(
      {
        pull(controller) {
          log.push('pull');
          if (at < values.length) controller.enqueue(values[at++]);
          else if (end === undefined) controller.close();
          else if (end === 'hang') return new Promise(() => {});
          else controller.error(end);
        },
        cancel(reason) {
          log.push(`cancel ${reason}`);
        },
      },
      { highWaterMark: 0 },
    );
    return note(stream, log);
  }

  function byteReadable(total, chunk) {
    const log = [];
    let at = 0;
    const fill = (view) => {
      for (let i = 0; i < view.length; i++) view[i] = at++ % 251;
      return view;
    };
    const stream = new classes.ReadableStream({
      type: 'bytes',
      pull(controller) {
        log.push('pull');
        const request = controller.byobRequest;
        const length = Math.min(chunk, total - at, request?.view.byteLength ?? Infinity);
        if (length === 0) {
          controller.close();
          request?.respond(0);
        } else if (request) {
          fill(new Uint8Array(request.view.buffer, request.view.byteOffset, length));
          request.respond(length);
        } else {
          controller.enqueue(fill(new Uint8Array(length)));
        }
      },
      cancel(reason) {
        log.push(`cancel ${reason}`);
      },
    });
    return note(stream, log);
  }

  function writable(highWaterMark, how, Writable = classes.WritableStream) {
    const log = [];
    const failure = new Error('the second write fails');
    const more = { failure, go: () => {} };
    let writes = 0;
    const stream = new Writable(
      {
        start(controller) {
          more.controller = controller;
        },
        write(chunk) {
          log.push(`write ${chunk}`);
          writes++;
          if (how === 'fail' && writes === 2) throw failure;
          if (how === 'hang' && writes === 1) return new Promise((resolve) => (own(stream).go = resolve));
        },
        close() {
          log.push('close');
        },
        abort(reason) {
          log.push(`abort ${reason}`);
        },
      },
      { highWaterMark },
    );
    return note(stream, log, more);
  }

  async function collect(stream) {
    const all = [];
    const reader = stream.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return all.join(',');
      if (value instanceof Uint8Array) all.push(...value);
      else all.push(value);
    }
  }

  /** As the streams of an engine that knows no byte streams. */
  class WithoutBytes extends ReadableStream {
    constructor(source, strategy) {
      if (source.type !== undefined) throw new RangeError('no byte streams here');
      super(source, strategy);
    }
  }

  /** Of the engine's own classes, in every run. */
  const engines = {
    readable: { make: (values, end) => readable(values, end, globalThis.ReadableStream) },
    writable: { make: (mark, how) => writable(mark, how, globalThis.WritableStream) },
    pair: { make: () => new globalThis.TransformStream() },
  };

  const task = () => new Promise((resolve) => setTimeout(resolve, 0));

  return {
    readable,
    byteReadable,
    writable,
    collect,
    WithoutBytes,
    task,
    panicked: onPanic,
    log: (stream) => own(stream).log,
    go: (stream) => own(stream).go(),
    call: (object, method, ...values) => object[method](...values),
    get: (object, property) => own(object)[property] ?? object[property],
    class: (name) => (isEngine ? undefined : classes[name]),
    engine: (kind) => engines[kind],
    hasByteStreams: () => {
      try {
        void new classes.ReadableStream({ type: 'bytes' });
        return true;
      } catch {
        return false;
      }
    },
    async unhandled() {
      await task();
      await task();
      return rejections.splice(0).join(', ');
    },
    address: (path) => new URL(path, base).href,
    text: async (url) => (await fetch(url)).text(),
  };
}
