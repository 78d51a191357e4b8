/** The codecs' Wasm modules by themselves: whatever numbers they are called with, they neither trap nor forget. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { FAMILIES } from '../../../tools/build/wasm.mjs';

function compile(family) {
  const file = new URL(`../../../build/${family}/${family}_bg.wasm`, import.meta.url);
  return new WebAssembly.Module(readFileSync(file));
}

function instantiate(family) {
  const module = compile(family);
  const imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) (imports[from] ??= {})[name] = () => {};
  return new WebAssembly.Instance(module, imports).exports;
}

/** For each family what adds its codecs, with any numbers. */
const ADD = {
  inflate: [
    (exports, random, any) => exports.codecs_add_gunzip(random(2), any() - 100, any(), random(3)),
    (exports, random, any) => exports.codecs_add_inflate(random(2), random(2), any() - 100, any()),
  ],
  deflate: [
    (exports, random, any) => {
      for (let bytes = random(5); bytes > 0; bytes--) exports.codecs_add_header_byte(random(2), random(256));
      exports.codecs_add_deflate(random(4), random(256), any(), random(256));
    },
  ],
  digest: [(exports, random, any) => exports.codecs_add_digest(random(2) ? random(128) : any(), random(2))],
  text: [
    (exports, random, any) => exports.codecs_add_lines(any(), any()),
    (exports, random, any) => exports.codecs_add_ndjson(any()),
    (exports, random, any) => {
      const byte = () => random(256);
      return exports.codecs_add_csv(byte(), byte(), byte(), byte(), random(3), random(3), any(), any());
    },
  ],
};

/** Numbers below `limit`, the same for the same seed. */
function generator(seed) {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

test('every function that adds a codec is called below', () => {
  for (const family of FAMILIES) {
    const names = WebAssembly.Module.exports(compile(family)).map((entry) => entry.name);
    const adding = names.filter((name) => name.startsWith('codecs_add_'));
    assert.deepEqual(
      adding.filter((name) => !ADD[family].some((add) => String(add).includes(name))),
      [],
    );
  }
});

for (const family of FAMILIES)
  test(`${family}: any sequence of calls with any ids and sizes ends without a trap, and every chain can be freed`, () => {
    const exports = instantiate(family);
    const random = generator(7);
    const edges = [0, 1, 2, 15, 16, 4096, 65535, 65536, 65537, 2 ** 22, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];
    const any = () => edges[random(edges.length)];
    const ids = [];
    const id = () => (ids.length > 0 && random(10) > 0 ? ids[random(ids.length)] : any());
    const calls = {
      create() {
        for (let stages = random(4); stages > 0; stages--)
          ADD[family][random(ADD[family].length)](exports, random, any);
        const made = exports.codecs_create() >>> 0;
        assert.notEqual(made, 0);
        if (ids.push(made) > 8) exports.codecs_free(ids.shift());
      },
      input() {
        const chain = id();
        const room = exports.codecs_input(chain);
        const [address] = new Uint32Array(exports.memory.buffer, exports.codecs_info(), 1);
        const length = Math.min(room, any());
        const bytes = new Uint8Array(exports.memory.buffer, room > 0 ? address : 0, room > 0 ? length : 0);
        for (let at = 0; at < bytes.length; at++)
          bytes[at] = random(3) === 0 ? random(256) : [0x1f, 0x8b, 8, 0, 34, 44, 10, 13, 97][random(9)];
        exports.codecs_run(chain, length, random(20) === 0);
      },
      flush: () => exports.codecs_flush(id()),
      run: () => exports.codecs_run(id(), any(), random(20) === 0),
      batch: () => exports.codecs_batch(id()),
      stat: () => exports.codecs_stat(id(), any(), random(8)),
      digest: () => exports.codecs_digest(id(), any()),
      offset: () => exports.codecs_error_offset(),
      free: () => random(20) === 0 && exports.codecs_free(id()),
    };
    const names = Object.keys(calls);
    for (let step = 0; step < 10_000; step++) calls[names[random(names.length)]]();
    for (const made of ids) exports.codecs_free(made);
    assert.equal(exports.codecs_live(), 0);
    assert.ok(exports.memory.buffer.byteLength < 64 * 2 ** 20, `${exports.memory.buffer.byteLength} bytes of memory`);
  });

test('a stale id is refused, also when its slot has been taken again', () => {
  const exports = instantiate('digest');
  exports.codecs_add_digest(1, 0);
  const first = exports.codecs_create();
  assert.equal(exports.codecs_free(first), 1);
  exports.codecs_add_digest(1, 0);
  const second = exports.codecs_create();
  assert.notEqual(first, second);
  const STALE = 4;
  assert.equal(exports.codecs_run(first, 0, 0), STALE);
  assert.equal(exports.codecs_free(first), 0);
  assert.equal(exports.codecs_run(second, 0, 1), 2);
});
