/// <reference lib="esnext.disposable" />
/**
 * Types of the WHATWG Streams Standard's classes, as tidegate implements them. They differ from lib.dom's where that lags
 * behind the standard: `ReadableStream.from`, `transformer.cancel`, `read(view, { min })`.
 *
 * @see https://streams.spec.whatwg.org/
 */
import type { AnyWritable, PairStage } from './parts.js';

// Without this every declaration of the file would be exported.
export {};

declare const useToNative: unique symbol;

/**
 * No value has this type. It stands in the type of some promises that resolve with undefined, so that TypeScript refuses tidegate's streams
 * where the engine's are needed, as the engine does: `new Response(stream)`, the engine's `pipeThrough(pair)`. Pass `toNative(stream)` there.
 */
export interface UseToNative {
  readonly [useToNative]: never;
}

/** How much a stream queues before it asks its producer to wait. https://streams.spec.whatwg.org/#qs-api */
export interface QueuingStrategy<T = any> {
  /** In the units of `size`. Not negative; `Infinity` means no backpressure at all. */
  highWaterMark?: number | undefined;
  /** The size of a chunk: finite and not negative. Default: every chunk counts 1. */
  size?: QueuingStrategySize<T> | undefined;
}

export type QueuingStrategySize<T = any> = (chunk: T) => number;

export interface QueuingStrategyInit {
  highWaterMark: number;
}

/** Counts chunks. https://streams.spec.whatwg.org/#cqs-class */
export class CountQueuingStrategy implements QueuingStrategy {
  #private;
  /** @param init `highWaterMark` in chunks */
  constructor(init: QueuingStrategyInit);
  readonly highWaterMark: number;
  readonly size: QueuingStrategySize;
}

/** Counts the bytes of buffers and views. https://streams.spec.whatwg.org/#blqs-class */
export class ByteLengthQueuingStrategy implements QueuingStrategy<{ readonly byteLength: number }> {
  #private;
  /** @param init `highWaterMark` in bytes */
  constructor(init: QueuingStrategyInit);
  readonly highWaterMark: number;
  readonly size: QueuingStrategySize<{ readonly byteLength: number }>;
}

/**
 * What is done with a chunk that nobody will get, such as one that is queued when its stream is cancelled, aborted or errored: for values
 * that need closing. Called in a microtask, once for each chunk; what it throws or rejects with is an unhandled rejection.
 *
 * `'dispose'` calls the chunk's `Symbol.asyncDispose`, else its `Symbol.dispose`, where it has one; in an array, those of its elements.
 */
export type OnDiscard<T = any> = ((chunk: T) => unknown) | 'dispose';

/** https://streams.spec.whatwg.org/#dictdef-underlyingsource */
export interface UnderlyingDefaultSource<R = any> {
  /** Called at once by the constructor; what it throws, the constructor throws. */
  start?: ((controller: ReadableStreamDefaultController<R>) => unknown) | undefined;
  /** Called whenever more is wanted, but not before its last promise has settled. */
  pull?: ((controller: ReadableStreamDefaultController<R>) => void | PromiseLike<void>) | undefined;
  /** Called when the consumer wants no more. */
  cancel?: ((reason?: any) => void | PromiseLike<void>) | undefined;
  type?: undefined;
  /** Not of the standard. A chunk that `enqueue()` was called with is either read or discarded, also where it threw. Default: none. */
  onDiscard?: OnDiscard<R> | undefined;
}

/** The same of a readable byte stream. https://streams.spec.whatwg.org/#dictdef-underlyingsource */
export interface UnderlyingByteSource {
  start?: ((controller: ReadableByteStreamController) => unknown) | undefined;
  pull?: ((controller: ReadableByteStreamController) => void | PromiseLike<void>) | undefined;
  cancel?: ((reason?: any) => void | PromiseLike<void>) | undefined;
  type: 'bytes';
  /** With it, reads of a default reader give `byobRequest` a buffer of this many bytes. A positive integer. */
  autoAllocateChunkSize?: number | undefined;
}

export type UnderlyingSource<R = any> = UnderlyingDefaultSource<R> | UnderlyingByteSource;

/** https://streams.spec.whatwg.org/#dictdef-streampipeoptions */
export interface StreamPipeOptions {
  /** Leave the destination open when the source closes. Default false. */
  preventClose?: boolean | undefined;
  /** Leave the destination as it is when the source fails or the signal is aborted. Default false. */
  preventAbort?: boolean | undefined;
  /** Leave the source as it is when the destination fails or the signal is aborted. Default false. */
  preventCancel?: boolean | undefined;
  /** Stops the pipe when aborted. Default: none. */
  signal?: AbortSignal | undefined;
}

export interface ReadableStreamIteratorOptions {
  /** Leave the stream open when the loop is left early. Default false. */
  preventCancel?: boolean | undefined;
}

export interface ReadableStreamGetReaderOptions {
  /** `'byob'` for reads into buffers of one's own, which needs a byte stream. Default: a default reader. */
  mode?: 'byob' | undefined;
}

export interface ReadableStreamAsyncIterator<T> extends AsyncIterableIterator<T> {
  [Symbol.asyncIterator](): ReadableStreamAsyncIterator<T>;
  return(value?: unknown): Promise<IteratorResult<T>>;
}

/** https://streams.spec.whatwg.org/#rs-class */
export class ReadableStream<R = any> {
  #private;
  /**
   * https://streams.spec.whatwg.org/#rs-constructor
   *
   * @param strategy default: a high-water mark of 1 chunk, of 0 bytes for a byte stream (which takes no `size`)
   * @throws {RangeError} when `highWaterMark` is not a number or is negative, or `size` is given for a byte stream
   */
  constructor(underlyingSource: UnderlyingByteSource, strategy?: { highWaterMark?: number });
  constructor(underlyingSource?: UnderlyingDefaultSource<R>, strategy?: QueuingStrategy<R>);
  /**
   * A stream of what an iterable gives, one `next()` for each chunk that is wanted.
   * https://streams.spec.whatwg.org/#rs-from
   *
   * @throws {TypeError} when the argument is no iterable object; a string is none
   */
  static from<T>(asyncIterable: AsyncIterable<T> | Iterable<T | PromiseLike<T>>): ReadableStream<T>;
  /** Whether a reader or a pipe holds the stream. https://streams.spec.whatwg.org/#rs-locked */
  readonly locked: boolean;
  /**
   * Says that no more is wanted: what is queued is dropped, the source's `cancel` is called.
   * https://streams.spec.whatwg.org/#rs-cancel
   *
   * @returns rejects with a TypeError when the stream is locked, or with what the source's `cancel` throws
   */
  cancel(reason?: unknown): Promise<void>;
  /**
   * Locks the stream to a new reader. https://streams.spec.whatwg.org/#rs-get-reader
   *
   * @throws {TypeError} when the stream is locked, or `mode` is `'byob'` and it is no byte stream
   */
  getReader(options: { mode: 'byob' }): ReadableStreamBYOBReader;
  getReader(options?: { mode?: undefined }): ReadableStreamDefaultReader<R>;
  getReader(options?: ReadableStreamGetReaderOptions): ReadableStreamReader<R>;
  /**
   * Pipes the stream into `transform.writable` and returns `transform.readable`; a pair of the engine's streams is taken
   * as well, and its readable side returned as tidegate's stream. https://streams.spec.whatwg.org/#rs-pipe-through
   *
   * @throws {TypeError} when this stream or `transform.writable` is locked
   */
  pipeThrough<T>(transform: PairStage<R, T>, options?: StreamPipeOptions): ReadableStream<T>;
  /**
   * Pipes the stream into `destination`, which may be the engine's. https://streams.spec.whatwg.org/#rs-pipe-to
   *
   * @returns resolves when all has been written and the destination closed; rejects with the error that ended the pipe,
   *   or with a TypeError when either stream is locked
   */
  pipeTo(destination: AnyWritable<R>, options?: StreamPipeOptions): Promise<void>;
  /**
   * Two streams with the same chunks. The faster one's chunks are queued for the slower one, without a bound.
   * https://streams.spec.whatwg.org/#rs-tee
   *
   * @throws {TypeError} when the stream is locked
   */
  tee(): [ReadableStream<R>, ReadableStream<R>];
  /** https://streams.spec.whatwg.org/#rs-asynciterator */
  values(options?: ReadableStreamIteratorOptions): ReadableStreamAsyncIterator<R>;
  [Symbol.asyncIterator](options?: ReadableStreamIteratorOptions): ReadableStreamAsyncIterator<R>;
}

export type ReadableStreamReader<R = any> = ReadableStreamDefaultReader<R> | ReadableStreamBYOBReader;

/** What both kinds of reader have. https://streams.spec.whatwg.org/#generic-reader-mixin */
export interface ReadableStreamGenericReader {
  /** Resolves when the stream closes; rejects when it fails or the lock is released. */
  readonly closed: Promise<undefined | UseToNative>;
  /** `ReadableStream.prototype.cancel` for the one who holds the lock. */
  cancel(reason?: unknown): Promise<void>;
}

export type ReadableStreamReadResult<T> = { done: false; value: T } | { done: true; value: T | undefined };

/** https://streams.spec.whatwg.org/#default-reader-class */
export class ReadableStreamDefaultReader<R = any> implements ReadableStreamGenericReader {
  #private;
  /** @throws {TypeError} when the stream is locked */
  constructor(stream: ReadableStream<R>);
  readonly closed: Promise<undefined>;
  cancel(reason?: unknown): Promise<void>;
  /** https://streams.spec.whatwg.org/#default-reader-read */
  read(): Promise<{ done: false; value: R } | { done: true; value: undefined }>;
  /**
   * Not of the standard: everything that is queued for one promise; where nothing is, the next chunks that come. The
   * same backpressure and errors as `read()`.
   */
  readMany(): Promise<{ done: false; value: R[] } | { done: true; value: undefined }>;
  /** Reads that are pending reject with a TypeError. https://streams.spec.whatwg.org/#default-reader-release-lock */
  releaseLock(): void;
  /** Not of the standard. Cancels the stream and releases the lock, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

export interface ReadableStreamBYOBReaderReadOptions {
  /** Elements of the view to wait for, 1 to its length. Default 1. */
  min?: number | undefined;
}

/** https://streams.spec.whatwg.org/#byob-reader-class */
export class ReadableStreamBYOBReader implements ReadableStreamGenericReader {
  #private;
  /** @throws {TypeError} when the stream is locked or is no byte stream */
  constructor(stream: ReadableStream<Uint8Array>);
  readonly closed: Promise<undefined | UseToNative>;
  cancel(reason?: unknown): Promise<void>;
  /**
   * Reads into `view`, whose buffer is moved: use the one of the result. https://streams.spec.whatwg.org/#byob-reader-read
   *
   * @returns rejects with a TypeError when `view` is empty or its buffer detached or not movable, or `min` is 0, and with
   *   a RangeError when `min` is more than `view` holds
   */
  read<T extends ArrayBufferView>(
    view: T,
    options?: ReadableStreamBYOBReaderReadOptions,
  ): Promise<ReadableStreamReadResult<T>>;
  /** https://streams.spec.whatwg.org/#byob-reader-release-lock */
  releaseLock(): void;
  /** Not of the standard. Cancels the stream and releases the lock, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** https://streams.spec.whatwg.org/#rs-default-controller-class */
export class ReadableStreamDefaultController<R = any> {
  #private;
  private constructor();
  /** What may be queued before the high-water mark is reached; negative past it, 0 when closed, null when errored. */
  readonly desiredSize: number | null;
  /**
   * Closes the stream once its queue has been read.
   *
   * @throws {TypeError} when the stream is closing, closed or errored
   */
  close(): void;
  /**
   * Gives the stream a chunk, whatever `desiredSize` says.
   *
   * @throws {TypeError} when the stream is closing, closed or errored
   */
  enqueue(chunk?: R): void;
  /** Errors the stream and drops its queue; nothing when it has ended. */
  error(reason?: unknown): void;
}

/** https://streams.spec.whatwg.org/#rbs-controller-class */
export class ReadableByteStreamController {
  #private;
  private constructor();
  /** The read that waits to be answered in place, or null. https://streams.spec.whatwg.org/#rbs-controller-byob-request */
  readonly byobRequest: ReadableStreamBYOBRequest | null;
  /** In bytes; otherwise as a default controller's. */
  readonly desiredSize: number | null;
  /** @throws {TypeError} when the stream is closing, closed or errored, or a read is left with part of an element */
  close(): void;
  /**
   * Gives the stream bytes; their buffer is moved.
   *
   * @throws {TypeError} when the stream is not readable, or the chunk is empty or its buffer detached
   */
  enqueue(chunk: ArrayBufferView): void;
  error(reason?: unknown): void;
}

/** https://streams.spec.whatwg.org/#rs-byob-request-class */
export class ReadableStreamBYOBRequest {
  #private;
  private constructor();
  /** The room to write into, or null when the request has been answered. */
  readonly view: Uint8Array | null;
  /**
   * Says how many bytes were written into `view`. https://streams.spec.whatwg.org/#rs-byob-request-respond
   *
   * @throws {TypeError} when it was answered already, or its buffer is detached, or 0 is said while the stream is readable
   * @throws {RangeError} when it is more than there is room for
   */
  respond(bytesWritten: number): void;
  /** Answers with another view of the same region. https://streams.spec.whatwg.org/#rs-byob-request-respond-with-new-view */
  respondWithNewView(view: ArrayBufferView): void;
}

/** https://streams.spec.whatwg.org/#dictdef-underlyingsink */
export interface UnderlyingSink<W = any> {
  start?: ((controller: WritableStreamDefaultController) => unknown) | undefined;
  /** Called with one chunk at a time, not before its last promise has settled. */
  write?: ((chunk: W, controller: WritableStreamDefaultController) => void | PromiseLike<void>) | undefined;
  /** Called when everything has been written. */
  close?: (() => void | PromiseLike<void>) | undefined;
  /** Called instead of `close` when the stream is aborted. */
  abort?: ((reason?: any) => void | PromiseLike<void>) | undefined;
  type?: undefined;
  /** Not of the standard. A chunk that was written goes to `write` or is discarded, also where its write was refused. Default: none. */
  onDiscard?: OnDiscard<W> | undefined;
}

/** https://streams.spec.whatwg.org/#ws-class */
export class WritableStream<W = any> {
  #private;
  /**
   * https://streams.spec.whatwg.org/#ws-constructor
   *
   * @param strategy default: a high-water mark of 1 chunk
   * @throws {RangeError} when `highWaterMark` is not a number or is negative
   */
  constructor(underlyingSink?: UnderlyingSink<W>, strategy?: QueuingStrategy<W>);
  /** Whether a writer or a pipe holds the stream. https://streams.spec.whatwg.org/#ws-locked */
  readonly locked: boolean;
  /**
   * Drops what is queued and calls the sink's `abort`. https://streams.spec.whatwg.org/#ws-abort
   *
   * @returns rejects with a TypeError when the stream is locked, or with what the sink's `abort` throws
   */
  abort(reason?: unknown): Promise<void>;
  /** Closes the stream when all has been written. https://streams.spec.whatwg.org/#ws-close */
  close(): Promise<void>;
  /**
   * Locks the stream to a new writer. https://streams.spec.whatwg.org/#ws-get-writer
   *
   * @throws {TypeError} when the stream is locked
   */
  getWriter(): WritableStreamDefaultWriter<W>;
}

/** https://streams.spec.whatwg.org/#default-writer-class */
export class WritableStreamDefaultWriter<W = any> {
  #private;
  /** @throws {TypeError} when the stream is locked */
  constructor(stream: WritableStream<W>);
  /** Resolves when the stream has closed; rejects when it fails or the lock is released. */
  readonly closed: Promise<undefined | UseToNative>;
  /**
   * What may be queued before the high-water mark is reached; negative past it, 0 when closed, null when errored.
   *
   * @throws {TypeError} when the lock was released
   */
  readonly desiredSize: number | null;
  /** Resolves when the stream wants more; a new promise each time it has been full. */
  readonly ready: Promise<undefined>;
  abort(reason?: unknown): Promise<void>;
  close(): Promise<void>;
  releaseLock(): void;
  /** Not of the standard. Aborts a stream that is neither closed nor closing and releases the lock, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
  /** @returns resolves when the sink has taken the chunk; wait for `ready`, not for this, to respect backpressure */
  write(chunk?: W): Promise<void>;
  /**
   * Not of the standard: writes every chunk of the array, in order, for one promise: that of the last write, which
   * rejects as soon as one fails. Await `ready` before it, as before `write()`.
   */
  writeMany(chunks: readonly W[]): Promise<void>;
}

/** https://streams.spec.whatwg.org/#ws-default-controller-class */
export class WritableStreamDefaultController {
  #private;
  private constructor();
  /** Aborted when the stream is, so that a write under way can stop. */
  readonly signal: AbortSignal;
  /** Errors the stream; nothing when it has ended. */
  error(reason?: unknown): void;
}

/** https://streams.spec.whatwg.org/#dictdef-transformer */
export interface Transformer<I = any, O = any> {
  start?: ((controller: TransformStreamDefaultController<O>) => unknown) | undefined;
  /** Default: every chunk passes as it is. */
  transform?: ((chunk: I, controller: TransformStreamDefaultController<O>) => void | PromiseLike<void>) | undefined;
  /** Called when the writable side was closed and all has been transformed. */
  flush?: ((controller: TransformStreamDefaultController<O>) => void | PromiseLike<void>) | undefined;
  /** Called when the readable side is cancelled or the writable side aborted. */
  cancel?: ((reason?: any) => void | PromiseLike<void>) | undefined;
  readableType?: undefined;
  writableType?: undefined;
  /** Not of the standard. For chunks that `transform` has not been given, and those it gave that were not read. Default: none. */
  onDiscard?: OnDiscard<I | O> | undefined;
}

/** https://streams.spec.whatwg.org/#ts-class */
export class TransformStream<I = any, O = any> {
  #private;
  /**
   * https://streams.spec.whatwg.org/#ts-constructor
   *
   * @param writableStrategy default: a high-water mark of 1 chunk
   * @param readableStrategy default: a high-water mark of 0 chunks
   */
  constructor(
    transformer?: Transformer<I, O>,
    writableStrategy?: QueuingStrategy<I>,
    readableStrategy?: QueuingStrategy<O>,
  );
  /** https://streams.spec.whatwg.org/#ts-readable */
  readonly readable: ReadableStream<O>;
  /** https://streams.spec.whatwg.org/#ts-writable */
  readonly writable: WritableStream<I>;
}

/** https://streams.spec.whatwg.org/#ts-default-controller-class */
export class TransformStreamDefaultController<O = any> {
  #private;
  private constructor();
  /** That of the readable side. */
  readonly desiredSize: number | null;
  /** @throws {TypeError} when the readable side is closing, closed or errored */
  enqueue(chunk?: O): void;
  /** Errors both sides. */
  error(reason?: unknown): void;
  /** Closes the readable side and errors the writable side. https://streams.spec.whatwg.org/#ts-default-controller-terminate */
  terminate(): void;
}
