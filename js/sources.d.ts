/** Types of sources: where data comes from, read on demand. */
import type { ChannelCounts, ChannelOptions } from './channels.js';
import type { ReadableStream } from './streams.js';
import type { Bytes } from './parts.js';

export interface FromFetchOptions extends Omit<RequestInit, 'signal'> {
  /** How often in all a request is sent again, if it is a GET. Default: 3. */
  retries?: number | undefined;
  /** Milliseconds before the first retry; each further one waits twice as long, at most 2 minutes. Default: 500. */
  delay?: number | undefined;
  /**
   * Milliseconds for which a read of the network may be pending while nothing comes; then the connection counts as broken. The wait for
   * the response counts, the time in which the stream is not read does not. Default: 30,000; Infinity for none.
   */
  stallTimeout?: number | undefined;
  /** Called once, with the first response, before its body is read: for its headers. */
  onResponse?: ((response: Response) => void | PromiseLike<void>) | undefined;
  /** Fails the stream with its reason, and ends the connection. */
  signal?: AbortSignal | undefined;
}

/** A response that is no success, or a connection that cannot be resumed (its `cause` is how it broke). */
export class FetchError extends Error {
  /** `options.url`: of the request, where there is no response. */
  constructor(message: string, response?: Response, options?: ErrorOptions & { url?: string });
  readonly name: 'FetchError';
  /** The status of the response, if there was one. */
  readonly status: number | undefined;
  /** The URL of the response, or of the request where there was none. */
  readonly url: string | undefined;
  /**
   * The response, if there was one. Its body can be read: `await error.response.text()`. The first 64 KiB of it, of what came within a
   * second, are in memory, so that it holds no connection.
   */
  readonly response: Response | undefined;
}

/**
 * The body of a fetch, requested when it is first read. When a GET cannot connect, breaks off, is silent for `stallTimeout`, or is
 * answered with 408, 425, 429 or 5xx, the request is sent again, after the time that `Retry-After` says. A body is resumed
 * where it broke off, if the server gave a strong `ETag`, or a `Last-Modified` at least a second before its `Date`. Bytes of two
 * versions of a file are never mixed: every response that resumes is checked.
 *
 * A `Range` header of the caller's, of one range of bytes, is resumed within it.
 *
 * The stream fails with a `FetchError` if the response is no success, the file has changed meanwhile, or no retry is left or
 * allowed; its message says which. A body shorter than its `Content-Length` is a broken connection. Cancelling ends the
 * connection. A pipeline that begins with it knows its total once the response has come.
 *
 * @throws {TypeError | RangeError} where an argument is not what it should be
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-13.1.5
 */
export function fromFetch(input: string | URL | Request, options?: FromFetchOptions): ReadableStream<Bytes>;

/** What `fromCursor()` reads. */
export type AnyCursor<T> =
  { read(count: number): PromiseLike<T[] | null | undefined>; close(): unknown } | AsyncIterable<T> | Iterable<T>;

export interface FromCursorOptions {
  /** Rows that are fetched at once, which is the most that is held. Default: 100. */
  batch?: number | undefined;
  /** Whether rows come one by one, or as the arrays they were fetched in. Default: `rows`. */
  as?: 'rows' | 'batches' | undefined;
  /** Closes the cursor, and fails the stream with its reason. */
  signal?: AbortSignal | undefined;
}

/**
 * The rows of a cursor, a batch at a time and no sooner than they are wanted. The cursor is closed once on every exit, never
 * during a read, and the stream's end waits for it.
 *
 * @throws {TypeError | RangeError} where an argument is not what it should be
 */
export function fromCursor<T>(
  cursor: AnyCursor<T>,
  options: FromCursorOptions & { as: 'batches' },
): ReadableStream<T[]>;
export function fromCursor<T>(
  cursor: AnyCursor<T>,
  options?: FromCursorOptions & { as?: 'rows' | undefined },
): ReadableStream<T>;

export interface FromFileOptions {
  /** The first byte. Default: 0. */
  start?: number | undefined;
  /** The byte before which to stop. Default: the end. */
  end?: number | undefined;
  /** Bytes that are read at once. Default: 262,144. */
  chunkSize?: number | undefined;
  /** Fails the stream with its reason. */
  signal?: AbortSignal | undefined;
}

/**
 * The bytes of a file, a slice at a time and no sooner than it is wanted: a byte stream. A pipeline that begins with it knows its total.
 *
 * @throws {TypeError | RangeError} where an argument is not what it should be
 */
export function fromFile(
  file: Blob | { getFile(): PromiseLike<Blob> },
  options?: FromFileOptions,
): ReadableStream<Bytes>;

/** An event of an event stream. */
export interface ServerSentEvent {
  readonly type: string;
  readonly data: string;
  readonly lastEventId: string;
}

export interface FromEventSourceOptions extends Omit<RequestInit, 'signal'> {
  /** The types that are wanted. Default: all. */
  events?: string[] | undefined;
  /** How often a connection is tried again without an event between. Default: 10. */
  retries?: number | undefined;
  /** Milliseconds before each try. Default: what the server says, else 3000. */
  delay?: number | undefined;
  /**
   * Milliseconds for which a read of the network may be pending while nothing comes; then the connection counts as broken. A server that has
   * nothing to say is silent too, unless it sends comments now and then. Default: Infinity.
   */
  stallTimeout?: number | undefined;
  /** Fails the stream with its reason, and ends the connection. */
  signal?: AbortSignal | undefined;
}

/**
 * The events of an event stream, read with fetch and on demand. A connection that breaks is gone on with by the id of the last event. An
 * answer of 204 ends it; any other that is no event stream is a `FetchError`.
 *
 * @throws {TypeError | RangeError} where an argument is not what it should be
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export function fromEventSource(url: string | URL, options?: FromEventSourceOptions): ReadableStream<ServerSentEvent>;
/** The events of an `EventSource`, which cannot be held back: see the options of `channel()`. It is closed on every exit. */
export function fromEventSource(
  source: {
    readonly readyState: number;
    close(): void;
    addEventListener(type: string, listener: never): void;
    removeEventListener(type: string, listener: never): void;
  },
  options?: ChannelOptions<ServerSentEvent> & { events?: string[] | undefined; signal?: AbortSignal | undefined },
): ReadableStream<ServerSentEvent> & { readonly counts: ChannelCounts };

/** A key of an IndexedDB store. */
export type IndexedKey = number | string | Date | ArrayBuffer | ArrayBufferView | IndexedKey[];

/** An open `IDBDatabase`, by the part of it that is used. */
export interface IndexedDatabase {
  readonly name: string;
  readonly objectStoreNames: { contains(name: string): boolean };
  transaction(...args: never[]): unknown;
}

export interface FromIndexedDBOptions {
  /** The name of an index, in whose order they come. Default: the store's own keys. */
  index?: string | undefined;
  /** An `IDBKeyRange`, or one key. Default: all. */
  range?: IndexedKey | { readonly lower: unknown; readonly upper: unknown } | undefined;
  /** Default: `next`. */
  direction?: 'next' | 'prev' | undefined;
  /** Records that are read in one transaction, and held. Default: 100. */
  batch?: number | undefined;
  /** Fails the stream with its reason. */
  signal?: AbortSignal | undefined;
}

/**
 * The records of an IndexedDB store, a batch at a time, each in a transaction of its own, which has ended before the first of them is
 * handed on.
 *
 * @throws {TypeError | RangeError} where an argument is not what it should be
 */
export function fromIndexedDB<T = any>(
  database: IndexedDatabase,
  store: string,
  options: FromIndexedDBOptions & { entries: true },
): ReadableStream<{ key: IndexedKey; value: T }>;
export function fromIndexedDB<T = any>(
  database: IndexedDatabase,
  store: string,
  options?: FromIndexedDBOptions & { entries?: false | undefined },
): ReadableStream<T>;
