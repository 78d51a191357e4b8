/** `finished()`: waits for the end of a stream without its lock. */
import { readableImpl, writableImpl } from '../bridge/brands.js';
import { observe } from '../machines/observers.js';
import type { ReadablePart, WritablePart } from '../machines/parts.js';
import { CLOSED, ERRORED } from '../machines/readable.js';
import { CLOSED as W_CLOSED, ERRORED as W_ERRORED } from '../machines/writable.js';
import { describe } from '../values/describe.js';
import {
  isAnyNodeReadable,
  isAnyNodeWritable,
  isPair,
  isReadableStreamLike,
  isWritableStreamLike,
} from '../bridge/kinds.js';
import type { NodeReadable, NodeWritable } from '../bridge/shapes.js';
import type { ReadableStream } from '../streams/readable-stream.js';
import type { WritableStream } from '../streams/writable-stream.js';
import type { NodeReadableLike, NodeWritableLike } from './accepted.js';

/** Begins to watch, and returns how to stop. */
type Watch = (onEnd: () => void, onError: (error: unknown) => void) => () => unknown;

/**
 * Waits until a stream has ended, without locking it. Works on a locked stream too.
 *
 * @param stream one of tidegate's streams, a pair of them, or one of Node's streams. Native streams report their end
 *   only to the holder of their lock.
 * @param options aborting `signal` rejects the promise with its reason; the stream is not affected
 * @returns a promise that resolves when the stream has closed, finished, or been cancelled, and rejects with the
 *   stream's error
 * @throws {TypeError} (as a rejection) when the argument is not such a stream
 */
export function finished(
  stream:
    | ReadableStream
    | WritableStream
    | { readonly readable: ReadableStream; readonly writable: WritableStream }
    | NodeReadableLike
    | NodeWritableLike,
  options?: { signal?: AbortSignal | undefined },
): Promise<void>;
export async function finished(stream: unknown, options?: { signal?: AbortSignal | undefined }): Promise<void> {
  const signal = options?.signal;
  signal?.throwIfAborted();
  const watches = watchesOf(stream);
  const stops: (() => unknown)[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      let left = watches.length;
      const onEnd = () => void (--left === 0 && resolve());
      for (const watch of watches) stops.push(watch(onEnd, reject));
      const onAbort = () => reject(signal!.reason);
      signal?.addEventListener('abort', onAbort);
      stops.push(() => signal?.removeEventListener('abort', onAbort));
    });
  } finally {
    for (const stop of stops) stop();
  }
}

/** What there is to be watched. */
function watchesOf(stream: unknown): Watch[] {
  const isNode = isAnyNodeReadable(stream) || isAnyNodeWritable(stream);
  if (isNode) return [(onEnd, onError) => watchNode(stream, onEnd, onError)];
  const sides = isPair(stream) ? [stream.readable, stream.writable] : [stream];
  return sides.map((side): Watch => {
    const impl = readableImpl(side) ?? writableImpl(side);
    if (impl !== undefined)
      return (onEnd, onError) =>
        watch(impl, readableImpl(side) ? [CLOSED, ERRORED] : [W_CLOSED, W_ERRORED], onEnd, onError);
    const advice =
      isReadableStreamLike(side) || isWritableStreamLike(side)
        ? 'is a stream of the engine, whose end only the holder of its lock can see; wrap it with fromNative(stream) first, or use `closed` of its reader or writer'
        : `is neither a stream nor a pair of streams; got ${describe(side)}`;
    throw new TypeError(`finished(): the argument ${advice}`);
  });
}

function watch(
  impl: ReadablePart | WritablePart,
  [closed, errored]: readonly number[],
  onEnd: () => void,
  onError: (error: unknown) => void,
): () => unknown {
  const settle = () => {
    if (impl.state === closed) onEnd();
    else onError(impl.storedError);
  };
  if (impl.state !== closed && impl.state !== errored) return observe(impl, settle);
  settle();
  return () => {};
}

/** A stream of Node's, told by its shape, which may be of both kinds. */
function watchNode(
  node: (NodeReadable & Partial<NodeWritable>) | (NodeWritable & Partial<NodeReadable>),
  onEnd: () => void,
  onError: (error: unknown) => void,
): () => void {
  const whole = () =>
    (!isAnyNodeReadable(node) || node.readableEnded) && (!isAnyNodeWritable(node) || node.writableFinished);
  const listeners = {
    end: () => whole() && onEnd(),
    finish: () => whole() && onEnd(),
    error: onError,
    close: () =>
      whole() ? onEnd() : onError(node.errored ?? new Error('finished(): the Node stream closed before it ended')),
  };
  for (const [event, listener] of Object.entries(listeners)) node.on(event, listener);
  if (node.errored) onError(node.errored);
  else if (whole()) onEnd();
  else if (node.closed) listeners.close();
  return () => {
    for (const [event, listener] of Object.entries(listeners)) node.removeListener(event, listener);
  };
}
