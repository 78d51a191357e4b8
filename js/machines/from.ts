/**
 * https://streams.spec.whatwg.org/#readable-stream-from-iterable, with Web IDL's
 * https://webidl.spec.whatwg.org/#js-async-iterable: an object's `Symbol.asyncIterator`, else its `Symbol.iterator`,
 * whose values are awaited.
 */
import { isolate, promiseReject, promiseResolve, promiseThen, reflectApply } from '../runtime/intrinsics.js';
import { schedule } from '../runtime/jobs.js';
import { PENDING } from './pending.js';
import { afterReadableStart, closeReadable, enqueue, errorStream, pullSettled, ReadableImpl } from './readable.js';
import type { Callback } from '../runtime/webidl.js';

const { asyncIterator: ASYNC_ITERATOR, iterator: ITERATOR } = Symbol;

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** https://tc39.es/ecma262/#sec-getmethod */
function getMethod(object: object, key: PropertyKey, name: string): Callback | undefined {
  const method = (object as Record<PropertyKey, unknown>)[key];
  if (method === undefined || method === null) return undefined;
  if (typeof method !== 'function') throw new TypeError(`ReadableStream.from: ${name} must be a function`);
  return method as Callback;
}

/** The result object of an iterator. Nothing else is known about it. */
interface Result {
  done?: unknown;
  value?: unknown;
}

/** The underlying source over an iterator. All chunks share one pair of promise reactions. */
class IterableSource {
  declare iterator: object;
  declare next: Callback;
  declare onNext: (value: unknown) => void;
  declare onFail: (error: unknown) => void;
  declare stream: ReadableImpl;

  constructor(iterator: object) {
    this.iterator = iterator;
    this.next = (iterator as { next: Callback }).next;
    this.onNext = (result) => this.take(result);
    this.onFail = (error) => this.fail(error);
    this.stream = new ReadableImpl(
      0,
      undefined,
      () => this.pull(),
      (reason) => this.close(reason),
    );
  }

  /** https://webidl.spec.whatwg.org/#async-sequence-get-the-next-value; the result arrives in `take` or `fail`. */
  pull(): unknown {
    let result: Promise<unknown>;
    try {
      result = promiseResolve(reflectApply(this.next, this.iterator, []));
    } catch (error) {
      result = promiseReject(error);
    }
    promiseThen(result, this.onNext, this.onFail);
    return PENDING;
  }

  take(result: unknown): void {
    let done;
    let value;
    try {
      if (!isObject(result)) throw new TypeError('ReadableStream.from: next() must answer with an object');
      done = (result as Result).done;
      if (!done) value = (result as Result).value;
    } catch (error) {
      this.fail(error);
      return;
    }
    this.push(done, value);
  }

  push(done: unknown, value: unknown): void {
    const { stream } = this;
    if (done) {
      closeReadable(stream);
    } else {
      enqueue(stream, value);
      const lock = stream.reader;
      if (lock === undefined) schedule(pullSettled, stream);
      else lock.afterValue(stream);
    }
  }

  fail(error: unknown): void {
    errorStream(this.stream, error);
  }

  /** https://webidl.spec.whatwg.org/#async-iterator-close */
  close(reason: unknown): unknown {
    const method = getMethod(this.iterator, 'return', "the iterator's return");
    if (method === undefined) return undefined;
    return promiseThen(promiseResolve(reflectApply(method, this.iterator, [reason])), checkReturned);
  }
}

isolate(IterableSource);

function checkReturned(result: unknown) {
  if (!isObject(result)) throw new TypeError('ReadableStream.from: return() must answer with an object');
}

/** The same over a sync iterator: https://tc39.es/ecma262/#sec-async-from-sync-iterator-objects */
class SyncIterableSource extends IterableSource {
  declare done: boolean;

  constructor(iterator: object) {
    super(iterator);
    this.done = false;
    this.onNext = (value) => this.push(this.done, value);
    this.onFail = (error) => this.failAndClose(error);
  }

  override pull(): unknown {
    let value: unknown;
    try {
      const result: unknown = reflectApply(this.next, this.iterator, []);
      if (!isObject(result)) throw new TypeError('ReadableStream.from: next() must return an object');
      this.done = !!(result as Result).done;
      value = (result as Result).value;
    } catch (error) {
      this.done = true;
      promiseThen(promiseReject(error), undefined, this.onFail);
      return PENDING;
    }
    promiseThen(awaitable(value), this.onNext, this.onFail);
    return PENDING;
  }

  /** A value that rejects errors the stream, so an iterator that is not done gets a `return()`. */
  failAndClose(error: unknown): void {
    if (!this.done) {
      try {
        const method = getMethod(this.iterator, 'return', "the iterator's return");
        if (method !== undefined) reflectApply(method, this.iterator, []);
      } catch {
        // the first error is the one that counts
      }
    }
    this.fail(error);
  }

  override close(reason: unknown): unknown {
    const method = getMethod(this.iterator, 'return', "the iterator's return");
    if (method === undefined) return undefined;
    const result = reflectApply(method, this.iterator, [reason]);
    checkReturned(result);
    void (result as Result).done;
    return promiseThen(awaitable((result as Result).value), ignore);
  }
}

function awaitable(value: unknown): Promise<unknown> {
  try {
    return promiseResolve(value);
  } catch (error) {
    return promiseReject(error);
  }
}

function ignore(): void {}

/**
 * Creates a stream of the values of `iterable`. Throws a TypeError if it is not an object, such as a string, or not
 * iterable.
 */
export function fromIterable(iterable: unknown): ReadableImpl {
  if (!isObject(iterable))
    throw new TypeError('ReadableStream.from: the argument must be an object that can be iterated');
  let method = getMethod(iterable, ASYNC_ITERATOR, '[Symbol.asyncIterator]');
  const isSync = method === undefined;
  if (isSync) method = getMethod(iterable, ITERATOR, '[Symbol.iterator]');
  if (method === undefined) throw new TypeError('ReadableStream.from: the argument must be iterable or async iterable');
  const iterator = reflectApply(method, iterable, []);
  if (!isObject(iterator)) throw new TypeError('ReadableStream.from: the iterator must be an object');
  const source = isSync ? new SyncIterableSource(iterator) : new IterableSource(iterator);
  afterReadableStart(source.stream, undefined);
  return source.stream;
}
