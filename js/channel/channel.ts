/**
 * Channels: streams for producers that call `write()` and cannot be pulled. The contract is that of `write()` and 'drain' of
 * Node's streams, on the desired size of a stream of ours. The core decides what happens to a chunk beyond the capacity.
 */
import { unshared } from '../runtime/buffers.js';
import { core } from '../core/module.js';
import { convertOnDiscard, drop, dropper } from '../machines/discard.js';
import { BAD_SIZE, C_ACCEPT, C_BLOCK, C_DROP_NEWEST, C_DROPPED_SHIFT, C_TOO_LARGE } from '../core/effects.js';
import {
  afterReadableStart,
  closeReadable,
  enqueue,
  errorStream,
  READABLE,
  readableDesiredSize,
  ReadableImpl,
} from '../machines/readable.js';
import { INTERNAL } from '../runtime/webidl.js';
import { describe } from '../values/describe.js';
import { ReadableStream } from '../streams/readable-stream.js';
import type { OnDiscard } from '../machines/discard.js';

/** What happens to a chunk past the capacity of a channel. */
export type Overflow = 'error' | 'block' | 'drop-oldest' | 'drop-newest';

export interface ChannelOptions<T = unknown> {
  /** Where `write()` begins to return false, in units of `size`. Default: 16, or 16,384 where sizes are bytes. */
  highWaterMark?: number | undefined;
  /**
   * A chunk's size, or `'bytes'` for the length of strings and the bytes of buffers and views, of which an empty one counts as 1: it takes memory too. Default: 1
   * for each chunk.
   */
  size?: 'bytes' | ((chunk: T) => number) | undefined;
  /**
   * What is queued at most, whatever the producer does, in units of `size`. With `overflow: 'block'` the writes that wait are not
   * counted: they are as many as the producer makes without awaiting them. Default: 64 high-water marks.
   */
  capacity?: number | undefined;
  /**
   * `error`: the channel fails with a RangeError. `block`: `write()` returns a promise that the producer awaits. `drop-oldest`: as
   * many of the queued chunks as it takes make room. `drop-newest`: the chunk is dropped. Default: `error`.
   */
  overflow?: Overflow | undefined;
  /**
   * Called with each written chunk that will never be read: chunks that the overflow drops, chunks that are queued or wait when the channel fails
   * or is cancelled, and chunks that `write()` refuses. Default: none.
   */
  onDiscard?: OnDiscard<T> | undefined;
}

/** How many chunks were written to a channel, and what happened to those beyond its capacity. */
export interface ChannelCounts {
  written: number;
  droppedOldest: number;
  droppedNewest: number;
  blocked: number;
}

/** As src/core/channel.rs numbers them. */
const OVERFLOWS: readonly string[] = ['error', 'block', 'drop-oldest', 'drop-newest'];

const OBJECTS = { highWaterMark: 16, size: () => 1, unit: 'chunks' };
const BYTES = { highWaterMark: 16 * 1024, unit: 'bytes' };
/** The capacity where none is given, in high-water marks: producers that do not listen fail before they fill the memory. */
const ROOM = 64;

/** So many empty chunks fit into any capacity in bytes. */
const FEWEST = 16;

function byteLength(chunk: unknown): number {
  const size = typeof chunk === 'string' ? chunk.length : (chunk as ArrayBuffer | undefined)?.byteLength;
  if (typeof size !== 'number')
    throw new TypeError(
      `channel(): with size: 'bytes', each chunk must be a string, a buffer or a view; got ${describe(chunk)}`,
    );
  return size;
}

type SizeOf = (chunk: unknown) => number;

/** The options of a channel, checked. */
interface Settings {
  /** The high-water mark, in units of `size`. */
  readonly mark: number;
  readonly capacity: number;
  /** Its place in OVERFLOWS. */
  readonly overflow: number;
  readonly size: SizeOf;
  /** Whether sizes are bytes. */
  readonly isBytes: boolean;
  /** What a size counts, in the plural. */
  readonly unit: string;
  readonly onDiscard: ReturnType<typeof convertOnDiscard>;
}

/** @throws {TypeError | RangeError} saying which option is wrong */
function settingsOf(
  caller: string,
  { highWaterMark, size, capacity, overflow = 'error', onDiscard }: ChannelOptions,
  least: number,
): Settings {
  if (size !== undefined && size !== 'bytes' && typeof size !== 'function') {
    throw new TypeError(`${caller}(): size must be a function or 'bytes'; got ${describe(size)}`);
  }
  const isBytes = size === 'bytes';
  const base = isBytes ? BYTES : OBJECTS;
  const mark = highWaterMark ?? base.highWaterMark;
  const room = capacity ?? Math.max(mark, 1) * ROOM;
  if (!(mark >= 0)) throw new RangeError(`${caller}(): highWaterMark must be a number of at least 0; got ${mark}`);
  if (!(room >= mark && room > 0))
    throw new RangeError(
      `${caller}(): capacity must be at least the high-water mark, ${mark}, and above 0; got ${room}`,
    );
  if (!OVERFLOWS.includes(overflow))
    throw new TypeError(`${caller}(): overflow must be one of ${OVERFLOWS.join(', ')}; got ${describe(overflow)}`);
  const floor = Math.min(least, room / FEWEST);
  return {
    mark,
    capacity: room,
    overflow: OVERFLOWS.indexOf(overflow),
    size: typeof size === 'function' ? size : isBytes ? (chunk) => Math.max(byteLength(chunk), floor) : OBJECTS.size,
    isBytes,
    unit: typeof size === 'function' ? 'units' : base.unit,
    onDiscard: convertOnDiscard(onDiscard, `${caller}()`),
  };
}

/**
 * A queue with the contract of `write()` and 'drain': `write(chunk)` returns false when the producer should stop, `drain` tells
 * when it may go on. `capacity` stops a producer that ignores this, so memory is bounded in any case.
 *
 * @throws {TypeError | RangeError} where an option is not what it should be
 */
export const channel = <T = unknown>(options: ChannelOptions<T> = {}): Channel<T> =>
  channelOf(
    'channel',
    options,
    'wait for drained when write() returns false, pause the producer, raise capacity, or choose another overflow',
  );

/**
 * The channel of a source: `caller` is named in its errors, `advice` is what the user can do about an overflow, and `onStop(reason)` is
 * called when the consumer cancels, with its reason, or when the channel fails. With `size: 'bytes'` a chunk counts as `least` bytes at least.
 */
export function channelOf<T>(
  caller: string,
  options: ChannelOptions<T>,
  advice: string,
  onStop: OnStop | undefined = undefined,
  least = 1,
): Channel<T> {
  return new Channel(settingsOf(caller, options as ChannelOptions, least), caller, advice, onStop);
}

/** `stream` with the `counts` of the channel behind it. */
export const withCounts = <S extends object>(
  stream: S,
  from: { readonly counts: ChannelCounts },
): S & { readonly counts: ChannelCounts } =>
  // The type of defineProperty() does not include the new property.
  Object.defineProperty(stream, 'counts', { get: () => from.counts, enumerable: true }) as S & {
    readonly counts: ChannelCounts;
  };

export type { Channel };

type OnStop = (reason: unknown) => void;

interface Drain {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

/** A write that waits for room, past the capacity. */
interface BlockedWrite {
  readonly chunk: unknown;
  readonly size: number;
  readonly resolve: (hasRoom: boolean) => void;
}

/** In a host without EventTarget, an import of this file must not fail. */
const Base = globalThis.EventTarget ?? (class {} as typeof EventTarget);

/** A queue between a producer that pushes and a consumer that pulls. */
class Channel<T> extends Base {
  /** What was written. Cancelling it aborts `signal`. */
  declare readonly readable: ReadableStream<T>;
  #settings: Settings;
  #stream: ReadableImpl;
  #size = 1; // of the chunk that is being enqueued
  #drain: Drain | undefined; // what waits for room
  #blocked: BlockedWrite[] = [];
  #abort = new AbortController();
  #ended = false;
  #counts: ChannelCounts = { written: 0, droppedOldest: 0, droppedNewest: 0, blocked: 0 };
  #caller: string;
  #advice: string;
  #onStop: OnStop | undefined;

  constructor(settings: Settings, caller: string, advice: string, onStop: OnStop | undefined) {
    super();
    this.#settings = settings;
    this.#caller = caller;
    this.#advice = advice;
    this.#onStop = onStop;
    this.#stream = new ReadableImpl(
      settings.mark,
      () => this.#size,
      () => this.#onRoom(),
      (reason: unknown) => this.#stop(reason),
    );
    this.#stream.onDrop = dropper(settings.onDiscard);
    afterReadableStart(this.#stream, undefined);
    this.readable = new ReadableStream(INTERNAL, this.#stream);
  }

  /** Aborted, with the reason, when the consumer cancels or the channel fails. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** How much room is left up to the high-water mark; below 0 past it; null where the channel has failed. */
  get desiredSize(): number | null {
    return readableDesiredSize(this.#stream);
  }

  get counts(): ChannelCounts {
    return { ...this.#counts };
  }

  /** Resolves when there is room below the high-water mark, or the channel is done. */
  get drained(): Promise<void> {
    return this.#isFull() && !this.#isClosed() ? this.#waitForRoom().promise : Promise.resolve();
  }

  /**
   * Takes a chunk. False says: wait for `drained` or the `drain` event. Where the channel has failed or was cancelled the chunk
   * is dropped and the answer false. With `overflow: 'block'` and no room the answer is a promise, of false where the channel
   * was done before there was.
   *
   * @throws {TypeError} after `end()`
   */
  write(given: T): boolean | Promise<boolean> {
    // What is counted in bytes holds no more memory than it counts.
    const chunk = this.#settings.isBytes ? unshared(given, 1 / 2) : given;
    if (!this.#mayWrite(chunk)) return false;
    const { size } = this.#settings;
    let units;
    try {
      units = +size(chunk);
    } catch (error) {
      drop(this.#stream, chunk);
      this.fail(error);
      throw error;
    }
    // size() is user code, and may have ended, failed or cancelled the channel.
    if (!this.#mayWrite(chunk)) return false;
    if (this.#blocked.length > 0) return this.#block(chunk, units);
    return this.#offer(chunk, units) ?? this.#block(chunk, units);
  }

  /** False if the chunk was dropped because the consumer has cancelled or the channel has failed. */
  #mayWrite(chunk: unknown): boolean {
    if (!this.#abort.signal.aborted && !this.#ended) return true;
    drop(this.#stream, chunk);
    if (this.#abort.signal.aborted) return false;
    throw new TypeError('write(): the channel has ended; write before end() is called');
  }

  /** What `write()` answers, or undefined where the chunk has to wait. */
  #offer(chunk: unknown, size: number): boolean | undefined {
    const { capacity, overflow, unit } = this.#settings;
    const answer = core.channel_offer(this.#stream.id, size, capacity, overflow);
    if (answer & C_BLOCK) return undefined;
    if (answer & C_ACCEPT) {
      for (let left = answer >>> C_DROPPED_SHIFT; left > 0; left -= 1) {
        drop(this.#stream, this.#stream.queue!.shift());
        this.#counts.droppedOldest += 1;
      }
      this.#size = size;
      this.#counts.written += 1;
      enqueue(this.#stream, chunk);
      if (!this.#isFull()) return true;
      this.#waitForRoom();
      return false;
    }
    drop(this.#stream, chunk);
    if (answer & C_DROP_NEWEST) {
      this.#counts.droppedNewest += 1;
    } else if (answer & BAD_SIZE) {
      this.fail(new RangeError(`${this.#caller}(): size must return a finite number of at least 0; got ${size}`));
    } else if (answer & C_TOO_LARGE) {
      this.fail(
        new RangeError(
          `${this.#caller}(): a chunk of ${size} ${unit} is larger than the capacity of ${capacity}; raise capacity or write smaller chunks`,
        ),
      );
    } else {
      this.fail(
        new RangeError(
          `${this.#caller}(): the queue exceeded its capacity of ${capacity} ${unit}, because the consumer is slower than the producer; ${this.#advice}`,
        ),
      );
    }
    return false;
  }

  #block(chunk: unknown, size: number): Promise<boolean> {
    this.#counts.blocked += 1;
    return new Promise((resolve) => void this.#blocked.push({ chunk, size, resolve }));
  }

  /** Ends the stream once the consumer has read every queued chunk. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#blocked.length === 0) this.#close();
  }

  /** Fails the stream with `error`, the same object for the consumer. What is queued is dropped. */
  fail(error: unknown): void {
    this.#ended = true;
    if (this.#stream.state !== READABLE) return;
    errorStream(this.#stream, error);
    this.#stop(error);
  }

  /** A closing stream never pulls, so this resolves the promises of producers that wait for room. */
  #close(): void {
    closeReadable(this.#stream);
    this.#release();
  }

  #isClosed(): boolean {
    return this.#ended && this.#blocked.length === 0;
  }

  #isFull(): boolean {
    return this.#stream.state === READABLE && readableDesiredSize(this.#stream)! <= 0;
  }

  #waitForRoom(): Drain {
    if (this.#drain === undefined) {
      let resolve!: () => void;
      const promise = new Promise<void>((settle) => void (resolve = settle));
      this.#drain = { promise, resolve };
    }
    return this.#drain;
  }

  /** The stream's pull: the consumer has made room. */
  #onRoom(): void {
    let hasRoom = true;
    while (this.#blocked.length > 0) {
      const write = this.#blocked.shift()!;
      const answer = this.#offer(write.chunk, write.size);
      if (answer === undefined) {
        this.#blocked.unshift(write);
        return;
      }
      write.resolve(answer);
      hasRoom = answer;
    }
    if (this.#ended) this.#close();
    else if (hasRoom) this.#announce();
  }

  #announce(): void {
    if (this.#drain === undefined) return;
    this.#release();
    this.dispatchEvent(new Event('drain'));
  }

  #stop(reason: unknown): void {
    this.#ended = true;
    for (const { chunk, resolve } of this.#blocked.splice(0)) {
      resolve(false);
      drop(this.#stream, chunk);
    }
    this.#abort.abort(reason);
    this.#onStop?.(reason);
    this.#release();
  }

  #release(): void {
    this.#drain?.resolve();
    this.#drain = undefined;
  }
}
