import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { hashOf, Stamps } from '../../tools/build/stamps.mjs';

let root;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tidegate-stamps-'));
  mkdirSync(join(root, 'src'));
  writeFileSync(join(root, 'src/a'), 'one');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test('a step is fresh until an input changes', () => {
  const stamps = new Stamps(root);
  stamps.set('step', hashOf(root, ['src']));
  assert.equal(stamps.isFresh('step', hashOf(root, ['src']), []), true);
  writeFileSync(join(root, 'src/a'), 'two');
  assert.equal(stamps.isFresh('step', hashOf(root, ['src']), []), false);
});

test('a file moved or added is a change', () => {
  const before = hashOf(root, ['src', 'absent']);
  writeFileSync(join(root, 'src/b'), '');
  assert.notEqual(hashOf(root, ['src', 'absent']), before);
});

test('a step whose output is gone is not fresh', () => {
  const stamps = new Stamps(root);
  stamps.set('step', 'hash');
  assert.equal(stamps.isFresh('step', 'hash', ['src/a']), true);
  assert.equal(stamps.isFresh('step', 'hash', ['src/gone']), false);
});
