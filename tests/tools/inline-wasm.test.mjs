import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode, encode } from '../../tools/build/inline-wasm.mjs';

const everyPair = Uint8Array.from({ length: 2 * 256 * 256 }, (_, index) => (index % 2 ? index >> 1 : index >> 9));

test('every byte, after every other, comes back from the text it was inlined as', () => {
  assert.deepEqual(decode(encode(everyPair), everyPair.length), everyPair);
});

test('the text needs no escapes in a string literal', () => {
  assert.doesNotMatch(encode(everyPair), /[^#-~]|\\/);
});
