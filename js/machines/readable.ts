/**
 * Readable streams: the JavaScript values that belong to one id of the core, and the operations of
 * https://streams.spec.whatwg.org/#rs-abstract-ops on them.
 */
import { broken, repair, tellOfCrash } from '../runtime/broken.js';
import { core } from '../core/module.js';
import { drop, dropAll } from './discard.js';
import {
  BAD_SIZE,
  HAS_SIZE,
  NO_PULL,
  R_CALL_PULL,
  R_CHUNK,
  R_CLOSE,
  R_FULFILL,
  R_NEED_SIZE,
  R_QUEUED,
  R_SETTLE_PULL,
  R_WAKE_WRITE,
  REFUSED,
  STALE,
} from '../core/effects.js';
import { Fifo } from '../runtime/fifo.js';
import { isolate, noop, promiseReject, promiseResolve, promiseThen, resolved } from '../runtime/intrinsics.js';
import { schedule } from '../runtime/jobs.js';
import { tellObservers } from './observers.js';
import { Owners } from '../core/owners.js';
import { PENDING } from './pending.js';
import type { ReadableEffects } from '../core/effects.js';
import type { Callback } from '../runtime/webidl.js';
import type { OnDrop, ReadablePart, ReadableLock, ReadRequest, TransformPart } from './parts.js';

export const READABLE = 0;
export const CLOSED = 1;
export const ERRORED = 2;

/** The effects that `applyReadable` carries out. */
export const FOLLOW_UP = R_CLOSE | R_CALL_PULL | R_WAKE_WRITE;

const owners = new Owners((id) => core.readable_free(id));

/** A stream with a default controller. `pull` and `cancel` are bound functions or undefined. */
export class ReadableImpl implements ReadablePart {
  declare id: number;
  declare state: 0 | 1 | 2;
  declare storedError: unknown;
  declare reader: ReadableLock | undefined;
  declare disturbed: boolean;
  declare queue: Fifo<unknown> | undefined;
  declare size: Callback | undefined;
  declare pull: (() => unknown) | undefined;
  declare cancel: ((reason: unknown) => unknown) | undefined;
  declare controller: unknown;
  declare transform: TransformPart | undefined;
  declare onDrop: OnDrop | undefined;
  declare onPulled: (() => void) | undefined;
  declare onPullFailed: ((error: unknown) => void) | undefined;

  constructor(
    highWaterMark: number,
    size: Callback | undefined,
    pull: (() => unknown) | undefined,
    cancel: ((reason: unknown) => unknown) | undefined,
  ) {
    this.state = READABLE;
    this.storedError = undefined;
    this.reader = undefined;
    /** [[disturbed]] */
    this.disturbed = false;
    this.queue = new Fifo();
    this.size = size;
    this.pull = pull;
    this.cancel = cancel;
    this.controller = undefined;
    this.transform = undefined;
    this.onDrop = undefined;
    this.onPulled = undefined;
    this.onPullFailed = undefined;
    this.id = this.createSlot(highWaterMark);
  }

  createSlot(highWaterMark: number): number {
    const flags = (this.size === undefined ? 0 : HAS_SIZE) | (this.pull === undefined ? NO_PULL : 0);
    const id = core.readable_new(highWaterMark, flags);
    if (id === 0) throw new RangeError('ReadableStream: too many live streams; close or cancel some');
    owners.add(this, id);
    return id;
  }

  get isByteStream(): boolean {
    return false;
  }

  /** Report: the start algorithm fulfilled. */
  reportStarted(): ReadableEffects {
    return core.readable_started(this.id);
  }

  /** Report: the pull algorithm's promise fulfilled. */
  reportPulled(): ReadableEffects {
    return core.readable_pull_settled(this.id);
  }

  /** Ends the machine, as the stream errors or is cancelled. */
  endSlot(): void {
    core.readable_error(this.id);
  }

  /** [[PullSteps]]: `reader` is the lock that `request` belongs to. */
  pullSteps(reader: ReadableLock, request: ReadRequest): void {
    try {
      const effects = core.readable_read(this.id);
      if (effects & R_CHUNK) {
        const chunk = this.queue!.shift();
        if (effects & FOLLOW_UP) applyReadable(this, effects);
        request.chunkSteps(chunk);
      } else {
        reader.addRequest(request);
        if (effects & FOLLOW_UP) applyReadable(this, effects);
      }
    } catch (error) {
      const { list, length } = broken;
      list[length] = this;
      list[length + 1] = this.id;
      list[length + 2] = error;
      list[length + 3] = undefined;
      broken.length = length + 4;
      this.id = 0;
      resolved.react(repair);
      throw error;
    }
  }

  /** What [[CancelSteps]] of the controller does before it calls the source's `cancel`. */
  cancelSteps(): void {
    const { queue } = this;
    this.queue = undefined;
    dropAll(this, queue);
  }

  /** [[ReleaseSteps]] */
  releaseSteps(): void {
    core.readable_release(this.id);
  }

  /** See broken.js. */
  crash(error: unknown): void {
    const { cancel, transform, queue } = this;
    this.endSlot();
    if (this.state === READABLE) {
      this.state = ERRORED;
      this.storedError = error;
    }
    this.queue = undefined;
    this.clear();
    this.reader?.crash(error);
    dropAll(this, queue);
    tellObservers(this);
    if (transform !== undefined) {
      this.transform = undefined;
      transform.crash(error);
    }
    tellOfCrash(cancel, error);
  }

  /** Drops what only a live stream needs. */
  clear(): void {
    owners.drop(this);
    this.id = 0;
    this.size = undefined;
    this.pull = undefined;
    this.cancel = undefined;
  }
}

isolate(ReadableImpl);

/** Applies the effects that concern the whole stream. */
export function applyReadable(stream: ReadablePart, effects: ReadableEffects): void {
  if (effects & R_CLOSE) closeStream(stream);
  if (effects & R_CALL_PULL) callPull(stream);
  else if (effects & R_WAKE_WRITE) stream.transform!.wake();
}

/** Waits for the start algorithm's `result`, then lets the stream pull. */
export function afterReadableStart(stream: ReadablePart, result: unknown): void {
  if (result === undefined) {
    schedule(started, stream);
  } else {
    promiseThen(
      promiseResolve(result),
      () => started(stream),
      (error) => errorStream(stream, error),
    );
  }
}

function started(stream: ReadablePart): void {
  applyReadable(stream, stream.reportStarted());
}

export function callPull(stream: ReadablePart): void {
  const pull = stream.pull!;
  let result;
  try {
    result = pull();
  } catch (error) {
    result = promiseReject(error);
  }
  if (result === undefined) {
    const lock = stream.reader;
    if (lock === undefined) schedule(pullSettled, stream);
    else lock.afterPull(stream);
  } else if (result !== PENDING) {
    stream.onPulled ??= () => pullSettled(stream);
    stream.onPullFailed ??= (error) => errorStream(stream, error);
    try {
      promiseThen(promiseResolve(result), stream.onPulled, stream.onPullFailed);
    } catch (error) {
      const { list, length } = broken;
      list[length] = stream;
      list[length + 1] = stream.id;
      list[length + 2] = error;
      list[length + 3] = result;
      broken.length = length + 4;
      stream.id = 0;
      throw error;
    }
  }
}

export function pullSettled(stream: ReadablePart): void {
  const effects = stream.reportPulled();
  if (effects & FOLLOW_UP) applyReadable(stream, effects);
}

/** https://streams.spec.whatwg.org/#readable-stream-close, once the core has closed. */
export function closeStream(stream: ReadablePart): void {
  try {
    stream.state = CLOSED;
    stream.clear();
    stream.reader?.onClose();
    tellObservers(stream);
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

/** https://streams.spec.whatwg.org/#readable-stream-default-controller-error; nothing where the stream has ended. */
export function errorStream(stream: ReadablePart, error: unknown): void {
  if (stream.state !== READABLE) return;
  try {
    stream.endSlot();
    stream.state = ERRORED;
    stream.storedError = error;
    const { queue } = stream;
    stream.queue = undefined;
    stream.clear();
    stream.reader?.onError(error);
    dropAll(stream, queue);
    tellObservers(stream);
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

/** https://streams.spec.whatwg.org/#readable-stream-cancel */
export function cancelReadable(stream: ReadablePart, reason: unknown): Promise<undefined> {
  stream.disturbed = true;
  if (stream.state === CLOSED) return promiseResolve(undefined);
  if (stream.state === ERRORED) return promiseReject(stream.storedError);
  let { cancel } = stream;
  let result;
  try {
    stream.endSlot();
    closeStream(stream);
    stream.cancelSteps();
    const called = cancel;
    cancel = undefined;
    try {
      result = called === undefined ? undefined : called(reason);
    } catch (error) {
      result = promiseReject(error);
    }
    return promiseThen(result === undefined ? resolved : promiseResolve(result), noop as () => undefined);
  } catch (error) {
    stream.cancel = cancel;
    const { list, length } = broken;
    list[length] = stream;
    list[length + 1] = stream.id;
    list[length + 2] = error;
    list[length + 3] = result;
    broken.length = length + 4;
    stream.id = 0;
    resolved.react(repair);
    throw error;
  }
}

/**
 * https://streams.spec.whatwg.org/#readable-stream-default-controller-enqueue. Returns false if the stream is closing,
 * closed or errored. Throws what `size` throws, and a RangeError if `size` returns an invalid size.
 */
export function enqueue(stream: ReadableImpl, chunk: unknown): boolean {
  try {
    const effects = core.readable_enqueue(stream.id);
    if (!(effects & R_NEED_SIZE)) {
      carryEnqueued(stream, chunk, effects);
      return (effects & (REFUSED | STALE)) === 0;
    }
    carryEnqueued(stream, chunk, commitSize(stream, chunk));
    return true;
  } catch (error) {
    if (error === broken.expected) throw error;
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

/** Carries out what an enqueue of `chunk` asks for. */
export function carryEnqueued(stream: ReadableImpl, chunk: unknown, effects: ReadableEffects): void {
  if (effects & R_QUEUED) stream.queue!.push(chunk);
  else if (effects & R_FULFILL) stream.reader!.fulfill(chunk, effects);
  else drop(stream, chunk);
  if (effects & (R_SETTLE_PULL | FOLLOW_UP)) {
    if (effects & FOLLOW_UP) applyReadable(stream, effects);
    if (effects & R_SETTLE_PULL) stream.transform!.settlePull();
  }
}

function commitSize(stream: ReadableImpl, chunk: unknown): ReadableEffects {
  const sizeAlgorithm = stream.size!;
  let size;
  try {
    size = +(sizeAlgorithm(chunk) as number);
  } catch (error) {
    drop(stream, chunk);
    errorStream(stream, error);
    throw (broken.expected = error);
  }
  const effects =
    stream.transform === undefined
      ? core.readable_enqueue_commit(stream.id, size)
      : core.transform_enqueue_commit(stream.id, stream.transform.writable.id, size);
  if (effects & BAD_SIZE) {
    const error = new RangeError(`size(): the chunk's size must be a finite number that is not negative, got ${size}`);
    drop(stream, chunk);
    errorStream(stream, error);
    throw (broken.expected = error);
  }
  return effects;
}

/** https://streams.spec.whatwg.org/#readable-stream-default-controller-close; false where the stream is closing or has ended. */
export function closeReadable(stream: ReadableImpl): boolean {
  try {
    const effects = core.readable_close(stream.id);
    if (effects & R_CLOSE) closeStream(stream);
    return (effects & (REFUSED | STALE)) === 0;
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

/** https://streams.spec.whatwg.org/#readable-stream-default-controller-get-desired-size */
export function readableDesiredSize(stream: ReadableImpl): number | null {
  if (stream.state === ERRORED) return null;
  if (stream.state === CLOSED) return 0;
  return core.readable_desired_size(stream.id);
}
