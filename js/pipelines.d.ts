// What js/pipeline and js/native declare, and the types of js/sinks/collect.
import type { Bytes } from './runtime/buffers.js';
import type { ChunkOf, PipelineSource } from './pipeline/accepted.js';

export { batches } from './pipeline/batches.js';
export { compose } from './pipeline/compose.js';
export { failureOf, type PipelineFailure } from './pipeline/failures.js';
export { finished } from './pipeline/finished.js';
export { stage } from './pipeline/functions.js';
export type { PipelineOptions } from './pipeline/options.js';
export { pipeline, type Pipeline } from './pipeline/pipeline.js';
export type { PipelinePartProgress, PipelineProgress } from './pipeline/progress.js';
export { fromNative, toNative } from './native/convert.js';
export { pipeThrough, pipeTo } from './native/pipe.js';

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
