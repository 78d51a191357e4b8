/**
 * What the writers of archives have in common: entries in, bytes out.
 *
 * 1. One entry is open at a time. Its source is read when the reader of the archive wants bytes.
 * 2. Whatever ends the archive before its end cancels the source of the entry that is open.
 * 3. What has been written and not been taken is less than a piece.
 */
import { isBlob, isIterable, isReadableStreamLike } from '../bridge/kinds.js';
import { compose } from '../pipeline/compose.js';
import { stage } from '../pipeline/functions.js';
import { refusalOfSource } from '../pipeline/sources.js';
import { describe } from '../values/describe.js';
import { requireBoolean, requireKnown, shown } from '../values/require.js';
import { inMemory, lastModifiedOf, openContent, type OpenContent } from '../entries/contents.js';
import { generated } from '../entries/generated.js';
import { Pieces } from '../entries/pieces.js';
import { Unread } from '../entries/unread.js';
import type { Fail } from './error.js';
import { quoted } from '../entries/quoted.js';
import { PathGuard } from './paths.js';
import type { PipelineSource } from '../pipeline/accepted.js';
import type { Bytes } from '../runtime/buffers.js';
import type { AnyReadable, Operator } from '../streams/any.js';
import type { BytesOrText } from '../sinks/bytes.js';
import type { ReadableStream } from '../streams/readable-stream.js';

/**
 * The content of an entry: a string, which is written as UTF-8, bytes, or anything that a pipeline may start with: a stream, a
 * `Blob`, a `Response`, an iterable of bytes and strings, or a function that returns one of these. The function is called when
 * it is the entry's turn, so that no request waits for the entries before it.
 */
export type ArchiveContent = BytesOrText | PipelineSource<BytesOrText>;

/** What the entries of all archives have in common. */
export interface ArchiveEntryInput {
  /** With slashes between folders; that of a folder ends with one. */
  readonly name: string;
  /** What is in it. Default: nothing. */
  readonly content?: ArchiveContent | undefined;
  /** The bytes of the content, if it is a stream. One that gives more or fewer fails with `size-mismatch`. Default: not known. */
  readonly size?: number | undefined;
  /** When it was changed, as a date or in milliseconds since 1970. Default: that of a `File`; else the earliest that can be written. */
  readonly modified?: Date | number | undefined;
  /** The permissions, as of `chmod`. Default: 0o644, of folders 0o755. */
  readonly mode?: number | undefined;
}

/** The options of `zip()` and `tar()`. */
export interface WriteOptions {
  /** When aborted, fails the stream with its reason; where entries are passed. */
  signal?: AbortSignal | undefined;
  /** True accepts names that lead out of the folder that they are unpacked to. Default: false, they fail with `unsafe-path`. */
  allowUnsafePaths?: boolean | undefined;
}

/** The entries of an archive to be written: an iterable, or a stream. */
export type ArchiveEntries<Entry> = Iterable<Entry | PromiseLike<Entry>> | AsyncIterable<Entry> | AnyReadable<Entry>;

/** An entry, checked. */
export interface CheckedEntry {
  readonly name: string;
  readonly isDirectory: boolean;
  /** All of its content, if it is in memory. */
  readonly bytes: Uint8Array | undefined;
  /** Milliseconds since 1970. */
  readonly modified: number | undefined;
  readonly mode: number | undefined;
  readonly size: number | undefined;
}

/** What the writer of a format needs of its caller. */
export interface Writing {
  readonly pieces: Pieces;
  /** Opens the content of the current entry, which is not in memory. */
  open(content: unknown): Promise<OpenContent>;
}

/** Writes one format. What a generator yields is nothing: it gives the pieces that are ready a chance to be taken. */
export interface Format<Entry> {
  readonly known: readonly string[];
  write(entry: Entry, checked: CheckedEntry, writing: Writing): AsyncIterable<void>;
  /** Writes what follows the last entry. */
  end(writing: Writing): void;
}

const OPTIONS = ['signal', 'allowUnsafePaths'];
const ENTRY = ['name', 'content', 'size', 'modified', 'mode'];

/**
 * The two forms of `zip()` and `tar()`: with entries a stream of bytes, without them a stage.
 *
 * @param make makes the writer of an archive of the checked options
 */
export function writer<Entry extends ArchiveEntryInput, Options extends WriteOptions>(
  caller: string,
  first: unknown,
  second: unknown,
  known: readonly string[],
  fail: Fail,
  make: (options: Options) => Format<Entry>,
): Operator<Entry, Bytes> | ReadableStream<Bytes> {
  const hasEntries =
    first !== undefined && (isReadableStreamLike(first) || isIterable(first) || typeof first !== 'object');
  const options = ((hasEntries ? second : first) ?? {}) as Options;
  requireKnown(options, `${caller}()`, [...OPTIONS, ...known]);
  requireBoolean(options.allowUnsafePaths ?? false, `${caller}(): allowUnsafePaths`);
  const refusal = hasEntries ? refusalOfSource(first) : undefined;
  if (refusal !== undefined) throw new TypeError(`${caller}(): the first argument ${refusal}`);
  const format = make(options);
  const list = Array.isArray(first) ? ([...first] as (Entry | undefined)[]) : undefined;
  const unread = new Unread((list ?? []).map((entry) => (entry instanceof Promise ? entry : entry?.content)));
  const bytes = (entries: AsyncIterable<Entry>, { signal }: { signal: AbortSignal }) =>
    written(caller, entries, signal, format, options, fail, unread);
  Object.defineProperty(bytes, 'name', { value: caller });
  if (!hasEntries) return compose(stage(bytes));
  return generated(list ?? first, options.signal, bytes, (reason) => unread.cancel(reason));
}

async function* written<Entry extends ArchiveEntryInput>(
  caller: string,
  entries: AsyncIterable<Entry>,
  signal: AbortSignal,
  format: Format<Entry>,
  options: WriteOptions,
  fail: Fail,
  unread: Unread,
): AsyncGenerator<Bytes> {
  const pieces = new Pieces();
  const guard = options.allowUnsafePaths === true ? undefined : new PathGuard(fail);
  let content: OpenContent | undefined;
  const onAbort = () => content?.cancel(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  let name = '';
  const writing: Writing = {
    pieces,
    async open(source) {
      content = await openContent(source, `${caller}(): the content of ${quoted(name)}`, signal);
      if (signal.aborted) onAbort();
      return content;
    },
  };
  try {
    let number = 0;
    for await (const entry of entries) {
      signal.throwIfAborted();
      unread.begin();
      const checked = check(caller, entry, (number += 1), format.known);
      ({ name } = checked);
      guard?.check(name, undefined);
      for await (const step of format.write(entry, checked, writing)) {
        void step;
        signal.throwIfAborted();
        for (let piece; (piece = pieces.take()) !== undefined;) yield piece;
      }
      content = undefined;
    }
    format.end(writing);
    pieces.flush();
    for (let piece; (piece = pieces.take()) !== undefined;) yield piece;
  } catch (error) {
    content?.cancel(error);
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
    content?.cancel(signal.reason);
  }
}

function check(caller: string, entry: ArchiveEntryInput, number: number, known: readonly string[]): CheckedEntry {
  const what = `${caller}(): entry ${number}`;
  if (entry === null || typeof entry !== 'object')
    throw new TypeError(`${what} must be an object with a name; got ${describe(entry)}`);
  requireKnown(entry, what, [...ENTRY, ...known]);
  const { name, content, size, modified, mode } = entry;
  if (typeof name !== 'string' || name === '')
    throw new TypeError(`${what}: name must be a string that is not empty; got ${shown(name)}`);
  const place = `${what} (${quoted(name)})`;
  const bytes = inMemory(content, `${place}: content`);
  const isDirectory = name.endsWith('/');
  if (isDirectory && (bytes === undefined || bytes.length > 0))
    throw new TypeError(`${place}: a folder, whose name ends with a slash, has no content`);
  if (size !== undefined && !(Number.isSafeInteger(size) && size >= 0))
    throw new RangeError(`${place}: size must be a whole number of at least 0; got ${shown(size)}`);
  if (mode !== undefined && !(Number.isInteger(mode) && mode >= 0 && mode <= 0o7777))
    throw new RangeError(`${place}: mode must be from 0 to 0o7777; got ${shown(mode)}`);
  const time = modified instanceof Date ? modified.getTime() : (modified ?? lastModifiedOf(content));
  if (time !== undefined && (typeof time !== 'number' || !(Math.abs(time) <= 8.64e15)))
    throw new TypeError(`${place}: modified must be a valid date, or milliseconds since 1970; got ${shown(modified)}`);
  return {
    name,
    isDirectory,
    bytes,
    modified: time,
    mode,
    size: size ?? bytes?.length ?? (isBlob(content) ? content.size : undefined),
  };
}
