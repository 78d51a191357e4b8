/** Types of streams that go to another thread or frame. */
import type { AnyPair, AnyReadable, AnyWritable } from './parts.js';
import type { ReadableStream, TransformStream, WritableStream } from './streams.js';

// Without this every declaration of the file would be exported.
export {};

declare const kind: unique symbol;

/** What stands for a stream in a message. It is plain data and a port, and can be received once. */
export interface StreamHandle<S = ReadableStream | WritableStream | TransformStream> {
  readonly [kind]?: S;
}

/** Whether buffers are moved rather than copied: never, those a chunk is made of, or those that a function names. */
export type TransferChunks<T = any> = boolean | ((chunk: T) => readonly object[]);

/**
 * What crosses with an error or a reason to another thread or frame. `all`: its structured clone, which has the stack, and what else the engine
 * clones, such as the cause. `message`: of an Error its name and message; what is no Error crosses whole. `none`: only that the stream failed.
 */
export type ErrorCrossing = 'all' | 'message' | 'none';

type Port = InstanceType<typeof MessagePort>;

export interface TransferOptions<T = any> {
  /** Of a readable stream: move buffers rather than copy them. Default false. */
  transferChunks?: TransferChunks<T> | undefined;
  /** Of a writable stream: chunks that may be under way to it. Default 0: one is asked for when the one before was taken. */
  highWaterMark?: number | undefined;
  /**
   * Ends the stream on both sides when it is aborted, with its reason: the one way to end a stream from the side that gave
   * it away.
   */
  signal?: AbortSignal | undefined;
  /** What the other side is told of a failure. Default `all`. */
  errors?: ErrorCrossing | undefined;
}

export interface ReceiveOptions {
  /** Of a readable stream: chunks that it may hold here before they are read. Default 0. */
  highWaterMark?: number | undefined;
  /** Of a writable stream: move buffers rather than copy them. Default: as the sender said. */
  transferChunks?: TransferChunks | undefined;
  /** What the other side is told of a failure. Default `all`. */
  errors?: ErrorCrossing | undefined;
}

/**
 * Gives a stream away to another thread or frame, with backpressure, cancellation and errors: chunks go over a
 * `MessagePort`, and no more of them than the receiving side has asked for. The stream is locked from now on. As
 * https://streams.spec.whatwg.org/#transferrable-streams, which only the engine's own classes can take part in.
 *
 * @param stream a readable stream, a writable stream or a pair of them, tidegate's or the engine's
 * @returns `handle`, to be put anywhere into a message, and `transfer`, to be put into its transfer list
 * @throws {DOMException} `DataCloneError` when the stream is locked
 * @throws {TypeError} when the argument is no stream and no pair of streams
 *
 * @example
 * const { handle, transfer: ports } = transfer(readable);
 * worker.postMessage({ rows: handle }, ports);
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
 * The stream that was given away as `handle`.
 *
 * @param handle as it came out of the message
 * @throws {TypeError} when `handle` is none, or has been received already
 */
export function receive<S extends ReadableStream | WritableStream | TransformStream>(
  handle: StreamHandle<S>,
  options?: ReceiveOptions,
): S;
