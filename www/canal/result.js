/** What a run that came to its end found, beside what the server says. */

import { byId, element } from '../dom.js';
import { formatCents, formatCount } from '../units.js';

export function hideResult() {
  byId('result').hidden = true;
}

/**
 * @param {import('../job.js').JobResult} result
 * @param {{ rows: number, totals: Record<string, number>, sha256: string }} server
 * @returns {string} whether everything is the server's own, in words
 */
export function showResult({ rows, totals, sha256 }, server) {
  const cities = [...new Set([...Object.keys(server.totals), ...Object.keys(totals)])];
  const differing = cities.filter((city) => totals[city] !== server.totals[city]);
  const agrees = differing.length === 0 && rows === server.rows && sha256 === server.sha256;
  const verdict = agrees
    ? '✓ Row count, every total and the SHA-256 are the server’s own.'
    : '✗ This page and the server disagree.';
  byId('verdict').dataset.tone = agrees ? 'good' : 'bad';
  byId('verdict').textContent = verdict;

  byId('proof').replaceChildren(
    proof('Rows', formatCount(rows), formatCount(server.rows)),
    proof('SHA-256 of the CSV', sha256, server.sha256, 'code'),
  );
  byId('totals').tBodies[0].replaceChildren(
    ...cities
      .toSorted((a, b) => (totals[b] ?? 0) - (totals[a] ?? 0))
      .map((city) => {
        const same = !differing.includes(city);
        const theirs = same
          ? element('td', { className: 'number', textContent: '✓ same' })
          : amountCell(server.totals[city]);
        const row = element(
          'tr',
          {},
          element('th', { scope: 'row', textContent: city }),
          amountCell(totals[city]),
          theirs,
        );
        row.dataset.same = String(same);
        return row;
      }),
  );
  byId('result').hidden = false;
  return verdict;
}

function proof(name, ours, theirs, tag = 'span') {
  const values = [element('dd', {}, element(tag, { textContent: ours }))];
  if (theirs !== ours) values.push(element('dd', {}, 'The server says ', element(tag, { textContent: theirs })));
  return element('div', {}, element('dt', { textContent: name }), ...values);
}

function amountCell(cents) {
  return element('td', { className: 'number', textContent: cents === undefined ? 'missing' : formatCents(cents) });
}
