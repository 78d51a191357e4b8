import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { crcTables, decode, encode, fillCrcTables } from '../../tools/build/inline-wasm.mjs';
import { renameExports, shortNames } from '../../tools/build/short-exports.mjs';
import { root } from './documents.mjs';

const everyPair = Uint8Array.from({ length: 2 * 256 * 256 }, (_, index) => (index % 2 ? index >> 1 : index >> 9));

test('every byte, after every other, comes back from the text it was inlined as', () => {
  assert.deepEqual(decode(encode(everyPair), everyPair.length), everyPair);
});

test('the text needs no escapes in a string literal', () => {
  assert.doesNotMatch(encode(everyPair), /[^#-~]|\\/);
});

test("the codecs' tables of CRC-32 are left out of the text and made again", () => {
  const bytes = readFileSync(join(root, 'build/codecs/codecs_bg.wasm'));
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
