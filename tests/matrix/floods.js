/**
 * A column of the matrix: the other side gives all it has at once, and ends, while the consumer is slow. As many numbers come out as the other side says that
 * it has sent, in their order; or the pipeline fails, which only a source may that is marked `mayFail`.
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
  pipeline,
  ReadableStream,
  receive,
  toIndexedDB,
  toMessagePort,
  transfer,
  WritableStream,
} from 'tidegate';
import { openDatabase } from './sources.js';
import { BLOCK, block, newId, ok, pause, remoteState, within } from './support.js';

const COUNT = 60;
const SLOW = 3; // milliseconds for each number

const each = (n) => [n];
const ofText = (text) => [parseInt(text, 10)];

/** Numbers of blocks of bytes, however those are cut. */
function ofBlocks() {
  let at = 0;
  return (bytes) => {
    const numbers = [];
    for (let next = (BLOCK - (at % BLOCK)) % BLOCK; next < bytes.length; next += BLOCK) numbers.push(bytes[next]);
    at += bytes.length;
    return numbers;
  };
}

const blocks = () => Array.from({ length: COUNT }, (_, n) => block(n));

/** `{ value, decode, sent }` of a source that is fed by `feed(give)`, at once. */
function fed(make, decode = each) {
  let sent = 0;
  const value = make((give) => {
    for (let n = 0; n < COUNT; n += 1) {
      give(n);
      sent += 1;
    }
  });
  return { value, decode, sent: () => sent };
}

/** `{ value, decode, sent }` of a source that iterates. */
function iterated(make, decode = each) {
  let sent = 0;
  const value = make(function* numbers() {
    for (let n = 0; n < COUNT; n += 1) {
      yield n;
      sent += 1;
    }
  });
  return { value, decode, sent: () => sent };
}

const path = (what, id) => `/matrix/flood/${what}?id=${id}&count=${COUNT}`;
const remote = (make, decode) => async (env) => {
  const id = newId();
  return { value: await make(env, id), decode: decode(), sent: async () => (await remoteState(env, id)).sent };
};
const text = () => ofText;
const socketUrl = (env, id) => env.origin.replace('http', 'ws') + path('socket', id);

function ofWorker(env) {
  const { port1, port2 } = new MessageChannel();
  const sent = env.flood(port2, COUNT);
  return { value: fromMessagePort(port1, { highWaterMark: 16 }), decode: each, sent: () => sent };
}

async function ofIndexedDB() {
  const { db } = await openDatabase();
  const records = Array.from({ length: COUNT }, (_, n) => n);
  await pipeline(records, toIndexedDB(db, 'numbers', { key: (n) => n }));
  return { value: fromIndexedDB(db, 'numbers', { batch: 7 }), decode: each, sent: () => COUNT };
}

const sources = {
  'a ReadableStream': {
    make: () =>
      fed(
        (feed) =>
          new ReadableStream({ start: (controller) => (feed((n) => controller.enqueue(n)), controller.close()) }),
      ),
  },
  "a stream of the engine's": {
    make: () =>
      fed(
        (feed) =>
          new globalThis.ReadableStream({
            start: (controller) => (feed((n) => controller.enqueue(n)), controller.close()),
          }),
      ),
  },
  'a generator': { make: () => iterated((numbers) => numbers()) },
  'an async iterable': {
    make: () =>
      iterated((numbers) =>
        (async function* () {
          yield* numbers();
        })(),
      ),
  },
  'a Blob': { make: () => ({ value: new Blob(blocks()), decode: ofBlocks(), sent: () => COUNT }) },
  'a Response': { make: remote((env, id) => fetch(env.origin + path('bytes', id)), ofBlocks) },
  channel: {
    make: () =>
      fed((feed) => {
        const numbers = channel({ highWaterMark: 2 });
        feed((n) => numbers.write(n));
        numbers.end();
        return numbers.readable;
      }),
  },
  fromEvents: {
    make: () =>
      fed((feed) => {
        const target = new EventTarget();
        const numbers = fromEvents(target, 'number', { map: ({ n }) => n, end: 'over' });
        feed((n) => target.dispatchEvent(Object.assign(new Event('number'), { n })));
        target.dispatchEvent(new Event('over'));
        return numbers;
      }),
  },
  fromFetch: { make: remote((env, id) => fromFetch(env.origin + path('bytes', id)), ofBlocks) },
  fromFile: {
    make: () => ({ value: fromFile(new Blob(blocks()), { chunkSize: 1000 }), decode: ofBlocks(), sent: () => COUNT }),
  },
  fromCursor: {
    make: () =>
      iterated((numbers) => {
        const rows = numbers();
        return fromCursor({ read: async (most) => [...firstOf(rows, most)], close() {} }, { batch: 7 });
      }),
  },
  fromMessagePort: {
    make: () =>
      iterated((numbers) => {
        const { port1, port2 } = new MessageChannel();
        pipeline(numbers(), toMessagePort(port2));
        return fromMessagePort(port1, { highWaterMark: 16 });
      }),
  },
  'fromMessagePort of a worker that ends then': { make: ofWorker },
  'a stream that was transferred': {
    make: () => iterated((numbers) => receive(transfer(ReadableStream.from(numbers())).handle, { highWaterMark: 16 })),
  },
  'fromWebSocket of a socket': { make: remote((env, id) => fromWebSocket(env.openSocket(path('socket', id))), text) },
  'fromWebSocket of a URL': { needs: 'WebSocket', make: remote((env, id) => fromWebSocket(socketUrl(env, id)), text) },
  'fromWebSocket by WebSocketStream': {
    needs: 'WebSocketStream',
    mayFail: 'SocketError',
    make: remote((env, id) => fromWebSocket(socketUrl(env, id), { api: 'WebSocketStream' }), text),
  },
  'fromWebSocket of a WebSocketStream': {
    needs: 'WebSocketStream',
    mayFail: 'SocketError',
    make: remote((env, id) => fromWebSocket(new globalThis.WebSocketStream(socketUrl(env, id))), text),
  },
  fromEventSource: {
    make: remote(
      (env, id) => fromEventSource(env.origin + path('events', id), { delay: 1 }),
      () =>
        ({ data }) =>
          ofText(data),
    ),
  },
  'fromEventSource of an EventSource': {
    needs: 'EventSource',
    mayFail: 'FetchError',
    make: remote(
      (env, id) => fromEventSource(new EventSource(env.origin + path('events', id))),
      () =>
        ({ data }) =>
          ofText(data),
    ),
  },
  fromQueue: {
    make: () =>
      fed(
        (feed) => fromQueue({ subscribe: (deliver, { end }) => (feed(deliver), end()), ack() {} }, { capacity: COUNT }),
        async function* (message) {
          yield message.value;
          await message.ack();
        },
      ),
  },
  fromIndexedDB: { needs: 'indexedDB', make: ofIndexedDB },
  'a Readable of Node': { needs: 'node', make: (env) => fed((feed) => env.node.readable(feed)) },
  'fromEvents of an EventEmitter': {
    needs: 'node',
    make: (env) => fed((feed) => env.node.emitter((emitter) => fromEvents(emitter, 'number', { end: 'over' }), feed)),
  },
  'a socket of Node': {
    needs: 'node',
    make: async (env) => ({ ...(await env.node.socket(blocks())), decode: ofBlocks() }),
  },
  "a child process's output": {
    needs: 'node',
    make: (env) => ({ ...env.node.child(BLOCK, COUNT), decode: ofBlocks() }),
  },
};

function* firstOf(iterator, most) {
  for (let n = 0; n < most; n += 1) {
    const { value, done } = iterator.next();
    if (done) return;
    yield value;
  }
}

const consumers = {
  'a slow stream': (received) =>
    new WritableStream({
      async write(n) {
        await pause(SLOW);
        received.push(n);
      },
    }),
  'a slow function': (received) => async (numbers) => {
    for await (const n of numbers) {
      received.push(n);
      await pause(SLOW);
    }
  },
};

async function runCell({ make, mayFail }, consumerOf, env) {
  const source = await make(env);
  const received = [];
  const decode = async function* (chunks) {
    for await (const chunk of chunks) yield* source.decode(chunk);
  };
  const outcome = await within(
    15_000,
    pipeline(source.value, decode, consumerOf(received)).then(
      () => ({}),
      (error) => ({ error }),
    ),
    'the pipeline',
  );
  if ('error' in outcome) {
    ok(
      mayFail !== undefined && outcome.error?.name === mayFail,
      `it failed with ${outcome.error?.stack ?? outcome.error}, and ${received.length} had come`,
    );
    return;
  }
  const sent = await source.sent();
  ok(sent === COUNT, `the other side has sent ${sent}`);
  const expected = Array.from({ length: sent }, (_, n) => n);
  ok(JSON.stringify(received) === JSON.stringify(expected), `${received.length} came of ${sent}: ${received}`);
}

/** `{ name, run(env) }` for each; `given` lists what this engine has of what sources need. */
export function floodCells(given) {
  return Object.entries(sources)
    .filter(([, { needs }]) => needs === undefined || given.includes(needs))
    .flatMap(([name, source]) =>
      Object.entries(consumers).map(([consumer, consumerOf]) => ({
        name: `from ${name} into ${consumer} gives all that the other side sent before it ended`,
        run: (env) => runCell(source, consumerOf, env),
      })),
    );
}
