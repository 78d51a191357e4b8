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
  cancelStream,
  closeReadable,
  enqueue,
  errorStream,
  pullSettled,
  ReadableImpl,
} from '../machines/readable.js';
import { INTERNAL } from '../runtime/webidl.js';
import { ReadableStream } from '../streams/readable-stream.js';
import { isThenable } from '../bridge/kinds.js';

const ignore = () => {};

/** The sources of streams that nothing has read yet. */
const sources = new WeakMap();

/**
 * A stream of what `iterable` gives, one `next()` for each chunk that is asked for. Cancelling it calls the iterator's
 * `return(reason)`.
 *
 * @param iterable anything with `Symbol.asyncIterator` or `Symbol.iterator`
 * @param hooks `onError(error)` when the iterator throws or rejects, `onEnd()` when it says it is done; not called
 *   after a cancel
 */
export function streamOfIterable(iterable, { onError = ignore, onEnd = ignore } = {}) {
  const isAsync = typeof iterable[Symbol.asyncIterator] === 'function';
  const iterator = isAsync ? iterable[Symbol.asyncIterator]() : iterable[Symbol.iterator]();
  const source = new IteratorSource(iterator, isAsync, onError, onEnd);
  afterReadableStart(source.stream, undefined);
  const stream = new ReadableStream(INTERNAL, source.stream);
  registerSource(stream, source);
  return stream;
}

/** Says that `stream` is over `source`, whose `lock()` gives a lock for reading that goes without the stream. */
export const registerSource = (stream, source) => void sources.set(stream, source);

/**
 * A lock for reading `stream`, one over an iterable or a function, which goes to that directly: from one
 * function to the next no stream is needed between. Undefined for any other stream.
 */
export const lockSource = (stream) => sources.get(stream)?.lock();

const noObject = () => new TypeError('The iterator gave a result that is no object');

class IteratorSource {
  constructor(iterator, isAsync, onError, onEnd) {
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

  lock() {
    return new IteratorReader(this);
  }

  pull() {
    try {
      const result = this.iterator.next();
      if (this.isAsync) promiseThen(promiseResolve(result), this.onNext, this.onReject);
      else if (isThenable(result.value)) awaitValue(this, this.iterator, result);
      else return this.deliver(result);
    } catch (error) {
      return this.fail(error);
    }
    return PENDING;
  }

  /** Takes the result of a pull that could not be answered at once. */
  arrive(result) {
    try {
      this.deliver(result);
    } catch (error) {
      this.fail(error);
    }
    pullSettled(this.stream);
  }

  deliver(result) {
    if (this.cancelled) return this.drop(result);
    if (result === null || typeof result !== 'object') throw noObject();
    if (result.done) this.end();
    else enqueue(this.stream, result.value);
  }

  /** Of a result that came when nobody wanted it any more. */
  drop(result) {
    try {
      if (result !== null && typeof result === 'object' && !result.done) drop(this.stream, result.value);
    } catch {
      // A result whose getters throw has no chunk.
    }
  }

  end() {
    closeReadable(this.stream);
    this.onEnd();
  }

  fail(error) {
    if (this.cancelled) return;
    this.failed = true;
    this.onError(error);
    errorStream(this.stream, error);
  }

  cancel(reason) {
    this.cancelled = true;
    return this.failed ? undefined : this.iterator.return?.(reason); // as in a loop, one that threw has ended
  }
}

/**
 * `for await` over a synchronous iterator waits for the promises it gives, and closes it where one rejects; so does this, for `taker`, which
 * has `arrive(result)` and `fail(error)`.
 */
async function awaitValue(taker, iterator, result) {
  try {
    const { done } = result;
    const value = await result.value;
    taker.arrive({ value, done });
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
 * As a reader's implementation: `read(request)`, `cancel(reason)`, `release()`. One `next()` at a time is under way. The
 * source's hooks tell of its end, so there is no `closed`.
 */
class IteratorReader {
  closed = undefined;

  constructor(source) {
    this.source = source;
    this.requests = new Fifo();
    this.asking = false;
    this.onNext = (result) => this.arrive(result);
    this.onReject = (error) => this.fail(error);
  }

  read(request) {
    this.requests.push(request);
    if (!this.asking) this.next();
  }

  /** Asks for each request in turn, as long as the iterator answers at once. */
  next() {
    const { iterator, isAsync } = this.source;
    while (this.requests.length > 0 && !this.asking) {
      this.asking = true;
      try {
        const result = iterator.next();
        if (isAsync) promiseThen(promiseResolve(result), this.onNext, this.onReject);
        else if (isThenable(result.value)) awaitValue(this, iterator, result);
        else this.answer(result);
      } catch (error) {
        this.fail(error);
      }
    }
  }

  /** Takes the result of a `next()` that could not be answered at once. */
  arrive(result) {
    try {
      this.answer(result);
    } catch (error) {
      this.fail(error);
    }
    this.next();
  }

  answer(result) {
    this.asking = false;
    if (this.requests.length === 0) return this.source.drop(result); // cancelled
    if (result === null || typeof result !== 'object') throw noObject();
    if (result.done) {
      this.source.end();
      this.closeRequests();
    } else {
      const { value } = result;
      this.requests.shift().chunkSteps(value); // whoever gets it may ask for the next one at once
    }
  }

  fail(error) {
    this.source.fail(error);
    while (this.requests.length > 0) this.requests.shift().errorSteps(error);
  }

  closeRequests() {
    while (this.requests.length > 0) this.requests.shift().closeSteps();
  }

  cancel(reason) {
    const cancelled = cancelStream(this.source.stream, reason);
    this.closeRequests();
    return cancelled;
  }

  /** Leaves the iterator as it is; what is still asked for ends. */
  release() {
    this.closeRequests();
  }
}
