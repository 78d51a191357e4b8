#!/usr/bin/env node
/**
 * `npm run test:packaging`: the packed tarball installed into a small project of each bundler, runtime and test runner, which runs one scenario:
 * fetch, gunzip, CSV, totals; an abort; a stage that throws; a stream to a worker and back; a download through the service worker. Prints a table.
 *
 *   --only TEXT  projects whose names contain it     --write  the table goes into docs/COMPATIBILITY.md
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { availableEngines } from '../../../tools/browsers/index.mjs';
import { runMain, say, seconds } from '../../../tools/steps.mjs';
import { oldestChromium, whyNotHere } from '../../../tools/test/oldest.mjs';
import { Host } from '../../../tools/setup/host.mjs';
import { root, unpack } from '../helpers.mjs';
import { hosts } from './projects-hosts.mjs';
import { pages } from './projects-pages.mjs';
import { EXPECTED, runHostProject, runPageProject } from './projects.mjs';

const PARTS = ['totals', 'abort', 'throw', 'transfer', 'download'];

/** The parts of a row that came to something else, as sentences. */
export const faults = ({ results }) =>
  Object.entries(results)
    .filter(([part, value]) => !isDeepStrictEqual(value, EXPECTED[part]))
    .map(([part, value]) => `${part}: ${typeof value === 'string' ? value : JSON.stringify(value)}`);

const cell = ({ results }, part) =>
  !(part in results) ? '' : isDeepStrictEqual(results[part], EXPECTED[part]) ? 'yes' : '**no**';

export function table(rows) {
  const lines = rows.map((row) => {
    const where = row.engine === '' ? row.name : `${row.name}, in ${row.engine}`;
    const packages = Object.entries(row.dependencies).slice(0, 2).map(([name, version]) => `${name} ${version}`); // prettier-ignore
    return `| ${where} | ${packages.join(', ')} | ${PARTS.map((part) => cell(row, part)).join(' | ')} | ${row.bytes ? (row.bytes / 1024).toFixed(1) : ''} |`;
  });
  return ['| project | packages | ' + PARTS.join(' | ') + ' | scripts, KB gzip |', `|---|---|${PARTS.map(() => '---').join('|')}|---|`, ...lines].join('\n'); // prettier-ignore
}

/** Runs one project; resolves with its rows. */
export async function runProject(project, installed) {
  if (hosts.includes(project))
    return (await runHostProject(project, { installed })).map((row) => ({
      ...row,
      dependencies: project.dependencies,
    }));
  const here = availableEngines();
  const before = process.env.TIDEGATE_CHROMIUM;
  if (project.oldest) process.env.TIDEGATE_CHROMIUM = await oldestChromium(new Host());
  try {
    const engines = (project.engines ?? ['chromium']).filter((engine) => here.includes(engine));
    const rows = await runPageProject(project, { installed, engines });
    return rows.map((row) => ({ ...row, dependencies: project.dependencies }));
  } finally {
    if (before === undefined) delete process.env.TIDEGATE_CHROMIUM;
    else process.env.TIDEGATE_CHROMIUM = before;
  }
}

const MARKS = ['<!-- matrix: npm run test:packaging -- --write -->', '<!-- /matrix -->'];

async function main() {
  const { values } = parseArgs({ options: { only: { type: 'string' }, write: { type: 'boolean' } } });
  const chosen = [...pages, ...hosts].filter(({ name }) =>
    name.toLowerCase().includes((values.only ?? '').toLowerCase()),
  );
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-matrix-'));
  const rows = [];
  const failed = [];
  try {
    const installed = await unpack(folder);
    for (const project of chosen) {
      const began = Date.now();
      if (project.oldest && whyNotHere()) {
        say(`${project.name}: did not run, ${whyNotHere()}`);
        continue;
      }
      const got = await runProject(project, installed).catch((error) => {
        failed.push(`${project.name}: ${error.message}`);
        return [];
      });
      rows.push(...got);
      const wrong = got.flatMap((row) => faults(row).map((fault) => `${row.name} ${row.engine}: ${fault}`));
      failed.push(...wrong);
      say(`${got.length && !wrong.length ? 'ok    ' : 'FAILED'} ${project.name}, ${seconds(Date.now() - began)}`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  say(`\n${table(rows)}\n`);
  for (const fault of failed) say(fault);
  if (failed.length) process.exitCode = 1;
  if (!values.write || failed.length || values.only) return;
  const path = join(root, 'docs/COMPATIBILITY.md');
  const text = await readFile(path, 'utf8');
  const [before, after] = [text.split(MARKS[0])[0], text.split(MARKS[1])[1]];
  await writeFile(path, `${before}${MARKS[0]}\n${table(rows)}\n${MARKS[1]}${after}`);
}

if (process.argv[1] === import.meta.filename) runMain(main);
