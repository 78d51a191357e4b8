/**
 * Functions as stages: generator functions and what `stage()` marks get all chunks at once, any other is called for
 * each.
 */
import { describe } from '../values/describe.js';
import { isThenable } from '../bridge/kinds.js';
import type { Call } from './parts.js';
import type { AnyReadable } from '../streams/any.js';
import type { MarkedStage, PipelineChunks, PipelineFunctionOptions } from './accepted.js';

type Fn = (...args: never[]) => unknown;

const calledOnce = new WeakSet<Fn>();

const isGeneratorFunction = (fn: Fn): boolean => Object.prototype.toString.call(fn).endsWith('GeneratorFunction]');

/** Whether `fn`, as a stage, is called for each chunk. */
export const isMap = (fn: unknown): boolean =>
  typeof fn === 'function' && !calledOnce.has(fn as Fn) && !isGeneratorFunction(fn as Fn);

/**
 * Marks a plain function as a stage that the pipeline calls once, with all chunks, and that returns a source. Use it
 * for transpiled generator functions and for functions that return a stream.
 *
 * @throws {TypeError} when the argument is not a function
 *
 * @example
 * await pipeline(source, stage((chunks) => parse(chunks)), sink);
 *
 */
export function stage<I, O>(
  fn: (chunks: PipelineChunks<I>, options: PipelineFunctionOptions) => AsyncIterable<O> | Iterable<O> | AnyReadable<O>,
): MarkedStage<I, O>;
export function stage(fn: Fn): unknown {
  if (typeof fn !== 'function') throw new TypeError(`stage(): the argument must be a function; got ${describe(fn)}`);
  const once: Call = (chunks, options) => (fn as Call)(chunks, options);
  Object.defineProperty(once, 'name', { value: fn.name });
  calledOnce.add(once);
  return once;
}

/** `fn(chunk, options)`, whose result is refused where it shows that `fn` was meant to get all chunks. */
export function mapOf(fn: Call, place: string, options: { readonly signal: AbortSignal }): (chunk: unknown) => unknown {
  const check = (value: unknown): unknown => {
    if (!isIterator(value)) return value;
    value.return?.();
    throw new TypeError(
      `pipeline(): ${place} returned an iterator for one chunk; to receive all chunks, make it an async generator function, ` +
        'async function* (chunks) { … }, or wrap it: stage(fn)',
    );
  };
  return (chunk: unknown): unknown => {
    const result = fn(chunk, options);
    return isThenable(result) ? Promise.resolve(result).then(check) : check(result);
  };
}

const isIterator = (value: unknown): value is Iterator<unknown> =>
  value !== null &&
  typeof value === 'object' &&
  typeof (value as Partial<Iterator<unknown>>).next === 'function' &&
  (typeof (value as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] === 'function' ||
    typeof (value as Partial<Iterable<unknown>>)[Symbol.iterator] === 'function');
