/**
 * `fromIndexedDB()`: the records of an IndexedDB store, a batch at a time. Each batch has a transaction of its own,
 * which ends before the consumer receives the first record: a transaction that waits for a consumer commits too early,
 * or blocks every writer.
 */
import { requireCount, requireOneOf, shown } from '../values/require.js';
import { describe } from '../values/describe.js';
import { onDemand } from './on-demand.js';
import type { ReadableStream } from '../streams/readable-stream.js';

/** A key of an IndexedDB store. */
export type IndexedKey = number | string | Date | ArrayBuffer | ArrayBufferView | IndexedKey[];

/** An open `IDBDatabase`, by the members that are used. */
export interface IndexedDatabase {
  readonly name: string;
  readonly objectStoreNames: { contains(name: string): boolean };
  transaction(...args: never[]): unknown;
}

/** The options of `fromIndexedDB()`. */
export interface FromIndexedDBOptions {
  /** The name of an index; the records come in its order. Default: none, the order of the store's keys. */
  index?: string | undefined;
  /** An `IDBKeyRange`, or a single key. Default: all records. */
  range?: IndexedKey | { readonly lower: unknown; readonly upper: unknown } | undefined;
  /** `prev` reverses the order. Default: `next`. */
  direction?: 'next' | 'prev' | undefined;
  /** Records that are read in one transaction, and held until the consumer reads them. Default: 100. */
  batch?: number | undefined;
  /** When aborted, fails the stream with its reason. */
  signal?: AbortSignal | undefined;
}

/** @throws {TypeError} on behalf of `caller`, if `database` is not an open database or has no store of that name */
export function requireDatabase(caller: string, database: IndexedDatabase, store: string): void {
  if (typeof database?.transaction !== 'function' || typeof database.objectStoreNames?.contains !== 'function') {
    throw new TypeError(`${caller}(): the first argument must be an open IDBDatabase; got ${describe(database)}`);
  }
  if (typeof store !== 'string' || !database.objectStoreNames.contains(store)) {
    throw new TypeError(
      `${caller}(): the database '${database.name}' has no object store ${shown(store)}; create it in the handler of 'upgradeneeded'`,
    );
  }
}

const completed = (transaction: IDBTransaction) =>
  new Promise<unknown>((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () =>
      reject(
        transaction.error ??
          new DOMException('fromIndexedDB(): the transaction was aborted before it completed', 'AbortError'),
      );
  });

const settled = <T>(request: IDBRequest<T>) =>
  new Promise<T>((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/**
 * A record, with what names its place: its key in the store or index and, of one that a cursor found, its key in the
 * store.
 */
interface Found {
  readonly key: IDBValidKey;
  readonly primaryKey?: IDBValidKey;
  readonly value: unknown;
}

/** What to read: the options, and the record after which to go on. */
interface Query {
  readonly range: IDBKeyRange | undefined;
  readonly direction: 'next' | 'prev';
  readonly batch: number;
  readonly last: Found | undefined;
}

/**
 * The records of an IndexedDB store, in the order of their keys. The stream reads a batch when the consumer wants a
 * record and none is left. Each batch has a transaction of its own, which has ended when the consumer receives the
 * first record. So a record that another transaction adds or changes meanwhile is seen if it is in a later batch. With
 * `entries: true` the chunks are `{ key, value }`.
 *
 * @param database an open database
 * @param store the name of one of its object stores
 * @throws {TypeError | RangeError} if an argument is invalid, or the database has no such store
 * @see https://w3c.github.io/IndexedDB/
 */
export function fromIndexedDB<T = any>(
  database: IndexedDatabase,
  store: string,
  options: FromIndexedDBOptions & { entries: true },
): ReadableStream<{ key: IndexedKey; value: T }>;
/** The same, with the values of the records as chunks. */
export function fromIndexedDB<T = any>(
  database: IndexedDatabase,
  store: string,
  options?: FromIndexedDBOptions & { entries?: false | undefined },
): ReadableStream<T>;
export function fromIndexedDB(
  database: IndexedDatabase,
  store: string,
  options?: FromIndexedDBOptions & { entries?: boolean | undefined },
): ReadableStream {
  const { index, range, direction = 'next', batch = 100, entries = false, signal } = options ?? {};
  requireDatabase('fromIndexedDB', database, store);
  requireCount(batch, 'fromIndexedDB(): batch');
  requireOneOf(direction, ['next', 'prev'], 'fromIndexedDB(): direction');
  const within = rangeOf(range);
  const read = index === undefined && direction === 'next' ? readForward : readByCursor;
  let records: Found[] = [];
  let at = 0;
  let last: Found | undefined; // the last record of the latest batch
  return onDemand({
    signal,
    async pull(controller) {
      if (at === records.length) {
        const transaction = (database as IDBDatabase).transaction(store, 'readonly');
        const from = transaction.objectStore(store);
        const reading = read(index === undefined ? from : from.index(index), {
          range: within,
          direction,
          batch,
          last,
        });
        [records] = await Promise.all([reading, completed(transaction)]);
        at = 0;
        last = records.at(-1);
      }
      if (records.length === 0) return true;
      const { key, value } = records[at++]!;
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
 * The range of this realm that the option `range` describes. A range of another realm, such as a frame, is no instance
 * of this realm's class; its bounds are read all the same.
 *
 * @throws {TypeError} if it is neither a range nor a key
 */
function rangeOf(range: unknown): IDBKeyRange | undefined {
  if (range === undefined || range === null) return undefined;
  const { IDBKeyRange } = globalThis;
  const { lower, upper, lowerOpen, upperOpen } = range as Partial<IDBKeyRange>;
  try {
    if (lower === undefined && upper === undefined) return IDBKeyRange.only(range);
    if (upper === undefined) return IDBKeyRange.lowerBound(lower, lowerOpen);
    if (lower === undefined) return IDBKeyRange.upperBound(upper, upperOpen);
    return IDBKeyRange.bound(lower, upper, lowerOpen, upperOpen);
  } catch (cause) {
    throw new TypeError(`fromIndexedDB(): range must be an IDBKeyRange or a valid key; got ${shown(range)}`, { cause });
  }
}

/** The records after `last` in a store, a batch of them by two requests. */
async function readForward(store: IDBObjectStore | IDBIndex, { range, batch, last }: Query): Promise<Found[]> {
  const rest = last === undefined ? range : after(last.key, range);
  if (rest === null) return [];
  const keys = store.getAllKeys(rest, batch);
  const [values, names] = await Promise.all([settled(store.getAll(rest, batch)), settled(keys)]);
  return values.map((value, n) => ({ key: names[n]!, value }));
}

/** The part of `range` that is after `key`; null if there is none. */
function after(key: IDBValidKey, range: Query['range']): IDBKeyRange | null {
  const { IDBKeyRange, indexedDB } = globalThis;
  if (range?.upper === undefined) return IDBKeyRange.lowerBound(key, true);
  if (indexedDB.cmp(key, range.upper) >= 0) return null;
  return IDBKeyRange.bound(key, range.upper, true, range.upperOpen);
}

/**
 * The same by a cursor, with one request for each record. Only a cursor can continue after a given record of an index,
 * because the keys of an index are not unique; and only a cursor can read backwards.
 */
function readByCursor(source: IDBObjectStore | IDBIndex, { range, direction, batch, last }: Query): Promise<Found[]> {
  return new Promise((resolve, reject) => {
    const records: Found[] = [];
    const request = source.openCursor(range, direction);
    let isBehind = last === undefined;
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const cursor = request.result;
      if (cursor === null) {
        resolve(records);
        return;
      }
      if (!isBehind && !(isBehind = goBehind(cursor, last!, direction))) return;
      records.push({ key: cursor.key, primaryKey: cursor.primaryKey, value: cursor.value });
      if (records.length === batch) resolve(records);
      else cursor.continue();
    };
  });
}

/**
 * Whether `cursor` is after `last`. If it is not, moves it forward. The record `last` may have been deleted since it
 * was read.
 */
function goBehind(cursor: IDBCursorWithValue, last: Found, direction: 'next' | 'prev'): boolean {
  const compare = (a: IDBValidKey, b: IDBValidKey) => globalThis.indexedDB.cmp(a, b) * (direction === 'next' ? 1 : -1);
  const byKey = compare(cursor.key, last.key);
  const byPrimary = compare(cursor.primaryKey, last.primaryKey!);
  if (byKey > 0 || (byKey === 0 && byPrimary > 0)) return true;
  if (byKey === 0 && byPrimary === 0) cursor.continue();
  else if ('objectStore' in cursor.source) cursor.continuePrimaryKey(last.key, last.primaryKey!);
  else cursor.continue(last.key);
  return false;
}
