/** Operators that need nothing but a TransformStream. */
import { refuseDetached } from '../runtime/buffers.js';
import { timerDelay } from '../runtime/sleep.js';
import { isThenable } from '../bridge/kinds.js';
import { TransformStream } from '../streams/transform-stream.js';
import { describe } from '../values/describe.js';
import { requireCount, requireFunction } from '../values/require.js';
import { dropFrom } from './drop-from.js';
import type { TransformControllerLike } from '../bridge/shapes.js';
import type { Operator } from '../streams/any.js';

type Fn<T> = (chunk: T, index: number) => unknown;

/** A stage that passes on the chunks for which `fn` returns, or resolves with, a truthy value. */
export function filter<T>(fn: (chunk: T, index: number) => unknown): Operator<T, T>;
export function filter<T>(fn: Fn<T>): Operator<T, T> {
  requireFunction(fn, 'filter');
  return passing(fn, Boolean);
}

/** A stage that calls `fn` with each chunk, awaits it, and passes the chunk on unchanged. */
export function tap<T>(fn: (chunk: T, index: number) => unknown): Operator<T, T>;
export function tap<T>(fn: Fn<T>): Operator<T, T> {
  requireFunction(fn, 'tap');
  return passing(fn, () => true);
}

/**
 * Enqueues the chunks for whose result `isWanted` returns true. Drops the others, and the chunk for which `fn` fails.
 */
function passing<T>(fn: Fn<T>, isWanted: (result: unknown) => boolean): Operator<T, T> {
  let index = 0;
  const settle = (controller: TransformControllerLike<T>, chunk: T, result: unknown): void => {
    if (isWanted(result)) controller.enqueue(chunk);
    else dropFrom(stage, chunk);
  };
  const fail = (chunk: T, error: unknown): never => {
    dropFrom(stage, chunk);
    throw error;
  };
  const stage: Operator<T, T> = new TransformStream<T, T>({
    transform(chunk: T, controller: TransformControllerLike<T>) {
      let result: unknown;
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

/**
 * A stage that passes on the first `count` chunks, then ends and cancels what is before it.
 *
 * @throws {RangeError} when `count` is not an integer of at least 0
 */
export function take<T>(count: number): Operator<T, T> {
  requireCount(count, 'take(): the count', 0);
  let left = count;
  return new TransformStream<T, T>({
    start: (controller: TransformControllerLike<T>) => void (left === 0 && controller.terminate()),
    transform(chunk: T, controller: TransformControllerLike<T>) {
      left -= 1;
      controller.enqueue(chunk);
      if (left === 0) controller.terminate();
    },
  });
}

/**
 * A stage that drops the first `count` chunks.
 *
 * @throws {RangeError} when `count` is not an integer of at least 0
 */
export function skip<T>(count: number): Operator<T, T> {
  requireCount(count, 'skip(): the count', 0);
  let left = count;
  const stage: Operator<T, T> = new TransformStream<T, T>({
    transform(chunk: T, controller: TransformControllerLike<T>) {
      if (left === 0) return controller.enqueue(chunk);
      left -= 1;
      return dropFrom(stage, chunk);
    },
  });
  return stage;
}

/**
 * A stage that re-slices bytes into chunks of `size` bytes; the last one may be shorter. A piece that lies within one
 * input chunk is a view of it; any other piece is a copy.
 *
 * @throws {RangeError} when `size` is not an integer of at least 1
 */
export function chunk(size: number): Operator<Uint8Array, Uint8Array> {
  requireCount(size, 'chunk(): the size in bytes');
  let held: Uint8Array | undefined; // a piece that is not full yet
  let filled = 0;
  return new TransformStream<Uint8Array, Uint8Array>({
    transform(bytes: unknown, controller: TransformControllerLike<Uint8Array>) {
      if (!(bytes instanceof Uint8Array))
        throw new TypeError(
          `chunk(): every chunk must be a Uint8Array; got ${describe(bytes)}; encode chunks in a stage before it`,
        );
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
    flush: (controller: TransformControllerLike<Uint8Array>) =>
      void (held && controller.enqueue(held.subarray(0, filled))),
  });
}

export interface BatchOptions {
  /**
   * Pass on an incomplete array this many milliseconds after its first chunk. Default: wait until the array is
   * complete.
   */
  ms?: number | undefined;
}

/**
 * A stage that collects chunks into arrays of `count`; the last array may be shorter. While the consumer does not pull,
 * it holds at most two arrays.
 *
 * @throws {RangeError} when `count` is not an integer of at least 1, or `ms` is not an integer of at least 0
 */
export function batch<T>(count: number, options?: BatchOptions): Operator<T, T[]>;
export function batch<T>(count: number, { ms = undefined }: BatchOptions = {}): Operator<T, T[]> {
  requireCount(count, 'batch(): the count');
  if (ms !== undefined) requireCount(ms, 'batch(): ms', 0);
  let held: T[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const give = (controller: TransformControllerLike<T[]>): void => {
    clearTimeout(timer);
    timer = undefined;
    const full = held;
    held = [];
    if (full.length > 0) controller.enqueue(full);
  };
  const stage: Operator<T, T[]> = new TransformStream<T, T[]>({
    transform(chunk: T, controller: TransformControllerLike<T[]>) {
      held.push(chunk);
      if (held.length === count) give(controller);
      else if (ms !== undefined) timer ??= setTimeout(give, timerDelay(ms), controller);
    },
    flush: give,
    cancel() {
      clearTimeout(timer);
      for (const chunk of held.splice(0)) dropFrom(stage, chunk);
    },
  });
  return stage;
}
