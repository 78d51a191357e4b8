/**
 * Codecs in a row. Neighbours of one family run as one segment, in their Wasm module; between two segments bytes are copied from one
 * memory to the other.
 *
 * 1. As in a segment (src/codec/chain.rs), the part furthest down that can do something does it. A codec that refuses its
 *    input fails the chain when those behind it have worked on everything from before that, unless one of them fails.
 * 2. A run does a bounded amount of work, however far a small input expands: at most one batch passes each link.
 */
import { FINISHED, HAS_BATCH, NEED_INPUT, Segment } from './segment.js';
import type { Bytes } from '../runtime/buffers.js';
import type { Codec } from './module.js';
import type { GzipHeader, Parts, Produced, ProducedColumns, RunResult, StageStats } from './segment.js';

/** What a pair needs of a chain, on this thread or in a worker. */
export interface ChainLike {
  /**
   * Works on `chunk`, from `offset` on.
   *
   * @param last `chunk` is the last one, or there is none and no more comes
   * @param result gets what the chain can do next, and how many bytes it took
   * @throws {CodecError} when a codec refuses its input and all that came before has been taken
   */
  run(chunk: Bytes | undefined, offset: number, last: boolean, result: RunResult): void;
  takeHeaders(): [tag: number, header: GzipHeader][];
  /**
   * Has the codecs produce what they hold back of the input so far, one after the other. The next runs do it; it is done
   * when one of them asks for more input.
   */
  flush(): void;
  takeBytes(): Bytes;
  takeText(): Produced | undefined;
  takeChosen(): Produced | undefined;
  takeColumns(limit: number, flush: boolean): ProducedColumns;
  delimiter(): number;
  digest(number: number): Bytes;
  stats(number: number, name: string): StageStats;
  free(): void;
}

/** What is between two segments, and the last thing that each of them said. */
class Link {
  /** How much of the upper one's batch the lower one has taken, and how much not, in bytes. */
  offset = 0;
  length = 0;
  /** The state of the upper one. */
  upper = NEED_INPUT;
  /** What it failed with: `{ error }`. */
  failure: { readonly error: unknown } | undefined;
  /** The lower one's last batch from before the failure has been handed on. */
  drained = false;
  /** Of the lower one. */
  readonly lower: RunResult = { state: NEED_INPUT, taken: 0 };
}

/** A chain. It must be freed, and may not be used after that. */
export class Chain implements ChainLike {
  #segments: Segment[] = [];
  /** The link before each segment; that before the first is not used. */
  #links: Link[] = [];
  /** For each stage its segment's number, and its own number in there. */
  #places: [segment: number, stage: number][] = [];
  #first: RunResult = { state: NEED_INPUT, taken: 0 };
  /** The segment that is being flushed, as those before it have nothing more to give; Infinity if none is. */
  #flushing = Infinity;

  /** @throws {CodecError} `out-of-memory` */
  constructor(stages: readonly Codec[]) {
    try {
      for (let at = 0; at < stages.length;) {
        const first = at;
        const { family } = stages[first]!;
        for (; stages[at]?.family === family; at++) this.#places.push([this.#segments.length, at - first]);
        this.#segments.push(new Segment(stages.slice(first, at)));
        this.#links.push(new Link());
      }
    } catch (error) {
      this.free();
      throw error;
    }
  }

  free(): void {
    for (const segment of this.#segments) segment.free();
  }

  /**
   * Copies from `chunk`, from `offset` on, as much as there is room for, and works.
   *
   * @param last `chunk` is the last one, or there is none and no more comes
   * @param result gets what the chain can do next, and how many bytes it took
   * @throws {CodecError} when a codec refuses its input and all that came before has been taken
   */
  run(chunk: Bytes | undefined, offset: number, last: boolean, result: RunResult): void {
    const end = this.#segments.length - 1;
    this.#first.taken = 0;
    result.state = this.#run(end, chunk, offset, last);
    result.taken = this.#first.taken;
    while (result.state === NEED_INPUT && this.#flushing <= end) {
      this.#flushing++;
      if (this.#flushing > end) break;
      this.#segments[this.#flushing]!.flush();
      result.state = this.#run(end, undefined, 0, false);
    }
  }

  flush(): void {
    this.#flushing = -1;
  }

  #run(at: number, chunk: Bytes | undefined, offset: number, last: boolean): number {
    const segment = this.#segments[at]!;
    if (at === 0) {
      segment.run(chunk, offset, last, this.#first);
      return this.#first.state;
    }
    const link = this.#links[at]!;
    const { lower } = link;
    const hasMore = lower.state === HAS_BATCH;
    const upper = this.#segments[at - 1]!;
    if (!hasMore && link.length === 0 && link.upper !== FINISHED && link.failure === undefined) {
      try {
        link.upper = this.#run(at - 1, chunk, offset, last);
        link.length = upper.show();
        link.offset = 0;
      } catch (error) {
        link.failure = { error };
      }
    }
    const ended = link.upper === FINISHED;
    if (hasMore || ended || link.length > 0 || this.#flushing === at) {
      do {
        segment.run(link.length > 0 ? upper.shown(link.offset, link.length) : undefined, 0, ended, lower);
        link.offset += lower.taken;
        link.length -= lower.taken;
      } while (lower.state === NEED_INPUT && link.length > 0);
      if (lower.state !== NEED_INPUT) return lower.state;
    }
    if (link.failure === undefined) return link.upper;
    if (link.drained) throw link.failure.error;
    link.drained = true;
    return HAS_BATCH;
  }

  /** What has been produced, as bytes of their own. */
  takeBytes(): Bytes {
    const last = this.#segments.at(-1)!;
    return last.shown(0, last.show()).slice();
  }

  /** What has been produced, as text; undefined if no record is complete. */
  takeText(): Produced | undefined {
    return this.#segments.at(-1)!.takeText();
  }

  /** The same before it is text, as views that hold until the next call. */
  showText(): Parts | undefined {
    return this.#segments.at(-1)!.showText();
  }

  /** `takeChosen` before it is text. */
  showChosen(): Parts | undefined {
    return this.#segments.at(-1)!.showChosen();
  }

  /** The rows that the last codec's table chooses of what has been produced; to be called until undefined says that no more are. */
  takeChosen(): Produced | undefined {
    return this.#segments.at(-1)!.takeChosen();
  }

  /**
   * A batch of the columns that the last codec's table makes of what has been produced; to be called until there is none.
   *
   * @param limit how many rows a batch has
   * @param flush whether it may have fewer
   */
  takeColumns(limit: number, flush: boolean): ProducedColumns {
    return this.#segments.at(-1)!.takeColumns(limit, flush);
  }

  /** The headers that gunzip has found since the last call, each with the tag of its codec. */
  takeHeaders(): [tag: number, header: GzipHeader][] {
    return this.#segments.flatMap((segment) => segment.takeHeaders());
  }

  /** The delimiter that the last codec, which is csv, has chosen: a byte; 0 if there is none yet. */
  delimiter(): number {
    return this.#segments.at(-1)!.delimiter();
  }

  /** A copy of the digest that the stage of this number has computed. */
  digest(number: number): Bytes {
    const [segment, stage] = this.#places[number]!;
    return this.#segments[segment]!.digest(stage);
  }

  /** The figures of the stage of this number, in bytes. */
  stats(number: number, name: string): StageStats {
    const [segment, stage] = this.#places[number]!;
    const stats = this.#segments[segment]!.stats(stage, name);
    const isLast = this.#places[number + 1]?.[0] !== segment;
    if (isLast) stats.held += this.#links[segment + 1]?.length ?? 0;
    return stats;
  }
}
