/**
 * Channels: streams for producers that call `write()` and cannot be pulled. The contract is that of `write()` and
 * 'drain' of Node's streams, on the desired size of a stream of ours. The core decides what happens to a chunk beyond
 * the capacity.
 */
import { unshared } from '../runtime/buffers.js';
import { core } from '../core/module.js';
import { convertOnDiscard, drop, dropper } from '../machines/discard.js';
import {
  BAD_SIZE,
  C_BLOCK,
  C_DRAIN,
  C_DROP_NEWEST,
  C_ENDED,
  C_FULL,
  C_TOO_LARGE,
  REFUSED,
  STALE,
} from '../core/effects.js';
import { C_ACCEPTED, ChannelImpl } from '../machines/channel.js';
import { afterReadableStart, errorStream, READABLE, readableDesiredSize, ReadableImpl } from '../machines/readable.js';
import { Deferred } from '../runtime/intrinsics.js';
import { INTERNAL } from '../runtime/webidl.js';
import { describe } from '../values/describe.js';
import { ReadableStream } from '../streams/readable-stream.js';
import type { ChannelEffects } from '../core/effects.js';
import type { OnDiscard } from '../machines/discard.js';

/** What a channel does with a chunk that exceeds its capacity. */
export type Overflow = 'error' | 'block' | 'drop-oldest' | 'drop-newest';

export interface ChannelOptions<T> {
  /**
   * The queue size at which `write()` starts to return false, in units of `size`. Default: 16, or 16,384 for `size:
   * 'bytes'`.
   */
  highWaterMark?: number | undefined;
  /**
   * Returns the size of a chunk. `'bytes'` counts the length of strings and the bytes of buffers and views. Default: 1
   * for each chunk.
   */
  size?: 'bytes' | ((chunk: T) => number) | undefined;
  /**
   * The most that the channel queues, whatever the producer does, in units of `size`. With `overflow: 'block'` it does
   * not bound the waiting writes: the producer bounds those by awaiting them. Default: 64 times the high-water mark.
   */
  capacity?: number | undefined;
  /**
   * `error`: the channel fails with a RangeError. `block`: `write()` returns a promise that the producer awaits.
   * `drop-oldest`: drops the oldest queued chunks to make room. `drop-newest`: drops the new chunk. Default: `error`.
   */
  overflow?: Overflow | undefined;
  /**
   * Called with chunks that nobody will read: those dropped by the overflow policy, those queued or waiting when the
   * channel fails or is cancelled, and those that `write()` refuses. Default: none.
   */
  onDiscard?: OnDiscard<T> | undefined;
}

/** How many chunks were written to a channel, and how many exceeded its capacity. */
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
/**
 * The capacity where none is given, in high-water marks: producers that do not listen fail before they fill the memory.
 */
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
  { highWaterMark, size, capacity, overflow = 'error', onDiscard }: ChannelOptions<unknown>,
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

/** A queue between a producer that pushes and a consumer that pulls. */
export interface Channel<T> extends EventTarget {
  /** The stream of the chunks that were written. Cancelling it aborts `signal`. */
  readonly readable: ReadableStream<T>;
  /** Resolves when the queue is below the high-water mark, or when the channel has ended. */
  readonly drained: Promise<void>;
  /** Aborted with the reason when the consumer cancels or the channel fails. */
  readonly signal: AbortSignal;
  /** The room below the high-water mark; null when the channel has failed. */
  readonly desiredSize: number | null;
  readonly counts: ChannelCounts;
  /**
   * Queues a chunk. Returns false to signal backpressure: wait for `drained` or the `drain` event. If the channel has
   * failed or was cancelled, drops the chunk and returns false. With `overflow: 'block'` and no room, returns a
   * promise, which resolves with false if the channel ended first.
   *
   * @throws {TypeError} after `end()`
   */
  write(chunk: T): boolean | Promise<boolean>;
  /** Closes the stream once the consumer has read all queued chunks. */
  end(): void;
  /** Errors the stream with `error`, the same object, and drops the queue. */
  fail(error: unknown): void;
  addEventListener(
    type: 'drain',
    listener: (event: Event) => void,
    options?: Parameters<EventTarget['addEventListener']>[2],
  ): void;
  addEventListener(...args: Parameters<EventTarget['addEventListener']>): void;
}

/**
 * Creates a queue for a push producer. `write(chunk)` returns false when the producer should pause; the `drain` event
 * tells it to resume. If the producer ignores both, `capacity` and `overflow` bound the memory.
 *
 * @throws {TypeError | RangeError} when an option is invalid
 */
export const channel = <T = any>(options: ChannelOptions<T> = {}): Channel<T> =>
  channelOf(
    'channel',
    options,
    'wait for drained when write() returns false, pause the producer, raise capacity, or choose another overflow',
  );

/**
 * The channel of a source: `caller` is named in its errors, `advice` is what the user can do about an overflow, and
 * `onStop(reason)` is called when the consumer cancels, with its reason, or when the channel fails. With `size:
 * 'bytes'` a chunk counts as `least` bytes at least.
 */
export function channelOf<T>(
  caller: string,
  options: ChannelOptions<T>,
  advice: string,
  onStop: OnStop | undefined = undefined,
  least = 1,
): Channel<T> {
  return new PushQueue(settingsOf(caller, options as ChannelOptions<unknown>, least), caller, advice, onStop);
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

type OnStop = (reason: unknown) => void;

/** In a host without EventTarget, an import of this file must not fail. */
const Base = globalThis.EventTarget ?? (class {} as typeof EventTarget);

class PushQueue<T> extends Base implements Channel<T> {
  /** What was written. Cancelling it aborts `signal`. */
  declare readonly readable: ReadableStream<T>;
  #settings: Settings;
  #stream: ReadableImpl;
  #channel: ChannelImpl;
  #drain: Deferred<void> | undefined; // what waits for room
  #abort = new AbortController();
  #ended = false;
  #caller: string;
  #advice: string;
  #onStop: OnStop | undefined;

  constructor(settings: Settings, caller: string, advice: string, onStop: OnStop | undefined) {
    super();
    this.#settings = settings;
    this.#caller = caller;
    this.#advice = advice;
    this.#onStop = onStop;
    const stream = new ReadableImpl(
      settings.mark,
      undefined,
      () => this.#onRoom(),
      (reason: unknown) => this.#stop(reason),
    );
    stream.onDrop = dropper(settings.onDiscard);
    this.#stream = stream;
    this.#channel = new ChannelImpl(stream, settings.capacity, settings.overflow, caller);
    afterReadableStart(stream, undefined);
    this.readable = new ReadableStream(INTERNAL, stream);
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
    return { ...this.#channel.counts };
  }

  /** Resolves when there is room below the high-water mark or a read waits, or the channel is done. */
  get drained(): Promise<void> {
    if (!core.channel_wait(this.#stream.id)) return Promise.resolve();
    return (this.#drain ??= new Deferred()).promise;
  }

  /**
   * Takes a chunk. False says: wait for `drained` or the `drain` event. Where the channel has failed or was cancelled
   * the chunk is dropped and the answer false. With `overflow: 'block'` and no room the answer is a promise, of false
   * where the channel was done before there was.
   *
   * @throws {TypeError} after `end()`
   */
  write(given: T): boolean | Promise<boolean> {
    const { size, isBytes } = this.#settings;
    // What is counted in bytes holds no more memory than it counts.
    const chunk = isBytes ? unshared(given, 1 / 2) : given;
    if (this.#ended) return this.#refuse(chunk);
    let units;
    try {
      units = +size(chunk);
    } catch (error) {
      drop(this.#stream, chunk);
      this.fail(error);
      throw error;
    }
    // size() is user code, and may have ended, failed or cancelled the channel: then the core refuses the chunk.
    const effects = this.#channel.write(chunk, units, undefined);
    if (effects & C_ACCEPTED) return (effects & C_FULL) === 0;
    if (effects & C_BLOCK) return this.#channel.lastBlocked;
    if (effects & (REFUSED | STALE)) return this.#refuse(chunk);
    drop(this.#stream, chunk);
    if (effects & C_DROP_NEWEST) this.#channel.counts.droppedNewest += 1;
    else this.#overflow(effects, units);
    return false;
  }

  /** The consumer has cancelled, or the channel has ended or failed: drops the chunk. */
  #refuse(chunk: unknown): false {
    drop(this.#stream, chunk);
    if (this.#abort.signal.aborted) return false;
    throw new TypeError('write(): the channel has ended; write before end() is called');
  }

  /** Fails the channel, as the core says of a chunk of `size`. */
  #overflow(effects: ChannelEffects, size: number): void {
    const { capacity, unit } = this.#settings;
    this.fail(
      new RangeError(
        `${this.#caller}(): ${
          effects & BAD_SIZE
            ? `size must return a finite number of at least 0; got ${size}`
            : effects & C_TOO_LARGE
              ? `a chunk of ${size} ${unit} is larger than the capacity of ${capacity}; raise capacity or write smaller chunks`
              : `the queue exceeded its capacity of ${capacity} ${unit}, because the consumer is slower than the producer; ${this.#advice}`
        }`,
      ),
    );
  }

  /** Ends the stream once the consumer has read every queued chunk. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#channel.resume(true) & C_ENDED) this.#release();
  }

  /** Fails the stream with `error`, the same object for the consumer. What is queued is dropped. */
  fail(error: unknown): void {
    this.#ended = true;
    if (this.#stream.state !== READABLE) return;
    errorStream(this.#stream, error);
    this.#stop(error);
  }

  /** The stream's pull: the consumer has made room. */
  #onRoom(): void {
    const { blocked } = this.#channel;
    while (blocked.length > 0) {
      const write = blocked.peek();
      const effects = this.#channel.write(write.chunk, write.size, write);
      if (effects & C_BLOCK) return;
      if (!(effects & C_ACCEPTED)) return this.#overflow(effects, write.size);
    }
    const effects = this.#channel.resume(false);
    if (effects & (C_ENDED | C_DRAIN)) this.#release();
    if (effects & C_DRAIN) this.dispatchEvent(new Event('drain'));
  }

  #stop(reason: unknown): void {
    this.#ended = true;
    const { blocked } = this.#channel;
    while (blocked.length > 0) {
      const write = blocked.shift();
      write.resolve!(false);
      drop(this.#stream, write.chunk);
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
