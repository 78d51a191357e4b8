/** Functions as stages: generator functions and what `stage()` marks get all chunks at once, any other is called for each. */
import { describe } from '../values/describe.js';
import { isThenable } from '../bridge/kinds.js';

const calledOnce = new WeakSet();

const isGeneratorFunction = (fn) => Object.prototype.toString.call(fn).endsWith('GeneratorFunction]');

/** Whether `fn`, as a stage, is called for each chunk. */
export const isMap = (fn) => typeof fn === 'function' && !calledOnce.has(fn) && !isGeneratorFunction(fn);

/**
 * `fn` as a stage that is called once, with all chunks: `(chunks, { signal }) => …`, returning a source. Generator functions
 * are such stages by themselves.
 *
 * @throws {TypeError} when `fn` is no function
 */
export function stage(fn) {
  if (typeof fn !== 'function') throw new TypeError(`stage(): the argument must be a function; got ${describe(fn)}`);
  const once = (chunks, options) => fn(chunks, options);
  Object.defineProperty(once, 'name', { value: fn.name });
  calledOnce.add(once);
  return once;
}

/** `fn(chunk, options)`, whose result is refused where it shows that `fn` was meant to get all chunks. */
export function mapOf(fn, place, options) {
  const check = (value) => {
    if (!isIterator(value)) return value;
    value.return?.();
    throw new TypeError(
      `pipeline(): ${place} returned an iterator for a chunk; a function that is to get all chunks must be an async generator ` +
        'function, async function* (chunks) { … }, or be marked: stage(fn)',
    );
  };
  return (chunk) => {
    const result = fn(chunk, options);
    return isThenable(result) ? Promise.resolve(result).then(check) : check(result);
  };
}

const isIterator = (value) =>
  value !== null &&
  typeof value === 'object' &&
  typeof value.next === 'function' &&
  (typeof value[Symbol.asyncIterator] === 'function' || typeof value[Symbol.iterator] === 'function');
