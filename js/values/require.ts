/**
 * Checks of arguments and options. `what` begins the message: the function that was called, and the name of the option.
 */
import { describe } from './describe.js';

const LONGEST_SHOWN = 64;

/** @throws {TypeError} unless `value` is a function */
export function requireFunction(value: unknown, name: string): asserts value is (...args: never[]) => unknown {
  if (typeof value !== 'function')
    throw new TypeError(`${name}(): the first argument must be a function; got ${describe(value)}`);
}

/** The value of an option: a number or a string as it is, any other in a few words. */
export const shown = (value: unknown): string =>
  typeof value === 'number'
    ? `${value}`
    : typeof value === 'string'
      ? `'${value.slice(0, LONGEST_SHOWN)}'`
      : describe(value);

/** @throws {RangeError} unless `value` is a whole number of at least `least`, or Infinity where `orInfinity` */
export function requireCount(value: unknown, what: string, least = 1, orInfinity = false): asserts value is number {
  if (Number.isInteger(value) && (value as number) >= least) return;
  if (orInfinity && value === Infinity) return;
  throw new RangeError(`${what} must be a whole number of at least ${least}; got ${shown(value)}`);
}

/** @throws {RangeError} unless `value` is a number above 0 */
export function requirePositive(value: unknown, what: string): asserts value is number {
  if (typeof value === 'number' && value > 0 && value < Infinity) return;
  throw new RangeError(`${what} must be a number above 0; got ${shown(value)}`);
}

/** @throws {TypeError} unless `value` is true or false */
export function requireBoolean(value: unknown, what: string): void {
  if (typeof value !== 'boolean') throw new TypeError(`${what} must be true or false; got ${shown(value)}`);
}

/** @throws {TypeError} unless `value` is one of the `allowed` strings, which are two or more */
export function requireOneOf(value: unknown, allowed: readonly string[], what: string): void {
  if (allowed.includes(value as string)) return;
  throw new TypeError(
    `${what} must be '${allowed.slice(0, -1).join("', '")}' or '${allowed.at(-1)}'; got ${shown(value)}`,
  );
}

/** @throws {TypeError} if `options` is no object, or has a key that is not `known`, which may be misspelt */
export function requireKnown(options: unknown, what: string, known: readonly string[]): void {
  if (options === null || typeof options !== 'object')
    throw new TypeError(`${what}: options must be an object; got ${describe(options)}`);
  for (const key of Object.keys(options)) {
    if (!known.includes(key))
      throw new TypeError(`${what}: there is no option '${key}'; there are ${known.join(', ')}`);
  }
}

/** @throws {TypeError} unless `value` is a function or undefined */
export function requireCallback(value: unknown, what: string): void {
  if (value === undefined || typeof value === 'function') return;
  throw new TypeError(`${what} must be a function; got ${describe(value)}`);
}

/**
 * Returns `value`, the result of a callback that nobody awaits.
 *
 * @throws {TypeError} if it is a promise
 */
export function requireNoPromise<T>(value: T, what: string): T {
  const { then } = (value ?? {}) as { then?: unknown };
  if (typeof then !== 'function') return value;
  Promise.resolve(value).catch(() => {}); // nobody else handles it
  throw new TypeError(`${what} must not return a promise; do asynchronous work in a stage, such as map()`);
}
