/**
 * How mistakes are found.
 *
 * Invariants:
 * 1. A mistake has a line of the page's own code; without one it is not told, because nobody could do anything about it.
 * 2. What is bounded by design is none: a batch that one pull or one transform gives, a channel, an awaited batch of
 *    writes.
 * 3. Nothing here throws into the call that it watches.
 */
import { FIGURE_CHUNKS, STATE_RUNNING } from '../core/effects.js';
import { ByteReadableImpl } from '../machines/byte-readable.js';
import { ChannelImpl } from '../machines/channel.js';
import { observe } from '../machines/observers.js';
import { Tee } from '../machines/tee.js';
import { WriterImpl } from '../machines/writer.js';
import { Fifo } from '../runtime/fifo.js';
import { amount, duration, nameOf } from './bottleneck.js';
import { now } from './clock.js';
import { bytesHeld, figureOf, figuresOf, isWritable, type Impl } from './figures.js';
import { keepPlaces, placeHere } from './places.js';
import { watchChannel } from './channels.js';
import { noteClose, noteGiven, noteWrites, seesRejections, watchRejections } from './rejections.js';
import { noteWork, watchWork, type PipeLike } from './work.js';
import { listenToRuns, runOfStream, type RunWatch } from './runs.js';
import { isByHost, isImpl, listenToStreams, placeOf, reportStream } from './streams.js';
import type { ReadableImpl } from '../machines/readable.js';
import type { Mistake } from './diagnose.js';

export interface Found extends Omit<Mistake, 'place'> {
  /** Of what has several parts at one place, which one: each is told once. */
  readonly part?: string;
}

interface Limits {
  readonly holdFor: number;
  readonly unreadFor: number;
  readonly lookEvery: number;
}

/** Chunks past the mark that are a mistake; fewer, if they are as many bytes. */
const MANY = 64;
const SOME = 16;
const MEGABYTE = 1e6;
/** The same of what one pull, or one transform, gives. */
const MANY_AT_ONCE = 1024;
const BYTES_AT_ONCE = 8e6;
/** Looks in a row at which a queue has grown. */
const LOOKS = 5;
/** Long calls of one part: the first may have compiled something, or waited for another process. */
const TIMES = 3;

let report: ((found: Found) => void) | undefined;
let limits: Limits;
let stopListening: (() => void) | undefined;

/** What is known of a stream beside its own figures. */
interface Notes {
  /** Chunks that came while there was no room, since there was last. */
  over: number;
  /** The page's code that made it is still running, or has only just. */
  isNew: boolean;
  isChannel: boolean;
  isTold: boolean;
  tee: Tee | undefined;
  /** At the last look. */
  chunks: number;
  rises: number;
  lock: object | undefined;
  chunksOut: number;
  lockedAt: number;
}

const notes = new WeakMap<object, Notes>();

/** The tee whose branches are made next. */
let teeing: { readonly tee: Tee; left: number } | undefined;

/** A queue that looks at each chunk that comes. */
class WatchedFifo extends Fifo<unknown> {
  declare impl: WeakRef<Impl>;

  constructor(impl: Impl) {
    super();
    this.impl = new WeakRef(impl);
  }

  override push(item: unknown): void {
    super.push(item);
    const impl = this.impl.deref();
    if (report !== undefined && impl !== undefined) came(impl);
  }
}

/** A chunk has been queued. */
function came(impl: Impl): void {
  const figures = figuresOf(impl);
  const note = notes.get(impl);
  if (figures === undefined || note === undefined || note.isTold) return;
  if (note.tee !== undefined) return leftBehind(impl, note.tee);
  const isFull = figures.highWaterMark - figures.size < 0; // with the chunk that has come
  note.over = isFull ? note.over + 1 : 0;
  if (note.over < SOME || note.isChannel) return;
  if (isWritable(impl)) {
    if (impl.writer instanceof WriterImpl && isMuch(impl, note.over, MANY, MEGABYTE)) ignoresReady(impl, note);
    return;
  }
  if (note.isNew) return;
  const isAtOnce = impl.transform !== undefined || (figures.state & STATE_RUNNING) !== 0;
  const [many, bytes] = isAtOnce ? [MANY_AT_ONCE, BYTES_AT_ONCE] : [MANY, MEGABYTE];
  if (isMuch(impl, note.over, many, bytes)) pastTheMark(impl, note, isAtOnce);
}

const isMuch = (impl: Impl, chunks: number, many: number, bytes: number): boolean =>
  chunks >= many || (chunks % SOME === 0 && bytesHeld(impl) >= bytes);

const counted = (chunks: number, bytes: number): string =>
  `${chunks} ${chunks === 1 ? 'chunk' : 'chunks'}${bytes > 0 ? ` (${amount(bytes)})` : ''}`;

function tell(impl: Impl | undefined, found: Omit<Found, 'stack'>, stack: string | undefined): void {
  if (stack === undefined || report === undefined) return;
  const note = impl && notes.get(impl);
  if (note !== undefined) note.isTold = true;
  report({ ...found, stack });
}

/** The same of what is no stream's. */
const tellAt = (found: Omit<Found, 'stack'>, stack: string | undefined): void => tell(undefined, found, stack);

function ignoresReady(impl: Impl, note: Notes): void {
  const stack = placeHere(true);
  if (stack === undefined || /writeMany/.test(String(new Error().stack))) return;
  const bytes = bytesHeld(impl);
  const message = `Of the calls of write(), ${note.over} came while there was no room: ${counted(figureOf(impl, FIGURE_CHUNKS), bytes)} in the queue.`;
  const fix =
    'Await writer.ready, or the promise of each write(), before the next one; or pipe the source into the stream.';
  tell(impl, { kind: 'write ignores ready', message, fix, bytes }, stack);
}

function pastTheMark(impl: Impl, note: Notes, isAtOnce: boolean): void {
  const bytes = bytesHeld(impl);
  const who = isAtOnce ? ' within one pull() or transform()' : ', of which it was not asked for any';
  const message = `The source has enqueued ${note.over} chunks past the high-water mark${who}: ${counted(figureOf(impl, FIGURE_CHUNKS), bytes)} in the queue.`;
  const fix = isAtOnce
    ? 'Enqueue a few chunks in each pull() and return, so that the next ones come when there is room.'
    : 'Enqueue in pull(), or stop the producer while controller.desiredSize is 0 or less; for a producer that cannot stop, use channel(), which is bounded.';
  tell(impl, { kind: 'enqueue past the mark', message, fix, bytes }, placeHere(true));
}

function leftBehind(impl: Impl, tee: Tee): void {
  const chunks = figureOf(impl, FIGURE_CHUNKS);
  const note = notes.get(impl)!;
  note.over += 1;
  if (note.over % SOME !== 0) return;
  const bytes = bytesHeld(impl);
  if (chunks < MANY_AT_ONCE / 4 && (chunks < SOME || bytes < MEGABYTE)) return;
  const other = (tee.branch1 === impl ? tee.branch2 : tee.branch1) as Impl;
  if (other.id !== 0 && figureOf(other, FIGURE_CHUNKS) > SOME) return;
  const message = `One branch of tee() is read and the other is not, so that one keeps ${counted(chunks, bytes)}.`;
  const fix =
    "Read both branches at the same pace, cancel() the one that is not needed, or use tidegate's tee(), which holds the faster one back.";
  tell(impl, { kind: 'tee branch left behind', message, fix, bytes }, placeOf(tee) ?? placeOf(impl));
}

/** Streams that are dropped while somebody could still ask something of their source. */
interface Dropped {
  isDone: boolean;
  readonly place: string | undefined;
}
const dropped = new WeakMap<object, Dropped>();
const finalizers =
  typeof FinalizationRegistry === 'function'
    ? new FinalizationRegistry<Dropped>(({ isDone, place }) => {
        if (isDone) return;
        const message =
          'A stream was made and dropped: nobody has read or cancelled it, so its source was never told to stop.';
        const fix = 'Read it to its end, or call cancel() on it (of a Response: response.body.cancel()).';
        tell(undefined, { kind: 'never consumed', message, fix, bytes: 0 }, place);
      })
    : undefined;

const isDone = (impl: object | undefined): void => {
  const one = impl && dropped.get(impl);
  if (one) one.isDone = true;
};

/** A machine has been made. */
function created(machine: object): void {
  if (machine instanceof ChannelImpl) {
    const note = notes.get(machine.stream);
    if (note) note.isChannel = true;
    isDone(machine.stream);
    watchChannel(machine, tellAt);
    return;
  }
  if (machine instanceof Tee) {
    teeing = { tee: machine, left: 2 };
    isDone(machine.source);
    return;
  }
  if (!isImpl(machine)) {
    const pipe = machine as PipeLike & { readonly promise?: object };
    isDone(pipe.source);
    if (pipe.promise === undefined) return;
    noteWork(pipe);
    noteGiven(pipe.promise, 'pipeTo()', () => placeOf(pipe));
    return;
  }
  const note: Notes = {
    over: 0,
    isNew: true,
    isChannel: false,
    isTold: false,
    tee: teeing?.tee,
    chunks: 0,
    rises: 0,
    lock: undefined,
    chunksOut: 0,
    lockedAt: 0,
  };
  if (teeing !== undefined && --teeing.left === 0) teeing = undefined;
  notes.set(machine, note);
  watchQueue(machine);
  if (isWritable(machine) && seesRejections()) noteClose(machine);
  const place = placeOf(machine);
  if (!isWritable(machine) && note.tee === undefined && place !== undefined && !isByHost(machine)) {
    const one = { isDone: false, place };
    dropped.set(machine, one);
    observe(machine, () => (one.isDone = true));
  }
  // Its source is not yet known.
  Promise.resolve().then(() => {
    note.isNew = false;
    if (!isWritable(machine)) watchDrop(machine);
  });
}

/** Tells if the stream is collected as garbage before it has ended. */
function watchDrop(impl: ReadableImpl | ByteReadableImpl): void {
  const one = dropped.get(impl);
  // What `cancel` is undefined of has nothing to stop; the readable side of a transform has no source of its own.
  if (one === undefined || one.isDone || impl.cancel === undefined || impl.transform !== undefined) return;
  finalizers?.register(impl, one);
}

function watchQueue(impl: Impl): void {
  if (!(impl instanceof ByteReadableImpl)) {
    impl.queue = new WatchedFifo(impl);
    return;
  }
  const { addEntry } = ByteReadableImpl.prototype;
  impl.addEntry = function (entry) {
    addEntry.call(this, entry);
    if (report !== undefined) came(this);
  };
}

/** A lock has been taken. */
function locked(lock: object): void {
  const { stream } = lock as { stream?: object };
  isDone(stream);
  if (lock instanceof WriterImpl && seesRejections()) noteWrites(lock);
  const note = stream && notes.get(stream);
  const figures = note && figuresOf(stream as Impl);
  if (figures === undefined) return;
  note!.lock = lock;
  note!.lockedAt = now();
  note!.chunksOut = figures.chunksIn - figures.chunks;
}

/** A stream has been looked at. */
function looked(impl: Impl, at: number): void {
  const note = notes.get(impl);
  const figures = figuresOf(impl);
  if (note === undefined || figures === undefined || note.isTold || report === undefined) return;
  const { chunks, highWaterMark, size } = figures;
  const grows = chunks >= MANY && chunks > note.chunks && (highWaterMark === Infinity || size > 2 * highWaterMark);
  note.rises = grows ? note.rises + 1 : 0;
  note.chunks = chunks;
  if (note.rises >= LOOKS && !note.isChannel) {
    const bytes = bytesHeld(impl);
    const message = `A queue grows and grows: it has ${counted(chunks, bytes)}, and its high-water mark is ${highWaterMark}.`;
    const fix = 'Produce no more while desiredSize is 0 or less, and give the queue a finite highWaterMark.';
    tell(impl, { kind: 'queue grows', message, fix, bytes }, placeOf(impl));
    return;
  }
  if (!isWritable(impl)) readsNot(impl, note, at, figures.chunksIn - chunks, chunks);
}

/** Whether a reader holds the lock and does not read what is there. */
function readsNot(impl: Impl, note: Notes, at: number, chunksOut: number, chunks: number): void {
  const { lock } = reportStream(impl, at);
  const holder = isWritable(impl) ? undefined : impl.reader;
  const isReader = lock?.holder === 'reader' || lock?.holder === 'byob reader';
  if (!isReader || holder !== note.lock) return;
  if (chunksOut !== note.chunksOut) note.lockedAt = Infinity; // it has read
  if (chunks === 0 || at - note.lockedAt < limits.unreadFor || runOfStream(impl) !== undefined) return;
  const bytes = bytesHeld(impl);
  const message = `A reader has held the lock of a stream for ${duration(at - note.lockedAt)} and read nothing of ${counted(chunks, bytes)} in the queue.`;
  const fix = 'Read until done, or cancel() the stream and releaseLock().';
  tell(impl, { kind: 'lock never read', message, fix, bytes }, lock.takenAt);
}

/** A pipeline has been looked at; `late` says by how much the look came too late. */
function lookedAtRun(run: RunWatch, late: number): void {
  const calls = run.parts.map((one) => one.calls.takeLongest());
  const isKnown = calls.some((call) => call >= limits.holdFor);
  for (const [n, one] of run.parts.entries()) {
    const call = calls[n]!;
    const hold = one.holds.takeLongest();
    // How long a function had a chunk tells what it did to the thread only if that was held, and not by the call of another part.
    const held = call > 0 || isKnown ? call : Math.min(hold, late);
    if (late >= limits.holdFor) one.calls.timeAll();
    if (held < limits.holdFor || ++one.longCalls < TIMES) continue;
    const part = nameOf(one);
    const message = `${part.charAt(0).toUpperCase()}${part.slice(1)} keeps the thread for long, ${duration(held)} in its last call, so nothing else can run.`;
    const fix = 'Do less in one call, await something now and then, or run it in a worker (codecs: worker: true).';
    tell(undefined, { kind: 'thread held', message, fix, bytes: 0, part }, run.place);
  }
}

/** Begins to watch, or goes on with other limits; returns what ends it. */
export function watchMistakes(bounds: Limits, tellFound: (found: Found) => void): () => void {
  limits = bounds;
  report = tellFound;
  listenToStreams({ created, locked, isLazy: isDone, looked }, bounds.lookEvery);
  listenToRuns({
    owns: isDone,
    promised(promise, run) {
      noteWork(run);
      noteGiven(promise, 'pipeline()', () => run.place);
    },
    watched: (call, part) => watchWork(call, part, tellAt) as typeof call,
    looked: lookedAtRun,
  });
  stopListening?.();
  stopListening = watchRejections(tellAt);
  return () => {
    if (report !== tellFound) return;
    report = undefined;
    stopListening?.();
    keepPlaces(false);
    listenToStreams(undefined);
    listenToRuns(undefined);
  };
}
