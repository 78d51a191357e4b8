const LONGEST_TIMER = 0x7fffffff; // a longer one fires at once

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
    const timer = setTimeout(done, Math.min(milliseconds, LONGEST_TIMER));
    signal.addEventListener('abort', done);
  });
}
