/**
 * The chunks of a buffer in order: the oldest in memory, then segments on the disk, then the newest in memory.
 *
 * 1. `#front` is what is read next. It takes new chunks while nothing is behind it and it has less than half of the memory.
 * 2. `#back` takes them otherwise. Before it would have more than a segment, it is written to the disk, one segment at a time.
 * 3. A quarter of the memory is in `#back` at most, a quarter is being written, and a segment that has been read is a quarter. A chunk that
 *    is larger than a segment is one by itself.
 * 4. After `stop()` nothing is added, nothing is read, and the disk is cleared once what is under way has settled.
 */
import { Fifo } from '../runtime/fifo.js';
import { toBytes } from '../codecs/options.js';
import { packed, sizeOf, unpacked, type Chunk } from './chunks.js';
import type { Bytes } from '../runtime/buffers.js';
import type { BufferDisk } from './disk.js';

/** The most bytes of a segment. */
const LARGEST = 8 * 2 ** 20;

/** What a buffer holds. */
export interface BufferStats {
  /** Chunks that have come and have not been read. */
  readonly chunks: number;
  /** Their bytes; a character of a string counts two. */
  readonly bytes: number;
  /** The bytes of these that are in memory, those that are being written to the disk included. */
  readonly memoryBytes: number;
  /** The bytes that are on the disk. */
  readonly diskBytes: number;
  /** The most that `bytes` has been. */
  readonly peakBytes: number;
  /** All bytes that have been written to the disk. */
  readonly spilledBytes: number;
}

interface Segment {
  readonly number: number;
  readonly bytes: number;
  readonly chunks: number;
  /** Rejects if it could not be written. */
  readonly written: Promise<void>;
}

export class SpillQueue {
  #memory: number;
  #segmentBytes: number;
  #open: (() => Promise<BufferDisk>) | undefined;
  #onError: (error: unknown) => void;
  #disk: Promise<BufferDisk> | undefined;
  #front = new Fifo<Chunk>();
  #frontBytes = 0;
  #segments = new Fifo<Segment>();
  #segmentChunks = 0;
  #diskBytes = 0;
  #number = 0;
  /** The segment that is being written. */
  #writing: Promise<void> | undefined;
  #writingBytes = 0;
  #back: Chunk[] = [];
  #backBytes = 0;
  #peakBytes = 0;
  #spilledBytes = 0;
  #stopped = false;

  /**
   * @param open opens the disk, when it is needed; undefined if there is none
   * @param onError is called if a segment cannot be written
   */
  constructor(memory: number, open: (() => Promise<BufferDisk>) | undefined, onError: (error: unknown) => void) {
    this.#memory = memory;
    this.#segmentBytes = Math.min(Math.floor(memory / 4), LARGEST);
    this.#open = open;
    this.#onError = onError;
  }

  get stats(): BufferStats {
    const memoryBytes = this.#frontBytes + this.#backBytes + this.#writingBytes;
    return {
      chunks: this.#front.length + this.#segmentChunks + this.#back.length,
      bytes: memoryBytes + this.#diskBytes,
      memoryBytes,
      diskBytes: this.#diskBytes,
      peakBytes: this.#peakBytes,
      spilledBytes: this.#spilledBytes,
    };
  }

  get isEmpty(): boolean {
    return this.#front.length === 0 && this.#segments.length === 0 && this.#back.length === 0;
  }

  /** Adds a chunk, once there is memory for it. Rejects if the disk fails. */
  async add(chunk: Chunk): Promise<void> {
    const size = sizeOf(chunk);
    // A chunk that is larger than a segment is one by itself.
    while (!this.#hasRoom(size)) await this.#spill();
    if (this.#stopped) return;
    if (this.#takesFront(size)) {
      this.#front.push(chunk);
      this.#frontBytes += size;
    } else {
      this.#back.push(chunk);
      this.#backBytes += size;
    }
    this.#peakBytes = Math.max(this.#peakBytes, this.stats.bytes);
  }

  #takesFront(size: number): boolean {
    if (this.#open === undefined) return true;
    const isNext = this.#segments.length === 0 && this.#back.length === 0;
    return isNext && this.#frontBytes + size <= this.#memory / 2;
  }

  #hasRoom(size: number): boolean {
    if (this.#stopped || this.#back.length === 0 || this.#takesFront(size)) return true;
    return this.#backBytes + size <= this.#segmentBytes;
  }

  /** Writes `#back` as a segment, behind the one that is being written. */
  async #spill(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    // Meanwhile the reader may have taken it, or the buffer may have ended.
    if (this.#stopped || this.#back.length === 0) return;
    const segment = packed(this.#back);
    const [number, bytes, chunks] = [this.#number++, this.#backBytes, this.#back.length];
    this.#back = [];
    this.#backBytes = 0;
    this.#writingBytes = bytes;
    this.#disk ??= this.#open!();
    const written = this.#write(number, segment, bytes);
    this.#writing = written;
    this.#segments.push({ number, bytes, chunks, written });
    this.#segmentChunks += chunks;
    written.catch(this.#onError);
  }

  async #write(number: number, segment: Bytes, bytes: number): Promise<void> {
    try {
      await (await this.#disk!).write(number, segment);
      if (this.#stopped) return;
      this.#diskBytes += bytes;
      this.#spilledBytes += bytes;
    } finally {
      this.#writing = undefined;
      this.#writingBytes = 0;
    }
  }

  /** The next chunk; undefined if there is none. */
  async take(): Promise<Chunk | undefined> {
    if (this.#front.length === 0) await this.#refill();
    if (this.#front.length === 0) return undefined;
    const chunk = this.#front.shift();
    this.#frontBytes -= sizeOf(chunk);
    return chunk;
  }

  /** Moves what comes next to `#front`: the oldest segment, or `#back` if there is none. */
  async #refill(): Promise<void> {
    if (this.#segments.length > 0) {
      const { number, bytes, chunks: count, written } = this.#segments.peek();
      await written;
      const disk = await this.#disk!;
      const chunks = unpacked(toBytes(await disk.read(number), 'buffer'));
      if (this.#stopped) return;
      this.#segments.shift();
      this.#segmentChunks -= count;
      this.#diskBytes -= bytes;
      this.#put(chunks, bytes);
      await disk.remove(number);
    } else if (this.#back.length > 0) {
      const chunks = this.#back;
      const bytes = this.#backBytes;
      this.#back = [];
      this.#backBytes = 0;
      this.#put(chunks, bytes);
    }
  }

  #put(chunks: readonly Chunk[], bytes: number): void {
    for (const chunk of chunks) this.#front.push(chunk);
    this.#frontBytes += bytes;
  }

  /** Drops everything, and clears the disk. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#front = new Fifo();
    this.#segments = new Fifo();
    this.#back = [];
    this.#frontBytes = this.#backBytes = this.#segmentChunks = this.#diskBytes = 0;
    await this.#writing?.catch(() => {});
    this.#writingBytes = 0;
    await (await this.#disk?.catch(() => undefined))?.clear();
  }
}
