/**
 * Random programs against web-streams-polyfill, which follows the standard's steps one by one: the logs must be the same,
 * in order, down to the microtask. Tees, transforms and pipes are left out: there the order within a task differs.
 *
 * What differential.test.mjs leaves out: several calls in one task, and callbacks whose answers are promises that later
 * steps fulfil or reject.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tidegate from 'tidegate';
import * as polyfill from 'web-streams-polyfill';
import * as programs from './conformance/programs.mjs';

/** How many programs of each kind, and from which seed on; more can be asked for by the environment. */
const COUNT = Number(process.env.TIDEGATE_PROGRAMS ?? 150);
const FIRST = Number(process.env.TIDEGATE_SEED ?? 1);
const STEPS = 40;

for (const [name, Kind] of Object.entries(programs)) {
  test(`${COUNT} runs of a random ${name} come out as the standard's steps do`, async () => {
    for (let seed = FIRST; seed < FIRST + COUNT; seed += 1) {
      const ours = await new Kind(tidegate, seed).run(STEPS);
      const theirs = await new Kind(polyfill, seed).run(STEPS);
      assert.ok(ours.length > STEPS / 4, `seed ${seed} does next to nothing`);
      assert.deepEqual(ours, theirs, `seed ${seed}`);
    }
  });
}
