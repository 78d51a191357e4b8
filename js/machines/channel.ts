/** Channels as the core sees them: the writes that wait, and who waits for room. */
import { broken, repair } from '../runtime/broken.js';
import { core } from '../core/module.js';
import { C_BLOCK, C_DROP_OLDEST, C_ENQUEUE, C_FULL, R_CLOSE, R_QUEUED } from '../core/effects.js';
import { drop } from './discard.js';
import { Fifo } from '../runtime/fifo.js';
import { pendingPromise, resolved } from '../runtime/intrinsics.js';
import { watch } from '../runtime/watch.js';
import { carryEnqueued, closeStream } from './readable.js';
import type { ChannelEffects } from '../core/effects.js';
import type { ReadableImpl } from './readable.js';

/** The effects with which the stream takes the chunk. */
export const C_ACCEPTED = R_QUEUED | C_ENQUEUE;

/** A write that waits for room, past the capacity; `resolve` tells whether there is room for another. */
export interface BlockedWrite {
  readonly chunk: unknown;
  readonly size: number;
  resolve?: (hasRoom: boolean | PromiseLike<boolean>) => void;
}

/** The producers' side of `stream`. The core names it by the stream's id. */
export class ChannelImpl {
  declare stream: ReadableImpl;
  declare blocked: Fifo<BlockedWrite>;
  /** What the last write that was blocked returns. */
  declare lastBlocked: Promise<boolean>;
  declare counts: { written: number; droppedOldest: number; droppedNewest: number; blocked: number };
  /** The function that made it. */
  declare caller: string;

  /** `overflow`: as src/core/channel.rs numbers it. */
  constructor(stream: ReadableImpl, capacity: number, overflow: number, caller: string) {
    this.stream = stream;
    this.caller = caller;
    this.blocked = new Fifo();
    this.counts = { written: 0, droppedOldest: 0, droppedNewest: 0, blocked: 0 };
    core.channel_new(stream.id, capacity, overflow);
    if (watch.created !== undefined) watch.created(this);
  }

  /**
   * Writes `chunk`, or, as `retried`, the chunk of the first blocked write. With `C_ACCEPTED` the stream has it, with
   * `C_BLOCK` the blocked writes; else it is the caller's.
   */
  write(chunk: unknown, size: number, retried: BlockedWrite | undefined): ChannelEffects {
    const { stream, counts } = this;
    try {
      const { id } = stream;
      let effects;
      while ((effects = core.channel_write(id, size, retried !== undefined)) & C_DROP_OLDEST) {
        counts.droppedOldest++;
        drop(stream, stream.queue!.shift());
      }
      if (effects & C_ACCEPTED) {
        counts.written++;
        if (retried !== undefined) this.blocked.shift();
        carryEnqueued(stream, chunk, effects & C_ENQUEUE ? core.readable_enqueue(id) : effects);
        retried?.resolve!((effects & C_FULL) === 0);
      } else if (effects & C_BLOCK && retried === undefined) {
        const write: BlockedWrite = { chunk, size };
        this.lastBlocked = pendingPromise(write);
        counts.blocked++;
        this.blocked.push(write);
      }
      return effects;
    } catch (error) {
      const { list, length } = broken;
      list[length] = stream;
      list[length + 1] = stream.id;
      list[length + 2] = error;
      list[length + 3] = undefined;
      broken.length = length + 4;
      stream.id = 0;
      resolved.react(repair);
      throw error;
    }
  }

  /** After the retries of blocked writes: `C_DRAIN` where producers may go on. With `ends`, no chunk comes any more. */
  resume(ends: boolean): ChannelEffects {
    const { stream } = this;
    try {
      const effects = core.channel_resume(stream.id, ends);
      if (effects & R_CLOSE) closeStream(stream);
      return effects;
    } catch (error) {
      const { list, length } = broken;
      list[length] = stream;
      list[length + 1] = stream.id;
      list[length + 2] = error;
      list[length + 3] = undefined;
      broken.length = length + 4;
      stream.id = 0;
      resolved.react(repair);
      throw error;
    }
  }
}
