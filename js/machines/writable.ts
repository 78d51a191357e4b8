/**
 * Writable streams: the JavaScript values that belong to one id of the core, and the operations of
 * https://streams.spec.whatwg.org/#ws-all-abstract-ops on them.
 */
import { broken, repair, tellOfCrash } from '../runtime/broken.js';
import { core } from '../core/module.js';
import { drop, dropAll } from './discard.js';
import {
  BAD_SIZE,
  P_BEGIN,
  P_HOLD,
  REFUSED,
  W_ABORT_PENDING,
  W_BACKPRESSURE,
  W_CALL_ABORT,
  W_CALL_CLOSE,
  W_CALL_WRITE,
  W_CLEAR,
  W_FINISH_ERRORING,
  W_HOLD_WRITE,
  W_QUEUED,
  W_READY,
  W_REJECT_ABORT,
  W_REJECT_CLOSE,
  W_REJECT_CLOSED,
  W_REJECT_WRITE,
  W_RESOLVE_ABORT,
  W_RESOLVE_CLOSE,
  W_RESOLVE_WRITE,
  W_START_ERRORING,
} from '../core/effects.js';
import { Fifo } from '../runtime/fifo.js';
import {
  abortWith,
  Deferred,
  isolate,
  newAbortController,
  promiseReject,
  promiseResolve,
  promiseThen,
  resolved,
  signalOf,
  upon,
} from '../runtime/intrinsics.js';
import { schedule } from '../runtime/jobs.js';
import { tellObservers } from './observers.js';
import { Owners } from '../core/owners.js';
import { PENDING } from './pending.js';
import type { WritableEffects } from '../core/effects.js';
import type { Callback } from '../runtime/webidl.js';
import type { OnDrop, ReadablePart, TransformPart, WritableLock, WritablePart, WriteRequest } from './parts.js';

export const WRITABLE = 0;
export const CLOSED = 1;
export const ERRORED = 2;
export const ERRORING = 3;

const owners = new Owners((id) => core.writable_free(id));

/**
 * `write(chunk)`, `close()` and `abort(reason)` are bound functions or undefined; a transform's writable side has no
 * `write`.
 */
export class WritableImpl implements WritablePart {
  declare id: number;
  declare state: 0 | 1 | 2 | 3;
  declare storedError: unknown;
  declare writer: WritableLock | undefined;
  declare queue: Fifo<unknown> | undefined;
  declare writeRequests: Fifo<WriteRequest | undefined> | undefined;
  declare inFlightRequest: WriteRequest | undefined;
  declare closeRequest: WriteRequest | undefined;
  declare abortRequest: WriteRequest | undefined;
  declare abortReason: unknown;
  declare size: Callback | undefined;
  declare write: ((chunk: unknown, controller: unknown) => unknown) | undefined;
  declare close: (() => unknown) | undefined;
  declare abort: ((reason: unknown) => unknown) | undefined;
  declare controller: unknown;
  declare abortController: AbortController | undefined;
  declare transform: TransformPart | undefined;
  declare onDrop: OnDrop | undefined;
  declare onWritten: (() => void) | undefined;
  declare onWriteFailed: ((error: unknown) => void) | undefined;

  constructor(
    highWaterMark: number,
    size: Callback | undefined,
    write: ((chunk: unknown, controller: unknown) => unknown) | undefined,
    close: (() => unknown) | undefined,
    abort: ((reason: unknown) => unknown) | undefined,
  ) {
    this.state = WRITABLE;
    this.storedError = undefined;
    this.writer = undefined;
    this.queue = new Fifo();
    /** The requests of the chunks in `queue`; undefined for a write of a pipe, which does not wait for it. */
    this.writeRequests = new Fifo();
    this.inFlightRequest = undefined;
    this.closeRequest = undefined;
    this.abortRequest = undefined;
    this.abortReason = undefined;
    this.size = size;
    this.write = write;
    this.close = close;
    this.abort = abort;
    this.controller = undefined;
    this.abortController = undefined;
    this.transform = undefined;
    this.onDrop = undefined;
    this.onWritten = undefined;
    this.onWriteFailed = undefined;
    this.id = core.writable_new(highWaterMark);
    if (this.id === 0) throw new RangeError('WritableStream: too many live streams; close or abort some');
    owners.add(this, this.id);
  }

  /** See broken.js. */
  crash(error: unknown): void {
    const { abort, transform, queue, writeRequests, writer } = this;
    core.writable_free(this.id);
    this.id = 0;
    owners.drop(this);
    if (this.state !== CLOSED) {
      if (this.state === WRITABLE) this.storedError = error;
      this.state = ERRORED;
    }
    this.queue = undefined;
    this.writeRequests = undefined;
    clearAlgorithms(this);
    this.inFlightRequest?.reject(error);
    while (writeRequests?.length) writeRequests.shift()?.reject(error);
    this.closeRequest?.reject(error);
    this.abortRequest?.reject(error);
    this.inFlightRequest = this.closeRequest = this.abortRequest = this.abortReason = undefined;
    writer?.crash(error);
    dropAll(this, queue);
    tellObservers(this);
    if (transform !== undefined) {
      this.transform = undefined;
      transform.crash(error);
    }
    tellOfCrash(abort, error);
  }

  /** https://streams.spec.whatwg.org/#ws-default-controller-signal; created on first access. */
  get signal(): AbortSignal {
    return signalOf((this.abortController ??= newAbortController()));
  }
}

isolate(WritableImpl);

function clearAlgorithms(stream: WritablePart): void {
  stream.size = undefined;
  stream.write = undefined;
  stream.close = undefined;
  stream.abort = undefined;
}

/** Applies the effects that the core returned. `error` is their reason, if any. */
export function applyWritable(stream: WritablePart, effects: WritableEffects, error: unknown): void {
  const writer = stream.writer;
  if (effects & W_RESOLVE_WRITE) {
    stream.inFlightRequest?.resolve(undefined);
    afterWrite(stream);
  }
  if (effects & W_REJECT_WRITE) {
    stream.inFlightRequest?.reject(error);
    afterWrite(stream);
  }
  if (effects & W_RESOLVE_CLOSE) finishClose(stream, effects);
  if (effects & W_REJECT_CLOSE) {
    stream.closeRequest!.reject(error);
    stream.closeRequest = undefined;
    if (effects & W_REJECT_ABORT) {
      stream.abortRequest!.reject(error);
      dropAbortRequest(stream);
    }
  }
  if (effects & W_CLEAR) clearAlgorithms(stream);
  if (effects & W_START_ERRORING) {
    stream.state = ERRORING;
    stream.storedError = error;
    writer?.onErroring(error);
    dropAll(stream, stream.queue); // none of it will be written, however long the write in flight takes
  }
  if (effects & W_BACKPRESSURE) writer?.onBackpressure();
  const ready = (effects & W_READY) !== 0 && writer !== undefined;
  if (ready) writer.onReady();
  if (effects & W_FINISH_ERRORING) finishErroring(stream, effects);
  if (effects & W_CALL_WRITE) callWrite(stream, takeWrite(stream));
  else if (effects & W_HOLD_WRITE) stream.transform!.waiting = takeWrite(stream);
  else if (effects & W_CALL_CLOSE) callClose(stream);
  // A pipe answers this with a burst of writes, so it comes after the sink's call.
  if (ready) writer.onRoom();
}

/** The request in flight has been settled. */
function afterWrite(stream: WritablePart): void {
  stream.inFlightRequest = undefined;
  stream.writer?.onWriteSettled();
}

/** The abort request has been settled. */
function dropAbortRequest(stream: WritablePart): void {
  stream.abortRequest = undefined;
  stream.abortReason = undefined;
}

function finishClose(stream: WritablePart, effects: WritableEffects): void {
  stream.closeRequest!.resolve(undefined);
  stream.closeRequest = undefined;
  stream.storedError = undefined;
  if (effects & W_RESOLVE_ABORT) {
    stream.abortRequest!.resolve(undefined);
    dropAbortRequest(stream);
  }
  stream.state = CLOSED;
  stream.id = 0;
  owners.drop(stream);
  stream.writer?.onClosed();
  tellObservers(stream);
}

function finishErroring(stream: WritablePart, effects: WritableEffects): void {
  stream.state = ERRORED;
  stream.id = 0;
  owners.drop(stream);
  const error = stream.storedError;
  const requests = stream.writeRequests!;
  stream.queue = undefined;
  while (requests.length) {
    requests.peek()?.reject(error);
    requests.shift();
  }
  stream.writeRequests = undefined;
  if (effects & W_REJECT_ABORT && !(effects & W_REJECT_CLOSE)) {
    stream.abortRequest!.reject(error);
    dropAbortRequest(stream);
  }
  if (effects & W_REJECT_CLOSED) rejectCloseAndClosed(stream);
  tellObservers(stream);
  if (effects & W_CALL_ABORT) callAbort(stream);
}

/** https://streams.spec.whatwg.org/#writable-stream-reject-close-and-closed-promise-if-needed */
function rejectCloseAndClosed(stream: WritablePart): void {
  if (stream.closeRequest !== undefined) {
    stream.closeRequest.reject(stream.storedError);
    stream.closeRequest = undefined;
  }
  stream.writer?.onErrored(stream.storedError);
}

/** Takes the first chunk and its request out of the queue: the request is the one in flight. */
function takeWrite(stream: WritablePart): unknown {
  stream.inFlightRequest = stream.writeRequests!.shift();
  return stream.queue!.shift();
}

export function callWrite(stream: WritablePart, chunk: unknown): void {
  const { transform, write } = stream;
  let result;
  if (transform !== undefined) {
    result = transform.perform(chunk);
    if (result === undefined) {
      transform.settleWrite();
      return;
    }
  } else {
    result = callSink(stream, write, chunk);
    if (result === undefined || result === PENDING) return;
  }
  try {
    awaitWrite(stream, result);
  } catch (failure) {
    const { list, length } = broken;
    list[length] = stream;
    list[length + 1] = stream.id;
    list[length + 2] = failure;
    list[length + 3] = result;
    broken.length = length + 4;
    stream.id = 0;
    throw failure;
  }
}

/** The result of the sink's write, if it must be awaited. */
function callSink(stream: WritablePart, write: WritablePart['write'], chunk: unknown): unknown {
  let result;
  try {
    if (write === undefined) drop(stream, chunk);
    else result = write(chunk, stream.controller);
  } catch (error) {
    result = promiseReject(error);
  }
  if (result === undefined) {
    const { writer } = stream;
    if (writer === undefined) schedule(writeSettled, stream);
    else writer.afterWrite(stream);
  }
  return result;
}

function awaitWrite(stream: WritablePart, result: unknown): void {
  stream.onWritten ??= () => writeSettled(stream);
  stream.onWriteFailed ??= (error) => writeFailed(stream, error);
  promiseThen(promiseResolve(result), stream.onWritten, stream.onWriteFailed);
}

export function writeSettled(stream: WritablePart): void {
  const { writer } = stream;
  if (writer === undefined) reportWritten(stream);
  else writer.reportWritten(stream);
}

/** Report: the write under way is done. */
export function reportWritten(stream: WritablePart): void {
  applyWritable(stream, core.writable_write_settled(stream.id), undefined);
}

/** Report: the transform under way is done, and has answered its readable side's pull. */
export function reportTransformed(readable: ReadablePart, writable: WritablePart): void {
  applyWritable(writable, core.transform_settled(readable.id, writable.id, 0), undefined);
}

/**
 * The write in flight, one of the pipe that holds the lock, is done. An earlier writer may have left a request of its
 * own.
 */
export function finishPipedWrite(stream: WritablePart): void {
  stream.inFlightRequest?.resolve(undefined);
  afterWrite(stream);
}

export function writeFailed(stream: WritablePart, error: unknown): void {
  applyWritable(stream, core.writable_write_failed(stream.id), error);
}

function callClose(stream: WritablePart): void {
  const close = stream.close;
  let result;
  try {
    result = close === undefined ? undefined : close();
  } catch (error) {
    result = promiseReject(error);
  }
  clearAlgorithms(stream);
  try {
    upon(
      result,
      () => applyWritable(stream, core.writable_close_settled(stream.id), undefined),
      (error) => applyWritable(stream, core.writable_close_failed(stream.id), error),
    );
  } catch (failure) {
    const { list, length } = broken;
    list[length] = stream;
    list[length + 1] = stream.id;
    list[length + 2] = failure;
    list[length + 3] = result;
    broken.length = length + 4;
    stream.id = 0;
    throw failure;
  }
}

function callAbort(stream: WritablePart): void {
  const abort = stream.abort;
  const reason = stream.abortReason;
  const request = stream.abortRequest!;
  stream.abortReason = undefined;
  let result;
  try {
    result = abort === undefined ? undefined : abort(reason);
  } catch (error) {
    result = promiseReject(error);
  }
  clearAlgorithms(stream);
  try {
    upon(
      result,
      () => {
        request.resolve(undefined);
        stream.abortRequest = undefined;
        rejectCloseAndClosed(stream);
      },
      (error) => {
        request.reject(error);
        stream.abortRequest = undefined;
        rejectCloseAndClosed(stream);
      },
    );
  } catch (failure) {
    const { list, length } = broken;
    list[length] = stream;
    list[length + 1] = stream.id;
    list[length + 2] = failure;
    list[length + 3] = result;
    broken.length = length + 4;
    stream.id = 0;
    throw failure;
  }
}

/** Waits for the start algorithm's `result`, then lets the stream write. */
export function afterWritableStart(stream: WritablePart, result: unknown): void {
  if (result === undefined) {
    schedule(started, stream);
  } else {
    promiseThen(
      promiseResolve(result),
      () => started(stream),
      (error) => applyWritable(stream, core.writable_start_failed(stream.id), error),
    );
  }
}

function started(stream: WritablePart): void {
  applyWritable(stream, core.writable_started(stream.id), undefined);
}

/** https://streams.spec.whatwg.org/#writable-stream-default-controller-error-if-needed */
export function errorWritable(stream: WritablePart, error: unknown): void {
  if (stream.state !== WRITABLE) return;
  try {
    applyWritable(stream, core.writable_error(stream.id), error);
  } catch (failure) {
    const { list, length } = broken;
    list[length] = stream;
    list[length + 1] = stream.id;
    list[length + 2] = failure;
    list[length + 3] = undefined;
    broken.length = length + 4;
    stream.id = 0;
    resolved.react(repair);
    throw failure;
  }
}

/** https://streams.spec.whatwg.org/#writable-stream-default-controller-get-chunk-size */
export function chunkSize(stream: WritablePart, chunk: unknown): number {
  const sizeAlgorithm = stream.size;
  if (sizeAlgorithm === undefined) return 1;
  try {
    return +(sizeAlgorithm(chunk) as number);
  } catch (error) {
    errorWritable(stream, error);
    return 1;
  }
}

/**
 * Queues a chunk of the size `size`; `request` is settled with the write (undefined: nobody waits). Returns false, and
 * does nothing, if the stream no longer accepts writes.
 */
export function writeChunk(
  stream: WritablePart,
  chunk: unknown,
  size: number,
  request: WriteRequest | undefined,
): boolean {
  if (stream.state !== WRITABLE) return false;
  try {
    const effects = core.writable_write(stream.id, size);
    if (effects & REFUSED) return false;
    queueWrite(stream, chunk, size, request, effects);
    return true;
  } catch (error) {
    const { list, length } = broken;
    list[length] = stream;
    list[length + 1] = stream.id;
    list[length + 2] = error;
    list[length + 3] = request?.promise;
    broken.length = length + 4;
    stream.id = 0;
    resolved.react(repair);
    throw error;
  }
}

/** Applies the effects of an accepted write. A write that starts at once finds the queue empty and bypasses it. */
export function queueWrite(
  stream: WritablePart,
  chunk: unknown,
  size: number,
  request: WriteRequest | undefined,
  effects: WritableEffects,
): void {
  if (effects & (W_CALL_WRITE | W_HOLD_WRITE)) {
    stream.inFlightRequest = request;
    if (effects & W_BACKPRESSURE) stream.writer!.onBackpressure();
    if (effects & W_CALL_WRITE) callWrite(stream, chunk);
    else stream.transform!.waiting = chunk;
    return;
  }
  stream.queue!.push(chunk);
  stream.writeRequests!.push(request);
  if (effects !== W_QUEUED) {
    const error =
      effects & BAD_SIZE
        ? new RangeError(`size(): the chunk's size must be a finite number that is not negative, got ${size}`)
        : undefined;
    applyWritable(stream, effects, error);
  }
}

/**
 * Stores a chunk that the core has accepted for a pipe (`P_TAKEN`). Returns true if its write has started: the caller
 * then calls the sink.
 */
export function acceptTaken(stream: WritablePart, chunk: unknown, taken: number): boolean {
  if (taken & P_BEGIN) return true;
  if (taken & P_HOLD) {
    stream.transform!.waiting = chunk;
  } else {
    stream.queue!.push(chunk);
    stream.writeRequests!.push(undefined);
  }
  return false;
}

/** https://streams.spec.whatwg.org/#writable-stream-close-queued-or-in-flight */
export function closeQueuedOrInFlight(stream: WritablePart): boolean {
  return stream.closeRequest !== undefined;
}

/** https://streams.spec.whatwg.org/#writable-stream-close */
export function closeWritable(stream: WritablePart): Promise<undefined> {
  if (stream.state === CLOSED || stream.state === ERRORED) {
    return promiseReject(
      new TypeError(`close(): the WritableStream is already ${stream.state === CLOSED ? 'closed' : 'errored'}`),
    );
  }
  if (closeQueuedOrInFlight(stream))
    return promiseReject(new TypeError('close(): the WritableStream is already closing'));
  const request = new Deferred<undefined>();
  try {
    stream.closeRequest = request;
    const effects = core.writable_close(stream.id);
    applyWritable(stream, effects, undefined);
    return request.promise;
  } catch (error) {
    const { list, length } = broken;
    list[length] = stream;
    list[length + 1] = stream.id;
    list[length + 2] = error;
    list[length + 3] = request.promise;
    broken.length = length + 4;
    stream.id = 0;
    resolved.react(repair);
    throw error;
  }
}

/** https://streams.spec.whatwg.org/#writable-stream-abort */
export function abortWritable(stream: WritablePart, reason: unknown): Promise<undefined> {
  if (stream.state === CLOSED || stream.state === ERRORED) return promiseResolve(undefined);
  abortWith((stream.abortController ??= newAbortController()), reason);
  if ((stream.state as number) === CLOSED || (stream.state as number) === ERRORED) return promiseResolve(undefined);
  if (stream.abortRequest !== undefined) return stream.abortRequest.promise as Promise<undefined>;
  const request = new Deferred<undefined>();
  try {
    stream.abortRequest = request;
    stream.abortReason = stream.state === ERRORING ? undefined : reason;
    const effects = core.writable_abort(stream.id);
    if (!(effects & W_ABORT_PENDING)) applyWritable(stream, effects, reason);
    return request.promise;
  } catch (error) {
    const { list, length } = broken;
    list[length] = stream;
    list[length + 1] = stream.id;
    list[length + 2] = error;
    list[length + 3] = request.promise;
    broken.length = length + 4;
    stream.id = 0;
    resolved.react(repair);
    throw error;
  }
}

/** https://streams.spec.whatwg.org/#writable-stream-default-writer-get-desired-size */
export function writableDesiredSize(stream: WritablePart): number | null {
  if (stream.state === ERRORED || stream.state === ERRORING) return null;
  if (stream.state === CLOSED) return 0;
  return core.writable_desired_size(stream.id);
}
