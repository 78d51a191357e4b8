/**
 * Streams over iterables. As `ReadableStream.from`, with three differences a pipeline needs: a value that a synchronous
 * iterator gives costs no promise, an error is reported the moment it is thrown, and so is the iterator's own end.
 */
import { promiseResolve, promiseThen } from '../internal/intrinsics.js';
import { ReadableStream } from '../readable-stream.js';
import { isThenable } from './ends.js';

const noQueue = { highWaterMark: 0 };
const ignore = () => {};

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
  return new ReadableStream(
    {
      start: (controller) => void (source.controller = controller),
      pull: () => source.pull(),
      cancel: (reason) => source.cancel(reason),
    },
    noQueue,
  );
}

class IteratorSource {
  constructor(iterator, isAsync, onError, onEnd) {
    this.iterator = iterator;
    this.isAsync = isAsync;
    this.onError = onError;
    this.onEnd = onEnd;
    this.controller = undefined;
    this.cancelled = false;
    this.onNext = (result) => {
      try {
        this.deliver(result);
      } catch (error) {
        this.fail(error);
      }
    };
    this.onReject = (error) => this.fail(error);
  }

  pull() {
    let result;
    try {
      result = this.iterator.next();
      if (this.isAsync) return promiseThen(promiseResolve(result), this.onNext, this.onReject);
      if (isThenable(result.value)) return this.awaitValue(result);
      return this.deliver(result);
    } catch (error) {
      return this.fail(error);
    }
  }

  deliver(result) {
    if (this.cancelled) return;
    if (result === null || typeof result !== 'object') throw new TypeError('The iterator gave a result that is no object');
    if (!result.done) {
      this.controller.enqueue(result.value);
      return;
    }
    this.controller.close();
    this.onEnd();
  }

  fail(error) {
    if (this.cancelled) return;
    this.onError(error);
    this.controller.error(error);
  }

  /** `for await` over a synchronous iterator waits for the promises it gives, and so does this. */
  async awaitValue({ value, done }) {
    try {
      this.deliver({ value: await value, done });
    } catch (error) {
      this.iterator.return?.();
      this.fail(error);
    }
  }

  cancel(reason) {
    this.cancelled = true;
    return this.iterator.return?.(reason);
  }
}
