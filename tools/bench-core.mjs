#!/usr/bin/env node
/**
 * `npm run bench:core`: instructions per turn of the core's hot commands, counted by callgrind, against the baseline in
 * benches/core/baseline.json. Fails where one grows by more than 5 %. `--update` writes the baseline anew; `--time` runs
 * the timing benches as well.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { run, runMain, say, StepError } from './steps.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const BASELINE = join(root, 'benches', 'core', 'baseline.json');
const PACKAGE = ['--manifest-path', 'benches/core/Cargo.toml', '--target-dir', 'target/benches'];
const ALLOWED_GROWTH = 0.05;
const FEW = 1_000;
const MANY = 11_000;

/** Builds the program that does one command and resolves with its path. */
async function buildProgram() {
  say('• Build the benches of the core');
  const { code, output } = await run('cargo', ['build', '--release', '--locked', '--message-format=json', ...PACKAGE], {
    cwd: root,
  });
  const line = output.split('\n').find((text) => text.includes('"executable":"') && text.includes('core_instructions'));
  if (code !== 0 || !line)
    throw new StepError('Build the benches of the core', {
      tail: output.slice(-3000),
      advice: 'Mend the error above.',
    });
  return JSON.parse(line).executable;
}

async function instructions(program, name, turns, directory) {
  const out = join(directory, `${name}.${turns}`);
  const { code, output } = await run(
    'valgrind',
    ['--tool=callgrind', `--callgrind-out-file=${out}`, program, name, String(turns)],
    { cwd: root },
  );
  const total = /Collected : (\d+)/.exec(output)?.[1];
  if (code !== 0 || total === undefined) {
    throw new StepError('Count instructions', {
      tail: output.slice(-2000),
      advice: 'Install valgrind (Debian: apt-get install valgrind), then the command again.',
    });
  }
  return Number(total);
}

/** What the timing benches print. By name, as the bin beside them aborts on a panic and would not link as a bench. */
async function times() {
  const { code, output } = await run('cargo', ['bench', '--bench', 'time', '--locked', ...PACKAGE], { cwd: root });
  if (code !== 0)
    throw new StepError('Time the commands', { tail: output.slice(-2000), advice: 'Mend the error above.' });
  return output;
}

/** Two lengths of the same loop differ by the loop alone, so starting and ending the program cost nothing. */
async function perTurn(program, name, directory) {
  const few = await instructions(program, name, FEW, directory);
  const many = await instructions(program, name, MANY, directory);
  return (many - few) / (MANY - FEW);
}

/** Compares counts with a baseline: a row a command, `over` where it grew by more than allowed. */
export function compare(counts, baseline) {
  return Object.entries(counts).map(([name, now]) => {
    const before = baseline[name];
    const growth = before === undefined ? 0 : now / before - 1;
    return { name, now, before, growth, over: growth > ALLOWED_GROWTH };
  });
}

async function main() {
  const { values } = parseArgs({ options: { update: { type: 'boolean' }, time: { type: 'boolean' } } });
  const program = await buildProgram();
  const names = (await run(program, [])).output.trim().split('\n');
  const directory = mkdtempSync(join(tmpdir(), 'tidegate-bench-'));
  const counts = {};
  try {
    for (const name of names) counts[name] = Math.round((await perTurn(program, name, directory)) * 10) / 10;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  const baseline = existsSync(BASELINE) ? JSON.parse(readFileSync(BASELINE, 'utf8')).instructions : {};
  const rows = compare(counts, baseline);
  say(`${'command'.padEnd(22)}${'instructions'.padStart(14)}${'baseline'.padStart(12)}${'change'.padStart(10)}`);
  for (const { name, now, before, growth } of rows) {
    const change = before === undefined ? 'new' : `${growth >= 0 ? '+' : ''}${(growth * 100).toFixed(1)} %`;
    say(
      `${name.padEnd(22)}${now.toFixed(1).padStart(14)}${(before?.toFixed(1) ?? '').padStart(12)}${change.padStart(10)}`,
    );
  }
  if (values.update) {
    const compiler = (await run('rustc', ['--version'])).output.trim();
    writeFileSync(BASELINE, `${JSON.stringify({ compiler, instructions: counts }, null, 2)}\n`);
    say(`Wrote ${BASELINE.slice(root.length + 1)}`);
    return;
  }
  if (values.time) say(await times());
  const over = rows.filter((row) => row.over);
  if (over.length) {
    throw new StepError('Count instructions', {
      reason: `${over.map((row) => row.name).join(', ')} grew by more than ${ALLOWED_GROWTH * 100} %`,
      advice:
        'Find out why; where the growth earns its place, run `npm run bench:core -- --update` and say so in the commit.',
    });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) runMain(main);
