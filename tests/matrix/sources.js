/**
 * Every source of the package as a part of the matrix: gives the numbers from 0 on, `count` of them and then its end, or its failure with
 * `fail`. `decode(chunk)` are the numbers of a chunk, `open()` what is still open of it, here and on the other side.
 *
 * `isFailure(error)` says whether that is how a failure of it looks, where it cannot be the very object `failure`.
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
  toIndexedDB,
  toMessagePort,
} from 'tidegate';
import { newId, remoteState, turn } from './support.js';

const never = () => false;
const remote = (env, id) => async () => (await remoteState(env, id)).open;

/** Numbers, no faster than the event loop turns. */
async function* numbers({ count, fail, failure }, wrap = (n) => n) {
  for (let n = 0; n < count; n += 1) {
    yield wrap(n);
    await turn();
  }
  if (fail) throw failure;
}

const plain = (make) => (options) => {
  let open = 1;
  const counted = (async function* () {
    try {
      yield* numbers(options, options.wrap);
    } finally {
      open = 0;
    }
  })();
  let begun = false;
  const source = {
    [Symbol.asyncIterator]: () => source,
    next() {
      begun = true;
      return counted.next();
    },
    return(value) {
      open = 0; // also of what was never begun
      return begun ? counted.return(value) : Promise.resolve({ value, done: true });
    },
  };
  const value = make(source);
  return { value, decode: (n) => [n], open: () => open, locked: () => value.locked ?? false };
};

function ofChannel({ count, fail, failure, wrap }) {
  const numbersOf = channel({ highWaterMark: 2 });
  let open = 1;
  (async () => {
    for (let n = 0; n < count && !numbersOf.signal.aborted; n += 1) {
      if (numbersOf.write(wrap(n)) === false) await numbersOf.drained;
      await turn();
    }
    if (fail) numbersOf.fail(failure);
    else if (!numbersOf.signal.aborted) numbersOf.end();
    open = 0;
  })();
  return { value: numbersOf.readable, decode: (n) => [n], open: () => open, locked: () => numbersOf.readable.locked };
}

function ofEvents({ count, fail, failure, wrap }) {
  const target = new EventTarget();
  const listeners = new Set();
  const { addEventListener, removeEventListener } = target;
  target.addEventListener = (type, listener) => {
    listeners.add(listener);
    Reflect.apply(addEventListener, target, [type, listener]);
  };
  target.removeEventListener = (type, listener) => {
    listeners.delete(listener);
    Reflect.apply(removeEventListener, target, [type, listener]);
  };
  let paused = false;
  const value = fromEvents(target, 'number', {
    highWaterMark: 2,
    map: ({ n }) => n,
    end: 'over',
    pause: () => void (paused = true),
    resume: () => void (paused = false),
  });
  const send = (type, more) => target.dispatchEvent(Object.assign(new Event(type), more));
  (async () => {
    for (let n = 0; n < count && listeners.size > 0;) {
      if (!paused) send('number', { n: wrap(n++) });
      await turn();
    }
    if (fail) send('error', { error: failure });
    else send('over');
  })();
  return { value, decode: (n) => [n], open: () => listeners.size, locked: () => value.locked };
}

function ofFetch({ count, fail, env }) {
  const id = newId();
  const value = fromFetch(`${env.origin}/matrix/bytes?id=${id}&count=${count}&fail=${fail ? 1 : ''}`, { retries: 0 });
  return {
    value,
    decode: (bytes) => bytes,
    open: remote(env, id),
    isFailure: ({ name }) => name === 'FetchError' || name === 'TypeError',
    locked: () => value.locked,
  };
}

function ofFile({ count, fail, failure }) {
  const bytes = Uint8Array.from({ length: Math.min(count, 10_000) }, (_, n) => n % 256);
  const blob = new Blob([bytes]);
  const size = blob.size + (fail ? 1 : 0);
  const slow = {
    size,
    stream: never,
    arrayBuffer: never,
    slice: (from, to) => ({
      async arrayBuffer() {
        await turn();
        if (from >= blob.size) throw failure;
        return blob.slice(from, to).arrayBuffer();
      },
    }),
  };
  const value = fromFile(slow, { chunkSize: 1 });
  return { value, decode: (chunk) => chunk, open: () => 0, locked: () => value.locked };
}

function ofCursor(options) {
  const rows = numbers(options, options.wrap);
  let open = 1;
  const value = fromCursor(
    {
      async read(most) {
        const some = [];
        while (some.length < most) {
          const { value: n, done } = await rows.next();
          if (done) break;
          some.push(n);
        }
        return some;
      },
      async close() {
        await rows.return();
        open = 0;
      },
    },
    { batch: 2 },
  );
  return { value, decode: (n) => [n], open: () => open, locked: () => value.locked };
}

function ofPort(options) {
  const { port1, port2 } = new MessageChannel();
  let open = 1;
  const feeding = pipeline(numbers(options), toMessagePort(port2)).then(
    () => void (open = 0),
    () => void (open = 0),
  );
  const value = fromMessagePort(port1);
  return {
    value,
    decode: (n) => [n],
    open: () => open,
    isFailure: ({ message }) => message === options.failure.message,
    locked: () => value.locked,
    feeding,
  };
}

function ofSocket({ count, fail, env }) {
  const id = newId();
  const value = fromWebSocket(env.openSocket(`/matrix/numbers?id=${id}&count=${count}&fail=${fail ? 1 : ''}`));
  return {
    value,
    decode: (text) => [Number(text)],
    open: remote(env, id),
    isFailure: ({ name, closeCode }) => name === 'SocketError' && closeCode === 4001,
    locked: () => value.locked,
  };
}

function ofEventSource({ count, fail, env }) {
  const id = newId();
  const value = fromEventSource(`${env.origin}/matrix/events?id=${id}&count=${count}&fail=${fail ? 1 : ''}`, {
    delay: 1,
  });
  return {
    value,
    decode: ({ data }) => [Number(data)],
    open: remote(env, id),
    isFailure: ({ name, status }) => name === 'FetchError' && status === 404,
    locked: () => value.locked,
  };
}

function ofQueue(options) {
  const flying = new Set();
  let subscribed = 0;
  const value = fromQueue(
    {
      subscribe(deliver, { end, fail }) {
        subscribed = 1;
        let active = true;
        (async () => {
          try {
            for await (const n of numbers(options)) {
              while (active && flying.size > 4) await turn();
              if (!active) return;
              flying.add(n);
              deliver(n);
            }
            end();
          } catch (error) {
            fail(error);
          }
        })();
        return () => {
          active = false;
          subscribed = 0;
        };
      },
      ack: (n) => void flying.delete(n),
      nack: (n) => void flying.delete(n),
      pause() {},
      resume() {},
    },
    { highWaterMark: 2, capacity: 10 },
  );
  const decode = async function* (message) {
    yield message.value;
    await message.ack();
  };
  return { value, decode, open: () => subscribed + flying.size, locked: () => value.locked };
}

let databases = 0;
/** A database with the stores `numbers` (out-of-line keys), whose open transactions are counted. */
export async function openDatabase() {
  const request = indexedDB.open(`matrix-${databases++}-${newId()}`, 1);
  request.onupgradeneeded = () => request.result.createObjectStore('numbers');
  const db = await new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const seen = { open: 0 };
  const { transaction } = db;
  db.transaction = (...args) => {
    const made = transaction.apply(db, args);
    seen.open += 1;
    for (const event of ['complete', 'abort']) made.addEventListener(event, () => void (seen.open -= 1));
    return made;
  };
  return { db, seen };
}

async function ofIndexedDB({ count, fail }) {
  const { db, seen } = await openDatabase();
  const records = Array.from({ length: Math.min(count, 1000) }, (_, n) => n);
  if (records.length > 0) await pipeline(records, toIndexedDB(db, 'numbers', { key: (n) => n, batch: 1000 }));
  const value = fromIndexedDB(db, 'numbers', { batch: 1 });
  const decode = (n) => {
    if (fail && n === count - 1) db.close(); // so that the next batch cannot be read
    return [n];
  };
  return {
    value,
    decode,
    open: () => seen.open,
    isFailure: ({ name }) => name === 'InvalidStateError',
    locked: () => value.locked,
  };
}

/** By what makes them; those for pages only say so. What `carries` values of the page's makes its chunks by `wrap(n)`, where that is given. */
export const sources = {
  'a ReadableStream': { make: plain((from) => ReadableStream.from(from)), carries: true },
  'an async iterable': { make: plain((from) => from), carries: true },
  channel: { make: ofChannel, carries: true },
  fromEvents: { make: ofEvents, carries: true },
  fromFetch: { make: ofFetch },
  fromFile: { make: ofFile },
  fromCursor: { make: ofCursor, carries: true },
  fromMessagePort: { make: ofPort },
  fromWebSocket: { make: ofSocket },
  fromEventSource: { make: ofEventSource },
  fromQueue: { make: ofQueue },
  fromIndexedDB: { make: ofIndexedDB, needs: 'indexedDB' },
};
