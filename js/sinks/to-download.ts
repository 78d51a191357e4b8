/**
 * `toDownload()`: a sink that saves a file for the user, in the first way that the engine and the page support. Every
 * way counts the bytes, so that an incomplete file is an error.
 */
import { withinGrace } from '../runtime/grace.js';
import { requireCallback, requireCount, requireOneOf, shown } from '../values/require.js';
import { writableEnd } from '../transfer/writable-end.js';
import { WritableStream } from '../streams/writable-stream.js';
import { Encoder } from './bytes.js';
import { fileName } from './file-name.js';
import { ALIVE, ASK } from './serve-downloads.js';
import { toFile } from './to-file.js';
import type { WritableControllerLike } from '../bridge/shapes.js';
import type { WritableStreamDefaultWriter } from '../streams/writable-stream-default-writer.js';
import type { BytesOrText } from './bytes.js';
import type { FileHandleLike } from './to-file.js';

/** A way to give a file to the user. */
export type DownloadWay = 'picker' | 'service-worker' | 'opfs' | 'blob';

const WAYS: readonly DownloadWay[] = ['picker', 'service-worker', 'opfs', 'blob'];
const CAP = 256 * 1024 * 1024;
/** Milliseconds that a service worker may take to reply; after that the sink takes the next way. */
const REPLY_WAIT = 2000;
/**
 * Milliseconds between two messages that keep the worker alive: engines end a worker that has received none for half a
 * minute.
 */
const NEEDED = 10_000;
/** After this many such messages in a row without a reply, the worker is taken for dead. */
const MISSES = 3;
/**
 * Milliseconds for which a file or URL remains after the download began, because the browser may still be copying it.
 */
const COPYING = 60_000;
const FOLDER = 'tidegate-downloads';

/** Says why a way cannot be taken. The sink then takes the next one. */
class Unavailable extends Error {}

/** Begins the download of a URL under a file name. */
type Begin = (url: string, name: string) => void;

/** A service worker's registration, by the members that are used. */
interface Registration {
  readonly active: Worker | null;
}

/** A `ServiceWorker`, by the members that are used. */
interface Worker {
  postMessage(message: unknown, transfer: never): void;
}

/** The options, checked, and the name that the file gets. */
interface Settings {
  readonly name: string;
  readonly type: string;
  readonly size: number | undefined;
  readonly cap: number;
  readonly serviceWorker: Registration | undefined;
  readonly begin: Begin;
}

/** What the service worker replies; see `Request` in serve-downloads. */
interface Reply {
  readonly ready?: boolean;
  readonly url?: string;
  readonly bytes?: number;
  readonly known?: boolean;
  readonly error?: string;
}

type ByteSink = WritableStream<Uint8Array>;

/** The options of `toDownload()`. */
export interface ToDownloadOptions {
  /** The media type of the file. Default: `application/octet-stream`. */
  type?: string | undefined;
  /** The number of bytes to expect. Any other number is a `RangeError`. Default: not known. */
  size?: number | undefined;
  /** The ways to take, in order of preference. Default: `picker`, `service-worker`, `opfs`, `blob`. */
  ways?: readonly DownloadWay[] | undefined;
  /** The most bytes that `blob` holds in memory. More is a `RangeError`. Default: 256 MiB. */
  cap?: number | undefined;
  /** The `ServiceWorkerRegistration` whose worker calls `serveDownloads()`. Default: the page's. */
  serviceWorker?: { readonly active: { postMessage(message: unknown, transfer: never): void } | null } | undefined;
  /** Begins the download of a URL. Default: clicks a link for a `blob:` URL, and loads any other in a hidden frame. */
  begin?: ((url: string, name: string) => void) | undefined;
}

/**
 * A sink that saves its bytes as a file in the user's downloads. It takes the first of the `ways` that works here:
 * `via` resolves with its name. Call it in the handler of a click, before any `await`, because the browser shows the
 * file picker only then. In every way a file with missing or surplus bytes is an error.
 *
 * @param name the name of the file. Characters that cannot be in a file name are replaced or removed
 * @throws {TypeError | RangeError} if an argument is invalid
 */
export function toDownload(
  name: string,
  options?: ToDownloadOptions,
): WritableStream<BytesOrText> & { readonly via: Promise<DownloadWay> } {
  const {
    type = 'application/octet-stream',
    size,
    cap = CAP,
    ways = WAYS,
    serviceWorker,
    begin = beginDownload,
  } = options ?? {};
  if (typeof name !== 'string' || name === '')
    throw new TypeError(
      `toDownload(): the first argument must be the name of the file, a string that is not empty; got ${shown(name)}`,
    );
  if (size !== undefined) requireCount(size, 'toDownload(): size', 0);
  requireCount(cap, 'toDownload(): cap', 0);
  if (!Array.isArray(ways) || ways.length === 0)
    throw new TypeError(`toDownload(): ways must be an array that is not empty; got ${shown(ways)}`);
  requireCallback(begin, 'toDownload(): begin');
  for (const way of ways) requireOneOf(way, WAYS, 'toDownload(): each of ways');
  const text = new Encoder('toDownload');
  const settings: Settings = { name: fileName(name), type, size, cap, serviceWorker, begin };
  let settleVia!: { resolve: (way: DownloadWay) => void; reject: (error: unknown) => void };
  const via = new Promise<DownloadWay>((resolve, reject) => void (settleVia = { resolve, reject }));
  via.catch(() => {}); // the stream rejects with the same error
  let writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  let received = 0;
  let aborted: Promise<unknown> | undefined;
  /** Resolves when everything that the download holds is released. */
  const abort = (reason: unknown) => (aborted ??= writer?.abort(reason).catch(() => {}));

  async function open(controller: WritableControllerLike): Promise<unknown> {
    // The stream calls abort() only when the write in flight has settled, and that may be waiting for a browser that
    // reads no more.
    controller.signal.addEventListener('abort', () => void abort(controller.signal.reason), { once: true });
    const reasons: string[] = [];
    for (const way of ways) {
      try {
        if (way !== 'picker' && begin === beginDownload && globalThis.document === undefined)
          throw new Unavailable(
            'a worker cannot start a download; call toDownload() in a page, or pass the option begin',
          );
        writer = (await OPENERS[way](settings)).getWriter();
        writer.closed.catch((error) => controller.error(error)); // such as a user's cancel while no write is pending
        settleVia.resolve(way);
        return writer;
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
        reasons.push(`${way}: ${error.message}`);
      }
    }
    throw new DOMException(
      `toDownload(): none of the ways to save a file works here (${reasons.join('; ')})`,
      'NotSupportedError',
    );
  }

  async function write(bytes: Uint8Array): Promise<void> {
    received += bytes.length;
    if (received > size!) throw new RangeError(`toDownload(): received more than the declared size of ${size} bytes`);
    if (bytes.length > 0) await writer!.write(bytes);
  }

  /** After a start, write or close that fails, the standard calls no `abort()`, so this does it. */
  async function orAbort(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      settleVia.reject(error);
      await withinGrace(abort(error)).catch(() => {});
      throw error;
    }
  }

  const sink = new WritableStream<BytesOrText>({
    // Opened at once: the picker needs the user's click, which the browser soon no longer counts.
    start: (controller: WritableControllerLike) => orAbort(() => open(controller)),
    write: (chunk: unknown) => orAbort(() => write(text.encode(chunk))),
    close: () =>
      orAbort(async () => {
        await write(text.rest());
        if (size !== undefined && received !== size)
          throw new RangeError(`toDownload(): received ${received} bytes instead of the declared size of ${size}`);
        await writer!.close();
      }),
    abort: abort as (reason: unknown) => Promise<void> | undefined,
  });
  return Object.defineProperty(sink, 'via', { value: via, enumerable: true }) as typeof sink & {
    readonly via: Promise<DownloadWay>;
  };
}

/** A file handle, as the picker and the origin private file system give it. */
interface FileHandle extends FileHandleLike {
  readonly name: string;
  remove?(): Promise<unknown>;
}

/** A `FileSystemDirectoryHandle`, by the members that are used. */
interface Folder {
  keys(): AsyncIterable<string>;
  getDirectoryHandle(name: string, options: { create: boolean }): Promise<Folder>;
  getFileHandle(name: string, options: { create: boolean }): Promise<FileHandle>;
  removeEntry(name: string): Promise<unknown>;
}

interface Engine {
  showSaveFilePicker?(options: { suggestedName: string }): Promise<FileHandle>;
}

/**
 * A sink of bytes for each way. It throws `Unavailable` if the way does not exist here. Any other error fails the
 * download, such as a user who closes the picker. Once it is opened it is closed or aborted.
 */
const OPENERS: Record<DownloadWay, (settings: Settings) => Promise<ByteSink>> = {
  async picker({ name, size }) {
    const { showSaveFilePicker } = globalThis as Engine;
    if (showSaveFilePicker === undefined) throw new Unavailable('this engine has no showSaveFilePicker()');
    let handle: FileHandle;
    try {
      handle = await showSaveFilePicker({ suggestedName: name });
    } catch (error) {
      if ((error as Thrown)?.name === 'AbortError') throw error; // the user closed the picker
      throw new Unavailable((error as Thrown)?.message ?? String(error));
    }
    return leavingNothing(toFile(handle, { size }), async () => {
      // The picker has created an empty file, or emptied an existing one.
      if ((await handle.getFile()).size === 0) await handle.remove?.();
    });
  },

  async 'service-worker'({ name, type, size, serviceWorker, begin }) {
    let registration: Registration | undefined;
    try {
      registration = serviceWorker ?? (await globalThis.navigator?.serviceWorker?.getRegistration());
    } catch (error) {
      throw new Unavailable((error as Thrown)?.message ?? String(error));
    }
    const worker = registration?.active;
    if (!worker) throw new Unavailable('no service worker is active for this page');
    const { talk, reply } = asked(worker, REPLY_WAIT);
    const { ready, error } = ((await reply) ?? {}) as Reply;
    talk.close();
    if (!ready) throw new Unavailable(error ?? 'the service worker did not reply; call serveDownloads() in it');
    return throughWorker(registration!, worker, { name, mime: type, size }, (url) => begin(url, name));
  },

  async opfs({ name, type, size, begin }) {
    let folder: Folder;
    let handle: FileHandle;
    try {
      const root = (await navigator.storage.getDirectory()) as unknown as Folder;
      folder = await root.getDirectoryHandle(FOLDER, { create: true });
      await removeOld(folder);
      handle = await folder.getFileHandle(`${Date.now()}-${crypto.randomUUID()}`, { create: true });
    } catch (error) {
      throw new Unavailable(`there is no origin private file system (${(error as Thrown)?.message ?? error})`);
    }
    const remove = () => folder.removeEntry(handle.name).catch(() => {});
    let file: WritableStreamDefaultWriter<BytesOrText>;
    try {
      file = toFile(handle, { size }).getWriter();
    } catch (error) {
      await remove();
      throw new Unavailable((error as Error).message);
    }
    file.closed.catch(() => {});
    return leavingNothing(
      new WritableStream<Uint8Array>({
        write: (bytes: Uint8Array) => file.write(bytes),
        async close() {
          await file.close();
          const blob = await handle.getFile();
          beginBlob(blob.slice(0, blob.size, type), name, begin);
          setTimeout(remove, COPYING);
        },
        abort: (reason: unknown) => file.abort(reason),
      }),
      remove,
    );
  },

  async blob({ name, type, cap, begin }) {
    let parts: Uint8Array<ArrayBuffer>[] = [];
    let bytes = 0;
    return new WritableStream<Uint8Array>({
      write(chunk: Uint8Array) {
        bytes += chunk.length;
        if (bytes > cap)
          throw new RangeError(
            `toDownload(): received more than the ${cap} bytes that cap allows in memory, and no way without that limit works here; raise cap, or register a service worker that calls serveDownloads()`,
          );
        parts.push(chunk.slice());
      },
      close() {
        const blob = new Blob(parts, { type });
        parts = [];
        if (blob.size !== bytes)
          throw new DOMException(
            `toDownload(): the engine created a Blob of ${blob.size} bytes from ${bytes}; memory or disk space may be short`,
            'DataError',
          );
        beginBlob(blob, name, begin);
      },
      abort: () => void (parts = []),
    });
  },
};

/** An error, or any other value that was thrown. */
type Thrown = Partial<Error> | null | undefined;

/** Deletes files that pages left a day ago or earlier: their downloads ended long ago. */
async function removeOld(folder: Folder): Promise<void> {
  for await (const name of folder.keys()) {
    if (Number(name.split('-')[0]) < Date.now() - 24 * 3600_000) await folder.removeEntry(name).catch(() => {});
  }
}

/** A sink that writes to `sink`, and calls `remove()` after that has failed or was aborted. */
function leavingNothing(sink: WritableStream<BytesOrText>, remove: () => Promise<unknown>): ByteSink {
  const writer = sink.getWriter();
  writer.closed.catch(() => {});
  const orRemove = async (work: () => Promise<unknown>) => {
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
      // The file does not exist, or the user has revoked the permission.
    }
  };
  return new WritableStream<Uint8Array>({
    write: (bytes: Uint8Array) => orRemove(() => writer.write(bytes)),
    close: () => orRemove(() => writer.close()),
    async abort(reason: unknown) {
      await writer.abort(reason).catch(() => {});
      await gone();
    },
  });
}

/**
 * Resolves with the first message at `port`, or with undefined if `ms` is given and no message arrives in so many
 * milliseconds.
 */
function messageOf(port: MessagePort, ms?: number): Promise<Reply | undefined> {
  return new Promise((resolve) => {
    const timer = ms && setTimeout(resolve as () => void, ms);
    port.onmessage = ({ data }) => {
      clearTimeout(timer);
      resolve(data);
    };
  });
}

/**
 * Sends a message to `worker`; the engine starts a worker that it has ended. `reply` is undefined if the worker sends
 * none in `ms` milliseconds; `talk` is the port on which further messages arrive.
 */
function asked(
  worker: Worker,
  ms: number,
  message: object = {},
  ...transfer: Transferable[]
): { talk: MessagePort; reply: Promise<Reply | undefined> } {
  const { port1: talk, port2 } = new MessageChannel();
  worker.postMessage({ type: ASK, ...message, reply: port2 }, [port2, ...transfer] as never);
  return { talk, reply: messageOf(talk, ms) };
}

const cancelled = () => new DOMException('toDownload(): the user or the browser cancelled the download', 'AbortError');

/**
 * Sends bytes to the service worker, and compares how many it passed on. It asks the worker for a URL at the first
 * write and not before, because an engine ends an idle worker after half a minute. By then an update may have replaced
 * `worker`, the one that replied: the one that is active for `registration` is asked.
 */
function throughWorker(
  registration: Registration,
  worker: Worker,
  about: { readonly name: string; readonly mime: string; readonly size: number | undefined },
  begin: (url: string) => void,
): ByteSink {
  let sent = 0;
  let timer: ReturnType<typeof setInterval> | undefined;
  let talk: MessagePort | undefined;
  let writer: WritableStreamDefaultWriter<Uint8Array> | undefined; // set when the download has begun
  let fail: (reason: unknown) => void;
  let lose: (reason: unknown) => void;
  let misses = 0;
  /** Rejects to end a pending close, which erroring the stream does not end. */
  const lost = new Promise<never>((resolve, reject) => void (lose = reject));
  lost.catch(() => {});
  const done = () => {
    clearInterval(timer);
    talk?.close();
  };
  /**
   * Keeps the worker alive. Only its reply shows whether the browser ended it all the same, and the download with it.
   */
  async function ping(id: string): Promise<void> {
    const { talk: other, reply } = asked(worker, NEEDED, { type: ALIVE, id });
    const { known } = ((await reply) ?? {}) as Reply;
    other.close();
    misses = known ? 0 : misses + 1;
    if (known === false || misses === MISSES)
      fail(
        new DOMException(
          'toDownload(): the browser ended the service worker during the download; start it again',
          'NetworkError',
        ),
      );
  }
  async function start(): Promise<void> {
    const { port1, port2 } = new MessageChannel();
    const id = crypto.randomUUID();
    worker = registration.active ?? worker;
    const request = asked(worker, NEEDED, { ...about, id, port: port2 }, port2);
    talk = request.talk;
    try {
      const { url, error } = ((await request.reply) ?? {}) as Reply;
      controller.signal.throwIfAborted();
      if (url === undefined)
        throw new DOMException(
          `toDownload(): ${error ?? 'the service worker no longer replies; start the download again'}`,
          'NetworkError',
        );
      writer = writableEnd(port1, {
        watch: true,
        enough: cancelled,
      }).getWriter() as WritableStreamDefaultWriter<Uint8Array>;
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
  let controller: WritableControllerLike;
  return new WritableStream<Uint8Array>({
    start(given: WritableControllerLike) {
      controller = given;
      fail = (reason) => {
        const error = reason ?? cancelled();
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
    async write(bytes: Uint8Array) {
      if (writer === undefined) await start();
      sent += bytes.length;
      await writer!.write(bytes);
    },
    async close() {
      if (writer === undefined) await start();
      // Without a time limit: the user may have paused the download.
      const reply = messageOf(talk!) as Promise<Reply>;
      await writer!.close();
      const { bytes, error } = await Promise.race([reply, lost]);
      done();
      if (bytes === undefined) throw error === undefined ? cancelled() : new DOMException(error, 'NetworkError');
      if (bytes !== sent)
        throw new DOMException(`toDownload(): only ${bytes} of ${sent} bytes reached the file`, 'DataError');
    },
    async abort(reason: unknown) {
      done();
      await writer?.abort(reason).catch(() => {});
    },
  });
}

function beginBlob(blob: Blob, name: string, begin: Begin): void {
  const url = URL.createObjectURL(blob);
  begin(url, name);
  setTimeout(() => URL.revokeObjectURL(url), COPYING);
}

/**
 * Begins the download of `url`: by a link for a `blob:` URL, by a hidden frame for a URL that the service worker
 * responds to.
 */
function beginDownload(url: string, name: string): void {
  const { document } = globalThis;
  if (url.startsWith('blob:')) {
    const link = Object.assign(document.createElement('a'), { href: url, download: name });
    link.click();
    return;
  }
  const frame = Object.assign(document.createElement('iframe'), { hidden: true, src: url });
  document.body.append(frame);
  setTimeout(() => frame.remove(), COPYING);
}
