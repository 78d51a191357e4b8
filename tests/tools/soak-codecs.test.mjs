import assert from 'node:assert/strict';
import test from 'node:test';
import { peaks, soak } from '../../benches/codecs/soak.mjs';

test('a soak counts what comes out and samples the memory on the way', async () => {
  const { samples, wrong } = await soak('lines', 16e6);
  assert.equal(wrong, undefined);
  assert.ok(samples.length > 10, `${samples.length} samples`);
});

test('a soak names what is wrong with a job', async () => {
  const { wrong } = await soak('none', 1);
  assert.match(wrong, /TypeError/);
});

test('what is alive in the second half is compared with the first quarter', () => {
  const samples = [5, 4, 1, 1, 9, 7, 8, 6].map((alive) => ({ alive, resident: alive * 2 }));
  assert.deepEqual(peaks(samples), { early: 5, late: 9, resident: 18 });
});
