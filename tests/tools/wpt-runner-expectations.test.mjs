import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HARNESS, isClean, judge } from '../../tools/wpt/expectations.mjs';

const result = (id, subtests, status = 'OK') => ({
  id,
  status,
  message: '',
  subtests: Object.entries(subtests).map(([name, outcome]) => ({ name, status: outcome, message: '' })),
});
const expectation = (tests, engines) => ({ reason: 'It tests a proposal that no engine ships.', tests, engines });
const names = (findings) => findings.map(({ name }) => name);

test('a run whose only failures are expected is clean', () => {
  const findings = judge([result('a', { one: 'PASS', two: 'FAIL' })], [expectation({ a: ['two'] })], 'node');
  assert.deepEqual(names(findings.expectedFailures), ['two']);
  assert.equal(isClean(findings), true);
});

test('a failure that nobody expects fails the run', () => {
  const findings = judge([result('a', { one: 'PASS', two: 'TIMEOUT' })], [], 'node');
  assert.deepEqual(names(findings.unexpectedFailures), ['two']);
  assert.equal(isClean(findings), false);
});

test('a pass that was expected to fail fails the run', () => {
  const findings = judge([result('a', { one: 'PASS' })], [expectation({ a: ['one'] })], 'node');
  assert.deepEqual(names(findings.unexpectedPasses), ['one']);
  assert.equal(isClean(findings), false);
});

test('an expectation that names no subtest of a file that ran fails the run', () => {
  const findings = judge([result('a', { one: 'PASS' })], [expectation({ a: ['renamed'] })], 'node');
  assert.deepEqual(names(findings.stale), ['renamed']);
  assert.equal(isClean(findings), false);
});

test('an expectation for a file that did not run is left alone', () => {
  assert.equal(isClean(judge([result('a', { one: 'PASS' })], [expectation({ b: ['one'] })], 'node')), true);
});

test('an expectation for another engine does not excuse a failure in this one', () => {
  const findings = judge([result('a', { one: 'FAIL' })], [expectation({ a: ['one'] }, ['webkit'])], 'node');
  assert.deepEqual(names(findings.unexpectedFailures), ['one']);
});

test('an expectation may name one major version of Node', () => {
  const [major] = process.versions.node.split('.');
  const results = [result('a', { one: 'FAIL' })];
  assert.equal(isClean(judge(results, [expectation({ a: ['one'] }, [`node ${major}`])], 'node')), true);
  assert.equal(isClean(judge(results, [expectation({ a: ['one'] }, ['node 1'])], 'node')), false);
});

test('a star expects every subtest of the file to fail, and reports the one that passes', () => {
  const findings = judge([result('a', { one: 'FAIL', two: 'PASS' })], [expectation({ a: '*' })], 'node');
  assert.deepEqual(names(findings.expectedFailures), ['one']);
  assert.deepEqual(names(findings.unexpectedPasses), ['two']);
});

test('a harness that does not end well is a failure of its own', () => {
  const findings = judge([result('a', { one: 'PASS' }, 'TIMEOUT')], [], 'node');
  assert.deepEqual(names(findings.unexpectedFailures), [HARNESS]);
});

test('a harness that was expected to fail and ends well fails the run', () => {
  const findings = judge([result('a', { one: 'PASS' })], [expectation({ a: [HARNESS] })], 'node');
  assert.deepEqual(names(findings.unexpectedPasses), [HARNESS]);
});
