/** Checks of what operators are given. */
import { describe } from './describe.js';

/** @throws {TypeError} unless `value` is a function */
export function requireFunction(value: unknown, name: string): asserts value is (...args: never[]) => unknown {
  if (typeof value !== 'function')
    throw new TypeError(`${name}(): the first argument must be a function; got ${describe(value)}`);
}

/** @throws {RangeError} unless `value` is a whole number of at least `least`, or Infinity where `orInfinity` */
export function requireCount(value: unknown, what: string, least = 1, orInfinity = false): asserts value is number {
  if (Number.isInteger(value) && (value as number) >= least) return;
  if (orInfinity && value === Infinity) return;
  throw new RangeError(
    `${what} must be a whole number of at least ${least}; got ${typeof value === 'number' ? value : describe(value)}`,
  );
}

/** @throws {RangeError} unless `value` is a number above 0 */
export function requirePositive(value: unknown, what: string): asserts value is number {
  if (typeof value === 'number' && value > 0 && value < Infinity) return;
  throw new RangeError(`${what} must be a number above 0; got ${typeof value === 'number' ? value : describe(value)}`);
}
