/** Stages that read an archive forward: bytes in, entries out. */
import { compose } from '../pipeline/compose.js';
import { stage } from '../pipeline/functions.js';
import { toBytes } from '../codecs/options.js';
import { requireBoolean, requireCallback, requireCount, requireKnown } from '../values/require.js';
import { quoted, type Fail } from './error.js';
import { Input } from './input.js';
import type { PipelineChunks } from '../pipeline/accepted.js';
import type { Bytes } from '../runtime/buffers.js';
import type { Operator } from '../streams/any.js';
import type { ReadableStream } from '../streams/readable-stream.js';
import type { Body } from './body.js';

/** What the readers of all archives have in common. */
export interface ReadOptions {
  /** The most entries. One more fails with `too-many-entries`. Default: no bound; for `openZip()` 1,000,000. */
  maxEntries?: number | undefined;
  /**
   * The most bytes of an entry. If it says that it has more, `stream()` throws `entry-too-large`; if it turns out to have
   * more, its stream fails with that. Default: no bound.
   */
  maxEntryBytes?: number | undefined;
  /**
   * True accepts names that lead out of a folder: with `..`, a drive letter, a backslash or a NUL, absolute ones, and
   * links to such places. Default: false, they fail with `unsafe-path`.
   */
  allowUnsafePaths?: boolean | undefined;
}

/** Of the readers that go forward. */
export interface ForwardOptions<Entry> extends ReadOptions {
  /** Called with each entry. An entry for which it returns false is skipped, and nobody gets it. Default: all are wanted. */
  filter?: ((entry: Entry) => boolean) | undefined;
}

export const READ_OPTIONS = ['maxEntries', 'maxEntryBytes', 'allowUnsafePaths'];

/** The options, checked. */
export interface Limits {
  readonly maxEntries: number;
  readonly maxEntryBytes: number;
  readonly allowUnsafePaths: boolean;
}

export function readLimits(caller: string, options: ReadOptions, most = Infinity): Limits {
  const { maxEntries = most, maxEntryBytes = Infinity, allowUnsafePaths = false } = options;
  requireCount(maxEntries, `${caller}(): maxEntries`, 0, true);
  requireCount(maxEntryBytes, `${caller}(): maxEntryBytes`, 0, true);
  requireBoolean(allowUnsafePaths, `${caller}(): allowUnsafePaths`);
  return { maxEntries, maxEntryBytes, allowUnsafePaths };
}

/** What an archive is read from: bytes in whatever pieces. */
export type ArchiveInput = ArrayBuffer | ArrayBufferView;

/** An entry that has been found, and its content. */
export interface Found<Entry> {
  readonly entry: Entry;
  readonly body: Body;
}

/**
 * Makes the stage.
 *
 * @param next reads the next header; undefined at the end of the archive, which has been checked. The content before it has been finished
 */
export function forwardStage<Entry extends { readonly name: string }>(
  caller: string,
  options: ForwardOptions<Entry>,
  known: readonly string[],
  fail: Fail,
  start: (input: Input, limits: Limits) => () => Promise<Found<Entry> | undefined>,
): Operator<ArchiveInput, Entry> {
  requireKnown(options, `${caller}()`, [...READ_OPTIONS, 'filter', ...known]);
  requireCallback(options.filter, `${caller}(): filter`);
  const limits = readLimits(caller, options);
  const { filter = () => true } = options;
  const entries = async function* (chunks: PipelineChunks<ArchiveInput>): AsyncGenerator<Entry> {
    const input = new Input(async () => {
      for (;;) {
        const { done, value } = await chunks.next();
        if (done) return undefined;
        const bytes = toBytes(value, caller);
        if (bytes.length > 0) return bytes;
      }
    });
    const next = start(input, limits);
    let found: Found<Entry> | undefined;
    try {
      for (let count = 0; (found = await next()) !== undefined; count++) {
        if (count === limits.maxEntries)
          throw fail('too-many-entries', `the archive has more than ${count} entries (maxEntries)`, {
            entry: found.entry.name,
          });
        if (filter(found.entry)) yield found.entry;
        await found.body.finish();
      }
    } finally {
      found?.body.abandon();
      void chunks.return?.();
    }
  };
  Object.defineProperty(entries, 'name', { value: caller });
  return compose(stage(entries));
}

/** The stream of an entry's content, if it can still be had. */
export function openBody(body: Body, name: string, fail: Fail): ReadableStream<Bytes> {
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
