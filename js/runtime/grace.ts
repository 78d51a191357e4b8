/**
 * How long teardown waits for others. What is called because of an error, an abort or an early end (`cancel`, `abort`, `close`,
 * `return`, `nack`, an unsubscribe) may never settle, as of a connection that has dropped. A healthy `pull()`, `write()` or
 * `close()` is never timed: that would break backpressure.
 */

/** Milliseconds. */
export const GRACE = 500;

/** Settles as `work` does, or resolves after the grace. A later failure of `work` is dropped. */
export const withinGrace = <T>(work: T | PromiseLike<T>): Promise<T | void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, GRACE);
    Promise.resolve(work)
      .finally(() => clearTimeout(timer))
      .then(resolve, reject);
  });
