import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pace } from '../../www/pace.js';
import { Rates } from '../../www/rates.js';
import { formatBytes, formatCents, formatDuration, formatRate, parseSize } from '../../www/units.js';

test('a size is read as people write it', () => {
  const sizes = { '256MB': 256e6, '1 GB': 1e9, '1.5gb': 1.5e9, '64KiB': 65_536, 1000: 1000, '10 GiB': 10 * 2 ** 30 };
  for (const [text, bytes] of Object.entries(sizes)) assert.equal(parseSize(text), bytes, text);
});

test('what is no size is refused', () => {
  for (const text of ['', 'GB', '-1MB', '1.0001KB', '1TB', '1e6', null, undefined])
    assert.throws(() => parseSize(text), RangeError);
});

test('bytes, cents and durations are written in full and short', () => {
  assert.deepEqual([0, 999, 1000, 65_536, 999_600, 1e9].map(formatBytes), [
    '0 B',
    '999 B',
    '1.00 KB',
    '65.5 KB',
    '1.00 MB',
    '1.00 GB',
  ]);
  assert.deepEqual([5, 123_456, 29_000_000_007].map(formatCents), ['0.05', '1,234.56', '290,000,000.07']);
  assert.deepEqual([0.4, 59.6, 125, 4320].map(formatDuration), ['0 s', '1 min 0 s', '2 min 5 s', '1 h 12 min']);
  assert.deepEqual([0, 950, 1000, 4210, 41_600, 999_700].map(formatRate), ['0', '950', '1 k', '4.2 k', '42 k', '1 M']);
});

test('a rate is over the last second, not over the whole run', () => {
  const rates = new Rates(1000);
  rates.add(0, { rows: 0 });
  for (let now = 250; now <= 2000; now += 250) rates.add(now, { rows: now });
  assert.equal(rates.add(3000, { rows: 2000 }).rows, 0);
});

test('a first sample has no rate', () => {
  assert.deepEqual(new Rates().add(5, { rows: 7 }), { rows: 0 });
});

test('a consumer that is not held back waits for nothing', () => {
  assert.equal(new Pace().turn(), undefined);
});

test('a held consumer goes on when it is released', async () => {
  const pace = new Pace();
  pace.hold();
  let went = false;
  const turn = pace.turn().then(() => {
    went = true;
  });
  await sleep(20);
  assert.equal(went, false);
  pace.release();
  await turn;
  assert.equal(pace.turn(), undefined);
});

test('a consumer held again before it could go on stays held', async () => {
  const pace = new Pace();
  pace.hold();
  let went = false;
  const turn = pace.turn().then(() => {
    went = true;
  });
  pace.release();
  pace.hold();
  await sleep(20);
  assert.equal(went, false);
  pace.release();
  await turn;
});

for (const [what, prepare] of [
  ['held', (pace) => pace.hold()],
  ['slowed', (pace) => (pace.rate = 0.001)],
]) {
  test(`a ${what} consumer ends its wait with the signal's reason`, async () => {
    const pace = new Pace();
    prepare(pace);
    const aborter = new AbortController();
    const reason = new Error('enough');
    const turn = pace.turn(1, aborter.signal);
    aborter.abort(reason);
    await assert.rejects(turn, (error) => error === reason);
  });
}
