import { forEach, map, pipeline, toArray } from 'tidegate';

/**
 * Saves every row, four at a time. Resolves when the last one is saved, rejects with the first failure.
 *
 * @param {Iterable<object> | AsyncIterable<object>} rows
 * @param {(row: object, context: { signal: AbortSignal }) => Promise<void>} save
 * @param {{ signal?: AbortSignal }} [options]
 */
export async function saveAll(rows, save, { signal } = {}) {
  await pipeline(rows, forEach(save, { concurrency: 4 }), { signal });
}

/**
 * Loads something for every row, four at a time. Resolves with an array of the results, in the order of the rows.
 *
 * @param {Iterable<object> | AsyncIterable<object>} rows
 * @param {(row: object, context: { signal: AbortSignal }) => Promise<unknown>} load
 * @param {{ signal?: AbortSignal }} [options]
 */
export async function loadAll(rows, load, { signal } = {}) {
  return pipeline(rows, map(load, { concurrency: 4 }), toArray, { signal });
}
