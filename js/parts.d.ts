/** Types of what pipelines are made of: sources, stages, sinks and their chunks. */
import type { ReadableStream, WritableStream } from './streams.js';

// Without this every declaration of the file would be exported.
export {};

/** A readable stream, tidegate's or the engine's. */
export type AnyReadable<R = any> = ReadableStream<R> | globalThis.ReadableStream<R>;

/** A writable stream, tidegate's or the engine's. */
export type AnyWritable<W = any> = WritableStream<W> | globalThis.WritableStream<W>;

/** A pair of tidegate's streams, as operators and codecs are: a stage for `pipeline()`, and a transform for `pipeThrough()`. It serves once. */
export interface Operator<I, O> {
  readonly readable: ReadableStream<O>;
  readonly writable: WritableStream<I>;
}

/** A pair of streams, tidegate's or the engine's, such as a `TransformStream`, a `DecompressionStream` or a codec of `tidegate/codecs`. */
export interface AnyPair<I = any, O = any> {
  readonly readable: AnyReadable<O>;
  readonly writable: AnyWritable<I>;
}

/**
 * A pair of streams as a stage. TypeScript infers an operator's type parameters from this while `O` is not known yet. There the engine's classes
 * would add what else stands in their members, such as `undefined` for an optional chunk.
 */
export type PairStage<I, O> = [O] extends [never] ? { readonly writable: WritableStream<I> } : AnyPair<I, O>;

/** A readable stream of Node's kind, told by its shape. */
export interface NodeReadableLike {
  on(event: string, listener: never): unknown;
  removeListener(event: string, listener: never): unknown;
  pipe(destination: never, options?: never): unknown;
  read(size?: number): unknown;
}

/** A writable stream of Node's kind, told by its shape. */
export interface NodeWritableLike {
  on(event: string, listener: never): unknown;
  removeListener(event: string, listener: never): unknown;
  write(chunk: never, ...rest: never[]): unknown;
  end(...rest: never[]): unknown;
}

/** What a function in a pipeline is given besides the chunks. */
export interface PipelineFunctionOptions {
  /**
   * Aborted when the pipeline fails or is aborted, with the first error; for sources and stages also, with an
   * `AbortError`, when the consumer wants no more.
   */
  readonly signal: AbortSignal;
}

/** The chunks a function in a pipeline reads. Leaving the loop over them says that no more is wanted. */
export type PipelineChunks<T> = AsyncIterableIterator<T>;

/** What chunks come from, other than a function. */
export type PipelineInput<T = unknown> =
  AnyReadable<T> | AsyncIterable<T> | Iterable<T | PromiseLike<T>> | Response | Request | Blob | NodeReadableLike;

/** What a pipeline may start with, or a promise of it; a function is called once, and may return a promise. */
export type PipelineSource<T = unknown> =
  | PipelineInput<T>
  | PromiseLike<PipelineInput<T>>
  | ((options: PipelineFunctionOptions) => PipelineInput<T> | PromiseLike<PipelineInput<T>>);

/** The chunks of a body or a file: a `Uint8Array` of an `ArrayBuffer`. TypeScript before 5.7 has no name for that but `Uint8Array`. */
export type Bytes = ReturnType<(typeof Uint8Array)['of']>;

/** The type of the chunks that `S`, a source, gives. */
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

/** What may stand between source and sink, where chunks of type `I` go in and chunks of type `O` come out. */
export type PipelineStage<I = any, O = any> =
  | PairStage<I, O>
  | (NodeReadableLike & NodeWritableLike)
  | PipelineMap<I, O>
  | PipelineGenerator<I, O>
  | MarkedStage<I, O>
  // A sink that is followed by options is looked at as a stage first, and types the parameters of its callbacks by this.
  | (WritableStream<I> & Refused);

/** A function that is called with each chunk and gives one chunk, or a promise of it. */
export type PipelineMap<I, O> = (
  chunk: I,
  options: PipelineFunctionOptions,
) => O | PromiseLike<O> | (Yielding<O> & Refused);

/**
 * A generator function, which is called once with all chunks. Say the type of its parameter: `(chunks: AsyncIterable<string>)`. TypeScript takes
 * a parameter without a type for a chunk, before it looks at what kind of function it is. `stage()` around the function does as well.
 */
export interface PipelineGenerator<I, O> {
  (chunks: PipelineChunks<I>, options: PipelineFunctionOptions): Yields<O>;
  // Two signatures that differ in their type parameters type no parameter of a function written in place, so that PipelineMap does.
  <_>(chunks: PipelineChunks<I>, options: PipelineFunctionOptions): Yields<O>;
}

/** What a generator function returns. */
export type Yields<O> = AsyncGenerator<O, unknown, unknown> | Generator<O, unknown, unknown>;

declare const marked: unique symbol;

/** What `stage()` makes of a function. */
export interface MarkedStage<I, O> {
  readonly [marked]: (chunks: PipelineChunks<I>) => AsyncIterable<O>;
}

/** Has the next chunk, as generators do. */
export interface Yielding<O> {
  next(): IteratorResult<O, unknown> | Promise<IteratorResult<O, unknown>>;
}

declare const refused: unique symbol;

/** Nothing is this. What is joined to it helps TypeScript to infer types, and is refused. */
export interface Refused {
  readonly [refused]: never;
}

/** What may end a pipeline: a writable stream, or a function that consumes the chunks, also an async generator function that yields nothing. */
export type PipelineSink<T = any, Result = unknown> =
  // Not the engine's while `T` is not known, as in PairStage.
  | ([T] extends [never] ? WritableStream<T> : AnyWritable<T>)
  | NodeWritableLike
  | ((
      chunks: PipelineChunks<T>,
      options: PipelineFunctionOptions,
    ) => Result | PromiseLike<Result> | AsyncGenerator<unknown, Result, never>);

/** `R`, the result of a sink's function. What a caller wants a pipeline to resolve with does not make it so. */
export type PipelineResult<R> = [R] extends [infer Result] ? Result : never;

/** A stage of a pipeline that is too long for TypeScript to follow its chunks. */
export type AnyStage = PipelineStage<never, unknown>;

/** The sink of such a pipeline. */
export type AnySink<Result> = PipelineSink<never, Result> | globalThis.WritableStream<never>;
