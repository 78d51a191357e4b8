/** Types of sources: where data comes from, read on demand. */
import type { ChannelCounts, ChannelOptions } from './channels.js';
import type { ReadableStream } from './streams.js';
import type { Bytes } from './pipelines.js';

export interface FromFetchOptions extends Omit<RequestInit, 'signal'> {
  /** How often in all a broken connection is gone on with. Default: 3. */
  retries?: number;
  /** Milliseconds before the first of those tries; each further one waits twice as long. Default: 500. */
  delay?: number;
  /** Called with the first answer, before its body is read: for its headers. */
  onResponse?: (response: Response) => void;
  /** Fails the stream with its reason, and ends the connection. */
  signal?: AbortSignal;
}

/** An answer that is no success, or a connection that could not be gone on with (its `cause` is how it broke). */
export class FetchError extends Error {
  constructor(message: string, response?: Response, options?: ErrorOptions);
  readonly name: 'FetchError';
  /** The answer's status, if there was one. */
  readonly status: number | undefined;
  readonly response: Response | undefined;
}

/**
 * The body of a fetch, requested when it is first read. When the connection breaks it is gone on with where it broke off, by a
 * range request with `If-Range`, as long as it is a GET, not compressed, and the server gave a strong `ETag` or a `Last-Modified`.
 * Bytes of two versions of a file are never mixed.
 *
 * The stream fails with a `FetchError` where the answer is no success, where the file has changed meanwhile, and where a
 * broken connection cannot be gone on with; a body shorter than its `Content-Length` is a broken connection. Cancelling ends the
 * connection.
 *
 * @throws {TypeError | RangeError} where an argument is not what it should be
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-13.1.5
 */
export function fromFetch(input: string | URL | Request, options?: FromFetchOptions): ReadableStream<Bytes>;

/** What `fromCursor()` reads. */
export type AnyCursor<T = any> =
  | { read(count: number): PromiseLike<T[] | null | undefined>; close(): unknown }
  | AsyncIterable<T>
  | Iterable<T>;

export interface FromCursorOptions {
  /** Rows that are fetched at once, which is the most that is held. Default: 100. */
  batch?: number;
  /** Whether rows come one by one, or as the arrays they were fetched in. Default: `rows`. */
  as?: 'rows' | 'batches';
  /** Closes the cursor, and fails the stream with its reason. */
  signal?: AbortSignal;
}

/**
 * The rows of a cursor, a batch at a time and no sooner than they are wanted. The cursor is closed once on every exit, never
 * during a read, and the stream's end waits for it.
 *
 * @throws {TypeError | RangeError} where an argument is not what it should be
 */
export function fromCursor<T>(cursor: AnyCursor<T>, options: FromCursorOptions & { as: 'batches' }): ReadableStream<T[]>;
export function fromCursor<T>(cursor: AnyCursor<T>, options?: FromCursorOptions): ReadableStream<T>;

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
export function fromFile(file: Blob | { getFile(): PromiseLike<Blob> }, options?: FromFileOptions): ReadableStream<Bytes>;

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
  source: { readonly readyState: number; close(): void; addEventListener(type: string, listener: any): void; removeEventListener(type: string, listener: any): void },
  options?: ChannelOptions<ServerSentEvent> & { events?: string[] | undefined; signal?: AbortSignal | undefined },
): ReadableStream<ServerSentEvent> & { readonly counts: ChannelCounts };

/** An open `IDBDatabase`, by the part of it that is used. */
export interface IndexedDatabase {
  readonly name: string;
  readonly objectStoreNames: { contains(name: string): boolean };
  transaction(...args: any[]): any;
}

export interface FromIndexedDBOptions {
  /** The name of an index, in whose order they come. Default: the store's own keys. */
  index?: string | undefined;
  /** An `IDBKeyRange`, or one key. Default: all. */
  range?: any;
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
export function fromIndexedDB<T = any>(database: IndexedDatabase, store: string, options: FromIndexedDBOptions & { entries: true }): ReadableStream<{ key: any; value: T }>;
export function fromIndexedDB<T = any>(database: IndexedDatabase, store: string, options?: FromIndexedDBOptions & { entries?: false | undefined }): ReadableStream<T>;
