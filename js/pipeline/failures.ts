/** Where a pipeline failed, to be asked with the error it rejected with. */

import type { Part } from './parts.js';

/** Where and how a pipeline failed. */
export interface PipelineFailure {
  /** The part that failed first: 0 is the source, the stages count from 1, the sink is the last. Undefined where the signal was aborted. */
  readonly index: number | undefined;
  /** What it was, in words: `a Response`, `function parse`, `the signal`. */
  readonly name: string;
  /** What failed after it, while the rest was taken down; other objects than the first. */
  readonly later: readonly unknown[];
}

/** A failure that others may still be added to. */
export interface OpenFailure extends PipelineFailure {
  readonly later: unknown[];
}

/** Error to its failure; an error that fails two pipelines is known as the second's. */
const failures = new WeakMap<object, PipelineFailure>();

/**
 * Where the pipeline that rejected with `error` failed: `{ index, name, later }`, or undefined where no pipeline did, or where
 * the error is no object. The error itself is left as it is: this is kept beside it.
 *
 * @example
 * await pipeline(source, gunzip(), parse, sink).catch((error) => {
 *   const { index, name, later } = failureOf(error);
 *   report(`part ${index} (${name}) failed`, error, later);
 * });
 */
export function failureOf(error: unknown): PipelineFailure | undefined {
  return isObject(error) ? failures.get(error) : undefined;
}

/** Begins the record of a failure. What fails later, because of it or not, is added to `later`. */
export function recordFailure(error: unknown, part: Part | undefined): OpenFailure {
  const failure: OpenFailure = { index: part?.index, name: part?.name ?? 'the signal', later: [] };
  if (isObject(error)) failures.set(error, failure);
  return failure;
}

const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';
