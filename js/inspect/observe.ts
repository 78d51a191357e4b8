/** `observe()`: what `inspect()` tells, now and then. */
import { describe } from '../values/describe.js';
import { inspect } from './inspect.js';
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
 * time when the target has ended. Its timer does not keep a process alive. If the callback throws, the observation
 * ends and the error is reported like any of a timer.
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
  let timer: ReturnType<typeof setInterval> | undefined;
  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
  };
  const tell = (): void => {
    const report = inspect(target);
    if (hasEnded(report.state)) stop();
    try {
      callback(report);
    } catch (error) {
      stop();
      throw error;
    }
  };
  const first = inspect(target);
  if (!hasEnded(first.state)) {
    timer = setInterval(tell, everyMs);
    (timer as { unref?(): void }).unref?.();
  }
  try {
    callback(first);
  } catch (error) {
    stop();
    throw error;
  }
  const observation = Object.assign(() => stop(), { stop }) as Observation;
  const { dispose } = Symbol as { readonly dispose?: symbol };
  if (dispose !== undefined) Object.defineProperty(observation, dispose, { value: stop });
  return observation;
}
