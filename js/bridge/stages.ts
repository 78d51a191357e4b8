/**
 * The methods, named by symbols, by which a pipeline recognises codecs and compositions. Neither imports the pipeline.
 */
import type { kFuse, kStages } from '../values/symbols.js';
import type { PairLike } from './shapes.js';

/**
 * A slice of the thread's time, for a stage that works without being called for each chunk. The stage calls `isOver()`
 * after each step. Once that returns true, the stage stops, and continues in `job(target)`, which `nextTask(job,
 * target)` calls in another task.
 */
export interface Slice {
  isOver(): boolean;
  nextTask<T>(job: (target: T) => void, target: T): void;
}

/** Workers that run codecs. `workerPool()` of `tidegate/codecs` makes one. */
export interface WorkerPool {
  /** The most workers that it has at a time. */
  readonly size: number;
  /** How many workers it has now. Each ends some seconds after its last codec has. */
  readonly workers: number;
  /** Ends its workers. Codecs that run in them fail; so do those that are to run in it later. */
  close(): void;
}

/**
 * A codec stage. The pipeline calls `[kFuse]` on the first of several neighbouring codecs, with the ones after it, and
 * uses the returned pair in place of all of them.
 *
 * 1. Called once, before `readable` or `writable` of any of these stages was read. It throws a TypeError if one of them
 *    is in use, or if two of them do not fit.
 * 2. The pair's writable side takes what the first stage takes, its readable side gives what the last one gives.
 * 3. Without `slice` the pair never yields the thread.
 * 4. With `worker` the stages run in a worker, unless one of them names a pool itself. It throws a TypeError if that is
 *    none, or if two stages name two of them.
 */
export interface CodecStage extends PairLike {
  [kFuse](followers: readonly CodecStage[], slice?: Slice, worker?: boolean | WorkerPool): PairLike;
}

/**
 * Several stages as one. `[kStages]()` returns the stages, which may be compositions themselves, and the pipeline runs
 * them in place of the composition. It returns undefined once `readable` or `writable` was read, because the stages are
 * in use then.
 */
export interface ComposedStage extends PairLike {
  [kStages](): readonly unknown[] | undefined;
}
