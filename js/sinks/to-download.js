/**
 * A download as a sink: the best way the engine and the page have, found by trying. Bytes are counted on each, so that a file that
 * lacks some is a failure and not a download.
 */
import { withinGrace } from '../runtime/grace.js';
import { describe } from '../values/describe.js';
import { requireCount } from '../values/require.js';
import { toMessagePort } from '../transfer/message-port.js';
import { WritableStream } from '../streams/writable-stream.js';
import { Encoder } from './bytes.js';
import { fileName } from './file-name.js';
import { ALIVE, ASK } from './serve-downloads.js';
import { toFile } from './to-file.js';

const WAYS = ['picker', 'service-worker', 'opfs', 'blob'];
const CAP = 256 * 1024 * 1024;
/** How long a service worker may take to answer before the next way is tried, in milliseconds. */
const ANSWER = 2000;
/** How often it is told that it is still needed, in milliseconds: engines end a worker that hears nothing for half a minute. */
const NEEDED = 10_000;
/** How many of these may be unanswered in a row. */
const MISSES = 3;
/** How long a file stays that the browser may still be copying, in milliseconds. */
const COPYING = 60_000;
const FOLDER = 'tidegate-downloads';

/** Why a way is not there; the next one is tried. */
class Unavailable extends Error {}

/**
 * See sinks.d.ts.
 *
 * @param {string} name
 * @param {any} [options]
 */
export function toDownload(name, options) {
  const {
    type = 'application/octet-stream',
    size,
    cap = CAP,
    ways = WAYS,
    serviceWorker,
    begin = beginDownload,
  } = options ?? {};
  if (typeof name !== 'string' || name === '')
    throw new TypeError(`toDownload(): the first argument must be the name of the file; got ${describe(name)}`);
  if (size !== undefined) requireCount(size, 'toDownload(): size', 0);
  requireCount(cap, 'toDownload(): cap', 0);
  if (!Array.isArray(ways) || ways.length === 0 || !ways.every((way) => WAYS.includes(way))) {
    throw new TypeError(`toDownload(): ways must be an array of some of ${WAYS.join(', ')}; got ${describe(ways)}`);
  }
  const text = new Encoder('toDownload');
  const settings = { name: fileName(name), type, size, cap, serviceWorker, begin };
  let settleVia;
  const via = new Promise((resolve, reject) => void (settleVia = { resolve, reject }));
  via.catch(() => {}); // the stream tells of it too
  let writer;
  let received = 0;
  let aborted;
  /** Resolves when the way that was taken has let go. */
  const abort = (reason) => (aborted ??= writer?.abort(reason).catch(() => {}));

  async function open(controller) {
    // An abort of a stream waits for the write in flight, and that may be waiting for a browser that takes no more.
    controller.signal.addEventListener('abort', () => void abort(controller.signal.reason), { once: true });
    const reasons = [];
    for (const way of ways) {
      try {
        writer = (await OPENERS[way](settings)).getWriter();
        writer.closed.catch((error) => controller.error(error)); // such as a user who cancels while nothing is written
        settleVia.resolve(way);
        return writer;
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
        reasons.push(`${way}: ${error.message}`);
      }
    }
    throw new DOMException(`toDownload(): no way is left (${reasons.join('; ')})`, 'NotSupportedError');
  }

  async function write(bytes) {
    received += bytes.length;
    if (received > size) throw new RangeError(`toDownload(): received more than the declared size of ${size} bytes`);
    if (bytes.length > 0) await writer.write(bytes);
  }

  /** A stream whose write or close fails is aborted by nobody else. */
  async function orAbort(work) {
    try {
      await work();
    } catch (error) {
      settleVia.reject(error);
      await withinGrace(abort(error)).catch(() => {});
      throw error;
    }
  }

  const sink = new WritableStream({
    // The picker needs the click that has just been, so the way is looked for at once.
    start: (controller) => orAbort(() => open(controller)),
    write: (chunk) => orAbort(() => write(text.encode(chunk))),
    close: () =>
      orAbort(async () => {
        await write(text.rest());
        if (size !== undefined && received !== size)
          throw new RangeError(`toDownload(): received ${received} bytes, and the declared size is ${size}`);
        await writer.close();
      }),
    abort,
  });
  return Object.defineProperty(sink, 'via', { value: via, enumerable: true });
}

const OPENERS = {
  async picker({ name, size }) {
    const { showSaveFilePicker } = /** @type {any} */ (globalThis);
    if (showSaveFilePicker === undefined) throw new Unavailable('this engine has no showSaveFilePicker()');
    let handle;
    try {
      handle = await showSaveFilePicker({ suggestedName: name });
    } catch (error) {
      if (error?.name === 'AbortError') throw error; // the user does not want it
      throw new Unavailable(error?.message ?? String(error));
    }
    return leavingNothing(toFile(handle, { size }), async () => {
      // The picker makes a file, or empties one, at once.
      if ((await handle.getFile()).size === 0) await handle.remove?.();
    });
  },

  async 'service-worker'({ name, type, size, serviceWorker, begin }) {
    let worker;
    try {
      worker = (serviceWorker ?? (await globalThis.navigator?.serviceWorker?.getRegistration()))?.active;
    } catch (error) {
      throw new Unavailable(error?.message ?? String(error));
    }
    if (!worker) throw new Unavailable('no service worker is active for this page');
    const { talk, answer } = asked(worker, ANSWER);
    const { ready, error } = (await answer) ?? {};
    talk.close();
    if (!ready) throw new Unavailable(error ?? 'the service worker does not answer; call serveDownloads() in it');
    return throughWorker(worker, { name, mime: type, size }, (url) => begin(url, name));
  },

  async opfs({ name, type, size, begin }) {
    let folder;
    let handle;
    try {
      const root = await navigator.storage.getDirectory();
      folder = await root.getDirectoryHandle(FOLDER, { create: true });
      await removeOld(folder);
      handle = await folder.getFileHandle(`${Date.now()}-${crypto.randomUUID()}`, { create: true });
    } catch (error) {
      throw new Unavailable(`there is no origin private file system (${error?.message ?? error})`);
    }
    const remove = () => folder.removeEntry(handle.name).catch(() => {});
    let file;
    try {
      file = toFile(handle, { size }).getWriter();
    } catch (error) {
      await remove();
      throw new Unavailable(error.message);
    }
    file.closed.catch(() => {});
    return leavingNothing(
      new WritableStream({
        write: (bytes) => file.write(bytes),
        async close() {
          await file.close();
          const blob = await handle.getFile();
          beginBlob(blob.slice(0, blob.size, type), name, begin);
          setTimeout(remove, COPYING);
        },
        abort: (reason) => file.abort(reason),
      }),
      remove,
    );
  },

  async blob({ name, type, cap, begin }) {
    let parts = [];
    let bytes = 0;
    return new WritableStream({
      write(chunk) {
        bytes += chunk.length;
        if (bytes > cap)
          throw new RangeError(
            `toDownload(): more than ${cap} bytes would have to be held in memory, as there is no better way here; raise cap, or see the docs for the other ways`,
          );
        parts.push(chunk.slice());
      },
      close() {
        const blob = new Blob(parts, { type });
        parts = [];
        if (blob.size !== bytes)
          throw new DOMException(`toDownload(): the engine made ${blob.size} bytes of ${bytes}`, 'DataError');
        beginBlob(blob, name, begin);
      },
      abort: () => void (parts = []),
    });
  },
};

/** Files of pages that are gone, whose download has long ended. */
async function removeOld(folder) {
  for await (const name of folder.keys()) {
    if (Number(name.split('-')[0]) < Date.now() - 24 * 3600_000) await folder.removeEntry(name).catch(() => {});
  }
}

/** A sink that does as `sink`, and calls `remove()` once that has failed or been aborted. */
function leavingNothing(sink, remove) {
  const writer = sink.getWriter();
  writer.closed.catch(() => {});
  const orRemove = async (work) => {
    try {
      await work();
    } catch (error) {
      await writer.abort(error).catch(() => {});
      await gone();
      throw error;
    }
  };
  const gone = async () => {
    try {
      await remove();
    } catch {
      // It is not there, or the user has taken the permission back.
    }
  };
  return new WritableStream({
    write: (bytes) => orRemove(() => writer.write(bytes)),
    close: () => orRemove(() => writer.close()),
    async abort(reason) {
      await writer.abort(reason).catch(() => {});
      await gone();
    },
  });
}

/** The first message at `port`; undefined where none comes within `ms` milliseconds, if these are given. */
function messageOf(port, ms) {
  return new Promise((resolve) => {
    const timer = ms && setTimeout(resolve, ms);
    port.onmessage = ({ data }) => {
      clearTimeout(timer);
      resolve(data);
    };
  });
}

/** Asks `worker`, which the engine starts for it where it had been ended; `talk` is where it answers, within `ms` milliseconds. */
function asked(worker, ms, message = {}, ...transfer) {
  const { port1: talk, port2: reply } = new MessageChannel();
  worker.postMessage({ type: ASK, ...message, reply }, [reply, ...transfer]);
  return { talk, answer: messageOf(talk, ms) };
}

/**
 * Sends bytes to `worker`, and compares how many it has passed on. The worker is asked for an address when there is something to
 * download, so it need not live until then: an engine ends one that has nothing to do after half a minute.
 */
function throughWorker(worker, about, begin) {
  let sent = 0;
  let timer;
  let talk;
  let writer; // once it has begun
  let fail;
  let lose;
  let misses = 0;
  const lost = new Promise((resolve, reject) => void (lose = reject)); // for a close, which an error does not end
  lost.catch(() => {});
  const done = () => {
    clearInterval(timer);
    talk?.close();
  };
  /** Keeps the worker alive. Nothing but its answer tells that it was ended all the same, and the download with it. */
  async function ping(id) {
    const { talk: other, answer } = asked(worker, NEEDED, { type: ALIVE, id });
    const { known } = (await answer) ?? {};
    other.close();
    misses = known ? 0 : misses + 1;
    if (known === false || misses === MISSES)
      fail(new DOMException('toDownload(): the browser ended the service worker during the download', 'NetworkError'));
  }
  async function start() {
    const { port1, port2 } = new MessageChannel();
    const id = crypto.randomUUID();
    const request = asked(worker, NEEDED, { ...about, id, port: port2 }, port2);
    talk = request.talk;
    try {
      const { url, error } = (await request.answer) ?? {};
      controller.signal.throwIfAborted();
      if (url === undefined)
        throw new DOMException(
          `toDownload(): ${error ?? 'the service worker does not answer any more'}`,
          'NetworkError',
        );
      writer = toMessagePort(port1, { transfer: false }).getWriter();
      writer.closed.catch(fail);
      timer = setInterval(ping, NEEDED, id);
      begin(url);
    } catch (error) {
      done();
      if (writer === undefined) port1.close();
      else writer.abort(error).catch(() => {});
      throw error;
    }
  }
  let controller;
  return new WritableStream({
    start(given) {
      controller = given;
      fail = (reason) => {
        const error = reason ?? new DOMException('toDownload(): the download was cancelled', 'AbortError');
        done();
        writer?.abort(error).catch(() => {});
        controller.error(error);
        lose(error);
      };
      controller.signal.addEventListener(
        'abort',
        () => {
          const { reason } = controller.signal;
          writer?.abort(reason).catch(() => {});
          lose(reason);
        },
        { once: true },
      );
    },
    async write(bytes) {
      if (writer === undefined) await start();
      sent += bytes.length;
      await writer.write(bytes);
    },
    async close() {
      if (writer === undefined) await start();
      // As long as it takes: the user may have paused the download.
      const answer = Promise.race([messageOf(talk), lost]);
      await writer.close();
      const { bytes } = await answer;
      done();
      if (bytes === undefined) throw new DOMException('toDownload(): the download was cancelled', 'AbortError');
      if (bytes !== sent)
        throw new DOMException(`toDownload(): ${bytes} of ${sent} bytes reached the download`, 'DataError');
    },
    async abort(reason) {
      done();
      await writer?.abort(reason).catch(() => {});
    },
  });
}

function beginBlob(blob, name, begin) {
  const url = URL.createObjectURL(blob);
  begin(url, name);
  setTimeout(() => URL.revokeObjectURL(url), COPYING);
}

/** Begins the download of `url`: by a link for what the page has itself, by a frame for what the worker answers. */
function beginDownload(url, name) {
  const { document } = globalThis;
  if (document === undefined) throw new TypeError('toDownload(): a worker cannot begin a download; call it on a page');
  if (url.startsWith('blob:')) {
    const link = Object.assign(document.createElement('a'), { href: url, download: name });
    link.click();
    return;
  }
  const frame = Object.assign(document.createElement('iframe'), { hidden: true, src: url });
  document.body.append(frame);
  setTimeout(() => frame.remove(), COPYING);
}
