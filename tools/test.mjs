#!/usr/bin/env node
/**
 * `npm test`: the set-up, then every check and test of the project, each timed; goes on after a failure, so that
 * one run shows all of them. Ends with the totals; the exit code is 0 only when nothing failed.
 *
 * It names the engines it found, with their versions.
 *
 *   --only A,B  --skip A,B   only, or all but, these steps     --no-setup  take the machine as it is
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { setup } from './setup.mjs';
import { run, runMain, say, seconds } from './steps.mjs';
import { engineLines } from './test/engines.mjs';
import { choose, plan } from './test/plan.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const STEP_TIMEOUT_MS = 40 * 60_000;

/** Runs one step with its output shown; resolves with `{ status, passed, failed, ms, note }`. */
async function runStep(step, failedSteps) {
  const nothing = { passed: 0, failed: 0, ms: 0 };
  if (step.missing) return { ...nothing, status: 'did not run', note: step.missing };
  if (step.needs && failedSteps.has(step.needs))
    return { ...nothing, status: 'did not run', note: `it needs ${step.needs}` };
  say(`\n=== ${step.title} (${step.name})`);
  const began = Date.now();
  const { code, output } = await run(step.command, step.args, {
    cwd: root,
    timeoutMs: STEP_TIMEOUT_MS,
    onOutput: (text) => process.stdout.write(text),
  });
  const counts = step.counts?.(output) ?? { passed: 0, failed: 0 };
  const ms = Date.now() - began;
  if (code === 0) return { ...counts, status: 'ok', ms, note: step.noteOf?.(output) };
  if (step.advice) say(`What to do: ${step.advice}`);
  // A step that fails without a failed test, such as one that does not compile, counts as one failure.
  return { passed: counts.passed, failed: Math.max(counts.failed, 1), status: 'FAILED', ms, note: `exit code ${code}` };
}

runMain(async () => {
  const list = { type: 'string' };
  const { values } = parseArgs({ options: { only: list, skip: list, 'no-setup': { type: 'boolean' } } });
  const split = (text) => text?.split(',').filter(Boolean);
  const began = Date.now();
  const steps = () => choose(plan(root), { only: split(values.only), skip: split(values.skip) });
  const anyNeeds = (what) => steps().some((step) => step[what] && !step.missing);
  if (!values['no-setup']) await setup({ browsers: anyNeeds('browsers'), servers: anyNeeds('servers') });

  const lines = await engineLines({ browsers: anyNeeds('browsers') });
  const sayEngines = () => lines.forEach((line) => say(`- ${line}`));
  say('\n=== Engines');
  sayEngines();

  const results = [];
  const failed = new Set();
  let shown = false;
  for (const step of steps()) {
    if (step.browsers && !shown) {
      shown = true;
      say('');
      sayEngines();
    }
    const result = await runStep(step, failed);
    if (result.status === 'FAILED') failed.add(step.name);
    results.push({ ...result, title: step.title });
  }

  say(`\n=== Summary, ${seconds(Date.now() - began)}`);
  sayEngines();
  for (const { title, status, ms, note, passed, failed: failures } of results) {
    const counted = passed + failures > 0 && status !== 'did not run' ? `, ${passed} passed, ${failures} failed` : '';
    say(`${status.padEnd(11)}  ${title}${ms ? `, ${seconds(ms)}` : ''}${counted}${note ? ` (${note})` : ''}`);
  }
  const total = (key) => results.reduce((sum, result) => sum + result[key], 0);
  say(`\n${total('passed')} passed, ${total('failed')} failed`);
  if (failed.size) process.exitCode = 1;
});
