/** The lab's server as the page knows it: addresses of its files, and what it says of a download. */

/** Milliseconds between two questions, while a run goes on and once it has ended. */
const ASK_EVERY = 200;
const ASK_EVERY_AT_THE_END = 25;
/** Milliseconds that an answer may take, and after the end of a run for which the server is still asked. */
const GIVE_UP_AFTER = 3000;

/**
 * Only Chromium stops reading the network for a body that nobody reads (docs/LAB.md), and only it has this property. Where an engine goes
 * on, the file without an end comes in parts, so that a part is the most it swallows.
 */
const HOLDS_THE_NETWORK_BACK = 'userAgentData' in navigator;

/** One download, and the server's count of it. */
export class LabDownload {
  #id = crypto.randomUUID();
  #size;
  #sent = 0;
  #state = 'none';

  /** @param {string} size "endless", or a size as in "16MB" */
  constructor(size) {
    this.#size = size;
  }

  /** What the job opens. @returns {Parameters<typeof import('../source.js').openSource>[0]} */
  get source() {
    const query = `id=${this.#id}`;
    if (this.#size === 'endless' && !HOLDS_THE_NETWORK_BACK)
      return { urlOf: (part) => `data/endless.csv.gz?${query}&part=${part}` };
    return { url: `data/${this.#size}.csv.gz?${query}`, gzip: true };
  }

  /** A server that cannot be reached fails the source. @type {null} */
  failed = null;

  /** Bytes that the server has handed over, as of its last answer. */
  get sent() {
    return this.#sent;
  }

  /**
   * Asks the server until it has seen the end.
   *
   * @param {Promise<unknown>} ended settles when the run has ended, whichever way
   * @param {() => boolean} begun whether the server has been reached: before, it knows nothing of the download
   * @returns {Promise<number | null>} milliseconds from there until the server saw its connection end; null where it did not say
   */
  async watch(ended, begun) {
    let end = null;
    ended.finally(() => (end = performance.now())).catch(() => {});
    for (;;) {
      if (begun()) await this.#ask();
      if (end !== null && this.#state !== 'open')
        return this.#state === 'aborted' ? Math.round(performance.now() - end) : null;
      if (end !== null && performance.now() - end > GIVE_UP_AFTER) return null;
      const pause = new Promise((resolve) => setTimeout(resolve, end === null ? ASK_EVERY : ASK_EVERY_AT_THE_END));
      await (end === null ? Promise.race([pause, ended.catch(() => {})]) : pause);
    }
  }

  /**
   * What the server found in the file, where it has an end.
   *
   * @returns {Promise<import('../job.js').JobResult | null>} rejects where the server does not say
   */
  async summary() {
    if (this.#size === 'endless') return null;
    return askJson(`api/summary?size=${this.#size}`);
  }

  async #ask() {
    try {
      const { bytes, state } = await askJson(`api/connections?id=${this.#id}`);
      this.#sent = bytes;
      this.#state = state;
    } catch (error) {
      // The server is gone, which the run's own error says.
      this.#state = `unknown: ${error.message}`;
    }
  }
}

async function askJson(url) {
  const response = await fetch(url, { signal: AbortSignal.timeout(GIVE_UP_AFTER) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.json();
}
