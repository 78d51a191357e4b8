/**
 * The standard's reference implementation, from a checkout of https://github.com/whatwg/streams that STREAMS_DIR names. It is
 * no part of this repository. Its classes are generated in the checkout: in reference-implementation/, with Node 22 or later,
 * `npm install && node compile-idl.js`.
 */
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const CLASSES = [
  'ReadableStream',
  'ReadableStreamDefaultReader',
  'ReadableStreamBYOBReader',
  'ReadableStreamDefaultController',
  'ReadableByteStreamController',
  'ReadableStreamBYOBRequest',
  'WritableStream',
  'WritableStreamDefaultWriter',
  'WritableStreamDefaultController',
  'TransformStream',
  'TransformStreamDefaultController',
  'CountQueuingStrategy',
  'ByteLengthQueuingStrategy',
];

/** Why there is no reference implementation here; undefined where there is one. */
export function missingReference(dir = process.env.STREAMS_DIR) {
  if (!dir) return 'STREAMS_DIR does not name a checkout of https://github.com/whatwg/streams';
  const generated = join(dir, 'reference-implementation/generated');
  return existsSync(generated)
    ? undefined
    : `${generated} is not there; run \`npm install && node compile-idl.js\` beside it with Node 22 or later`;
}

const CLEARED = ['_transformAlgorithm', '_flushAlgorithm', '_cancelAlgorithm'];

/**
 * Calls `onCleared()` when an algorithm of a transform stream is called after it was cleared: the standard's text has no step for that,
 * the reference implementation throws a TypeError and, mostly, swallows it.
 */
function watchCleared(require, onCleared) {
  const { prototype } = require('../lib/TransformStreamDefaultController-impl.js').implementation;
  for (const name of CLEARED) {
    const values = new WeakMap();
    Object.defineProperty(prototype, name, {
      set(value) {
        values.set(this, value);
      },
      get() {
        if (values.get(this) === undefined) onCleared();
        return values.get(this);
      },
    });
  }
}

/** Its classes. It is written for a global object whose classes are its own, so it has that one's place for a moment. */
export function loadReference(onCleared = () => {}, dir = process.env.STREAMS_DIR) {
  addBufferMethods();
  const generated = resolve(dir, 'reference-implementation/generated');
  const require = createRequire(join(generated, 'utils.js'));
  const before = CLASSES.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]);
  watchCleared(require, onCleared);
  try {
    for (const file of readdirSync(generated)) require(join(generated, file)).install?.(globalThis, ['Window']);
    return Object.fromEntries(CLASSES.map((name) => [name, globalThis[name]]));
  } finally {
    for (const [name, descriptor] of before) Object.defineProperty(globalThis, name, descriptor);
  }
}

/** What it uses of ArrayBuffer and Node 20 lacks. */
function addBufferMethods() {
  const { prototype } = ArrayBuffer;
  if ('detached' in prototype) return;
  const isDetached = (buffer) => {
    try {
      return new Uint8Array(buffer).byteLength < 0;
    } catch {
      return true;
    }
  };
  Object.defineProperties(prototype, {
    detached: {
      configurable: true,
      get() {
        return isDetached(this);
      },
    },
    transferToFixedLength: {
      configurable: true,
      value() {
        return structuredClone(this, { transfer: [this] });
      },
    },
  });
}
