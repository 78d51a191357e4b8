/**
 * Types of what `pipeline()` and its kin accept: sources, stages, sinks and their chunks. Inferring types through them
 * is tested in tests/types.
 */
import type { AnyReadable, AnyWritable, PairStage } from '../streams/any.js';
import type { Bytes } from '../runtime/buffers.js';
import type { ReadableStream } from '../streams/readable-stream.js';
import type { WritableStream } from '../streams/writable-stream.js';

/** A readable stream of Node's kind, recognised by its methods. */
export interface NodeReadableLike {
  on(event: string, listener: never): unknown;
  removeListener(event: string, listener: never): unknown;
  pipe(destination: never, options?: never): unknown;
  read(size?: number): unknown;
}

/** A writable stream of Node's kind, recognised by its methods. */
export interface NodeWritableLike {
  on(event: string, listener: never): unknown;
  removeListener(event: string, listener: never): unknown;
  write(chunk: never, ...rest: never[]): unknown;
  end(...rest: never[]): unknown;
}

/** The second argument of a function in a pipeline. */
export interface PipelineFunctionOptions {
  /**
   * Aborted with the first error when the pipeline fails or is aborted. For sources and stages also aborted, with an
   * `AbortError`, when the sink returns early.
   */
  readonly signal: AbortSignal;
}

/** The chunks that a function in a pipeline reads. Leaving the loop early cancels what is before the function. */
export type PipelineChunks<T> = AsyncIterableIterator<T>;

/** A source of chunks other than a function. */
export type PipelineInput<T = unknown> =
  AnyReadable<T> | AsyncIterable<T> | Iterable<T | PromiseLike<T>> | Response | Request | Blob | NodeReadableLike;

/** A source of a pipeline, or a promise of one. The pipeline calls a function once; it may return a promise. */
export type PipelineSource<T = unknown> =
  | PipelineInput<T>
  | PromiseLike<PipelineInput<T>>
  | ((options: PipelineFunctionOptions) => PipelineInput<T> | PromiseLike<PipelineInput<T>>);

/** The type of the chunks that the source `S` produces. */
export type ChunkOf<S> = S extends (...args: never[]) => infer Result
  ? ChunkOf<Awaited<Result>>
  : S extends Response | Request | Blob
    ? Bytes
    : S extends ReadableStream<infer T>
      ? T
      : S extends globalThis.ReadableStream<infer T>
        ? T
        : S extends AsyncIterable<infer T>
          ? T
          : S extends Iterable<infer T>
            ? Awaited<T>
            : S extends PromiseLike<infer Input>
              ? ChunkOf<Input>
              : unknown;

/** A stage between source and sink that takes chunks of type `I` and produces chunks of type `O`. */
export type PipelineStage<I = any, O = any> =
  | PairStage<I, O>
  | (NodeReadableLike & NodeWritableLike)
  | PipelineMap<I, O>
  | PipelineGenerator<I, O>
  | MarkedStage<I, O>
  // A sink that is followed by options is looked at as a stage first, and types the parameters of its callbacks by this.
  | (WritableStream<I> & Refused);

/** A function that the pipeline calls with each chunk. It returns one chunk or a promise of one. */
export type PipelineMap<I, O> = (
  chunk: I,
  options: PipelineFunctionOptions,
) => O | PromiseLike<O> | (Yielding<O> & Refused);

/**
 * A generator function, which the pipeline calls once with all chunks. Annotate its parameter: `(chunks:
 * AsyncIterable<string>)`. Without an annotation, TypeScript takes the parameter for a single chunk before it checks
 * what kind of function it is. Wrapping the function in `stage()` works as well.
 */
export interface PipelineGenerator<I, O> {
  (chunks: PipelineChunks<I>, options: PipelineFunctionOptions): Yields<O>;
  // Two signatures that differ in their type parameters type no parameter of a function written in place, so that PipelineMap does.
  // eslint-disable-next-line @typescript-eslint/no-unused-vars
  <_>(chunks: PipelineChunks<I>, options: PipelineFunctionOptions): Yields<O>;
}

/** The return type of a generator function. */
export type Yields<O> = AsyncGenerator<O, unknown, unknown> | Generator<O, unknown, unknown>;

declare const marked: unique symbol;

/** The return type of `stage()`. */
export interface MarkedStage<I, O> {
  readonly [marked]: (chunks: PipelineChunks<I>) => AsyncIterable<O>;
}

/** An iterator, which a generator also is. */
export interface Yielding<O> {
  next(): IteratorResult<O, unknown> | Promise<IteratorResult<O, unknown>>;
}

declare const refused: unique symbol;

/** No value has this type. A type intersected with it guides TypeScript's inference and accepts no argument. */
export interface Refused {
  readonly [refused]: never;
}

/**
 * The sink of a pipeline: a writable stream, or a function that consumes the chunks. An async generator function must
 * not yield a value.
 */
export type PipelineSink<T = any, Result = unknown> =
  // Not the engine's while `T` is not known, as in PairStage.
  | ([T] extends [never] ? WritableStream<T> : AnyWritable<T>)
  | NodeWritableLike
  | ((
      chunks: PipelineChunks<T>,
      options: PipelineFunctionOptions,
    ) => Result | PromiseLike<Result> | AsyncGenerator<unknown, Result, never>);

/** The result `R` of a sink function. Keeps TypeScript from inferring `R` from the type that the caller expects. */
export type PipelineResult<R> = [R] extends [infer Result] ? Result : never;

/** A stage of a pipeline with more stages than its types follow. */
export type AnyStage = PipelineStage<never, unknown>;

/** The sink of a pipeline with more stages than its types follow. */
export type AnySink<Result> = PipelineSink<never, Result> | globalThis.WritableStream<never>;
