/** Locks on readable streams: https://streams.spec.whatwg.org/#rs-reader-abstract-ops */
import { withinGrace } from '../runtime/grace.js';
import { broken, repair } from '../runtime/broken.js';
import { isolate, pendingPromise, promiseReject, promiseResolve, resolved } from '../runtime/intrinsics.js';
import { Fifo } from '../runtime/fifo.js';
import { schedule } from '../runtime/jobs.js';
import { LazyPromise } from '../runtime/lazy-promise.js';
import { watch } from '../runtime/watch.js';
import { cancelReadable, CLOSED, ERRORED, pullSettled, READABLE } from './readable.js';
import type { ReadableLock, ReadablePart, ReadRequest, TransformPart } from './parts.js';

/** The part that all readers share: the lock and the `closed` promise. */
abstract class GenericReaderImpl implements ReadableLock {
  abstract readonly isByob: boolean;
  abstract onClose(): void;
  declare stream: ReadablePart | undefined;
  declare requests: Fifo<ReadRequest> | undefined;
  declare unanswered: ReadRequest | undefined;
  declare unansweredList: Fifo<ReadRequest> | undefined;
  declare closed: LazyPromise;

  constructor(stream: ReadablePart) {
    if (stream.reader !== undefined) {
      throw new TypeError('This ReadableStream is locked to another reader; release that first');
    }
    this.stream = stream;
    this.requests = undefined;
    /** Requests that had been taken off the list when a transition was interrupted. */
    this.unanswered = undefined;
    this.unansweredList = undefined;
    this.closed = new LazyPromise();
    if (broken.length > 0) resolved.react(repair);
    if (stream.state === CLOSED) this.closed.fulfill();
    else if (stream.state === ERRORED) this.closed.reject(stream.storedError);
    stream.reader = this;
    if (watch.locked !== undefined) watch.locked(this);
  }

  /** The stream's pull has returned without a promise to wait for. */
  afterPull(stream: ReadablePart): void {
    schedule(pullSettled, stream);
  }

  afterValue(stream: ReadablePart): void {
    schedule(pullSettled, stream);
  }

  afterAnswer({ readable }: TransformPart): void {
    schedule(pullSettled, readable);
  }

  addRequest(request: ReadRequest): void {
    (this.requests ??= new Fifo()).push(request);
  }

  /**
   * Answers the first request. There may be none: a byte source can respond to the request of a read that enqueued
   * bytes have answered in the meantime. The standard does not define that case.
   */
  fulfill(chunk: unknown): void {
    if (!this.requests?.length) {
      throw (broken.expected = new TypeError(
        'respond(): the read that this request was made for has been answered already',
      ));
    }
    const request = this.requests.shift();
    try {
      request.chunkSteps(chunk);
    } catch (error) {
      this.unanswered = request;
      throw error;
    }
  }

  /** Answers one request per chunk. All are taken off the list before the first one settles. */
  fulfillAll(chunks: Fifo<unknown>): void {
    const requests = new Fifo<ReadRequest>();
    try {
      for (let left = chunks.length; left > 0; left--) requests.push(this.requests!.shift());
      while (requests.length > 0) {
        requests.peek().chunkSteps(chunks.shift());
        requests.shift();
      }
    } catch (error) {
      this.unansweredList = requests;
      throw error;
    }
  }

  takeRequests(): Fifo<ReadRequest> | undefined {
    const requests = this.requests;
    this.requests = undefined;
    return requests;
  }

  /** Answers all requests with `done`, and no view: a BYOB reader's stream was cancelled. */
  closeRequests(): void {
    const requests = this.takeRequests();
    try {
      while (requests?.length) {
        requests.peek().closeSteps(undefined);
        requests.shift();
      }
    } catch (error) {
      this.unansweredList = requests;
      throw error;
    }
  }

  onError(error: unknown): void {
    this.closed.reject(error);
    this.errorRequests(error);
  }

  errorRequests(error: unknown): void {
    const requests = this.takeRequests();
    try {
      while (requests?.length) {
        requests.peek().errorSteps(error);
        requests.shift();
      }
    } catch (failure) {
      this.unansweredList = requests;
      throw failure;
    }
  }

  /** See broken.js. */
  crash(error: unknown): void {
    const { stream } = this;
    const { unanswered, unansweredList } = this;
    this.unanswered = this.unansweredList = undefined;
    if (stream !== undefined && stream.state === READABLE) {
      stream.crash(error); // comes back here
    } else {
      if (stream === undefined || stream.state === ERRORED) this.closed.crash(error);
      else this.closed.fulfill();
      this.errorRequests(error);
    }
    unanswered?.errorSteps(error);
    while (unansweredList?.length) unansweredList.shift().errorSteps(error);
  }

  /** https://streams.spec.whatwg.org/#readable-stream-reader-generic-cancel */
  cancel(reason?: unknown): Promise<undefined> {
    return cancelReadable(this.stream!, reason);
  }

  /** https://streams.spec.whatwg.org/#abstract-opdef-readablestreamdefaultreaderrelease and its BYOB twin */
  release(): void {
    const stream = this.stream!;
    try {
      this.closed.reject(new TypeError('The reader was released, so it no longer tells when the stream is closed'));
      stream.releaseSteps();
      stream.reader = undefined;
      this.stream = undefined;
      this.errorRequests(new TypeError('The reader was released while this read was pending'));
    } catch (error) {
      const { list, length } = broken;
      list[length] = this;
      list[length + 1] = undefined;
      list[length + 2] = error;
      list[length + 3] = undefined;
      broken.length = length + 4;
      resolved.react(repair);
      throw error;
    }
  }
}

isolate(GenericReaderImpl);

/** The lock of a ReadableStreamDefaultReader, and of the reads that the standard itself performs. */
export class DefaultReaderImpl extends GenericReaderImpl {
  // Some engines pass the arguments of a default constructor through Array.prototype's iterator.
  constructor(stream: ReadablePart) {
    super(stream);
  }

  override get isByob(): boolean {
    return false;
  }

  override onClose(): void {
    this.closed.fulfill();
    this.closeRequests();
  }

  /** https://streams.spec.whatwg.org/#readable-stream-default-reader-read */
  read(request: ReadRequest): void {
    const stream = this.stream!;
    stream.disturbed = true;
    if (stream.state === READABLE) stream.pullSteps(this, request);
    else if (stream.state === CLOSED) request.closeSteps();
    else request.errorSteps(stream.storedError);
  }
}

/** The lock of a ReadableStreamBYOBReader. On close, its requests wait for the last response of the source. */
export class ByobReaderImpl extends GenericReaderImpl {
  constructor(stream: ReadablePart) {
    super(stream);
  }

  override get isByob(): boolean {
    return true;
  }

  override onClose(): void {
    this.closed.fulfill();
  }

  /** Answers all requests with `done` and a view each. */
  answerClosed(views: Fifo<ArrayBufferView>): void {
    const requests = this.takeRequests();
    try {
      while (views.length > 0) {
        requests!.peek().closeSteps(views.shift());
        requests!.shift();
      }
    } catch (error) {
      this.unansweredList = requests;
      throw error;
    }
  }
}

const WAITING = 0;
const ANSWERED = 1;
const FAILED = 2;

/** The result of a `read()`. */
export interface ReadResult {
  value: unknown;
  done: boolean;
}

/**
 * The request of a `read()`. Most sources answer during the read, so its promise is created after the read: an answer
 * that has arrived by then needs no pending promise with functions of its own.
 */
export class PromiseReadRequest implements ReadRequest {
  declare state: typeof WAITING | typeof ANSWERED | typeof FAILED;
  declare answer: unknown;
  declare resolve: ((value: ReadResult | PromiseLike<ReadResult>) => void) | undefined;
  declare reject: ((error: unknown) => void) | undefined;

  constructor() {
    this.state = WAITING;
    this.answer = undefined;
    this.resolve = undefined;
    this.reject = undefined;
  }

  chunkSteps(chunk: unknown): void {
    this.settle({ value: chunk, done: false });
  }

  closeSteps(): void {
    this.settle({ value: undefined, done: true });
  }

  settle(result: ReadResult): void {
    if (this.resolve !== undefined) {
      this.resolve(result);
    } else {
      this.state = ANSWERED;
      this.answer = result;
    }
  }

  errorSteps(error: unknown): void {
    if (this.reject !== undefined) {
      this.reject(error);
    } else {
      this.state = FAILED;
      this.answer = error;
    }
  }

  /** The promise for `{ value, done }`. Called once, after the read. */
  promise(): Promise<ReadResult> {
    if (this.state === ANSWERED) return promiseResolve(this.answer as ReadResult);
    if (this.state === FAILED) return promiseReject(this.answer);
    return pendingPromise<ReadResult>(this);
  }
}

isolate(PromiseReadRequest);

/** The request of a BYOB `read()`: `done` comes with a view, unless the stream was cancelled. */
export class PromiseReadIntoRequest extends PromiseReadRequest {
  constructor() {
    super();
  }

  override closeSteps(view?: ArrayBufferView): void {
    this.settle({ value: view, done: true });
  }
}

/**
 * Disposes a reader for `await using`: cancels its stream and releases the lock. A failure of the stream is reported by
 * its reads, so not here.
 */
export async function disposeReader(this: { cancel(): Promise<unknown>; releaseLock(): void }): Promise<void> {
  try {
    await withinGrace(this.cancel());
  } catch {
    // It had failed, or could not be cancelled.
  }
  this.releaseLock();
}
