/**
 * `toFile()`: a sink that writes a file. It gathers small chunks, because each write to a file costs a message to
 * another process. It counts the bytes it writes, and compares the count with the file's size at the end.
 */
import { withinGrace } from '../runtime/grace.js';
import { requireCount, requireOneOf } from '../values/require.js';
import { describe } from '../values/describe.js';
import { WritableStream } from '../streams/writable-stream.js';
import { Encoder } from './bytes.js';
import { Gatherer } from './gatherer.js';
import type { BytesOrText } from './bytes.js';

const GATHER = 1024 * 1024;

/** A `FileSystemFileHandle`, by the members that are used. */
export interface FileHandleLike {
  /** Gives the file, whose size the sink reads. */
  getFile(): PromiseLike<Blob>;
  /** Opens a copy for writing, which replaces the file when it is closed. */
  createWritable?(options?: { keepExistingData?: boolean }): PromiseLike<unknown>;
  /** Opens the file itself for writing; only in a dedicated worker. */
  createSyncAccessHandle?(): PromiseLike<unknown>;
}

/** The options of `toFile()`. */
export interface ToFileOptions {
  /** The byte to start at, or `'end'` to append; the rest of the file stays. Default: 0, which replaces the file. */
  at?: number | 'end' | undefined;
  /**
   * The number of bytes to expect. Any other number is a `RangeError`, and the file is not replaced. Default: not
   * checked.
   */
  size?: number | undefined;
  /** Bytes of one write: smaller chunks are gathered. Default: 1 MiB. */
  gather?: number | undefined;
  /**
   * How to open the file: with `createWritable()` (`stream`), or with `createSyncAccessHandle()` (`sync`, only in a
   * dedicated worker). `auto` takes the first of them that the handle has. Default: `auto`.
   */
  access?: 'auto' | 'stream' | 'sync' | undefined;
}

/**
 * A sink that writes a file. It opens the file at the first write, and checks its size after the last.
 *
 * If the pipeline fails, `createWritable()` leaves the file as it was. A sync access handle writes to the file itself:
 * the sink cuts off what it appended, but overwritten bytes are lost, and a file that was to be replaced (`at` is 0) is
 * left empty.
 *
 * @throws {TypeError | RangeError} if an argument is invalid, or the handle has no way to write
 * @see https://fs.spec.whatwg.org/#api-filesystemfilehandle
 */
export function toFile(handle: FileHandleLike, options?: ToFileOptions): WritableStream<BytesOrText> {
  const { at = 0, size, gather = GATHER, access = 'auto' } = options ?? {};
  if (typeof handle?.getFile !== 'function')
    throw new TypeError(`toFile(): the first argument must be a FileSystemFileHandle; got ${describe(handle)}`);
  if (at !== 'end') requireCount(at, 'toFile(): at', 0);
  if (size !== undefined) requireCount(size, 'toFile(): size', 0);
  requireCount(gather, 'toFile(): gather', 0);
  const open = openerFor(handle, access);
  const text = new Encoder('toFile');
  const gatherer = new Gatherer(gather);
  let file: OpenFile | undefined; // set by the first write
  let begin = 0; // the byte of the file at which the first one goes
  let received = 0;

  async function opened(): Promise<OpenFile> {
    if (file !== undefined) return file;
    const former = at === 0 ? 0 : (await handle.getFile()).size;
    begin = at === 'end' ? former : at;
    return (file = await open(handle, { begin, former, keep: at !== 0 }));
  }

  async function write(bytes: Uint8Array): Promise<void> {
    received += bytes.length;
    if (received > size!) throw new RangeError(`toFile(): received more than the declared size of ${size} bytes`);
    for (const piece of gatherer.add(bytes)) await (await opened()).write(piece);
  }

  /** After a write or close that fails, the standard calls no `abort()`, so this does it. */
  async function orAbort(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      await withinGrace(file?.abort(error)).catch(() => {});
      throw error;
    }
  }

  return new WritableStream<BytesOrText>({
    write: (chunk: unknown) => orAbort(() => write(text.encode(chunk))),
    close: () =>
      orAbort(async () => {
        await write(text.rest());
        if (size !== undefined && received !== size)
          throw new RangeError(`toFile(): received ${received} bytes instead of the declared size of ${size}`);
        await opened();
        for (const piece of gatherer.rest()) await file!.write(piece);
        await file!.close();
        const written = (await handle.getFile()).size;
        if (written < begin + received) {
          throw new DOMException(
            `toFile(): the file has ${written} bytes, but ${begin + received} were written; another program may have changed it`,
            'DataError',
          );
        }
      }),
    abort: async (reason: unknown) => file?.abort(reason) as void,
  });
}

/**
 * A file that is open for writing. One of `close()` and `abort()` is called, once, and nothing after it.
 */
interface OpenFile {
  write(bytes: Uint8Array): unknown;
  /** Makes what was written the file's content. */
  close(): unknown;
  /** Undoes what was written, as far as that is possible, and releases the file. */
  abort(reason: unknown): Promise<unknown>;
}

/** Where in the file to write. */
interface Place {
  /** The byte at which to begin. */
  readonly begin: number;
  /** The size of the content that is kept. */
  readonly former: number;
  /** Whether the content of the file is kept. */
  readonly keep: boolean;
}

type Open = (handle: FileHandleLike, place: Place) => Promise<OpenFile>;

/** A `FileSystemWritableFileStream`, by the members that are used. */
interface FileStream {
  write(bytes: Uint8Array): Promise<unknown>;
  seek(position: number): Promise<unknown>;
  close(): Promise<unknown>;
  abort(reason: unknown): Promise<unknown>;
}

/** A `FileSystemSyncAccessHandle`, by the members that are used. */
interface SyncAccess {
  write(bytes: Uint8Array, options: { at: number }): number;
  truncate(size: number): void;
  getSize(): number;
  flush(): void;
  close(): void;
}

function openerFor(handle: FileHandleLike, access: unknown): Open {
  const canStream = typeof handle.createWritable === 'function';
  const canSync = typeof handle.createSyncAccessHandle === 'function';
  requireOneOf(access, ['auto', 'stream', 'sync'], 'toFile(): access');
  if (canSync && (access === 'sync' || (access === 'auto' && !canStream))) return openSync;
  if (canStream && access !== 'sync') return openStream;
  throw new TypeError(
    access === 'sync'
      ? 'toFile(): the handle has no createSyncAccessHandle(); use a file of the origin private file system in a dedicated worker'
      : 'toFile(): the handle has no createWritable() in this engine; write the file in a dedicated worker, or use another sink',
  );
}

/** Writes to a copy that replaces the file when it is closed. */
async function openStream(handle: FileHandleLike, { begin, keep }: Place): Promise<OpenFile> {
  const stream = (await handle.createWritable!({ keepExistingData: keep })) as FileStream;
  const file: OpenFile = {
    write: (bytes) => stream.write(bytes),
    close: () => stream.close(),
    abort: (reason) => stream.abort(reason),
  };
  if (begin > 0) await orRelease(() => stream.seek(begin), file);
  return file;
}

/**
 * Writes to the file itself. An abort cuts off what was appended; overwritten bytes are lost, because no copy exists.
 */
async function openSync(handle: FileHandleLike, { begin, former, keep }: Place): Promise<OpenFile> {
  const access = (await handle.createSyncAccessHandle!()) as SyncAccess;
  let at = begin;
  const file: OpenFile = {
    write(bytes) {
      for (let from = 0; from < bytes.length;) {
        const count = access.write(from === 0 ? bytes : bytes.subarray(from), { at });
        if (count === 0)
          throw new DOMException(
            'toFile(): the file system accepted no more bytes; the storage may be full',
            'QuotaExceededError',
          );
        from += count;
        at += count;
      }
    },
    close() {
      access.flush();
      access.close();
    },
    async abort() {
      try {
        access.truncate(Math.min(former, access.getSize()));
        access.flush();
      } finally {
        access.close(); // releases the file's lock
      }
    },
  };
  if (!keep) await orRelease(() => access.truncate(0), file);
  return file;
}

/** Calls `work`; if it fails, releases `file`, which no caller has received yet. */
async function orRelease(work: () => unknown, file: OpenFile): Promise<void> {
  try {
    await work();
  } catch (error) {
    await file.abort(error).catch(() => {});
    throw error;
  }
}
