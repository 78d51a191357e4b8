/**
 * How far a pipeline is: what has crossed from each part into the next, told now and then and once at the end.
 *
 * The page is never called within a read or a write: from a timer, or, where the parts leave timers no turn, from a
 * microtask of its own.
 */
import { resolved } from '../runtime/intrinsics.js';
import { timerDelay } from '../runtime/sleep.js';
import { sizeOfChunk, totalOf } from './sizes.js';
import type { NumberedPart, Part } from './parts.js';

/** The progress of a pipeline. */
export interface PipelineProgress {
  /** True in the last call: the sink has written and closed everything. */
  readonly done: boolean;
  /** Milliseconds since the pipeline started. */
  readonly elapsed: number;
  /** Chunks read from the source. */
  readonly chunks: number;
  /** Bytes read from the source. */
  readonly bytes: number;
  /** How many bytes the source will produce; undefined when unknown. */
  readonly total: number | undefined;
  /** `bytes / total`, from 0 to 1; undefined when the total is unknown. */
  readonly fraction: number | undefined;
  /** Estimated milliseconds until the end, from the average speed so far; undefined when the total is unknown. */
  readonly remaining: number | undefined;
  /** The parts from source to sink. Adjacent codecs count as one part, named after the first. */
  readonly parts: readonly PipelinePartProgress[];
}

/** How much has gone through one part of a pipeline. */
export interface PipelinePartProgress {
  /** The source is 0, the stages count from 1, the sink is last. */
  readonly index: number;
  readonly name: string;
  readonly chunksIn: number;
  readonly bytesIn: number;
  readonly chunksOut: number;
  readonly bytesOut: number;
}

type Counted = { -readonly [Key in keyof PipelinePartProgress]: PipelinePartProgress[Key] };

interface Settings {
  /** In milliseconds. Default: 250. */
  readonly interval?: number | undefined;
  /** What the caller says. */
  readonly total?: number | undefined;
  /** The page's size of a chunk. */
  readonly sizeOf?: ((chunk: unknown) => number) | undefined;
  /** Called with what the page's function throws. */
  readonly fail: (error: unknown) => void;
}

const INTERVAL = 250;

export class Progress {
  #total: number | undefined; // what the caller says
  #source: unknown;
  #tell: (progress: PipelineProgress) => void;
  #interval: number;
  #fail: (error: unknown) => void;
  #sizeOf: (chunk: unknown) => number;
  #parts: Counted[] = []; // from the source to the sink
  #timer: ReturnType<typeof setInterval> | undefined;
  #begun = performance.now();
  #told = this.#begun;
  #seen = 0; // chunks since the clock was looked at
  #due = false;

  /** @param tell the page's function */
  constructor(
    tell: (progress: PipelineProgress) => void,
    { interval = INTERVAL, total, sizeOf = sizeOfChunk, fail }: Settings,
  ) {
    this.#tell = tell;
    this.#interval = interval;
    this.#fail = fail;
    this.#sizeOf = sizeOf;
    this.#total = total;
    this.#timer = setInterval(() => this.#report(false), timerDelay(Math.max(interval, 1)));
  }

  /** Takes the parts, in their order; returns what is counted of each. */
  begin(parts: readonly NumberedPart[]): readonly PipelinePartProgress[] {
    return (this.#parts = parts.map(({ index, name }) => ({
      index,
      name,
      chunksIn: 0,
      bytesIn: 0,
      chunksOut: 0,
      bytesOut: 0,
    })));
  }

  /** What the pipeline reads from, which may know its total, or will. */
  expect(source: unknown): void {
    this.#source = source;
  }

  /** What is to be called with every chunk that crosses from one part into the next. */
  counter(from: Part, to: Part): (chunk: unknown) => void {
    const [source, sink] = [from, to].map(({ index }) => this.#parts.find((part) => part.index === index)) as [
      Counted,
      Counted,
    ];
    return (chunk) => {
      const size = this.#sizeOf(chunk);
      source.chunksOut += 1;
      source.bytesOut += size;
      sink.chunksIn += 1;
      sink.bytesIn += size;
      if ((this.#seen += 1) >= 64 || size >= 65536) this.#look();
    };
  }

  /** The last report. Nothing is told after it. */
  end(): void {
    clearInterval(this.#timer);
    if (this.#timer === undefined) return;
    this.#timer = undefined;
    this.#report(true);
  }

  /** No more reports, as the pipeline has failed. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    this.#seen = 0;
    if (this.#due || performance.now() - this.#told < this.#interval) return;
    this.#due = true;
    resolved.react(() => {
      this.#due = false;
      if (this.#timer !== undefined) this.#report(false);
    });
  }

  #report(done: boolean): void {
    const total = this.#total ?? totalOf(this.#source);
    if (total === null && !done) return; // nothing has come, and the first report is to have the total
    this.#told = performance.now();
    const elapsed = this.#told - this.#begun;
    const { chunksOut: chunks = 0, bytesOut: bytes = 0 } = this.#parts[0] ?? {};
    const fraction = done ? 1 : total! > 0 ? Math.min(1, bytes / total!) : undefined;
    const remaining = done ? 0 : fraction! > 0 ? elapsed * (1 / fraction! - 1) : undefined;
    const parts = this.#parts.map((part) => ({ ...part }));
    try {
      this.#tell({ done, elapsed, chunks, bytes, total: total ?? undefined, fraction, remaining, parts });
    } catch (error) {
      this.stop();
      this.#fail(error);
    }
  }
}
