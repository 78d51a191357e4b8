/**
 * One run of a pipeline: joins the parts, watches them, takes them down.
 *
 * Invariants:
 * 1. Pipes between the parts only report. This class decides what the end of one part means for the others, so it knows
 *    the first error when it happens, before another stage can fail because of it.
 * 2. `fail` and `finish` are each effective once, and not after one another.
 * 3. The promise settles after every part has. Once anything has been torn down, all that is left has `GRACE`
 *    milliseconds together; before that nothing is timed.
 */
import type { Fifo } from '../runtime/fifo.js';
import { GRACE, withinGrace } from '../runtime/grace.js';
import { resolved } from '../runtime/intrinsics.js';
import { enter, isOverNow, nextTask } from '../runtime/slice.js';
import { bridgeOf } from '../bridge/bridges.js';
import {
  abortStream,
  cancelStream,
  catchDrops,
  isClosed,
  isClosing,
  isErrored,
  meterStream,
  pipe,
  pipeWith,
  releaseDrops,
  whenWritableFails,
} from './ops.js';
import { ChunkReader, type Counter } from './chunks.js';
import { recordFailure } from './failures.js';
import { tellPipelineEnd } from './hooks.js';
import { Meter } from './meter.js';
import { yieldAfterOf } from './options.js';
import { Progress } from './progress.js';
import { watching, type Watcher } from './watching.js';
import type { Slice } from '../bridge/stages.js';
import type { DiscardFunction } from '../machines/discard.js';
import type { OnDrop } from '../machines/parts.js';
import type { ReadableStream } from '../streams/readable-stream.js';
import type { WritableStream } from '../streams/writable-stream.js';
import type { OpenFailure } from './failures.js';
import type { ReadOptions } from './options.js';
import type { NumberedPart, Part, Stage } from './parts.js';

/** A pipe from one part into the next. */
interface Link {
  readonly source: ReadableStream;
  readonly sink: WritableStream;
  readonly isTransform: boolean;
  readonly isComposed: boolean;
  /** The other side of a stage's pair. */
  readonly output: ReadableStream | undefined;
  /** The reader of `output` wants no more chunks. */
  early: boolean;
  settled: boolean;
  /** Ends the pipe and leaves both sides as they are; undefined where neither is to be left. */
  stop: AbortController | undefined;
}

const ignore = () => {};

const OVER =
  'The TransformStream had ended before the pipeline started, for example because it was used before; make a new one for each pipeline';

/** What failureOf() calls a failure of the page's own functions among the options. */
const PROGRESS: Part = { index: undefined, name: 'onProgress' };
const SIZE: Part = { index: undefined, name: 'size' };
const DISCARD: Part = { index: undefined, name: 'onDiscard' };

export class Run {
  failed = false;
  error: unknown = undefined;
  declare readonly caller: string;

  #ending = false; // the sink has all it wants
  #tornDown = false; // something was cancelled or aborted, so what is left may be waiting for nothing
  #options: ReadOptions;
  #source: ReadableStream | undefined = undefined; // the stream the pipeline starts from
  #sink: WritableStream | undefined = undefined; // the stream it ends in
  #links: Link[] = [];
  #readables: ReadableStream[] = [];
  #writables: WritableStream[] = [];
  #readers: ChunkReader[] = [];
  #parts = new Map<ReadableStream | WritableStream, NumberedPart>(); // what a stream belongs to
  #failure: OpenFailure | undefined = undefined; // what failureOf() tells
  #open = new Set<Promise<unknown>>(); // promises that have not settled
  #onQuiet: (() => void) | undefined = undefined; // set once the pipeline is ending: called when #open is empty
  #timer: ReturnType<typeof setTimeout> | undefined = undefined;
  #grace = deferred<void>(); // resolves when teardown has been waited for long enough
  #outcome = deferred<unknown>();
  #stages = new AbortController();
  #consumer = new AbortController();
  #progress: Progress | undefined = undefined;
  #meter: Meter | undefined = undefined;
  /** Undefined unless `tidegate/inspect` is imported. */
  readonly watcher: Watcher | undefined;
  #onDrop: OnDrop | undefined = undefined;
  #discards = new Set<Promise<unknown>>(); // what onDiscard has not settled of
  #settled = false;
  #yieldAfter: number | undefined;

  /**
   * @param caller the function that errors name
   * @param stages the stages as they were given
   */
  constructor(caller: string, options: ReadOptions, stages: readonly Stage[] = []) {
    this.caller = caller;
    this.#options = options;
    const { onProgress, progressInterval: interval, total, memoryLimit, size, onDiscard } = options;
    if (onDiscard) this.#onDrop = (chunks) => this.#drop(onDiscard, chunks);
    this.#yieldAfter = yieldAfterOf(options);
    if (this.#yieldAfter !== undefined) enter(this.#yieldAfter);
    const sizeOf = size && ((chunk: unknown) => this.#sizeOf(size, chunk));
    if (onProgress)
      this.#progress = new Progress(onProgress, {
        interval,
        total,
        sizeOf,
        fail: (error) => this.fail(error, PROGRESS),
      });
    this.watcher = watching.begin?.(options, stages);
    if (memoryLimit) this.#meter = new Meter(memoryLimit, { sizeOf, fail: (error, part) => this.fail(error, part) });
  }

  /** The page's `size(chunk)`, which must not throw where a stream asks for it. */
  #sizeOf(size: (chunk: unknown) => number, chunk: unknown): number {
    try {
      const bytes = size(chunk);
      if (bytes >= 0) return +bytes;
      throw new RangeError(`pipeline(): options.size must return a number of at least 0; it returned ${bytes}`);
    } catch (error) {
      Promise.resolve().then(() => this.fail(error, SIZE));
      return 0;
    }
  }

  /**
   * For a stage that works by itself: asks before each step, and goes on by `nextTask(job, target)`. Undefined: it
   * never waits.
   */
  get slice(): Slice | undefined {
    const yieldAfter = this.#yieldAfter;
    return yieldAfter === undefined ? undefined : { isOver: () => isOverNow(yieldAfter), nextTask };
  }

  /** Takes the parts, in their order. */
  begin(parts: readonly NumberedPart[]): void {
    const progress = this.#progress?.begin(parts);
    this.watcher?.begin(parts, progress);
  }

  /** Says what the pipeline reads from. */
  expect(source: unknown): void {
    this.#progress?.expect(source);
  }

  /** Settles when the pipeline has: with the consumer's result, or the first error. */
  get outcome(): Promise<unknown> {
    return this.#outcome.promise;
  }

  /** What source and stage functions get: aborted when the pipeline has failed, or no more is wanted of them. */
  get stageSignal(): AbortSignal {
    return this.#stages.signal;
  }

  /** What a consumer function gets: aborted when the pipeline has failed. */
  get consumerSignal(): AbortSignal {
    return this.#consumer.signal;
  }

  /** Puts a stream among those that a failure takes down. */
  ownReadable(stream: ReadableStream, part: NumberedPart): void {
    if (part.index === 0) this.#source = stream;
    if (this.#onDrop) catchDrops(stream, this.#onDrop);
    this.#parts.set(stream, part);
    this.watcher?.owns(stream, part);
    if (this.failed) {
      this.#discard(stream);
      return;
    }
    this.#readables.push(stream);
    if (this.#meter) this.#count(stream, part, part.index === 0);
  }

  /** Lets go of a stream that came when the pipeline had failed, so that the failure has not reached it. */
  #discard(stream: ReadableStream): void {
    if (this.#keeps(stream)) bridgeOf(stream)?.release();
    else cancelStream(stream, this.error).catch(ignore);
  }

  /** Calls `onDiscard` with chunks that no part will receive, in a microtask, also after the pipeline has settled. */
  #drop(onDiscard: DiscardFunction, chunks: readonly unknown[]): void {
    for (const chunk of chunks) {
      const discarded: Promise<void> = resolved
        .react(() => onDiscard(chunk))
        .then(ignore, (error) => {
          if (this.#settled)
            Promise.reject(error); // reported as an unhandled rejection
          else this.fail(error, DISCARD);
        })
        .then(() => void this.#discards.delete(discarded));
      this.#discards.add(discarded);
    }
  }

  /** Lets go of the streams that were given and outlive the pipeline. */
  release(...given: unknown[]): void {
    if (this.#onDrop) for (const value of given) releaseDrops(value, this.#onDrop);
  }

  /** `isSink`: it is where the pipeline ends. */
  ownWritable(stream: WritableStream, part: NumberedPart, isSink = false): void {
    if (isSink) this.#sink = stream;
    if (this.#onDrop) catchDrops(stream, this.#onDrop);
    this.#parts.set(stream, part);
    this.watcher?.owns(stream, part);
    this.#writables.push(stream);
    if (this.#meter) this.#count(stream, part, false);
  }

  #count(stream: ReadableStream | WritableStream, part: Part, isSource: boolean): void {
    meterStream(this.#meter!, stream, part, isSource);
    if (bridgeOf(stream) !== undefined) this.#meter!.cannotCount(part);
  }

  /** The function of `part` receives all chunks, so what it keeps cannot be measured. */
  givesAll(part: Part): void {
    this.#meter?.cannotCount(part);
  }

  /** Counts the queue of `holder`, which is no stream but holds chunks for `part`. */
  weigh(holder: { queue: Fifo<unknown> }, part: NumberedPart): void {
    this.#meter?.add(holder, part, false);
    this.watcher?.holds(holder, part);
  }

  /**
   * `promise`, of the source; a sink that fails before it has come is the pipeline's failure, as no pipe is there to
   * tell.
   */
  async beforeSource<T>(promise: PromiseLike<T>): Promise<T> {
    const sink = this.#sink;
    const unwatch = sink && whenWritableFails(sink, (error) => this.fail(error, this.#parts.get(sink)));
    try {
      return await promise;
    } finally {
      unwatch?.();
    }
  }

  /** Whether a failure or an early end leaves `stream` open. */
  #keeps(stream: ReadableStream | WritableStream): boolean | undefined {
    return (
      (stream === this.#source && this.#options.preventCancel) || (stream === this.#sink && this.#options.preventAbort)
    );
  }

  /**
   * Reads `stream` for a function of the part `part`: `chunks` is what that gets, `stop()` ends them when it has
   * returned.
   */
  readerOf(stream: ReadableStream, part: NumberedPart): ChunkReader {
    const from = this.#parts.get(stream)!; // every stream of a pipeline is owned first
    const reader = new ChunkReader(stream, this, from, {
      onEarlyEnd: () => this.#markEarly(stream),
      counter: this.#counter(from, part),
      gate: stream === this.#source ? this.#meter : undefined,
      keep: this.#keeps(stream),
      yieldAfter: this.#yieldAfter,
    });
    this.#readers.push(reader);
    this.watcher?.reads(reader, part);
    return reader;
  }

  /** What is to be called with every chunk that goes to a function. */
  #counter(from: NumberedPart, to: NumberedPart): Counter | undefined {
    const count = this.#progress?.counter(from, to);
    if (this.watcher !== undefined) return this.watcher.counter(from, to, count);
    return count && { count };
  }

  /** `call`, the function of `part`. */
  timed(call: (chunk: unknown) => unknown, part: NumberedPart): (chunk: unknown) => unknown {
    return this.watcher === undefined ? call : this.watcher.timed(call, part);
  }

  /**
   * Pipes `source` into `sink`. `isTransform` says that `sink` is the writable side of a transform stream, which, when
   * only that side is errored, has ended early rather than failed; `isComposed` that it is one of `compose()`; `output`
   * is the other side. Resolves when done.
   */
  link(
    source: ReadableStream,
    sink: WritableStream,
    {
      isTransform = false,
      isComposed = false,
      output = undefined,
    }: {
      isTransform?: boolean | undefined;
      isComposed?: boolean | undefined;
      output?: ReadableStream | undefined;
    } = {},
  ): Promise<undefined> {
    const link: Link = { source, sink, isTransform, isComposed, output, early: false, settled: false, stop: undefined };
    this.#links.push(link);
    const piped = this.#pipe(link);
    this.watcher?.piped(source, this.#parts.get(source)!, this.#parts.get(sink)!);
    this.#track(
      piped.then(
        () => void (link.settled = true),
        (error) => {
          link.settled = true;
          this.#linkFailed(link, error);
        },
      ),
    );
    return piped;
  }

  #pipe(link: Link): Promise<undefined> {
    const { source, sink } = link;
    const from = this.#parts.get(source)!;
    const onSourceError = (error: unknown): void => this.fail(error, from);
    const meter = source === this.#source ? this.#meter : undefined;
    const preventClose = sink === this.#sink && this.#options.preventClose;
    if (this.#keeps(source) || this.#keeps(sink)) link.stop = new AbortController();
    if (!link.stop && !meter && !preventClose && !this.#progress)
      return pipe(source, sink, onSourceError, this.#yieldAfter);
    const onChunk = this.#progress?.counter(from, this.#parts.get(sink)!);
    const running = pipeWith(source, sink, onSourceError, {
      yieldAfter: this.#yieldAfter,
      preventClose,
      signal: link.stop?.signal,
      onChunk,
    });
    meter?.pauses(running);
    return running.promise;
  }

  #linkFailed(link: Link, error: unknown): void {
    if (this.failed) {
      this.#addLater(error);
      return;
    }
    const ended = link.early || (link.isTransform && !isErrored(link.output!));
    if (!ended) this.fail(error, this.#parts.get(isErrored(link.source) ? link.source : link.sink));
    else if (!link.early && this.#wasOver(link, error))
      this.fail(
        error instanceof TypeError || error === undefined ? new TypeError(OVER) : error,
        this.#parts.get(link.sink),
      );
    else this.cancel(link.source, link.early ? undefined : error);
  }

  /**
   * Whether the transform stream that `link` feeds had ended before the pipeline started, for example because it was
   * used before. A stage that ends early terminates, which errors its writable side with a TypeError; it never closes
   * that side.
   */
  #wasOver({ sink, isComposed }: Link, error: unknown): boolean {
    return isClosed(sink) || (!isComposed && !(error instanceof TypeError));
  }

  /** Records that the reader of `stream` wants no more chunks. */
  #markEarly(stream: ReadableStream): void {
    this.#tornDown = true;
    if (this.#ending) this.#limitWait();
    for (const link of this.#links) if (link.output === stream) link.early = true;
  }

  /** Cancels `stream`, of which no more is wanted. Its own failure to be cancelled is a failure of the pipeline. */
  cancel(stream: ReadableStream, reason: unknown): void {
    this.#markEarly(stream);
    if (this.#keeps(stream)) {
      for (const link of this.#links) if (link.source === stream) this.#stop(link, reason);
      return;
    }
    this.#track(cancelStream(stream, reason).then(undefined, (error) => this.fail(error, this.#parts.get(stream))));
  }

  /** Ends a pipe of which one side is to be left as it is. */
  #stop(link: Link, reason: unknown): void {
    link.early ||= !this.failed;
    link.stop?.abort(reason);
  }

  /** Waits for `promise`, which never rejects, before the outcome settles. */
  #track(promise: Promise<unknown>): void {
    this.#open.add(promise);
    promise.then(() => {
      this.#open.delete(promise);
      if (this.#open.size === 0) this.#onQuiet?.();
    });
  }

  /** The same for a promise that may reject: with the pipeline's failure. */
  watch(promise: Promise<unknown>, part?: Part): void {
    this.#track(promise.then(ignore, (error) => this.fail(error, part)));
  }

  /** Takes the pipeline down with `error`, of `part` if it is any part's, unless it has already failed or ended. */
  fail(error: unknown, part?: Part): void {
    if (this.#settled) return;
    if (this.failed) {
      this.#addLater(error);
      return;
    }
    this.failed = true;
    this.error = error;
    this.#failure = recordFailure(error, part);
    this.watcher?.ended({ error, index: part?.index });
    this.#tornDown = true;
    this.#progress?.stop();
    this.#meter?.end();
    this.#stages.abort(error);
    this.#consumer.abort(error);
    const later = (failure: unknown): void => this.#addLater(failure);
    for (const link of this.#links) this.#stop(link, error);
    for (const stream of this.#writables)
      if (!this.#keeps(stream)) this.#track(abortStream(stream, error).then(ignore, later));
    for (const stream of this.#readables)
      if (!this.#keeps(stream)) this.#track(cancelStream(stream, error).then(ignore, later));
    for (const reader of this.#readers) this.#track(reader.stop().then(ignore, later));
    if (this.#ending) this.#limitWait();
    else this.#settle();
  }

  /** Once the pipeline has failed. */
  #addLater(error: unknown): void {
    if (error !== this.error && !this.#failure!.later.includes(error)) this.#failure!.later.push(error);
  }

  /** Ends the pipeline well: the sink has all it wanted. What runs on before it is told that no more is wanted. */
  finish(value?: unknown): void {
    if (this.failed || this.#ending) return;
    for (const reader of this.#readers) this.watch(reader.stop());
    // Before the signal: a source that ends with it would otherwise have failed by the time that it is cancelled.
    for (const link of this.#links)
      if (!link.settled && (link.early || !isClosing(link.sink))) this.cancel(link.source, undefined);
    if (this.#tornDown)
      this.#stages.abort(new DOMException('The consumer of the pipeline stopped reading', 'AbortError'));
    this.#settle(value);
  }

  async #settle(value?: unknown): Promise<void> {
    this.#ending = true;
    this.#limitWait();
    if (this.#open.size > 0) await this.#patience(new Promise<void>((resolve) => void (this.#onQuiet = resolve)));
    await this.#patience(this.#giveBack().catch((error) => this.fail(error, this.#parts.get(this.#sink!))));
    if (this.#discards.size > 0) await this.#patience(withinGrace(Promise.all(this.#discards)));
    if (this.#source) await this.#patience(tellPipelineEnd(this.#source, this.failed ? this.error : undefined));
    clearTimeout(this.#timer);
    if (!this.failed) this.#progress?.end();
    this.#settled = true;
    if (!this.failed) this.watcher?.ended(undefined);
    if (this.failed) this.#outcome.reject(this.error);
    else this.#outcome.resolve(value);
  }

  /** Unlocks the ends that are left as they are: a sink with everything that was piped into it written. */
  async #giveBack(): Promise<void> {
    const { preventClose, preventAbort, preventCancel } = this.#options;
    if (preventCancel) bridgeOf(this.#source!)?.release();
    if (!preventClose && !preventAbort) return;
    const sink = bridgeOf(this.#sink!);
    try {
      if (!this.failed) await sink?.landed();
    } finally {
      sink?.release();
    }
  }

  /** Once parts have been torn down, those that are left may be waiting for what never comes. */
  #limitWait(): void {
    if (this.#tornDown) this.#timer ??= setTimeout(this.#grace.resolve, GRACE);
  }

  #patience(promise: Promise<unknown>): Promise<unknown> {
    return Promise.race([promise, this.#grace.promise]);
  }
}

interface Settlable<T> {
  promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

function deferred<T>(): Settlable<T> {
  const result = {} as Settlable<T>; // filled in before it is returned
  result.promise = new Promise((resolve, reject) => Object.assign(result, { resolve, reject }));
  return result;
}
