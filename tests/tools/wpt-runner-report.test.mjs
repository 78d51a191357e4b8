import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countParts, explain, formatReport } from '../../tools/wpt/report.mjs';

const run = (implementation, engine, results) => ({
  implementation,
  engine,
  version: engine === 'node' ? 'Node 20' : engine,
  suite: 'streams',
  results: Object.entries(results).map(([id, subtests]) => ({
    id,
    status: 'OK',
    message: '',
    subtests: Object.entries(subtests).map(([name, status]) => ({ name, status, message: 'why' })),
  })),
});

test('a subtest that only another implementation reports counts in the total all the same', () => {
  const rows = countParts([
    run('ours', 'node', { 'streams/a.any.js': { one: 'PASS', two: 'PASS' } }),
    run('native', 'node', { 'streams/a.any.js': { one: 'PASS' } }),
  ]);
  assert.deepEqual(
    rows.map(({ implementation, cells }) => [implementation, cells.node]),
    [
      ['ours', '2 / 2'],
      ['native', '1 / 2'],
    ],
  );
});

test('idlharness is counted apart', () => {
  const rows = countParts([
    run('ours', 'chromium', { 'streams/a.any.js': { one: 'PASS' }, 'streams/idlharness.any.js': { x: 'FAIL' } }),
  ]);
  assert.deepEqual(
    rows.map(({ cells }) => cells.chromium),
    ['1 / 1', '0 / 1'],
  );
});

test('an expected failure is listed under its reason, another as not explained, and those of others not at all', () => {
  const runs = [
    run('ours', 'node', {
      'streams/readable-streams/from.any.js': { 'ReadableStream.from accepts a string': 'FAIL', other: 'FAIL' },
    }),
    run('native', 'node', { 'streams/a.any.js': { theirs: 'FAIL' } }),
  ];
  const { reasons, unexplained } = explain(runs);
  assert.equal(reasons.size, 1);
  assert.deepEqual(
    unexplained.map(({ name }) => name),
    ['other'],
  );
  const text = formatReport(runs);
  assert.match(text, /### The standard converts[^]*“ReadableStream.from accepts a string”/);
  assert.match(text, /### Not explained[^]*“other”: why/);
  assert.doesNotMatch(text, /theirs/);
});
