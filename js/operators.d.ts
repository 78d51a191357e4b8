/**
 * Types of the operators: stages that work on each chunk. Each call creates one pair of streams, for one pipeline or
 * `pipeThrough()`.
 */
import type { AnyReadable, ChunkOf, Operator } from './parts.js';
import type { OnDiscard, ReadableStream } from './streams.js';

export interface MapOptions {
  /** The most calls that run, and results that are held, at once. Default: 1. */
  concurrency?: number | undefined;
  /** True keeps results in the order of their chunks; false passes each result on when it is ready. Default: true. */
  ordered?: boolean | undefined;
}

/** The second argument of `map()`'s function. */
export interface MapContext {
  /** Aborted when the consumer has cancelled or the pipeline has failed, so that the call can stop. */
  readonly signal: AbortSignal;
  /** The index of the chunk, from 0. */
  readonly index: number;
}

/**
 * A stage that calls `fn` with each chunk and passes on what it returns or resolves with.
 *
 * If a call throws or rejects, the stage fails with that error: it starts no further call, aborts the `signal` of the
 * running calls, and drops their results.
 *
 * @throws {TypeError} when `fn` is not a function
 * @throws {RangeError} when `concurrency` is not an integer of at least 1
 */
export function map<I, O>(
  fn: (chunk: I, context: MapContext) => O | PromiseLike<O>,
  options?: MapOptions,
): Operator<I, Awaited<O>>;

/** A stage that passes on the chunks for which `fn` returns, or resolves with, a truthy value. */
export function filter<T>(fn: (chunk: T, index: number) => unknown): Operator<T, T>;

/** A stage that calls `fn` with each chunk, awaits it, and passes the chunk on unchanged. */
export function tap<T>(fn: (chunk: T, index: number) => unknown): Operator<T, T>;

/**
 * A stage that passes on the first `count` chunks, then ends and cancels what is before it.
 *
 * @throws {RangeError} when `count` is not an integer of at least 0
 */
export function take<T>(count: number): Operator<T, T>;

/**
 * A stage that drops the first `count` chunks.
 *
 * @throws {RangeError} when `count` is not an integer of at least 0
 */
export function skip<T>(count: number): Operator<T, T>;

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

/**
 * A stage whose chunks are iterables: it passes on their values one by one, on demand. It accepts arrays, generators
 * and async iterables, but not strings. When the consumer cancels, it calls `return()` of the current iterator.
 */
export function flatten<T>(): Operator<Iterable<T | PromiseLike<T>> | AsyncIterable<T>, T>;

/**
 * A stage that re-slices bytes into chunks of `size` bytes; the last one may be shorter. A piece that lies within one
 * input chunk is a view of it; any other piece is a copy.
 *
 * @throws {RangeError} when `size` is not an integer of at least 1
 */
export function chunk(size: number): Operator<Uint8Array, Uint8Array>;

export interface RateLimitOptions {
  /** The average rate in bytes per second. */
  bytesPerSecond: number;
  /** The bytes that may pass at once after a pause. Default: a tenth of `bytesPerSecond`. */
  burst?: number | undefined;
}

/**
 * A stage that limits the rate of chunks, measured by their `byteLength`, `length` or `size`. A chunk larger than the
 * burst passes whole; the stage then waits for it.
 *
 * @throws {RangeError} when an option is not a number above 0
 */
export function rateLimit<T extends { byteLength: number } | { length: number } | { size: number }>(
  options: RateLimitOptions,
): Operator<T, T>;

export interface TeeOptions<T> {
  /** How many chunks the fastest branch may be ahead of the slowest one. Default: 1. */
  limit?: number | undefined;
  /** The number of branches. Default: 2. */
  branches?: number | undefined;
  /** Which branch sets the pace. `'slowest'` is the only value. */
  pace?: 'slowest' | undefined;
  /** Called with each chunk that every branch has dropped. Default: the `onDiscard` of `stream`. */
  onDiscard?: OnDiscard<T> | undefined;
}

/**
 * Splits `stream` into branches that each get every chunk, at the pace of the slowest branch: no branch queues more
 * than `limit` chunks. (The standard's `tee()` queues without bound for the slower branch.) All branches get the same
 * chunk objects.
 *
 * A cancelled branch no longer holds the others back. When every branch is cancelled, the stream is cancelled with an
 * array of their reasons.
 *
 * @throws {TypeError} when `stream` is not a readable stream, or is locked
 * @throws {RangeError} when `limit` is not an integer of at least 1, or `branches` is not an integer of at least 2
 */
export function tee<S extends AnyReadable>(stream: S, options?: TeeOptions<ChunkOf<S>>): ReadableStream<ChunkOf<S>>[];
