/**
 * Streams over iterables. As `ReadableStream.from`, with three differences a pipeline needs: a value that a synchronous
 * iterator gives costs no promise, an error is reported the moment it is thrown, and so is the iterator's own end.
 */
import { drop } from '../machines/discard.js';
import { Fifo } from '../runtime/fifo.js';
import { promiseResolve, promiseThen } from '../runtime/intrinsics.js';
import { PENDING } from '../machines/pending.js';
import {
  afterReadableStart,
  cancelReadable,
  closeReadable,
  enqueue,
  errorStream,
  pullSettled,
  ReadableImpl,
} from '../machines/readable.js';
import { INTERNAL } from '../runtime/webidl.js';
import { ReadableStream } from '../streams/readable-stream.js';
import { isThenable } from '../bridge/kinds.js';
import type { ReadRequest } from '../machines/parts.js';
import type { DirectSource, Reader, SourceHooks } from './parts.js';

/**
 * Of either kind: what `next()` and `return()` give may be a promise. What a page's iterator gives may be anything, so
 * it is looked at.
 */
interface AnyIterator {
  next(): Result | Promise<Result>;
  return?(reason?: unknown): unknown;
}

type Result = IteratorResult<unknown, unknown>;

/** Takes the results of an iterator that cannot be answered at once. */
interface ResultTaker {
  arrive(result: Result): void;
  fail(error: unknown): void;
}

const ignore = () => {};

/** The sources of streams that nothing has read yet. */
const sources = new WeakMap<object, DirectSource>();

/**
 * A stream of what `iterable` gives, one `next()` for each chunk that is asked for. Cancelling it calls the iterator's
 * `return(reason)`.
 *
 * @param hooks `onError` when the iterator throws or rejects, `onEnd` when it says it is done
 */
export function streamOfIterable(
  iterable: AsyncIterable<unknown> | Iterable<unknown>,
  { onError = ignore, onEnd = ignore }: SourceHooks = {},
): ReadableStream {
  const isAsync = typeof (iterable as AsyncIterable<unknown>)[Symbol.asyncIterator] === 'function';
  const iterator: AnyIterator = isAsync
    ? (iterable as AsyncIterable<unknown>)[Symbol.asyncIterator]()
    : (iterable as Iterable<unknown>)[Symbol.iterator]();
  const source = new IteratorSource(iterator, isAsync, onError, onEnd);
  afterReadableStart(source.stream, undefined);
  const stream = new ReadableStream(INTERNAL, source.stream);
  registerSource(stream, source);
  return stream;
}

/** Says that `stream` is over `source`, whose `lock()` gives a lock for reading that goes without the stream. */
export const registerSource = (stream: object, source: DirectSource): void => void sources.set(stream, source);

/**
 * A lock for reading `stream`, one over an iterable or a function, which goes to that directly: from one
 * function to the next no stream is needed between. Undefined for any other stream.
 */
export const lockSource = (stream: object): Reader | undefined => sources.get(stream)?.lock();

const noObject = () =>
  new TypeError('next() of the iterator returned a result that is not an object; return { value, done }');

class IteratorSource implements DirectSource, ResultTaker {
  declare iterator: AnyIterator;
  declare isAsync: boolean;
  declare onError: (error: unknown) => void;
  declare onEnd: () => void;
  declare cancelled: boolean;
  declare failed: boolean;
  declare onNext: (result: Result) => void;
  declare onReject: (error: unknown) => void;
  declare stream: ReadableImpl;

  constructor(iterator: AnyIterator, isAsync: boolean, onError: (error: unknown) => void, onEnd: () => void) {
    this.iterator = iterator;
    this.isAsync = isAsync;
    this.onError = onError;
    this.onEnd = onEnd;
    this.cancelled = false;
    this.failed = false;
    this.onNext = (result) => this.arrive(result);
    this.onReject = (error) => this.fail(error);
    this.stream = new ReadableImpl(
      0,
      undefined,
      () => this.pull(),
      (reason) => this.cancel(reason),
    );
  }

  lock(): Reader {
    return new IteratorReader(this);
  }

  pull(): unknown {
    try {
      const result = this.iterator.next();
      if (this.isAsync) promiseThen(promiseResolve(result), this.onNext, this.onReject);
      else if (isThenable((result as Result | undefined)?.value)) awaitValue(this, this.iterator, result as Result);
      else return this.deliver(result as Result);
    } catch (error) {
      return this.fail(error);
    }
    return PENDING;
  }

  /** Takes the result of a pull that could not be answered at once. */
  arrive(result: Result): void {
    try {
      this.deliver(result);
    } catch (error) {
      this.fail(error);
    }
    pullSettled(this.stream);
  }

  deliver(result: Result): void {
    if (this.cancelled) return this.drop(result);
    if (result === null || typeof result !== 'object') throw noObject();
    if (result.done) this.end();
    else enqueue(this.stream, result.value);
  }

  /** Drops a result that arrived after the cancel. */
  drop(result: Result): void {
    try {
      if (result !== null && typeof result === 'object' && !result.done) drop(this.stream, result.value);
    } catch {
      // A result whose getters throw has no chunk.
    }
  }

  end(): void {
    closeReadable(this.stream);
    this.onEnd();
  }

  fail(error: unknown): void {
    if (this.cancelled) return;
    this.failed = true;
    this.onError(error);
    errorStream(this.stream, error);
  }

  cancel(reason: unknown): unknown {
    this.cancelled = true;
    return this.failed ? undefined : this.iterator.return?.(reason); // as in a loop, one that threw has ended
  }
}

/**
 * `for await` over a synchronous iterator waits for the promises it gives, and closes it where one rejects; so does
 * this, for `taker`.
 */
async function awaitValue(taker: ResultTaker, iterator: AnyIterator, result: Result): Promise<void> {
  try {
    const { done } = result;
    const value = await result.value;
    taker.arrive({ value, done } as Result);
  } catch (error) {
    try {
      promiseThen(promiseResolve(iterator.return?.()), ignore, ignore);
    } catch {
      // What made it fail is what counts.
    }
    taker.fail(error);
  }
}

/**
 * A lock for reading that goes to the iterator directly. One `next()` at a time is under way. The source's hooks report
 * its end, so there is no `closed`.
 */
class IteratorReader implements Reader, ResultTaker {
  closed = undefined;
  declare source: IteratorSource;
  declare requests: Fifo<ReadRequest>;
  declare asking: boolean;
  declare onNext: (result: Result) => void;
  declare onReject: (error: unknown) => void;

  constructor(source: IteratorSource) {
    this.source = source;
    this.requests = new Fifo();
    this.asking = false;
    this.onNext = (result) => this.arrive(result);
    this.onReject = (error) => this.fail(error);
  }

  read(request: ReadRequest): void {
    this.requests.push(request);
    if (!this.asking) this.next();
  }

  /** Asks for each request in turn, as long as the iterator answers at once. */
  next(): void {
    const { iterator, isAsync } = this.source;
    while (this.requests.length > 0 && !this.asking) {
      this.asking = true;
      try {
        const result = iterator.next();
        if (isAsync) promiseThen(promiseResolve(result), this.onNext, this.onReject);
        else if (isThenable((result as Result | undefined)?.value)) awaitValue(this, iterator, result as Result);
        else this.answer(result as Result);
      } catch (error) {
        this.fail(error);
      }
    }
  }

  /** Takes the result of a `next()` that could not be answered at once. */
  arrive(result: Result): void {
    try {
      this.answer(result);
    } catch (error) {
      this.fail(error);
    }
    this.next();
  }

  answer(result: Result): void {
    this.asking = false;
    if (this.requests.length === 0) return this.source.drop(result); // cancelled
    if (result === null || typeof result !== 'object') throw noObject();
    if (result.done) {
      this.source.end();
      this.closeRequests();
    } else {
      const { value } = result;
      this.requests.shift().chunkSteps(value); // the request may read the next chunk at once
    }
  }

  fail(error: unknown): void {
    this.source.fail(error);
    while (this.requests.length > 0) this.requests.shift().errorSteps(error);
  }

  closeRequests(): void {
    while (this.requests.length > 0) this.requests.shift().closeSteps();
  }

  cancel(reason: unknown): Promise<undefined> {
    const cancelled = cancelReadable(this.source.stream, reason);
    this.closeRequests();
    return cancelled;
  }

  /** Leaves the iterator as it is; what is still asked for ends. */
  release(): void {
    this.closeRequests();
  }
}
