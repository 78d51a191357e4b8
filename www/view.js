/** Writes what a run looks like into the page, and nothing else: no state of the job is kept here. */

import { formatBytes, formatCents, formatCount, formatDuration } from './units.js';

/** @param {string} id @returns {HTMLElement} */
export const byId = (id) => document.getElementById(id);

/** Says what is going on, to the eye and to a screen reader. */
export function showStatus(text, tone = 'plain') {
  const status = byId('status');
  status.dataset.tone = tone;
  status.textContent = text;
}

/**
 * The stages with what they hold.
 *
 * @param {import('./job.js').StageState[]} stages
 */
export function showStages(stages) {
  const list = byId('stages');
  if (list.children.length !== stages.length || stages.some(({ name }, i) => list.children[i].dataset.name !== name)) {
    list.replaceChildren(...stages.map(stageItem));
  }
  stages.forEach((stage, index) => {
    const item = list.children[index];
    const { held, highWaterMark, unit } = stage;
    item.style.setProperty('--level', String(Math.min(1, highWaterMark > 0 ? held / highWaterMark : 0)));
    // In binary units, since that is what limits are set in.
    const amount = (count) => (unit === 'bytes' ? `${formatCount(count / 1024)} KiB` : `${formatCount(count)} ${unit}`);
    const [now, limit] = item.querySelectorAll('.held span');
    now.textContent = highWaterMark === 0 ? 'empty' : amount(held);
    limit.textContent = highWaterMark === 0 ? '' : ` of ${amount(highWaterMark)}`;
    const basin = item.querySelector('.basin');
    basin.setAttribute('aria-valuemax', String(Math.max(held, highWaterMark)));
    basin.setAttribute('aria-valuenow', String(held));
    basin.setAttribute('aria-valuetext', `${now.textContent}${limit.textContent}`);
  });
}

function stageItem({ name }) {
  const item = element('li', { className: 'stage' });
  item.dataset.name = name;
  const basin = element('div', { className: 'basin' }, element('i'));
  basin.setAttribute('role', 'meter');
  basin.setAttribute('aria-label', `Held in ${name}`);
  basin.setAttribute('aria-valuemin', '0');
  item.append(
    element('b', { textContent: name }),
    basin,
    element('div', { className: 'held' }, element('span'), element('span')),
  );
  return item;
}

/**
 * @param {number | null} share 0 to 1
 * @param {string} text
 */
export function showProgress(share, text) {
  const bar = byId('progress');
  if (share === null) bar.removeAttribute('value');
  else bar.value = Math.min(1, share);
  byId('progress-text').textContent = text;
}

/**
 * @param {Record<'rowRate' | 'byteRate' | 'rows' | 'seconds' | 'held', number> & Record<'heap' | 'page' | 'wasm', number | null>}
 *   figures bytes, rows, seconds; null where the browser does not tell, undefined where it has not told yet
 */
export function showFigures({ rowRate, byteRate, rows, seconds, held, heap, page, wasm }) {
  const told = (bytes) => (bytes === null ? 'not told' : bytes === undefined ? '–' : formatBytes(bytes));
  const texts = {
    rowRate: formatCount(rowRate),
    byteRate: formatBytes(byteRate),
    rows: formatCount(rows),
    time: formatDuration(seconds),
    held: formatBytes(held),
    heap: told(heap),
    page: told(page),
    wasm: told(wasm),
  };
  for (const [name, text] of Object.entries(texts))
    document.querySelector(`[data-figure="${name}"]`).textContent = text;
}

export function hideResult() {
  byId('result').hidden = true;
}

/**
 * @param {import('./job.js').JobResult} result
 * @param {{ rows: number, totals: Record<string, number>, sha256: string } | null} server what the server says, if it knows
 * @returns {boolean} whether everything agrees; true when there is nothing to compare with
 */
export function showResult(result, server) {
  const { rows, totals, sha256 } = result;
  const cities = [...new Set([...Object.keys(server?.totals ?? {}), ...Object.keys(totals)])];
  const differing = cities.filter((city) => server && totals[city] !== server.totals[city]);
  const agrees = !server || (differing.length === 0 && rows === server.rows && sha256 === server.sha256);

  const verdict = byId('verdict');
  verdict.dataset.tone = !server ? 'plain' : agrees ? 'good' : 'bad';
  verdict.textContent = !server
    ? `${formatCount(rows)} rows read. There is no server’s answer to compare them with.`
    : agrees
      ? '✓ Row count, every total and the SHA-256 are the server’s own.'
      : '✗ This page and the server disagree.';

  byId('proof').replaceChildren(
    ...proof('Rows', formatCount(rows), server && formatCount(server.rows)),
    ...proof('SHA-256 of the CSV', sha256, server?.sha256, 'code'),
  );

  for (const header of document.querySelectorAll('#totals .server')) header.hidden = !server;
  byId('totals').tBodies[0].replaceChildren(
    ...cities
      .toSorted((a, b) => (totals[b] ?? 0) - (totals[a] ?? 0))
      .map((city) => {
        const row = element('tr', {}, element('th', { scope: 'row', textContent: city }), amountCell(totals[city]));
        const same = !differing.includes(city);
        if (server)
          row.append(
            same ? element('td', { className: 'number same', textContent: '✓ same' }) : amountCell(server.totals[city]),
          );
        row.dataset.same = String(same);
        return row;
      }),
  );
  byId('result').hidden = false;
  return agrees;
}

function proof(name, ours, theirs, tag = 'span') {
  const values = [element('dd', {}, element(tag, { textContent: ours }))];
  if (theirs && theirs !== ours)
    values.push(element('dd', {}, 'The server says ', element(tag, { textContent: theirs })));
  return [element('div', {}, element('dt', { textContent: name }), ...values)];
}

function amountCell(cents) {
  return element('td', { className: 'number', textContent: cents === undefined ? 'missing' : formatCents(cents) });
}

function element(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}
