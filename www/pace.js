import { newPromise } from './promise.js';

/** Holds a consumer back: to so many rows a second, or to none at all until it is let go. */
export class Pace {
  #rate = Infinity;
  #held = false;
  /** Wakes whoever waits, after a change of either. */
  #changed = newPromise();

  /** Rows a second that the consumer takes at most; Infinity, the default, waits for nothing. */
  get rate() {
    return this.#rate;
  }

  set rate(rowsPerSecond) {
    this.#rate = rowsPerSecond;
    this.#wake();
  }

  /** Whether the consumer takes nothing at all. */
  get held() {
    return this.#held;
  }

  /** From the next batch on the consumer takes nothing. */
  hold() {
    this.#held = true;
  }

  /** Lets the consumer go on. */
  release() {
    this.#held = false;
    this.#wake();
  }

  /**
   * What a consumer waits for before it works on a batch.
   *
   * @param {number} [rows] of the batch
   * @param {AbortSignal} [signal] ends the wait
   * @returns {Promise<void> | undefined} undefined when there is nothing to wait for
   * @throws the signal's reason
   */
  turn(rows = 0, signal) {
    if (!this.#held && this.#rate === Infinity) return undefined;
    return this.#wait(rows, signal);
  }

  #wake() {
    this.#changed.resolve();
    this.#changed = newPromise();
  }

  async #wait(rows, signal) {
    signal?.throwIfAborted();
    const aborted = newPromise();
    const abort = () => aborted.reject(signal.reason);
    signal?.addEventListener('abort', abort);
    let timer;
    try {
      const began = performance.now();
      for (;;) {
        const left = began + (rows / this.#rate) * 1000 - performance.now();
        if (!this.#held && left <= 0) return;
        const due = newPromise();
        if (!this.#held) timer = setTimeout(due.resolve, left);
        await Promise.race([due.promise, this.#changed.promise, aborted.promise]);
        clearTimeout(timer);
      }
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    }
  }
}
