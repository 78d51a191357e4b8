/** Reads entries forward: bytes in, entries out, one of which is open at a time. */
import { requireNoPromise } from '../values/require.js';
import { toBytes } from '../codecs/options.js';
import { quoted } from './quoted.js';
import { Input } from './input.js';
import type { Bytes } from '../runtime/buffers.js';
import type { ReadableStream } from '../streams/readable-stream.js';
import type { Body } from './body.js';

/** An entry that has been found, and its content. */
export interface Found<Entry> {
  readonly entry: Entry;
  readonly body: Body;
}

/** Bytes in whatever pieces, in order. */
export type ByteChunks = AsyncIterator<ArrayBuffer | ArrayBufferView, unknown, undefined>;

/**
 * Makes a function stage that reads entries. It is named after its caller, for errors and for instruments.
 *
 * @param filter which entries are wanted; default all
 * @param start returns what reads the next header; undefined at the end, which has been checked. The content before it has been finished
 */
export function forward<Entry>(
  caller: string,
  filter: ((entry: Entry) => boolean) | undefined,
  start: (input: Input) => () => Promise<Found<Entry> | undefined>,
): (chunks: ByteChunks, options: { signal: AbortSignal }) => AsyncGenerator<Entry> {
  const entries = async function* (chunks: ByteChunks, { signal }: { signal: AbortSignal }): AsyncGenerator<Entry> {
    const input = new Input(async () => {
      for (;;) {
        const { done, value } = await chunks.next();
        // What was cancelled has not ended.
        signal.throwIfAborted();
        if (done) return undefined;
        const bytes = toBytes(value, caller);
        if (bytes.length > 0) return bytes;
      }
    });
    const next = start(input);
    let found: Found<Entry> | undefined;
    try {
      while ((found = await next()) !== undefined) {
        if (filter === undefined || requireNoPromise(filter(found.entry), `${caller}(): filter`)) yield found.entry;
        else found.body.drop();
        await found.body.finish();
      }
    } finally {
      found?.body.abandon();
      void chunks.return?.();
    }
  };
  Object.defineProperty(entries, 'name', { value: caller });
  return entries;
}

/**
 * The stream of an entry's content, if it can still be had.
 *
 * @param fail makes the error of a content that has been skipped
 */
export function openBody(
  body: Body,
  name: string,
  fail: (code: 'entry-passed', what: string, details: { entry: string }) => Error,
): ReadableStream<Bytes> {
  if (body.isOpen) throw new TypeError(`The stream of ${quoted(name)} has been taken before; it can be read once`);
  if (body.isPassed)
    throw fail(
      'entry-passed',
      `the content of ${quoted(name)} has been skipped, since the next entry was asked for before stream() was called. ` +
        'Call it first. A stage such as filter() asks for the next entry ahead: use the option filter in its place',
      { entry: name },
    );
  return body.open();
}
