/**
 * The chunks of a buffer in order: the oldest in memory, then segments on the disk, then the newest in memory.
 *
 * 1. `#front` is what is read first. It takes new chunks while nothing is behind it and it has less than half of the memory.
 * 2. `#back` takes them otherwise. When it is full it is written to the disk, one segment at a time.
 * 3. A segment has a quarter of the memory: one is filled, one is being written, one is being read. A chunk that is larger is one by itself.
 * 4. After `stop()` nothing is added, nothing is read, and the disk is cleared once what is under way has settled.
 */
import { Fifo } from '../runtime/fifo.js';
import { toBytes } from '../codecs/options.js';
import { OVERHEAD, SegmentReader, SegmentWriter, sizeOf, type Chunk } from './chunks.js';
import { withinGrace } from '../runtime/grace.js';
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
  /** What it takes in memory: 96 bytes for each chunk besides its own, or segments as they are on the disk. Those that are being written are included. */
  readonly memoryBytes: number;
  /** The bytes of the segments that are on the disk. */
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
  #open: (() => Promise<BufferDisk>) | undefined;
  #onError: (error: unknown) => void;
  #disk: Promise<BufferDisk> | undefined;
  #front = new Fifo<Chunk>();
  #frontBytes = 0;
  /** A segment that is being opened to be read. */
  #opening: Promise<void> | undefined;
  /** What is read after `#front`. */
  #reading: SegmentReader | undefined;
  #segments = new Fifo<Segment>();
  #segmentChunks = 0;
  #diskBytes = 0;
  #number = 0;
  /** The segment that is being written. */
  #writing: Promise<void> | undefined;
  #writingBytes = 0;
  #back: SegmentWriter;
  /** Of the chunks that have come and were not read. */
  #bytes = 0;
  #peakBytes = 0;
  #spilledBytes = 0;
  #stopped = false;

  /**
   * @param open opens the disk, when it is needed; undefined if there is none
   * @param onError is called if a segment cannot be written
   */
  constructor(memory: number, open: (() => Promise<BufferDisk>) | undefined, onError: (error: unknown) => void) {
    this.#memory = memory;
    this.#open = open;
    this.#onError = onError;
    this.#back = new SegmentWriter(Math.min(Math.floor(memory / 4), LARGEST));
  }

  get stats(): BufferStats {
    return {
      chunks: this.#front.length + (this.#reading?.count ?? 0) + this.#segmentChunks + this.#back.count,
      bytes: this.#bytes,
      memoryBytes: this.#frontBytes + (this.#reading?.length ?? 0) + this.#back.length + this.#writingBytes,
      diskBytes: this.#diskBytes,
      peakBytes: this.#peakBytes,
      spilledBytes: this.#spilledBytes,
    };
  }

  get isEmpty(): boolean {
    return this.#front.length === 0 && this.#reading === undefined && this.#isSpilt === false;
  }

  /** Whether anything is behind what is being read. */
  get #isSpilt(): boolean {
    return this.#segments.length > 0 || this.#back.count > 0;
  }

  /** Adds a chunk, once there is memory for it. Rejects if the disk fails. */
  async add(chunk: Chunk): Promise<void> {
    const size = sizeOf(chunk) + OVERHEAD;
    for (;;) {
      if (this.#stopped) return;
      if (this.#takesFront(size)) {
        this.#front.push(chunk);
        this.#frontBytes += size;
        break;
      }
      if (this.#back.add(chunk)) break;
      await this.#spill();
    }
    this.#bytes += sizeOf(chunk);
    this.#peakBytes = Math.max(this.#peakBytes, this.#bytes);
  }

  #takesFront(size: number): boolean {
    if (this.#open === undefined) return true;
    return !this.#isSpilt && this.#reading === undefined && this.#frontBytes + size <= this.#memory / 2;
  }

  /** Writes `#back` as a segment, behind the one that is being written. */
  async #spill(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    // Meanwhile the reader may have taken it, or the buffer may have ended.
    if (this.#stopped || this.#back.count === 0) return;
    const chunks = this.#back.count;
    const segment = this.#back.take();
    const number = this.#number++;
    this.#writingBytes = segment.length;
    this.#disk ??= this.#open!();
    const written = this.#write(number, segment);
    this.#writing = written;
    this.#segments.push({ number, bytes: segment.length, chunks, written });
    this.#segmentChunks += chunks;
    written.catch(this.#onError);
  }

  async #write(number: number, segment: Bytes): Promise<void> {
    try {
      await (await this.#disk!).write(number, segment);
      if (this.#stopped) return;
      this.#diskBytes += segment.length;
      this.#spilledBytes += segment.length;
    } finally {
      this.#writing = undefined;
      this.#writingBytes = 0;
    }
  }

  /** The next chunk; undefined if there is none. */
  async take(): Promise<Chunk | undefined> {
    let chunk: Chunk | undefined;
    if (this.#front.length > 0) {
      chunk = this.#front.shift();
      this.#frontBytes -= sizeOf(chunk) + OVERHEAD;
    } else {
      if (this.#reading === undefined) await (this.#opening = this.#openNext());
      this.#opening = undefined;
      chunk = this.#reading?.next();
      if (this.#reading?.count === 0) this.#reading = undefined;
    }
    if (chunk !== undefined) this.#bytes -= sizeOf(chunk);
    return chunk;
  }

  /**
   * Begins to read the oldest segment, or `#back` if there is none. What is read next and what is behind it change in one turn, so that no
   * chunk that comes in between is taken for the next one.
   */
  async #openNext(): Promise<void> {
    if (this.#segments.length > 0) {
      const { number, bytes, chunks, written } = this.#segments.peek();
      await written;
      const disk = await this.#disk!;
      const segment = toBytes(await disk.read(number), 'buffer');
      if (this.#stopped) return;
      if (segment.length !== bytes)
        throw new Error(`buffer(): the disk gave ${segment.length} bytes of a segment of ${bytes}`);
      await disk.remove(number);
      if (this.#stopped) return;
      this.#segments.shift();
      this.#segmentChunks -= chunks;
      this.#diskBytes -= bytes;
      this.#reading = new SegmentReader(segment, chunks);
    } else if (this.#back.count > 0) {
      const { count } = this.#back;
      this.#reading = new SegmentReader(this.#back.take(), count);
    }
  }

  /** Drops everything, and clears the disk. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#front = new Fifo();
    this.#segments = new Fifo();
    this.#reading = undefined;
    if (this.#back.count > 0) this.#back.take();
    this.#frontBytes = this.#segmentChunks = this.#diskBytes = this.#bytes = 0;
    await withinGrace(Promise.allSettled([this.#writing, this.#opening]));
    this.#writingBytes = 0;
    await (await this.#disk?.catch(() => undefined))?.clear();
  }
}
