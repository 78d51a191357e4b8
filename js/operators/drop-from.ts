/** Drops the chunks that an operator does not enqueue. */
import { readableImpl } from '../bridge/brands.js';
import { drop } from '../machines/discard.js';

/** Drops a chunk that `stage` received and does not enqueue. */
export const dropFrom = (stage: { readonly readable: unknown }, chunk: unknown): void =>
  drop(readableImpl(stage.readable)!, chunk);
