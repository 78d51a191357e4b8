/**
 * One part of a pipeline, as the instruments see it: what crosses into and out of it, what it waits for, how long its
 * calls take.
 *
 * Nothing here is called by a chunk but the counters of a crossing and, now and then, a look at the clock: a call that
 * takes long is always timed, one that takes less than a look costs is timed once in 64 times.
 */
import { STATE_WANTS, FIGURE_CHUNKS } from '../core/effects.js';
import { now } from './clock.js';
import { heldBy, statsOf, type PlacedCodec } from './codecs.js';
import { bytesHeld, bytesIn, figureOf, isIn } from './figures.js';
import type { ByteReadableImpl } from '../machines/byte-readable.js';
import type { ReadableImpl } from '../machines/readable.js';
import type { WritableImpl } from '../machines/writable.js';
import type { ChunkReader } from '../pipeline/chunks.js';
import type { NumberedPart } from '../pipeline/parts.js';
import type { PipelinePartProgress } from '../pipeline/progress.js';
import type { Fifo } from '../runtime/fifo.js';

/** What a part does. */
export type Activity = 'upstream' | 'downstream' | 'working';

/** Of chunks whose size is not at hand, so many are weighed before the next ones are trusted to be like them. */
const WEIGHED = 16;

/** Chunks that go from one part into the next. */
export class Crossing {
  chunks = 0;
  /** Of chunks whose size is at hand. */
  bytes = 0;
  /** The others, how many of them there are when the next is weighed, and what those weigh that were. */
  others = 0;
  #next = 1;
  #weighed = 0;
  #weight = 0;
  #sizeOf: (chunk: unknown) => number;
  /** What `onProgress` counts, in place of this. */
  progress: PipelinePartProgress | undefined;

  /** @param sizeOf one that never throws */
  constructor(sizeOf: (chunk: unknown) => number) {
    this.#sizeOf = sizeOf;
  }

  count(chunk: unknown): void {
    this.chunks += 1;
    if (typeof chunk === 'number') this.bytes += 8;
    else if (typeof chunk === 'string') this.bytes += chunk.length;
    else if (ArrayBuffer.isView(chunk)) this.bytes += chunk.byteLength;
    else if (++this.others >= this.#next) this.#weigh(chunk);
  }

  /** Not within the call that passes the chunk on: its size may be the page's. */
  #weigh(chunk: unknown): void {
    this.#next += this.others < WEIGHED * WEIGHED ? WEIGHED : WEIGHED * WEIGHED;
    Promise.resolve().then(() => {
      this.#weight += this.#sizeOf(chunk);
      this.#weighed += 1;
    });
  }

  get size(): number {
    if (this.progress !== undefined) return this.progress.bytesOut;
    return this.bytes + (this.#weighed && Math.round((this.#weight / this.#weighed) * this.others));
  }
}

/** A call that takes less than this many milliseconds is not worth timing each time. */
const SHORT = 0.01;
const RARELY = 63;

/** Adds up how long calls take, as estimated from those that are timed. */
export class Stopwatch {
  total = 0;
  /** The longest call that was timed, since the last `takeLongest()`. */
  #longest = 0;
  /** One for each kind of call: short ones must not hide others. */
  #samplers: Sampler[] = [];

  /** Takes a call that stands for `count` of them. */
  add(duration: number, count: number): void {
    this.total += duration * count;
    if (duration > this.#longest) this.#longest = duration;
  }

  sampler(): Sampler {
    const sampler = new Sampler(this);
    this.#samplers.push(sampler);
    return sampler;
  }

  /** Times the next calls, all of them. */
  timeAll(): void {
    for (const sampler of this.#samplers) sampler.timeNext();
  }

  takeLongest(): number {
    const longest = this.#longest;
    this.#longest = 0;
    return longest;
  }

  /** `call`, timed. It passes on two arguments, as many as functions of streams get. */
  wrap<This, A, B, Result>(
    call: (this: This, first: A, second: B) => Result,
  ): (this: This, first: A, second: B) => Result {
    const sampler = this.sampler();
    return function (this: This, first: A, second: B): Result {
      return --sampler.left < 0 ? sampler.time(call, this, first, second) : call.call(this, first, second);
    };
  }
}

/** Says which calls of one kind are timed. */
export class Sampler {
  /** Calls before the next one that is timed. */
  left = 0;
  #skip = 0;
  #whole: Stopwatch;

  constructor(whole: Stopwatch) {
    this.#whole = whole;
  }

  add(duration: number): void {
    this.#whole.add(duration, this.#skip + 1);
    this.#skip = this.left = duration < SHORT ? RARELY : 0;
  }

  timeNext(): void {
    this.#skip = this.left = 0;
  }

  time<This, A, B, Result>(call: (this: This, first: A, second: B) => Result, on: This, first: A, second: B): Result {
    const began = now();
    try {
      return call.call(on, first, second);
    } finally {
      this.add(now() - began);
    }
  }
}

export class PartWatch {
  readonly part: NumberedPart;
  readonly isSource: boolean;
  readonly isSink: boolean;
  before: PartWatch | undefined;
  next: PartWatch | undefined;
  input: WritableImpl | undefined;
  output: ReadableImpl | ByteReadableImpl | undefined;
  /** What its function reads through. */
  reader: ChunkReader | undefined;
  holder: { readonly queue: Fifo<unknown> } | undefined;
  /** The codecs that run as it. */
  codecs: readonly PlacedCodec[] = [];
  /** What comes out of it. */
  crossing: Crossing;
  /** Calls of the page's functions, and how long a function had a chunk. */
  readonly calls = new Stopwatch();
  readonly holds = new Stopwatch();
  /** Counts down to the next chunk whose time in the function is measured. */
  readonly holding = this.holds.sampler();
  /** Its function is timed at each call. */
  isTimed = false;
  /** When a chunk was last seen to have crossed into or out of it. */
  moved: number;
  peak = 0;
  /** Calls that `diagnose()` found too long. */
  longCalls = 0;
  working = 0;
  waitedForUpstream = 0;
  waitedForDownstream = 0;
  /** The share of the last second that it worked. */
  recent = 0;
  activity: Activity = 'upstream';
  #counted = 0;
  #called = 0;
  #held = 0;
  #sizeOf: (chunk: unknown) => number;

  constructor(part: NumberedPart, place: 'source' | 'stage' | 'sink', sizeOf: (chunk: unknown) => number, at: number) {
    this.part = part;
    this.isSource = place === 'source';
    this.isSink = place === 'sink';
    this.#sizeOf = sizeOf;
    this.crossing = new Crossing(this.#sizeOf);
    this.moved = at;
  }

  /** The pipeline has ended: lets go of what only a running one needs. */
  release(): void {
    this.reader = undefined;
    this.holder = undefined;
  }

  /** Its function gets a chunk: measures how long it has it. */
  give(): void {
    const { reader } = this;
    if (reader === undefined) return; // it reads on after the end
    const began = now();
    reader.onRead = () => {
      reader.onRead = undefined;
      this.holding.add(now() - began);
    };
  }

  /** A description; of codecs, their names. */
  get name(): string {
    const { codecs, part } = this;
    return codecs.length === 0 ? part.name : codecs.map(({ codec }) => statsOf(codec)?.name ?? part.name).join(' + ');
  }

  /** The bytes in its queues, and in the codecs. */
  get held(): number {
    const { input, output, holder, codecs } = this;
    const inside = codecs.reduce((sum, { codec }) => sum + heldBy(codec), 0);
    const inputs = input === undefined ? 0 : bytesHeld(input, this.#sizeOf);
    const outputs = output === undefined ? 0 : bytesHeld(output, this.#sizeOf);
    return inside + inputs + outputs + (holder === undefined ? 0 : bytesIn(holder.queue, this.#sizeOf));
  }

  /** Whether what follows wants a chunk of it. */
  get isWanted(): boolean {
    const { output, next } = this;
    if (output === undefined || next === undefined) return this.isSink || next === undefined || next.isAsking;
    // A function reads the source of another directly, and the stream between them is never locked.
    if (output.reader === undefined && next.reader !== undefined) return next.isAsking;
    return isIn(output, STATE_WANTS);
  }

  get isAsking(): boolean {
    return this.reader !== undefined && this.reader.asked > (this.before?.crossing.chunks ?? 0);
  }

  get hasInput(): boolean {
    if (this.input !== undefined) return figureOf(this.input, FIGURE_CHUNKS) > 0;
    return this.reader !== undefined && !this.isAsking;
  }

  /** What it waits for right now. */
  look(): Activity {
    if (!this.isSink && !this.isWanted) this.activity = 'downstream';
    else this.activity = this.isSource || this.hasInput ? 'working' : 'upstream';
    return this.activity;
  }

  /** Milliseconds that calls of it have taken since the last time this was asked. */
  takeCalls(): number {
    const { total } = this.calls;
    const taken = total - this.#called;
    this.#called = total;
    return taken;
  }

  /** The same of the time that its function had a chunk. */
  takeHolds(): number {
    const { total } = this.holds;
    const taken = total - this.#held;
    this.#held = total;
    return taken;
  }

  /** Notes at `at` whether a chunk has crossed into or out of it. */
  notice(at: number): void {
    const counted = this.crossing.chunks + (this.before?.crossing.chunks ?? 0);
    if (counted !== this.#counted) this.moved = at;
    this.#counted = counted;
  }
}
