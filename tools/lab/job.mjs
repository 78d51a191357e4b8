/**
 * `npm run job -- --size 1GB [--url http://127.0.0.1:7373]`: the page's job without a page. The same pipeline against the same
 * server, which is started when no address is given. Ends with code 0 only when row count, totals and SHA-256 are the
 * server's own.
 */

import { parseArgs } from 'node:util';
import { runInTerminal } from './terminal.mjs';
import { startLabServer } from './server.mjs';
import { formatBytes, formatCents, formatCount, formatDuration, parseSize } from '../../www/units.js';

const USAGE = `Usage: npm run job -- [--size 1GB] [--url ADDRESS_OF_A_LAB_SERVER]

  --size  bytes of CSV, from 1KB to 10GB; 256MB when not given
  --url   a lab server that runs already; one is started when not given`;

async function main() {
  const { values } = parseArgs({
    options: { size: { type: 'string' }, url: { type: 'string' }, help: { type: 'boolean' } },
  });
  if (values.help) return console.log(USAGE);
  const size = parseSize(values.size ?? '256MB');
  const job = await loadJob();

  const lab = values.url ? null : await startLabServer();
  const aborter = new AbortController();
  const abort = () => aborter.abort(new Error('Interrupted'));
  process.once('SIGINT', abort);
  try {
    const base = values.url ?? lab.url;
    const { result, seconds } = await runInTerminal(job, {
      source: { url: new URL(`/data/${size}.csv.gz`, base), gzip: true },
      signal: aborter.signal,
    });
    const server = await (await fetch(new URL(`/api/summary?size=${size}`, base), { signal: aborter.signal })).json();
    report(result, server, size, seconds);
  } finally {
    process.off('SIGINT', abort);
    await lab?.close();
  }
}

/** The built package may not be there yet. */
async function loadJob() {
  try {
    return await import('../../www/job.js');
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new Error('the package is not built; run npm run build first', { cause: error });
  }
}

function report({ rows, totals, sha256 }, server, size, seconds) {
  const cities = [...new Set([...Object.keys(server.totals), ...Object.keys(totals)])];
  const widest = Math.max(...cities.map((city) => city.length));
  for (const city of cities.toSorted((a, b) => (totals[b] ?? 0) - (totals[a] ?? 0))) {
    const amount = totals[city] === undefined ? 'missing' : formatCents(totals[city]);
    const differs =
      totals[city] === server.totals[city] ? '' : `  the server says ${server.totals[city] ?? 'there is no such city'}`;
    console.log(`${city.padEnd(widest)}  ${amount.padStart(22)}${differs}`);
  }
  console.log(
    `\nrows     ${formatCount(rows)}${rows === server.rows ? '' : `; the server says ${formatCount(server.rows)}`}`,
  );
  console.log(`sha-256  ${sha256}${sha256 === server.sha256 ? '' : `; the server says ${server.sha256}`}`);
  console.log(`speed    ${formatBytes(size / seconds)} of CSV per second, ${formatDuration(seconds)}`);

  const agrees =
    rows === server.rows && sha256 === server.sha256 && cities.every((city) => totals[city] === server.totals[city]);
  console.log(agrees ? '\nEverything is as the server says.' : '\nThis run and the server disagree.');
  if (!agrees) process.exitCode = 1;
}

main().catch((error) => {
  console.error(`The job failed: ${error.message}`);
  process.exitCode = 1;
});
