/** The race, without a page. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verdictOf } from '../../www/race/race.js';
import { rateOf, RACERS } from '../../www/race/workloads.js';

test('a measure that failed is an error with its reason, and not a rate', () => {
  assert.equal(rateOf('tidegate', { minimum: 500 }), 2e6);
  assert.equal(rateOf('the engine', null), null);
  assert.throws(() => rateOf('the engine', { minimum: NaN, error: '3 of 5000 chunks arrived' }), {
    message: 'the engine: 3 of 5000 chunks arrived',
  });
});

test('the verdict says how many failed, also when all did', () => {
  assert.equal(verdictOf([], 0), 'Nothing was compared.');
  assert.equal(verdictOf([], 2), 'Nothing can be compared: 2 of them failed.');
  assert.match(verdictOf([2, 0.5], 1), /1\.0 times as fast .*mean of 2\).*faster in one of 2\. 1 of them failed\.$/);
});

test('an engine without DecompressionStream has no rate for unpacking', { timeout: 60_000 }, async (t) => {
  const own = globalThis.DecompressionStream;
  t.after(() => {
    globalThis.DecompressionStream = own;
  });
  globalThis.DecompressionStream = undefined;
  const { ours, native } = await RACERS.gunzip.run();
  assert.ok(ours > 0);
  assert.equal(native, null);
});
