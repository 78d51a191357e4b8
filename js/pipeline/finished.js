/** `finished()`: when a stream has come to its end, whoever holds its lock. */
import { readableImpl, writableImpl } from '../bridge/brands.js';
import { observe } from '../machines/observers.js';
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

/**
 * Resolves when `stream` has closed, been cancelled or finished, and rejects with its error; for a pair, when both its sides have.
 * Takes no lock. See pipelines.d.ts.
 *
 * @param {{ signal?: AbortSignal }} [options]
 */
export async function finished(stream, options) {
  const signal = options?.signal;
  signal?.throwIfAborted();
  const watches = watchesOf(stream);
  const stops = [];
  try {
    await new Promise((resolve, reject) => {
      let left = watches.length;
      const onEnd = () => void (--left === 0 && resolve());
      for (const watch of watches) stops.push(watch(onEnd, reject));
      const onAbort = () => reject(signal.reason);
      signal?.addEventListener('abort', onAbort);
      stops.push(() => signal?.removeEventListener('abort', onAbort));
    });
  } finally {
    for (const stop of stops) stop();
  }
}

/** What there is to be watched: functions `(onEnd, onError)` that return how to stop. */
function watchesOf(stream) {
  const isNode = isAnyNodeReadable(stream) || isAnyNodeWritable(stream);
  if (isNode) return [(onEnd, onError) => watchNode(stream, onEnd, onError)];
  const sides = isPair(stream) ? [stream.readable, stream.writable] : [stream];
  return sides.map((side) => {
    const impl = readableImpl(side) ?? writableImpl(side);
    if (impl !== undefined)
      return (onEnd, onError) =>
        watch(impl, readableImpl(side) ? [CLOSED, ERRORED] : [W_CLOSED, W_ERRORED], onEnd, onError);
    const advice =
      isReadableStreamLike(side) || isWritableStreamLike(side)
        ? "is a stream of the engine's, which tells its end only to who locks it; use fromNative(stream) from the start, or the `closed` of its reader or writer"
        : `is neither a stream nor a pair of streams; got ${describe(side)}`;
    throw new TypeError(`finished(): the argument ${advice}`);
  });
}

function watch(impl, [closed, errored], onEnd, onError) {
  const settle = () => {
    if (impl.state === closed) onEnd();
    else onError(impl.storedError);
  };
  if (impl.state !== closed && impl.state !== errored) return observe(impl, settle);
  settle();
  return () => {};
}

/** A stream of Node's, told by its shape, which may be of both kinds. */
function watchNode(node, onEnd, onError) {
  const whole = () =>
    (!isAnyNodeReadable(node) || node.readableEnded) && (!isAnyNodeWritable(node) || node.writableFinished);
  const listeners = {
    end: () => whole() && onEnd(),
    finish: () => whole() && onEnd(),
    error: onError,
    close: () =>
      whole() ? onEnd() : onError(node.errored ?? new Error('finished(): the Node stream closed before its end')),
  };
  for (const [event, listener] of Object.entries(listeners)) node.on(event, listener);
  if (node.errored) onError(node.errored);
  else if (whole()) onEnd();
  else if (node.closed) listeners.close();
  return () => {
    for (const [event, listener] of Object.entries(listeners)) node.removeListener(event, listener);
  };
}
