/** The options of `pipeline()`. */
import { YIELD_AFTER } from '../runtime/slice.js';
import { convertOnDiscard } from '../machines/discard.js';
import { describe } from '../values/describe.js';
import { watching } from './watching.js';
import type { DiscardFunction, OnDiscard } from '../machines/discard.js';
import type { WorkerPool } from '../bridge/stages.js';
import type { PipelineProgress } from './progress.js';

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
  // eslint-disable-next-line no-restricted-syntax -- the page knows its chunks
  size?: ((chunk: any) => number) | undefined;
  /**
   * Called once, in a microtask, with each chunk that no part will receive: use it to close values such as a
   * `VideoFrame`. The pipeline awaits its promise for at most 500 milliseconds. If it throws, the pipeline fails. A
   * stream's own `onDiscard` takes precedence. `'dispose'` calls the chunk's `Symbol.asyncDispose` or `Symbol.dispose`.
   * Chunks in the queues of native streams and of Node's streams cannot be discarded this way. Default: none.
   */
  onDiscard?: OnDiscard | undefined;
  /**
   * True runs the codecs in a worker of a pool that all pipelines share, a `WorkerPool` in one of its own. A codec that
   * names a pool itself runs there. Default: false.
   */
  worker?: boolean | WorkerPool | undefined;
  /**
   * Writes what each part does into the Performance panel of the browser's tools: a group of tracks of this name, with a track for each part. Needs
   * `tidegate/inspect`, imported before the pipeline begins. Default: none.
   */
  trace?: string | undefined;
}

/** The options as they have been read. */
export interface ReadOptions extends Omit<PipelineOptions, 'onDiscard'> {
  readonly onDiscard?: DiscardFunction | undefined;
}

type Given = Record<string, unknown>;
type ReadOption = (value: unknown, name: string, caller: string) => unknown;

const READERS: Record<keyof PipelineOptions, ReadOption> = {
  signal: signalOf,
  preventClose: Boolean,
  preventAbort: Boolean,
  preventCancel: Boolean,
  onProgress: functionOf,
  progressInterval: (value, name) => numberOf(value, name, 0),
  total: (value, name) => numberOf(value, name, 0),
  memoryLimit: (value, name) => numberOf(value, name, 1),
  size: functionOf,
  onDiscard: (value) => convertOnDiscard(value, 'pipeline(): options'),
  yieldAfter: (value, name) => numberOf(value, name, 0),
  worker: workerOf,
  trace: traceOf,
};

/** The `yieldAfter` of options that have been read; undefined for never. */
export const yieldAfterOf = ({ yieldAfter = YIELD_AFTER }: ReadOptions): number | undefined =>
  yieldAfter === Infinity ? undefined : yieldAfter;

/** Whether every key of `value` is that of an option. */
export const hasOnlyOptions = (value: object): boolean =>
  Object.keys(value).every((key) => Object.hasOwn(READERS, key));

/** @throws {TypeError | RangeError} saying which option is wrong, and how */
export function readOptions(caller: string, options: object): ReadOptions {
  const read: Given = {};
  for (const name of Object.keys(READERS) as (keyof PipelineOptions)[]) {
    const value = (options as Given)[name];
    read[name] = value === undefined ? undefined : READERS[name](value, name, caller);
  }
  return read;
}

function signalOf(signal: unknown, name: string, caller: string): AbortSignal {
  if (
    signal !== null &&
    typeof signal === 'object' &&
    'aborted' in signal &&
    typeof (signal as AbortSignal).addEventListener === 'function'
  )
    return signal as AbortSignal;
  throw new TypeError(`${caller}(): options.signal must be an AbortSignal; got ${describe(signal)}`);
}

function workerOf(worker: unknown, name: string, caller: string): boolean | WorkerPool {
  if (typeof worker === 'boolean' || (worker !== null && typeof worker === 'object' && 'close' in worker))
    return worker as boolean | WorkerPool;
  throw new TypeError(`${caller}(): options.${name} must be true, false or a workerPool(); got ${describe(worker)}`);
}

function traceOf(trace: unknown): string {
  if (typeof trace !== 'string')
    throw new TypeError(`pipeline(): options.trace must be a name; got ${describe(trace)}`);
  if (watching.begin !== undefined) return trace;
  throw new TypeError("pipeline(): options.trace needs import 'tidegate/inspect' before the pipeline begins");
}

function functionOf(value: unknown, name: string): unknown {
  if (typeof value === 'function') return value;
  throw new TypeError(`pipeline(): options.${name} must be a function; got ${describe(value)}`);
}

function numberOf(value: unknown, name: string, least: number): number {
  if (typeof value === 'number' && value >= least) return value;
  throw new RangeError(
    `pipeline(): options.${name} must be a number of at least ${least}; got ${typeof value === 'number' ? value : describe(value)}`,
  );
}
