/**
 * How long this page takes from an input to the picture after it. Where the engine tells (Event Timing), the user's own inputs count;
 * in between, a probe measures the same way: a task, as an input's would be, then the next frame.
 */

const PROBE_EVERY = 250;
/** Milliseconds for which a figure is remembered. */
const REMEMBERED = 6000;

export class Liveness {
  /** @type {{ at: number, took: number, real: boolean }[]} */
  #seen = [];
  #timer = 0;

  constructor() {
    if (!globalThis.PerformanceObserver?.supportedEntryTypes?.includes('event')) return;
    const observer = new PerformanceObserver((list) => {
      for (const { duration, interactionId } of list.getEntries()) if (interactionId) this.#add(duration, true);
    });
    observer.observe({ type: 'event', durationThreshold: 16 });
  }

  /** Probes until `stop()`. */
  start() {
    this.#seen = [];
    const probe = async () => {
      const took = await probeOnce();
      if (!this.#timer) return;
      this.#add(took, false);
      this.#timer = setTimeout(probe, PROBE_EVERY);
    };
    this.#timer = setTimeout(probe, 0);
  }

  stop() {
    clearTimeout(this.#timer);
    this.#timer = 0;
  }

  /** The longest of the last seconds, in milliseconds; null before the first. `real`: an input of the user's. */
  get longest() {
    const since = performance.now() - REMEMBERED;
    this.#seen = this.#seen.filter(({ at }) => at >= since);
    return this.#seen.reduce((most, one) => (most && most.took >= one.took ? most : one), null);
  }

  #add(took, real) {
    this.#seen.push({ at: performance.now(), took, real });
  }
}

/** A hidden page paints nothing: there the probe waits until it is seen. */
function probeOnce() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    const began = performance.now();
    port1.onmessage = () =>
      requestAnimationFrame(() => {
        const painted = new MessageChannel();
        painted.port1.onmessage = () => {
          painted.port1.close();
          resolve(performance.now() - began);
        };
        painted.port2.postMessage(null);
        port1.close();
      });
    port2.postMessage(null);
  });
}
