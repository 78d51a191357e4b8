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
 * No value has this type. It makes the types of tidegate's streams differ from those of native streams. So TypeScript
 * refuses one of tidegate's streams where the engine would refuse it: `new Response(stream)`, the native
 * `pipeThrough(pair)`. Pass `toNative(stream)` there.
 */
export interface UseToNative {
  readonly [useToNative]: never;
}

/** How much a stream queues before it signals backpressure. https://streams.spec.whatwg.org/#qs-api */
export interface QueuingStrategy<T = any> {
  /** The high-water mark, in units of `size`: not negative. `Infinity` disables backpressure. */
  highWaterMark?: number | undefined;
  /** Returns the size of a chunk: finite and not negative. Default: 1 for every chunk. */
  size?: QueuingStrategySize<T> | undefined;
}

export type QueuingStrategySize<T = any> = (chunk: T) => number;

export interface QueuingStrategyInit {
  highWaterMark: number;
}

/** A strategy that counts chunks. https://streams.spec.whatwg.org/#cqs-class */
export class CountQueuingStrategy implements QueuingStrategy {
  #private;
  /** @param init `highWaterMark` in chunks */
  constructor(init: QueuingStrategyInit);
  readonly highWaterMark: number;
  readonly size: QueuingStrategySize;
}

/** A strategy that counts the bytes of buffers and views. https://streams.spec.whatwg.org/#blqs-class */
export class ByteLengthQueuingStrategy implements QueuingStrategy<{ readonly byteLength: number }> {
  #private;
  /** @param init `highWaterMark` in bytes */
  constructor(init: QueuingStrategyInit);
  readonly highWaterMark: number;
  readonly size: QueuingStrategySize<{ readonly byteLength: number }>;
}

/**
 * A function that closes a chunk that no consumer will receive, such as one in the queue of a stream that is cancelled,
 * aborted or errored. It is called in a microtask, once for each chunk. An error that it throws or rejects with is an
 * unhandled rejection.
 *
 * `'dispose'` calls the chunk's `Symbol.asyncDispose`, else its `Symbol.dispose`, if it has one. For an array it does
 * so with each element.
 */
export type OnDiscard<T = any> = ((chunk: T) => unknown) | 'dispose';

/** https://streams.spec.whatwg.org/#dictdef-underlyingsource */
export interface UnderlyingDefaultSource<R = any> {
  /** Called by the constructor. An error that it throws is thrown by the constructor. */
  start?: ((controller: ReadableStreamDefaultController<R>) => unknown) | undefined;
  /**
   * Called when the queue is below its high-water mark or a read is pending, but not while its last promise is pending.
   */
  pull?: ((controller: ReadableStreamDefaultController<R>) => void | PromiseLike<void>) | undefined;
  /** Called when the consumer cancels the stream. */
  cancel?: ((reason?: any) => void | PromiseLike<void>) | undefined;
  type?: undefined;
  /**
   * Not in the standard. Every chunk passed to `enqueue()` is either read or discarded, even if `enqueue()` threw.
   * Default: none.
   */
  onDiscard?: OnDiscard<R> | undefined;
}

/** The underlying source of a readable byte stream. https://streams.spec.whatwg.org/#dictdef-underlyingsource */
export interface UnderlyingByteSource {
  start?: ((controller: ReadableByteStreamController) => unknown) | undefined;
  pull?: ((controller: ReadableByteStreamController) => void | PromiseLike<void>) | undefined;
  cancel?: ((reason?: any) => void | PromiseLike<void>) | undefined;
  type: 'bytes';
  /** A positive integer: each read of a default reader allocates a buffer of this many bytes for `byobRequest`. */
  autoAllocateChunkSize?: number | undefined;
}

export type UnderlyingSource<R = any> = UnderlyingDefaultSource<R> | UnderlyingByteSource;

/** https://streams.spec.whatwg.org/#dictdef-streampipeoptions */
export interface StreamPipeOptions {
  /** Leaves the destination open when the source closes. Default: false. */
  preventClose?: boolean | undefined;
  /** Does not abort the destination when the source fails or the signal is aborted. Default: false. */
  preventAbort?: boolean | undefined;
  /** Does not cancel the source when the destination fails or the signal is aborted. Default: false. */
  preventCancel?: boolean | undefined;
  /** Aborting it stops the pipe. Default: none. */
  signal?: AbortSignal | undefined;
}

export interface ReadableStreamIteratorOptions {
  /** Does not cancel the stream when the loop is left early. Default: false. */
  preventCancel?: boolean | undefined;
}

export interface ReadableStreamGetReaderOptions {
  /**
   * `'byob'` creates a BYOB reader, which reads into your buffers; the stream must be a byte stream. Default: a default
   * reader.
   */
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
   * @param strategy default: a high-water mark of 1 chunk; for a byte stream of 0 bytes, and no `size`
   * @throws {RangeError} when `highWaterMark` is not a number or is negative, or `size` is given for a byte stream
   */
  constructor(underlyingSource: UnderlyingByteSource, strategy?: { highWaterMark?: number });
  constructor(underlyingSource?: UnderlyingDefaultSource<R>, strategy?: QueuingStrategy<R>);
  /**
   * Creates a stream from an iterable. The stream calls `next()` once per chunk, on demand.
   * https://streams.spec.whatwg.org/#rs-from
   *
   * @throws {TypeError} when the argument is not an iterable object; a string is not one
   */
  static from<T>(asyncIterable: AsyncIterable<T> | Iterable<T | PromiseLike<T>>): ReadableStream<T>;
  /** Whether the stream is locked to a reader or a pipe. https://streams.spec.whatwg.org/#rs-locked */
  readonly locked: boolean;
  /**
   * Cancels the stream: drops its queue and calls the source's `cancel`. https://streams.spec.whatwg.org/#rs-cancel
   *
   * @returns a promise that rejects with a TypeError when the stream is locked, or with the error of the source's
   *   `cancel`
   */
  cancel(reason?: unknown): Promise<void>;
  /**
   * Locks the stream to a new reader. https://streams.spec.whatwg.org/#rs-get-reader
   *
   * @throws {TypeError} when the stream is locked, or `mode` is `'byob'` and the stream is not a byte stream
   */
  getReader(options: { mode: 'byob' }): ReadableStreamBYOBReader;
  getReader(options?: { mode?: undefined }): ReadableStreamDefaultReader<R>;
  getReader(options?: ReadableStreamGetReaderOptions): ReadableStreamReader<R>;
  /**
   * Pipes the stream into `transform.writable` and returns `transform.readable`. A pair of native streams is accepted;
   * its readable side is returned as one of tidegate's streams. https://streams.spec.whatwg.org/#rs-pipe-through
   *
   * @throws {TypeError} when this stream or `transform.writable` is locked
   */
  pipeThrough<T>(transform: PairStage<R, T>, options?: StreamPipeOptions): ReadableStream<T>;
  /**
   * Pipes the stream into `destination`, which may be a native stream. https://streams.spec.whatwg.org/#rs-pipe-to
   *
   * @returns a promise that resolves when the destination has written everything and closed. It rejects with the error
   *   that ended the pipe, or with a TypeError when either stream is locked.
   */
  pipeTo(destination: AnyWritable<R>, options?: StreamPipeOptions): Promise<void>;
  /**
   * Splits the stream into two branches with the same chunks. Chunks that the faster branch has read are queued for the
   * slower one, without a bound; tidegate's `tee()` function has a bound. https://streams.spec.whatwg.org/#rs-tee
   *
   * @throws {TypeError} when the stream is locked
   */
  tee(): [ReadableStream<R>, ReadableStream<R>];
  /** https://streams.spec.whatwg.org/#rs-asynciterator */
  values(options?: ReadableStreamIteratorOptions): ReadableStreamAsyncIterator<R>;
  [Symbol.asyncIterator](options?: ReadableStreamIteratorOptions): ReadableStreamAsyncIterator<R>;
}

export type ReadableStreamReader<R = any> = ReadableStreamDefaultReader<R> | ReadableStreamBYOBReader;

/** The members of both kinds of reader. https://streams.spec.whatwg.org/#generic-reader-mixin */
export interface ReadableStreamGenericReader {
  /** Resolves when the stream closes; rejects when the stream errors or the lock is released. */
  readonly closed: Promise<undefined | UseToNative>;
  /** `ReadableStream.prototype.cancel`, for the holder of the lock. */
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
   * Not in the standard. Reads all queued chunks with one promise; if none is queued, waits for the next chunks.
   * Backpressure and errors are those of `read()`.
   */
  readMany(): Promise<{ done: false; value: R[] } | { done: true; value: undefined }>;
  /**
   * Releases the lock. Pending reads reject with a TypeError.
   * https://streams.spec.whatwg.org/#default-reader-release-lock
   */
  releaseLock(): void;
  /** Not in the standard. Cancels the stream and releases the lock, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

export interface ReadableStreamBYOBReaderReadOptions {
  /** The least number of elements to read, from 1 to the length of the view. Default: 1. */
  min?: number | undefined;
}

/** https://streams.spec.whatwg.org/#byob-reader-class */
export class ReadableStreamBYOBReader implements ReadableStreamGenericReader {
  #private;
  /** @throws {TypeError} when the stream is locked or is not a byte stream */
  constructor(stream: ReadableStream<Uint8Array>);
  readonly closed: Promise<undefined | UseToNative>;
  cancel(reason?: unknown): Promise<void>;
  /**
   * Reads into `view`. Its buffer is transferred: use the view of the result.
   * https://streams.spec.whatwg.org/#byob-reader-read
   *
   * @returns a promise that rejects with a TypeError when `view` is empty, its buffer is detached or cannot be
   *   transferred, or `min` is 0; and with a RangeError when `min` is larger than `view`
   */
  read<T extends ArrayBufferView>(
    view: T,
    options?: ReadableStreamBYOBReaderReadOptions,
  ): Promise<ReadableStreamReadResult<T>>;
  /** https://streams.spec.whatwg.org/#byob-reader-release-lock */
  releaseLock(): void;
  /** Not in the standard. Cancels the stream and releases the lock, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** https://streams.spec.whatwg.org/#rs-default-controller-class */
export class ReadableStreamDefaultController<R = any> {
  #private;
  private constructor();
  /** The room below the high-water mark: negative above it, 0 when closed, null when errored. */
  readonly desiredSize: number | null;
  /**
   * Closes the stream once its queue has been read.
   *
   * @throws {TypeError} when the stream is closing, closed or errored
   */
  close(): void;
  /**
   * Queues a chunk, regardless of `desiredSize`.
   *
   * @throws {TypeError} when the stream is closing, closed or errored
   */
  enqueue(chunk?: R): void;
  /** Errors the stream and drops its queue. Does nothing when the stream has ended. */
  error(reason?: unknown): void;
}

/** https://streams.spec.whatwg.org/#rbs-controller-class */
export class ReadableByteStreamController {
  #private;
  private constructor();
  /**
   * The pending read into the consumer's buffer, or null. https://streams.spec.whatwg.org/#rbs-controller-byob-request
   */
  readonly byobRequest: ReadableStreamBYOBRequest | null;
  /** As of a default controller, in bytes. */
  readonly desiredSize: number | null;
  /** @throws {TypeError} when the stream is closing, closed or errored, or a pending read holds part of an element */
  close(): void;
  /**
   * Queues bytes; their buffer is transferred.
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
  /** The memory to write into; null once the request has been answered. */
  readonly view: Uint8Array | null;
  /**
   * Tells the stream how many bytes were written into `view`. https://streams.spec.whatwg.org/#rs-byob-request-respond
   *
   * @throws {TypeError} when the request was answered before, its buffer is detached, or `bytesWritten` is 0 while the
   *   stream is readable
   * @throws {RangeError} when `bytesWritten` is larger than the view
   */
  respond(bytesWritten: number): void;
  /**
   * Answers the request with another view of the same memory.
   * https://streams.spec.whatwg.org/#rs-byob-request-respond-with-new-view
   */
  respondWithNewView(view: ArrayBufferView): void;
}

/** https://streams.spec.whatwg.org/#dictdef-underlyingsink */
export interface UnderlyingSink<W = any> {
  start?: ((controller: WritableStreamDefaultController) => unknown) | undefined;
  /** Called with one chunk at a time, never while its last promise is pending. */
  write?: ((chunk: W, controller: WritableStreamDefaultController) => void | PromiseLike<void>) | undefined;
  /** Called when every chunk has been written. */
  close?: (() => void | PromiseLike<void>) | undefined;
  /** Called instead of `close` when the stream is aborted. */
  abort?: ((reason?: any) => void | PromiseLike<void>) | undefined;
  type?: undefined;
  /**
   * Not in the standard. Every chunk passed to `write()` either reaches the sink or is discarded, even if `write()`
   * rejected. Default: none.
   */
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
  /** Whether the stream is locked to a writer or a pipe. https://streams.spec.whatwg.org/#ws-locked */
  readonly locked: boolean;
  /**
   * Aborts the stream: drops its queue and calls the sink's `abort`. https://streams.spec.whatwg.org/#ws-abort
   *
   * @returns a promise that rejects with a TypeError when the stream is locked, or with the error of the sink's `abort`
   */
  abort(reason?: unknown): Promise<void>;
  /** Closes the stream once every queued chunk has been written. https://streams.spec.whatwg.org/#ws-close */
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
  /** Resolves when the stream has closed; rejects when the stream errors or the lock is released. */
  readonly closed: Promise<undefined | UseToNative>;
  /**
   * The room below the high-water mark: negative above it, 0 when closed, null when errored.
   *
   * @throws {TypeError} when the lock has been released
   */
  readonly desiredSize: number | null;
  /** Resolves when the stream is ready for more; a new promise each time backpressure begins. */
  readonly ready: Promise<undefined>;
  abort(reason?: unknown): Promise<void>;
  close(): Promise<void>;
  releaseLock(): void;
  /**
   * Not in the standard. Aborts the stream unless it is closed or closing, and releases the lock, for `await using`.
   */
  [Symbol.asyncDispose](): Promise<void>;
  /**
   * @returns a promise that resolves when the sink has written the chunk. To respect backpressure, await `ready` rather
   *   than this promise.
   */
  write(chunk?: W): Promise<void>;
  /**
   * Not in the standard. Writes every chunk of the array, in order, with one promise: the one of the last write, which
   * rejects as soon as a write fails. Await `ready` before the call, as before `write()`.
   */
  writeMany(chunks: readonly W[]): Promise<void>;
}

/** https://streams.spec.whatwg.org/#ws-default-controller-class */
export class WritableStreamDefaultController {
  #private;
  private constructor();
  /** Aborted when the stream is aborted, so that a running write can stop. */
  readonly signal: AbortSignal;
  /** Errors the stream. Does nothing when the stream has ended. */
  error(reason?: unknown): void;
}

/** https://streams.spec.whatwg.org/#dictdef-transformer */
export interface Transformer<I = any, O = any> {
  start?: ((controller: TransformStreamDefaultController<O>) => unknown) | undefined;
  /** Called with each chunk. Default: passes every chunk on unchanged. */
  transform?: ((chunk: I, controller: TransformStreamDefaultController<O>) => void | PromiseLike<void>) | undefined;
  /** Called when the writable side has been closed and every chunk transformed. */
  flush?: ((controller: TransformStreamDefaultController<O>) => void | PromiseLike<void>) | undefined;
  /** Called when the readable side is cancelled or the writable side is aborted. */
  cancel?: ((reason?: any) => void | PromiseLike<void>) | undefined;
  readableType?: undefined;
  writableType?: undefined;
  /**
   * Not in the standard. Called with chunks that `transform` did not receive, and with chunks it enqueued that were not
   * read. Default: none.
   */
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
  /** The desired size of the readable side. */
  readonly desiredSize: number | null;
  /** @throws {TypeError} when the readable side is closing, closed or errored */
  enqueue(chunk?: O): void;
  /** Errors both sides. */
  error(reason?: unknown): void;
  /** Closes the readable side and errors the writable side. https://streams.spec.whatwg.org/#ts-default-controller-terminate */
  terminate(): void;
}
