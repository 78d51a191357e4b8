/** Rows of a cursor, a batch at a time and only when they are wanted; the cursor is closed once, whatever happens. */
import { readableImpl } from '../bridge/brands.js';
import { drop } from '../machines/discard.js';
import { withinGrace } from '../runtime/grace.js';
import { requireCount, requireOneOf } from '../values/require.js';
import { describe } from '../values/describe.js';
import { ReadableStream } from '../streams/readable-stream.js';

const has = (value, name) => typeof value?.[name] === 'function';
const isObject = (value) => (typeof value === 'object' && value !== null) || typeof value === 'function';

/** `{ read(count), close() }` over whatever kind of cursor it is; `read` answers an array, empty at the end. */
function adapt(cursor) {
  if (has(cursor, 'read')) {
    if (!has(cursor, 'close')) throw new TypeError('fromCursor(): a cursor with read() must have close() too');
    return {
      async read(count) {
        const rows = (await cursor.read(count)) ?? [];
        if (Array.isArray(rows)) return rows;
        throw new TypeError(`fromCursor(): the cursor's read() must give an array of rows; got ${describe(rows)}`);
      },
      close: () => cursor.close(),
    };
  }
  if (!has(cursor, Symbol.asyncIterator) && !has(cursor, Symbol.iterator)) {
    throw new TypeError(
      `fromCursor(): the cursor must be iterable or have read() and close(); got ${describe(cursor)}`,
    );
  }
  let iterator;
  let ended = false;
  return {
    async read(count) {
      iterator ??= cursor[Symbol.asyncIterator]?.() ?? cursor[Symbol.iterator]();
      const rows = [];
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
        if (has(cursor, 'close')) await cursor.close();
      }
    },
  };
}

/**
 * See sources.d.ts.
 *
 * @param {any} options
 */
export function fromCursor(cursor, options = {}) {
  const { batch = 100, as = 'rows', signal } = options;
  requireCount(batch, 'fromCursor(): batch');
  requireOneOf(as, ['rows', 'batches'], 'fromCursor(): as');
  const { read, close } = adapt(cursor);
  let rows = [];
  let at = 0;
  let closing;
  let onAbort;
  let reading;

  /** Waits for the read under way, as no cursor takes both at once; a connection that has dropped may never answer it. */
  const finish = () =>
    (closing ??= (async () => {
      signal?.removeEventListener('abort', onAbort);
      await withinGrace(reading);
      discardRest();
      await close();
    })());
  const tearDown = () => withinGrace(finish());

  /** Rows that nobody will get. */
  const discardRest = () => {
    for (; at < rows.length; at += 1) drop(readableImpl(stream), rows[at]);
  };

  /** What is to be enqueued next, in an array, as any value may be a row; empty at the end. */
  async function next() {
    if (at === rows.length) {
      const answer = read(batch);
      reading = answer.then(
        () => {},
        () => {},
      );
      rows = await answer;
      at = 0;
      if (as === 'batches') {
        at = rows.length;
        return rows.length === 0 ? [] : [rows];
      }
    }
    return rows.slice(at, ++at);
  }

  const stream = new ReadableStream(
    {
      start(controller) {
        onAbort = () => {
          controller.error(signal.reason);
          tearDown().catch(() => {});
        };
        if (signal?.aborted) onAbort();
        else signal?.addEventListener('abort', onAbort, { once: true });
      },
      async pull(controller) {
        let found;
        try {
          found = await next();
        } catch (error) {
          await tearDown().catch(() => {}); // the first error counts
          throw error;
        }
        if (closing) {
          for (const row of found) drop(readableImpl(stream), row);
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
