/**
 * `buffer()`: a stage that takes what a producer gives as fast as it comes, in memory and then on the disk, and gives it in its order as the
 * consumer takes it.
 *
 * 1. A write waits only while a segment has to be written before there is memory for more: the disk is slower than the producer then.
 * 2. Whatever ends the buffer clears the disk: the end, an error of either side, a cancel, an abort. That is waited for with a bound.
 */
import { requireKnown } from '../values/require.js';
import { describe } from '../values/describe.js';
import { withinGrace } from '../runtime/grace.js';
import { ReadableStream } from '../streams/readable-stream.js';
import { WritableStream } from '../streams/writable-stream.js';
import { bytesOf } from './amount.js';
import { checked } from './chunks.js';
import { openDirectory, openOpfs, type BufferDisk } from './disk.js';
import { SpillQueue, type BufferStats } from './queue.js';
import type { ReadableControllerLike, WritableControllerLike } from '../bridge/shapes.js';
import type { Bytes } from '../runtime/buffers.js';
import type { Operator } from '../streams/any.js';

/** The options of `buffer()`. Amounts are numbers of bytes, or texts such as `'32 MiB'`. */
export interface BufferOptions {
  /** What may be in memory, at least 64 KiB. A character of a string counts two bytes. Default: 32 MiB. */
  memory?: number | string | undefined;
  /**
   * Where the rest goes: `'opfs'`, the origin private file system of a page or worker; in Node the path of a directory, which is made if it
   * is missing; or an object that stores segments. Default: nowhere, so that more than `memory` is an error.
   */
  disk?: 'opfs' | (string & {}) | BufferDisk | undefined;
  /** What may be in memory and on the disk together. More fails with a `RangeError`. Default: 4 GiB. */
  limit?: number | string | undefined;
}

/** A stage that holds what has come and was not read. */
export interface BufferStage<T> extends Operator<ArrayBuffer | ArrayBufferView | string, T> {
  /** What it holds now. */
  stats(): BufferStats;
}

/** The least memory: a quarter of it is a segment. */
const LEAST = 65_536;

/**
 * Takes bursts of a producer that cannot be paused, such as a socket or events. Chunks are strings, and bytes, which come out as
 * `Uint8Array`. Their order and their bounds are kept.
 *
 * @throws {TypeError | RangeError} if an option is invalid
 *
 * @example
 * await pipeline(fromWebSocket(url), buffer({ memory: '32 MiB', disk: 'opfs', limit: '2 GiB' }), slowly);
 */
export function buffer<T extends Bytes | string = Bytes | string>(options: BufferOptions = {}): BufferStage<T> {
  requireKnown(options, 'buffer()', ['memory', 'disk', 'limit']);
  const memory = bytesOf(options.memory ?? 32 * 2 ** 20, 'buffer(): memory', LEAST);
  const limit = bytesOf(options.limit ?? 4 * 2 ** 30, 'buffer(): limit', 0);
  return new Buffered<T>(memory, limit, openerOf(options.disk));
}

function openerOf(disk: unknown): (() => Promise<BufferDisk>) | undefined {
  if (disk === undefined) return undefined;
  if (disk === 'opfs') return openOpfs;
  if (typeof disk === 'string') return () => openDirectory(disk);
  const methods = ['write', 'read', 'remove', 'clear'] as const;
  const given = (disk ?? {}) as Partial<BufferDisk>;
  if (methods.some((name) => typeof given[name] !== 'function'))
    throw new TypeError(
      `buffer(): disk must be 'opfs', the path of a directory, or an object with ${methods.join(', ')}; got ${describe(disk)}`,
    );
  return () => Promise.resolve(disk as BufferDisk);
}

const tooMuch = (bytes: number, most: number, why: string) =>
  new RangeError(
    `buffer(): ${bytes} bytes wait for the consumer, more than ${most} (${why}, or make the consumer faster`,
  );

class Buffered<T extends Bytes | string> implements BufferStage<T> {
  readonly readable: ReadableStream<T>;
  readonly writable: WritableStream<ArrayBuffer | ArrayBufferView | string>;
  #limit: number;
  /** Of the memory, where there is no disk. */
  #most: number;
  #queue: SpillQueue;
  #reader!: ReadableControllerLike<T>;
  #writer!: WritableControllerLike;
  #isClosed = false;
  #isOver = false;
  /** Ends the wait of a write. */
  #interrupt: () => void = () => {};
  #ending: Promise<void> | undefined;
  /** Wakes a pull that found nothing. */
  #wake: () => void = () => {};

  constructor(memory: number, limit: number, open: (() => Promise<BufferDisk>) | undefined) {
    this.#limit = limit;
    this.#most = open === undefined ? memory : Infinity;
    this.#queue = new SpillQueue(memory, open, (error) => void this.#fail(error));
    this.readable = new ReadableStream<T>(
      {
        start: (controller: ReadableControllerLike<T>) => void (this.#reader = controller),
        pull: () => this.#pull(),
        cancel: (reason: unknown) => this.#end(() => this.#writer.error(reason)),
      },
      { highWaterMark: 0 },
    );
    this.writable = new WritableStream<ArrayBuffer | ArrayBufferView | string>({
      start: (controller: WritableControllerLike) => {
        this.#writer = controller;
        const { signal } = controller;
        signal.addEventListener('abort', () => void this.#end(() => this.#reader.error(signal.reason)), { once: true });
      },
      abort: () => this.#ending,
      write: (chunk: unknown) => this.#write(chunk),
      close: () => {
        this.#isClosed = true;
        this.#wake();
      },
    });
  }

  stats(): BufferStats {
    return this.#queue.stats;
  }

  async #write(chunk: unknown): Promise<void> {
    try {
      // An abort does not wait for a disk that does not answer.
      const added = this.#queue.add(checked(chunk));
      await new Promise<void>((resolve, reject) => {
        this.#interrupt = resolve;
        added.then(resolve, reject);
      });
      if (this.#isOver) return;
      const { bytes, memoryBytes } = this.#queue.stats;
      if (bytes > this.#limit) throw tooMuch(bytes, this.#limit, 'limit); raise it');
      if (memoryBytes > this.#most) throw tooMuch(memoryBytes, this.#most, 'memory); pass a disk');
      this.#wake();
    } catch (error) {
      await this.#fail(error);
      throw error;
    }
  }

  async #pull(): Promise<void> {
    try {
      for (;;) {
        const chunk = await this.#queue.take();
        if (this.#isOver) return;
        if (chunk !== undefined) return this.#reader.enqueue(chunk as T);
        // Something may have come while the queue was looked at.
        if (!this.#queue.isEmpty) continue;
        if (this.#isClosed) {
          await this.#end(() => this.#reader.close());
          return;
        }
        await new Promise<void>((resolve) => (this.#wake = resolve));
        if (this.#isOver) return;
      }
    } catch (error) {
      await this.#fail(error);
    }
  }

  #fail(error: unknown): Promise<void> {
    return this.#end(() => {
      this.#reader.error(error);
      this.#writer.error(error);
    });
  }

  /** The first end counts, and all wait for it. The streams end once the disk has been cleared, or the time for that is over. */
  #end(tell: () => void): Promise<void> {
    return (this.#ending ??= this.#stop(tell));
  }

  async #stop(tell: () => void): Promise<void> {
    this.#isOver = true;
    this.#wake();
    this.#interrupt();
    await withinGrace(this.#queue.stop()).catch(() => {});
    try {
      tell();
    } catch {
      // The other side has ended meanwhile.
    }
  }
}
