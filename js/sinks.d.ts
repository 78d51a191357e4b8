/** Types of sinks: where data goes, each written no faster than it takes it. */
import type { IndexedDatabase, IndexedKey } from './sources.js';
import type { WritableStream } from './streams.js';

/**
 * What sinks of bytes take: bytes as they are, strings as UTF-8. A surrogate pair may be cut between two strings; half of one that has no other half
 * becomes U+FFFD.
 */
export type BytesOrText = string | ArrayBuffer | ArrayBufferView;

/** The part of `FileSystemFileHandle` that is used. */
export interface FileHandleLike {
  getFile(): PromiseLike<Blob>;
  createWritable?(options?: { keepExistingData?: boolean }): PromiseLike<unknown>;
  createSyncAccessHandle?(): PromiseLike<unknown>;
}

export interface ToFileOptions {
  /** Where to write: a byte, or `'end'`; what is there otherwise stays. Default: 0, and the file is replaced. */
  at?: number | 'end' | undefined;
  /** The bytes that should come; another number is an error, and the file is not replaced. Default: not checked. */
  size?: number | undefined;
  /** Small chunks are put together to writes of so many bytes. Default: 1 MiB. */
  gather?: number | undefined;
  /** `createWritable` (`stream`), `createSyncAccessHandle` (`sync`, in a dedicated worker), or the first of them there is. Default: `auto`. */
  access?: 'auto' | 'stream' | 'sync' | undefined;
}

/**
 * A sink that writes to a file, opened at the first write. The file's size is checked at the end.
 *
 * If the job fails, `createWritable` leaves the file as it was. A sync access handle writes to the file itself: what was added is cut off again, but
 * what was overwritten is lost, and a file that was to be replaced (`at` is 0) is left empty.
 *
 * @throws {TypeError | RangeError} where an argument is not what it should be, or the handle cannot be written
 */
export function toFile(handle: FileHandleLike, options?: ToFileOptions): WritableStream<BytesOrText>;

/** A part of an upload: bytes `start` to `end` (not included) of the whole; the `total` is known with the last. */
export interface UploadPart {
  readonly index: number;
  readonly start: number;
  readonly end: number;
  readonly last: boolean;
  readonly total: number | undefined;
}

/** What is special about the request of a part. */
export interface PartRequest {
  url?: string | undefined;
  method?: string | undefined;
  headers?: Record<string, string> | undefined;
}

export interface ToFetchOptions extends Omit<RequestInit, 'body' | 'signal'> {
  /**
   * `stream`: one request, its body streamed. `collect`: one request, sent when all has come. `parts`: one request a part, with `Content-Range` unless
   * `part` says otherwise. `auto`: `parts` where `part` is given; else `stream` where that is known to work (Node; browsers over HTTP/2 or 3), else
   * `collect`. Default: `auto`.
   */
  as?: 'auto' | 'stream' | 'collect' | 'parts' | undefined;
  /** Bytes that `collect` may hold; more is a `RangeError`. Default: 256 MiB. */
  cap?: number | undefined;
  /** Bytes of a part. Default: 8 MiB. */
  partSize?: number | undefined;
  /** What is special about the request of a part, or a promise of it; asks for parts. Default: a `Content-Range` header. */
  part?: ((part: UploadPart) => PartRequest | PromiseLike<PartRequest>) | undefined;
  /** How often a part is sent again. Default: 3. */
  retries?: number | undefined;
  /** Milliseconds before the first time; each further one waits twice as long, up to two minutes, or as long as `Retry-After` says. Default: 500. */
  delay?: number | undefined;
  /**
   * Milliseconds for which the server may take nothing and say nothing; then the request ends with a `FetchError`, and a part is sent again. Of a body that is
   * not streamed nobody tells how much has been taken: there it is the time from its request to its response. Default: Infinity.
   */
  stallTimeout?: number | undefined;
  /** Fails the stream with its reason, and ends the request. */
  signal?: AbortSignal | undefined;
}

/**
 * A sink that uploads, in one request: its body is streamed where that is known to work, else collected, up to `cap`. Parts are sent only where they are asked
 * for, each again when it fails. `response` is a promise of the (last) response; an answer that is no success is a `FetchError`.
 *
 * @throws {TypeError | RangeError} where an argument is not what it should be, or `as` is `stream` and the engine cannot
 */
export function toFetch(
  url: string | URL,
  options?: ToFetchOptions,
): WritableStream<BytesOrText> & { readonly response: Promise<Response> };

/**
 * A sink whose `response`, there at once, has for its body what is written, no sooner than it is read. A body that is cancelled
 * fails the sink; a sink that is aborted fails the body.
 *
 * @param init as of `Response`
 */
export function toResponse(init?: ResponseInit): WritableStream<BytesOrText> & { readonly response: Response };

export interface ToIndexedDBOptions<T> {
  /** Records of one transaction. Default: 100. */
  batch?: number | undefined;
  /** Whether a record of the same key is replaced, or an error. Default: `put`. */
  mode?: 'put' | 'add' | undefined;
  /** The key of a record, for stores without a key path. */
  key?: ((record: T) => IndexedKey) | undefined;
  /** As of `IDBDatabase.transaction()`. Default: `default`. */
  durability?: 'default' | 'strict' | 'relaxed' | undefined;
}

/**
 * A sink that writes each chunk as a record of an IndexedDB store, so many in one transaction. A record that is refused undoes its batch and
 * fails the stream with the database's error.
 *
 * @throws {TypeError | RangeError} where an argument is not what it should be
 */
export function toIndexedDB<T>(
  database: IndexedDatabase,
  store: string,
  options?: ToIndexedDBOptions<T>,
): WritableStream<T>;

/** A way to bring a file to the user. */
export type DownloadWay = 'picker' | 'service-worker' | 'opfs' | 'blob';

export interface ToDownloadOptions {
  /** The media type. Default: `application/octet-stream`. */
  type?: string | undefined;
  /** The bytes that should come; another number is an error. Default: not known. */
  size?: number | undefined;
  /** The ways to try, in order. Default: `picker`, `service-worker`, `opfs`, `blob`. */
  ways?: readonly DownloadWay[] | undefined;
  /** Bytes that `blob` may hold in memory. Default: 256 MiB. */
  cap?: number | undefined;
  /** The `ServiceWorkerRegistration` whose worker calls `serveDownloads()`. Default: that of the page. */
  serviceWorker?: { readonly active: { postMessage(message: unknown, transfer: never): void } | null } | undefined;
  /** Begins the download of an address. Default: a link that is clicked, or a hidden frame. */
  begin?: ((url: string, name: string) => void) | undefined;
}

/**
 * A sink whose bytes become a file in the user's downloads, by the best way there is, which `via` tells. Call it in the handler of a click, before any
 * `await`: the picker opens in the call. A file that is shorter or longer than it should be is an error, on every way.
 *
 * @param name of the file; what is no part of a name, such as `/` and control characters, is replaced or dropped
 * @throws {TypeError | RangeError} where an argument is not what it should be
 */
export function toDownload(
  name: string,
  options?: ToDownloadOptions,
): WritableStream<BytesOrText> & { readonly via: Promise<DownloadWay> };

/**
 * To be called in a service worker, when its script first runs: it answers the requests of `toDownload()`, from pages of its own origin. A download that the
 * browser does not fetch within 30 s ends.
 *
 * @param scope the worker's global object; default `globalThis`
 */
export function serveDownloads(scope?: object): void;

export interface ForEachOptions {
  /** How many calls may be under way at once. Default: 1. */
  concurrency?: number | undefined;
}

/**
 * A sink that calls `fn` with each chunk and waits for its promise. The first call that throws or rejects fails the sink with that error:
 * no call is begun after it, and the `signal` of the others is aborted.
 *
 * @throws {TypeError} where `fn` is no function
 * @throws {RangeError} where `concurrency` is not a whole number of at least 1
 *
 * @example
 * await pipeline(await fetch(url), lines(), forEach((line, { signal }) => save(line, { signal }), { concurrency: 4 }));
 */
export function forEach<T>(
  fn: (chunk: T, context: { readonly signal: AbortSignal; readonly index: number }) => unknown,
  options?: ForEachOptions,
): WritableStream<T>;

/** A sink that takes every chunk and does nothing with it, for pipelines whose stages do the work. */
export function drain(): WritableStream<unknown>;
