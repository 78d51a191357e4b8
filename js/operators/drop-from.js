/** Chunks that an operator holds back. */
import { drop } from '../internal/discard.js';
import { readableImpl } from '../readable-stream.js';

/** Drops a chunk that `stage` was given and does not hand on. */
export const dropFrom = (stage, chunk) => drop(readableImpl(stage.readable), chunk);
