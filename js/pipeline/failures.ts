/** Where a pipeline failed, to be asked with the error it rejected with. */

import type { Part } from './parts.js';

/** Which part of a pipeline failed, and what failed after it. */
export interface PipelineFailure {
  /**
   * The part that failed first: the source is 0, the stages count from 1, the sink is last. Undefined when the signal
   * was aborted.
   */
  readonly index: number | undefined;
  /** A description of that part: `a Response`, `function parse`, `the signal`. */
  readonly name: string;
  /** The errors that occurred during teardown, without the first one. */
  readonly later: readonly unknown[];
}

/** A failure that others may still be added to. */
export interface OpenFailure extends PipelineFailure {
  readonly later: unknown[];
}

/** Error to its failure; an error that fails two pipelines is known as the second's. */
const failures = new WeakMap<object, PipelineFailure>();

/**
 * Tells which part of a pipeline caused the error that the pipeline rejected with. tidegate does not modify the error
 * object.
 *
 * @returns undefined when no pipeline rejected with `error`, or when it is not an object
 *
 * @example
 * await pipeline(source, gunzip(), parse, sink).catch((error) => {
 *   const { index, name, later } = failureOf(error);
 *   report(`part ${index} (${name}) failed`, error, later);
 * });
 *
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
