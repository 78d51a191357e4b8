/// <reference lib="esnext.disposable" />
/** Types of pipelines and of the bridges to native streams. */
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
  /** Aborting it tears the pipeline down; the promise rejects with the signal's `reason`. Default: none. */
  signal?: AbortSignal | undefined;
  /** Leaves the sink open and unlocked when the source ends. Default: false. */
  preventClose?: boolean | undefined;
  /** Does not abort the sink when the pipeline fails or is aborted; unlocks it. Default: false. */
  preventAbort?: boolean | undefined;
  /**
   * Does not cancel the source when the pipeline fails, is aborted, or its sink returns early; unlocks it. The pipeline
   * passes a chunk that it had already read to `onDiscard`; nobody else gets it. Default: false.
   */
  preventCancel?: boolean | undefined;
  /**
   * Called with progress while the pipeline runs, and once more when it has succeeded. If it throws, the pipeline fails
   * with that error. Default: none.
   */
  onProgress?: ((progress: PipelineProgress) => void) | undefined;
  /** Milliseconds between two calls of `onProgress`. Default: 250. */
  progressInterval?: number | undefined;
  /**
   * How many bytes the source will produce. Default: the size of a `Blob`, the `Content-Length` of a body without
   * `Content-Encoding`, else unknown.
   */
  total?: number | undefined;
  /**
   * The most bytes that the queues of tidegate's streams in the pipeline may hold together. At half of it, the pipeline
   * stops pulling the source until the queues have room. Beyond it, the pipeline fails with a `RangeError` that names
   * the part holding the most. Default: only the streams' own high-water marks apply.
   */
  memoryLimit?: number | undefined;
  /**
   * Milliseconds after which the pipeline yields the thread, so that input, rendering, timers, messages and other
   * requests can run. All pipelines of a thread share this time. `Infinity` never yields. The pipeline cannot interrupt
   * a single call of your function, or a part that works on one chunk. Default: 12
   *
   * @throws {RangeError} when it is not a number of at least 0
   */
  yieldAfter?: number | undefined;
  /**
   * Returns the size of a chunk in bytes, for `onProgress` and `memoryLimit`. Default: the length of bytes and strings,
   * 8 for a number, the sum over the members of arrays and plain objects, 0 for anything else.
   */
  size?: ((chunk: any) => number) | undefined;
  /**
   * Called once, in a microtask, with each chunk that no part will receive: use it to close values such as a
   * `VideoFrame`. The pipeline awaits its promise for at most 500 milliseconds. If it throws, the pipeline fails. A
   * stream's own `onDiscard` takes precedence. `'dispose'` calls the chunk's `Symbol.asyncDispose` or `Symbol.dispose`.
   * Chunks in the queues of native streams and of Node's streams cannot be discarded this way. Default: none.
   */
  onDiscard?: OnDiscard | undefined;
}

/** The progress of a pipeline. */
export interface PipelineProgress {
  /** True in the last call: the sink has written and closed everything. */
  readonly done: boolean;
  /** Milliseconds since the pipeline started. */
  readonly elapsed: number;
  /** Chunks read from the source. */
  readonly chunks: number;
  /** Bytes read from the source. */
  readonly bytes: number;
  /** How many bytes the source will produce; undefined when unknown. */
  readonly total: number | undefined;
  /** `bytes / total`, from 0 to 1; undefined when the total is unknown. */
  readonly fraction: number | undefined;
  /** Estimated milliseconds until the end, from the average speed so far; undefined when the total is unknown. */
  readonly remaining: number | undefined;
  /** The parts from source to sink. Adjacent codecs count as one part, named after the first. */
  readonly parts: readonly PipelinePartProgress[];
}

/** How much has gone through one part of a pipeline. */
export interface PipelinePartProgress {
  /** The source is 0, the stages count from 1, the sink is last. */
  readonly index: number;
  readonly name: string;
  readonly chunksIn: number;
  readonly bytesIn: number;
  readonly chunksOut: number;
  readonly bytesOut: number;
}

/**
 * The promise that `pipeline()` returns. With `await using`, leaving the scope aborts a pipeline that is still running.
 */
export type Pipeline<T> = Promise<T> & AsyncDisposable;

/**
 * Moves all chunks from a source through any number of stages into a sink, at the pace of the slowest part. The
 * pipeline adds no queue: the high-water marks of its streams bound the memory.
 *
 * Adjacent codecs of `tidegate/codecs` run as one pass through Wasm.
 *
 * @param source …` that returns one of them or a promise of one => a readable stream (tidegate's, native, or Node's),
 *   `Response`, `Request`, `Blob`, iterable, async iterable, or a function `({ signal }) => …` that returns one of
 *   these or a promise of one => …` that returns one of them or a promise of one
 * @param sink …` => a writable stream (tidegate's, native, or Node's), or a function `(chunks, { signal }) => …` => …`
 * @param options see {@link PipelineOptions}
 * @returns a promise that resolves when the sink has written and closed everything: with the result of the sink
 *   function, else with undefined. If a part fails, it rejects with that part's error, the same object; the first error
 *   wins. If the signal aborts, it rejects with the signal's reason. Before it rejects, the pipeline cancels or aborts
 *   every other part with that error and releases every lock. It waits at most 500 milliseconds for a part that does
 *   not settle its cancel or abort.
 * @throws {TypeError} (as a rejection) when an argument is invalid; the pipeline has then read, called and locked
 *   nothing
 *
 * @example
 * const rows = await pipeline(await fetch(url), gunzip(), csv(), async (rows) => {
 *   let count = 0;
 *   for await (const row of rows) count += 1;
 *   return count;
 * });
 *
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
/**
 * The same with more stages. TypeScript does not infer their chunk types: annotate the parameters of functions, or
 * group stages with `compose()`.
 */
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
 * Marks a plain function as a stage that the pipeline calls once, with all chunks, and that returns a source. Use it
 * for transpiled generator functions and for functions that return a stream.
 *
 * @throws {TypeError} when the argument is not a function
 *
 * @example
 * await pipeline(source, stage((chunks) => parse(chunks)), sink);
 *
 */
export function stage<I, O>(
  fn: (chunks: PipelineChunks<I>, options: PipelineFunctionOptions) => AsyncIterable<O> | Iterable<O> | AnyReadable<O>,
): MarkedStage<I, O>;

/**
 * Combines several stages into one, for `pipeline()` or `pipeThrough()`. A pipeline runs them as if you had passed them
 * one by one. Can be used once, like every pair of streams.
 *
 * @throws {TypeError} when an argument is not a stage
 *
 * @example
 * const rowsOf = () => compose(gunzip(), csv({ header: true }), (row) => normalise(row));
 *
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
 * Waits until a stream has ended, without locking it. Works on a locked stream too.
 *
 * @param stream one of tidegate's streams, a pair of them, or one of Node's streams. Native streams report their end
 *   only to the holder of their lock.
 * @param options aborting `signal` rejects the promise with its reason; the stream is not affected
 * @returns a promise that resolves when the stream has closed, finished, or been cancelled, and rejects with the
 *   stream's error
 * @throws {TypeError} (as a rejection) when the argument is not such a stream
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

/** Which part of a pipeline failed, and what failed after it. */
export interface PipelineFailure {
  /**
   * The part that failed first: the source is 0, the stages count from 1, the sink is last. Undefined when the signal
   * was aborted.
   */
  readonly index: number | undefined;
  /** A description of that part: `a Response`, `function parse`, `the signal`. */
  readonly name: string;
  /** The errors that occurred during teardown, without the first one. */
  readonly later: readonly unknown[];
}

/**
 * Tells which part of a pipeline caused the error that the pipeline rejected with. tidegate does not modify the error
 * object.
 *
 * @returns undefined when no pipeline rejected with `error`, or when it is not an object
 *
 * @example
 * await pipeline(source, gunzip(), parse, sink).catch((error) => {
 *   const { index, name, later } = failureOf(error);
 *   report(`part ${index} (${name}) failed`, error, later);
 * });
 *
 */
export function failureOf(error: unknown): PipelineFailure | undefined;

export interface CollectOptions {
  /**
   * The most that is collected. If the source produces more, the promise rejects with a RangeError and the source is
   * cancelled. Default: 64 MiB, or 1,000,000 chunks for `toArray`.
   */
  limit?: number | undefined;
  /** Aborting it cancels the source; the promise rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Milliseconds after which the thread is yielded, as in `pipeline()`. Default: 12 */
  yieldAfter?: number | undefined;
}

/** Collects every chunk of `source`, which may be anything a pipeline accepts as its source. */
export function toArray<S>(source: S & PipelineSource, options?: CollectOptions): Promise<ChunkOf<S>[]>;
/** Collects the bytes of `source`. Its chunks must be bytes, or strings, which are encoded as UTF-8. */
export function toBytes(source: PipelineSource, options?: CollectOptions): Promise<Bytes>;
/**
 * Collects the text of `source`. Its chunks must be strings, or bytes in UTF-8, split anywhere. With `fatal`, invalid
 * UTF-8 rejects with a TypeError.
 */
export function toText(source: PipelineSource, options?: CollectOptions & { fatal?: boolean }): Promise<string>;
/** Collects the text of `source` and parses it as JSON. */
export function toJSON<T = any>(source: PipelineSource, options?: CollectOptions & { fatal?: boolean }): Promise<T>;
/** Collects the bytes and strings of `source` into a Blob of media type `type`. */
export function toBlob(source: PipelineSource, options?: CollectOptions & { type?: string }): Promise<Blob>;

/**
 * `ReadableStream.prototype.pipeTo` as a function. Source and destination may also be native streams.
 *
 * @returns a promise that settles when the pipe has ended and both streams are unlocked
 * @see https://streams.spec.whatwg.org/#rs-pipe-to
 */
export function pipeTo<T>(
  source: AnyReadable<T>,
  destination: AnyWritable<T>,
  options?: StreamPipeOptions,
): Promise<void>;

/**
 * `ReadableStream.prototype.pipeThrough` as a function. Source and pair may also be native streams.
 *
 * @returns the pair's readable side, as one of tidegate's streams
 * @throws {TypeError} when an argument is not a stream or is locked
 * @see https://streams.spec.whatwg.org/#rs-pipe-through
 */
export function pipeThrough<T, O>(
  source: AnyReadable<T>,
  transform: PairStage<T, O>,
  options?: StreamPipeOptions,
): ReadableStream<O>;

/**
 * Wraps a native stream in one of tidegate's. Backpressure, cancellation and errors cross in both directions; the
 * wrapper adds no queue. One of tidegate's streams is returned unchanged. The native stream stays locked until the
 * returned stream has ended.
 *
 * A write to a writable stream made this way settles when the native stream wants more; its `close()` settles when the
 * native stream has closed.
 *
 * @throws {TypeError} when the argument is neither a stream nor a pair of streams, or is locked
 */
export function fromNative<R>(stream: ReadableStream<R>): ReadableStream<R>;
export function fromNative<R>(stream: globalThis.ReadableStream<R>): ReadableStream<R>;
export function fromNative<W>(stream: WritableStream<W>): WritableStream<W>;
export function fromNative<W>(stream: globalThis.WritableStream<W>): WritableStream<W>;
export function fromNative<I, O>(pair: AnyPair<I, O>): { readable: ReadableStream<O>; writable: WritableStream<I> };

/**
 * Wraps one of tidegate's streams in a native stream, for `Response`, `Request`, `postMessage` and other APIs that
 * accept native streams only. A native stream is returned unchanged. The given stream stays locked until the returned
 * stream has ended.
 *
 * @throws {TypeError} when the argument is neither a stream nor a pair of streams, or is locked, or the engine has no
 *   streams
 *
 * @example
 * return new Response(toNative(readable));
 *
 */
export function toNative<R>(stream: AnyReadable<R>): globalThis.ReadableStream<R>;
export function toNative<W>(stream: AnyWritable<W>): globalThis.WritableStream<W>;
export function toNative<I, O>(
  pair: AnyPair<I, O>,
): { readable: globalThis.ReadableStream<O>; writable: globalThis.WritableStream<I> };

/**
 * Iterates over the chunks of `stream` in arrays, each with all chunks that were queued: one promise for many chunks.
 * Leaving the loop early cancels the stream unless `preventCancel` is true. The lock is always released.
 *
 * @throws {TypeError} at the first `next()`, when `stream` is not a readable stream or is locked
 *
 * @example
 * for await (const rows of batches(stream)) table.append(rows);
 *
 */
export function batches<S extends AnyReadable>(
  stream: S,
  options?: { preventCancel?: boolean | undefined },
): AsyncGenerator<ChunkOf<S>[], void, void>;
