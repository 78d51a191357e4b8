/**
 * Microtasks without closures. Each scheduled job is one reaction of an already resolved promise, so
 * jobs and the page's own promise reactions run in the order in which they were queued.
 */
import { promiseThen, resolved } from './intrinsics.js';

let ring = new Array(128);
let mask = 127;
let head = 0;
let tail = 0;

function runNext() {
  const job = ring[head];
  const target = ring[head + 1];
  ring[head] = undefined;
  ring[head + 1] = undefined;
  head = (head + 2) & mask;
  job(target);
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
  promiseThen(resolved, runNext);
}
