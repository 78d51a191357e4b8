/** The two queuing strategies: https://streams.spec.whatwg.org/#qs */
import { convertDouble, defineInterface, illegalInvocation } from '../runtime/webidl.js';

/** The `size` of every CountQueuingStrategy. */
export const countSize = {
  size() {
    return 1;
  },
}.size;
const byteLengthSize = {
  size(chunk) {
    return chunk.byteLength;
  },
}.size;

// Neither function is a constructor, and both are called `size` whatever the minifier does.
for (const [fn, length] of [
  [countSize, 0],
  [byteLengthSize, 1],
]) {
  Object.defineProperty(fn, 'name', { value: 'size', configurable: true });
  Object.defineProperty(fn, 'length', { value: length, configurable: true });
}

function convertInit(init, name) {
  if (init === undefined || init === null || (typeof init !== 'object' && typeof init !== 'function')) {
    throw new TypeError(`${name}: the first argument must be an object with highWaterMark`);
  }
  const mark = init.highWaterMark;
  if (mark === undefined) throw new TypeError(`${name}: highWaterMark is required`);
  return convertDouble(mark);
}

/** Counts each chunk as 1. https://streams.spec.whatwg.org/#cqs-class */
export class CountQueuingStrategy {
  #highWaterMark;

  constructor(init) {
    if (arguments.length === 0) throw new TypeError('CountQueuingStrategy: 1 argument required');
    this.#highWaterMark = convertInit(init, 'CountQueuingStrategy');
  }

  get highWaterMark() {
    if (!(#highWaterMark in Object(this))) throw illegalInvocation('CountQueuingStrategy.highWaterMark');
    return this.#highWaterMark;
  }

  get size() {
    if (!(#highWaterMark in Object(this))) throw illegalInvocation('CountQueuingStrategy.size');
    return countSize;
  }
}

/** Counts each chunk as its `byteLength`. https://streams.spec.whatwg.org/#blqs-class */
export class ByteLengthQueuingStrategy {
  #highWaterMark;

  constructor(init) {
    if (arguments.length === 0) throw new TypeError('ByteLengthQueuingStrategy: 1 argument required');
    this.#highWaterMark = convertInit(init, 'ByteLengthQueuingStrategy');
  }

  get highWaterMark() {
    if (!(#highWaterMark in Object(this))) throw illegalInvocation('ByteLengthQueuingStrategy.highWaterMark');
    return this.#highWaterMark;
  }

  get size() {
    if (!(#highWaterMark in Object(this))) throw illegalInvocation('ByteLengthQueuingStrategy.size');
    return byteLengthSize;
  }
}

defineInterface(CountQueuingStrategy, 'CountQueuingStrategy');
defineInterface(ByteLengthQueuingStrategy, 'ByteLengthQueuingStrategy');
