/** What a stage may tell a pipeline of itself, by a symbol: codecs and compositions stand on the same floor as pipelines, and know nothing of them. */
import type { kFuse, kStages } from '../values/symbols.js';
import type { PairLike } from './shapes.js';

/**
 * A slice of the thread's time, for a stage that works by itself. The stage asks `isOver()` after each step; once that is true it does nothing
 * more before `nextTask(job, target)` has called `job(target)`, in another task.
 */
export interface Slice {
  isOver(): boolean;
  nextTask<T>(job: (target: T) => void, target: T): void;
}

/**
 * A codec stage. Whoever joins stages calls `[kFuse]` on the first of several neighbours, with the ones after it, and uses the pair that it
 * returns in place of all of them.
 *
 * 1. Called once, before anything has asked for `readable` or `writable` of any of these stages; it throws a TypeError where one is in use, or where
 *    they do not fit one another.
 * 2. The pair's writable side takes what the first stage takes, its readable side gives what the last one gives.
 * 3. Without `slice` the pair never gives way.
 */
export interface CodecStage extends PairLike {
  [kFuse](followers: readonly CodecStage[], slice?: Slice): PairLike;
}

/**
 * Several stages as one. `[kStages]()` gives the stages, which may be compositions themselves, and whoever runs them does so in place of the
 * composition; it gives undefined once somebody has asked for `readable` or `writable`, as the stages are in use then.
 */
export interface ComposedStage extends PairLike {
  [kStages](): readonly unknown[] | undefined;
}
