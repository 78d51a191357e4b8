/**
 * A file as a sink. Small chunks are gathered, as every write of a file costs a message to another process. What was written is
 * counted, and the file's own size checked at the end.
 */
import { withinGrace } from '../runtime/grace.js';
import { requireCount } from '../values/require.js';
import { describe } from '../values/describe.js';
import { WritableStream } from '../streams/writable-stream.js';
import { Encoder } from './bytes.js';
import { Gatherer } from './gatherer.js';

const GATHER = 1024 * 1024;

/**
 * See sinks.d.ts.
 *
 * @param {any} handle
 * @param {{ at?: number | 'end', size?: number, gather?: number, access?: 'auto' | 'stream' | 'sync' }} [options]
 */
export function toFile(handle, options) {
  const { at = 0, size, gather = GATHER, access = 'auto' } = options ?? {};
  if (typeof handle?.getFile !== 'function')
    throw new TypeError(`toFile(): the first argument must be a FileSystemFileHandle; got ${describe(handle)}`);
  if (at !== 'end') requireCount(at, 'toFile(): at', 0);
  if (size !== undefined) requireCount(size, 'toFile(): size', 0);
  requireCount(gather, 'toFile(): gather', 0);
  const open = openerFor(handle, access);
  const text = new Encoder('toFile');
  const gatherer = new Gatherer(gather);
  let file; // once it is open
  let begin = 0; // where in it
  let received = 0;

  async function opened() {
    if (file !== undefined) return file;
    const former = at === 0 ? 0 : (await handle.getFile()).size;
    begin = at === 'end' ? former : at;
    return (file = await open(handle, { begin, former, keep: at !== 0 }));
  }

  async function write(bytes) {
    received += bytes.length;
    if (received > size) throw new RangeError(`toFile(): received more than the declared size of ${size} bytes`);
    for (const piece of gatherer.add(bytes)) await (await opened()).write(piece);
  }

  /** A stream whose write or close fails is aborted by nobody else. */
  async function orAbort(work) {
    try {
      await work();
    } catch (error) {
      await withinGrace(file?.abort(error)).catch(() => {});
      throw error;
    }
  }

  return new WritableStream({
    write: (chunk) => orAbort(() => write(text.encode(chunk))),
    close: () =>
      orAbort(async () => {
        await write(text.rest());
        if (size !== undefined && received !== size)
          throw new RangeError(`toFile(): received ${received} bytes, and the declared size is ${size}`);
        await opened();
        for (const piece of gatherer.rest()) await file.write(piece);
        await file.close();
        const written = (await handle.getFile()).size;
        if (written < begin + received) {
          throw new DOMException(
            `toFile(): the file has ${written} bytes where ${begin + received} were written`,
            'DataError',
          );
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
  throw new TypeError(
    access === 'sync'
      ? 'toFile(): this handle has no createSyncAccessHandle(); only files of the origin private file system have it, in a dedicated worker'
      : 'toFile(): this handle has no createWritable(); in this engine, write from a dedicated worker, or to another sink',
  );
}

/**
 * Writes to a copy that takes the file's place when it is closed.
 *
 * @param {any} handle
 * @param {any} place as of `openSync`
 */
async function openStream(handle, { begin, keep }) {
  const stream = await handle.createWritable({ keepExistingData: keep });
  const file = {
    write: (bytes) => stream.write(bytes),
    close: () => stream.close(),
    abort: (reason) => stream.abort(reason),
  };
  if (begin > 0) await orRelease(() => stream.seek(begin), file);
  return file;
}

/**
 * Writes to the file itself. What was added to it is cut off again when the job fails; what was overwritten is lost, as nothing keeps a copy.
 *
 * @param {any} handle
 * @param {{ begin: number, former: number, keep: boolean }} place `former` is the size of what is kept
 */
async function openSync(handle, { begin, former, keep }) {
  const access = await handle.createSyncAccessHandle();
  let at = begin;
  const file = {
    write(bytes) {
      for (let from = 0; from < bytes.length;) {
        const count = access.write(from === 0 ? bytes : bytes.subarray(from), { at });
        if (count === 0) throw new DOMException('toFile(): the file took no more bytes', 'QuotaExceededError');
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
        access.close(); // it locks the file
      }
    },
  };
  if (!keep) await orRelease(() => access.truncate(0), file);
  return file;
}

/** Does `work` for a file that nobody has been given yet. */
async function orRelease(work, file) {
  try {
    await work();
  } catch (error) {
    await file.abort(error).catch(() => {});
    throw error;
  }
}
