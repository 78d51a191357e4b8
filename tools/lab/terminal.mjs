/** Shows a running job in a terminal: one line that is rewritten, or a line every few seconds where nobody is watching. */

import { Rates } from '../../www/rates.js';
import { formatBytes, formatCount, formatDuration } from '../../www/units.js';

const TTY_EVERY = 250;
const LOG_EVERY = 3000;

/**
 * Runs a job to its end with a progress line on standard error.
 *
 * @param {typeof import('../../www/job.js')} module
 * @param {ConstructorParameters<typeof import('../../www/job.js').Job>[0]} options
 * @returns {Promise<{ result: import('../../www/job.js').JobResult, seconds: number }>}
 */
export async function runInTerminal({ Job }, options, stream = process.stderr) {
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  const rates = new Rates(stream.isTTY ? 1000 : LOG_EVERY);
  const job = new Job(options);
  const show = () => {
    const line = progressLine(job.state(), rates, seconds());
    stream.write(stream.isTTY ? `\r${line.slice(0, stream.columns - 1)}\x1b[K` : `${line}\n`);
  };
  const timer = setInterval(show, stream.isTTY ? TTY_EVERY : LOG_EVERY);
  try {
    return { result: await job.result, seconds: seconds() };
  } finally {
    clearInterval(timer);
    show();
    stream.write('\n');
  }
}

function progressLine({ bytesOut, rows, share }, rates, seconds) {
  const rate = rates.add(seconds * 1000, { bytesOut, rows });
  const parts = [
    `${formatBytes(bytesOut)} of CSV`,
    `${formatCount(rows)} rows`,
    `${formatBytes(rate.bytesOut)}/s`,
    `${formatCount(rate.rows)} rows/s`,
    `RSS ${formatBytes(process.memoryUsage.rss())}`,
  ];
  if (share !== null)
    parts.unshift(
      `${Math.floor(share * 100)
        .toString()
        .padStart(3)} %`,
    );
  if (share > 0.01 && share < 1) parts.push(`about ${formatDuration((seconds / share) * (1 - share))} left`);
  return parts.join('  ');
}
