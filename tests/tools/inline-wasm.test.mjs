import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createContext, runInContext } from 'node:vm';
import {
  crcTables,
  decode,
  encode,
  fillCrcTables,
  fillLogarithms,
  logarithms,
} from '../../tools/build/inline-wasm.mjs';
import { renameExports, shortNames } from '../../tools/build/short-exports.mjs';
import { root } from './documents.mjs';

const everyPair = Uint8Array.from({ length: 2 * 256 * 256 }, (_, index) => (index % 2 ? index >> 1 : index >> 9));

/** Every byte after every other, where those from `first` on are by far the most frequent. */
const skewed = (first) =>
  Uint8Array.from([...everyPair, ...Array.from({ length: 89_000 }, (_, index) => (first + (index % 89)) & 255)]);

for (const first of [0, 60, 89]) {
  test(`every byte, after every other, comes back from the text it was inlined as, with those from ${first} on as one character`, () => {
    const bytes = skewed(first);
    const [steps, text, length] = encode(bytes);
    assert.deepEqual(decode(steps, text, length), bytes);
    assert.ok(text.length < 1.6 * length, 'the frequent ones are one character');
  });
}

test('the text needs no escapes in a string literal', () => {
  for (const text of encode(skewed(60)).slice(0, 2)) assert.doesNotMatch(text, /[^#-~]|\\/);
});

test('a module is decoded in a realm without TextEncoder, and after a page has replaced the functions of the language', () => {
  const text = readFileSync(join(root, 'tools/build/inline-wasm.mjs'), 'utf8');
  const source = /^function makeDecode\(\) \{\n.*?^\}/ms.exec(text)[0];
  const expected = skewed(60);
  const realm = createContext({ given: encode(expected) });
  const replace = 'String.prototype.charCodeAt = Uint8Array.prototype.fill = undefined;';
  const bytes = runInContext(`${source}; const decode = makeDecode(); ${replace} decode(...given)`, realm);
  assert.deepEqual([...bytes], [...expected]);
});

test('the tables of CRC-32 are left out of the text and made again', () => {
  const bytes = readFileSync(join(root, 'build/inflate/inflate_bg.wasm'));
  const tables = crcTables(bytes);
  assert.ok(tables.length >= 2, 'none has been found');
  const rest = Uint8Array.from(bytes);
  for (let table = 0; table < tables.length; table += 2) rest.fill(0, tables[table], tables[table] + 1024);
  assert.notDeepEqual(rest, new Uint8Array(bytes));
  assert.deepEqual(fillCrcTables(rest, tables), new Uint8Array(bytes));
});

test("the core's exports have short names in dist/, each its own, and the module is otherwise the same", () => {
  const bytes = readFileSync(join(root, 'build/core/core_bg.wasm'));
  const names = shortNames(root);
  const exportsOf = (module) => WebAssembly.Module.exports(new WebAssembly.Module(module));
  const expected = exportsOf(bytes).map(({ name, kind }) => ({ name: names[name] ?? name, kind }));
  const renamed = renameExports(bytes, names);
  assert.deepEqual(exportsOf(renamed), expected);
  assert.equal(new Set(expected.map(({ name }) => name)).size, expected.length);
  assert.ok(expected.length - Object.keys(names).length < 10, 'only a few keep theirs');
  const back = Object.fromEntries(Object.entries(names).map(([long, short]) => [short, long]));
  assert.deepEqual(renameExports(renamed, back), new Uint8Array(bytes));
});

test('the logarithms of the encoder of brotli are computed as the module has them', () => {
  const bytes = readFileSync(join(root, 'build/brotli_compress/brotli_compress_bg.wasm'));
  const table = logarithms(bytes);
  assert.ok(table.length <= 3, 'no more than one of them is rounded otherwise');
  const again = Uint8Array.from(bytes);
  again.fill(0, table[0], table[0] + 4 * (65_536 - 3));
  assert.deepEqual(fillLogarithms(again, table), Uint8Array.from(bytes));
  assert.equal(logarithms(Uint8Array.from(bytes).fill(0, table[0] + 1000, table[0] + 5000)), undefined);
});
