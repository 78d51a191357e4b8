/** The options of `pipeline()`. */
import { convertOnDiscard } from '../machines/discard.js';
import { describe } from '../values/describe.js';
import type { OnDiscard, OnDiscardOption } from '../machines/discard.js';
import type { PipelineProgress } from './progress.js';

export interface PipelineOptions {
  /** Takes the pipeline down when it is aborted; the promise then rejects with its `reason`. Default: none. */
  signal?: AbortSignal | undefined;
  /** Leave the sink open, and unlocked, when the source ends. Default false. */
  preventClose?: boolean | undefined;
  /** Leave the sink open, and unlocked, when the pipeline fails or is aborted. Default false. */
  preventAbort?: boolean | undefined;
  /**
   * Leave the source open, and unlocked, when the pipeline fails, is aborted or ends early. A chunk that was on its way at that moment is
   * lost; `onDiscard` receives it. Default false.
   */
  preventCancel?: boolean | undefined;
  /** Called with the progress, and once more when the pipeline has ended without an error. If it throws, the pipeline fails. Default: none. */
  onProgress?: ((progress: PipelineProgress) => void) | undefined;
  /** Milliseconds between two reports. Default 250. */
  progressInterval?: number | undefined;
  /**
   * The bytes the source will give. Default: the size of a `Blob`, the `Content-Length` of a body without `Content-Encoding`, else
   * unknown.
   */
  total?: number | undefined;
  /**
   * Bytes that all queues of tidegate's streams in the pipeline may hold together. When they hold half of it, the source is paused
   * until they hold less; more than all of it fails the pipeline with a `RangeError` that names the part with the most. Default: no limit
   * but the streams' own.
   */
  memoryLimit?: number | undefined;
  /**
   * Milliseconds after which the pipeline yields the thread, so that input, rendering, timers, messages and other requests run. All pipelines
   * of a thread share that time. `Infinity`: never. A single call of a function, and the work on a single chunk, are not interrupted.
   * Default: 12
   *
   * @throws {RangeError} where it is no number of at least 0
   */
  yieldAfter?: number | undefined;
  /**
   * The bytes of a chunk, for `onProgress` and `memoryLimit`. Default: the length of bytes and strings, 8 for a number, the sum over arrays
   * and plain objects, 0 for anything else.
   */
  size?: ((chunk: unknown) => number) | undefined;
  /**
   * Called once, in a microtask, with each chunk that no part will receive: for values that must be closed. The pipeline waits at most 500
   * milliseconds for its promise. If it throws, the pipeline fails. A stream's own `onDiscard` takes precedence. `'dispose'` calls the
   * chunk's `Symbol.asyncDispose` or `Symbol.dispose`. The queues of the engine's and of Node's streams are not accessible. Default: none.
   */
  onDiscard?: OnDiscardOption | undefined;
}

/** The options as they have been read. */
export interface ReadOptions extends Omit<PipelineOptions, 'onDiscard'> {
  readonly onDiscard?: OnDiscard | undefined;
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
};

/** Milliseconds after which a pipeline gives the thread back: three quarters of a frame. */
const YIELD_AFTER = 12;

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
