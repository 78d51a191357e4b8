/** One sentence that says what is going on. */

import { formatBytes, formatCount, formatDuration } from '../units.js';

/** The codecs run as one chain, which has one load. */
const WORK = {
  fetch: 'Taking bytes in sets',
  gunzip: 'Unpacking, hashing and reading rows, which run as one, set',
  totals: 'Adding up sets',
};

/**
 * @param {import('./reading.js').Snapshot} now
 * @param {{ error?: Error, stage?: string, endedAfter?: number | null, verdict?: string }} [end] how the run ended; `endedAfter`:
 *   milliseconds until the server saw it, where it did
 * @returns {string}
 */
export function sentenceOf(now, end = {}) {
  const { phase, server, held, take, rowRate, slowest } = now;
  switch (phase) {
    case 'idle':
      return 'Every gate is shut, and the server has not been asked for a byte. Open the gates.';
    case 'opening':
      return 'The gates are opening.';
    case 'stopping':
      return `You stopped taking rows: ${formatBytes(held)} wait in the page, and the server still fills the network’s buffers.`;
    case 'stopped':
      return `You stopped taking rows: ${formatBytes(held)} wait in the page; the server stopped after ${formatBytes(server.bytes)}.`;
    case 'failed':
      return `${failureOf(end)} ${teardownOf(end, end.stage ? 'Every other stage' : 'Every stage')}`;
    case 'ended':
      return `You ended it after ${formatCount(now.rows)} rows. ${teardownOf(end, 'Every stage')}`;
    case 'done':
      return `Done: ${formatCount(now.rows)} rows in ${formatDuration(now.seconds)}. ${end.verdict ?? ''}`.trim();
    default:
      if (take !== Infinity)
        return `You take ${roughly(take)} rows a second, so the server sends no more than that: ${formatBytes(held)} wait in the page.`;
      if (rowRate === 0) return 'The gates are open; the first rows are on their way.';
      return `Everything runs at full speed: ${roughly(rowRate)} rows a second. ${whyOf(slowest)}`;
  }
}

/** To two digits: more of them would change too fast to be read. */
function roughly(count) {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, count))) - 1);
  return formatCount(Math.round(count / unit) * unit);
}

function whyOf(slowest) {
  if (!slowest) return '';
  if (slowest.index < 0) return 'The server sets the pace.';
  const share = `${Math.round(slowest.load * 100)} % of the last second`;
  return `${WORK[slowest.name] ?? `${slowest.name} sets`} the pace: at work ${share}.`;
}

/** The first clause of the error's message: the rest of it stands beside the step that broke the stage. */
function failureOf({ error, stage }) {
  const clauses = String(error?.message ?? 'no reason given').split(': ');
  const said = clauses[0] === stage && clauses.length > 1 ? clauses[1] : clauses[0];
  return `${stage ?? 'The run'} failed: ${said.replace(/\.$/, '')}.`;
}

function teardownOf({ endedAfter }, who) {
  const torn = `${who} was torn down`;
  return endedAfter == null ? `${torn}.` : `${torn}, and the server saw the connection end after ${endedAfter} ms.`;
}
