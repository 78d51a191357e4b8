/**
 * Streams by their shape: the members of the standard's classes that tidegate uses. tidegate's own classes, the
 * engine's and those of another implementation have them, so these types are for code that accepts any implementation.
 */

export type ReadResult<R> = { done: false; value: R } | { done: true; value: R | undefined };

/** The lock of a readable stream, as the standard's default reader has it. */
export interface ReaderLike<R = unknown> {
  /** Settles when the stream closes or fails, and rejects when the lock is released before that. */
  readonly closed: Promise<unknown>;
  read(): Promise<ReadResult<R>>;
  cancel(reason?: unknown): Promise<unknown>;
  releaseLock(): void;
}

/** The same of a BYOB reader: a read moves the buffer of `view`, and the answer is a new view of it. */
interface ByobReaderLike extends Omit<ReaderLike, 'read'> {
  read(view: Uint8Array<ArrayBuffer>): Promise<ReadResult<Uint8Array<ArrayBuffer>>>;
}

/** A reader of either kind, for who knows which it is: only one of bytes is given a view, and answers with a view. */
export interface AnyReader extends Omit<ReaderLike, 'read'> {
  read(view?: Uint8Array<ArrayBuffer>): Promise<ReadResult<unknown>>;
}

/** As much of a readable stream as a bridge reads from. */
export interface Lockable {
  getReader(options?: { mode?: 'byob' }): AnyReader;
}

export interface ReadableStreamLike<R = unknown> {
  readonly locked: boolean;
  getReader(options: { mode: 'byob' }): ByobReaderLike;
  getReader(options?: undefined): ReaderLike<R>;
  cancel(reason?: unknown): Promise<unknown>;
}

export interface WriterLike<W = unknown> {
  readonly closed: Promise<unknown>;
  readonly ready: Promise<unknown>;
  readonly desiredSize: number | null;
  write(chunk: W): Promise<unknown>;
  close(): Promise<unknown>;
  abort(reason?: unknown): Promise<unknown>;
  releaseLock(): void;
}

export interface WritableStreamLike<W = unknown> {
  readonly locked: boolean;
  getWriter(): WriterLike<W>;
  abort(reason?: unknown): Promise<unknown>;
  close(): Promise<unknown>;
}

export interface PairLike<I = unknown, O = unknown> {
  readonly readable: ReadableStreamLike<O>;
  readonly writable: WritableStreamLike<I>;
}

/** What `start` and `pull` of an underlying source are given. */
export interface ReadableControllerLike<R = unknown> {
  readonly desiredSize: number | null;
  enqueue(chunk: R): void;
  close(): void;
  error(reason?: unknown): void;
}

/** The same of a byte stream. */
export interface ByteControllerLike extends ReadableControllerLike<Uint8Array<ArrayBuffer>> {
  readonly byobRequest: ByobRequestLike | null;
}

export interface ByobRequestLike {
  readonly view: Uint8Array<ArrayBuffer> | null;
  respondWithNewView(view: Uint8Array<ArrayBuffer>): void;
}

/** What `start` of an underlying sink is given. */
export interface WritableControllerLike {
  readonly signal: AbortSignal;
  error(reason?: unknown): void;
}

/** What the methods of a transformer are given. */
export interface TransformControllerLike<O = unknown> {
  readonly desiredSize: number | null;
  enqueue(chunk: O): void;
  error(reason?: unknown): void;
  terminate(): void;
}

/** A readable stream of Node's, or of a package that follows it. What is optional here, some of these packages lack. */
export interface NodeReadable {
  on(event: string, listener: (...values: never[]) => void): unknown;
  once(event: string, listener: (...values: never[]) => void): unknown;
  removeListener(event: string, listener: (...values: never[]) => void): unknown;
  pipe(destination: unknown, options?: unknown): unknown;
  read(): unknown;
  destroy?(error?: Error): unknown;
  readonly readable?: boolean;
  readonly readableEnded?: boolean;
  readonly aborted?: boolean;
  readonly destroyed?: boolean;
  readonly destroying?: boolean;
  readonly closed?: boolean;
  readonly errored?: unknown;
  /** True for the standard input and output of the process, which must stay open. */
  readonly _isStdio?: boolean;
}

/** The same of a writable stream. */
export interface NodeWritable extends Omit<NodeReadable, 'pipe' | 'read' | 'readable' | 'readableEnded' | 'aborted'> {
  write(chunk: unknown, callback?: (error?: unknown) => void): unknown;
  end(): unknown;
  readonly writable?: boolean;
  readonly writableEnded?: boolean;
  readonly writableFinished?: boolean;
  readonly writableObjectMode?: boolean;
  /** Of a response over HTTP/2. */
  readonly stream?: { readonly headRequest?: boolean; readonly destroyed?: boolean };
}
