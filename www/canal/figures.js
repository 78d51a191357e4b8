/** The three large figures, and the folded ones. */

import { byId, say } from '../dom.js';
import { heapBytes } from '../memory.js';
import { formatBytes, formatCount, formatDuration } from '../units.js';

const figure = (name) => document.querySelector(`[data-figure="${name}"]`);

/**
 * @param {import('./reading.js').Snapshot} now
 * @param {{ took: number, real: boolean } | null} answer how fast the page answered
 */
export function showFigures(now, answer) {
  const { phase, server, held, most, rows, seconds } = now;
  const over = phase === 'failed' || phase === 'ended' || phase === 'done';
  const mean = (count) => (seconds > 0 ? count / seconds : 0);
  const stopped = phase === 'stopped';
  write({
    sent: formatBytes(server.bytes),
    'sent-note': sentNote(now),
    held: formatBytes(held),
    'held-note': most > 0 ? `and never more than ${formatBytes(most)}` : 'in all queues together',
    rows: formatCount(rows),
    rowRate: formatCount(over ? mean(rows) : now.rowRate),
    byteRate: formatBytes(over ? mean(now.bytesOut) : now.byteRate),
    time: formatDuration(seconds),
    heap: told(heapBytes()),
    wasm: formatBytes(now.wasmBytes),
  });
  figure('sent').dataset.still = String(stopped);
  if (answer && !over)
    write({
      answer: `${Math.round(answer.took)} ms`,
      'answer-note': answer.real ? 'from your input to the next paint' : 'from an input to the next paint',
    });
}

function sentNote(now) {
  const { phase, take } = now;
  if (phase === 'stopped') return 'and no more until you take rows';
  if (phase === 'stopping') return 'filling the network’s buffers';
  if (phase === 'running')
    return take === Infinity ? `gzip; you take ${formatBytes(now.flows[0])} a second` : 'gzip; only what you take';
  if (phase === 'idle') return 'nothing asked for yet';
  return phase === 'done' ? 'gzip: all of it' : 'and not a byte more';
}

/**
 * @param {import('./reading.js').Snapshot} now
 */
export function showProgress({ share, phase, seconds, bytesOut }) {
  const bar = byId('progress');
  if (share === null && phase === 'running') bar.removeAttribute('value');
  else bar.value = Math.min(1, share ?? 0);
  const read = bytesOut > 0 ? `${formatBytes(bytesOut)} of CSV read` : 'Nothing read yet';
  if (share === null) return say(byId('progress-text'), read);
  const left =
    phase === 'running' && share > 0.01 && share < 1
      ? `, about ${formatDuration(Math.max(1, (seconds / share) * (1 - share)))} left`
      : phase === 'stopped' || phase === 'stopping'
        ? ', waiting for you'
        : '';
  say(byId('progress-text'), `${Math.floor(share * 100)} %: ${read}${left}`);
}

function told(bytes) {
  return bytes === null ? 'not told here' : formatBytes(bytes);
}

function write(texts) {
  for (const [name, text] of Object.entries(texts)) say(figure(name), text);
}
