/**
 * Where `tidegate/inspect` learns of streams, locks and bridges. All are undefined until that entry is imported, so a page without
 * it pays a comparison for each, and nothing for a chunk. They run no user code and never throw.
 */
import { isolate } from './intrinsics.js';

class Watch {
  /** Called with each machine that has got its slot in the core: a stream, a pipe, a tee. */
  declare created: ((machine: object) => void) | undefined;
  /** Called with each reader and writer that has locked its stream. */
  declare locked: ((lock: object) => void) | undefined;
  /** Called with each readable stream that is a bridge to `far`. */
  declare bridged: ((near: object, far: object) => void) | undefined;

  constructor() {
    this.created = undefined;
    this.locked = undefined;
    this.bridged = undefined;
  }
}

isolate(Watch);

export const watch = new Watch();
