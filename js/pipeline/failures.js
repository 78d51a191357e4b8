/** Where a pipeline failed, to be asked with the error it rejected with. */

/** Error to its failure; an error that fails two pipelines is known as the second's. */
const failures = new WeakMap();

/**
 * Where the pipeline that rejected with `error` failed: `{ index, name, later }`, or undefined where no pipeline did, or where
 * the error is no object. `index` counts the parts from the source, 0; it is undefined where the signal ended the pipeline.
 */
export function failureOf(error) {
  return isObject(error) ? failures.get(error) : undefined;
}

/** Begins the record of a failure. What fails later, because of it or not, is added to `later`. */
export function recordFailure(error, part) {
  const failure = { index: part?.index, name: part?.name ?? 'the signal', later: [] };
  if (isObject(error)) failures.set(error, failure);
  return failure;
}

const isObject = (value) => (typeof value === 'object' && value !== null) || typeof value === 'function';
