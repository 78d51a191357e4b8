import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { overBudget, sizes, staticClosure } from '../../tools/size.mjs';

const files = {
  [join('/dist', 'index.js')]: 'import{a as b}from"./chunks/x.js";export{b};',
  [join('/dist', 'chunks/x.js')]: 'import"./y.js";var l=()=>import("./lazy.js");export{l as a};',
  [join('/dist', 'chunks/y.js')]: 'export*from"../index.js"',
};

test('an entry loads what it imports statically, directly or not, and nothing it imports on demand', () => {
  assert.deepEqual([...staticClosure(join('/dist', 'index.js'), (path) => files[path])], Object.keys(files));
});

test('each file is compressed by itself', () => {
  const text = Buffer.from('backpressure '.repeat(100));
  const one = sizes(['a'], () => text);
  const two = sizes(['a', 'b'], () => text);
  assert.equal(one.raw, text.length);
  assert.equal(two.gzip, 2 * one.gzip);
  assert.equal(two.brotli, 2 * one.brotli);
});

test('an entry over its budget, or with a budget and not built, is named', () => {
  const entries = { tidegate: { raw: 3, gzip: 11, brotli: 2 } };
  assert.deepEqual(overBudget(entries, { tidegate: { gzip: 11 } }), []);
  assert.match(overBudget(entries, { tidegate: { gzip: 10 } })[0], /1 over its budget of 10/);
  assert.match(overBudget(entries, { other: { gzip: 10 } })[0], /not built/);
});
