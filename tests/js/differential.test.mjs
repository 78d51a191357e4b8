/**
 * The built package and web-streams-polyfill, which follows the standard step by step, run the same random programs and
 * must let user code see the same, in the same order. DIFFERENTIAL_PROGRAMS=n runs n programs of each kind.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tidegate from 'tidegate';
import * as reference from 'web-streams-polyfill';
import * as byteStreams from './differential/byte-streams.mjs';
import * as defaultStreams from './differential/default-streams.mjs';
import { random, run } from './differential/program.mjs';

const programs = Number(process.env.DIFFERENTIAL_PROGRAMS ?? 400);

/** Without the calls that the difference does not need, so that what remains can be read. */
async function shrink(program, differs) {
  const lists = [program.calls, ...program.scripts.map((script) => script.calls)];
  for (let changed = true; changed;) {
    changed = false;
    for (const list of lists) {
      for (let at = list.length - 1; at >= 0; at--) {
        const [call] = list.splice(at, 1);
        if (await differs(program)) changed = true;
        else list.splice(at, 0, call);
      }
    }
  }
  return program;
}

async function compare(kind, seed) {
  const both = async (program) => [await run(tidegate, program, kind), await run(reference, program, kind)];
  const differs = async (program) => {
    const [ours, theirs] = await both(program);
    return JSON.stringify(ours) !== JSON.stringify(theirs);
  };
  const program = kind.makeProgram(random(seed));
  if (!(await differs(program))) return;
  const [ours, theirs] = await both(await shrink(program, differs));
  assert.deepEqual(ours, theirs, `seed ${seed}: ${JSON.stringify(program)}`);
}

for (const [name, kind] of Object.entries({ 'default streams': defaultStreams, 'byte streams': byteStreams })) {
  test(`programs over ${name} see what the standard says`, async () => {
    for (let seed = 1; seed <= programs; seed++) await compare(kind, seed);
  });
}
