/**
 * Records of an IndexedDB store, a batch at a time. Each batch is read in a transaction of its own, which has ended before the
 * consumer sees the first of them: a transaction that waited for a consumer would end by itself, or hold up every writer.
 */
import { requireCount } from '../values/require.js';
import { describe } from '../values/describe.js';
import { onDemand } from './on-demand.js';

/** @throws {TypeError} on behalf of `caller` */
export function requireDatabase(caller, database, store) {
  if (typeof database?.transaction !== 'function' || typeof database.objectStoreNames?.contains !== 'function') {
    throw new TypeError(`${caller}(): the first argument must be an open IDBDatabase; got ${describe(database)}`);
  }
  if (typeof store !== 'string' || !database.objectStoreNames.contains(store)) {
    throw new TypeError(
      `${caller}(): the database ${database.name} has no store ${typeof store === 'string' ? `"${store}"` : describe(store)}`,
    );
  }
}

const completed = (transaction) =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () =>
      reject(transaction.error ?? new DOMException('fromIndexedDB(): the transaction was aborted', 'AbortError'));
  });

const settled = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/**
 * See sources.d.ts.
 *
 * @param {any} database
 * @param {string} store
 * @param {{ index?: string, range?: any, direction?: 'next' | 'prev', batch?: number, entries?: boolean, signal?: AbortSignal }} [options]
 */
export function fromIndexedDB(database, store, options) {
  const { index, range, direction = 'next', batch = 100, entries = false, signal } = options ?? {};
  requireDatabase('fromIndexedDB', database, store);
  requireCount(batch, 'fromIndexedDB(): batch');
  if (direction !== 'next' && direction !== 'prev')
    throw new TypeError(`fromIndexedDB(): direction must be 'next' or 'prev'; got ${describe(direction)}`);
  const read = index === undefined && direction === 'next' ? readForward : readByCursor;
  let records = [];
  let at = 0;
  let last; // the record that was read last
  return onDemand({
    signal,
    async pull(controller) {
      if (at === records.length) {
        const transaction = database.transaction(store, 'readonly');
        const from = transaction.objectStore(store);
        const reading = read(index === undefined ? from : from.index(index), { range, direction, batch, last });
        [records] = await Promise.all([reading, completed(transaction)]);
        at = 0;
        last = records.at(-1);
      }
      if (records.length === 0) return true;
      const { key, value } = records[at++];
      controller.enqueue(entries ? { key, value } : value);
      return false;
    },
    stop() {
      records = [];
      at = 0;
    },
  });
}

/**
 * The records that follow `last` in a store, all of them for two requests.
 *
 * @param {any} store
 * @param {any} how
 */
async function readForward(store, { range, batch, last }) {
  const rest = last === undefined ? range : after(last.key, range);
  if (rest === null) return [];
  const keys = store.getAllKeys(rest, batch);
  const [values, names] = await Promise.all([settled(store.getAll(rest, batch)), settled(keys)]);
  return values.map((value, n) => ({ key: names[n], value }));
}

/** What of `range` lies after `key`; null where nothing does. */
function after(key, range) {
  const { IDBKeyRange, indexedDB } = globalThis;
  if (!(range instanceof IDBKeyRange))
    return range === undefined || range === null ? IDBKeyRange.lowerBound(key, true) : null; // one key has been read
  if (range.upper === undefined) return IDBKeyRange.lowerBound(key, true);
  if (indexedDB.cmp(key, range.upper) >= 0) return null;
  return IDBKeyRange.bound(key, range.upper, true, range.upperOpen);
}

/**
 * The same by a cursor, a request a record: of an index, whose keys are not unique, only a cursor can go on behind a record, and only
 * it goes backwards.
 */
function readByCursor(source, { range, direction, batch, last }) {
  return new Promise((resolve, reject) => {
    const records = [];
    const request = source.openCursor(range, direction);
    let isBehind = last === undefined;
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const cursor = request.result;
      if (cursor === null) {
        resolve(records);
        return;
      }
      if (!isBehind && !(isBehind = goBehind(cursor, last, direction))) return;
      records.push({ key: cursor.key, primaryKey: cursor.primaryKey, value: cursor.value });
      if (records.length === batch) resolve(records);
      else cursor.continue();
    };
  });
}

/** Whether `cursor` is behind `last`; where it is not, moves it on. The record itself may be gone by now. */
function goBehind(cursor, last, direction) {
  const compare = (a, b) => globalThis.indexedDB.cmp(a, b) * (direction === 'next' ? 1 : -1);
  const byKey = compare(cursor.key, last.key);
  const byPrimary = compare(cursor.primaryKey, last.primaryKey);
  if (byKey > 0 || (byKey === 0 && byPrimary > 0)) return true;
  if (byKey === 0 && byPrimary === 0) cursor.continue();
  else if ('objectStore' in cursor.source) cursor.continuePrimaryKey(last.key, last.primaryKey);
  else cursor.continue(last.key);
  return false;
}
