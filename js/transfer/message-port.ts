/** Streams over a MessagePort: each chunk is sent when the other side has granted a credit for it. */
import { describe } from '../values/describe.js';
import { requireCount } from '../values/require.js';
import type { ReadableStream } from '../streams/readable-stream.js';
import type { WritableStream } from '../streams/writable-stream.js';
import { readableEnd } from './readable-end.js';
import { isPort, requireErrors } from './wire.js';
import type { ErrorCrossing } from './wire.js';
import { writableEnd } from './writable-end.js';
import type { TransferChunks } from './writable-end.js';

/** The members of a MessagePort that tidegate uses. */
export interface MessagePortLike {
  postMessage(message: unknown, transfer?: never): void;
  start(): void;
  close(): void;
}

export interface FromMessagePortOptions {
  /** How many chunks this side queues before they are read; it requests at most 4096 at once. Default: 0. */
  highWaterMark?: number | undefined;
  /** What the other side learns about an error. Default: `all`. */
  errors?: ErrorCrossing | undefined;
}

export interface ToMessagePortOptions<T> {
  /**
   * True transfers the buffers of chunks instead of copying them; a function returns the objects to transfer. A view
   * that is narrower than its buffer is copied anyway, unless the function names its buffer. Default: false.
   */
  transfer?: boolean | ((chunk: T) => readonly object[]) | undefined;
  /** What the other side learns about an error. Default: `all`. */
  errors?: ErrorCrossing | undefined;
}

function requirePort(name: string, port: unknown): asserts port is MessagePort {
  if (!isPort(port)) {
    throw new TypeError(
      `${name}(): the first argument must be a MessagePort; got ${describe(port)}. For a worker, create a MessageChannel and send one of its ports to the worker`,
    );
  }
}

const stopped = (message: string) => () => new DOMException(message, 'AbortError');

/**
 * Receives the chunks that `toMessagePort()` sends at the other end. This side grants credit for each chunk, so
 * backpressure crosses the port. Errors and cancels cross as `errors` says. The stream fails with a `NetworkError` when
 * the other side is gone, if the engine reports that; with an `AbortError` when the other side aborted without a
 * reason; with a `DataError` when a message does not follow the protocol.
 *
 * @throws {TypeError | RangeError} when an argument is invalid
 */
export function fromMessagePort<T = any>(port: MessagePortLike, options?: FromMessagePortOptions): ReadableStream<T>;
export function fromMessagePort(port: unknown, options?: FromMessagePortOptions): ReadableStream {
  const { highWaterMark = 0, errors } = options ?? {};
  requirePort('fromMessagePort', port);
  requireCount(highWaterMark, 'fromMessagePort(): highWaterMark', 0);
  requireErrors(errors, 'fromMessagePort');
  return readableEnd(port, {
    highWaterMark,
    watch: true,
    errors,
    enough: stopped('fromMessagePort(): the other side aborted the stream without a reason'),
  });
}

/**
 * Sends chunks to `fromMessagePort()` at the other end, each when that side has granted credit. Its close waits until
 * the other side has received the end. The stream fails with an `AbortError` when the other side cancels, and otherwise
 * as `fromMessagePort()` does.
 *
 * @throws {TypeError} when an argument is invalid
 */
export function toMessagePort<T>(port: MessagePortLike, options?: ToMessagePortOptions<T>): WritableStream<T>;
export function toMessagePort(port: unknown, options?: ToMessagePortOptions<never>): WritableStream {
  requirePort('toMessagePort', port);
  const { transfer = false, errors } = options ?? {};
  requireErrors(errors, 'toMessagePort');
  return writableEnd(port, {
    transferChunks: transfer as TransferChunks,
    watch: true,
    errors,
    enough: stopped('toMessagePort(): the other side cancelled the stream without a reason'),
  });
}
