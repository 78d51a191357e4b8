/** One run of the canal: the job, the server's count of it, and a snapshot of both ten times a second. */

import { Job } from '../job.js';
import { openDownload } from '../server/index.js';
import { failedStage } from './teardown.js';
import { Reading } from './reading.js';

const SAMPLE_EVERY = 100;

/**
 * @typedef {object} End
 * @property {'done' | 'failed' | 'ended'} phase
 * @property {import('../job.js').JobResult} [result]
 * @property {any} [error]
 * @property {number} failed the index of the stage that failed; -1 where none did
 * @property {number | null} endedAfter milliseconds until the server saw its connection end
 */

export class Run {
  /** @type {Promise<End>} never rejects */
  end;
  download;
  #job;
  #aborter = new AbortController();
  #reading = new Reading();
  #began = performance.now();
  #ended = null;
  #told = null;
  #phase = 'running';
  #timer;
  #pace;

  /**
   * @param {{ size: string, pace: import('../pace.js').Pace, show: (now: import('./reading.js').Snapshot) => void }} options
   */
  constructor({ size, pace, show }) {
    this.#pace = pace;
    this.download = openDownload(size);
    this.#job = new Job({ source: this.download.source, signal: this.#aborter.signal, pace });
    this.download.failed?.catch((error) => this.#aborter.abort(error));
    const watched = this.download.watch(this.#job.result, () => this.#job.state().bytesIn > 0);
    this.#timer = setInterval(() => show(this.sample()), SAMPLE_EVERY);
    this.end = this.#finish(watched);
  }

  /** The run as of now. */
  sample() {
    const now = performance.now();
    const { rate, held } = this.#pace;
    return this.#reading.add(now, {
      state: this.#job.state(),
      sent: this.download.sent,
      take: held ? 0 : rate,
      phase: this.#phase,
      seconds: ((this.#ended ?? now) - this.#began) / 1000,
    });
  }

  abort() {
    this.#aborter.abort(new DOMException('Ended by hand', 'AbortError'));
  }

  /** @param {'totals' | 'bytes' | 'gunzip'} stage */
  fail(stage) {
    this.#told = stage;
    this.#job.fail(stage);
  }

  async #finish(watched) {
    const end = await this.#job.result.then(
      (result) => ({ phase: 'done', result, failed: -1 }),
      (error) => ({
        phase: error?.name === 'AbortError' ? 'ended' : 'failed',
        error,
        failed: this.#failedStage(error),
      }),
    );
    this.#ended = performance.now();
    this.#phase = end.phase;
    clearInterval(this.#timer);
    return { ...end, endedAfter: await watched };
  }

  #failedStage(error) {
    return failedStage(
      error,
      this.#told,
      this.#job.state().stages.map(({ name }) => name),
    );
  }
}
