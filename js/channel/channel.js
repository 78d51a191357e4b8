/**
 * Channels: where data comes from a producer that calls, and cannot be asked. The contract is that of `write()` and 'drain' of
 * Node's streams, on the desired size of a stream of ours; what becomes of a chunk for which there is no room is the core's decision.
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

/** As src/core/channel.rs numbers them. */
const OVERFLOWS = ['error', 'block', 'drop-oldest', 'drop-newest'];

const OBJECTS = { highWaterMark: 16, size: () => 1, unit: 'chunks' };
const BYTES = { highWaterMark: 16 * 1024, size: byteLength, unit: 'bytes' };
/** The capacity where none is given, in high-water marks: producers that do not listen fail before they fill the memory. */
const ROOM = 64;

function byteLength(chunk) {
  const size = typeof chunk === 'string' ? chunk.length : chunk?.byteLength;
  if (typeof size !== 'number')
    throw new TypeError(
      `channel(): with size: 'bytes' chunks must be strings, buffers or views; got ${describe(chunk)}`,
    );
  return size;
}

/**
 * @param {string} caller
 * @param {any} options
 * @throws {TypeError | RangeError} saying which option is wrong
 */
function settingsOf(caller, { highWaterMark, size, capacity, overflow = 'error', onDiscard }) {
  if (size !== undefined && size !== 'bytes' && typeof size !== 'function') {
    throw new TypeError(`${caller}(): size must be a function or 'bytes'; got ${describe(size)}`);
  }
  const base = size === 'bytes' ? BYTES : OBJECTS;
  const mark = highWaterMark ?? base.highWaterMark;
  const room = capacity ?? Math.max(mark, 1) * ROOM;
  if (!(mark >= 0))
    throw new RangeError(`${caller}(): highWaterMark must be a number that is not negative; got ${mark}`);
  if (!(room >= mark && room > 0))
    throw new RangeError(
      `${caller}(): capacity must be at least the high-water mark, ${mark}, and above 0; got ${room}`,
    );
  if (!OVERFLOWS.includes(overflow))
    throw new TypeError(`${caller}(): overflow must be one of ${OVERFLOWS.join(', ')}; got ${describe(overflow)}`);
  return {
    mark,
    capacity: room,
    overflow: OVERFLOWS.indexOf(overflow),
    size: typeof size === 'function' ? size : base.size,
    unit: typeof size === 'function' ? 'units' : base.unit,
    onDiscard: convertOnDiscard(onDiscard, `${caller}()`),
  };
}

/** See channels.d.ts. */
export const channel = (options = {}) =>
  channelOf(
    'channel',
    options,
    'wait for drained when write() returns false, pause the producer, raise capacity, or choose another overflow',
  );

/**
 * The channel of a source: `caller` is named in its errors, `advice` is what the user can do about an overflow, and `onStop(reason)` is
 * called when nobody wants any more, with what the consumer said, which is undefined where it has had enough.
 */
export function channelOf(caller, options, advice, onStop = undefined) {
  return new Channel(settingsOf(caller, options), caller, advice, onStop);
}

/** `stream` with the `counts` of the channel behind it. */
export const withCounts = (stream, from) =>
  Object.defineProperty(stream, 'counts', { get: () => from.counts, enumerable: true });

class Channel extends EventTarget {
  #settings;
  #stream;
  #size = 1; // of the chunk that is being enqueued
  #drain; // what waits for room: { promise, resolve }
  #blocked = []; // writes past the capacity: { chunk, size, resolve }
  #abort = new AbortController();
  #ended = false;
  #counts = { written: 0, droppedOldest: 0, droppedNewest: 0, blocked: 0 };
  #caller;
  #advice;
  #onStop;

  constructor(settings, caller, advice, onStop) {
    super();
    this.#settings = settings;
    this.#caller = caller;
    this.#advice = advice;
    this.#onStop = onStop;
    this.#stream = new ReadableImpl(
      settings.mark,
      () => this.#size,
      () => this.#onRoom(),
      (reason) => this.#stop(reason),
    );
    this.#stream.onDrop = dropper(settings.onDiscard);
    afterReadableStart(this.#stream, undefined);
    this.readable = new ReadableStream(INTERNAL, this.#stream);
  }

  /** Aborted when nobody wants any more: the consumer has cancelled, or the channel has failed. */
  get signal() {
    return this.#abort.signal;
  }

  /** How much room is left up to the high-water mark; below 0 past it; null where the channel has failed. */
  get desiredSize() {
    return readableDesiredSize(this.#stream);
  }

  /** `{ written, droppedOldest, droppedNewest, blocked }`, counts of chunks. */
  get counts() {
    return { ...this.#counts };
  }

  /** Resolves when there is room below the high-water mark, or the channel is done. */
  get drained() {
    return this.#isFull() && !this.#isClosed() ? this.#waitForRoom().promise : Promise.resolve();
  }

  write(given) {
    // What is counted in bytes holds no more memory than it counts.
    const chunk = this.#settings.size === byteLength ? unshared(given, 1 / 2) : given;
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

  /** False where a chunk is dropped because nobody wants any more. */
  #mayWrite(chunk) {
    if (!this.#abort.signal.aborted && !this.#ended) return true;
    drop(this.#stream, chunk);
    if (this.#abort.signal.aborted) return false;
    throw new TypeError('write(): the channel has been ended');
  }

  /** What `write()` answers, or undefined where the chunk has to wait. */
  #offer(chunk, size) {
    const { capacity, overflow, unit } = this.#settings;
    const answer = core.channel_offer(this.#stream.id, size, capacity, overflow);
    if (answer & C_BLOCK) return undefined;
    if (answer & C_ACCEPT) {
      for (let left = answer >>> C_DROPPED_SHIFT; left > 0; left -= 1) {
        drop(this.#stream, this.#stream.queue.shift());
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
      this.fail(
        new RangeError(
          `${this.#caller}(): the size of a chunk must be a finite number that is not negative; got ${size}`,
        ),
      );
    } else if (answer & C_TOO_LARGE) {
      this.fail(
        new RangeError(
          `${this.#caller}(): a chunk of ${size} ${unit} is larger than the capacity of ${capacity}; raise capacity or write smaller chunks`,
        ),
      );
    } else {
      this.fail(
        new RangeError(
          `${this.#caller}(): more than ${capacity} ${unit} were written before the consumer took them; ${this.#advice}`,
        ),
      );
    }
    return false;
  }

  #block(chunk, size) {
    this.#counts.blocked += 1;
    return new Promise((resolve) => void this.#blocked.push({ chunk, size, resolve }));
  }

  /** No more will be written: the stream ends when the consumer has taken what there is. */
  end() {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#blocked.length === 0) this.#close();
  }

  /** Fails the stream with `error`, the same object for the consumer. What is queued is dropped. */
  fail(error) {
    this.#ended = true;
    if (this.#stream.state !== READABLE) return;
    errorStream(this.#stream, error);
    this.#stop(error);
  }

  /** A closing stream asks for nothing, so whoever waits for room is answered here. */
  #close() {
    closeReadable(this.#stream);
    this.#release();
  }

  #isClosed() {
    return this.#ended && this.#blocked.length === 0;
  }

  #isFull() {
    return this.#stream.state === READABLE && readableDesiredSize(this.#stream) <= 0;
  }

  #waitForRoom() {
    if (this.#drain === undefined) {
      let resolve;
      const promise = new Promise((settle) => void (resolve = settle));
      this.#drain = { promise, resolve };
    }
    return this.#drain;
  }

  /** The stream's pull: the consumer has made room. */
  #onRoom() {
    let hasRoom = true;
    while (this.#blocked.length > 0) {
      const write = this.#blocked.shift();
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

  #announce() {
    if (this.#drain === undefined) return;
    this.#release();
    this.dispatchEvent(new Event('drain'));
  }

  #stop(reason) {
    this.#ended = true;
    for (const { chunk, resolve } of this.#blocked.splice(0)) {
      resolve(false);
      drop(this.#stream, chunk);
    }
    this.#abort.abort(reason);
    this.#onStop?.(reason);
    this.#release();
  }

  #release() {
    this.#drain?.resolve();
    this.#drain = undefined;
  }
}
