import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { apiText, describe, GOLDEN } from '../../tools/api.mjs';

test('the public API is the one that etc/api.txt records', async () => {
  const golden = readFileSync(GOLDEN, 'utf8');
  assert.equal(
    await apiText(),
    golden,
    'If the change is meant, run `node tools/api.mjs --update` and commit etc/api.txt.',
  );
});

test('a class is described by its arguments, its parent and its members', () => {
  class Parent {}
  class Child extends Parent {
    static make(_one) {}
    get size() {
      return 1;
    }
    [Symbol.iterator]() {}
  }
  assert.deepEqual(describe({ Child, join: (_a, _b) => {}, LIMIT: 3 }), [
    'class Child(0) extends Parent',
    '  static make(1)',
    '  [Symbol.iterator](0)',
    '  size: get',
    'const LIMIT: number',
    'function join(2)',
  ]);
});
