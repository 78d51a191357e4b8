/**
 * Lets the page do something else now and then. As long as a fetch body has data at hand, the engine answers reads in
 * microtasks, so that a busy chain could keep timers, input and painting waiting for seconds.
 */
export class Breath {
  #every;
  #last = performance.now();

  /** @param {number} [every] milliseconds of work after which others get their turn; default 12 */
  constructor(every = 12) {
    this.#every = every;
  }

  /** @returns {Promise<void> | undefined} undefined when it is not time yet */
  turn() {
    if (performance.now() - this.#last < this.#every) return undefined;
    return nextTask().then(() => {
      this.#last = performance.now();
    });
  }
}

/** Resolves in a task of its own, with no more delay than that. */
function nextTask() {
  if (globalThis.setImmediate) return new Promise((resolve) => setImmediate(resolve));
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
