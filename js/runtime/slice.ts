/**
 * The time slice that pipelines may use before they yield the thread, so that input, rendering, timers and messages can
 * run. A thread has one slice: all pipelines share it, and all wait for the same next task.
 *
 * The task is a message or, in Node, an immediate: neither is slowed in a hidden tab. Not `scheduler.yield()`: its
 * continuation goes before timers and messages, which in Chromium then never run as long as a pipeline works.
 */
import { schedule } from './jobs.js';

/** Milliseconds after which the thread is given back, unless a pipeline says otherwise: three quarters of a frame. */
export const YIELD_AFTER = 12;

/**
 * The most chunks between two looks at the clock, which costs as much as a chunk's way through a pipe. Looks are meant
 * to be a millisecond apart; more chunks than this, and the first slow ones after many fast ones would take too long.
 */
const MOST = 32;

/**
 * When the thread was last yielded, as far as known. Tasks that other code starts are not seen; then the next wait
 * comes sooner than necessary.
 */
let began = 0;
let looked = 0;
/** Chunks between two looks, and how many of them are left. */
let every = 1;
let left = 0;
/** The jobs that wait for the next task, each with its target. */
let waiting: unknown[] = [];
let channel: { port1: MessagePort & { ref?(): void; unref?(): void }; port2: MessagePort } | undefined;

/**
 * A pipeline starts. Where none has counted a chunk for `yieldAfter` milliseconds, the time before it was not any
 * pipeline's, and a new slice begins.
 */
export function enter(yieldAfter: number): void {
  const now = Date.now();
  if (Math.abs(now - looked) >= yieldAfter) began = looked = now;
  left = 0;
}

/**
 * Counts a chunk. Returns true if the slice of `yieldAfter` milliseconds is over, or other pipelines already wait: the
 * caller then calls `nextTask` and does nothing until it runs.
 */
export function isOver(yieldAfter: number): boolean {
  left -= 1;
  return left <= 0 && look(yieldAfter);
}

/** The same after a piece of work that takes longer than a look at the clock: a step of a codec. */
export const isOverNow = (yieldAfter: number): boolean => look(yieldAfter);

function look(yieldAfter: number): boolean {
  if (waiting.length > 0) return true;
  const now = Date.now();
  const since = now - looked;
  looked = now;
  if (since > 1) every = Math.max(1, Math.floor(every / since));
  else if (since < 1) every = Math.min(MOST, every * 2);
  const kept = now - began;
  // A clock that was put back tells nothing.
  if (kept >= yieldAfter || kept < 0) return true;
  left = yieldAfter > 1 ? every : 1;
  return false;
}

/** Whether a pipeline has used up its slice, and waits for the next task. */
export const isYielding = (): boolean => waiting.length > 0;

/** Calls `job(target)` in the next task, when the new slice has begun. */
export function nextTask<Target>(job: (target: Target) => void, target: Target): void {
  if (waiting.push(job, target) === 2) post();
}

function post(): void {
  const { setImmediate, MessageChannel } = globalThis;
  try {
    if (setImmediate) return void setImmediate(begin);
    if (MessageChannel) {
      if (channel === undefined) {
        channel = new MessageChannel();
        channel.port1.onmessage = begin;
      }
      hold('ref');
      return channel.port2.postMessage(undefined);
    }
  } catch {
    // The edge runtime of Next has both, and they throw when they are called.
  }
  setTimeout(begin, 0);
}

/** Where ports keep a process alive, ours does so only while a pipeline waits. */
function hold(method: 'ref' | 'unref'): void {
  channel?.port1[method]?.();
}

function begin(): void {
  hold('unref');
  began = looked = Date.now();
  left = 0;
  const jobs = waiting;
  waiting = [];
  for (let n = 0; n < jobs.length; n += 2) schedule(jobs[n] as (target: unknown) => void, jobs[n + 1]);
}
