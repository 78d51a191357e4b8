/** Types of the stages that work on each chunk. Each call makes one pair of streams, for one pipeline or `pipeThrough`. */
import type { AnyReadable, ChunkOf, Operator } from './parts.js';
import type { OnDiscard, ReadableStream } from './streams.js';

export interface MapOptions {
  /** How many calls may be under way, and results be held, at once. Default: 1. */
  concurrency?: number | undefined;
  /** Whether results come in the order of their chunks; else as they are done. Default: true. */
  ordered?: boolean | undefined;
}

/** What `map()`'s function is given besides the chunk. */
export interface MapContext {
  /** Aborted when the consumer has left or the pipeline has failed, so that the call can stop. */
  readonly signal: AbortSignal;
  /** The chunk's number, from 0. */
  readonly index: number;
}

/**
 * A stage that gives what `fn` returns or resolves with for each chunk.
 *
 * The first call that throws or rejects ends the stage with that error; no call is begun after it, the `signal` of the others
 * is aborted, and what becomes of them is dropped.
 *
 * @throws {TypeError} where `fn` is no function
 * @throws {RangeError} where `concurrency` is not a whole number of at least 1
 */
export function map<I, O>(
  fn: (chunk: I, context: MapContext) => O | PromiseLike<O>,
  options?: MapOptions,
): Operator<I, Awaited<O>>;

/** A stage that hands on the chunks for which `fn` returns or resolves with something true. */
export function filter<T>(fn: (chunk: T, index: number) => unknown): Operator<T, T>;

/** A stage that hands every chunk on after `fn` has returned, or its promise has resolved. */
export function tap<T>(fn: (chunk: T, index: number) => unknown): Operator<T, T>;

/**
 * A stage that hands on the first `count` chunks and then ends; what is before it is cancelled.
 *
 * @throws {RangeError} where `count` is not a whole number of at least 0
 */
export function take<T>(count: number): Operator<T, T>;

/**
 * A stage that drops the first `count` chunks.
 *
 * @throws {RangeError} where `count` is not a whole number of at least 0
 */
export function skip<T>(count: number): Operator<T, T>;

export interface BatchOptions {
  /** Give what there is so many milliseconds after its first chunk. Default: wait until there are enough. */
  ms?: number | undefined;
}

/**
 * A stage that gives arrays of `count` chunks, the last one maybe shorter. While the consumer does not ask, it holds at most
 * two of them.
 *
 * @throws {RangeError} where `count` is not a whole number of at least 1, or `ms` not one of at least 0
 */
export function batch<T>(count: number, options?: BatchOptions): Operator<T, T[]>;

/**
 * A stage that hands on, one by one as they are wanted, what iterable chunks give; arrays, generators, async iterables, but
 * not strings. An iterable of which no more is wanted gets its `return()` called.
 */
export function flatten<T>(): Operator<Iterable<T | PromiseLike<T>> | AsyncIterable<T>, T>;

/**
 * A stage that gives the bytes it gets in pieces of `size` bytes, the last one maybe shorter. Views of the chunks where a
 * piece lies whole in one, else copies.
 *
 * @throws {RangeError} where `size` is not a whole number of at least 1
 */
export function chunk(size: number): Operator<Uint8Array, Uint8Array>;

export interface RateLimitOptions {
  /** Bytes a second on average. */
  bytesPerSecond: number;
  /** Bytes that may pass at once after a pause. Default: a tenth of `bytesPerSecond`. */
  burst?: number | undefined;
}

/**
 * A stage that lets chunks pass at a rate; their size is their `byteLength`, `length` or `size`. A chunk larger than the burst
 * passes whole and is waited for after it.
 *
 * @throws {RangeError} where an option is not a number above 0
 */
export function rateLimit<T extends { byteLength: number } | { length: number } | { size: number }>(
  options: RateLimitOptions,
): Operator<T, T>;

export interface TeeOptions<T> {
  /** How many chunks the fastest branch may be ahead of the slowest. Default: 1. */
  limit?: number | undefined;
  /** How many streams to make. Default: 2. */
  branches?: number | undefined;
  /** Who sets the pace; there is only this one. */
  pace?: 'slowest' | undefined;
  /** Gets each chunk that all branches have dropped. Default: the `onDiscard` of `stream`. */
  onDiscard?: OnDiscard<T> | undefined;
}

/**
 * Streams that each get every chunk of `stream`, at the pace of the slowest: no branch holds more than `limit` chunks. (The
 * standard's `tee()` buffers without bound for the slower branch.) The chunks are the same objects for all branches.
 *
 * A branch that is cancelled holds the others back no more. When all are, the stream is cancelled with an array of their reasons.
 *
 * @throws {TypeError} where `stream` is no readable stream, or is locked
 * @throws {RangeError} where `limit` is not a whole number of at least 1, or `branches` one of at least 2
 */
export function tee<S extends AnyReadable>(stream: S, options?: TeeOptions<ChunkOf<S>>): ReadableStream<ChunkOf<S>>[];
