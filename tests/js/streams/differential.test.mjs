/**
 * The built package runs random programs beside other implementations of the standard, which must let user code see the same, in the same order:
 * web-streams-polyfill, which follows the standard's algorithms step by step, and, where STREAMS_DIR names a checkout of
 * https://github.com/whatwg/streams (differential/reference.mjs), the standard's reference implementation. DIFFERENTIAL_PROGRAMS=n runs n programs of
 * each kind.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as tidegate from 'tidegate';
import * as polyfill from 'web-streams-polyfill';
import * as byteStreams from './differential/byte-streams.mjs';
import * as defaultStreams from './differential/default-streams.mjs';
import { firstDifference, shrink, soonerIn } from './differential/differences.mjs';
import { random, run } from './differential/program.mjs';
import { missingReference } from './differential/reference.mjs';
import { RULES } from './differential/rules.mjs';

const programs = Number(process.env.DIFFERENTIAL_PROGRAMS ?? 400);

/** What the polyfill does otherwise: it follows promises of callbacks later, and its iterators and the slots of its writers are its own. */
const LEFT_OUT = ['values', 'next', 'return', 'writer.ready', 'writer.closed', 'reader.closed'];
const keep = (calls) => calls.filter(([name]) => !LEFT_OUT.includes(name)).map((call) => call.slice(0, 4));

function simplify(program) {
  program.calls = keep(program.calls);
  for (const script of program.scripts) {
    script.calls = keep(script.calls);
    script.gives = undefined;
  }
  return program;
}

/** When a pull() that follows others is called, the polyfill and the reference implementation do not agree on either. */
const isOrderOfPulls = ({ ours, theirs }) =>
  [
    { ours, theirs },
    { ours: theirs, theirs: ours },
  ].some((difference) => soonerIn(difference)?.includes('pull()'));

async function compare(kind, seed) {
  const both = async (program) => [await run(tidegate, program, kind), await run(polyfill, program, kind)];
  const differs = async (program) => {
    const found = firstDifference(...(await both(program)));
    return found !== undefined && !isOrderOfPulls(found);
  };
  const program = simplify(kind.makeProgram(random(seed)));
  if (!(await differs(program))) return;
  const [ours, theirs] = await both(await shrink(program, differs));
  assert.deepEqual(ours, theirs, `seed ${seed}: ${JSON.stringify(program)}`);
}

for (const [name, kind] of Object.entries({ 'default streams': defaultStreams, 'byte streams': byteStreams })) {
  test(`programs over ${name} see what the polyfill's do`, async () => {
    for (let seed = 1; seed <= programs; seed++) await compare(kind, seed);
  });
}

const KINDS = ['default-streams', 'byte-streams', 'transforms', 'pipes', 'tees', 'from', 'bridges'];
const skip = missingReference() ?? false;

async function referenceRun(...args) {
  const program = fileURLToPath(new URL('./differential/compare.mjs', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', program, ...args.map(String)], {
    maxBuffer: 2 ** 28,
  });
  return JSON.parse(stdout);
}

for (const kind of KINDS) {
  test(
    `programs over ${kind} see what the reference implementation's do, but for the differences expected`,
    { skip },
    async () => {
      const { differences, skipped } = await referenceRun(kind, 1, programs);
      assert.deepEqual(
        differences.filter(({ rule }) => rule === undefined),
        [],
      );
      assert.ok(skipped < programs * 0.06, `the reference implementation broke down in ${skipped} programs`);
    },
  );
}

test('each expected difference is there: a rule that matches nothing goes', { skip }, async () => {
  const matched = await referenceRun('rules');
  assert.deepEqual(
    matched,
    RULES.map(({ name }) => ({ name, matches: name })),
  );
  assert.ok(RULES.length <= 15);
});
