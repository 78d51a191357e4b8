/** Types of streams that are transferred to another thread or frame. */
import type { AnyPair, AnyReadable, AnyWritable } from './parts.js';
import type { ReadableStream, TransformStream, WritableStream } from './streams.js';

// Without this every declaration of the file would be exported.
export {};

declare const kind: unique symbol;

/** Represents a stream in a message. It consists of plain data and a port, and can be received once. */
export interface StreamHandle<S = ReadableStream | WritableStream | TransformStream> {
  readonly [kind]?: S;
}

/**
 * Which buffers are transferred instead of copied: none (`false`), those of each chunk (`true`), or those that a
 * function returns.
 */
export type TransferChunks<T = any> = boolean | ((chunk: T) => readonly object[]);

/**
 * What another thread or frame learns about an error or a reason. `all`: its structured clone, with the stack and
 * whatever else the engine clones, such as the cause. `message`: the name and message of an Error; any other value
 * crosses whole. `none`: only that the stream failed.
 */
export type ErrorCrossing = 'all' | 'message' | 'none';

type Port = InstanceType<typeof MessagePort>;

export interface TransferOptions<T = any> {
  /** For a readable stream: transfers buffers instead of copying them. Default: false. */
  transferChunks?: TransferChunks<T> | undefined;
  /**
   * For a writable stream: how many chunks may be in flight to it. Default: 0, which requests a chunk once the one
   * before it has been written.
   */
  highWaterMark?: number | undefined;
  /**
   * Aborting it errors the stream on both sides with the signal's reason. It is the only way to end the stream from the
   * side that transferred it.
   */
  signal?: AbortSignal | undefined;
  /** What the other side learns about an error. Default: `all`. */
  errors?: ErrorCrossing | undefined;
}

export interface ReceiveOptions {
  /** For a readable stream: how many chunks this side queues before they are read. Default: 0. */
  highWaterMark?: number | undefined;
  /**
   * For a writable stream: transfers buffers instead of copying them. Default: the choice of the side that transferred
   * the stream.
   */
  transferChunks?: TransferChunks | undefined;
  /** What the other side learns about an error. Default: `all`. */
  errors?: ErrorCrossing | undefined;
}

/**
 * Transfers a stream to another thread or frame, with backpressure, cancellation and errors. Chunks cross a
 * `MessagePort`, each when the receiving side has granted credit. The stream stays locked. Corresponds to
 * https://streams.spec.whatwg.org/#transferrable-streams, which works for native classes only.
 *
 * @param stream a readable stream, a writable stream or a pair of them, tidegate's or native
 * @returns `handle`, to put anywhere into a message, and `transfer`, the ports for its transfer list
 * @throws {DOMException} `DataCloneError` when the stream is locked
 * @throws {TypeError} when the argument is neither a stream nor a pair of streams
 *
 * @example
 * const { handle, transfer: ports } = transfer(readable);
 * worker.postMessage({ rows: handle }, ports);
 *
 */
export function transfer<R>(
  stream: AnyReadable<R>,
  options?: TransferOptions<R>,
): { handle: StreamHandle<ReadableStream<R>>; transfer: Port[] };
export function transfer<W>(
  stream: AnyWritable<W>,
  options?: TransferOptions,
): { handle: StreamHandle<WritableStream<W>>; transfer: Port[] };
export function transfer<I, O>(
  pair: AnyPair<I, O>,
  options?: TransferOptions<O>,
): { handle: StreamHandle<TransformStream<I, O>>; transfer: Port[] };

/**
 * Returns the stream that the other side transferred as `handle`.
 *
 * @param handle the handle from the message
 * @throws {TypeError} when `handle` is not a handle, or has been received before
 */
export function receive<S extends ReadableStream | WritableStream | TransformStream>(
  handle: StreamHandle<S>,
  options?: ReceiveOptions,
): S;
