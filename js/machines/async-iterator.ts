/**
 * Asynchronous iteration of a ReadableStream: https://streams.spec.whatwg.org/#rs-asynciterator and
 * https://webidl.spec.whatwg.org/#js-asynchronous-iterable
 */
import {
  AsyncIteratorPrototype,
  isolate,
  pendingPromise,
  promiseResolve,
  promiseReject,
  promiseThen,
  resolved,
} from '../runtime/intrinsics.js';
import { schedule } from '../runtime/jobs.js';
import type { ReadRequest } from './parts.js';

/**
 * The lock of an iterated stream: ours, or a native one (polyfill/native-reader). `stream` is undefined after the
 * release.
 */
export interface IteratedReader {
  readonly stream: unknown;
  read(request: ReadRequest): void;
  cancel(reason: unknown): Promise<unknown>;
  release(): void;
}

type Result = IteratorResult<unknown, unknown>;

class IterationState {
  declare reader: IteratedReader;
  declare preventCancel: boolean;
  declare ongoing: Promise<unknown> | undefined;
  declare finished: boolean;
  declare answered: NextRequest | undefined;
  declare takeAnswered: () => Result;

  constructor(reader: IteratedReader, preventCancel: boolean) {
    this.reader = reader;
    this.preventCancel = preventCancel;
    /** Web IDL's ongoing promise; undefined stands for null. */
    this.ongoing = undefined;
    this.finished = false;
    /** The request of a `next()` whose read was answered synchronously. */
    this.answered = undefined;
    this.takeAnswered = () => {
      const request = this.answered!;
      this.answered = undefined;
      return request.take();
    };
  }

  /** `read()` may call `pull()`, which may call `next()` again, before there is an ongoing promise. */
  nextSteps(): Promise<Result> {
    if (this.finished || this.reader.stream === undefined)
      return promiseResolve<Result>({ value: undefined, done: true });
    const request = new NextRequest(this);
    this.reader.read(request);
    if (request.state === WAITING) return pendingPromise<Result>(request);
    if (this.answered !== undefined) return resolved.react(() => request.take());
    this.answered = request;
    return resolved.react(this.takeAnswered);
  }

  returnSteps(value: unknown): Promise<unknown> {
    if (this.finished) return promiseResolve(undefined);
    this.finished = true;
    const { reader } = this;
    if (reader.stream === undefined) return promiseResolve(undefined);
    const cancelled = this.preventCancel ? promiseResolve(undefined) : reader.cancel(value);
    this.release();
    return cancelled;
  }

  /** A stream that ends during a read may have more than one request of this iterator to settle. */
  release(): void {
    if (this.reader.stream !== undefined) this.reader.release();
  }

  /** Runs `steps` now, or once the previous `next()` or `return()` has settled. */
  queue(steps: () => Promise<unknown>): Promise<unknown> {
    this.ongoing = this.ongoing === undefined ? steps() : promiseThen(this.ongoing, steps, steps);
    return this.ongoing;
  }
}

isolate(IterationState);

const WAITING = 0;
const CHUNK = 1;
const CLOSED = 2;
const FAILED = 3;

/** The request of a `next()`, whose promise settles one microtask after the read that answers it. */
class NextRequest implements ReadRequest {
  declare iteration: IterationState;
  declare state: number;
  declare answer: unknown;
  declare resolve: ((value: Result | PromiseLike<Result>) => void) | undefined;
  declare reject: ((error: unknown) => void) | undefined;

  constructor(iteration: IterationState) {
    this.iteration = iteration;
    this.state = WAITING;
    this.answer = undefined;
    this.resolve = undefined;
    this.reject = undefined;
  }

  chunkSteps(chunk: unknown): void {
    this.settle(CHUNK, chunk);
  }

  closeSteps(): void {
    this.iteration.release();
    this.settle(CLOSED, undefined);
  }

  errorSteps(error: unknown): void {
    this.iteration.release();
    this.settle(FAILED, error);
  }

  settle(state: number, answer: unknown): void {
    this.state = state;
    this.answer = answer;
    if (this.resolve !== undefined) schedule(settleNext, this);
  }

  /** The reaction to the read: returns the result of the `next()`, or throws. */
  take(): Result {
    const { iteration, state, answer } = this;
    iteration.ongoing = undefined;
    if (state === CHUNK) return { value: answer, done: false };
    iteration.finished = true;
    if (state === FAILED) throw answer;
    return { value: undefined, done: true };
  }
}

isolate(NextRequest);

function settleNext(request: NextRequest): void {
  try {
    request.resolve!(request.take());
  } catch (error) {
    request.reject!(error);
  }
}

class ReadableStreamAsyncIterator {
  #state: IterationState;

  constructor(state: IterationState) {
    this.#state = state;
  }

  next(): Promise<Result> {
    if (!(#state in Object(this)))
      return promiseReject(new TypeError('next(): called on an object that is not a ReadableStream async iterator'));
    const state = this.#state;
    return (
      state.ongoing === undefined ? (state.ongoing = state.nextSteps()) : state.queue(() => state.nextSteps())
    ) as Promise<Result>;
  }

  return(value: unknown = undefined): Promise<Result> {
    if (!(#state in Object(this)))
      return promiseReject(new TypeError('return(): called on an object that is not a ReadableStream async iterator'));
    const state = this.#state;
    return promiseThen(
      state.queue(() => state.returnSteps(value)),
      () => ({ value, done: true }),
    );
  }
}

const prototype = ReadableStreamAsyncIterator.prototype;
delete (prototype as Partial<typeof prototype> & { constructor?: unknown }).constructor;
Object.setPrototypeOf(prototype, AsyncIteratorPrototype);
for (const key of ['next', 'return']) Object.defineProperty(prototype, key, { enumerable: true });
Object.defineProperty(prototype.return, 'length', { value: 1, configurable: true });
Object.defineProperty(prototype, Symbol.toStringTag, { value: 'ReadableStream AsyncIterator', configurable: true });

/** An iterator over what `reader`, a fresh lock, reads. */
export function createAsyncIterator(reader: IteratedReader, preventCancel: boolean): AsyncIterator<unknown> {
  return new ReadableStreamAsyncIterator(new IterationState(reader, preventCancel));
}
