/** Flood or gate, without a page. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CHUNK, flood, gate, Side } from '../../www/flood/experiment.js';

const CAP = 8e6;

test('with the signal heeded what waits stays at the high-water mark, and the producer waits', async () => {
  const side = new Side(gate, CAP);
  let most = 0;
  for (let turn = 0; turn < 40; turn++) {
    await sleep(25);
    most = Math.max(most, side.held);
  }
  side.stop();
  await side.done;
  assert.ok(most <= 1024 * 1024 + CHUNK, `${most} bytes waited`);
  assert.ok(side.taken > 0);
  assert.equal(side.capped, false);
  assert.equal(side.held, 0);
});

test(
  'with the signal ignored what waits grows up to the cap, which stops it, and nothing is lost',
  { timeout: 60_000 },
  async () => {
    const side = new Side(flood, CAP);
    let most = 0;
    while (!side.capped) {
      await sleep(10);
      most = Math.max(most, side.held);
    }
    await side.done;
    assert.ok(most <= CAP && most > 2e6, `${most} bytes waited`);
    assert.equal(side.taken, side.made);
  },
);

test('the two differ in the line that is marked, and in no other', () => {
  const lines = (how) => String(how).split('\n').slice(1);
  const heeded = lines(gate);
  assert.deepEqual(
    heeded.filter((line) => !/await writer\.ready/.test(line)),
    lines(flood),
  );
  assert.equal(heeded.length, lines(flood).length + 1);
});

for (const [what, how] of Object.entries({ gate, flood }))
  test(`a ${what} for which there is no memory ends with the error, and gives back what waits`, async () => {
    const error = new RangeError('Array buffer allocation failed');
    let made = 0;
    const side = new Side(how, CAP, () => {
      if (++made > 3) throw error;
      return new Uint8Array(CHUNK);
    });
    await side.done;
    assert.equal(side.error, error);
    assert.deepEqual([side.made, side.taken, side.capped], [3 * CHUNK, 3 * CHUNK, false]);
  });
