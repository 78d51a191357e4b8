/**
 * A file as a sink. Small chunks are gathered, as every write of a file costs a message to another process. What was written is
 * counted, and the file's own size checked at the end.
 */
import { requireCount } from '../operators/arguments.js';
import { describe } from '../pipeline/describe.js';
import { WritableStream } from '../writable-stream.js';
import { bytesOf, Gatherer } from './bytes.js';

const GATHER = 1024 * 1024;

/**
 * See sinks.d.ts.
 *
 * @param {any} handle
 * @param {{ at?: number | 'end', size?: number, gather?: number, access?: 'auto' | 'stream' | 'sync' }} [options]
 */
export function toFile(handle, options) {
  const { at = 0, size, gather = GATHER, access = 'auto' } = options ?? {};
  if (typeof handle?.getFile !== 'function') throw new TypeError(`toFile(): the first argument must be a FileSystemFileHandle; got ${describe(handle)}`);
  if (at !== 'end') requireCount(at, 'toFile(): at', 0);
  if (size !== undefined) requireCount(size, 'toFile(): size', 0);
  requireCount(gather, 'toFile(): gather', 0);
  const open = openerFor(handle, access);
  const gatherer = new Gatherer(gather);
  let file; // once it is open
  let begin = 0; // where in it
  let received = 0;

  async function opened() {
    if (file !== undefined) return file;
    if (at !== 0) begin = at === 'end' ? (await handle.getFile()).size : at;
    return (file = await open(handle, { begin, keep: at !== 0 }));
  }

  /** A stream whose write or close fails is aborted by nobody else. */
  async function orAbort(work) {
    try {
      await work();
    } catch (error) {
      await file?.abort(error).catch(() => {});
      throw error;
    }
  }

  return new WritableStream({
    write: (chunk) => orAbort(async () => {
      const bytes = bytesOf(chunk, 'toFile');
      received += bytes.length;
      if (received > size) throw new RangeError(`toFile(): more than the ${size} bytes came that size said`);
      for (const piece of gatherer.add(bytes)) await (await opened()).write(piece);
    }),
    close: () => orAbort(async () => {
      await opened();
      for (const piece of gatherer.rest()) await file.write(piece);
      if (size !== undefined && received !== size) {
        throw new RangeError(`toFile(): ${received} bytes came where size said ${size}; the file was not written`);
      }
      await file.close();
      const written = (await handle.getFile()).size;
      if (written < begin + received) {
        throw new DOMException(`toFile(): the file has ${written} bytes where ${begin + received} were written`, 'DataError');
      }
    }),
    abort: async (reason) => file?.abort(reason),
  });
}

function openerFor(handle, access) {
  const canStream = typeof handle.createWritable === 'function';
  const canSync = typeof handle.createSyncAccessHandle === 'function';
  if (access !== 'auto' && access !== 'stream' && access !== 'sync') {
    throw new TypeError(`toFile(): access must be 'auto', 'stream' or 'sync'; got ${describe(access)}`);
  }
  if (canSync && (access === 'sync' || (access === 'auto' && !canStream))) return openSync;
  if (canStream && access !== 'sync') return openStream;
  throw new TypeError(access === 'sync'
    ? 'toFile(): this handle has no createSyncAccessHandle(); only files of the origin private file system have it, in a dedicated worker'
    : 'toFile(): this handle has no createWritable(); in this engine, write from a dedicated worker, or to another sink');
}

/** Writes to a copy that takes the file's place when it is closed. */
async function openStream(handle, { begin, keep }) {
  const stream = await handle.createWritable({ keepExistingData: keep });
  if (begin > 0) await stream.seek(begin);
  return {
    write: (bytes) => stream.write(bytes),
    close: () => stream.close(),
    abort: (reason) => stream.abort(reason),
  };
}

/** Writes to the file itself, which is cut back to where the writing began when it is given up. */
async function openSync(handle, { begin, keep }) {
  const file = await handle.createSyncAccessHandle();
  let at = begin;
  if (!keep) file.truncate(0);
  return {
    write(bytes) {
      for (let from = 0; from < bytes.length;) {
        const count = file.write(from === 0 ? bytes : bytes.subarray(from), { at });
        if (count === 0) throw new DOMException('toFile(): the file took no more bytes', 'QuotaExceededError');
        from += count;
        at += count;
      }
    },
    close() {
      file.flush();
      file.close();
    },
    async abort() {
      file.truncate(begin);
      file.close();
    },
  };
}
