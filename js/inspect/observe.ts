/** `observe()`: what `inspect()` tells, now and then. */
import { describe } from '../values/describe.js';
import { timerDelay } from '../runtime/sleep.js';
import { looksAt } from './inspect.js';
import type { Inspectable, ReportOf } from './inspect.js';

export interface ObserveOptions {
  /** Milliseconds between two calls. Default: 250. */
  everyMs?: number | undefined;
}

/** Ends an observation. Calling it again does nothing. */
export interface Observation {
  (): void;
  stop(): void;
  [Symbol.dispose](): void;
}

const EVERY = 250;

const hasEnded = (state: string): boolean =>
  state === 'done' || state === 'failed' || state === 'closed' || state === 'errored';

/**
 * Calls `callback(report)` with what `inspect(target)` returns: at once, then every `everyMs` milliseconds, and a last
 * time when the target has ended. It keeps neither a process nor a stream alive. If the callback throws, the observation
 * ends: the first call throws on, and the error of a later one is reported like any of a timer.
 *
 * @returns a function that ends the observation, which also has a method `stop()` and works with `using`
 * @throws {TypeError} when `target` is nothing that `inspect()` takes, or `callback` is no function
 * @throws {RangeError} when `everyMs` is not a number of at least 1
 */
export function observe<Target extends Inspectable>(
  target: Target,
  callback: (report: ReportOf<Target>) => void,
  { everyMs = EVERY }: ObserveOptions = {},
): Observation {
  if (typeof callback !== 'function')
    throw new TypeError(`observe(): the callback must be a function; got ${describe(callback)}`);
  if (!(typeof everyMs === 'number' && everyMs >= 1))
    throw new RangeError(`observe(): everyMs must be a number of at least 1; got ${String(everyMs)}`);
  const look = looksAt(target) as () => ReportOf<Target> | undefined;
  return repeat(look, callback, everyMs);
}

/**
 * Calls `callback` with what `look()` returns: at once, then every `everyMs` milliseconds, and a last time with the report of
 * an end. Undefined ends it as well, without a call.
 */
export function repeat<Report extends { readonly state: string }>(
  look: () => Report | undefined,
  callback: (report: Report) => void,
  everyMs: number,
): Observation {
  let timer: ReturnType<typeof setInterval> | undefined;
  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
  };
  const tell = (): void => {
    const report = look();
    if (report === undefined || hasEnded(report.state)) stop();
    try {
      if (report !== undefined) callback(report);
    } catch (error) {
      stop();
      throw error;
    }
  };
  timer = setInterval(tell, timerDelay(everyMs));
  (timer as { unref?(): void }).unref?.();
  tell();
  const observation = Object.assign(() => stop(), { stop }) as Observation;
  const { dispose } = Symbol as { readonly dispose?: symbol };
  if (dispose !== undefined) Object.defineProperty(observation, dispose, { value: stop });
  return observation;
}
