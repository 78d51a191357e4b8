import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMeta, runsInWindow } from '../../tools/wpt/meta.mjs';
import { globMatcher } from '../../tools/wpt/suites.mjs';

test('META lines give globals, scripts in order, and a long timeout', () => {
  const meta = parseMeta(
    '// META: global=window,worker\n// META: script=../resources/a.js\n// META: script=/b.js\n// META: timeout=long\n',
  );
  assert.deepEqual(meta.globals, ['window', 'worker']);
  assert.deepEqual(meta.scripts, ['../resources/a.js', '/b.js']);
  assert.equal(meta.long, true);
});

test('a file without META lines has one variant, the empty one, and a normal timeout', () => {
  assert.deepEqual(parseMeta("'use strict';\ntest(() => {}, 'x');\n"), {
    globals: undefined,
    scripts: [],
    variants: [''],
    long: false,
    title: undefined,
  });
});

test('each variant is listed with its query string', () => {
  assert.deepEqual(parseMeta('// META: variant=?1-10\n// META: variant=?11-last\n').variants, ['?1-10', '?11-last']);
});

test('META lines after a comment count, those after code do not', () => {
  assert.deepEqual(parseMeta('// A comment.\n\n// META: script=a.js\nlet x;\n// META: script=b.js\n').scripts, [
    'a.js',
  ]);
});

test('a carriage return at the end of a META line is no part of its value', () => {
  assert.deepEqual(parseMeta('// META: script=a.js\r\n').scripts, ['a.js']);
});

test('any.js runs in a window unless its globals leave windows out, window.js always does', () => {
  assert.equal(runsInWindow('a.any.js', { globals: undefined }), true);
  assert.equal(runsInWindow('a.any.js', { globals: ['worker'] }), false);
  assert.equal(runsInWindow('a.any.js', { globals: ['window', 'worker'] }), true);
  assert.equal(runsInWindow('a.window.js', { globals: ['worker'] }), true);
});

test('a filter without a star matches anywhere in the path', () => {
  assert.equal(globMatcher('piping/ab')('streams/piping/abort.any.js'), true);
  assert.equal(globMatcher('piping/ab')('streams/readable-streams/general.any.js'), false);
});

test('a star stays within one segment of the path, two stars cross segments', () => {
  assert.equal(globMatcher('streams/*.any.js')('streams/idlharness.any.js'), true);
  assert.equal(globMatcher('streams/*.any.js')('streams/piping/abort.any.js'), false);
  assert.equal(globMatcher('streams/**/*.any.js')('streams/piping/abort.any.js'), true);
  assert.equal(globMatcher('streams/**/*.any.js')('streams/idlharness.any.js'), true);
});

test('a dot in a filter stands for a dot only', () => {
  assert.equal(globMatcher('*.any.js')('streams/aXany.js'), false);
});
