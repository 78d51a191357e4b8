/** The core as JavaScript (build/core/core_js.js) answers every call as the Wasm module does: random calls of all exports. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import instantiate from '../../build/core/core_js.js';

const CALLS = 30_000;
const STALE = -(2 ** 31);
const module = new WebAssembly.Module(readFileSync(new URL('../../build/core/core_bg.wasm', import.meta.url)));
const imports = { './core_bg.js': { __wbindgen_init_externref_table() {} } };

function randomOf(seed) {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return Math.floor((state / 0x80000000) * limit);
  };
}

/** Calls by the name of the export; an id is one that an export of the same machine has given, now and then a stale or a foreign one. */
function* calls(names, arity, random) {
  const NUMBERS = [0, 1, 1, 1, 2, 3, 4, 8, 16, 0.5, 1.5, -1, Infinity, NaN, 300, 2 ** 53];
  const ids = new Map();
  const machineOf = (name) => /^(byte_readable|[a-z]+)/.exec(name)[0];
  const constructors = names.filter((name) => name.endsWith('_new'));
  const others = names.filter((name) => !name.endsWith('_new'));
  for (let n = 0; n < CALLS; n++) {
    const name = n % 8 === 0 ? constructors[random(constructors.length)] : others[random(others.length)];
    const own = ids.get(machineOf(name)) ?? [0];
    const any = [...ids.values()].flat();
    const args = Array.from({ length: arity(name) }, (_, i) => {
      if (name.endsWith('_new') && random(3) > 0 && any.length > 0 && /pipe|tee|transform/.test(name))
        return any[random(any.length)];
      if (i === 0 && !name.endsWith('_new')) return own[random(own.length)];
      // As many chunks as -1 stands for are half a minute's work.
      return name.endsWith('_many') ? random(20) : NUMBERS[random(NUMBERS.length)];
    });
    const result = yield [name, args];
    if (!name.endsWith('_new') || !(result > 0)) continue;
    const list = ids.get(machineOf(name)) ?? [];
    ids.set(machineOf(name), [...list, result].slice(-6));
  }
}

/** Undefined and any way to write the same 32 bits are one answer. */
const normal = (value) => (Number.isInteger(value) && Math.abs(value) < 2 ** 32 ? value | 0 : value);

/** What a call gives; a trap is one of the answers, after which an instance is not to be used. */
const outcome = (call, args) => {
  try {
    return call(...args);
  } catch {
    return 'a trap';
  }
};

for (const seed of [1, 2, 3, 4]) {
  test(`${CALLS} random calls, seed ${seed}`, () => {
    const newPair = () => [new WebAssembly.Instance(module, imports).exports, instantiate()];
    let [wasm, javascript] = newPair();
    const names = Object.keys(wasm).filter((name) => typeof wasm[name] === 'function' && !name.startsWith('__'));
    assert.deepEqual(
      names.filter((name) => typeof javascript[name] !== 'function'),
      [],
    );
    const arity = Object.fromEntries(names.map((name) => [name, wasm[name].length]));
    const program = calls(names, (name) => arity[name], randomOf(seed));
    let answered = 0;
    for (let step = program.next(); !step.done;) {
      const [name, args] = step.value;
      const expected = outcome(wasm[name], args);
      const actual = outcome(javascript[name], args);
      assert.ok(Object.is(normal(actual), normal(expected)), `${name}(${args}) gave ${actual}, in Wasm ${expected}`);
      if (expected === 'a trap') [wasm, javascript] = newPair();
      else if (expected !== STALE) answered += 1;
      step = program.next(expected);
    }
    assert.ok(answered > CALLS / 4, `only ${answered} calls reached a machine`);
  });
}
