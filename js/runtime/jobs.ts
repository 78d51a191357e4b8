/**
 * Microtasks without closures. Each scheduled job is one reaction of an already resolved promise, so jobs and the
 * page's own promise reactions run in the order in which they were queued.
 *
 * Inside pipes, where no promise of the page tells about a job's effects, jobs share microtasks:
 *
 * - a job may join the microtask of the job that caused it (`scheduleInPipe`), after the page's callback that caused it
 *   has returned;
 * - the completions of the page's callbacks at the ends of pipes that jobs of ours cause (`scheduleAfter`) go together
 *   into one microtask, queued when the causing job is done and the microtask of the completions before them has run.
 *   So a completion never comes sooner than in the standard, and never two of one end in a microtask.
 *
 * docs/ORDER.md names the case that needs each way.
 */
import { broken, repair } from './broken.js';
import { grown, resolved } from './intrinsics.js';

/** A function and what it is called with. They stand one after the other in one list, which no type can say. */
type Job<Target> = (target: Target) => void;
type Item = unknown;

// Lists have no holes: a page may put setters for indices on Array.prototype.
let ring: Item[] = grown([], 128);
let mask = 127;
let head = 0;
let tail = 0;

/** How many jobs may join another one before the page's own jobs run. */
const BURST = 64;
/** The jobs that have joined the running one, each with its target. */
const burst: Item[] = grown([], 2 * BURST);
let joined = 0;
let room = 0;

/**
 * Completions, each with its target: those whose microtask is queued, and those that are being collected for the next.
 */
let queued: Item[] = grown([], 32);
let queuedLength = 0;
let collected: Item[] = grown([], 32);
let collectedLength = 0;
let running = false;

function runNext(): void {
  if (head === tail) return;
  const job = ring[head] as Job<unknown>;
  const target = ring[head + 1];
  ring[head] = undefined;
  ring[head + 1] = undefined;
  head = (head + 2) & mask;
  running = true;
  try {
    run(job, target);
  } finally {
    running = false;
    if (collectedLength > 0 && queuedLength === 0) queueCompletions();
  }
}

function runCompletions(): void {
  const list = queued;
  const length = queuedLength;
  let next = 0;
  running = true;
  try {
    while (next < length) {
      const target = list[next + 1];
      list[next + 1] = undefined;
      next += 2;
      run(list[next - 2] as Job<unknown>, target);
    }
  } finally {
    running = false;
    for (; next < length; next += 2) schedule(list[next] as Job<unknown>, list[next + 1]);
    queuedLength = 0;
    if (collectedLength > 0) queueCompletions();
  }
}

function queueCompletions(): void {
  resolved.react(runCompletions);
  const list = queued;
  queued = collected;
  queuedLength = collectedLength;
  collected = list;
  collectedLength = 0;
}

/** Runs a job and those that join it. */
function run(job: Job<unknown>, target: unknown): void {
  room = BURST;
  let next = 0;
  let joiner = target;
  try {
    job(target);
    while (next < joined) {
      next += 2;
      joiner = takeTarget(next - 1);
      (burst[next - 2] as Job<unknown>)(joiner);
    }
  } catch (error) {
    const { list, length } = broken;
    list[length] = joiner;
    list[length + 1] = undefined;
    list[length + 2] = error;
    list[length + 3] = undefined;
    broken.length = length + 4;
    resolved.react(repair);
    throw error;
  } finally {
    room = 0;
    for (; next < joined; next += 2) schedule(burst[next] as Job<unknown>, takeTarget(next + 1));
    joined = 0;
  }
}

/** Clears every reference that would keep a stream alive. */
function takeTarget(at: number): Item {
  const target = burst[at];
  burst[at] = undefined;
  return target;
}

function grow(): void {
  const count = ring.length;
  const bigger: Item[] = grown([], count * 2);
  for (let i = 0; i < count; i++) bigger[i] = ring[(head + i) & mask];
  ring = bigger;
  mask = bigger.length - 1;
  head = 0;
  tail = count - 2;
}

/**
 * Calls `job(target)` in a microtask of its own. The call that may throw, when the stack or memory ends, comes first: a
 * microtask without a job does nothing, but a job without a microtask would run in another one's.
 */
export function schedule<Target>(job: Job<Target>, target: Target): void {
  if (((tail + 2) & mask) === head) grow();
  resolved.react(runNext);
  ring[tail] = job;
  ring[tail + 1] = target;
  tail = (tail + 2) & mask;
  if (broken.length > 0) resolved.react(repair);
}

/**
 * Calls `job(target)` later in the running microtask of ours, or, where none runs or it is long already, in one of its
 * own.
 */
export function scheduleInPipe<Target>(job: Job<Target>, target: Target): void {
  if (room > 0) {
    room--;
    burst[joined] = job;
    burst[joined + 1] = target;
    joined += 2;
  } else {
    schedule(job, target);
  }
}

/** Calls `job(target)`, the completion of a callback at the end of a pipe, in the next microtask of such. */
export function scheduleAfter<Target>(job: Job<Target>, target: Target): void {
  if (running) {
    if (collectedLength === collected.length) collected = grown(collected, 2 * collectedLength);
    collected[collectedLength] = job;
    collected[collectedLength + 1] = target;
    collectedLength += 2;
  } else {
    schedule(job, target);
  }
}

/**
 * Puts `job(target)` in the place of the completion that was collected last, if that is `other(otherTarget)`; else
 * false.
 */
export function scheduleInPlaceOf<Other, Target>(
  other: Job<Other>,
  otherTarget: Other,
  job: Job<Target>,
  target: Target,
): boolean {
  const last = collectedLength - 2;
  if (last < 0 || collected[last] !== other || collected[last + 1] !== otherTarget) return false;
  collected[last] = job;
  collected[last + 1] = target;
  return true;
}
