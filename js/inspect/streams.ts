/** The streams that are alive, who holds their locks, and what became of them since the last look. */
import { readableImpl, writableImpl } from '../bridge/brands.js';
import { LazyStream } from '../bridge/lazy-reader.js';
import { STATE_CLOSING, STATE_WANTS } from '../core/effects.js';
import { ByteReadableImpl } from '../machines/byte-readable.js';
import { ReadableImpl } from '../machines/readable.js';
import { Tee } from '../machines/tee.js';
import { ByobReaderImpl, DefaultReaderImpl } from '../machines/reader.js';
import { ERRORED as W_ERRORED, ERRORING, WritableImpl } from '../machines/writable.js';
import { WriterImpl } from '../machines/writer.js';
import { now, STREAM_TICK, Ticker } from './clock.js';
import { bytesHeld, figuresOf, isIn, isWritable, type Impl } from './figures.js';
import { keepsPlaces, lookHere } from './places.js';

/** What a lock is held by. */
export type LockHolder = 'reader' | 'byob reader' | 'writer' | 'pipe' | 'tee' | 'other';

/** Who holds a stream's lock. */
export interface LockReport {
  readonly holder: LockHolder;
  /** Milliseconds since it was taken; of a pipe and a tee to a second. */
  readonly heldFor: number;
  /** Where it was taken: the lines of the stack. Undefined unless `diagnose()` is on. */
  readonly takenAt: string | undefined;
}

/** What `inspect()` tells of a stream. Times are in milliseconds. */
export interface StreamReport {
  readonly kind: 'readable' | 'readable bytes' | 'writable';
  /** `'closing'`: `close()` was called and something is still queued. */
  readonly state: 'open' | 'closing' | 'closed' | 'erroring' | 'errored';
  /** What it failed with. */
  readonly error: unknown;
  /** Undefined where it is not locked. */
  readonly lock: LockReport | undefined;
  /** Reads that wait for a chunk. */
  readonly pendingReads: number;
  /** Writes that are queued or in flight. */
  readonly pendingWrites: number;
  /** Chunks in the queue; of a writable stream also the one that is being written. */
  readonly chunks: number;
  /** Their size in units of the stream's strategy; of a byte stream in bytes. */
  readonly size: number;
  /** Their size in bytes, as far as that can be told: see `PipelineOptions.size`. */
  readonly held: number;
  readonly highWaterMark: number;
  /** As the controller tells it: null of a stream that has failed. */
  readonly desiredSize: number | null;
  /** The most that `chunks` and `size` have been. */
  readonly peakChunks: number;
  readonly peakSize: number;
  /** Chunks that have been enqueued, or written. */
  readonly chunksIn: number;
  /** Those of them that have left it: read, or written by the sink; or dropped by a channel. */
  readonly chunksOut: number;
  /** While it was empty and something waited for a chunk, since the first look. */
  readonly waitedForUpstream: number;
  /** While it was full, since the first look. */
  readonly waitedForDownstream: number;
  /** Since a chunk last went in or out, to a second; since it was made where none has. */
  readonly idle: number;
  /** Since it was made; undefined where that was before `tidegate/inspect` was imported. */
  readonly age: number | undefined;
  /** Where it was made: the lines of the stack. Undefined unless `diagnose()` is on. */
  readonly madeAt: string | undefined;
}

/**
 * When a lock was taken, and where it was, or a stream was made. On the object itself: a WeakMap of many short-lived objects
 * costs more than they do.
 */
interface Made {
  [kMade]?: number;
  [kPlace]?: string | undefined;
  [kByHost]?: boolean;
}

const kMade = Symbol('made');
const kByHost = Symbol('by host');
const kPlace = Symbol('place');

/** A stream, as the last look saw it. */
class Seen {
  readonly ref: WeakRef<Impl>;
  readonly madeAt: number | undefined;
  chunksIn = 0;
  chunksOut = 0;
  peakChunks = 0;
  peakSize = 0;
  highWaterMark = 0;
  moved: number;
  looked: number;
  waitedForUpstream = 0;
  waitedForDownstream = 0;
  /** The look before the first that saw the lock. */
  lockedAt = 0;
  #lock: WeakRef<object> | undefined;

  constructor(impl: Impl, at: number, madeAt: number | undefined) {
    this.ref = new WeakRef(impl);
    this.madeAt = madeAt;
    this.moved = this.looked = madeAt ?? at;
  }

  /** What has happened since the last look is taken to have happened now. */
  look(impl: Impl, at: number): void {
    const lock = isWritable(impl) ? impl.writer : impl.reader;
    if (lock !== this.#lock?.deref()) {
      this.#lock = lock && new WeakRef(lock);
      this.lockedAt = this.looked;
    }
    const figures = figuresOf(impl);
    if (figures === undefined) return;
    const chunksOut = figures.chunksIn - figures.chunks;
    if (figures.chunksIn !== this.chunksIn || chunksOut !== this.chunksOut) this.moved = at;
    const since = at - this.looked;
    const wants = (figures.state & STATE_WANTS) !== 0;
    if (!wants) this.waitedForDownstream += since;
    else if (figures.chunks === 0 && (isWritable(impl) || figures.pending > 0)) this.waitedForUpstream += since;
    this.looked = at;
    this.chunksIn = figures.chunksIn;
    this.chunksOut = chunksOut;
    this.peakChunks = figures.peakChunks;
    this.peakSize = figures.peakSize;
    this.highWaterMark = figures.highWaterMark;
  }
}

const seen = new WeakMap<object, Seen>();
const alive = new Set<Seen>();

/**
 * Streams that were made since the last look. Most streams are short, and a weak reference costs more than a stream: only
 * those that are still alive then get one. There are so few that holding them keeps nothing for long.
 */
let young: Impl[] = [];
/** When each of them was made. */
let births: number[] = [];
const MOST_YOUNG = 256;

/** How many streams are known when those that have gone are next forgotten: where no timer runs, nothing else does it. */
const LEAST_SWEPT = 1024;
let sweepAt = LEAST_SWEPT;

function forget(): void {
  for (const one of alive) {
    const impl = one.ref.deref();
    if (impl === undefined || impl.id === 0) alive.delete(one);
  }
  sweepAt = Math.max(LEAST_SWEPT, 2 * alive.size);
}

function growUp(): void {
  if (alive.size >= sweepAt) forget();
  const [grown, times] = [young, births];
  young = [];
  births = [];
  grown.forEach((impl, n) => {
    if (impl.id !== 0) seenOf(impl, times[n]!, times[n]);
  });
}

/** What `diagnose()` is told. */
export interface StreamListener {
  created(machine: object): void;
  locked(lock: object): void;
  /** A bridge that leaves the far side alone until it is read. */
  isLazy(impl: object): void;
  looked(impl: Impl, at: number): void;
}

let listener: StreamListener | undefined;

/** `every`: milliseconds between two looks. */
export function listenToStreams(to: StreamListener | undefined, every = STREAM_TICK): void {
  listener = to;
  ticker.change(every);
}

const ticker = new Ticker(STREAM_TICK, (at) => {
  growUp();
  for (const one of alive) {
    const impl = one.ref.deref();
    if (impl === undefined || impl.id === 0) {
      alive.delete(one);
      continue;
    }
    one.look(impl, at);
    listener?.looked(impl, at);
  }
  return alive.size > 0;
});

export const isImpl = (value: object): value is Impl =>
  value instanceof ReadableImpl || value instanceof ByteReadableImpl || value instanceof WritableImpl;

/**
 * Takes a machine that has just been made. Its own fields may not be set yet. Nothing is written into a pipe, which costs as
 * much as a chunk: the looks see when it has come.
 */
export function noteMachine(machine: object): void {
  if (keepsPlaces()) note(machine);
  if (isImpl(machine)) {
    births.push(now());
    if (young.push(machine) > MOST_YOUNG) growUp();
    ticker.start();
  }
  listener?.created(machine);
}

function note(thing: Made): void {
  thing[kMade] = now();
  if (!keepsPlaces()) return;
  const { lines, isByHost } = lookHere();
  thing[kPlace] = lines;
  if (isByHost) thing[kByHost] = true;
}

/** Takes a lock that has just been taken. */
export function noteLock(lock: object): void {
  note(lock);
  listener?.locked(lock);
}

/** Takes a bridge. The far side of some is locked only when somebody reads. */
export function noteBridge(near: object, far: object): void {
  const impl = far instanceof LazyStream ? readableImpl(near) : undefined;
  if (impl !== undefined) listener?.isLazy(impl);
}

/** Whether the runtime has made it, on behalf of what the page has called. */
export const isByHost = (thing: object): boolean => (thing as Made)[kByHost] === true;

export const placeOf = (thing: object): string | undefined => (thing as Made)[kPlace];

/** Streams from before the import become known when they are asked for. */
function seenOf(impl: Impl, at: number, madeAt = births[young.lastIndexOf(impl)]): Seen {
  let one = seen.get(impl);
  if (one === undefined) {
    one = new Seen(impl, at, madeAt);
    seen.set(impl, one);
    if (impl.id !== 0) {
      alive.add(one);
      ticker.start();
    }
  }
  return one;
}

function holderOf(lock: object): LockHolder {
  if (lock instanceof ByobReaderImpl) return 'byob reader';
  if (lock instanceof DefaultReaderImpl) return 'reader';
  if (lock instanceof WriterImpl) return 'writer';
  if (lock instanceof Tee) return 'tee';
  return 'joinsPulls' in lock ? 'pipe' : 'other';
}

function lockOf(impl: Impl, one: Seen, at: number): LockReport | undefined {
  const lock = isWritable(impl) ? impl.writer : impl.reader;
  if (lock === undefined) return undefined;
  const { [kMade]: taken = one.lockedAt, [kPlace]: takenAt } = lock as Made;
  return { holder: holderOf(lock), heldFor: at - taken, takenAt };
}

function stateOf(impl: Impl): StreamReport['state'] {
  if (impl.state === 1) return 'closed';
  if (impl.state === W_ERRORED) return 'errored';
  if (impl.state === ERRORING) return 'erroring';
  return isIn(impl, STATE_CLOSING) ? 'closing' : 'open';
}

/** The stream of ours that `value` is. */
export const implOf = (value: unknown): Impl | undefined => readableImpl(value) ?? writableImpl(value);

/** The report of a stream as it is now. */
export function reportStream(impl: Impl, at = now()): StreamReport {
  const one = seenOf(impl, at);
  one.look(impl, at);
  const figures = figuresOf(impl);
  const state = stateOf(impl);
  const writes = isWritable(impl);
  const { chunks = 0, size = 0, pending = 0 } = figures ?? {};
  const ended = state === 'closed' ? 0 : null;
  return {
    kind: writes ? 'writable' : impl.isByteStream ? 'readable bytes' : 'readable',
    state,
    error: state === 'errored' || state === 'erroring' ? impl.storedError : undefined,
    lock: lockOf(impl, one, at),
    pendingReads: writes ? 0 : pending,
    pendingWrites: writes ? pending : 0,
    chunks,
    size,
    held: bytesHeld(impl),
    highWaterMark: one.highWaterMark,
    desiredSize: figures === undefined || state === 'erroring' ? ended : figures.highWaterMark - size,
    peakChunks: one.peakChunks,
    peakSize: one.peakSize,
    chunksIn: one.chunksIn,
    chunksOut: figures === undefined && state === 'closed' ? one.chunksIn : one.chunksOut,
    waitedForUpstream: one.waitedForUpstream,
    waitedForDownstream: one.waitedForDownstream,
    idle: at - one.moved,
    age: one.madeAt === undefined ? undefined : at - one.madeAt,
    madeAt: placeOf(impl),
  };
}

/** The streams that js/streams/keep-alive keeps are not the page's. */
function keptImpls(): Set<unknown> {
  const { kept = [] } = ReadableImpl as { kept?: unknown[] };
  return new Set(kept.flat().map((one) => implOf(one) ?? (one as { stream?: unknown }).stream ?? one));
}

/** All streams that are alive, those first that have carried nothing for the longest time. */
export function aliveStreams(): StreamReport[] {
  const at = now();
  growUp();
  const kept = keptImpls();
  const reports: StreamReport[] = [];
  for (const one of alive) {
    const impl = one.ref.deref();
    if (impl === undefined || impl.id === 0) alive.delete(one);
    else if (!kept.has(impl)) reports.push(reportStream(impl, at));
  }
  return reports.sort((a, b) => b.idle - a.idle);
}
