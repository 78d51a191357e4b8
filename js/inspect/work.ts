/**
 * Stages that begin work and do not wait for it, where that work is a pipeline or a pipe: only those can be seen.
 *
 * A pipeline calls its functions, and streams their `write()` and `transform()`, one at a time, each when the promise of the call before has
 * settled. So what an earlier call has begun and what still runs at the next is waited for by nobody. One needs not be a
 * mistake; as many as `MOST` at once are not bounded by anything.
 */
import { amount, nameOf } from './bottleneck.js';
import { bytesHeld, type Impl } from './figures.js';
import { runOfStream, RunWatch } from './runs.js';
import { placeOf } from './streams.js';
import type { PartWatch } from './parts.js';
import type { Found } from './mistakes.js';

const MOST = 256;

/** A pipe, as much of it as is asked here. */
export interface PipeLike {
  readonly id: number;
  readonly source: Impl;
  readonly destination: Impl;
}

type Work = RunWatch | PipeLike;

/** The pipes of a pipeline are that one's work. */
const runs = (work: Work): boolean =>
  work instanceof RunWatch ? work.endedAt === undefined : work.id !== 0 && runOfStream(work.source) === undefined;

const heldBy = (work: Work): number =>
  work instanceof RunWatch ? work.held : bytesHeld(work.source) + bytesHeld(work.destination);

const placeOfWork = (work: Work): string | undefined => (work instanceof RunWatch ? work.place : placeOf(work));

type Tell = (found: Omit<Found, 'stack'>, stack: string | undefined) => void;

/** What the calls of one function have begun. Held weakly: what is garbage runs no more. */
class Begun {
  #work: WeakRef<Work>[] = [];
  #isTold = false;

  add(work: Work): void {
    if (!this.#isTold) this.#work.push(new WeakRef(work));
  }

  /** Before the next call. */
  look(part: PartWatch, tell: Tell): void {
    if (this.#work.length < MOST) return;
    const running = this.#work.map((ref) => ref.deref()).filter((work) => work !== undefined && runs(work)) as Work[];
    this.#work = running.map((work) => new WeakRef(work));
    if (running.length < MOST) return;
    this.#isTold = true;
    this.#work = [];
    const bytes = running.reduce((sum, work) => sum + heldBy(work), 0);
    const name = nameOf(part);
    const held = bytes > 0 ? `: ${amount(bytes)} wait in their queues` : '';
    const message = `${name.charAt(0).toUpperCase()}${name.slice(1)} has begun ${running.length} pipelines that still run, and waits for none of them${held}.`;
    const fix =
      'Return or await the promise of what a call begins, so that the next chunk comes when it is done; map() and forEach() run several at once, as many as their option concurrency says.';
    tell({ kind: 'work not awaited', message, fix, bytes }, placeOfWork(running.at(-1)!));
  }
}

/** That of the call that is running. */
let current: Begun | undefined;

/** A pipeline or a pipe has begun. */
export const noteWork = (work: Work): void => current?.add(work);

/** `call`, a function of `part`, so that what it begins is seen. */
export function watchWork<This, A, B, Result>(
  call: (this: This, first: A, second: B) => Result,
  part: PartWatch,
  tell: Tell,
): (this: This, first: A, second: B) => Result {
  const begun = new Begun();
  return function (this: This, first: A, second: B): Result {
    begun.look(part, tell);
    const outer = current;
    current = begun;
    try {
      return call.call(this, first, second);
    } finally {
      current = outer;
    }
  };
}
