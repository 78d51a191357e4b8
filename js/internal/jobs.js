/**
 * Microtasks without closures. Each scheduled job is one reaction of an already resolved promise, so
 * jobs and the page's own promise reactions run in the order in which they were queued.
 *
 * A job inside a pipe, whose effects no promise of the page tells about, may join the microtask of the job that
 * caused it (`scheduleInPipe`). It still runs after the page's callback that caused it has returned.
 */
import { resolved } from './intrinsics.js';

let ring = new Array(128);
let mask = 127;
let head = 0;
let tail = 0;

/** How many jobs may join one microtask before the page's own get their turn. */
const BURST = 64;
/** The jobs that have joined the running microtask, each with its target. */
const burst = new Array(2 * BURST);
let joined = 0;
let room = 0;

function runNext() {
  const job = ring[head];
  const target = ring[head + 1];
  ring[head] = undefined;
  ring[head + 1] = undefined;
  head = (head + 2) & mask;
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
  resolved.then(runNext);
}

/** The way to schedule a job for a stream whose lock is `lock`. */
export function later(lock) {
  return lock !== undefined && lock.isPipe === true ? scheduleInPipe : schedule;
}
