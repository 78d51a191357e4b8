/** Operators that wait in the middle of a chunk: for the consumer, or for a time. */
import { pairOf } from './pair.js';
import type { Operator } from '../streams/any.js';
import { requirePositive } from '../values/require.js';
import { sleep } from '../runtime/sleep.js';
import { describe } from '../values/describe.js';
import { isIterable } from '../bridge/kinds.js';

/**
 * A stage whose chunks are iterables: it passes on their values one by one, on demand. It accepts arrays, generators
 * and async iterables, but not strings. When the consumer cancels, it calls `return()` of the current iterator.
 */
export function flatten<T>(): Operator<Iterable<T | PromiseLike<T>> | AsyncIterable<T>, T> {
  return pairOf<Iterable<T | PromiseLike<T>> | AsyncIterable<T>, T>(async (chunk, output) => {
    if (typeof chunk === 'string' || !isIterable(chunk)) {
      throw new TypeError(`flatten(): every chunk must be an iterable that is not a string; got ${describe(chunk)}`);
    }
    let given = 0;
    for await (const value of chunk) {
      await output.enqueue(value);
      given += 1;
      if (!output.open) break;
    }
    // An array has no return() that could tell it of its rest.
    if (!output.open && Array.isArray(chunk)) for (const value of chunk.slice(given)) output.discard(value);
  });
}

export interface RateLimitOptions {
  /** The average rate in bytes per second. */
  bytesPerSecond: number;
  /** The bytes that may pass at once after a pause. Default: a tenth of `bytesPerSecond`. */
  burst?: number | undefined;
}

/** What is looked for in a chunk, in this order. */
type Sized = { byteLength?: unknown; length?: unknown; size?: unknown } | null | undefined;

const sizeOf = (chunk: Sized): number => {
  const size = chunk?.byteLength ?? chunk?.length ?? chunk?.size;
  if (typeof size !== 'number')
    throw new TypeError(`rateLimit(): a chunk must have a byteLength, length or size; got ${describe(chunk)}`);
  return size;
};

/**
 * A stage that limits the rate of chunks, measured by their `byteLength`, `length` or `size`. A chunk larger than the
 * burst passes whole; the stage then waits for it.
 *
 * @throws {RangeError} when an option is not a number above 0
 */
export function rateLimit<T extends { byteLength: number } | { length: number } | { size: number }>(
  options: RateLimitOptions,
): Operator<T, T>;
export function rateLimit<T extends { byteLength: number } | { length: number } | { size: number }>({
  bytesPerSecond,
  burst = bytesPerSecond / 10,
}: RateLimitOptions): Operator<T, T> {
  requirePositive(bytesPerSecond, 'rateLimit(): bytesPerSecond');
  requirePositive(burst, 'rateLimit(): burst');
  let tokens = burst;
  let counted = performance.now();
  return pairOf<T, T>(async (chunk, output) => {
    const wanted = output.enqueue(chunk);
    const now = performance.now();
    tokens = Math.min(burst, tokens + ((now - counted) * bytesPerSecond) / 1000) - sizeOf(chunk as Sized);
    counted = now;
    if (tokens < 0) await sleep((-tokens * 1000) / bytesPerSecond, output.signal);
    await wanted;
  });
}
