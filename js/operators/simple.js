/** Operators that need nothing but a TransformStream. */
import { refuseDetached } from '../runtime/buffers.js';
import { isThenable } from '../bridge/kinds.js';
import { TransformStream } from '../streams/transform-stream.js';
import { requireCount, requireFunction } from '../values/require.js';
import { dropFrom } from './drop-from.js';

/** A stage that hands on the chunks for which `fn(chunk, index)` returns or resolves with something true. */
export function filter(fn) {
  requireFunction(fn, 'filter');
  return passing(fn, Boolean);
}

/** A stage that hands every chunk on once `fn(chunk, index)` has returned, or its promise has resolved. */
export function tap(fn) {
  requireFunction(fn, 'tap');
  return passing(fn, () => true);
}

/** Hands on the chunks for whose result `isWanted` says so. The others, and one that `fn` fails with, are dropped. */
function passing(fn, isWanted) {
  let index = 0;
  const settle = (controller, chunk, result) => {
    if (isWanted(result)) controller.enqueue(chunk);
    else dropFrom(stage, chunk);
  };
  const fail = (chunk, error) => {
    dropFrom(stage, chunk);
    throw error;
  };
  const stage = new TransformStream({
    transform(chunk, controller) {
      let result;
      try {
        result = fn(chunk, index++);
      } catch (error) {
        fail(chunk, error);
      }
      if (isThenable(result))
        return result.then(
          (value) => settle(controller, chunk, value),
          (error) => fail(chunk, error),
        );
      return settle(controller, chunk, result);
    },
  });
  return stage;
}

/** A stage that hands on the first `count` chunks and then ends; its source is cancelled. */
export function take(count) {
  requireCount(count, 'take(): the count', 0);
  let left = count;
  return new TransformStream({
    start: (controller) => void (left === 0 && controller.terminate()),
    transform(chunk, controller) {
      left -= 1;
      controller.enqueue(chunk);
      if (left === 0) controller.terminate();
    },
  });
}

/** A stage that drops the first `count` chunks. */
export function skip(count) {
  requireCount(count, 'skip(): the count', 0);
  let left = count;
  const stage = new TransformStream({
    transform(chunk, controller) {
      if (left === 0) return controller.enqueue(chunk);
      left -= 1;
      return dropFrom(stage, chunk);
    },
  });
  return stage;
}

/**
 * A stage that gives the bytes it gets in pieces of `size` bytes, the last one maybe shorter. A piece that lies whole in
 * a chunk is a view of it; only what crosses from one chunk into the next is copied.
 */
export function chunk(size) {
  requireCount(size, 'chunk(): the size in bytes');
  let held; // a piece that is not full yet
  let filled = 0;
  return new TransformStream({
    transform(bytes, controller) {
      if (!(bytes instanceof Uint8Array))
        throw new TypeError('chunk(): every chunk must be a Uint8Array; put a stage before it that encodes');
      if (bytes.length === 0) refuseDetached(bytes, 'chunk(): the chunk');
      let from = 0;
      if (held !== undefined) {
        from = Math.min(size - filled, bytes.length);
        held.set(bytes.subarray(0, from), filled);
        filled += from;
        if (filled < size) return;
        controller.enqueue(held);
        held = undefined;
      }
      for (; bytes.length - from >= size; from += size) controller.enqueue(bytes.subarray(from, from + size));
      if (from === bytes.length) return;
      held = new Uint8Array(size);
      filled = bytes.length - from;
      held.set(bytes.subarray(from));
    },
    flush: (controller) => void (held && controller.enqueue(held.subarray(0, filled))),
  });
}

/**
 * A stage that gives arrays of `count` chunks, or, with `ms`, of those that came within so many milliseconds after the
 * first. The last array may be shorter.
 */
export function batch(count, { ms = undefined } = {}) {
  requireCount(count, 'batch(): the count');
  if (ms !== undefined) requireCount(ms, 'batch(): ms', 0);
  let held = [];
  let timer;
  const give = (controller) => {
    clearTimeout(timer);
    timer = undefined;
    const full = held;
    held = [];
    if (full.length > 0) controller.enqueue(full);
  };
  const stage = new TransformStream({
    transform(chunk, controller) {
      held.push(chunk);
      if (held.length === count) give(controller);
      else if (ms !== undefined) timer ??= setTimeout(give, ms, controller);
    },
    flush: give,
    cancel() {
      clearTimeout(timer);
      for (const chunk of held.splice(0)) dropFrom(stage, chunk);
    },
  });
  return stage;
}
