/**
 * Microtasks without closures. Each scheduled job is one reaction of an already resolved promise, so
 * jobs and the page's own promise reactions run in the order in which they were queued.
 *
 * Inside pipes, where no promise of the page tells about a job's effects, jobs share microtasks:
 *
 * - a job may join the microtask of the job that caused it (`scheduleInPipe`), after the page's callback that caused it
 *   has returned;
 * - the completions of the page's callbacks at the ends of pipes that jobs of ours cause (`scheduleAfter`) go together
 *   into one microtask, queued when the causing job is done and the microtask of the completions before them has run. So
 *   a completion never comes sooner than in the standard, and never two of one end in a microtask.
 */
import { resolved } from './intrinsics.js';

let ring = new Array(128);
let mask = 127;
let head = 0;
let tail = 0;

/** How many jobs may join another before the page's own get their turn. */
const BURST = 64;
/** The jobs that have joined the running one, each with its target. */
const burst = new Array(2 * BURST);
let joined = 0;
let room = 0;

/** Completions, each with its target: those whose microtask is queued, and those that are being collected for the next. */
let queued = new Array(32);
let queuedLength = 0;
let collected = new Array(32);
let collectedLength = 0;
let running = false;

function runNext() {
  const job = ring[head];
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

function runCompletions() {
  const list = queued;
  const length = queuedLength;
  let next = 0;
  running = true;
  try {
    while (next < length) {
      const target = list[next + 1];
      list[next + 1] = undefined;
      next += 2;
      run(list[next - 2], target);
    }
  } finally {
    running = false;
    for (; next < length; next += 2) schedule(list[next], list[next + 1]);
    queuedLength = 0;
    if (collectedLength > 0) queueCompletions();
  }
}

function queueCompletions() {
  const list = queued;
  queued = collected;
  queuedLength = collectedLength;
  collected = list;
  collectedLength = 0;
  resolved.react(runCompletions);
}

/** Runs a job and those that join it. */
function run(job, target) {
  room = BURST;
  let next = 0;
  try {
    job(target);
    while (next < joined) {
      next += 2;
      burst[next - 2](takeTarget(next - 1));
    }
  } finally {
    room = 0;
    for (; next < joined; next += 2) schedule(burst[next], takeTarget(next + 1));
    joined = 0;
  }
}

/** Leaves nothing behind that would keep a stream alive. */
function takeTarget(at) {
  const target = burst[at];
  burst[at] = undefined;
  return target;
}

function grow() {
  const bigger = new Array(ring.length * 2);
  const count = ring.length;
  for (let i = 0; i < count; i++) bigger[i] = ring[(head + i) & mask];
  ring = bigger;
  mask = bigger.length - 1;
  head = 0;
  tail = count;
}

/** Calls `job(target)` in a microtask of its own. */
export function schedule(job, target) {
  ring[tail] = job;
  ring[tail + 1] = target;
  tail = (tail + 2) & mask;
  if (tail === head) grow();
  resolved.react(runNext);
}

/** Calls `job(target)` later in the running microtask of ours, or, where none runs or it is long already, in one of its own. */
export function scheduleInPipe(job, target) {
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
export function scheduleAfter(job, target) {
  if (running) {
    collected[collectedLength] = job;
    collected[collectedLength + 1] = target;
    collectedLength += 2;
  } else {
    schedule(job, target);
  }
}

/** Puts `job(target)` in the place of the completion that was collected last, if that is `other(otherTarget)`; else false. */
export function scheduleInPlaceOf(other, otherTarget, job, target) {
  const last = collectedLength - 2;
  if (last < 0 || collected[last] !== other || collected[last + 1] !== otherTarget) return false;
  collected[last] = job;
  collected[last + 1] = target;
  return true;
}

/** The way to schedule a job for a stream whose lock is `lock`. */
export function later(lock) {
  return lock !== undefined && lock.isPipe === true ? scheduleInPipe : schedule;
}
