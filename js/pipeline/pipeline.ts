/** `pipeline()`: from a source through stages to a sink, bounded, and torn down whole. docs/PIPELINE.md says what it promises. */
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
import type { WritableStreamLike } from '../bridge/shapes.js';
import type { ReadableStream } from '../streams/readable-stream.js';
import type { Call, NumberedPart, OpenFunction, OpenSink, OpenStage, SourceHooks } from './parts.js';

/**
 * Moves everything from `source` through `stages` into `sink`, no faster than the slowest of them takes it.
 *
 * `pipeline(source, ...stages, sink, options?)`; options.ts has the options.
 *
 * @returns a promise of what the sink function returned, or of undefined when the sink is a stream. It rejects with the
 *   first error of any part, the same object, or with `signal.reason`, after every part has been taken down; and with a
 *   TypeError, having touched nothing, when an argument is not what it should be. Where the engine has `await using`, leaving
 *   its scope takes the pipeline down.
 */
export function pipeline(...args: unknown[]): Promise<unknown> {
  let run: Run | undefined;
  const outcome = conduct('pipeline', args, (made) => void (run = made));
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
  const run = new Run(caller, options);
  onRun(run);
  const onAbort = () => run.fail(signal!.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    start(run, source, fuse(stages, run.slice), { sink, index: last }, signal?.aborted);
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
  const map = mapOf(call, place, { signal: run.stageSignal });
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
