/** What a teardown looks like: the stage that failed at once, then its neighbours, one after another, out to the server. */

import { failureOf } from 'tidegate';
import { wantsStillness } from '../dom.js';

const PAUSE = 220;

/**
 * Which stage failed.
 *
 * @param {unknown} error what a pipeline rejected with
 * @param {string | null} told the stage that was told to fail, by the name of `Job.fail`
 * @param {string[]} names of the stages
 * @returns {number} -1 where it was none of them: the user ended it
 */
export function failedStage(error, told, names) {
  if (error?.name === 'AbortError') return -1;
  if (told) return Math.max(0, names.indexOf({ totals: 'totals', bytes: 'fetch', gunzip: 'gunzip' }[told]));
  const failure = failureOf(error);
  if (!failure) return -1;
  // The source and the tap on it are one stage here, and the codecs' chain is one part there.
  return failure.index <= 1 ? 0 : Math.min(failure.index - 1, names.length - 1);
}

/**
 * Shows it step by step; at once with reduced motion.
 *
 * @param {number} stages how many there are
 * @param {number} failed the one that failed; -1 where the consumer ended it, and all are torn down from its end
 * @param {(states: string[]) => void} show
 * @param {AbortSignal} signal ends the show
 */
export async function showTeardown(stages, failed, show, signal) {
  const from = failed < 0 ? stages : failed;
  const states = Array.from({ length: stages }, (_, index) => (index === failed ? 'failed' : 'flowing'));
  show([...states]);
  for (let distance = 1; distance <= stages; distance++) {
    if (!wantsStillness()) await new Promise((resolve) => setTimeout(resolve, PAUSE));
    if (signal.aborted) return;
    for (const index of [from - distance, from + distance]) if (index in states) states[index] = 'torn';
    show([...states]);
  }
}
