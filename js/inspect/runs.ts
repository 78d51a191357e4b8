/** A pipeline, as the instruments see it. */
import { readableImpl, writableImpl } from '../bridge/brands.js';
import { isYielding } from '../runtime/slice.js';
import type { ChunkReader, Counter } from '../pipeline/chunks.js';
import { now, PIPELINE_TICK, Ticker } from './clock.js';
import { codecsOf } from './codecs.js';
import { weigh, weigher } from './figures.js';
import { PartWatch, type Crossing, type Sampler } from './parts.js';
import { Trace } from './trace.js';
import type { NumberedPart, Stage } from '../pipeline/parts.js';
import type { PipelinePartProgress } from '../pipeline/progress.js';
import type { ReadOptions } from '../pipeline/options.js';
import { ownPace, type Watcher } from '../pipeline/watching.js';
import type { ReadableLock } from '../machines/parts.js';
import type { ReadableStream } from '../streams/readable-stream.js';
import type { WritableStream } from '../streams/writable-stream.js';

/**
 * Those that run. A pipeline that nothing can move any more is garbage, so what has run for a while is held weakly; most are short, and a weak
 * reference costs more than a pipeline.
 */
const young = new Set<RunWatch>();
const grown = new Set<WeakRef<RunWatch>>();

/** Those that run, in the order in which they began. */
export function runningRuns(): RunWatch[] {
  const runs: RunWatch[] = [];
  for (const ref of grown) {
    const run = ref.deref();
    if (run === undefined) grown.delete(ref);
    else runs.push(run);
  }
  return [...runs, ...young];
}

function growUp(): void {
  for (const run of young) grown.add((run.ref = new WeakRef(run)));
  young.clear();
}

/** Which pipeline a stream of ours belongs to. */
const runs = new WeakMap<object, RunWatch>();
const promises = new WeakMap<object, RunWatch>();

export const runOfPromise = (promise: object): RunWatch | undefined => promises.get(promise);
export const runOfStream = (impl: object): RunWatch | undefined => runs.get(impl);

/** What `diagnose()` is told. */
export interface RunListener {
  owns(impl: object): void;
  /** The pipeline has begun; the page gets its promise. */
  promised(promise: object, run: RunWatch): void;
  /** `call`, a function of `part` that is called with one chunk at a time. */
  watched<Call extends Callback>(call: Call, part: PartWatch): Call;
  looked(run: RunWatch, late: number): void;
}

let listener: RunListener | undefined;

export const listenToRuns = (to: RunListener | undefined): void => void (listener = to);

const ticker = new Ticker(PIPELINE_TICK, (at, late) => {
  for (const run of runningRuns()) {
    run.look(at);
    listener?.looked(run, late);
  }
  growUp();
  return grown.size > 0;
});

/** Milliseconds in which what was long ago loses two thirds of its weight. */
const MEMORY = 1000;
/** Milliseconds for which throughput is told. */
const WINDOW = 2000;

/** A function of a stream. */
type Callback = (...args: never[]) => unknown;

/** What a pipe lets be counted. */
interface CountedPipe extends ReadableLock {
  yieldAfter: number | undefined;
  count(chunk: unknown): void;
}

/** Counts what a function reads. */
class ReadCounter implements Counter {
  #crossing: Crossing;
  #reads: PartWatch;
  #holding: Sampler;
  #inner: ((chunk: unknown) => void) | undefined;

  constructor(crossing: Crossing, reads: PartWatch, inner: ((chunk: unknown) => void) | undefined) {
    this.#crossing = crossing;
    this.#reads = reads;
    this.#holding = reads.holding;
    this.#inner = inner;
  }

  count(chunk: unknown): void {
    this.#crossing.count(chunk);
    if (--this.#holding.left < 0) this.#reads.give();
    if (this.#inner !== undefined) this.#inner(chunk);
  }
}

export class RunWatch implements Watcher {
  readonly began = now();
  readonly place: string | undefined;
  /** Once it is held weakly. */
  ref: WeakRef<RunWatch> | undefined;
  parts: PartWatch[] = [];
  failure: { readonly error: unknown; readonly index: number | undefined } | undefined;
  endedAt: number | undefined;
  peak = 0;
  /** Of the source: when, how many chunks, how many bytes. */
  #past: (readonly [at: number, chunks: number, bytes: number])[] = [];
  #looked = this.began;
  #total = 0;
  /** The stages as they were given: several codecs may be one part. */
  #stages: readonly Stage[];
  readonly #sizeOf: (chunk: unknown) => number;
  #trace: Trace | undefined;
  /** Takes back what is put around the functions of streams, which may outlive the pipeline. */
  #unwrap: (() => void)[] = [];

  constructor(options: ReadOptions, stages: readonly Stage[], place: string | undefined) {
    this.#sizeOf = options.size === undefined ? weigh : weigher(options.size);
    if (options.trace !== undefined) this.#trace = new Trace(options.trace);
    this.#stages = stages;
    this.place = place;
    young.add(this);
    ticker.start();
  }

  begin(parts: readonly NumberedPart[], progress: readonly PipelinePartProgress[] | undefined): void {
    const last = parts.length - 1;
    this.parts = parts.map((part, n) => {
      const place = n === 0 ? 'source' : n === last ? 'sink' : 'stage';
      const one = new PartWatch(part, place, this.#sizeOf, this.began);
      one.crossing.progress = progress?.[n];
      return one;
    });
    this.parts.forEach((one, n) => {
      one.before = this.parts[n - 1];
      one.next = this.parts[n + 1];
      if (!one.isSource && one.next) one.codecs = codecsOf(this.#stages, one.part.index, one.next.part.index);
    });
    this.#past.push([this.began, 0, 0]);
  }

  #of(part: NumberedPart): PartWatch {
    return this.parts.find((one) => one.part === part)!;
  }

  owns(stream: ReadableStream | WritableStream, part: NumberedPart): void {
    const one = this.#of(part);
    const readable = readableImpl(stream);
    if (readable !== undefined) {
      one.output = readable;
      listener?.owns(readable);
      runs.set(readable, this);
      // The pull of a function that is called with each chunk calls that, which is timed by itself.
      if (readable.transform === undefined && !one.isTimed) this.#wrap(readable, 'pull', one);
      return;
    }
    const writable = writableImpl(stream)!;
    one.input = writable;
    runs.set(writable, this);
    const transform = writable.transform as { transform?: Callback } | undefined;
    const watches = !ownPace.has(stream);
    if (transform?.transform !== undefined) this.#wrap(transform, 'transform', one, watches);
    else this.#wrap(writable, 'write', one, watches);
  }

  /** Times the calls of a function of a stream, until the pipeline ends. With `watches`, `diagnose()` is told of them. */
  #wrap<Name extends string>(
    holder: { [Key in Name]?: Callback | undefined },
    name: Name,
    one: PartWatch,
    watches = false,
  ): void {
    const call = holder[name];
    if (call === undefined || this.endedAt !== undefined) return;
    const seen = watches && listener !== undefined ? listener.watched(call, one) : call;
    const timed = one.calls.wrap(seen) as typeof call;
    holder[name] = timed;
    this.#unwrap.push(() => {
      if (holder[name] === timed) holder[name] = call; // it has gone where the stream has ended
    });
  }

  holds(holder: { readonly queue: { readonly length: number } }, part: NumberedPart): void {
    this.#of(part).holder = holder as PartWatch['holder'];
  }

  counter(from: NumberedPart, to: NumberedPart, count: ((chunk: unknown) => void) | undefined): Counter {
    return new ReadCounter(this.#of(from).crossing, this.#of(to), count);
  }

  piped(source: ReadableStream, from: NumberedPart): void {
    const { crossing } = this.#of(from);
    const pipe = readableImpl(source)!.reader as CountedPipe | undefined;
    if (pipe === undefined) return; // it has ended already
    const { count } = pipe;
    const yields = pipe.yieldAfter !== undefined;
    pipe.yieldAfter ??= Infinity; // only then it counts
    pipe.count = function (chunk) {
      crossing.count(chunk);
      if (yields) count.call(this, chunk);
    };
  }

  reads(reader: ChunkReader, part: NumberedPart): void {
    this.#of(part).reader = reader;
  }

  timed<Call extends (chunk: unknown) => unknown>(call: Call, part: NumberedPart): Call {
    const one = this.#of(part);
    one.isTimed = true;
    const seen = listener === undefined ? call : listener.watched(call, one);
    return one.calls.wrap(seen as (chunk: unknown) => unknown) as Call;
  }

  ended(failure: RunWatch['failure']): void {
    const at = now();
    this.look(at);
    this.failure = failure;
    this.endedAt = at;
    this.#trace?.end(this.parts, at, failure);
    young.delete(this);
    if (this.ref !== undefined) grown.delete(this.ref);
    for (const unwrap of this.#unwrap.splice(0)) unwrap();
    // What is asked of it from now on needs no more than the streams.
    this.#stages = [];
    for (const one of this.parts) one.release();
  }

  promised(promise: object): void {
    promises.set(promise, this);
    listener?.promised(promise, this);
  }

  /** The bytes in all queues. */
  get held(): number {
    return this.endedAt === undefined ? this.parts.reduce((sum, one) => sum + one.held, 0) : 0;
  }

  /** Looks at what each part waits for, and takes it that it has waited for that since the last look. */
  look(at: number): void {
    if (this.endedAt !== undefined || this.parts.length === 0) return;
    const since = at - this.#looked;
    this.#looked = at;
    for (const one of this.parts) one.notice(at);
    this.#trace?.look(this.parts, at);
    let held = 0;
    for (const one of this.parts) {
      const bytes = one.held;
      one.peak = Math.max(one.peak, bytes);
      held += bytes;
    }
    this.peak = Math.max(this.peak, held);
    const busy = this.#busy();
    if (since > 0) this.#share(since, busy);
    const source = this.parts[0]!.crossing;
    this.#past.push([at, source.chunks, source.size]);
    while (this.#past.length > 2 && at - this.#past[1]![0] >= WINDOW) this.#past.shift();
  }

  /** Milliseconds that each part has kept the thread for since the last look. */
  #busy(): number[] {
    const calls = this.parts.map((one) => one.takeCalls());
    const holds = this.parts.map((one) => one.takeHolds());
    // While the thread is never idle, the time that a function has a chunk is its own, but for that of the parts after it.
    if (!isYielding()) return calls;
    let after = 0;
    for (let n = this.parts.length - 1; n >= 0; n--) {
      if (this.parts[n]!.reader !== undefined && calls[n] === 0) calls[n] = Math.max(0, holds[n]! - after);
      after += calls[n]!;
    }
    return calls;
  }

  #share(since: number, busy: readonly number[]): void {
    const idle = Math.max(0, since - busy.reduce((sum, time) => sum + time, 0));
    const kept = Math.exp(-since / MEMORY);
    this.#total = this.#total * kept + since;
    this.parts.forEach((one, n) => {
      const activity = one.look();
      const working = Math.min(since, busy[n]! + (activity === 'working' ? idle : 0));
      one.working += working;
      if (activity === 'upstream') one.waitedForUpstream += since - working;
      if (activity === 'downstream') one.waitedForDownstream += since - working;
      one.recent = one.recent * kept + working;
    });
  }

  /** The share of the last second that a part worked, 0 to 1. */
  shareOf(one: PartWatch): number {
    return this.#total === 0 ? 0 : Math.min(1, one.recent / this.#total);
  }

  /** Chunks and bytes that the source has given in a second, over the last two. */
  throughput(): { readonly chunks: number; readonly bytes: number } {
    const [from, to] = [this.#past[0], this.#past.at(-1)];
    const seconds = from && to ? (to[0] - from[0]) / 1000 : 0;
    if (seconds === 0) return { chunks: 0, bytes: 0 };
    return { chunks: (to![1] - from![1]) / seconds, bytes: (to![2] - from![2]) / seconds };
  }
}
