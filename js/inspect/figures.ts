/** What a stream holds and has carried, as the core counts it. */
import { core } from '../core/module.js';
import {
  FIGURE_CHUNKS,
  FIGURE_CHUNKS_IN,
  FIGURE_MARK,
  FIGURE_PEAK_CHUNKS,
  FIGURE_PEAK_SIZE,
  FIGURE_PENDING,
  FIGURE_SIZE,
  FIGURE_STATE,
} from '../core/effects.js';
import { WritableImpl } from '../machines/writable.js';
import { sizeOfChunk } from '../pipeline/sizes.js';
import type { ByteReadableImpl } from '../machines/byte-readable.js';
import type { ReadableImpl } from '../machines/readable.js';
import type { Fifo } from '../runtime/fifo.js';

/** What belongs to a stream of ours. */
export type Impl = ReadableImpl | ByteReadableImpl | WritableImpl;

/** The figures of a stream that lives. */
export interface Figures {
  readonly chunks: number;
  readonly size: number;
  readonly highWaterMark: number;
  readonly peakChunks: number;
  readonly peakSize: number;
  readonly chunksIn: number;
  readonly pending: number;
  /** `STATE_*` bits of js/core/effects. */
  readonly state: number;
}

export const isWritable = (impl: Impl): impl is WritableImpl => impl instanceof WritableImpl;

/** One figure of a stream that lives; NaN of one that has ended. */
export function figureOf(impl: Impl, which: number): number {
  if (impl.id === 0) return NaN;
  if (isWritable(impl)) return core.writable_figure(impl.id, which);
  return impl.isByteStream ? core.byte_readable_figure(impl.id, which) : core.readable_figure(impl.id, which);
}

/** The figures of a stream; undefined of one that has ended. */
export function figuresOf(impl: Impl): Figures | undefined {
  if (impl.id === 0) return undefined;
  return {
    chunks: figureOf(impl, FIGURE_CHUNKS),
    size: figureOf(impl, FIGURE_SIZE),
    highWaterMark: figureOf(impl, FIGURE_MARK),
    peakChunks: figureOf(impl, FIGURE_PEAK_CHUNKS),
    peakSize: figureOf(impl, FIGURE_PEAK_SIZE),
    chunksIn: figureOf(impl, FIGURE_CHUNKS_IN),
    pending: figureOf(impl, FIGURE_PENDING),
    state: figureOf(impl, FIGURE_STATE),
  };
}

/** Whether the bits `flags` are set in the state of a stream that lives. */
export const isIn = (impl: Impl, flags: number): boolean => (figureOf(impl, FIGURE_STATE) & flags) !== 0;

/** `sizeOf`, of the page or with getters of its chunks, for where nobody could be told what it throws: 0 then, and of what is no size. */
export const weigher =
  (sizeOf: (chunk: unknown) => number) =>
  (chunk: unknown): number => {
    try {
      const size = sizeOf(chunk);
      return size >= 0 && size < Infinity ? +size : 0;
    } catch {
      return 0;
    }
  };

/** The bytes of a chunk, as far as they can be told. Never throws. */
export const weigh = weigher(sizeOfChunk);

/** A queue of many chunks is weighed by as many of them. */
const WEIGHED = 256;

/** The bytes of what a queue holds: a pipeline's own `size`, if it has one, else as `weigh` says. */
export function bytesIn(queue: Fifo<unknown> | undefined, sizeOf: (chunk: unknown) => number = weigh): number {
  if (queue === undefined || queue.length === 0) return 0;
  const { bytes } = queue as { bytes?: number };
  if (bytes !== undefined) return bytes; // the meter of a memoryLimit keeps it
  const { items, head, length } = queue;
  const weighed = Math.min(length, WEIGHED);
  let sum = 0;
  for (let n = 0; n < weighed; n++) sum += sizeOf(items[(head + n) & (items.length - 1)]);
  return weighed === length ? sum : Math.round((sum / weighed) * length);
}

/** The bytes that a stream holds: not those of a chunk that is being written, which its sink has. */
export function bytesHeld(impl: Impl, sizeOf: (chunk: unknown) => number = weigh): number {
  if (!isWritable(impl)) {
    if (impl.isByteStream) return impl.id === 0 ? 0 : figureOf(impl, FIGURE_SIZE);
    return bytesIn(impl.queue, sizeOf);
  }
  const waiting = impl.transform?.waiting;
  return bytesIn(impl.queue, sizeOf) + (waiting === undefined ? 0 : sizeOf(waiting));
}
