/** Types of streams that are tidegate's or native. */
import type { ReadableStream } from './readable-stream.js';
import type { WritableStream } from './writable-stream.js';

/** A readable stream: tidegate's or native. */
export type AnyReadable<R = any> = ReadableStream<R> | globalThis.ReadableStream<R>;

/** A writable stream: tidegate's or native. */
export type AnyWritable<W = any> = WritableStream<W> | globalThis.WritableStream<W>;

/**
 * A pair of tidegate's streams, which every operator and codec is: a stage for `pipeline()` or a transform for
 * `pipeThrough()`. Can be used once.
 */
export interface Operator<I, O> {
  readonly readable: ReadableStream<O>;
  readonly writable: WritableStream<I>;
}

/**
 * A pair of streams, tidegate's or native: a `TransformStream`, a `DecompressionStream`, a codec of `tidegate/codecs`.
 */
export interface AnyPair<I = any, O = any> {
  readonly readable: AnyReadable<O>;
  readonly writable: AnyWritable<I>;
}

/**
 * A pair of streams as a stage. While `O` is unknown, TypeScript infers an operator's type parameters from this type.
 * It leaves native classes out there, because their members would add types such as `undefined` for an optional chunk.
 */
export type PairStage<I, O> = [O] extends [never] ? { readonly writable: WritableStream<I> } : AnyPair<I, O>;

declare const useToNative: unique symbol;

/**
 * No value has this type. It makes the types of tidegate's streams differ from those of native streams. So TypeScript
 * refuses one of tidegate's streams where the engine would refuse it: `new Response(stream)`, the native
 * `pipeThrough(pair)`. Pass `toNative(stream)` there.
 */
export interface UseToNative {
  readonly [useToNative]: never;
}
