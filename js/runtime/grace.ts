/**
 * The time limit of teardown. A call that is made because of an error, an abort or an early end (`cancel`, `abort`,
 * `close`, `return`, `nack`, an unsubscribe) may never settle, for example on a lost connection. A healthy `pull()`,
 * `write()` or `close()` has no limit: that would break backpressure.
 */

/** Milliseconds. */
export const GRACE = 500;

/** Settles as `work` does, or resolves when the time limit is over. A later failure of `work` is dropped. */
export const withinGrace = <T>(work: T | PromiseLike<T>): Promise<T | void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, GRACE);
    Promise.resolve(work)
      .finally(() => clearTimeout(timer))
      .then(resolve, reject);
  });
