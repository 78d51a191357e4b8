/** What Web IDL says of the classes: attributes, names, lengths, brands and conversions. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tidegate from 'tidegate';

const {
  ByteLengthQueuingStrategy,
  CountQueuingStrategy,
  ReadableStream,
  ReadableStreamDefaultReader,
  TransformStream,
  WritableStream,
} = tidegate;

/** Interface to `[length of its constructor, { method: length }, [attributes], { static method: length }]`. */
const interfaces = {
  ReadableStream: [
    0,
    { cancel: 0, getReader: 0, pipeThrough: 1, pipeTo: 1, tee: 0, values: 0 },
    ['locked'],
    { from: 1 },
  ],
  ReadableStreamDefaultReader: [1, { read: 0, releaseLock: 0, cancel: 0 }, ['closed']],
  ReadableStreamBYOBReader: [1, { read: 1, releaseLock: 0, cancel: 0 }, ['closed']],
  ReadableStreamDefaultController: [0, { close: 0, enqueue: 0, error: 0 }, ['desiredSize']],
  ReadableByteStreamController: [0, { close: 0, enqueue: 1, error: 0 }, ['byobRequest', 'desiredSize']],
  ReadableStreamBYOBRequest: [0, { respond: 1, respondWithNewView: 1 }, ['view']],
  WritableStream: [0, { abort: 0, close: 0, getWriter: 0 }, ['locked']],
  WritableStreamDefaultWriter: [
    1,
    { abort: 0, close: 0, releaseLock: 0, write: 0 },
    ['closed', 'desiredSize', 'ready'],
  ],
  WritableStreamDefaultController: [0, { error: 0 }, ['signal']],
  TransformStream: [0, {}, ['readable', 'writable']],
  TransformStreamDefaultController: [0, { enqueue: 0, error: 0, terminate: 0 }, ['desiredSize']],
  ByteLengthQueuingStrategy: [1, {}, ['highWaterMark', 'size']],
  CountQueuingStrategy: [1, {}, ['highWaterMark', 'size']],
};

/** What tidegate adds to the standard's. */
const additions = { ReadableStreamDefaultReader: ['readMany'], WritableStreamDefaultWriter: ['writeMany'] };

/** Those that reject where others throw. */
const returnsPromise = new Set(['closed', 'ready', 'cancel', 'read', 'abort', 'close', 'write', 'pipeTo']);

for (const [name, [length, methods, attributes, statics = {}]] of Object.entries(interfaces)) {
  const Interface = tidegate[name];
  const { prototype } = Interface;

  test(`${name} has its name, its length and its tag`, () => {
    assert.equal(Interface.name, name);
    assert.equal(Interface.length, length);
    assert.deepEqual(Object.getOwnPropertyDescriptor(prototype, Symbol.toStringTag), {
      value: name,
      writable: false,
      enumerable: false,
      configurable: true,
    });
    assert.equal(Object.getOwnPropertyDescriptor(Interface, 'prototype').writable, false);
  });

  test(`${name} has exactly its methods and attributes, and tidegate's additions`, () => {
    const expected = ['constructor', ...Object.keys(methods), ...attributes, ...(additions[name] ?? [])];
    assert.deepEqual(Object.getOwnPropertyNames(prototype).sort(), expected.sort());
    for (const [method, count] of Object.entries(methods)) {
      const { value, ...attributesOf } = Object.getOwnPropertyDescriptor(prototype, method);
      assert.deepEqual(attributesOf, { writable: true, enumerable: true, configurable: true }, method);
      assert.equal(value.name, method);
      assert.equal(value.length, count, method);
      assert.equal('prototype' in value, false, method);
    }
    for (const attribute of attributes) {
      const { get, set, enumerable, configurable } = Object.getOwnPropertyDescriptor(prototype, attribute);
      assert.deepEqual(
        { set, enumerable, configurable },
        { set: undefined, enumerable: true, configurable: true },
        attribute,
      );
      assert.equal(get.name, `get ${attribute}`);
      assert.equal(get.length, 0);
    }
    for (const [method, count] of Object.entries(statics)) {
      const { value, enumerable } = Object.getOwnPropertyDescriptor(Interface, method);
      assert.deepEqual([value.name, value.length, enumerable], [method, count, true]);
    }
  });

  test(`${name}'s members on another object are a TypeError, rejected where they return a promise`, async () => {
    const fails = async (member, call) => {
      if (!returnsPromise.has(member) || (member === 'close' && /Controller$/.test(name)))
        assert.throws(call, TypeError, member);
      else await assert.rejects(call(), TypeError, member);
    };
    for (const receiver of [{}, undefined, Object.create(prototype)]) {
      for (const method of Object.keys(methods)) await fails(method, () => prototype[method].call(receiver));
      for (const attribute of attributes) {
        const { get } = Object.getOwnPropertyDescriptor(prototype, attribute);
        await fails(attribute, () => get.call(receiver));
      }
    }
  });

  test(`${name} cannot be called without new`, () => {
    assert.throws(() => Interface(), TypeError);
  });
}

test('controllers and BYOB requests cannot be constructed', () => {
  for (const name of Object.keys(interfaces).filter((key) => /Controller$|Request$/.test(key))) {
    assert.throws(() => new tidegate[name](), TypeError, name);
  }
});

test('streams may be subclassed', async () => {
  class Numbers extends ReadableStream {
    constructor() {
      super({
        start: (controller) => {
          controller.enqueue(1);
          controller.close();
        },
      });
    }

    async sum() {
      let sum = 0;
      for await (const chunk of this) sum += chunk;
      return sum;
    }
  }
  const numbers = new Numbers();
  assert.ok(numbers instanceof ReadableStream);
  assert.equal(await numbers.sum(), 1);
  class Sink extends WritableStream {}
  class Both extends TransformStream {}
  assert.ok(new Sink().getWriter());
  assert.ok(new Both().readable instanceof ReadableStream);
});

test('a strategy or source that is no object is a TypeError, null and undefined are as if left out', () => {
  for (const Stream of [ReadableStream, WritableStream]) {
    assert.throws(() => new Stream(1), TypeError);
    assert.throws(() => new Stream({}, 1), TypeError);
    assert.ok(new Stream(undefined, null));
    assert.throws(() => new Stream(null), TypeError);
  }
});

test('a high-water mark is converted to a number, a size must be a function', () => {
  let controller;
  new ReadableStream(
    {
      start(c) {
        controller = c;
      },
    },
    { highWaterMark: '3' },
  );
  assert.equal(controller.desiredSize, 3);
  assert.throws(() => new ReadableStream({}, { size: 1 }), TypeError);
});

test('getReader takes byob or nothing for a mode, and the option is converted to a string', () => {
  assert.throws(() => new ReadableStream().getReader({ mode: 'other' }), TypeError);
  assert.throws(() => new ReadableStream().getReader({ mode: null }), TypeError);
  assert.ok(new ReadableStream({ type: 'bytes' }).getReader({ mode: { toString: () => 'byob' } }));
  assert.throws(() => new ReadableStream().getReader({ mode: 'byob' }), TypeError);
});

test('the strategies need an object with a highWaterMark and take any number for it', () => {
  for (const Strategy of [ByteLengthQueuingStrategy, CountQueuingStrategy]) {
    assert.throws(() => new Strategy(), TypeError);
    assert.throws(() => new Strategy({}), TypeError);
    assert.throws(() => new Strategy({ highWaterMark: Symbol('no') }), TypeError);
    assert.equal(new Strategy({ highWaterMark: -4 }).highWaterMark, -4);
    assert.ok(Number.isNaN(new Strategy({ highWaterMark: 'many' }).highWaterMark));
  }
});

test('size of a strategy is one function for all of its kind, with the name size, and needs no this', () => {
  const [first, second] = [
    new ByteLengthQueuingStrategy({ highWaterMark: 1 }),
    new ByteLengthQueuingStrategy({ highWaterMark: 2 }),
  ];
  assert.equal(first.size, second.size);
  const { size } = first;
  assert.deepEqual([size.name, size.length, 'prototype' in size], ['size', 1, false]);
  assert.equal(size({ byteLength: 7 }), 7);
  assert.throws(() => size(), TypeError);
  const count = new CountQueuingStrategy({ highWaterMark: 1 }).size;
  assert.deepEqual([count.name, count.length, count()], ['size', 0, 1]);
});

test('streams work though the page has replaced then, resolve and species of promises', async () => {
  const { then } = Promise.prototype;
  const { resolve } = Promise;
  const seen = [];
  let piped;
  try {
    Promise.prototype.then = function (...args) {
      seen.push('then');
      return Reflect.apply(then, this, args);
    };
    Promise.resolve = (...args) => {
      seen.push('resolve');
      return Reflect.apply(resolve, Promise, args);
    };
    const stream = new ReadableStream({
      start: (controller) => {
        controller.enqueue(1);
        controller.close();
      },
    });
    piped = stream.pipeThrough(new TransformStream()).pipeTo(new WritableStream());
    assert.deepEqual(seen, []);
  } finally {
    Promise.prototype.then = then;
    Promise.resolve = resolve;
  }
  await piped;
});

test('options that are left out read nothing from Object.prototype', () => {
  const { prototype } = Object;
  const mine = { highWaterMark: 7, mode: 'byob', preventCancel: true, preventClose: true };
  Object.assign(prototype, mine);
  try {
    const marks = [];
    const stream = new ReadableStream({
      start(c) {
        marks.push(c.desiredSize);
      },
    });
    new WritableStream({
      start(c) {
        marks.push(c.signal.aborted);
      },
    });
    const transform = new TransformStream({
      start(c) {
        marks.push(c.desiredSize);
      },
    });
    assert.deepEqual(marks, [1, false, 0]);
    assert.equal(transform.writable.getWriter().desiredSize, 1);
    assert.ok(stream.getReader() instanceof ReadableStreamDefaultReader);
  } finally {
    for (const key of Object.keys(mine)) delete prototype[key];
  }
});
