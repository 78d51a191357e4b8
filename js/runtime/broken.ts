/**
 * Recovery from an interrupted transition: a call from deep in the page's own recursion overflowed the stack inside our
 * code, or memory ran out. Nothing may build on half a transition, so every part of it is errored.
 *
 * Invariants:
 * 1. A function that changes state catches what it does not throw on purpose, appends the part, its id, the error and a
 *    promise that nobody has got (or undefined) to `broken.list`, takes the id from the part, so that no call reaches
 *    the half-changed slot, and throws on. These are plain stores into existing objects, because there may be no stack
 *    left for a call or an object literal. Then it asks for `repair` in a microtask; where even that fails, the next
 *    job, reader or writer asks again.
 * 2. An error that such a function throws on purpose is in `broken.expected`.
 * 3. A part has a method `crash(error)`, which frees its slot in the core, settles every promise it has given out, and
 *    does the same to the parts that its transitions reach: the other side of a transform, a pipe, a tee. It may be
 *    called in any state, and twice.
 */
import { grown, isolate, markHandled } from './intrinsics.js';

/**
 * A class: V8 keeps the properties of a literal without a prototype in a hash table, and every job asks for `length`.
 */
class Broken {
  declare list: unknown[];
  declare length: number;
  declare expected: unknown;

  constructor() {
    /** Four items an entry. */
    this.list = grown([], 512);
    this.length = 0;
    this.expected = undefined;
  }
}

isolate(Broken);

export const broken = new Broken();

/** A part of a transition. */
export interface Part {
  id?: number;
  /** Invariant 3 above. Jobs have targets that need none. */
  crash?(error: unknown): void;
}

/** Ends the parts of interrupted transitions. */
export function repair(): void {
  const { list } = broken;
  while (broken.length > 0) {
    const at = broken.length - 4;
    const part = list[at] as Part;
    const id = list[at + 1];
    const error = list[at + 2];
    const promise = list[at + 3] as Promise<unknown> | undefined;
    for (let n = at; n < at + 4; n++) list[n] = undefined;
    broken.length = at;
    if (id) part.id = id as number;
    if (promise !== undefined) markHandled(promise);
    part.crash?.(error);
  }
}

/** Calls a last callback of the page with a crash, and ignores its result. */
export function tellOfCrash(callback: ((error: unknown) => unknown) | undefined, error: unknown): void {
  try {
    const result = callback?.(error);
    if (result !== undefined) Promise.resolve(result).catch(() => {});
  } catch {
    // The stream has failed already.
  }
}
