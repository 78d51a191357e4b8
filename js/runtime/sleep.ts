/** The milliseconds for a timer that is to fire after `milliseconds`, which may be Infinity: at most 24.8 days, as a timer of more fires at once. */
export const timerDelay = (milliseconds: number): number => Math.min(milliseconds, 0x7fffffff);

/**
 * Resolves after this many milliseconds, at most 24.8 days, or as soon as `signal` is aborted. Leaves no timer and no
 * listener behind.
 */
export function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, timerDelay(milliseconds));
    signal.addEventListener('abort', done);
  });
}
