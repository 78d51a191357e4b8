/// <reference lib="esnext.disposable" />
/** Types of what tidegate adds to the standard: pipelines, and bridges to the engine's streams. */
import type {
  AnyPair,
  AnySink,
  AnyStage,
  AnyReadable,
  AnyWritable,
  Bytes,
  ChunkOf,
  MarkedStage,
  NodeReadableLike,
  NodeWritableLike,
  Operator,
  PairStage,
  PipelineChunks,
  PipelineFunctionOptions,
  PipelineResult,
  PipelineSink,
  PipelineSource,
  PipelineStage,
} from './parts.js';
import type { OnDiscard, ReadableStream, StreamPipeOptions, WritableStream } from './streams.js';

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
export function pipeline<A, B, C, D, E, F, G, H, I, J, K, L, M, Result = undefined>(
  source: A & PipelineSource,
  stage1: PipelineStage<ChunkOf<A>, B>,
  stage2: PipelineStage<B, C>,
  stage3: PipelineStage<C, D>,
  stage4: PipelineStage<D, E>,
  stage5: PipelineStage<E, F>,
  stage6: PipelineStage<F, G>,
  stage7: PipelineStage<G, H>,
  stage8: PipelineStage<H, I>,
  stage9: PipelineStage<I, J>,
  stage10: PipelineStage<J, K>,
  stage11: PipelineStage<K, L>,
  stage12: PipelineStage<L, M>,
  sink: PipelineSink<M, Result>,
  options?: PipelineOptions,
): Pipeline<PipelineResult<Result>>;
export function pipeline<A, B, C, D, E, F, G, H, I, J, K, L, Result = undefined>(
  source: A & PipelineSource,
  stage1: PipelineStage<ChunkOf<A>, B>,
  stage2: PipelineStage<B, C>,
  stage3: PipelineStage<C, D>,
  stage4: PipelineStage<D, E>,
  stage5: PipelineStage<E, F>,
  stage6: PipelineStage<F, G>,
  stage7: PipelineStage<G, H>,
  stage8: PipelineStage<H, I>,
  stage9: PipelineStage<I, J>,
  stage10: PipelineStage<J, K>,
  stage11: PipelineStage<K, L>,
  sink: PipelineSink<L, Result>,
  options?: PipelineOptions,
): Pipeline<PipelineResult<Result>>;
export function pipeline<A, B, C, D, E, F, G, H, I, J, K, Result = undefined>(
  source: A & PipelineSource,
  stage1: PipelineStage<ChunkOf<A>, B>,
  stage2: PipelineStage<B, C>,
  stage3: PipelineStage<C, D>,
  stage4: PipelineStage<D, E>,
  stage5: PipelineStage<E, F>,
  stage6: PipelineStage<F, G>,
  stage7: PipelineStage<G, H>,
  stage8: PipelineStage<H, I>,
  stage9: PipelineStage<I, J>,
  stage10: PipelineStage<J, K>,
  sink: PipelineSink<K, Result>,
  options?: PipelineOptions,
): Pipeline<PipelineResult<Result>>;
export function pipeline<A, B, C, D, E, F, G, H, I, J, Result = undefined>(
  source: A & PipelineSource,
  stage1: PipelineStage<ChunkOf<A>, B>,
  stage2: PipelineStage<B, C>,
  stage3: PipelineStage<C, D>,
  stage4: PipelineStage<D, E>,
  stage5: PipelineStage<E, F>,
  stage6: PipelineStage<F, G>,
  stage7: PipelineStage<G, H>,
  stage8: PipelineStage<H, I>,
  stage9: PipelineStage<I, J>,
  sink: PipelineSink<J, Result>,
  options?: PipelineOptions,
): Pipeline<PipelineResult<Result>>;
export function pipeline<A, B, C, D, E, F, G, H, I, Result = undefined>(
  source: A & PipelineSource,
  stage1: PipelineStage<ChunkOf<A>, B>,
  stage2: PipelineStage<B, C>,
  stage3: PipelineStage<C, D>,
  stage4: PipelineStage<D, E>,
  stage5: PipelineStage<E, F>,
  stage6: PipelineStage<F, G>,
  stage7: PipelineStage<G, H>,
  stage8: PipelineStage<H, I>,
  sink: PipelineSink<I, Result>,
  options?: PipelineOptions,
): Pipeline<PipelineResult<Result>>;
export function pipeline<A, B, C, D, E, F, G, H, Result = undefined>(
  source: A & PipelineSource,
  stage1: PipelineStage<ChunkOf<A>, B>,
  stage2: PipelineStage<B, C>,
  stage3: PipelineStage<C, D>,
  stage4: PipelineStage<D, E>,
  stage5: PipelineStage<E, F>,
  stage6: PipelineStage<F, G>,
  stage7: PipelineStage<G, H>,
  sink: PipelineSink<H, Result>,
  options?: PipelineOptions,
): Pipeline<PipelineResult<Result>>;
export function pipeline<A, B, C, D, E, F, G, Result = undefined>(
  source: A & PipelineSource,
  stage1: PipelineStage<ChunkOf<A>, B>,
  stage2: PipelineStage<B, C>,
  stage3: PipelineStage<C, D>,
  stage4: PipelineStage<D, E>,
  stage5: PipelineStage<E, F>,
  stage6: PipelineStage<F, G>,
  sink: PipelineSink<G, Result>,
  options?: PipelineOptions,
): Pipeline<PipelineResult<Result>>;
export function pipeline<A, B, C, D, E, F, Result = undefined>(
  source: A & PipelineSource,
  stage1: PipelineStage<ChunkOf<A>, B>,
  stage2: PipelineStage<B, C>,
  stage3: PipelineStage<C, D>,
  stage4: PipelineStage<D, E>,
  stage5: PipelineStage<E, F>,
  sink: PipelineSink<F, Result>,
  options?: PipelineOptions,
): Pipeline<PipelineResult<Result>>;
export function pipeline<A, B, C, D, E, Result = undefined>(
  source: A & PipelineSource,
  stage1: PipelineStage<ChunkOf<A>, B>,
  stage2: PipelineStage<B, C>,
  stage3: PipelineStage<C, D>,
  stage4: PipelineStage<D, E>,
  sink: PipelineSink<E, Result>,
  options?: PipelineOptions,
): Pipeline<PipelineResult<Result>>;
export function pipeline<A, B, C, D, Result = undefined>(
  source: A & PipelineSource,
  stage1: PipelineStage<ChunkOf<A>, B>,
  stage2: PipelineStage<B, C>,
  stage3: PipelineStage<C, D>,
  sink: PipelineSink<D, Result>,
  options?: PipelineOptions,
): Pipeline<PipelineResult<Result>>;
export function pipeline<A, B, C, Result = undefined>(
  source: A & PipelineSource,
  stage1: PipelineStage<ChunkOf<A>, B>,
  stage2: PipelineStage<B, C>,
  sink: PipelineSink<C, Result>,
  options?: PipelineOptions,
): Pipeline<PipelineResult<Result>>;
export function pipeline<A, B, Result = undefined>(
  source: A & PipelineSource,
  stage1: PipelineStage<ChunkOf<A>, B>,
  sink: PipelineSink<B, Result>,
  options?: PipelineOptions,
): Pipeline<PipelineResult<Result>>;
export function pipeline<A, Result = undefined>(
  source: A & PipelineSource,
  sink: PipelineSink<ChunkOf<A>, Result>,
  options?: PipelineOptions,
): Pipeline<PipelineResult<Result>>;
/** The same with more stages, whose chunks' types are not followed: say those of functions' parameters, or put some of the stages into `compose()`. */
export function pipeline<Result = undefined>(
  source: PipelineSource,
  stage1: AnyStage,
  stage2: AnyStage,
  stage3: AnyStage,
  stage4: AnyStage,
  stage5: AnyStage,
  stage6: AnyStage,
  stage7: AnyStage,
  stage8: AnyStage,
  stage9: AnyStage,
  stage10: AnyStage,
  stage11: AnyStage,
  stage12: AnyStage,
  stage13: AnyStage,
  ...rest:
    | [...stages: AnyStage[], sink: AnySink<Result>]
    | [...stages: AnyStage[], sink: AnySink<Result>, options: PipelineOptions | undefined]
): Pipeline<PipelineResult<Result>>;

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
): MarkedStage<I, O>;

/**
 * Several stages as one, for a pipeline, where they run as if they had been given one by one, or for `pipeThrough`. Serves once, as
 * every pair of streams does.
 *
 * @throws {TypeError} when an argument is no stage
 *
 * @example
 * const rowsOf = () => compose(gunzip(), csv({ header: true }), (row) => normalise(row));
 */
export function compose<A, B>(stage1: PipelineStage<A, B>): Operator<A, B>;
export function compose<A, B, C>(stage1: PipelineStage<A, B>, stage2: PipelineStage<B, C>): Operator<A, C>;
export function compose<A, B, C, D>(
  stage1: PipelineStage<A, B>,
  stage2: PipelineStage<B, C>,
  stage3: PipelineStage<C, D>,
): Operator<A, D>;
export function compose<A, B, C, D, E>(
  stage1: PipelineStage<A, B>,
  stage2: PipelineStage<B, C>,
  stage3: PipelineStage<C, D>,
  stage4: PipelineStage<D, E>,
): Operator<A, E>;
export function compose<A, B, C, D, E, F>(
  stage1: PipelineStage<A, B>,
  stage2: PipelineStage<B, C>,
  stage3: PipelineStage<C, D>,
  stage4: PipelineStage<D, E>,
  stage5: PipelineStage<E, F>,
): Operator<A, F>;
export function compose<A, B, C, D, E, F, G>(
  stage1: PipelineStage<A, B>,
  stage2: PipelineStage<B, C>,
  stage3: PipelineStage<C, D>,
  stage4: PipelineStage<D, E>,
  stage5: PipelineStage<E, F>,
  stage6: PipelineStage<F, G>,
): Operator<A, G>;
export function compose<A, B, C, D, E, F, G, H>(
  stage1: PipelineStage<A, B>,
  stage2: PipelineStage<B, C>,
  stage3: PipelineStage<C, D>,
  stage4: PipelineStage<D, E>,
  stage5: PipelineStage<E, F>,
  stage6: PipelineStage<F, G>,
  stage7: PipelineStage<G, H>,
): Operator<A, H>;
export function compose<A, B, C, D, E, F, G, H, I>(
  stage1: PipelineStage<A, B>,
  stage2: PipelineStage<B, C>,
  stage3: PipelineStage<C, D>,
  stage4: PipelineStage<D, E>,
  stage5: PipelineStage<E, F>,
  stage6: PipelineStage<F, G>,
  stage7: PipelineStage<G, H>,
  stage8: PipelineStage<H, I>,
): Operator<A, I>;
export function compose<A, B, C, D, E, F, G, H, I, J>(
  stage1: PipelineStage<A, B>,
  stage2: PipelineStage<B, C>,
  stage3: PipelineStage<C, D>,
  stage4: PipelineStage<D, E>,
  stage5: PipelineStage<E, F>,
  stage6: PipelineStage<F, G>,
  stage7: PipelineStage<G, H>,
  stage8: PipelineStage<H, I>,
  stage9: PipelineStage<I, J>,
): Operator<A, J>;
export function compose<A, B, C, D, E, F, G, H, I, J, K>(
  stage1: PipelineStage<A, B>,
  stage2: PipelineStage<B, C>,
  stage3: PipelineStage<C, D>,
  stage4: PipelineStage<D, E>,
  stage5: PipelineStage<E, F>,
  stage6: PipelineStage<F, G>,
  stage7: PipelineStage<G, H>,
  stage8: PipelineStage<H, I>,
  stage9: PipelineStage<I, J>,
  stage10: PipelineStage<J, K>,
): Operator<A, K>;
export function compose<A, B, C, D, E, F, G, H, I, J, K, L>(
  stage1: PipelineStage<A, B>,
  stage2: PipelineStage<B, C>,
  stage3: PipelineStage<C, D>,
  stage4: PipelineStage<D, E>,
  stage5: PipelineStage<E, F>,
  stage6: PipelineStage<F, G>,
  stage7: PipelineStage<G, H>,
  stage8: PipelineStage<H, I>,
  stage9: PipelineStage<I, J>,
  stage10: PipelineStage<J, K>,
  stage11: PipelineStage<K, L>,
): Operator<A, L>;
export function compose<A, B, C, D, E, F, G, H, I, J, K, L, M>(
  stage1: PipelineStage<A, B>,
  stage2: PipelineStage<B, C>,
  stage3: PipelineStage<C, D>,
  stage4: PipelineStage<D, E>,
  stage5: PipelineStage<E, F>,
  stage6: PipelineStage<F, G>,
  stage7: PipelineStage<G, H>,
  stage8: PipelineStage<H, I>,
  stage9: PipelineStage<I, J>,
  stage10: PipelineStage<J, K>,
  stage11: PipelineStage<K, L>,
  stage12: PipelineStage<L, M>,
): Operator<A, M>;
/** The same with more stages, whose chunks' types are not followed. */
export function compose<I, O>(
  stage1: AnyStage,
  stage2: AnyStage,
  stage3: AnyStage,
  stage4: AnyStage,
  stage5: AnyStage,
  stage6: AnyStage,
  stage7: AnyStage,
  stage8: AnyStage,
  stage9: AnyStage,
  stage10: AnyStage,
  stage11: AnyStage,
  stage12: AnyStage,
  stage13: AnyStage,
  ...stages: AnyStage[]
): Operator<I, O>;

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
  limit?: number | undefined;
  /** Ends it with its reason. */
  signal?: AbortSignal | undefined;
  /** As of `pipeline()`: milliseconds after which the thread is given back. Default: 12 */
  yieldAfter?: number | undefined;
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
  transform: PairStage<T, O>,
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
export function fromNative<R>(stream: ReadableStream<R>): ReadableStream<R>;
export function fromNative<R>(stream: globalThis.ReadableStream<R>): ReadableStream<R>;
export function fromNative<W>(stream: WritableStream<W>): WritableStream<W>;
export function fromNative<W>(stream: globalThis.WritableStream<W>): WritableStream<W>;
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
export function batches<S extends AnyReadable>(
  stream: S,
  options?: { preventCancel?: boolean | undefined },
): AsyncGenerator<ChunkOf<S>[], void, void>;
