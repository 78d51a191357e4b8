import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare } from '../../tools/bench-core.mjs';

test('a command that takes over five percent more instructions than the baseline is over', () => {
  const rows = compare({ read: 106, write: 104, close: 90 }, { read: 100, write: 100, close: 100 });
  assert.deepEqual(
    rows.map(({ name, over }) => [name, over]),
    [
      ['read', true],
      ['write', false],
      ['close', false],
    ],
  );
});

test('a command that is new has nothing to be compared with', () => {
  assert.deepEqual(compare({ tee: 50 }, {}), [{ name: 'tee', now: 50, before: undefined, growth: 0, over: false }]);
});
