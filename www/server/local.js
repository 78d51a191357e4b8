/** The server of a page without one, which is a worker of the page's own (worker.js). */

import { fromMessagePort } from 'tidegate';
import { newPromise } from '../promise.js';

/** Chunks of 64 KiB that are on the way at most. */
const ON_THE_WAY = 4;
/** Milliseconds after the end of a run for which the worker is waited for. */
const GIVE_UP_AFTER = 3000;

/** One download: the same as that of lab.js. */
export class LocalDownload {
  #worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  #channel = new MessageChannel();
  #sent = 0;
  #aborted = newPromise();
  #failed = newPromise();

  constructor() {
    this.#worker.onmessage = ({ data: { bytes, state } }) => {
      this.#sent = bytes;
      if (state === 'aborted') this.#aborted.resolve();
    };
    this.#worker.onerror = ({ message }) =>
      this.#failed.reject(new Error(`The worker that plays the server did not start${message ? `: ${message}` : ''}`));
    this.#failed.promise.catch(() => {});
    const at = (name) => new URL(`data/${name}.bin`, document.baseURI).href;
    const { port2: port } = this.#channel;
    this.#worker.postMessage({ port, head: at('head'), block: at('block') }, [port]);
  }

  /** What the job opens. */
  get source() {
    return { stream: fromMessagePort(this.#channel.port1, { highWaterMark: ON_THE_WAY }) };
  }

  get sent() {
    return this.#sent;
  }

  /** Rejects where there is no server to read from. What goes wrong in a server that runs, the source tells. @type {Promise<never>} */
  get failed() {
    return this.#failed.promise;
  }

  /** @param {Promise<unknown>} ended settles when the run has ended, whichever way @returns {Promise<number | null>} */
  async watch(ended) {
    await ended.catch(() => {});
    const end = performance.now();
    let timer;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, GIVE_UP_AFTER, null);
    });
    const took = await Promise.race([
      this.#aborted.promise.then(() => Math.round(performance.now() - end)),
      this.#failed.promise.catch(() => null),
      late,
    ]);
    clearTimeout(timer);
    this.#worker.terminate();
    return took;
  }

  /** A file without an end has none. */
  async summary() {
    return null;
  }
}
