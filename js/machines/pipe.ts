/**
 * https://streams.spec.whatwg.org/#readable-stream-pipe-to. A pipe is the reader of the source and the writer of the
 * destination in one object. The core decides its next action; this file moves the chunks.
 */
import { broken, repair } from '../runtime/broken.js';
import { core } from '../core/module.js';
import { drop } from './discard.js';
import {
  BYTE_SOURCE,
  COUNTED,
  P_ABORT_BOTH,
  P_ABORT_DESTINATION,
  P_ACTION_MASK,
  P_BEGIN_DRAINING,
  P_BY_DESTINATION_CLOSE,
  P_BY_DESTINATION_ERROR,
  P_BY_SIGNAL,
  P_BY_SOURCE_CLOSE,
  P_BY_SOURCE_ERROR,
  P_CANCEL_CLOSED,
  P_CANCEL_SOURCE,
  P_CLOSE_DESTINATION,
  P_DRAINING,
  P_FINISH,
  P_FULL,
  P_MOVE,
  P_READ,
  P_SOURCE_SHIFT,
  P_TAKEN,
  P_WAIT,
  P_WRITTEN,
  PAUSE_MEMORY,
  PAUSE_TURN,
  PREVENT_ABORT,
  PREVENT_CANCEL,
  R_CALL_PULL,
  R_WAKE_WRITE,
  REFUSED,
  STALE,
  W_BACKPRESSURE,
} from '../core/effects.js';
import {
  abortReasonOf,
  Deferred,
  isAborted,
  listen,
  promiseResolve,
  resolved,
  unlisten,
  upon,
} from '../runtime/intrinsics.js';
import { schedule, scheduleAfter, scheduleInPipe, scheduleInPlaceOf } from '../runtime/jobs.js';
import { Owners } from '../core/owners.js';
import {
  applyReadable,
  cancelReadable,
  CLOSED,
  ERRORED,
  errorStream,
  FOLLOW_UP,
  pullSettled,
  READABLE,
} from './readable.js';
import { isOver, nextTask } from '../runtime/slice.js';
import {
  abortWritable,
  acceptTaken,
  applyWritable,
  callWrite,
  chunkSize,
  CLOSED as W_CLOSED,
  ERRORED as W_ERRORED,
  finishPipedWrite,
  queueWrite,
  reportTransformed,
  reportWritten,
  WRITABLE,
  writeSettled,
} from './writable.js';
import { WriterImpl } from './writer.js';
import type { PipeAnswer, ReadableEffects, WritableEffects } from '../core/effects.js';
import type { ReadableLock, ReadablePart, ReadRequest, TransformPart, WritableLock, WritablePart } from './parts.js';

const owners = new Owners((id) => core.pipe_free(id));

const READABLE_END = { [READABLE]: 0, [CLOSED]: 1, [ERRORED]: 2 };

class Pipe extends Deferred<undefined> implements ReadableLock, WritableLock, ReadRequest {
  declare id: number;
  declare source: ReadablePart;
  declare destination: WritablePart;
  declare flags: number;
  declare turns: boolean;
  declare signal: AbortSignal | undefined;
  declare onAbort: (() => void) | undefined;
  declare held: unknown;
  declare begun: unknown;
  declare shuttingDown: boolean;
  declare failed: boolean;
  declare error: unknown;
  declare yieldAfter: number | undefined;
  declare yielding: boolean;
  declare onSourceError: ((error: unknown) => void) | undefined;

  constructor(source: ReadablePart, destination: WritablePart, flags: number, signal: AbortSignal | undefined) {
    super();
    this.source = source;
    this.destination = destination;
    this.flags =
      flags | (source.isByteStream ? BYTE_SOURCE : this.countsChunks && destination.size === undefined ? COUNTED : 0);
    /**
     * Whether a pull and a write that complete together are reported together (`turned`). The pull of a byte source
     * belongs to another machine.
     */
    this.turns = !source.isByteStream;
    this.signal = signal;
    this.onAbort = undefined;
    /** A chunk that is to be written. */
    this.held = undefined;
    /** A chunk whose write has begun in the core, and that the sink is to be called with. */
    this.begun = undefined;
    this.shuttingDown = false;
    this.failed = false;
    this.error = undefined;
    /** Milliseconds after which it yields the thread; undefined: never, as in the standard. */
    this.yieldAfter = undefined;
    this.yielding = false;
    /** Called with the source's error at once, while the pipe itself waits for the pending writes. */
    this.onSourceError = undefined;
    const destinationEnd = destination.state === W_CLOSED ? 1 : destination.state === W_ERRORED ? 2 : 0;
    this.id = 0;
    try {
      this.id = core.pipe_new(source.id, READABLE_END[source.state], destination.id, destinationEnd, this.flags);
      if (this.id === 0) throw (broken.expected = new RangeError('pipeTo(): too many live pipes; end some'));
      owners.add(this, this.id);
    } catch (error) {
      if (error === broken.expected) throw error;
      const { list, length } = broken;
      list[length] = this;
      list[length + 1] = this.id;
      list[length + 2] = error;
      list[length + 3] = this.promise;
      broken.length = length + 4;
      this.id = 0;
      resolved.react(repair);
      throw error;
    }
    source.reader = this;
    source.disturbed = true;
    destination.writer = this;
  }

  /** See broken.js. */
  crash(error: unknown): void {
    const { source, destination, id } = this;
    this.id = 0;
    core.pipe_free(id);
    owners.drop(this);
    if (destination.writer === this) destination.writer = undefined;
    if (source.reader === this) source.reader = undefined;
    this.shuttingDown = true;
    if (this.onAbort !== undefined) unlisten(this.signal!, 'abort', this.onAbort);
    this.reject(error);
    source.crash(error);
    destination.crash(error);
  }

  get joinsPulls(): boolean {
    return true;
  }

  get isByob(): boolean {
    return false;
  }

  /** Whether chunks may go to a destination that counts them without passing through `write`. */
  get countsChunks(): boolean {
    return true;
  }

  // The source's reader.

  addRequest(): void {}

  /** `taken`: the core's result if it has accepted the chunk (`P_TAKEN` and its flags). */
  fulfill(chunk: unknown, taken: number = 0): void {
    if ((taken & P_TAKEN) === 0) {
      this.chunkSteps(chunk);
      return;
    }
    if (this.yieldAfter !== undefined) this.count(chunk);
    if (acceptTaken(this.destination, chunk, taken)) {
      this.begun = chunk;
      scheduleInPipe(callBegun, this);
    }
  }

  chunkSteps(chunk: unknown): void {
    if (this.yieldAfter !== undefined) this.count(chunk);
    this.held = chunk;
    if (this.flags & BYTE_SOURCE) core.pipe_fulfilled(this.id);
    scheduleInPipe(writeHeld, this);
  }

  /** Counts a chunk. If the time slice is over, the pipe reads no more before the next task. */
  count(_chunk: unknown): void {
    if (this.yielding || !isOver(this.yieldAfter!)) return;
    this.yielding = true;
    core.pipe_pause(this.id, PAUSE_TURN, true);
    nextTask(goOnAfterYield, this);
  }

  closeSteps(): void {}

  /**
   * A read failed by itself, because a byte source could not allocate its automatic buffer: the source cannot continue.
   */
  errorSteps(error: unknown): void {
    errorStream(this.source, error);
  }

  onClose(): void {
    core.pipe_source_ended(this.id, 1);
    schedule(advance, this);
  }

  onError(): void {
    core.pipe_source_ended(this.id, 2);
    schedule(advance, this);
    if (this.onSourceError !== undefined) schedule(reportSourceError, this);
  }

  // The destination's writer.

  onBackpressure(): void {}

  onReady(): void {}

  onRoom(): void {
    advance(this);
  }

  /** The source's pull has returned without a promise to wait for. */
  afterPull(stream: ReadablePart): void {
    if (!this.turns || !scheduleInPlaceOf(writeSettled, this.destination, turned, this))
      scheduleAfter(pullSettled, stream);
  }

  /** The pipe asks for the next value in a microtask of its own anyway. */
  afterValue(stream: ReadablePart): void {
    pullSettled(stream);
  }

  afterAnswer(transform: TransformPart): void {
    if (!transform.joinPull()) scheduleInPipe(pullSettled, transform.readable);
  }

  /** The sink's write has returned without a promise to wait for. */
  afterWrite(stream: WritablePart): void {
    if (!this.turns || !scheduleInPlaceOf(pullSettled, this.source, turned, this)) scheduleAfter(writeSettled, stream);
  }

  /** The write under way is done. */
  reportWritten(stream: WritablePart): void {
    if (this.shuttingDown) reportWritten(stream);
    else applyWritten(stream, this, core.pipe_write_settled(this.id));
  }

  reportTransformed({ readable, writable }: TransformPart): void {
    if (this.shuttingDown) reportTransformed(readable, writable);
    else applyWritten(writable, this, core.transform_settled(readable.id, writable.id, this.id));
  }

  later<Target>(job: (target: Target) => void, target: Target): void {
    scheduleInPipe(job, target);
  }

  /** Performs the action in `answer` and those that follow from it. */
  goOn(answer: PipeAnswer): void {
    if (carryOut(this, answer)) advance(this);
  }

  onErroring(): void {}

  onWriteSettled(): void {
    if (this.shuttingDown) schedule(advance, this);
  }

  onClosed(): void {
    core.pipe_destination_ended(this.id, 1);
    schedule(advance, this);
  }

  onErrored(): void {
    core.pipe_destination_ended(this.id, 2);
    schedule(advance, this);
  }

  /** Writes a chunk. Returns false if the destination has no room for another; it will notify the pipe. */
  write(chunk: unknown): boolean {
    const destination = this.destination;
    const size = destination.size === undefined ? 1 : chunkSize(destination, chunk);
    const effects = core.pipe_write(this.id, size);
    if (!(effects & (REFUSED | STALE))) queueWrite(destination, chunk, size, undefined, effects);
    else drop(destination.onDrop === undefined ? this.source : destination, chunk);
    return (effects & W_BACKPRESSURE) === 0;
  }

  /** Stores the reason for the end of the pipe, as of the start of its shutdown. */
  beginShutdown(answer: PipeAnswer): void {
    if (this.shuttingDown) return;
    this.shuttingDown = true;
    if (answer & P_BY_SOURCE_CLOSE) return;
    this.failed = true;
    if (answer & P_BY_SOURCE_ERROR) this.error = this.source.storedError;
    else if (answer & P_BY_DESTINATION_ERROR) this.error = this.destination.storedError;
    else if (answer & P_BY_SIGNAL) this.error = abortReasonOf(this.signal!);
    else if (answer & P_BY_DESTINATION_CLOSE)
      this.error = new TypeError('pipeTo(): the destination closed before all chunks were piped to it');
  }

  /** https://streams.spec.whatwg.org/#rs-pipeTo-shutdown-with-action */
  act(answer: PipeAnswer): void {
    this.beginShutdown(answer);
    let action: Promise<undefined> | undefined;
    switch (answer & P_ACTION_MASK) {
      case P_ABORT_DESTINATION:
        action = abortWritable(this.destination, this.error);
        break;
      case P_CANCEL_SOURCE:
      case P_CANCEL_CLOSED:
        action = cancelReadable(this.source, this.error);
        break;
      case P_CLOSE_DESTINATION:
        action = WriterImpl.closeWithErrorPropagation(this.destination);
        break;
      case P_ABORT_BOTH:
        action = this.abortBoth();
        break;
      case P_FINISH:
        this.finish();
        return;
    }
    upon(
      action,
      () => this.finish(),
      (error) => {
        this.failed = true;
        this.error = error;
        this.finish();
      },
    );
  }

  abortBoth(): Promise<undefined> {
    const { source, destination, flags, error } = this;
    const aborted =
      !(flags & PREVENT_ABORT) && destination.state === WRITABLE
        ? abortWritable(destination, error)
        : promiseResolve(undefined);
    const cancelled =
      !(flags & PREVENT_CANCEL) && source.state === READABLE
        ? cancelReadable(source, error)
        : promiseResolve(undefined);
    const both = new Deferred<undefined>();
    let left = 2;
    const one = () => {
      if (--left === 0) both.resolve(undefined);
    };
    upon(aborted, one, both.reject);
    upon(cancelled, one, both.reject);
    return both.promise;
  }

  /** https://streams.spec.whatwg.org/#rs-pipeTo-finalize */
  finish(): void {
    core.pipe_free(this.id);
    this.id = 0;
    owners.drop(this);
    this.destination.writer = undefined;
    if (this.source.isByteStream) this.source.releaseSteps();
    this.source.reader = undefined;
    if (this.onAbort !== undefined) unlisten(this.signal!, 'abort', this.onAbort);
    if (this.failed) this.reject(this.error);
    else this.resolve(undefined);
  }
}

/** A pipe that reports every chunk before it is written, and can be paused. */
class WatchedPipe extends Pipe {
  onChunk: ((chunk: unknown) => void) | undefined = undefined;

  override get countsChunks(): boolean {
    return false;
  }

  override write(chunk: unknown): boolean {
    this.onChunk?.(chunk);
    return super.write(chunk);
  }

  pause(): void {
    core.pipe_pause(this.id, PAUSE_MEMORY, true);
  }

  resume(): void {
    core.pipe_pause(this.id, PAUSE_MEMORY, false);
    schedule(advance, this);
  }
}

/** Applies the core's result for the report that a write of `pipe` is done. */
function applyWritten(stream: WritablePart, pipe: Pipe, answer: PipeAnswer | WritableEffects): void {
  if (answer & P_WRITTEN) {
    finishPipedWrite(stream);
    pipe.goOn(answer as PipeAnswer);
  } else {
    applyWritable(stream, answer as WritableEffects, undefined);
  }
}

const PULLED = (R_CALL_PULL | R_WAKE_WRITE) << P_SOURCE_SHIFT;

/** The pull of a pipe's source and the write of its destination are done. */
function turned(pipe: Pipe): void {
  const { source, destination } = pipe;
  if (source.reader !== pipe || destination.writer !== pipe || pipe.shuttingDown) {
    pullSettled(source);
    writeSettled(destination);
    return;
  }
  const answer = core.pipe_turned(pipe.id);
  const action = answer & P_ACTION_MASK;
  // A move and a read carry out what the pull's end asks for with what they ask of the source themselves.
  const isCarriedOut = (answer & P_WRITTEN) !== 0 && (action === P_MOVE || action === P_READ);
  if (answer & PULLED && !isCarriedOut) applyReadable(source, (answer >>> P_SOURCE_SHIFT) as ReadableEffects);
  if (answer & P_WRITTEN) applyWritten(destination, pipe, answer);
  else if ((answer & STALE) === 0) applyWritable(destination, (answer & ~PULLED) as WritableEffects, undefined);
}

function reportSourceError(pipe: Pipe): void {
  pipe.onSourceError!(pipe.source.storedError);
}

function goOnAfterYield(pipe: Pipe): void {
  pipe.yielding = false;
  core.pipe_pause(pipe.id, PAUSE_TURN, false);
  advance(pipe);
}

/** In a microtask, as the page's enqueue() must not call a sink. */
function callBegun(pipe: Pipe): void {
  const chunk = pipe.begun;
  pipe.begun = undefined;
  callWrite(pipe.destination, chunk);
}

function writeHeld(pipe: Pipe): void {
  const chunk = pipe.held;
  pipe.held = undefined;
  if (pipe.write(chunk)) advance(pipe);
}

/** Runs the pipe until it must wait. Runs in a microtask, never inside a call of user code. */
function advance(pipe: Pipe): void {
  while (carryOut(pipe, core.pipe_next(pipe.id)));
}

/** Performs the action that the core returned. Returns true if there may be another one to perform at once. */
function carryOut(pipe: Pipe, answer: PipeAnswer): boolean {
  switch (answer & P_ACTION_MASK) {
    case P_WAIT:
    case P_DRAINING:
      return false;
    case P_MOVE: {
      const { source, destination } = pipe;
      const chunk = source.queue!.shift();
      if (pipe.yieldAfter !== undefined) pipe.count(chunk);
      const effects = (answer >>> P_SOURCE_SHIFT) as ReadableEffects;
      if ((answer & P_TAKEN) === 0) {
        if (effects & FOLLOW_UP) applyReadable(source, effects);
        return pipe.write(chunk);
      }
      const begins = acceptTaken(destination, chunk, answer);
      if (effects & FOLLOW_UP) applyReadable(source, effects);
      if (begins) callWrite(destination, chunk);
      return (answer & P_FULL) === 0;
    }
    case P_READ:
      if (pipe.flags & BYTE_SOURCE) pipe.source.pullSteps(pipe, pipe);
      else if ((answer >>> P_SOURCE_SHIFT) & FOLLOW_UP)
        applyReadable(pipe.source, (answer >>> P_SOURCE_SHIFT) as ReadableEffects);
      return false;
    case P_BEGIN_DRAINING:
      pipe.beginShutdown(answer);
      schedule(advance, pipe);
      return false;
    default:
      pipe.act(answer);
      return false;
  }
}

/**
 * Pipes `source` into `destination`, neither of which is locked. `flags`: the `PREVENT_*` bits; `onSourceError(error)`
 * is called a microtask after the source has failed; `yieldAfter` is how many milliseconds it may keep the thread
 * (undefined: for ever). Returns the promise of pipeTo().
 */
export function pipeTo(
  source: ReadablePart,
  destination: WritablePart,
  flags: number,
  signal: AbortSignal | undefined,
  onSourceError?: (error: unknown) => void,
  yieldAfter?: number,
): Promise<undefined> {
  const pipe = new Pipe(source, destination, flags, signal);
  pipe.onSourceError = onSourceError;
  pipe.yieldAfter = yieldAfter;
  return begin(pipe).promise;
}

/**
 * The same as an object with the `promise`, `pause()` and `resume()`, which calls `onChunk(chunk)`, if any, with every
 * chunk before it is written.
 */
export function watchedPipe(
  source: ReadablePart,
  destination: WritablePart,
  flags: number,
  signal: AbortSignal | undefined,
  onSourceError: ((error: unknown) => void) | undefined,
  yieldAfter: number | undefined,
  onChunk: ((chunk: unknown) => void) | undefined,
): WatchedPipe {
  const pipe = new WatchedPipe(source, destination, flags, signal);
  pipe.onSourceError = onSourceError;
  pipe.yieldAfter = yieldAfter;
  pipe.onChunk = onChunk;
  return begin(pipe);
}

function begin<Kind extends Pipe>(pipe: Kind): Kind {
  try {
    listenAndStart(pipe);
    return pipe;
  } catch (error) {
    const { list, length } = broken;
    list[length] = pipe;
    list[length + 1] = pipe.id;
    list[length + 2] = error;
    list[length + 3] = pipe.promise;
    broken.length = length + 4;
    pipe.id = 0;
    resolved.react(repair);
    throw error;
  }
}

function listenAndStart(pipe: Pipe): void {
  const { source, destination, signal } = pipe;
  if (signal !== undefined) {
    const onAbort = () => {
      try {
        carryOut(pipe, core.pipe_signalled(pipe.id));
      } catch (error) {
        const { list, length } = broken;
        list[length] = pipe;
        list[length + 1] = pipe.id;
        list[length + 2] = error;
        list[length + 3] = undefined;
        broken.length = length + 4;
        pipe.id = 0;
        resolved.react(repair);
        // Whoever aborts is not told: an event's listener cannot fail.
      }
    };
    if (isAborted(signal)) {
      onAbort();
      return;
    }
    pipe.onAbort = onAbort;
    listen(signal, 'abort', onAbort);
  }
  // A side that has ended shuts the pipe down at once; chunks move in a microtask.
  if (source.state !== READABLE || destination.state !== WRITABLE || destination.closeRequest !== undefined)
    advance(pipe);
  else schedule(advance, pipe);
}

/**
 * The same without a microtask before the first chunk, for a destination that runs no user code. So a source that has
 * not started yet is pulled once for its first chunk.
 */
export function pipeAtOnce(source: ReadablePart, destination: WritablePart): Promise<undefined> {
  const pipe = new Pipe(source, destination, 0, undefined);
  advance(pipe);
  return pipe.promise;
}
