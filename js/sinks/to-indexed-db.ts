/**
 * `toIndexedDB()`: a sink that writes each chunk as a record of an IndexedDB store, in batches of one transaction each.
 */
import { requireCallback, requireCount, requireNoPromise, requireOneOf } from '../values/require.js';
import { requireDatabase } from '../sources/from-indexed-db.js';
import { narrowed } from '../transfer/chunks.js';
import { WritableStream } from '../streams/writable-stream.js';
import type { WritableControllerLike } from '../bridge/shapes.js';
import type { IndexedDatabase, IndexedKey } from '../sources/from-indexed-db.js';

/** The options of `toIndexedDB()`. */
export interface ToIndexedDBOptions<T> {
  /** Records in one transaction. Default: 100. */
  batch?: number | undefined;
  /** `put` replaces a record of the same key; with `add` such a record is an error. Default: `put`. */
  mode?: 'put' | 'add' | undefined;
  /** Returns the key of a record, for a store without a key path. */
  key?: ((record: T) => IndexedKey) | undefined;
  /** The `durability` of `IDBDatabase.transaction()`. Default: `default`. */
  durability?: 'default' | 'strict' | 'relaxed' | undefined;
}

/**
 * A sink that writes each chunk as a record of an IndexedDB store, `batch` records in one transaction. If the database
 * refuses a record, none of its batch is stored, and the stream fails with the database's error. Batches that were
 * committed before remain.
 *
 * @param database an open database
 * @param store the name of one of its object stores
 * @throws {TypeError | RangeError} if an argument is invalid, or the database has no such store
 * @see https://w3c.github.io/IndexedDB/#transaction
 */
export function toIndexedDB<T>(
  database: IndexedDatabase,
  store: string,
  options?: ToIndexedDBOptions<T>,
): WritableStream<T> {
  const { batch = 100, mode = 'put', key, durability = 'default' } = options ?? {};
  requireDatabase('toIndexedDB', database, store);
  requireCount(batch, 'toIndexedDB(): batch');
  requireOneOf(mode, ['put', 'add'], 'toIndexedDB(): mode');
  requireOneOf(durability, ['default', 'strict', 'relaxed'], 'toIndexedDB(): durability');
  requireCallback(key, 'toIndexedDB(): key');
  let records: T[] = [];
  let transaction: IDBTransaction | undefined; // the latest one

  /** Resolves when all of `records` are committed. If it rejects, none of them is. */
  function commit(): Promise<undefined> {
    const all = records;
    records = [];
    return new Promise((resolve, reject) => {
      let failure: unknown;
      transaction = (database as IDBDatabase).transaction(store, 'readwrite', { durability });
      transaction.oncomplete = () => resolve(undefined);
      transaction.onabort = () =>
        reject(
          failure ??
            transaction!.error ??
            new DOMException('toIndexedDB(): the transaction was aborted before it committed', 'AbortError'),
        );
      const into = transaction.objectStore(store);
      try {
        for (const record of all) {
          const name = requireNoPromise(key?.(record), 'toIndexedDB(): key');
          into[mode](narrowed(record), name as IDBValidKey | undefined);
        }
      } catch (error) {
        failure = error; // the record cannot be cloned, or has no key
        transaction.abort();
      }
    });
  }

  return new WritableStream<T>({
    start(controller: WritableControllerLike) {
      controller.signal.addEventListener(
        'abort',
        () => {
          try {
            transaction?.abort();
          } catch {
            // The transaction has committed.
          }
        },
        { once: true },
      );
    },
    write(record: T) {
      records.push(record);
      return records.length < batch ? undefined : commit();
    },
    close: () => (records.length > 0 ? commit() : undefined),
    abort() {
      records = [];
    },
  });
}
