/**
 * A column of the matrix: an end that is over before the pipeline begins. The pipeline settles before a timer of the grace's length ends: it fails
 * or, where nothing can be lost, resolves; and the other parts are let go. Where no engine can know, an abort ends it.
 */
import {
  channel,
  fromCursor,
  fromEvents,
  fromEventSource,
  fromFile,
  fromIndexedDB,
  fromMessagePort,
  fromQueue,
  fromWebSocket,
  pipeline,
  ReadableStream,
  toIndexedDB,
  toMessagePort,
  toResponse,
  toWebSocket,
  TransformStream,
  WritableStream,
} from 'tidegate';
import { gunzip } from 'tidegate/codecs';
import { sinks as allSinks } from './sinks.js';
import { openDatabase, sources as allSources } from './sources.js';
import { countingSignal, GRACE, ok, pause, turn, until } from './support.js';

const spentFailure = new Error('the failure of before');
const { TransformStream: NativeTransform, ReadableStream: NativeReadable, WritableStream: NativeWritable } = globalThis;

/*
 * What a part says of the pipeline's end: `isRight(error)`, `well: true` where it resolves, `refused: true` where nothing is touched, and `unknown`,
 * what an engine has that cannot know. `mayEnd`: the engine tells of its end and of its failure at once, so what is behind it may have seen the end.
 */
const same = (error) => error === spentFailure;
const named =
  (...names) =>
  (error) =>
    names.includes(error?.name);

async function erroredReadable(Stream, type) {
  return new Stream({ type, start: (controller) => controller.error(spentFailure) });
}

async function cancelled(Stream) {
  const stream = new Stream();
  await stream.cancel();
  return stream;
}

const ended = (Stream) => new Stream({ start: (controller) => controller.close() });

async function used(body) {
  await body.text();
  return body;
}

function locked(stream) {
  if (stream.getReader) stream.getReader();
  else stream.getWriter();
  return stream;
}

async function spentGenerator() {
  const generator = (function* () {
    yield 1;
  })();
  [...generator];
  return generator;
}

const spentChannel = (act) => () => {
  const numbers = channel();
  act(numbers);
  return numbers.readable;
};

async function closedSocket(env, code) {
  const socket = env.openSocket('/matrix/sink?id=x&at=');
  await new Promise((resolve) => socket.addEventListener('open', resolve, { once: true }));
  const closed = new Promise((resolve) => socket.addEventListener('close', resolve, { once: true }));
  socket.close(code);
  await closed;
  return socket;
}

/** `make(socket)` of one that closes before the pipeline begins. */
const closesThen = (make, code) => async (env) => {
  const socket = env.openSocket('/matrix/sink?id=y&at=');
  await new Promise((resolve) => socket.addEventListener('open', resolve, { once: true }));
  const value = make(socket);
  const closed = new Promise((resolve) => socket.addEventListener('close', resolve, { once: true }));
  socket.close(code);
  await closed;
  await turn();
  return value;
};

async function refusedSocket(env, make) {
  const socket = env.openSocket('/matrix/refused');
  const closed = new Promise((resolve) => socket.addEventListener('close', resolve, { once: true }));
  socket.addEventListener('error', () => {});
  const value = make(socket);
  await closed;
  await turn();
  return value;
}

/** `make(port)` of a port that was closed, or whose other side was. */
const closedPort = (make, which) => async () => {
  const { port1, port2 } = new MessageChannel();
  (which === 'own' ? port1 : port2).close();
  await pause(20);
  return make(port1);
};

async function closedDatabase(make) {
  const { db } = await openDatabase();
  db.close();
  return make(db);
}

async function spentEventSource(env) {
  const events = new EventSource(`${env.origin}/matrix/refused`);
  events.close();
  return fromEventSource(events);
}

const aborted = () => AbortSignal.abort(spentFailure);
const queue = { subscribe() {}, ack() {}, nack() {} };

const sources = {
  'a ReadableStream that has ended': { well: true, make: () => ended(ReadableStream) },
  'a ReadableStream that was cancelled': { well: true, make: () => cancelled(ReadableStream) },
  'a ReadableStream that has failed': { isRight: same, make: () => erroredReadable(ReadableStream) },
  'a ReadableStream of bytes that has failed': { isRight: same, make: () => erroredReadable(ReadableStream, 'bytes') },
  'a ReadableStream that is locked': { refused: true, make: () => locked(new ReadableStream()) },
  "a stream of the engine's that has ended": { well: true, make: () => ended(NativeReadable) },
  "a stream of the engine's that was cancelled": { well: true, make: () => cancelled(NativeReadable) },
  "a stream of the engine's that has failed": { isRight: same, make: () => erroredReadable(NativeReadable) },
  "a stream of the engine's that is locked": { refused: true, make: () => locked(new NativeReadable()) },
  'a Response that is used': { refused: true, make: () => used(new Response('x')) },
  'a Request that is used': {
    refused: true,
    make: () => used(new Request('http://127.0.0.1/', { method: 'POST', body: 'x' })),
  },
  'a Response that is not ok': { isRight: named('FetchError'), make: (env) => fetch(`${env.origin}/matrix/refused`) },
  // Old engines' fetch (Chromium 115) has an AbortError of its own for the signal's reason.
  'a fetch that was aborted': {
    isRight: (error) => same(error) || named('AbortError')(error),
    make: (env) => () => fetch(env.origin, { signal: aborted() }),
  },
  'a generator that was run': { well: true, make: spentGenerator },
  'a function that fails': {
    isRight: same,
    make: () => () => {
      throw spentFailure;
    },
  },
  'channel that has ended': { well: true, make: spentChannel((numbers) => numbers.end()) },
  'channel that has failed': { isRight: same, make: spentChannel((numbers) => numbers.fail(spentFailure)) },
  'fromEvents whose signal was aborted': {
    isRight: same,
    make: () => fromEvents(new EventTarget(), 'number', { signal: aborted() }),
  },
  'fromFile whose signal was aborted': { isRight: same, make: () => fromFile(new Blob(['x']), { signal: aborted() }) },
  'fromCursor whose signal was aborted': { isRight: same, make: () => fromCursor([1], { signal: aborted() }) },
  'fromQueue whose signal was aborted': { isRight: same, make: () => fromQueue(queue, { signal: aborted() }) },
  'fromMessagePort of a closed port': {
    isRight: named('NetworkError'),
    unknown: 'document',
    make: closedPort(fromMessagePort, 'own'),
  },
  'fromMessagePort of a port whose other side is closed': {
    isRight: named('NetworkError'),
    unknown: 'document',
    make: closedPort(fromMessagePort, 'other'),
  },
  'fromWebSocket of a closed socket': {
    isRight: named('TypeError'),
    make: async (env) => {
      const socket = await closedSocket(env, 1000);
      return () => fromWebSocket(socket);
    },
  },
  'fromWebSocket that has closed well': { well: true, make: closesThen(fromWebSocket, 1000) },
  'fromWebSocket that has closed with a failure': {
    isRight: named('SocketError'),
    make: closesThen(fromWebSocket, 4001),
  },
  'fromWebSocket that was refused': { isRight: named('SocketError'), make: (env) => refusedSocket(env, fromWebSocket) },
  'fromWebSocket whose signal was aborted': {
    isRight: same,
    make: (env) => fromWebSocket(env.openSocket('/matrix/sink?id=z&at='), { signal: aborted() }),
  },
  'fromEventSource of one that is closed': {
    needs: 'EventSource',
    isRight: named('TypeError', 'FetchError'),
    make: (env) => () => spentEventSource(env),
  },
  'fromEventSource whose signal was aborted': {
    isRight: same,
    make: (env) => fromEventSource(`${env.origin}/matrix/refused`, { signal: aborted() }),
  },
  'fromIndexedDB of a closed database': {
    needs: 'indexedDB',
    isRight: named('InvalidStateError'),
    make: () => closedDatabase((db) => fromIndexedDB(db, 'numbers')),
  },
};

/** Every source of the matrix, cancelled before. */
for (const [name, { make, needs }] of Object.entries(allSources)) {
  if (name === 'an async iterable') continue; // which says nothing of its end
  sources[`${name}, cancelled before`] = {
    well: true,
    needs,
    async make(env) {
      const { value } = await make({ count: 1000, failure: spentFailure, env, wrap: (n) => n });
      await value.cancel();
      return value;
    },
  };
}

const abortedWritable = async (Stream) => {
  const stream = new Stream();
  await stream.abort(spentFailure);
  return stream;
};

const closedWritable = async (Stream) => {
  const stream = new Stream();
  await stream.close();
  return stream;
};

async function closingWritable() {
  const stream = new WritableStream({ close: () => pause(20) });
  stream.close();
  return stream;
}

async function cancelledResponse() {
  const sink = toResponse();
  await sink.response.body.cancel(spentFailure);
  return sink;
}

const sinks = {
  'a WritableStream that was closed': { isRight: named('TypeError'), make: () => closedWritable(WritableStream) },
  'a WritableStream that is closing': { isRight: named('TypeError'), make: closingWritable },
  'a WritableStream that was aborted': { isRight: same, make: () => abortedWritable(WritableStream) },
  'a WritableStream that is locked': { refused: true, make: () => locked(new WritableStream()) },
  "a stream of the engine's that was closed": {
    isRight: named('TypeError'),
    make: () => closedWritable(NativeWritable),
  },
  "a stream of the engine's that was aborted": { isRight: same, make: () => abortedWritable(NativeWritable) },
  "a stream of the engine's that is locked": { refused: true, make: () => locked(new NativeWritable()) },
  'a function that fails': {
    isRight: same,
    isCalled: true,
    make: () => async () => {
      throw spentFailure;
    },
  },
  'toResponse whose body was cancelled': { isRight: same, make: cancelledResponse },
  'toMessagePort of a closed port': {
    isRight: named('NetworkError'),
    unknown: 'document',
    make: closedPort(toMessagePort, 'own'),
  },
  'toMessagePort of a port whose other side is closed': {
    isRight: named('NetworkError'),
    unknown: 'document',
    make: closedPort(toMessagePort, 'other'),
  },
  'toWebSocket that has closed': { isRight: named('SocketError'), make: closesThen(toWebSocket, 1000) },
  'toWebSocket that was refused': { isRight: named('SocketError'), make: (env) => refusedSocket(env, toWebSocket) },
  'toIndexedDB of a closed database': {
    needs: 'indexedDB',
    isRight: named('InvalidStateError'),
    lazy: true,
    make: () => closedDatabase((db) => toIndexedDB(db, 'numbers', { batch: 1, key: (n) => n })),
  },
};

/** Every sink of the matrix, aborted before, and closed before. */
for (const [name, { make, needs }] of Object.entries(allSinks)) {
  if (name === 'a function') continue;
  const made = (end) => async (env) => {
    const { value } = await make({ failure: spentFailure, env, unwrap: (n) => n });
    await Promise.race([end(value), pause(100)]);
    return value;
  };
  sinks[`${name}, aborted before`] = { needs, isRight: same, make: made((value) => value.abort(spentFailure)) };
  sinks[`${name}, closed before`] = {
    needs,
    isRight: () => true,
    make: made((value) => {
      value.close().catch(() => {});
      return pause(10);
    }),
  };
}

const pairs = (Stream) => ({
  async erroredBefore() {
    const pair = new Stream();
    await pair.writable.abort(spentFailure);
    return pair;
  },
  async cancelledBefore() {
    const pair = new Stream();
    await pair.readable.cancel(spentFailure);
    return pair;
  },
  async closedBefore() {
    const pair = new Stream({}, {}, { highWaterMark: 1 });
    await pair.writable.close();
    return pair;
  },
});

function Gunzip() {
  return gunzip();
}

const stages = {
  'a TransformStream that was aborted': { isRight: same, make: pairs(TransformStream).erroredBefore },
  'a TransformStream whose readable side was cancelled': {
    isRight: same,
    make: pairs(TransformStream).cancelledBefore,
  },
  'a TransformStream whose writable side was closed': {
    isRight: named('TypeError'),
    make: pairs(TransformStream).closedBefore,
  },
  "the engine's TransformStream that was aborted": { isRight: same, make: pairs(NativeTransform).erroredBefore },
  "the engine's TransformStream whose readable side was cancelled": {
    mayEnd: true,
    isRight: same,
    make: pairs(NativeTransform).cancelledBefore,
  },
  "the engine's TransformStream whose writable side was closed": {
    mayEnd: true,
    isRight: named('TypeError'),
    make: pairs(NativeTransform).closedBefore,
  },
  'a codec that was aborted': { refused: true, make: pairs(Gunzip).erroredBefore },
  'a codec whose readable side was cancelled': { refused: true, make: pairs(Gunzip).cancelledBefore },
};

/** Of the other parts: whether they are open, and what they were told. */
function givingSource(isEmpty) {
  const state = { open: true };
  let n = 0;
  const value = new ReadableStream({
    async pull(controller) {
      await turn();
      if (isEmpty) {
        state.open = false;
        controller.close();
      } else controller.enqueue(new Uint8Array([n++ % 256]));
    },
    cancel: () => void (state.open = false),
  });
  return { value, state };
}

function takingSink() {
  const state = { open: true };
  const end = (how) => () => {
    state.open = false;
    state.how = how;
  };
  return { value: new WritableStream({ close: end('closed'), abort: end('aborted') }), state };
}

function takingFunction() {
  const state = { open: false, isFunction: true };
  const value = async (chunks) => {
    state.open = true;
    try {
      for await (const chunk of chunks) void chunk;
    } finally {
      state.open = false;
    }
  };
  return { value, state };
}

function comingSource() {
  const state = { open: false, isFunction: true };
  const value = ({ signal }) =>
    new Promise(() => {
      state.open = !signal.aborted;
      signal.addEventListener('abort', () => void (state.open = false));
    });
  return { value, state };
}

const beside = {
  source: { 'a stream': takingSink, 'a function': takingFunction },
  stage: { 'two streams': takingSink },
  sink: {
    'a source that gives': () => givingSource(false),
    'a source that is empty': () => givingSource(true),
    'a source that never comes': comingSource,
  },
};

async function runCell(part, place, makeOther, env, given) {
  const failure = new Error('the failure');
  const signal = countingSignal();
  const spent = await part.make(env);
  const other = makeOther();
  const giving = place === 'stage' ? givingSource(false) : undefined;
  const parts = {
    source: () => [spent, other.value],
    stage: () => [giving.value, spent, other.value],
    sink: () => [other.value, spent],
  }[place]();
  const running = pipeline(...parts, { signal: signal.signal }).then(
    (value) => ({ value }),
    (error) => ({ error }),
  );
  let outcome = await Promise.race([running, pause(GRACE)]);
  if (outcome === undefined && part.unknown && given.includes(part.unknown)) {
    signal.abort(failure);
    outcome = await Promise.race([
      running,
      (async () => {
        for (let n = 0; n < 3; n += 1) await pause(GRACE);
      })(),
    ]);
    ok(outcome?.error === failure, `an abort does not end it: ${outcome?.error}`);
  } else {
    ok(outcome !== undefined, 'it has not settled within the grace');
    const { error } = outcome;
    if (part.well) ok(!('error' in outcome), `it failed with ${error?.stack ?? error}`);
    else
      ok(
        'error' in outcome && (part.refused ? named('TypeError')(error) : part.isRight(error)),
        `it ${'error' in outcome ? `failed with ${error?.stack ?? error}` : 'went well'}`,
      );
  }
  ok(signal.listeners() === 0, `${signal.listeners()} listeners are left on the signal`);
  if (part.refused) {
    ok(other.state.open || other.state.isFunction, 'the other part was touched');
    return;
  }
  for (const { state } of [other, giving ?? other])
    await until(() => state.open, false, 'whether the other part is open');
  ok(!other.value.locked, 'the other part is still locked');
  if (other.state.how && !part.mayEnd)
    ok(other.state.how === (part.well ? 'closed' : 'aborted'), `the sink was ${other.state.how}`);
}

/** `{ name, run(env) }` for each; `given` lists what this engine has of what parts need, `more` are further parts, as those here. */
export function spentCells(given, more = {}) {
  const all = [];
  for (const [place, parts] of Object.entries({
    source: { ...sources, ...more.sources },
    stage: { ...stages, ...more.stages },
    sink: { ...sinks, ...more.sinks },
  })) {
    for (const [name, part] of Object.entries(parts)) {
      if (part.needs !== undefined && !given.includes(part.needs)) continue;
      for (const [what, makeOther] of Object.entries(beside[place])) {
        if (part.lazy && what !== 'a source that gives') continue; // known when something is written
        if (part.isCalled && what === 'a source that never comes') continue; // before which it is not called
        all.push({
          name: `${place} ${name} settles a pipeline at once beside ${what}`,
          run: (env) => runCell(part, place, makeOther, env, given),
        });
      }
    }
  }
  return all;
}
