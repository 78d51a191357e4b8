/** `fromCursor()`: the rows of a cursor, a batch at a time and only on demand. Every exit closes the cursor, once. */
import { readableImpl } from '../bridge/brands.js';
import { drop } from '../machines/discard.js';
import { withinGrace } from '../runtime/grace.js';
import { requireCount, requireOneOf } from '../values/require.js';
import { describe } from '../values/describe.js';
import { ReadableStream } from '../streams/readable-stream.js';
import type { ReadableControllerLike } from '../bridge/shapes.js';

/**
 * What `fromCursor()` reads: a cursor with `read()` and `close()`, or an iterable, whose `close()` is called too if it
 * has one.
 */
export type AnyCursor<T> =
  { read(count: number): PromiseLike<T[] | null | undefined>; close(): unknown } | AsyncIterable<T> | Iterable<T>;

/** The options of `fromCursor()`. */
export interface FromCursorOptions {
  /** Rows of one fetch, which is the most that is held. Default: 100. */
  batch?: number | undefined;
  /** Whether chunks are single rows, or the arrays that were fetched. Default: `rows`. */
  as?: 'rows' | 'batches' | undefined;
  /** When aborted, closes the cursor, and fails the stream with its reason. */
  signal?: AbortSignal | undefined;
}

/** A cursor of any kind. */
interface Cursor {
  read?(count: number): PromiseLike<unknown>;
  close?(): unknown;
  [Symbol.asyncIterator]?(): AsyncIterator<unknown>;
  [Symbol.iterator]?(): Iterator<unknown>;
}

/** What a cursor of any kind is adapted to. */
interface Adapted {
  /** Resolves with at most `count` rows, with none at the end. Not called again before it has settled. */
  read(count: number): Promise<unknown[]>;
  close(): unknown;
}

const has = (value: unknown, name: PropertyKey): boolean =>
  typeof (value as Record<PropertyKey, unknown> | null | undefined)?.[name] === 'function';
const isObject = (value: unknown): boolean =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

function adapt(cursor: Cursor): Adapted {
  if (has(cursor, 'read')) {
    if (!has(cursor, 'close')) throw new TypeError('fromCursor(): a cursor with read() must have close() too');
    return {
      async read(count) {
        const rows = (await cursor.read!(count)) ?? [];
        if (Array.isArray(rows)) return rows;
        throw new TypeError(`fromCursor(): the cursor's read() must give an array of rows; got ${describe(rows)}`);
      },
      close: () => cursor.close!(),
    };
  }
  if (!has(cursor, Symbol.asyncIterator) && !has(cursor, Symbol.iterator)) {
    throw new TypeError(
      `fromCursor(): the cursor must be iterable or have read() and close(); got ${describe(cursor)}`,
    );
  }
  let iterator: AsyncIterator<unknown> | Iterator<unknown> | undefined;
  let ended = false;
  return {
    async read(count) {
      iterator ??= cursor[Symbol.asyncIterator]?.() ?? cursor[Symbol.iterator]!();
      const rows: unknown[] = [];
      while (rows.length < count && !ended) {
        const result = await iterator.next();
        if (!isObject(result)) {
          ended = true; // as in a loop, which does not call return() then
          throw new TypeError(
            `fromCursor(): the cursor's next() must give an object with value and done; got ${describe(result)}`,
          );
        }
        if (result.done) ended = true;
        else rows.push(result.value);
      }
      return rows;
    },
    async close() {
      try {
        if (!ended) await withinGrace(iterator?.return?.());
      } finally {
        if (has(cursor, 'close')) await cursor.close!();
      }
    },
  };
}

/**
 * The rows of a cursor. The stream fetches a batch when the consumer wants its first row. Every exit closes the cursor
 * once, never during a read, and the end of the stream waits for that.
 *
 * @throws {TypeError | RangeError} if an argument is invalid
 */
export function fromCursor<T>(
  cursor: AnyCursor<T>,
  options: FromCursorOptions & { as: 'batches' },
): ReadableStream<T[]>;
/** The same, with single rows as chunks. */
export function fromCursor<T>(
  cursor: AnyCursor<T>,
  options?: FromCursorOptions & { as?: 'rows' | undefined },
): ReadableStream<T>;
export function fromCursor(cursor: unknown, options: FromCursorOptions = {}): ReadableStream {
  const { batch = 100, as = 'rows', signal } = options;
  requireCount(batch, 'fromCursor(): batch');
  requireOneOf(as, ['rows', 'batches'], 'fromCursor(): as');
  const { read, close } = adapt(cursor as Cursor);
  let rows: unknown[] = [];
  let at = 0;
  let closing: Promise<void> | undefined;
  let onAbort: () => void;
  let reading: Promise<void> | undefined; // settles, always well, with the pending read

  /**
   * Closes the cursor after the pending read, because no cursor accepts both at once. That wait is bounded: after a
   * dropped connection a read may never settle.
   */
  const finish = () =>
    (closing ??= (async () => {
      signal?.removeEventListener('abort', onAbort);
      await withinGrace(reading);
      discardRest();
      await close();
    })());
  const tearDown = () => withinGrace(finish());

  /** Drops the rows that were fetched and not enqueued. */
  const discardRest = () => {
    for (; at < rows.length; at += 1) drop(readableImpl(stream)!, rows[at]);
  };

  /** The next chunk in an array, because any value may be a row; an empty array at the end. */
  async function next(): Promise<unknown[]> {
    if (at === rows.length) {
      const pending = read(batch);
      reading = pending.then(
        () => {},
        () => {},
      );
      rows = await pending;
      at = 0;
      if (as === 'batches') {
        at = rows.length;
        return rows.length === 0 ? [] : [rows];
      }
    }
    return rows.slice(at, ++at);
  }

  const stream: ReadableStream = new ReadableStream(
    {
      start(controller: ReadableControllerLike) {
        onAbort = () => {
          controller.error(signal!.reason);
          tearDown().catch(() => {});
        };
        if (signal?.aborted) onAbort();
        else signal?.addEventListener('abort', onAbort, { once: true });
      },
      async pull(controller: ReadableControllerLike) {
        let found: unknown[];
        try {
          found = await next();
        } catch (error) {
          await tearDown().catch(() => {}); // the first error is the stream's
          throw error;
        }
        if (closing) {
          for (const row of found) drop(readableImpl(stream)!, row);
          discardRest();
          return;
        }
        if (found.length > 0) {
          controller.enqueue(found[0]);
        } else {
          await finish();
          controller.close();
        }
      },
      cancel: tearDown,
    },
    { highWaterMark: 0 },
  );
  return stream;
}
