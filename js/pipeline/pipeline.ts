/**
 * `pipeline()`: from a source through stages to a sink, bounded, and torn down whole. docs/PIPELINE.md says what it
 * promises.
 */
import { fromNative } from '../native/convert.js';
import { parseArguments } from './arguments.js';
import { describe } from '../values/describe.js';
import { isAnyNodeWritable, isPromise, isThenable, isWritableStreamLike } from '../bridge/kinds.js';
import { isMap, mapOf } from './functions.js';
import { streamOfMap } from './maps.js';
import { streamOfNodeWritable } from './node-streams.js';
import { Run } from './run.js';
import { openSource, refusalOfSource } from './sources.js';
import { fuse, openPair, type FusedStage } from './stages.js';
import { watching } from './watching.js';
import type { WritableStreamLike } from '../bridge/shapes.js';
import type { ReadableStream } from '../streams/readable-stream.js';
import type { Call, NumberedPart, OpenFunction, OpenSink, OpenStage, SourceHooks } from './parts.js';
import type {
  AnySink,
  AnyStage,
  ChunkOf,
  PipelineResult,
  PipelineSink,
  PipelineSource,
  PipelineStage,
} from './accepted.js';
import type { PipelineOptions } from './options.js';

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
export function pipeline(...args: unknown[]): Promise<unknown> {
  let run: Run | undefined;
  const outcome = conduct('pipeline', args, (made) => void (run = made));
  if (run?.watcher !== undefined) watching.promised!(outcome, run.watcher);
  if (Symbol.asyncDispose) {
    const dispose = async () => {
      run?.fail(new DOMException('The scope of await using ended before the pipeline did', 'AbortError'));
      await outcome.catch(() => {});
    };
    Object.defineProperty(outcome, Symbol.asyncDispose, { value: dispose });
  }
  return outcome;
}

/** A pipeline on behalf of `caller`, whose name is in the errors. */
export async function conduct(
  caller: string,
  args: readonly unknown[],
  onRun: (run: Run) => void = (_run) => {},
): Promise<unknown> {
  if (isPromise(args[0])) args[0].then(undefined, () => {}); // no other code may handle its rejection
  const { source, stages, sink, last, options } = parseArguments(caller, args);
  const { signal } = options;
  const run = new Run(caller, options, stages);
  onRun(run);
  const onAbort = () => run.fail(signal!.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    start(run, source, fuse(stages, run.slice, options.worker), { sink, index: last }, signal?.aborted);
    if (signal?.aborted) onAbort();
    return await run.outcome;
  } finally {
    run.release(source, sink);
    signal?.removeEventListener('abort', onAbort);
  }
}

/** What a sink's generator function gives. */
interface AnyGenerator extends AsyncIterator<unknown, unknown, undefined> {
  [Symbol.asyncIterator]?: unknown;
}

/** Opens every part and joins them, from the sink up, so that whatever fails first finds the rest owned by the run. */
async function start(
  run: Run,
  source: unknown,
  parts: readonly FusedStage[],
  { sink, index: lastIndex }: { readonly sink: unknown; readonly index: number },
  aborted: boolean | undefined,
): Promise<void> {
  let opening: NumberedPart | undefined;
  try {
    const begin = { index: 0, name: describe(source) };
    const places = parts.map(({ part, index }) => ({ index, name: describe(part) }));
    const last = { index: lastIndex, name: describe(sink) };
    run.begin([begin, ...places, last]);
    const end = openSink(run, sink, (opening = last));
    const stages = parts.map(({ part, place }, n) => openStage(run, part, place, (opening = places[n]!)));
    const opened = openStart(run, source, aborted, (opening = begin));
    const stream = isThenable(opened) ? await run.beforeSource(opened) : opened;
    if (run.failed || aborted) return;
    join(run, stream!, stages, end, (part) => void (opening = part));
  } catch (error) {
    run.fail(error, opening);
  }
}

function openSink(run: Run, sink: unknown, part: NumberedPart): OpenSink {
  if (typeof sink === 'function') return { call: sink as Call, part };
  const writable =
    isAnyNodeWritable(sink) && !isWritableStreamLike(sink)
      ? streamOfNodeWritable(sink)
      : fromNative(sink as WritableStreamLike);
  run.ownWritable(writable, part, true);
  return { writable, part };
}

function openStage(run: Run, stage: unknown, place: string, part: NumberedPart): OpenStage {
  if (typeof stage === 'function') return { call: stage as Call, place, part };
  const pair = openPair(stage);
  run.ownWritable(pair.writable, part);
  run.ownReadable(pair.readable, part);
  return pair;
}

/** The stream to start from, or a promise of it, owned by the run. */
function openStart(
  run: Run,
  source: unknown,
  aborted: boolean | undefined,
  part: NumberedPart,
): ReadableStream | PromiseLike<ReadableStream> | undefined {
  if (isPromise(source)) return source.then((value) => openReturned(run, 'what the source resolved with', value, part));
  if (typeof source !== 'function') return openOwned(run, source, part);
  if (aborted) return undefined;
  const returned = source({ signal: run.stageSignal });
  if (!isThenable(returned)) return openReturned(run, 'what the source function returned', returned, part);
  return returned.then((value) => openReturned(run, 'what the source function returned', value, part));
}

function openReturned(run: Run, what: string, value: unknown, part: NumberedPart, hooks?: SourceHooks): ReadableStream {
  const refusal = refusalOfSource(value);
  if (refusal !== undefined) throw new TypeError(`${run.caller}(): ${what} ${refusal}`);
  return openOwned(run, value, part, hooks);
}

function openOwned(run: Run, value: unknown, part: NumberedPart, hooks?: SourceHooks): ReadableStream {
  const stream = openSource(value, { onError: (error) => run.fail(error, part), ...hooks });
  if (part.index === 0) run.expect(value);
  run.ownReadable(stream, part);
  return stream;
}

/** Calls `onPart` with each part before what is done with it may throw. */
function join(
  run: Run,
  start: ReadableStream,
  stages: readonly OpenStage[],
  end: OpenSink,
  onPart: (part: NumberedPart) => void,
): void {
  let stream = start;
  for (const stage of stages) {
    if (stage.call) {
      onPart(stage.part);
      stream = isMap(stage.call)
        ? mapStage(run, stage as OpenFunction, stream)
        : callStage(run, stage as OpenFunction, stream);
    } else {
      run.link(stream, stage.writable, {
        isTransform: stage.isTransform,
        isComposed: stage.isComposed,
        output: stage.readable,
      });
      stream = stage.readable;
    }
  }
  onPart(end.part);
  if (end.call) callConsumer(run, end as OpenFunction, stream);
  else
    run.link(stream, end.writable).then(
      () => run.finish(),
      () => {},
    );
}

function callStage(run: Run, { call, place, part }: OpenFunction, input: ReadableStream): ReadableStream {
  run.givesAll(part);
  const reader = run.readerOf(input, part);
  const returned = call(reader.chunks, { signal: run.stageSignal });
  if (isThenable(returned)) {
    returned.then(undefined, () => {});
    throw new TypeError(
      `pipeline(): ${place} returned a promise; a function stage receives all chunks and returns an iterable, ` +
        'so make it an async generator: async function* (chunks) { for await (const chunk of chunks) yield … }',
    );
  }
  return openReturned(run, `what ${place} returned`, returned, part, { onEnd: () => run.watch(reader.stop(), part) });
}

function mapStage(run: Run, { call, place, part }: OpenFunction, input: ReadableStream): ReadableStream {
  const map = run.timed(mapOf(call, place, { signal: run.stageSignal }), part);
  const { stream, holder } = streamOfMap(run.readerOf(input, part), map, (error) => run.fail(error, part));
  run.ownReadable(stream, part);
  run.weigh(holder, part);
  return stream;
}

function callConsumer(
  run: Run,
  { call: consumer, part }: Pick<OpenFunction, 'call' | 'part'>,
  input: ReadableStream,
): void {
  run.givesAll(part);
  const { chunks } = run.readerOf(input, part);
  const returned = consumer(chunks, { signal: run.consumerSignal });
  const isIterator =
    !isThenable(returned) && typeof (returned as Partial<AnyGenerator> | null | undefined)?.next === 'function';
  if (isIterator && typeof (returned as AnyGenerator)[Symbol.asyncIterator] !== 'function') {
    throw new TypeError(
      `pipeline(): the sink function returned ${describe(returned)}, which nothing would read; ` +
        'add a sink after it, or make it an async function',
    );
  }
  const result = isIterator ? runGenerator(run, returned as AnyGenerator, part) : Promise.resolve(returned);
  run.watch(
    result.then((value) => run.finish(value)),
    part,
  );
}

/** Runs the async generator of a sink to its end. A value that it yields has no reader. */
async function runGenerator(run: Run, generator: AnyGenerator, part: NumberedPart): Promise<unknown> {
  const { value, done } = await generator.next();
  if (done) return value;
  const what =
    typeof value === 'object' || typeof value === 'function' ? describe(value) : `${typeof value} ${String(value)}`;
  const error = new TypeError(
    `pipeline(): the sink function yielded ${what}, which nothing would read; add a sink after it, or use the value inside the function`,
  );
  run.fail(error, part);
  if (typeof generator.return === 'function') run.watch(Promise.resolve(generator.return()), part);
  throw error;
}
