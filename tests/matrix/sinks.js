/**
 * Every sink of the package as a part of the matrix. `encode(n)` is a number as a chunk for it, `received()` the numbers that have arrived,
 * `open()` what is still open of it, here and on the other side. With `fail` it fails when it has taken `at` numbers; with `enough` it wants no more
 * then, which only those can say that are marked `canLeave`.
 *
 * `isFailure(error)` says whether that is how a failure of it looks, where it cannot be the very object `failure`.
 */
import {
  fromMessagePort,
  pipeline,
  toDownload,
  toFetch,
  toFile,
  toIndexedDB,
  toMessagePort,
  toResponse,
  toWebSocket,
  WritableStream,
} from 'tidegate';
import { newId, remoteState, turn } from './support.js';
import { openDatabase } from './sources.js';

const byte = (n) => new Uint8Array([n % 256]);
const one = (n) => n;
const remote = (env, id) => async () => (await remoteState(env, id)).open;
const lockedOf = (value) => () => value.locked;

function ofStream({ at, fail, failure, unwrap }) {
  const received = [];
  let open = 1;
  const value = new WritableStream({
    async write(chunk) {
      const n = unwrap(chunk);
      await turn();
      if (fail && received.length === at) {
        open = 0;
        throw failure;
      }
      received.push(n);
    },
    close: () => void (open = 0),
    abort: () => void (open = 0),
  });
  return { value, encode: one, received: () => received, open: () => open, locked: lockedOf(value) };
}

function ofFunction({ at, fail, enough, failure, unwrap }) {
  const received = [];
  let open = 0;
  const value = async (chunks) => {
    open += 1;
    try {
      for await (const chunk of chunks) {
        const n = unwrap(chunk);
        if (received.length === at) {
          if (fail) throw failure;
          if (enough) break;
        }
        await turn();
        received.push(n);
      }
    } finally {
      open -= 1;
    }
  };
  return { value, encode: one, received: () => received, open: () => open, locked: () => false };
}

const upload =
  (how) =>
  ({ at, fail, env }) => {
    const id = newId();
    const value = toFetch(`${env.origin}/matrix/upload?id=${id}&at=${fail ? at : ''}`, {
      partSize: 2,
      retries: 0,
      as: how,
    });
    return {
      value,
      encode: byte,
      received: async () => (await remoteState(env, id)).received,
      open: remote(env, id),
      locked: lockedOf(value),
      isFailure: ({ name }) => name === 'FetchError' || name === 'TypeError',
    };
  };

/** What the server says to it is known at its end, so it fails by its cap. */
const collected = ({ at, fail, env }) => {
  const id = newId();
  const value = toFetch(`${env.origin}/matrix/upload?id=${id}&at=`, { as: 'collect', cap: fail ? at : undefined });
  return {
    value,
    encode: byte,
    received: async () => (await remoteState(env, id)).received,
    open: remote(env, id),
    locked: lockedOf(value),
    isFailure: ({ name }) => name === 'RangeError',
  };
};

function ofResponse({ at, fail, failure }) {
  const value = toResponse();
  const received = [];
  let open = 1;
  (async () => {
    const reader = value.response.body.getReader();
    try {
      for (;;) {
        if (fail && received.length === at) return void (await reader.cancel(failure));
        const { value: bytes, done } = await reader.read();
        if (done) return;
        received.push(...bytes);
        await turn();
      }
    } catch {
      // The body has failed with the pipeline.
    } finally {
      open = 0;
    }
  })();
  return { value, encode: byte, received: () => received, open: () => open, locked: lockedOf(value) };
}

function ofPort({ at, fail, failure }) {
  const { port1, port2 } = new MessageChannel();
  const received = [];
  let open = 1;
  pipeline(fromMessagePort(port2), async (numbers) => {
    for await (const n of numbers) {
      if (fail && received.length === at) throw failure;
      received.push(n);
      await turn();
    }
  })
    .catch(() => {})
    .then(() => void (open = 0));
  const value = toMessagePort(port1);
  return {
    value,
    encode: one,
    received: () => received,
    open: () => open,
    locked: lockedOf(value),
    isFailure: (error) => error?.message === failure.message,
  };
}

function ofSocket({ at, fail, env }) {
  const id = newId();
  const value = toWebSocket(env.openSocket(`/matrix/sink?id=${id}&at=${fail ? at : ''}`));
  return {
    value,
    encode: String,
    received: async () => (await remoteState(env, id)).received,
    open: remote(env, id),
    locked: lockedOf(value),
    isFailure: ({ name, closeCode }) => name === 'SocketError' && closeCode === 4001,
  };
}

async function ofFile({ at, fail, failure }) {
  const handle = await (await navigator.storage.getDirectory()).getFileHandle(`matrix-${newId()}`, { create: true });
  let open = 0;
  const counted = {
    getFile: () => handle.getFile(),
    async createWritable(options) {
      const stream = await handle.createWritable(options);
      open += 1;
      let bytes = 0;
      return {
        async write(data) {
          if (fail && (bytes += data.length) > at) throw failure;
          await stream.write(data);
        },
        seek: (to) => stream.seek(to),
        close: () => stream.close().finally(() => void (open -= 1)),
        abort: (reason) => stream.abort(reason).finally(() => void (open -= 1)),
      };
    },
  };
  const value = toFile(counted, { gather: 0 });
  return {
    value,
    encode: byte,
    received: async () => [...new Uint8Array(await (await handle.getFile()).arrayBuffer())],
    open: () => open,
    locked: lockedOf(value),
  };
}

async function ofIndexedDB({ at, fail }) {
  const { db, seen } = await openDatabase();
  const put = (n) =>
    new Promise((resolve) => {
      const transaction = db.transaction('numbers', 'readwrite');
      transaction.objectStore('numbers').put('in the way', n);
      transaction.oncomplete = resolve;
    });
  if (fail) await put(at);
  let key = 0;
  const value = toIndexedDB(db, 'numbers', { batch: 1, mode: 'add', key: () => key++ });
  const received = () =>
    new Promise((resolve) => {
      db.transaction('numbers').objectStore('numbers').getAll().onsuccess = ({ target }) =>
        resolve(target.result.filter(Number.isInteger));
    });
  return {
    value,
    encode: one,
    received,
    open: () => seen.open,
    locked: lockedOf(value),
    isFailure: ({ name }) => name === 'ConstraintError',
  };
}

const ofDownload =
  (way) =>
  ({ at, fail }) => {
    let blob;
    const value = toDownload('numbers.bin', {
      ways: [way],
      cap: fail ? at : undefined,
      size: fail && way !== 'blob' ? at : undefined,
      begin: (url) => void (blob = fetch(url).then((response) => response.arrayBuffer())),
    });
    return {
      value,
      encode: byte,
      received: async () => [...new Uint8Array((await blob) ?? [])],
      open: () => 0,
      locked: lockedOf(value),
      isFailure: ({ name }) => name === 'RangeError',
    };
  };

/** By what makes them; those for some engines only say what they need. What `carries` values of the page's gives each to `unwrap`. */
export const sinks = {
  'a WritableStream': { make: ofStream, carries: true },
  'a function': { make: ofFunction, canLeave: true, carries: true },
  'toFetch in parts': { make: upload('parts') },
  'toFetch streaming': { make: upload('stream'), needs: 'streamed requests' },
  'toFetch collected': { make: collected },
  toResponse: { make: ofResponse },
  toMessagePort: { make: ofPort },
  toWebSocket: { make: ofSocket },
  toFile: { make: ofFile, needs: 'opfs' },
  toIndexedDB: { make: ofIndexedDB, needs: 'indexedDB' },
  'toDownload as a Blob': { make: ofDownload('blob'), needs: 'document' },
  'toDownload by a file': { make: ofDownload('opfs'), needs: 'opfs' },
};
