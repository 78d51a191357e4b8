/// <reference lib="esnext.disposable" />
/** Types of what tidegate adds to the standard: pipelines, and bridges to the engine's streams. */
import type { OnDiscard, ReadableStream, StreamPipeOptions, WritableStream } from './streams.js';

/** A readable stream, tidegate's or the engine's. */
export type AnyReadable<R = any> = ReadableStream<R> | globalThis.ReadableStream<R>;

/** A writable stream, tidegate's or the engine's. */
export type AnyWritable<W = any> = WritableStream<W> | globalThis.WritableStream<W>;

/** A pair of streams, such as a `TransformStream`, a `DecompressionStream` or a codec of `tidegate/codecs`. */
export interface AnyPair<I = any, O = any> {
  readonly readable: AnyReadable<O>;
  readonly writable: AnyWritable<I>;
}

/** A readable stream of Node's kind, told by its shape. */
export interface NodeReadableLike {
  on(event: string, listener: (...args: any[]) => void): unknown;
  removeListener(event: string, listener: (...args: any[]) => void): unknown;
  pipe(destination: any, options?: any): unknown;
  read(size?: number): unknown;
}

/** A writable stream of Node's kind, told by its shape. */
export interface NodeWritableLike {
  on(event: string, listener: (...args: any[]) => void): unknown;
  removeListener(event: string, listener: (...args: any[]) => void): unknown;
  write(chunk: any, ...rest: any[]): unknown;
  end(...rest: any[]): unknown;
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
export type PipelineInput<T = any> =
  AnyReadable<T> | AsyncIterable<T> | Iterable<T | PromiseLike<T>> | Response | Request | Blob | NodeReadableLike;

/** What a pipeline may start with, or a promise of it; a function is called once, and may return a promise. */
export type PipelineSource<T = any> =
  | PipelineInput<T>
  | PromiseLike<PipelineInput<T>>
  | ((options: PipelineFunctionOptions) => PipelineInput<T> | PromiseLike<PipelineInput<T>>);

/** The chunks of a body or a file. */
export type Bytes = ReturnType<InstanceType<typeof TextEncoder>['encode']>;

/** The type of the chunks that `S`, a source, gives. */
export type ChunkOf<S> = S extends (...args: any[]) => infer Result
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
              : any;

/**
 * What may stand between source and sink: a pair of streams, or a generator function (or what `stage()` marks) that is called
 * once with all chunks and returns what comes out.
 */
export type PipelineStage<I = any, O = any> =
  | AnyPair<I, O>
  | (NodeReadableLike & NodeWritableLike)
  | ((chunks: PipelineChunks<I>, options: PipelineFunctionOptions) => AsyncIterable<O> | Iterable<O> | AnyReadable<O>);

/** A function that is called with each chunk and gives one chunk, or a promise of it. As a stage, say its parameter's type. */
export type PipelineMap<I = any, O = any> = (chunk: I, options: PipelineFunctionOptions) => O | PromiseLike<O>;

/** What may end a pipeline: a writable stream, or a function that consumes the chunks, also an async generator function that yields nothing. */
export type PipelineSink<T = any> =
  AnyWritable<T> | NodeWritableLike | ((chunks: PipelineChunks<T>, options: PipelineFunctionOptions) => unknown);

/** What a pipeline into `S`, a sink, resolves with. */
export type PipelineResult<S> = S extends (...args: any[]) => infer Result
  ? Result extends AsyncGenerator<any, infer Returned, any>
    ? Returned
    : Awaited<Result>
  : undefined;

export interface PipelineOptions {
  /** Takes the pipeline down when it is aborted; the promise then rejects with its `reason`. Default: none. */
  signal?: AbortSignal | undefined;
  /** Leave the sink open, and unlocked, when the source ends. Default false. */
  preventClose?: boolean | undefined;
  /** Leave the sink as it is, and unlocked, when the pipeline fails or is aborted. Default false. */
  preventAbort?: boolean | undefined;
  /**
   * Leave the source as it is, and unlocked, when the pipeline fails, is aborted or has had enough. A chunk that was on its way
   * at that moment is lost: `onDiscard` gets it. Default false.
   */
  preventCancel?: boolean | undefined;
  /** Is told how far the pipeline is, and once more when it has ended well. What it throws fails the pipeline. Default: none. */
  onProgress?: ((progress: PipelineProgress) => void) | undefined;
  /** Milliseconds between two reports. Default 250. */
  progressInterval?: number | undefined;
  /**
   * The bytes the source will give. Default: the size of a `Blob`, the `Content-Length` of a body without `Content-Encoding`, else
   * unknown.
   */
  total?: number | undefined;
  /**
   * Bytes that all queues of tidegate's streams in the pipeline may hold together. When they hold half of it, the source is asked
   * for nothing until there is room again; more than all of it is a `RangeError` that names the part with the most. Default: no limit
   * but the streams' own.
   */
  memoryLimit?: number | undefined;
  /**
   * Milliseconds after which the pipeline gives the thread back, so that input, rendering, timers, messages and other requests get their
   * turn; all pipelines of a thread share that time. `Infinity` for never. One call of a function, and one chunk that a part works on
   * without a break, take what they take. Default: 12
   *
   * @throws {RangeError} where it is no number of at least 0
   */
  yieldAfter?: number | undefined;
  /**
   * The bytes of a chunk, for `onProgress` and `memoryLimit`. Default: the length of bytes and strings, 8 for a number, the sum over arrays
   * and plain objects, 0 for anything else.
   */
  size?: ((chunk: any) => number) | undefined;
  /**
   * Gets, in a microtask and once, each chunk that was made and that no part will get: for values that need closing. A promise of it is
   * waited for at most 500 milliseconds; what it throws fails the pipeline. A stream's own `onDiscard` goes before it. `'dispose'` calls the
   * chunk's `Symbol.asyncDispose` or `Symbol.dispose`. Queues of the engine's and of Node's streams cannot be looked into. Default: none.
   */
  onDiscard?: OnDiscard | undefined;
}

/** How far a pipeline is. */
export interface PipelineProgress {
  /** Whether this is the last report: everything has landed. */
  readonly done: boolean;
  /** Milliseconds since the start. */
  readonly elapsed: number;
  /** Chunks that have left the source. */
  readonly chunks: number;
  /** Their bytes. */
  readonly bytes: number;
  /** The bytes the source will give, where that is known. */
  readonly total: number | undefined;
  /** `bytes / total`, from 0 to 1; undefined where the total is not known. */
  readonly fraction: number | undefined;
  /** Milliseconds until the end at the pace so far; undefined where the total is not known. */
  readonly remaining: number | undefined;
  /** From the source to the sink. Neighbouring codecs are one part, named after the first. */
  readonly parts: readonly PipelinePartProgress[];
}

/** What went through one part of a pipeline. */
export interface PipelinePartProgress {
  /** 0 is the source, the stages count from 1, the sink is the last. */
  readonly index: number;
  readonly name: string;
  readonly chunksIn: number;
  readonly bytesIn: number;
  readonly chunksOut: number;
  readonly bytesOut: number;
}

/** The promise of a pipeline. Leaving the scope of an `await using` takes down what has not ended. */
export type Pipeline<T> = Promise<T> & AsyncDisposable;

/**
 * Moves everything from a source through any number of stages into a sink, no faster than the slowest of them takes it.
 * Queues nothing of its own: memory is bounded by the high-water marks of the streams that are passed.
 *
 * Neighbouring codecs of `tidegate/codecs` run as one pass through Wasm.
 *
 * @param source a readable stream (tidegate's, the engine's, Node's), `Response`, `Request`, `Blob`, iterable, async
 *   iterable, or a function `({ signal }) => …` that returns one of them or a promise of one
 * @param sink a writable stream (tidegate's, the engine's, Node's), or a function `(chunks, { signal }) => …`
 * @param options see {@link PipelineOptions}
 * @returns a promise that resolves when the last byte has landed: with what the sink function returned, else with
 *   undefined. It rejects with the first error of any part, the same object, or with the signal's reason; by then every
 *   other part has been cancelled or aborted with it and every lock released. A part that does not answer its cancel or
 *   abort is waited for at most 500 milliseconds.
 * @throws {TypeError} (as a rejection) when an argument is not what it should be; then nothing has been touched
 *
 * @example
 * const rows = await pipeline(await fetch(url), gunzip(), csv(), async (rows) => {
 *   let count = 0;
 *   for await (const row of rows) count += 1;
 *   return count;
 * });
 */
export function pipeline<A, K extends PipelineSink<ChunkOf<A>>>(
  source: A & PipelineSource,
  sink: K,
  options?: PipelineOptions,
): Pipeline<PipelineResult<K>>;
export function pipeline<A, B, K extends PipelineSink<B>>(
  source: A & PipelineSource,
  stage: PipelineStage<ChunkOf<A>, B>,
  sink: K,
  options?: PipelineOptions,
): Pipeline<PipelineResult<K>>;
export function pipeline<A, B, C, K extends PipelineSink<C>>(
  source: A & PipelineSource,
  stage1: PipelineStage<ChunkOf<A>, B>,
  stage2: PipelineStage<B, C>,
  sink: K,
  options?: PipelineOptions,
): Pipeline<PipelineResult<K>>;
export function pipeline<A, B, C, D, K extends PipelineSink<D>>(
  source: A & PipelineSource,
  stage1: PipelineStage<ChunkOf<A>, B>,
  stage2: PipelineStage<B, C>,
  stage3: PipelineStage<C, D>,
  sink: K,
  options?: PipelineOptions,
): Pipeline<PipelineResult<K>>;
export function pipeline<A, B, C, D, E, K extends PipelineSink<E>>(
  source: A & PipelineSource,
  stage1: PipelineStage<ChunkOf<A>, B>,
  stage2: PipelineStage<B, C>,
  stage3: PipelineStage<C, D>,
  stage4: PipelineStage<D, E>,
  sink: K,
  options?: PipelineOptions,
): Pipeline<PipelineResult<K>>;
/** The same with more stages, whose chunks' types are not followed from one to the next. */
export function pipeline(
  source: PipelineSource,
  stage1: PipelineStage,
  stage2: PipelineStage,
  stage3: PipelineStage,
  stage4: PipelineStage,
  stage5: PipelineStage,
  ...rest:
    | [...stages: PipelineStage[], sink: PipelineSink, options: PipelineOptions]
    | [...stages: PipelineStage[], sink: PipelineSink]
): Pipeline<any>;
/** The same with plain functions among the stages, which are called with each chunk. Say the types of their parameters. */
export function pipeline(
  source: PipelineSource,
  stage: PipelineStage | PipelineMap,
  ...rest:
    | [...stages: (PipelineStage | PipelineMap)[], sink: PipelineSink, options: PipelineOptions]
    | [...stages: (PipelineStage | PipelineMap)[], sink: PipelineSink]
): Pipeline<any>;

/**
 * Marks a function that is no generator function as a stage that is called once, with all chunks, and returns a source. For
 * transpiled generators and functions that return a stream.
 *
 * @throws {TypeError} when the argument is no function
 *
 * @example
 * await pipeline(source, stage((chunks) => parse(chunks)), sink);
 */
export function stage<I, O>(
  fn: (chunks: PipelineChunks<I>, options: PipelineFunctionOptions) => AsyncIterable<O> | Iterable<O> | AnyReadable<O>,
): (chunks: PipelineChunks<I>, options: PipelineFunctionOptions) => AsyncIterable<O> | Iterable<O> | AnyReadable<O>;

/**
 * Several stages as one, for a pipeline, where they run as if they had been given one by one, or for `pipeThrough`. Serves once, as
 * every pair of streams does.
 *
 * @throws {TypeError} when an argument is no stage
 *
 * @example
 * const rowsOf = () => compose(gunzip(), csv({ header: true }), (row) => normalise(row));
 */
export function compose<I = any, O = any>(
  ...stages: (PipelineStage | PipelineMap)[]
): { readonly readable: ReadableStream<O>; readonly writable: WritableStream<I> };

/**
 * Waits for the end of a stream without locking it, whoever holds its lock.
 *
 * @param stream a stream of tidegate's, a pair of them, or a stream of Node's. The engine's own tell their end only to who locks them.
 * @param options `signal` gives the waiting up, with its reason
 * @returns resolves when the stream has closed, been cancelled, or finished; rejects with its error
 * @throws {TypeError} (as a rejection) when the argument is no such stream
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

/** Where and how a pipeline failed. */
export interface PipelineFailure {
  /** The part that failed first: 0 is the source, the stages count from 1, the sink is the last. Undefined where the signal was aborted. */
  readonly index: number | undefined;
  /** What it was, in words: `a Response`, `function parse`, `the signal`. */
  readonly name: string;
  /** What failed after it, while the rest was taken down; other objects than the first. */
  readonly later: readonly unknown[];
}

/**
 * Where the pipeline that rejected with `error` failed. The error itself is left as it is: this is kept beside it.
 *
 * @returns undefined where no pipeline rejected with it, or where it is no object
 *
 * @example
 * await pipeline(source, gunzip(), parse, sink).catch((error) => {
 *   const { index, name, later } = failureOf(error);
 *   report(`part ${index} (${name}) failed`, error, later);
 * });
 */
export function failureOf(error: unknown): PipelineFailure | undefined;

export interface CollectOptions {
  /** How much is kept at most; more is a RangeError, and the source is cancelled. Default: 64 MiB, or 1,000,000 chunks for `toArray`. */
  limit?: number;
  /** Ends it with its reason. */
  signal?: AbortSignal;
  /** As of `pipeline()`: milliseconds after which the thread is given back. Default: 12 */
  yieldAfter?: number;
}

/** Every chunk of `source`, anything a pipeline may start with. */
export function toArray<S>(source: S & PipelineSource, options?: CollectOptions): Promise<ChunkOf<S>[]>;
/** The bytes of `source`, whose chunks are bytes or strings (as UTF-8). */
export function toBytes(source: PipelineSource, options?: CollectOptions): Promise<Bytes>;
/** The text of `source`, whose chunks are strings or bytes in UTF-8, cut anywhere; with `fatal`, bytes that are not are a TypeError. */
export function toText(source: PipelineSource, options?: CollectOptions & { fatal?: boolean }): Promise<string>;
/** What the text of `source` is as JSON. */
export function toJSON<T = any>(source: PipelineSource, options?: CollectOptions & { fatal?: boolean }): Promise<T>;
/** A Blob of the bytes and strings of `source`. `type` is its media type. */
export function toBlob(source: PipelineSource, options?: CollectOptions & { type?: string }): Promise<Blob>;

/**
 * `ReadableStream.prototype.pipeTo` as a function, whose source too may be the engine's stream.
 *
 * @returns a promise that settles when the pipe is done and both streams are unlocked
 * @see https://streams.spec.whatwg.org/#rs-pipe-to
 */
export function pipeTo<T>(
  source: AnyReadable<T>,
  destination: AnyWritable<T>,
  options?: StreamPipeOptions,
): Promise<void>;

/**
 * `ReadableStream.prototype.pipeThrough` as a function, whose source too may be the engine's stream.
 *
 * @returns the pair's readable side, as tidegate's stream
 * @throws {TypeError} when an argument is no stream or is locked
 * @see https://streams.spec.whatwg.org/#rs-pipe-through
 */
export function pipeThrough<T, O>(
  source: AnyReadable<T>,
  transform: AnyPair<T, O>,
  options?: StreamPipeOptions,
): ReadableStream<O>;

/**
 * tidegate's stream over one of the engine's, with its backpressure, cancellation and errors and no queue of its own.
 * What is tidegate's already is returned as it is. The given stream is locked until the returned one has ended.
 *
 * A write to a writable stream made this way settles when the engine's stream asks for more, its `close()` when
 * everything has landed.
 *
 * @throws {TypeError} when the argument is no stream and no pair of streams, or is locked
 */
export function fromNative<R>(stream: AnyReadable<R>): ReadableStream<R>;
export function fromNative<W>(stream: AnyWritable<W>): WritableStream<W>;
export function fromNative<I, O>(pair: AnyPair<I, O>): { readable: ReadableStream<O>; writable: WritableStream<I> };

/**
 * The engine's stream over one of tidegate's, for `Response`, `Request`, `postMessage` and whatever else takes only the
 * engine's. What is the engine's already is returned as it is. The given stream is locked until the returned one has
 * ended.
 *
 * @throws {TypeError} when the argument is no stream and no pair of streams, or is locked, or the engine has no streams
 *
 * @example
 * return new Response(toNative(readable));
 */
export function toNative<R>(stream: AnyReadable<R>): globalThis.ReadableStream<R>;
export function toNative<W>(stream: AnyWritable<W>): globalThis.WritableStream<W>;
export function toNative<I, O>(
  pair: AnyPair<I, O>,
): { readable: globalThis.ReadableStream<O>; writable: globalThis.WritableStream<I> };

/**
 * The chunks of `stream` as arrays, each of all that was queued: one promise for many chunks. Leaving the loop early
 * cancels the stream unless `preventCancel` is true; the lock is released in every case.
 *
 * @throws {TypeError} at the first `next()`, when `stream` is no stream or is locked
 *
 * @example
 * for await (const rows of batches(stream)) table.append(rows);
 */
export function batches<R>(
  stream: AnyReadable<R>,
  options?: { preventCancel?: boolean },
): AsyncGenerator<R[], void, void>;
