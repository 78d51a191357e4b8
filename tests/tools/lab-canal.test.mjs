/** What the lab's canal makes of a run, without a page. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { geometryOf } from '../../www/canal/geometry.js';
import { idleSnapshot, Reading, withStages } from '../../www/canal/reading.js';
import { sentenceOf } from '../../www/canal/sentence.js';
import { describeRate, rateOf, WIDE_OPEN } from '../../www/canal/take.js';
import { Pace } from '../../www/pace.js';

const stage = (name, held, room, passed, unit = 'bytes') => ({ name, held, room, passed, unit });
const stateAt = (turn, moving = true) => {
  const passed = moving ? turn * 1000 : 5000;
  return {
    bytesIn: passed,
    bytesOut: passed * 4,
    rows: passed / 20,
    share: null,
    wasmBytes: 0,
    held: 2400,
    most: 2500,
    slowest: { stage: 0, load: 0.9 },
    stages: [
      stage('fetch', 2000, 2000, passed),
      stage('gunzip', 0, 500, passed),
      stage('totals', 5, 10, passed / 20, 'rows'),
    ],
  };
};

/** A reading after `turns` samples of 100 ms. */
function read(turns, { take = Infinity, moving = true, sent = (turn) => turn * 1000 } = {}) {
  const reading = new Reading();
  let now;
  for (let turn = 0; turn < turns; turn++)
    now = reading.add(turn * 100, {
      state: stateAt(turn, moving),
      sent: sent(turn),
      take,
      phase: 'running',
      seconds: turn / 10,
    });
  return now;
}

test('a reading tells how fast each stretch flows, in bytes of what passes there', () => {
  const { flows, rowRate } = read(20);
  assert.deepEqual(
    flows.map((flow) => Math.round(flow / 1000)),
    [10, 10, 40, 40],
  );
  assert.equal(Math.round(rowRate), 500);
});

test('the bottleneck sets the pace, or the consumer where it is held back', () => {
  assert.deepEqual(read(20).slowest, { index: 0, name: 'fetch', load: 0.9 });
  assert.equal(read(20, { take: 100 }).slowest.name, 'you');
});

test('a consumer that takes nothing has stopped once the server has sent nothing for a while, and not before', () => {
  assert.equal(read(20, { take: 0, moving: false }).phase, 'stopping');
  const stopped = read(20, { take: 0, moving: false, sent: () => 7000 });
  assert.equal(stopped.phase, 'stopped');
  assert.equal(stopped.server.onTheWay, 2000);
  assert.deepEqual(stopped.flows, [0, 0, 0, 0]);
});

test('while a job runs a basin shows the mean of its samples, of what it has room for', () => {
  const [fetch, gunzip, totals] = read(50).stages.map(({ level }) => level);
  assert.ok(fetch > 0.99 && gunzip === 0 && totals > 0.49 && totals <= 0.5);
});

test('each phase has a sentence with its own figures', () => {
  const now = { ...read(20, { take: 0, moving: false, sent: () => 30_200_000 }), held: 326_000 };
  assert.equal(sentenceOf(now), 'You stopped taking rows: 326 KB wait in the page; the server stopped after 30.2 MB.');
  assert.match(sentenceOf({ ...now, phase: 'running', take: 7000 }), /^You take 7,000 rows a second/);
  assert.match(sentenceOf({ ...now, phase: 'running', take: Infinity, rowRate: 412_345 }), /410,000 rows a second/);
  const error = new Error('gunzip: input ends too early at byte 7: inside a member');
  assert.equal(
    sentenceOf({ ...now, phase: 'failed' }, { error, stage: 'gunzip', endedAfter: 12 }),
    'gunzip failed: input ends too early at byte 7. Every other stage was torn down, and the server saw the connection end after 12 ms.',
  );
  assert.match(sentenceOf({ ...now, phase: 'ended' }, {}), /^You ended it after .*Every stage was torn down\.$/);
  assert.match(sentenceOf(idleSnapshot([])), /Open the gates\.$/);
});

test('a run that is over before its stages are known is said to be over, and one that goes on to be opening', () => {
  const stages = [stage('fetch', 0, 0, 0)];
  const before = { ...idleSnapshot([]), seconds: 2 };
  for (const phase of ['failed', 'ended', 'done'])
    assert.deepEqual(withStages({ ...before, phase }, stages), { ...idleSnapshot(stages, phase), seconds: 2 });
  for (const phase of ['running', 'stopping', 'stopped'])
    assert.equal(withStages({ ...before, phase }, stages).phase, 'opening');
  const error = new Error('data/1GB.csv.gz answered 400');
  assert.equal(
    sentenceOf(withStages({ ...before, phase: 'failed' }, stages), { error }),
    'The run failed: data/1GB.csv.gz answered 400. Every stage was torn down.',
  );
});

test('the slider goes from shut over rates that grow to wide open', () => {
  const rates = Array.from({ length: WIDE_OPEN + 1 }, (_, place) => rateOf(place));
  assert.equal(rates[0], 0);
  assert.equal(rates.at(-1), Infinity);
  assert.ok(rates.every((rate, place) => place === 0 || rate > rates[place - 1]));
  assert.match(describeRate(0), /shut/);
});

for (const [width, height] of [
  [1168, 320],
  [358, 192],
  [288, 192],
]) {
  test(`each basin of a canal of ${width} pixels lies lower than the one before, within the picture`, () => {
    const { basins, gates, wheel, server } = geometryOf(width, height);
    basins.forEach((basin, index) => {
      assert.ok(basin.brim < basin.floor && basin.left < basin.right);
      if (index > 0)
        assert.ok(basin.floor > basins[index - 1].floor && Math.abs(basin.left - basins[index - 1].right) < 0.01);
    });
    assert.equal(gates.length, basins.length);
    assert.ok(server.top >= 0 && wheel.y + wheel.radius <= height && wheel.x + wheel.radius <= width);
  });
}

test('a consumer waits for its rate, for as long as it is held, and no longer', async () => {
  const pace = new Pace();
  assert.equal(pace.turn(1000), undefined);
  pace.rate = 1000;
  let done = false;
  const turn = pace.turn(1_000_000).then(() => (done = true));
  await sleep(30);
  assert.equal(done, false);
  pace.hold();
  pace.rate = Infinity;
  await sleep(30);
  assert.equal(done, false, 'still held');
  pace.release();
  await turn;
});
