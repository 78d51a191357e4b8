/**
 * `openUrl()`: a file on a server that is read at any place, by ranges.
 *
 * 1. Small reads are of whole blocks, which are kept while there is room. Those that are asked for in one turn and are near each other are one
 *    request.
 * 2. A request ends when nobody waits for any of its blocks.
 * 3. All bytes are of one version of the file (js/sources/ranged).
 */
import { toBytes } from '../sinks/collect.js';
import { FetchError } from '../pipeline/fetch-error.js';
import { requireCount } from '../values/require.js';
import { deferred } from '../codecs/deferred.js';
import { Ranged } from './ranged.js';
import type { Bytes } from '../runtime/buffers.js';
import type { FromFetchOptions } from './from-fetch.js';
import type { ReadableStream } from '../streams/readable-stream.js';

/** The options of `openUrl()`, with those of `fromFetch()` for each request. */
export interface OpenUrlOptions extends Omit<FromFetchOptions, 'onResponse' | 'method' | 'body'> {
  /** Bytes of a block: a small read requests whole blocks. Default: 64 KiB. */
  blockSize?: number | undefined;
  /** The most bytes of blocks that are kept. Reads that are larger than half of it are not kept. Default: 4 MiB. */
  cacheSize?: number | undefined;
}

/** A file on a server. It is one for `openZip()`, too. */
export interface UrlFile {
  /** Its bytes. */
  readonly size: number;
  /** The media type, with its parameters; '' if the server says none. */
  readonly type: string;
  /** Its `ETag`; undefined if the server sends none. */
  readonly etag: string | undefined;
  /**
   * The bytes from `start` up to, and without, `end`, which must be in the file. Rejects with a `FetchError` if the file has changed or
   * cannot be read, with a `RangeError` if the range is invalid, with the signal's reason when that is aborted.
   */
  read(start: number, end: number, options?: { readonly signal?: AbortSignal | undefined }): Promise<Bytes>;
  /** The same as a stream, past the cache. Default: from the first byte, to the end. */
  stream(start?: number, end?: number, options?: { readonly signal?: AbortSignal | undefined }): ReadableStream<Bytes>;
}

/** The most bytes that one request for blocks has. */
const LONGEST = 4 * 2 ** 20;

/**
 * Opens a file for reads at any place. The server must respond with parts (206), and send a strong `ETag`, or a `Last-Modified` at least a
 * second before its `Date`; of another origin, it must expose these fields and `Content-Range`. Rejects with a `FetchError` if it does not.
 *
 * @throws {TypeError | RangeError} if an argument is invalid
 *
 * @example
 * const file = await openUrl('/data.parquet');
 * const footer = await file.read(file.size - 8, file.size);
 */
export async function openUrl(url: string | URL, options: OpenUrlOptions = {}): Promise<UrlFile> {
  const { blockSize = 65_536, cacheSize = 4 * 2 ** 20, ...requests } = options;
  requireCount(blockSize, 'openUrl(): blockSize', 1);
  requireCount(cacheSize, 'openUrl(): cacheSize', 0, true);
  const file = new Ranged(
    url,
    requests,
    (_, what, response) => new FetchError(`openUrl(): ${what}`, response, { url: String(url) }),
  );
  await file.open();
  return new OpenedUrl(file, blockSize, cacheSize);
}

/** One request for blocks in a row. */
interface Run {
  readonly stop: AbortController;
  /** The reads that wait for one of its blocks. */
  readonly readers: Set<object>;
}

interface Block {
  readonly bytes: Promise<Bytes>;
  /** Undefined once it has come. */
  run: Run | undefined;
}

interface Wanted {
  readonly number: number;
  readonly block: Block;
  readonly resolve: (bytes: Bytes) => void;
  readonly reject: (error: unknown) => void;
}

class OpenedUrl implements UrlFile {
  readonly size: number;
  readonly type: string;
  readonly etag: string | undefined;
  #file: Ranged;
  #blockBytes: number;
  #most: number;
  /** By their numbers; the one that was used last is the last. */
  #blocks = new Map<number, Block>();
  #wanted: Wanted[] = [];

  constructor(file: Ranged, block: number, cache: number) {
    this.size = file.size;
    this.type = file.type;
    this.etag = file.validators!.tag;
    this.#file = file;
    this.#blockBytes = block;
    this.#most = Math.floor(cache / block);
  }

  stream(start = 0, end = this.size, { signal }: { signal?: AbortSignal | undefined } = {}): ReadableStream<Bytes> {
    this.#require(start, end);
    return this.#file.range(start, end, signal);
  }

  async read(start: number, end: number, { signal }: { signal?: AbortSignal | undefined } = {}): Promise<Bytes> {
    this.#require(start, end);
    signal?.throwIfAborted();
    const length = end - start;
    if (length === 0) return new Uint8Array(0);
    const size = this.#blockBytes;
    const first = Math.floor(start / size);
    const last = Math.floor((end - 1) / size);
    if (last - first + 1 > this.#most / 2) return toBytes(this.#file.range(start, end, signal), { limit: length });
    const reader = {};
    const blocks: Block[] = [];
    for (let number = first; number <= last; number++) blocks.push(this.#block(number, reader));
    const bytes = new Uint8Array(length);
    try {
      const parts = await until(signal, Promise.all(blocks.map((block) => block.bytes)));
      parts.forEach((part, index) => {
        const at = (first + index) * size;
        const from = Math.max(0, start - at);
        bytes.set(part.subarray(from, Math.min(part.length, end - at)), at + from - start);
      });
      return bytes;
    } finally {
      for (const { run } of blocks) this.#leave(run, reader);
    }
  }

  #require(start: number, end: number): void {
    const isRight = Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start <= end && end <= this.size;
    if (!isRight) throw new RangeError(`openUrl(): there are no bytes ${start} to ${end} in a file of ${this.size}`);
  }

  /** The block, which is requested at the end of this turn if it is not there. */
  #block(number: number, reader: object): Block {
    let block = this.#blocks.get(number);
    if (block === undefined) {
      const { promise, resolve, reject } = deferred<Bytes>();
      block = { bytes: promise, run: { stop: new AbortController(), readers: new Set() } };
      if (this.#wanted.push({ number, block, resolve, reject }) === 1)
        void Promise.resolve().then(() => this.#request());
    }
    block.run?.readers.add(reader);
    this.#blocks.delete(number);
    this.#blocks.set(number, block);
    return block;
  }

  /** Requests what is wanted: blocks that are neighbours, or have one between them, together. */
  #request(): void {
    const wanted = this.#wanted.sort((a, b) => a.number - b.number);
    this.#wanted = [];
    for (let at = 0; at < wanted.length;) {
      let end = at + 1;
      const first = wanted[at]!.number;
      const isNear = (next: Wanted) =>
        next.number - wanted[end - 1]!.number <= 2 && (next.number - first + 1) * this.#blockBytes <= LONGEST;
      while (end < wanted.length && isNear(wanted[end]!)) end += 1;
      void this.#load(wanted.slice(at, end));
      at = end;
    }
  }

  async #load(wanted: readonly Wanted[]): Promise<void> {
    const size = this.#blockBytes;
    const run: Run = { stop: new AbortController(), readers: new Set() };
    for (const { block } of wanted) {
      for (const reader of block.run!.readers) run.readers.add(reader);
      block.run = run;
    }
    const first = wanted[0]!.number;
    const end = Math.min(this.size, (wanted.at(-1)!.number + 1) * size);
    let index = 0;
    try {
      if (run.readers.size === 0) throw stopped();
      let at = first * size;
      let held: Bytes = new Uint8Array(Math.min(size, end - at));
      let filled = 0;
      for await (let bytes of this.#file.range(at, end, run.stop.signal)) {
        while (bytes.length > 0) {
          const part = bytes.subarray(0, held.length - filled);
          held.set(part, filled);
          filled += part.length;
          bytes = bytes.subarray(part.length);
          if (filled < held.length) continue;
          const next = wanted[index]!;
          if (next.number * size === at) {
            next.block.run = undefined;
            next.resolve(held);
            index += 1;
          }
          at += held.length;
          held = new Uint8Array(Math.min(size, end - at));
          filled = 0;
        }
      }
      if (index < wanted.length) throw new FetchError('openUrl(): the server sent fewer bytes than it said');
    } catch (error) {
      for (const { number, block, reject } of wanted.slice(index)) {
        if (this.#blocks.get(number) === block) this.#blocks.delete(number);
        block.run = undefined;
        reject(error);
      }
    }
    this.#evict();
  }

  #leave(run: Run | undefined, reader: object): void {
    if (run?.readers.delete(reader) !== true || run.readers.size > 0) return;
    // A read that comes now asks for them anew.
    for (const [number, block] of this.#blocks) if (block.run === run) this.#blocks.delete(number);
    run.stop.abort(stopped());
  }

  /** Drops the blocks that were not used for longest. */
  #evict(): void {
    for (const [number, { run }] of this.#blocks) {
      if (this.#blocks.size <= this.#most) return;
      if (run === undefined) this.#blocks.delete(number);
    }
  }
}

const stopped = () => new DOMException('Nobody waits for these bytes any more', 'AbortError');

/** `work`, or the reason of the signal when that is aborted first. */
async function until<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (signal === undefined) return work;
  const { promise, reject } = deferred<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
