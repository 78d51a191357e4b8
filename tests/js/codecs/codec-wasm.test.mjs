/** The codecs' Wasm modules by themselves: whatever numbers they are called with, they neither trap nor forget. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { FAMILIES } from '../../../tools/build/wasm.mjs';
import { bytes } from './codec-support.mjs';

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

/** Numbers of src/wasm/codecs. */
const HAS_BATCH = 1;
const KEEP_RAGGED = 8;
const WITH_TABLE = 16;
const AUTO_DELIMITER = 64;

const word = (number) => [number, number >>> 8, number >>> 16, number >>> 24];
const column = (index) => [...word(index), ...word(0)];
/** As js/codecs/plan writes them: columns of all types, some of the fields, and all fields of some rows. */
const PLANS = [
  [
    6,
    ...word(1),
    ...word(0),
    ...word(8),
    ...[0, 1, 2, 3, 4, 5, 6, 7].flatMap((type) => [...column(type % 3), type]),
    ...word(0),
  ],
  [0, ...word(0), ...word(2), ...column(1), ...column(0), ...word(0)],
  [0, ...word(0), ...word(2 ** 32 - 1), ...word(1), ...column(0), 1, 0],
];

/** For each family what adds its codecs, with any numbers. */
const ADD = {
  inflate: [
    (exports, random, any) => exports.codecs_add_gunzip(random(2), any() - 100, any(), random(3)),
    (exports) => exports.codecs_add_crc32(),
    (exports, random, any) => exports.codecs_add_inflate(random(2), random(2), any() - 100, any()),
  ],
  brotli_compress: [(exports, random, any) => exports.codecs_add_brotli_compress(random(4), random(256) % 18, any())],
  brotli: [(exports, random, any) => exports.codecs_add_brotli(random(2), any() - 100, any(), any())],
  deflate: [
    (exports, random, any) => {
      for (let bytes = random(5); bytes > 0; bytes--) exports.codecs_add_header_byte(random(2), random(256));
      exports.codecs_add_deflate(random(4), random(256), any(), random(256));
    },
    (exports) => exports.codecs_add_crc32(),
  ],
  digest: [(exports, random, any) => exports.codecs_add_digest(random(2) ? random(128) : any(), random(2))],
  base64: [
    (exports, random, any) => exports.codecs_add_base64_encode(random(2), random(2), random(2) * any(), random(2)),
    (exports, random) => exports.codecs_add_base64_decode(random(2), random(2), random(2)),
    (exports, random) => exports.codecs_add_hex_encode(random(2)),
    (exports, random) => exports.codecs_add_hex_decode(random(2)),
  ],
  encoding: [(exports, random) => exports.codecs_add_decode_text(random(45), random(4))],
  text: [
    (exports, random, any) => exports.codecs_add_lines(any(), any()),
    (exports, random, any) => exports.codecs_add_ndjson(any()),
    (exports, random, any) => {
      // A step for all, one to the first element, or one that is cut off.
      for (let steps = random(3); steps > 0; steps--) exports.codecs_add_json_path_byte(0);
      if (random(4) === 0) for (const byte of [1, 0, 0, 0, 0]) exports.codecs_add_json_path_byte(byte);
      if (random(8) === 0) exports.codecs_add_json_path_byte(random(256));
      exports.codecs_add_json(any(), random(2) ? 1024 : any(), any());
    },
  ],
  'zstd-compress': [
    (exports, random, any) => {
      if (random(3) === 0) {
        const length = random(10) === 0 ? Math.min(any(), 2 ** 22) : random(200);
        const address = exports.codecs_add_zstd_dictionary(length) >>> 0;
        if (address !== 0 && length > 0) new Uint8Array(exports.memory.buffer, address, length)[0] = random(256);
      }
      exports.codecs_add_zstd_compress(random(256), random(2), random(2) === 0 ? -1 : any());
    },
  ],
  zstd: [
    (exports, random, any) => {
      if (random(2) === 0) {
        const length = random(10) === 0 ? Math.min(any(), 2 ** 22) : random(200);
        const address = exports.codecs_add_zstd_dictionary(length) >>> 0;
        if (address !== 0 && length < 200) {
          const dictionary = new Uint8Array(exports.memory.buffer, address, length);
          for (let at = 0; at < length; at++) dictionary[at] = [0x37, 0xa4, 0x30, 0xec][at] ?? random(256);
        }
      }
      exports.codecs_add_zstd_decompress(random(2), any() - 100, any(), any());
    },
  ],
  csv: [
    (exports, random, any) => {
      const byte = () => random(256);
      return exports.codecs_add_csv(byte(), byte(), byte(), byte(), byte(), random(3), random(3), any(), any());
    },
    (exports, random, any) => {
      const plan = Uint8Array.from(PLANS[random(PLANS.length)]);
      const given = random(10) === 0 ? Math.min(any(), 2 ** 22) : plan.length;
      const address = exports.codecs_table_plan(given) >>> 0;
      if (random(4) === 0) plan[random(plan.length)] = random(256);
      if (address !== 0)
        new Uint8Array(exports.memory.buffer, address, Math.min(given, plan.length)).set(plan.subarray(0, given));
      const flags = KEEP_RAGGED | WITH_TABLE | (random(2) * AUTO_DELIMITER);
      return exports.codecs_add_csv(44, 0, 34, 255, 255, 0, 0, 65536, flags);
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
        const input = new Uint8Array(exports.memory.buffer, room > 0 ? address : 0, room > 0 ? length : 0);
        for (let at = 0; at < input.length; at++)
          input[at] = random(3) === 0 ? random(256) : [0x1f, 0x8b, 8, 0, 34, 44, 10, 13, 97][random(9)];
        exports.codecs_run(chain, length, random(20) === 0);
      },
      flush: () => exports.codecs_flush(id()),
      run: () => exports.codecs_run(id(), any(), random(20) === 0),
      batch: () => exports.codecs_batch(id()),
      text: () => exports.codecs_text?.(id()),
      stat: () => exports.codecs_stat(id(), any(), random(8)),
      digest: () => exports.codecs_digest(id(), any()),
      offset: () => exports.codecs_error_offset(),
      table() {
        if (family !== 'csv') return;
        let chain = id();
        if (random(2) === 0) {
          // Rows that are right, for once.
          ADD.csv.at(-1)(exports, random, any);
          chain = exports.codecs_create() >>> 0;
          if (ids.push(chain) > 8) exports.codecs_free(ids.shift());
          const rows = bytes('1,a,2026-01-01\n,"b",\n'.repeat(20));
          exports.codecs_input(chain, rows.length);
          const [address] = new Uint32Array(exports.memory.buffer, exports.codecs_info(), 1);
          new Uint8Array(exports.memory.buffer, address, rows.length).set(rows);
          exports.codecs_run(chain, rows.length, random(2) === 0);
        }
        while (exports.codecs_table(chain, Math.max(1, any()), random(2)) === HAS_BATCH) {
          batches += 1;
          if (random(50) === 0) break;
        }
        exports.codecs_table_figure(id(), random(4));
        exports.codecs_table_delimiter(id());
      },
      free: () => random(20) === 0 && exports.codecs_free(id()),
    };
    let batches = 0;
    const names = Object.keys(calls);
    for (let step = 0; step < 10_000; step++) calls[names[random(names.length)]]();
    for (const made of ids) exports.codecs_free(made);
    assert.equal(exports.codecs_live(), 0);
    assert.ok(family !== 'csv' || batches > 10, `${batches} batches of tables`);
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
