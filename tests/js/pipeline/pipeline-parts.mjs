/**
 * Parts for pipelines under test: one maker for each kind of source, stage and sink. A maker takes where and with what to
 * fail, and returns the `value` to pass to pipeline() together with questions about what became of it.
 *
 * Chunks are `Uint8Array`s of one byte, the chunk's number modulo 256, so that every kind of source can give them. Runs in
 * Node and in pages; pipeline-node-parts.mjs has those of Node.
 */
import { ReadableStream, TransformStream, WritableStream } from 'tidegate';

const { ReadableStream: NativeReadable, WritableStream: NativeWritable, TransformStream: NativeTransform } = globalThis;
const kFuse = Symbol.for('tidegate.fuse');

export const byte = (n) => new Uint8Array([n % 256]);
export const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

const isLocked =
  (...streams) =>
  () =>
    streams.some((stream) => stream.locked);
export const never = () => false;

/** A producer of `count` chunks that then ends, or fails when `error` is given; it remembers whether it was let go. */
function producer({ count = Infinity, error }) {
  const state = { made: 0, released: false, reason: undefined };
  return {
    state,
    next() {
      if (state.made > 10_000) throw new Error('the source was pulled without end');
      if (state.made < count) return byte(state.made++);
      state.released = true;
      if (error) throw error;
      return undefined;
    },
    release(reason) {
      state.released = true;
      state.reason = reason;
    },
  };
}

const pulling = (from) => ({
  async pull(controller) {
    const chunk = from.next();
    if (chunk === undefined) controller.close();
    else controller.enqueue(chunk);
  },
  cancel: (reason) => from.release(reason),
});

function* generate(from) {
  try {
    for (let chunk = from.next(); chunk !== undefined; chunk = from.next()) yield chunk;
  } finally {
    from.release();
  }
}

async function* generateLater(from) {
  yield* generate(from);
}

export const source = (make) => (options) => {
  const from = producer(options);
  const value = make(from);
  const locked = typeof value.locked === 'boolean' ? isLocked(value) : value.body ? isLocked(value.body) : never;
  return { value, state: from.state, locked };
};

export const sources = {
  'a readable stream of ours': source((from) => new ReadableStream(pulling(from), { highWaterMark: 0 })),
  "the engine's readable stream": source((from) => new NativeReadable(pulling(from), { highWaterMark: 0 })),
  "the engine's byte stream": source((from) => new NativeReadable({ type: 'bytes', ...pulling(from) })),
  'a Response': source((from) => new Response(new NativeReadable(pulling(from), { highWaterMark: 0 }))),
  'an async generator': source(generateLater),
  'a generator': source(generate),
  'an async iterable': source((from) => ({
    [Symbol.asyncIterator]: () => ({
      async next() {
        const value = from.next();
        return { value, done: value === undefined };
      },
      async return(reason) {
        from.release(reason);
        return {};
      },
    }),
  })),
  'a function': source((from) => async () => generateLater(from)),
};

/** What a stage does to chunk number `n`: fail with `error` at `at`, or stop with no more wanted at `enough`. */
export const worker = ({ error, at = 0, enough = Infinity }) => {
  let n = 0;
  return {
    check(stop) {
      if (error && n === at) throw error;
      if (n === enough) return stop?.();
      n += 1;
      return undefined;
    },
  };
};

const transforming = (work) => ({
  transform(chunk, controller) {
    work.check();
    controller.enqueue(chunk);
  },
});

const pairStage = (make) => (options) => {
  const value = make(worker(options));
  return { value, locked: value.readable?.locked === undefined ? never : isLocked(value.readable, value.writable) };
};

function looseTransform(Transforming, work) {
  const { readable, writable } = new Transforming(transforming(work));
  return { readable, writable };
}

export const stages = {
  'a TransformStream of ours': pairStage((work) => new TransformStream(transforming(work))),
  "the engine's TransformStream": pairStage((work) => new NativeTransform(transforming(work))),
  'a pair of streams': pairStage((work) => looseTransform(TransformStream, work)),
  "a pair of the engine's streams": pairStage((work) => looseTransform(NativeTransform, work)),
  'an async generator function': (options) => {
    const work = worker(options);
    return {
      locked: never,
      async *value(chunks) {
        for await (const chunk of chunks) {
          if (work.check(() => true)) return;
          yield chunk;
        }
      },
    };
  },
  'a codec': (options) => {
    const work = worker(options);
    const make = () => looseTransform(TransformStream, work);
    let pair;
    return {
      locked: never,
      value: {
        get readable() {
          return (pair ??= make()).readable;
        },
        get writable() {
          return (pair ??= make()).writable;
        },
        [kFuse]: make,
      },
    };
  },
};

const writing = (work, state) => ({
  async write(chunk) {
    work.check();
    await turn(); // an endless source must not keep timers from firing
    state.received.push(chunk[0]);
  },
  async close() {
    state.ended = true;
  },
  abort(reason) {
    state.aborted = { reason };
  },
});

export const sink =
  (make) =>
  (options = {}) => {
    const state = { received: [], ended: false, aborted: undefined };
    const value = make(worker(options), state);
    return { value, state, locked: typeof value.locked === 'boolean' ? isLocked(value) : never };
  };

export const sinks = {
  'a writable stream of ours': sink((...args) => new WritableStream(writing(...args))),
  "the engine's writable stream": sink((...args) => new NativeWritable(writing(...args))),
  'a consumer function': sink((work, state) => async (chunks) => {
    for await (const chunk of chunks) {
      if (work.check(() => true)) return 'had enough';
      await turn();
      state.received.push(chunk[0]);
    }
    state.ended = true;
    return 'consumed';
  }),
};

/** Which sinks can say that they want no more. */
export const isConsumer = (name) => name === 'a consumer function';

/** A signal that counts its listeners. */
export function countingSignal() {
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args) => {
    listeners += 1;
    Reflect.apply(addEventListener, signal, args);
  };
  signal.removeEventListener = (...args) => {
    listeners -= 1;
    Reflect.apply(removeEventListener, signal, args);
  };
  return { abort: (reason) => controller.abort(reason), signal, listeners: () => listeners };
}

/** `promise`, or a failure when it has not settled within `ms` milliseconds. */
export async function within(ms, promise) {
  let timer;
  const late = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not settled within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
