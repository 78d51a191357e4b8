/** Rows of a cursor, a batch at a time and only when they are wanted; the cursor is closed once, whatever happens. */
import { drop } from '../internal/discard.js';
import { requireCount } from '../operators/arguments.js';
import { describe } from '../pipeline/describe.js';
import { readableImpl, ReadableStream } from '../readable-stream.js';

const has = (value, name) => typeof value?.[name] === 'function';

/** `{ read(count), close() }` over whatever kind of cursor it is; `read` answers an array, empty at the end. */
function adapt(cursor) {
  if (has(cursor, 'read')) {
    if (!has(cursor, 'close')) throw new TypeError('fromCursor(): a cursor with read() must have close() too');
    return { read: async (count) => (await cursor.read(count)) ?? [], close: () => cursor.close() };
  }
  if (!has(cursor, Symbol.asyncIterator) && !has(cursor, Symbol.iterator)) {
    throw new TypeError(`fromCursor(): the cursor must be iterable or have read() and close(); got ${describe(cursor)}`);
  }
  let iterator;
  let ended = false;
  return {
    async read(count) {
      iterator ??= cursor[Symbol.asyncIterator]?.() ?? cursor[Symbol.iterator]();
      const rows = [];
      while (rows.length < count && !ended) {
        const { value, done } = await iterator.next();
        if (done) ended = true;
        else rows.push(value);
      }
      return rows;
    },
    async close() {
      if (!ended) await iterator?.return?.();
      if (has(cursor, 'close')) await cursor.close();
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
  if (as !== 'rows' && as !== 'batches') throw new TypeError(`fromCursor(): as must be 'rows' or 'batches'; got ${describe(as)}`);
  const { read, close } = adapt(cursor);
  let rows = [];
  let at = 0;
  let closing;
  let onAbort;
  /** Waits for the read under way, as no cursor takes both at once. */
  let reading = Promise.resolve();

  const finish = () => (closing ??= (async () => {
    signal?.removeEventListener('abort', onAbort);
    await reading;
    for (; at < rows.length; at += 1) discard(rows[at]);
    await close();
  })());

  /** Of a row that nobody will get. */
  const discard = (row) => drop(readableImpl(stream), row);

  async function next() {
    if (at < rows.length) return rows[at++];
    const answer = read(batch);
    reading = answer.then(() => {}, () => {});
    rows = await answer;
    at = 0;
    if (rows.length === 0) return undefined;
    if (as === 'rows') return rows[at++];
    at = rows.length;
    return rows;
  }

  const stream = new ReadableStream({
    start(controller) {
      onAbort = () => {
        controller.error(signal.reason);
        finish().catch(() => {});
      };
      if (signal?.aborted) onAbort();
      else signal?.addEventListener('abort', onAbort, { once: true });
    },
    async pull(controller) {
      let row;
      try {
        row = await next();
      } catch (error) {
        await finish().catch(() => {}); // the first error counts
        throw error;
      }
      if (closing) {
        if (row !== undefined) discard(row);
        return;
      }
      if (row !== undefined) {
        controller.enqueue(row);
      } else {
        await finish();
        controller.close();
      }
    },
    cancel: finish,
  }, { highWaterMark: 0 });
  return stream;
}
