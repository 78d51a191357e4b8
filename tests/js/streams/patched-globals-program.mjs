/**
 * The program of patched-globals.test.mjs, a process of its own. It imports the package, then puts a function that reports in the place of
 * every function of every global and its prototype, setters for indices on Array.prototype, and accessors for the standard's names on
 * Object.prototype; then it uses streams of all kinds. What the package's code calls of them is written as JSON.
 */
import { setImmediate as task } from 'node:timers/promises';
import { ReadableStream, TransformStream, WritableStream } from '../../../dist/index.js';

const { apply, construct, defineProperty, getOwnPropertyDescriptor, ownKeys } = Reflect;
const getPrototypeOf = Object.getPrototypeOf;
const NativeError = Error;
const isObject = (value) => (typeof value === 'object' && value !== null) || typeof value === 'function';
const uncurry = Function.prototype.call.bind.bind(Function.prototype.call);
const includes = uncurry(String.prototype.includes);
const split = uncurry(String.prototype.split);
const addTo = uncurry(Set.prototype.add);
const has = uncurry(Set.prototype.has);
const clear = uncurry(Set.prototype.clear);
const stringify = JSON.stringify;
const fromSet = Array.from.bind(Array);
const write = process.stdout.write.bind(process.stdout);

const called = new Set();

/** Reports a call of `name` whose caller is the package. */
function report(name) {
  const { stack } = new NativeError();
  const caller = split(stack, '\n')[3];
  if (caller !== undefined && includes(caller, '/dist/')) addTo(called, name);
}

const done = new Set([Function.prototype]);

/** Replaces the functions that are properties of `object`. What a native function is asked for by the engine alone is not a call. */
function patch(object, path, depth) {
  if (has(done, object)) return;
  addTo(done, object);
  const keys = ownKeys(object);
  for (let n = 0; n < keys.length; n++) {
    const key = keys[n];
    const property = getOwnPropertyDescriptor(object, key);
    const name = `${path}.${typeof key === 'symbol' ? key.description : key}`;
    const { value } = property;
    if (key === 'constructor' || key === 'prepareStackTrace') continue;
    if (depth > 0 && isObject(value) && key !== 'process' && key !== 'globalThis' && key !== 'global') {
      patch(value, name, depth - 1);
      if (typeof value === 'function' && isObject(value.prototype)) {
        patch(value.prototype, `${name}.prototype`, 0);
        const parent = getPrototypeOf(value.prototype);
        if (parent !== null) patch(parent, `${name}.prototype.__proto__`, 0);
      }
    }
    if (!property.configurable) continue;
    if (typeof value === 'function' && !(object === globalThis && /^[a-z]/.test(String(key)))) {
      defineProperty(object, key, { ...property, value: wrapper(name, value) });
    } else if (property.get !== undefined && object !== globalThis) {
      const { get, set } = property;
      defineProperty(object, key, {
        ...property,
        get() {
          report(name);
          return apply(get, this, []);
        },
        set,
      });
    }
  }
}

function wrapper(name, value) {
  return new Proxy(value, {
    apply(target, self, args) {
      report(name);
      return apply(target, self, args);
    },
    construct(target, args, newTarget) {
      report(`new ${name}`);
      return construct(target, args, newTarget);
    },
  });
}

const NAMES = [
  'globalThis.Promise',
  'globalThis.Array',
  'globalThis.Object',
  'globalThis.Reflect',
  'globalThis.Function',
  'globalThis.Number',
  'globalThis.Math',
  'globalThis.Symbol',
  'globalThis.String',
  'globalThis.Boolean',
  'globalThis.Map',
  'globalThis.Set',
  'globalThis.WeakMap',
  'globalThis.WeakRef',
  'globalThis.FinalizationRegistry',
  'globalThis.ArrayBuffer',
  'globalThis.DataView',
  'globalThis.Uint8Array',
  'globalThis.AbortController',
  'globalThis.AbortSignal',
  'globalThis.EventTarget',
  'globalThis.TypeError',
  'globalThis.RangeError',
  'globalThis.structuredClone',
  'globalThis.DOMException',
];

function patchAll() {
  const iterator = getPrototypeOf([][Symbol.iterator]());
  const asyncGenerator = getPrototypeOf(getPrototypeOf(async function* () {}).prototype);
  for (const name of NAMES) {
    const key = name.slice('globalThis.'.length);
    const value = globalThis[key];
    if (value === undefined) continue;
    patch(value, key, 0);
    if (value.prototype !== undefined) {
      patch(value.prototype, `${key}.prototype`, 0);
      const parent = getPrototypeOf(value.prototype);
      if (parent !== null && parent !== Object.prototype) patch(parent, `${key}.prototype.__proto__`, 0);
    }
    defineProperty(globalThis, key, { value: wrapper(key, value), configurable: true, writable: true });
  }
  patch(iterator, 'ArrayIterator.prototype', 0);
  patch(asyncGenerator, 'AsyncGenerator.prototype', 0);
  for (let n = 0; n < 300; n++) {
    defineProperty(Array.prototype, n, {
      __proto__: null,
      configurable: true,
      get() {
        return undefined;
      },
      set(value) {
        report(`Array.prototype[${n}] =`);
        defineProperty(this, n, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
      },
    });
  }
  for (const key of [
    'state',
    'reader',
    'writer',
    'value',
    'done',
    'resolve',
    'reject',
    'highWaterMark',
    'isPipe',
    'crash',
  ]) {
    defineProperty(Object.prototype, key, {
      __proto__: null,
      configurable: true,
      get() {
        report(`get Object.prototype.${key}`);
        return undefined;
      },
      set(value) {
        report(`set Object.prototype.${key}`);
        defineProperty(this, key, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
      },
    });
  }
}

const own = (object) => ({ __proto__: null, ...object });
const quiet = async (promise) => {
  try {
    return await promise;
  } catch {
    return undefined;
  }
};
async function drain(stream) {
  const reader = stream.getReader();
  while (!(await reader.read()).done);
}
const source = (count, more = {}) =>
  new ReadableStream(
    own({
      start(controller) {
        for (let n = 0; n < count; n++) controller.enqueue(n);
        controller.close();
      },
      ...more,
    }),
  );

const PROGRAMS = {
  async reads() {
    const stream = source(20);
    const reader = stream.getReader();
    await reader.readMany();
    reader.releaseLock();
    await drain(source(200));
  },
  async reading() {
    let controller;
    const stream = new ReadableStream(
      own({
        start(c) {
          controller = c;
        },
      }),
      own({ highWaterMark: 2, size: () => 1 }),
    );
    const reader = stream.getReader();
    const reads = [reader.read(), reader.read()];
    controller.enqueue(1);
    controller.enqueue(2);
    await reads[0];
    await reads[1];
    const last = quiet(reader.read());
    reader.releaseLock();
    await last;
    controller.error(new Error('no'));
    await quiet(stream.cancel());
  },
  async iteration() {
    const iterator = source(5).values();
    await iterator.next();
    await iterator.return();
  },
  async tees() {
    const [one, two] = source(5).tee();
    await drain(one);
    await two.cancel();
  },
  async bytes() {
    let controller;
    const stream = new ReadableStream(
      own({
        type: 'bytes',
        start(c) {
          controller = c;
        },
      }),
    );
    const reader = stream.getReader(own({ mode: 'byob' }));
    const reads = [reader.read(new Uint8Array(4)), reader.read(new Uint8Array(4)), reader.read(new Uint8Array(4))];
    controller.byobRequest.respond(2);
    controller.enqueue(new Uint8Array(8));
    controller.close();
    await reads[0];
    await reads[1];
    await reads[2];
  },
  async byteTees() {
    let controller;
    const stream = new ReadableStream(
      own({
        type: 'bytes',
        start(c) {
          controller = c;
        },
      }),
    );
    const [one, two] = stream.tee();
    const both = [quiet(one.getReader(own({ mode: 'byob' })).read(new Uint8Array(4))), quiet(drain(two))];
    await task();
    controller.byobRequest?.respond(2);
    await task();
    controller.enqueue(new Uint8Array(8));
    controller.close();
    await task();
    controller.byobRequest?.respond(0);
    await both[0];
    await both[1];
  },
  async writes() {
    const stream = new WritableStream(own({ write: () => task() }), own({ highWaterMark: 3, size: () => 1 }));
    const writer = stream.getWriter();
    for (let n = 0; n < 20; n++) quiet(writer.write(n));
    await writer.ready;
    await writer.writeMany([1, 2, 3]);
    await writer.close();
  },
  async aborts() {
    let controller;
    const stream = new WritableStream(
      own({
        start(c) {
          controller = c;
        },
      }),
    );
    const writer = stream.getWriter();
    controller.signal.onabort = () => {};
    quiet(writer.write(1));
    await quiet(writer.abort(new Error('no')));
    await quiet(writer.closed);
  },
  async transforms() {
    const stream = new TransformStream(
      own({
        transform(chunk, controller) {
          controller.enqueue(chunk);
        },
        flush() {},
      }),
    );
    const writer = stream.writable.getWriter();
    for (let n = 0; n < 20; n++) quiet(writer.write(n));
    quiet(writer.close());
    await drain(stream.readable);
  },
  async pipes() {
    await source(300)
      .pipeThrough(new TransformStream())
      .pipeThrough(new TransformStream())
      .pipeTo(new WritableStream(own({ write() {} })));
    const stop = new AbortController();
    const piped = quiet(new ReadableStream().pipeTo(new WritableStream(), own({ signal: stop.signal })));
    stop.abort();
    await piped;
  },
  async pipesOfMany() {
    const all = [];
    for (let n = 0; n < 100; n++) all[n] = source(5).pipeTo(new WritableStream(own({ write() {} })));
    for (let n = 0; n < 100; n++) await all[n];
  },
  async from() {
    let left = 3;
    const next = () => own({ done: left === 0, value: left-- });
    await drain(ReadableStream.from(own({ [Symbol.iterator]: () => own({ next }) })));
    left = 3;
    await drain(ReadableStream.from(own({ [Symbol.asyncIterator]: () => own({ next }) })));
  },
  async discards() {
    const stream = source(5, { onDiscard() {} });
    await stream.cancel();
  },
};

await task();
patchAll();
const problems = {};
for (const name of ownKeys(PROGRAMS)) {
  clear(called);
  let failure;
  try {
    await PROGRAMS[name]();
    await task();
  } catch (error) {
    failure = String(error?.stack);
  }
  problems[name] = { failure, called: fromSet(called) };
}
write(stringify(problems));
