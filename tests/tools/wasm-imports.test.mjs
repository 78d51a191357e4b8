import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { FAMILIES } from '../../tools/build/wasm.mjs';
import { golden, wasmReport } from '../../tools/wasm-report.mjs';

const imports = (name) => {
  const bytes = readFileSync(new URL(`../../build/${name}/${name}_bg.wasm`, import.meta.url));
  return WebAssembly.Module.imports(new WebAssembly.Module(bytes));
};

test("the core's module imports nothing but wasm-bindgen's own, so it can neither do I/O nor see JavaScript", () => {
  for (const { module, name } of imports('core')) {
    assert.equal(module, './core_bg.js');
    assert.match(name, /^__wb(indgen|g)_(init_externref_table|throw)/);
  }
});

test("the codecs' modules import only from their own glue", () => {
  for (const family of FAMILIES) for (const { module } of imports(family)) assert.equal(module, `./${family}_bg.js`);
});

test('the modules import and export what etc/wasm-modules.txt lists', () => {
  assert.equal(wasmReport(), readFileSync(golden, 'utf8'), 'if it is meant: node tools/wasm-report.mjs --update');
});

/** In KiB: brotli has a dictionary of 120 KiB, and compression its index and a table of logarithms. The encodings have tables. */
const AT_REST = { brotli: 256, brotli_compress: 768, encoding: 256 };

for (const name of ['core', ...FAMILIES]) {
  const most = AT_REST[name] ?? 128;
  test(`an instance of the module ${name} that has done nothing holds at most ${most} KiB`, () => {
    const bytes = readFileSync(new URL(`../../build/${name}/${name}_bg.wasm`, import.meta.url));
    const stubs = {};
    for (const each of imports(name)) (stubs[each.module] ??= {})[each.name] = () => {};
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), stubs);
    assert.ok(exports.memory.buffer.byteLength <= most * 1024, `${exports.memory.buffer.byteLength} bytes`);
  });
}
