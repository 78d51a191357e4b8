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

/** A MessagePort, by the members that are used. */
export interface MessagePortLike {
  postMessage(message: unknown, transfer?: never): void;
  start(): void;
  close(): void;
}

export interface FromMessagePortOptions {
  /** In chunks: how many may be queued here before they are read. At most 4096 are requested at once. Default: 0. */
  highWaterMark?: number | undefined;
  /** What the other side is told of a failure. Default: `all`. */
  errors?: ErrorCrossing | undefined;
}

export interface ToMessagePortOptions<T> {
  /**
   * Whether to move the buffers of chunks rather than copy them, or which. A view that is narrower than its buffer is copied in either case, unless
   * the function returns its buffer. Default: false.
   */
  transfer?: boolean | ((chunk: T) => readonly object[]) | undefined;
  /** What the other side is told of a failure. Default: `all`. */
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
 * A stream of the chunks that `toMessagePort()` sends at the other end. This stream grants a credit for each chunk. Errors and cancels cross as
 * `errors` says. The stream fails with a `NetworkError` if the other side is gone and the engine reports that; with an `AbortError` if the other
 * side aborts without a reason; with a `DataError` if the other side sends a message that is not of the protocol.
 *
 * @throws {TypeError | RangeError} if an argument is not as described
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
 * A stream that sends its chunks to `fromMessagePort()` at the other end, each when the other side wants one. Its close waits until the other side
 * has received the close. It fails with an `AbortError` if the other side cancels without a reason, and otherwise as `fromMessagePort()`.
 *
 * @throws {TypeError} if an argument is not as described
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
