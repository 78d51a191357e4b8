/** How `tidegate/inspect` sees pipelines. A page without that entry pays a comparison for each part of a pipeline. */
import type { ReadableStream } from '../streams/readable-stream.js';
import type { WritableStream } from '../streams/writable-stream.js';
import type { ChunkReader, Counter } from './chunks.js';
import type { ReadOptions } from './options.js';
import type { NumberedPart, Stage } from './parts.js';
import type { PipelinePartProgress } from './progress.js';

type Count = (chunk: unknown) => void;

/** What is told about one pipeline. None of the methods throws or calls user code. */
export interface Watcher {
  /** Takes the parts, in their order; with `progress`, what those have counted. */
  begin(parts: readonly NumberedPart[], progress: readonly PipelinePartProgress[] | undefined): void;
  /** The stream belongs to `part`. */
  owns(stream: ReadableStream | WritableStream, part: NumberedPart): void;
  /** `holder.queue` has chunks of `part`. */
  holds(holder: { readonly queue: { readonly length: number } }, part: NumberedPart): void;
  /** What is to be called with each chunk that goes from one part into the next: it calls `count`, if any. */
  counter(from: NumberedPart, to: NumberedPart, count: Count | undefined): Counter;
  /** A pipe from one part into the next has begun. */
  piped(source: ReadableStream, from: NumberedPart, to: NumberedPart): void;
  /** The function of `part` reads through `reader`. */
  reads(reader: ChunkReader, part: NumberedPart): void;
  /** `call`, which the function of `part` is, so that its calls can be timed. */
  timed<Call extends (chunk: unknown) => unknown>(call: Call, part: NumberedPart): Call;
  /** The pipeline has ended; `failure` says of which part, where it has failed. */
  ended(failure: { readonly error: unknown; readonly index: number | undefined } | undefined): void;
}

/** Sinks that have several calls of the page's function under way at once, as many as the page has allowed. */
export const ownPace = new WeakSet<object>();

interface Watching {
  begin: ((options: ReadOptions, stages: readonly Stage[]) => Watcher) | undefined;
  /** Called with what the caller of a pipeline gets. */
  promised: ((promise: Promise<unknown>, watcher: Watcher) => void) | undefined;
}

export const watching: Watching = { begin: undefined, promised: undefined };
