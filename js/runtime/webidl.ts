/** Web IDL's conversions and interface shapes, as far as the Streams Standard needs them. */
import { isAborted } from './intrinsics.js';

/** Passed as first argument to a constructor that only this package may call. */
export const INTERNAL: unique symbol = Symbol('tidegate');

const { isFinite: isFiniteNumber, MAX_SAFE_INTEGER } = Number;
const { trunc } = Math;

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** The error of a method that was called on something else than an instance of its interface. */
export function illegalInvocation(name: string): TypeError {
  return new TypeError(`${name}: called on an object that is not an instance of this interface`);
}

/** A dictionary's source: undefined and null are empty, other non-objects a TypeError. */
export function convertDictionary(value: unknown, context: string): Record<string, unknown> | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) throw new TypeError(`${context}: must be an object, got ${typeof value}`);
  return value as Record<string, unknown>;
}

/** An optional argument of type `object`. */
export function convertObject(value: unknown, context: string): Record<string, unknown> | undefined {
  if (value === undefined) return undefined;
  if (!isObject(value))
    throw new TypeError(`${context}: must be an object, got ${value === null ? 'null' : typeof value}`);
  return value as Record<string, unknown>;
}

/** A callback of the page's. What it takes and returns is checked where it is called. */
export type Callback = (...args: unknown[]) => unknown;

/**
 * The constructor of a class that only the package makes objects of, as the package sees it. To others it is private.
 */
export type Internal<Instance, Impl> = new (internal: typeof INTERNAL, impl: Impl) => Instance;

/** A dictionary member of a callback function type; undefined where it is absent. */
export function convertCallback(value: unknown, context: string): Callback | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'function')
    throw new TypeError(`${context}: must be a function, got ${value === null ? 'null' : typeof value}`);
  return value as Callback;
}

/** `unrestricted double` */
export function convertDouble(value: unknown): number {
  return +(value as number);
}

/** `[EnforceRange] unsigned long long` */
export function convertUnsignedLongLong(value: unknown, context: string): number {
  let number = +(value as number);
  if (!isFiniteNumber(number)) throw new TypeError(`${context}: must be a finite number`);
  number = trunc(number);
  if (number < 0 || number > MAX_SAFE_INTEGER) {
    throw new TypeError(`${context}: must be between 0 and ${MAX_SAFE_INTEGER}, got ${number}`);
  }
  return number;
}

/** A strategy as it was converted, before defaults. */
export interface Strategy {
  highWaterMark: number | undefined;
  size: Callback | undefined;
}

/** The dictionary QueuingStrategy. */
export function convertQueuingStrategy(value: unknown, context: string): Strategy {
  const strategy = convertDictionary(value, context);
  if (strategy === undefined) return { highWaterMark: undefined, size: undefined };
  const mark = strategy.highWaterMark;
  const highWaterMark = mark === undefined ? undefined : convertDouble(mark);
  return { highWaterMark, size: convertCallback(strategy.size, `${context}: size`) };
}

/** https://streams.spec.whatwg.org/#validate-and-normalize-high-water-mark */
export function extractHighWaterMark(highWaterMark: number | undefined, defaultValue: number): number {
  if (highWaterMark === undefined) return defaultValue;
  if (!(highWaterMark >= 0)) {
    throw new RangeError(`highWaterMark: must be a number that is not negative, got ${highWaterMark}`);
  }
  return highWaterMark;
}

/** A dictionary member of type AbortSignal; undefined where it is absent. */
export function convertAbortSignal(value: unknown, context: string): AbortSignal | undefined {
  if (value === undefined) return undefined;
  try {
    isAborted(value as AbortSignal);
  } catch {
    throw new TypeError(`${context}: signal must be an AbortSignal`);
  }
  return value as AbortSignal;
}

/**
 * Gives a class the property attributes of an interface: members enumerable, `Symbol.toStringTag`, and a name
 * that no minifier changes. `dispose`, if any, is what `await using` calls, where the engine has that.
 */
export function defineInterface(
  constructor: { prototype: object },
  name: string,
  dispose: (() => Promise<void>) | undefined = undefined,
): void {
  const prototype = constructor.prototype;
  for (const key of Reflect.ownKeys(prototype)) {
    if (key !== 'constructor' && typeof key === 'string') Object.defineProperty(prototype, key, { enumerable: true });
  }
  for (const key of Object.getOwnPropertyNames(constructor)) {
    if (typeof (constructor as unknown as Record<string, unknown>)[key] === 'function' && key !== 'prototype')
      Object.defineProperty(constructor, key, { enumerable: true });
  }
  Object.defineProperty(prototype, Symbol.toStringTag, { value: name, configurable: true });
  Object.defineProperty(constructor, 'name', { value: name, configurable: true });
  if (dispose !== undefined && Symbol.asyncDispose !== undefined) {
    Object.defineProperty(prototype, Symbol.asyncDispose, { value: dispose, writable: true, configurable: true });
  }
}
