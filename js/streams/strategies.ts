/** The two queuing strategies: https://streams.spec.whatwg.org/#qs */
import { convertDouble, defineInterface, illegalInvocation } from '../runtime/webidl.js';

/** How much a stream queues before it signals backpressure. https://streams.spec.whatwg.org/#qs-api */
export interface QueuingStrategy<T = any> {
  /** The high-water mark, in units of `size`: not negative. `Infinity` disables backpressure. */
  highWaterMark?: number | undefined;
  /** Returns the size of a chunk: finite and not negative. Default: 1 for every chunk. */
  size?: QueuingStrategySize<T> | undefined;
}

export type QueuingStrategySize<T = any> = (chunk: T) => number;

export interface QueuingStrategyInit {
  highWaterMark: number;
}

/** The `size` of every CountQueuingStrategy. */
export const countSize = {
  size(): 1 {
    return 1;
  },
}.size;
const byteLengthSize = {
  size(chunk: { readonly byteLength: number }): number {
    return chunk.byteLength;
  },
}.size;

// Neither function is a constructor, and both are called `size` whatever the minifier does.
for (const [fn, length] of [
  [countSize, 0],
  [byteLengthSize, 1],
] as const) {
  Object.defineProperty(fn, 'name', { value: 'size', configurable: true });
  Object.defineProperty(fn, 'length', { value: length, configurable: true });
}

function convertInit(init: unknown, name: string): number {
  if (init === undefined || init === null || (typeof init !== 'object' && typeof init !== 'function')) {
    throw new TypeError(`${name}: the first argument must be an object with highWaterMark`);
  }
  const mark = (init as { highWaterMark?: unknown }).highWaterMark;
  if (mark === undefined) throw new TypeError(`${name}: highWaterMark is required`);
  return convertDouble(mark);
}

/** A strategy that counts chunks. https://streams.spec.whatwg.org/#cqs-class */
export class CountQueuingStrategy implements QueuingStrategy {
  #highWaterMark: number;

  /** @param init `highWaterMark` in chunks */
  constructor(init: QueuingStrategyInit) {
    if (arguments.length === 0) throw new TypeError('CountQueuingStrategy: 1 argument required');
    this.#highWaterMark = convertInit(init, 'CountQueuingStrategy');
  }

  get highWaterMark(): number {
    if (!(#highWaterMark in Object(this))) throw illegalInvocation('CountQueuingStrategy.highWaterMark');
    return this.#highWaterMark;
  }

  get size(): QueuingStrategySize {
    if (!(#highWaterMark in Object(this))) throw illegalInvocation('CountQueuingStrategy.size');
    return countSize;
  }
}

/** A strategy that counts the bytes of buffers and views. https://streams.spec.whatwg.org/#blqs-class */
export class ByteLengthQueuingStrategy implements QueuingStrategy<{ readonly byteLength: number }> {
  #highWaterMark: number;

  /** @param init `highWaterMark` in bytes */
  constructor(init: QueuingStrategyInit) {
    if (arguments.length === 0) throw new TypeError('ByteLengthQueuingStrategy: 1 argument required');
    this.#highWaterMark = convertInit(init, 'ByteLengthQueuingStrategy');
  }

  get highWaterMark(): number {
    if (!(#highWaterMark in Object(this))) throw illegalInvocation('ByteLengthQueuingStrategy.highWaterMark');
    return this.#highWaterMark;
  }

  get size(): QueuingStrategySize<{ readonly byteLength: number }> {
    if (!(#highWaterMark in Object(this))) throw illegalInvocation('ByteLengthQueuingStrategy.size');
    return byteLengthSize;
  }
}

defineInterface(CountQueuingStrategy, 'CountQueuingStrategy');
defineInterface(ByteLengthQueuingStrategy, 'ByteLengthQueuingStrategy');
