/** An IndexedDB store as a sink: records gathered to batches, each in one transaction. */
import { requireCount } from '../values/require.js';
import { describe } from '../values/describe.js';
import { requireDatabase } from '../sources/from-indexed-db.js';
import { narrowed } from '../transfer/chunks.js';
import { WritableStream } from '../streams/writable-stream.js';

/**
 * See sinks.d.ts.
 *
 * @param {any} database
 * @param {string} store
 * @param {{ batch?: number, mode?: 'put' | 'add', key?: (record: any) => any, durability?: any }} [options]
 */
export function toIndexedDB(database, store, options) {
  const { batch = 100, mode = 'put', key, durability = 'default' } = options ?? {};
  requireDatabase('toIndexedDB', database, store);
  requireCount(batch, 'toIndexedDB(): batch');
  if (mode !== 'put' && mode !== 'add')
    throw new TypeError(`toIndexedDB(): mode must be 'put' or 'add'; got ${describe(mode)}`);
  if (key !== undefined && typeof key !== 'function')
    throw new TypeError(`toIndexedDB(): key must be a function; got ${describe(key)}`);
  let records = [];
  let transaction; // the one under way

  /** Resolves when all of `records` are committed; else none of them is. */
  function commit() {
    const all = records;
    records = [];
    return new Promise((resolve, reject) => {
      let failure;
      transaction = database.transaction(store, 'readwrite', { durability });
      transaction.oncomplete = () => resolve(undefined);
      transaction.onabort = () =>
        reject(
          failure ?? transaction.error ?? new DOMException('toIndexedDB(): the transaction was aborted', 'AbortError'),
        );
      const into = transaction.objectStore(store);
      try {
        for (const record of all) into[mode](narrowed(record), key?.(record));
      } catch (error) {
        failure = error; // a record that cannot be cloned, or has no key
        transaction.abort();
      }
    });
  }

  return new WritableStream({
    start(controller) {
      controller.signal.addEventListener(
        'abort',
        () => {
          try {
            transaction?.abort();
          } catch {
            // It has been committed already.
          }
        },
        { once: true },
      );
    },
    write(record) {
      records.push(record);
      return records.length < batch ? undefined : commit();
    },
    close: () => (records.length > 0 ? commit() : undefined),
    abort() {
      records = [];
    },
  });
}
