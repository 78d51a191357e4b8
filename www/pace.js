/** Holds a consumer back: a wait before each batch, or no next batch at all until it is let go. */
export class Pace {
  /** Milliseconds to wait before each batch; 0 waits for nothing. */
  delay = 0;
  #held = false;
  #release = null;
  #released = null;

  /** Whether the consumer takes nothing at all. */
  get held() {
    return this.#held;
  }

  /** From the next batch on the consumer takes nothing. */
  hold() {
    if (this.#held) return;
    this.#held = true;
    this.#released = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  /** Lets the consumer go on. */
  release() {
    this.#held = false;
    this.#release?.();
  }

  /**
   * What a consumer waits for before its next batch.
   *
   * @param {AbortSignal} [signal] ends the wait
   * @returns {Promise<void> | undefined} undefined when there is nothing to wait for
   * @throws the signal's reason
   */
  turn(signal) {
    if (!this.#held && this.delay === 0) return undefined;
    return this.#wait(signal);
  }

  async #wait(signal) {
    signal?.throwIfAborted();
    let abort;
    const aborted = new Promise((_, reject) => {
      abort = () => reject(signal.reason);
      signal?.addEventListener('abort', abort);
    });
    let timer;
    try {
      if (this.delay > 0) {
        const waited = new Promise((resolve) => {
          timer = setTimeout(resolve, this.delay);
        });
        await Promise.race([waited, aborted]);
      }
      while (this.#held) await Promise.race([this.#released, aborted]);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    }
  }
}
