/**
 * A column of the matrix: a part that never answers its teardown. After a failure of another part, an abort, or an end that comes early the pipeline
 * settles all the same, with the first error, and lets go of everything else. Bounds are counted in timers of the length of the grace, which an engine
 * that is busy delays as well.
 */
import {
  channel,
  fromCursor,
  fromEvents,
  fromEventSource,
  fromFetch,
  fromFile,
  fromIndexedDB,
  fromMessagePort,
  fromQueue,
  fromWebSocket,
  map,
  pipeline,
  ReadableStream,
  toFetch,
  toFile,
  toIndexedDB,
  toMessagePort,
  toResponse,
  toWebSocket,
  TransformStream,
  WritableStream,
} from 'tidegate';
import { gunzip, lines } from 'tidegate/codecs';
import { openDatabase } from './sources.js';
import { countingSignal, deferred, GRACE, ok, pause, turn, until, within } from './support.js';

const AT = 2;
/** Timers of a grace that may end before the pipeline has settled. */
const GRACES = 3;
/** Milliseconds until something happens to a pipeline that runs. */
const SOON = 30;

/** Calls of it never settle, and `asked()` is how many there were. */
function silent() {
  let calls = 0;
  return { call: () => new Promise(() => void (calls += 1)), asked: () => calls };
}

const byte = (n) => new Uint8Array([n % 256]);
const endless = (enqueue) => ({
  async pull(controller) {
    await turn();
    enqueue(controller);
  },
});

const ofStream = (Stream, more) => () => {
  const { call: cancel, asked } = silent();
  return {
    value: new Stream({ ...endless((controller) => controller.enqueue(more?.type ? byte(1) : 1)), ...more, cancel }),
    asked,
  };
};

const ofIterator = (more) => () => {
  const { call, asked } = silent();
  const next = async () => (await turn(), { done: false, value: 1 });
  return { value: { [Symbol.asyncIterator]: () => ({ next, return: call, ...more?.(call) }) }, asked };
};

/** A generator that a `return()` finds at its yield or waiting, and whose `finally` never ends. */
async function* stuck(call, chunks) {
  try {
    for await (const chunk of chunks) yield chunk;
  } finally {
    await call();
  }
}

async function takeAll(call, chunks) {
  try {
    for await (const chunk of chunks) void chunk;
  } finally {
    await call();
  }
}

async function* ones() {
  for (;;) {
    yield 1;
    await turn();
  }
}

function ofGenerator() {
  const { call, asked } = silent();
  return { value: stuck(call, ones()), asked };
}

function ofBody(make) {
  const { call: cancel, asked } = silent();
  return {
    value: make(new globalThis.ReadableStream({ ...endless((controller) => controller.enqueue(byte(1))), cancel })),
    asked,
  };
}

function ofFile() {
  let reads = 0;
  const blob = {
    size: 1000,
    stream() {},
    arrayBuffer() {},
    slice: () => ({ arrayBuffer: () => (reads++ < 2 * AT ? Promise.resolve(byte(1).buffer) : new Promise(() => {})) }),
  };
  return { value: fromFile(blob, { chunkSize: 1 }) };
}

function ofEvents() {
  const { call, asked } = silent();
  const target = new EventTarget();
  const timer = setInterval(() => target.dispatchEvent(Object.assign(new Event('number'), { n: 1 })), 1);
  const value = fromEvents(target, 'number', {
    map: ({ n }) => n,
    pause: call,
    resume: call,
    highWaterMark: 1,
    capacity: 100,
    overflow: 'drop-newest',
  });
  return { value, asked: () => asked() || 1, clean: () => clearInterval(timer) };
}

function ofChannel() {
  const numbers = channel({ highWaterMark: 2 });
  for (let n = 0; n < 9; n += 1) numbers.write(n);
  return { value: numbers.readable }; // and nobody ends it
}

const ofQueue = (make) => () => {
  const { call, asked } = silent();
  return {
    value: fromQueue({
      subscribe: (deliver) => {
        for (let n = 0; n < 5; n += 1) deliver(n);
      },
      ack() {},
      ...make(call),
    }),
    decode: ({ value }) => value,
    asked,
  };
};

/** A port whose other side sends what it was given leave for, and hears nothing else. */
function ofPort() {
  const { port1, port2 } = new MessageChannel();
  let told = 0;
  port2.onmessage = ({ data: { type, value } }) => {
    if (type !== 'credit') told += 1;
    else for (let n = 0; n < value; n += 1) port2.postMessage({ type: 'chunk', value: n });
  };
  return { value: fromMessagePort(port1), heard: () => told, clean: () => port2.close() };
}

/** An open transaction that keeps `numbers` from everybody else, until `stop()`. */
function lock(db) {
  let stopped = false;
  const store = db.transaction('numbers', 'readwrite').objectStore('numbers');
  (function again() {
    if (!stopped) store.get(0).onsuccess = again;
  })();
  return () => void (stopped = true);
}

async function ofIndexedDB() {
  const { db } = await openDatabase();
  const stop = lock(db);
  return { value: fromIndexedDB(db, 'numbers'), clean: stop };
}

const silentSocket = (env) => env.openSocket('/matrix/silent');

const sources = {
  'a ReadableStream': { make: ofStream(ReadableStream) },
  'a ReadableStream of bytes': { make: ofStream(ReadableStream, { type: 'bytes' }) },
  "a stream of the engine's": { make: ofStream(globalThis.ReadableStream) },
  'a Response': { make: () => ofBody((body) => new Response(body)) },
  'an async iterable': { make: ofIterator() },
  'an async iterable whose next is as mute': { stalls: true, make: ofIterator((call) => ({ next: call })) },
  'a generator': { make: ofGenerator },
  'a function that never gives a source': {
    stalls: true,
    make() {
      let told = 0;
      return {
        value: ({ signal }) => new Promise(() => signal.addEventListener('abort', () => void (told += 1))),
        asked: () => told,
      };
    },
  },
  'a promise of a source': { stalls: true, make: () => ({ value: new Promise(() => {}) }) },
  channel: { make: ofChannel },
  fromEvents: { make: ofEvents },
  fromFetch: { make: (env) => ({ value: fromFetch(`${env.origin}/matrix/mute/bytes`, { retries: 0 }) }) },
  'fromFetch without an answer': {
    stalls: true,
    make: (env) => ({ value: fromFetch(`${env.origin}/matrix/mute/nothing`, { retries: 0 }) }),
  },
  fromFile: { make: ofFile },
  'fromCursor by its close': {
    make() {
      const { call: close, asked } = silent();
      return { value: fromCursor({ read: async () => (await turn(), [1]), close }), asked };
    },
  },
  'fromCursor by its read': {
    stalls: true,
    make() {
      const { call: read, asked } = silent();
      return { value: fromCursor({ read, close() {} }), asked };
    },
  },
  fromMessagePort: { make: ofPort },
  fromWebSocket: { make: (env) => ({ value: fromWebSocket(silentSocket(env)) }) },
  'fromWebSocket that never opens': {
    stalls: true,
    make: (env) => ({ value: fromWebSocket(env.openSocket('/matrix/mute/handshake')) }),
  },
  'fromWebSocket by WebSocketStream': {
    needs: 'WebSocketStream',
    make: (env) => ({
      value: fromWebSocket(env.origin.replace('http', 'ws') + '/matrix/silent', { api: 'WebSocketStream' }),
    }),
  },
  fromEventSource: { make: (env) => ({ value: fromEventSource(`${env.origin}/matrix/mute/events`, { delay: 1 }) }) },
  'fromQueue by its nack': { make: ofQueue((call) => ({ nack: call })) },
  'fromQueue by its unsubscribe': {
    make: ofQueue((call) => ({
      nack() {},
      subscribe: (deliver) => {
        for (let n = 0; n < 5; n += 1) deliver(n);
        return call;
      },
    })),
  },
  fromIndexedDB: { needs: 'indexedDB', stalls: true, make: ofIndexedDB },
};

const pairOf = (make) => () => {
  const { call, asked } = silent();
  return { value: make(call), asked };
};

/** A pair of streams, of which both sides are mute. */
const mutePair = (Readable, Writable) =>
  pairOf((call) => {
    let give;
    return {
      readable: new Readable({ start: (controller) => void (give = controller), cancel: call }),
      writable: new Writable({ write: async (chunk) => (await turn(), give.enqueue(chunk)), abort: call }),
    };
  });

/** Of a gzip member the first bytes, and then nothing. */
async function* halfHeader(chunks) {
  let begun = false;
  for await (const chunk of chunks) {
    if (!begun && chunk !== undefined) yield new Uint8Array([31, 139, 8]);
    begun = true;
  }
}

const stages = {
  'a TransformStream': { make: pairOf((call) => new TransformStream({ cancel: call })) },
  'a TransformStream by its transform': {
    stalls: true,
    make: pairOf((call) => new TransformStream({ transform: call })),
  },
  "the engine's TransformStream by its transform": {
    stalls: true,
    make: pairOf((call) => new globalThis.TransformStream({ transform: call })),
  },
  'a pair of streams': { make: mutePair(ReadableStream, WritableStream) },
  "a pair of the engine's": { make: mutePair(globalThis.ReadableStream, globalThis.WritableStream) },
  'a generator function': {
    make: pairOf(
      (call) =>
        async function* generating(chunks) {
          yield* stuck(call, chunks);
        },
    ),
  },
  'a function': { stalls: true, make: pairOf((call) => call) },
  map: { stalls: true, make: pairOf((call) => map(call, { concurrency: 2 })) },
  'a codec in front of one that is mute': {
    stalls: true,
    compiles: true,
    make: pairOf((call) => new TransformStream({ transform: call })),
    before: () => [(n) => new TextEncoder().encode(`${n}\n`), lines()],
  },
  'a codec that gives nothing yet': { stalls: true, make: () => ({ value: gunzip() }), before: () => [halfHeader] },
};

const upload = (how) => (env) => ({
  value: toFetch(`${env.origin}/matrix/mute/upload`, { as: how, partSize: 2, retries: 0 }),
  encode: byte,
});

function toMutePort() {
  const { port1, port2 } = new MessageChannel();
  port2.onmessage = () => {};
  port2.postMessage({ type: 'credit', value: 1 });
  return { value: toMessagePort(port1), clean: () => port2.close() };
}

async function toLockedDB() {
  const { db } = await openDatabase();
  const stop = lock(db);
  return { value: toIndexedDB(db, 'numbers', { batch: 1, key: (n) => n }), clean: stop };
}

/** A file of a browser whose abort does not answer. */
function toMuteFile() {
  const { call: abort, asked } = silent();
  const stream = { write: async () => {}, seek: async () => {}, close: async () => {}, abort };
  return {
    value: toFile({ getFile: async () => new Blob([]), createWritable: async () => stream }, { gather: 0 }),
    encode: byte,
    asked,
  };
}

const sinks = {
  'a WritableStream': { make: pairOf((call) => new WritableStream({ abort: call })) },
  'a WritableStream by its write': { stalls: true, make: pairOf((call) => new WritableStream({ write: call })) },
  'a WritableStream by its close': {
    only: ['an abort'],
    closes: true,
    make: pairOf((call) => new WritableStream({ close: call })),
  },
  "a stream of the engine's": { make: pairOf((call) => new globalThis.WritableStream({ abort: call })) },
  "a stream of the engine's by its write": {
    stalls: true,
    make: pairOf((call) => new globalThis.WritableStream({ write: call })),
  },
  'a function': { stalls: true, make: pairOf((call) => call) },
  'a function by its finally': { make: pairOf((call) => (chunks) => takeAll(call, chunks)) },
  'toFetch in parts': { make: upload('parts') },
  'toFetch streaming': { make: upload('stream'), needs: 'streamed requests' },
  'toFetch collected': { only: ['an abort'], closes: true, make: upload('collect') },
  toResponse: { stalls: true, make: () => ({ value: toResponse(), encode: byte }) }, // and nobody reads it
  toMessagePort: { make: toMutePort },
  toWebSocket: { make: (env) => ({ value: toWebSocket(silentSocket(env)), encode: String }) },
  'toWebSocket by its close': {
    only: ['an abort'],
    closes: true,
    make: (env) => ({ value: toWebSocket(silentSocket(env)), encode: String }),
  },
  'toWebSocket that never opens': {
    stalls: true,
    make: (env) => ({ value: toWebSocket(env.openSocket('/matrix/mute/handshake')), encode: String }),
  },
  'toWebSocket by WebSocketStream': {
    needs: 'WebSocketStream',
    make: (env) => ({
      value: toWebSocket(env.origin.replace('http', 'ws') + '/matrix/silent', { api: 'WebSocketStream' }),
      encode: String,
    }),
  },
  toFile: { make: toMuteFile },
  toIndexedDB: { needs: 'indexedDB', stalls: true, make: toLockedDB },
};

const scenarios = {
  'a failure of the source': { places: ['stage', 'sink'], fails: 'source' },
  'a failure of the sink': { places: ['source', 'stage'], fails: 'sink' },
  'an abort': { places: ['source', 'stage', 'sink'], aborts: true },
  'a failure of a stage': { places: ['source', 'sink'], stageFails: true, flows: true },
  'a consumer that has had enough': { places: ['source', 'stage'], enough: 'sink', flows: true },
  'a stage that has had enough': { places: ['source', 'stage'], enough: 'stage', flows: true },
};

/** A source that gives numbers until `end`, or without one, and notes how it was let go. */
function givingSource(last = Infinity) {
  const state = { open: true };
  let n = 0;
  const value = new ReadableStream({
    start: (controller) =>
      void (state.fail = (error) => {
        state.open = false;
        controller.error(error);
      }),
    async pull(controller) {
      await turn();
      if (!state.open) return;
      if (n < last) controller.enqueue(n++);
      else {
        state.open = false;
        controller.close();
      }
    },
    cancel: () => void (state.open = false),
  });
  return { value, state };
}

function takingSink(scenario, begin) {
  const state = { open: true };
  if (scenario.enough === 'sink') {
    const value = async (chunks) => {
      let n = 0;
      for await (const chunk of chunks) if (chunk !== undefined && (n += 1) === AT) break;
      state.open = false;
      begin();
      return 'enough';
    };
    return { value, state };
  }
  const value = new WritableStream({
    start: (controller) =>
      void (state.fail = (error) => {
        state.open = false;
        controller.error(error);
      }),
    write: turn,
    close: () => void (state.open = false),
    abort: () => void (state.open = false),
  });
  return { value, state };
}

/** The stage of the page's that a cell has beside the mute part. */
function gate(scenario, state, failure, begin) {
  return async function* gate(chunks) {
    state.open = true;
    let n = 0;
    try {
      for await (const chunk of chunks) {
        n += 1;
        if (n > AT && scenario.stageFails) {
          begin();
          throw failure;
        }
        yield chunk;
        if (n === AT && scenario.enough === 'stage') return begin();
      }
    } finally {
      state.open = false;
    }
    return undefined;
  };
}

async function runCell(part, place, scenario, env) {
  const failure = new Error('the failure');
  const signal = countingSignal();
  const begun = deferred();
  const mute = await part.make(env);
  const gateState = { open: false };
  const stage = gate(scenario, gateState, failure, begun.resolve);
  const source = place === 'source' ? { value: mute.value } : givingSource(part.closes ? 1 : Infinity);
  const sink = place === 'sink' ? { value: mute.value } : takingSink(scenario, begun.resolve);
  const decode = (chunk) => (mute.decode ?? ((n) => n))(chunk);
  const encode = (n) => (mute.encode ?? ((value) => value))(n);
  const stagesOf = {
    source: () => [decode, stage],
    stage: () => [...(part.before?.() ?? []), mute.value, stage],
    sink: () => [stage, encode],
  };
  const running = pipeline(source.value, ...stagesOf[place](), sink.value, { signal: signal.signal });
  running.catch(() => {});
  const timer = setTimeout(async () => {
    // A part that is asked only at the end of its source, or after a codec has been compiled, is so before the abort.
    while ((part.closes || part.compiles) && mute.asked?.() === 0) await turn();
    if (scenario.aborts) signal.abort(failure);
    else if (scenario.fails) ({ source, sink })[scenario.fails].state.fail(failure);
    else return;
    begun.resolve();
  }, SOON);
  try {
    await within(5000, Promise.race([begun.promise, running.catch(() => {})]), 'what the teardown is for');
    let graces = 0;
    const outcome = await Promise.race([
      running.then(
        (value) => ({ value }),
        (error) => ({ error }),
      ),
      (async () => {
        for (; graces < GRACES; graces += 1) await pause(GRACE);
        return undefined;
      })(),
    ]);
    ok(outcome !== undefined, `it has not settled within ${GRACES} times the grace`);
    if (scenario.enough) ok(!('error' in outcome), `it failed with ${outcome.error?.stack ?? outcome.error}`);
    else
      ok(
        outcome.error === failure,
        `it ${'error' in outcome ? `failed with ${outcome.error?.stack ?? outcome.error}` : 'went well'}`,
      );
    ok(signal.listeners() === 0, `${signal.listeners()} listeners are left on the signal`);
    for (const [name, { state }] of [
      ['source', source],
      ['sink', sink],
    ])
      if (state) await until(() => state.open, false, `whether the ${name} is open`);
    await until(() => gateState.open, false, 'whether the stage is open');
    if (mute.asked) await until(() => mute.asked() > 0, true, 'whether the mute part was asked');
    if (mute.heard) await until(() => mute.heard() > 0, true, 'whether the mute part was told');
    // What stands before a mute stage stays locked until that answers.
    if (source.state && place !== 'stage') ok(!source.value.locked, 'the source is still locked');
    if (sink.state && sink.value.locked !== undefined) ok(!sink.value.locked, 'the sink is still locked');
  } finally {
    clearTimeout(timer);
    await mute.clean?.();
  }
}

/**
 * `{ name, run(env) }` for each; `given` lists what this engine has of what parts need, `more` are further parts, as those here: `stalls` marks one
 * through which nothing comes, `closes` one that is asked only by a source that ends, `compiles`
 * one behind a codec.
 */
export function muteCells(given, more = {}) {
  const all = [];
  for (const [place, parts] of Object.entries({
    source: { ...sources, ...more.sources },
    stage: { ...stages, ...more.stages },
    sink: { ...sinks, ...more.sinks },
  })) {
    for (const [name, part] of Object.entries(parts)) {
      if (part.needs !== undefined && !given.includes(part.needs)) continue;
      for (const [what, scenario] of Object.entries(scenarios)) {
        if (
          !scenario.places.includes(place) ||
          (scenario.flows && part.stalls) ||
          (part.only && !part.only.includes(what))
        )
          continue;
        all.push({
          name: `${place} ${name}, which never answers its teardown, does not hold up ${what}`,
          run: (env) => runCell(part, place, scenario, env),
        });
      }
    }
  }
  return all;
}
