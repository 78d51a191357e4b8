/** `inspect()`, `streams()` and `pipelines()`. */
import { describe } from '../values/describe.js';
import { reportRun, type PipelineReport } from './report.js';
import { runningRuns, runOfPromise, runOfStream, RunWatch } from './runs.js';
import { aliveStreams, implOf, reportStream, type StreamReport } from './streams.js';
import type { Impl } from './figures.js';
import type { ReadableStream } from '../streams/readable-stream.js';
import type { WritableStream } from '../streams/writable-stream.js';

/** One of tidegate's streams. */
export type InspectableStream = ReadableStream | WritableStream;

/** What `inspect()` takes: one of tidegate's streams, or the promise that `pipeline()` returned. */
export type Inspectable = InspectableStream | PromiseLike<unknown>;

/** What `inspect()` tells of a stream that is not a part of another report. */
export interface InspectedStream extends StreamReport {
  /** The pipeline that it is, or was, a part of. */
  readonly pipeline: PipelineReport | undefined;
}

/** What `inspect()` tells of a target. */
export type ReportOf<Target extends Inspectable> = Target extends InspectableStream ? InspectedStream : PipelineReport;

/**
 * Tells what a pipeline or a stream holds, what it waits for, and what has gone through it, as a plain object that
 * nothing changes later. It reads counters, and disturbs nothing.
 *
 * @param target the promise that `pipeline()` returned, itself: not one that `then()` made of it; or one of tidegate's
 *   streams. A pipeline is known if `tidegate/inspect` was imported before it began.
 * @throws {TypeError} when it is neither
 *
 * @example
 * const job = pipeline(await fetch(url), gunzip(), csv(), save);
 * setInterval(() => show(inspect(job).bottleneck?.why), 1000);
 */
export function inspect<Target extends Inspectable>(target: Target): ReportOf<Target>;
export function inspect(target: unknown): InspectedStream | PipelineReport {
  const found = resolve(target);
  return isRun(found) ? reportRun(found) : inspectImpl(found);
}

/**
 * Says again and again what `inspect(target)` does. It keeps a pipeline, which has an end, but no stream: undefined once a
 * stream has been collected as garbage.
 *
 * @throws {TypeError} as `inspect()` does
 */
export function looksAt(target: unknown): () => InspectedStream | PipelineReport | undefined {
  const found = resolve(target);
  return isRun(found) ? () => reportRun(found) : looksAtRef(new WeakRef(found));
}

/** A function of its own: its closure keeps what the one that made the reference has. */
function looksAtRef(ref: WeakRef<Impl>): () => InspectedStream | undefined {
  return () => {
    const impl = ref.deref();
    return impl && inspectImpl(impl);
  };
}

const isRun = (found: Impl | RunWatch): found is RunWatch => found instanceof RunWatch;

function inspectImpl(impl: Impl): InspectedStream {
  const run = runOfStream(impl);
  return { ...reportStream(impl), pipeline: run && reportRun(run) };
}

function resolve(target: unknown): Impl | RunWatch {
  const found = implOf(target) ?? (typeof target === 'object' && target !== null ? runOfPromise(target) : undefined);
  if (found !== undefined) return found;
  throw new TypeError(
    `inspect(): the argument must be one of tidegate's streams, or the promise that pipeline() returned; got ${describe(target)}. ` +
      "A pipeline is known if 'tidegate/inspect' was imported before it began",
  );
}

/**
 * All of tidegate's streams that are alive: neither closed nor errored, nor collected as garbage. Those first that have
 * carried nothing for the longest time: what leaks is among them. Streams are known from the import of
 * `tidegate/inspect` on; the bridges to the engine's streams and to Node's are among them.
 */
export const streams = (): StreamReport[] => aliveStreams();

/** The pipelines that run, in the order in which they began. */
export const pipelines = (): PipelineReport[] => runningRuns().map(reportRun);
