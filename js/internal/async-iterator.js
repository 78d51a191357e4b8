/**
 * Asynchronous iteration of a ReadableStream: https://streams.spec.whatwg.org/#rs-asynciterator and
 * https://webidl.spec.whatwg.org/#js-asynchronous-iterable
 */
import { AsyncIteratorPrototype, isolate, promiseReject, promiseResolve, promiseThen } from './intrinsics.js';
import { schedule } from './jobs.js';
import { PromiseReadRequest } from './reader.js';

class IterationState {
  constructor(reader, preventCancel) {
    this.reader = reader;
    this.preventCancel = preventCancel;
    this.ongoing = undefined;
    this.finished = false;
  }

  next() {
    if (this.finished) return promiseResolve({ value: undefined, done: true });
    const request = new NextRequest(this);
    this.reader.read(request);
    const promise = request.promise();
    request.given = promise;
    if (!request.answered) this.ongoing = promise;
    return promise;
  }

  finish() {
    this.ongoing = undefined;
    this.finished = true;
    this.reader.release();
  }

  return(value) {
    if (this.finished) return promiseResolve({ value, done: true });
    this.finished = true;
    const { reader } = this;
    const cancelled = this.preventCancel ? promiseResolve(undefined) : reader.cancel(value);
    reader.release();
    return promiseThen(cancelled, () => ({ value, done: true }));
  }

  /** Steps wait for the promise of the `next()` or `return()` before them. */
  enqueue(step) {
    this.ongoing = promiseThen(this.ongoing, step, step);
    return this.ongoing;
  }
}

isolate(IterationState);

/**
 * The request of a `next()`. In the standard its promise follows that of the read, so an answer that comes later
 * settles it one microtask after.
 */
class NextRequest extends PromiseReadRequest {
  constructor(iteration) {
    super();
    this.iteration = iteration;
    this.answered = false;
    this.value = undefined;
    /** The promise, once it is made. */
    this.given = undefined;
  }

  chunkSteps(value) {
    this.answered = true;
    if (this.iteration.ongoing === undefined) {
      this.settle({ value, done: false });
    } else {
      this.value = value;
      schedule(resolveNext, this);
    }
  }

  closeSteps() {
    this.answered = true;
    this.iteration.finish();
    super.closeSteps();
  }

  errorSteps(error) {
    this.answered = true;
    this.iteration.finish();
    super.errorSteps(error);
  }
}

function resolveNext(request) {
  const { iteration } = request;
  if (iteration.ongoing === request.given) iteration.ongoing = undefined;
  request.settle({ value: request.value, done: false });
}

class ReadableStreamAsyncIterator {
  #state;

  constructor(state) {
    this.#state = state;
  }

  next() {
    if (!(#state in Object(this))) return promiseReject(new TypeError('next(): called on an object that is not a ReadableStream async iterator'));
    const state = this.#state;
    return state.ongoing === undefined ? state.next() : state.enqueue(() => state.next());
  }

  return(value = undefined) {
    if (!(#state in Object(this))) return promiseReject(new TypeError('return(): called on an object that is not a ReadableStream async iterator'));
    const state = this.#state;
    if (state.ongoing !== undefined) return state.enqueue(() => state.return(value));
    const result = state.return(value);
    state.ongoing = result;
    return result;
  }
}

const prototype = ReadableStreamAsyncIterator.prototype;
delete prototype.constructor;
Object.setPrototypeOf(prototype, AsyncIteratorPrototype);
for (const key of ['next', 'return']) Object.defineProperty(prototype, key, { enumerable: true });
Object.defineProperty(prototype.return, 'length', { value: 1, configurable: true });

/** An iterator over what `reader`, a fresh lock, reads. */
export function createAsyncIterator(reader, preventCancel) {
  return new ReadableStreamAsyncIterator(new IterationState(reader, preventCancel));
}
