/** Chunks that an operator holds back. */
import { readableImpl } from '../bridge/brands.js';
import { drop } from '../machines/discard.js';

/** Drops a chunk that `stage` was given and does not hand on. */
export const dropFrom = (stage: { readonly readable: unknown }, chunk: unknown): void =>
  drop(readableImpl(stage.readable)!, chunk);
