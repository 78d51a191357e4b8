/**
 * A promise slot (`closed`, `ready`) whose promise is created on first access. Rejections are marked as handled, as the
 * standard does for both.
 */
import { Deferred, isolate, markHandled, promiseReject, promiseResolve } from './intrinsics.js';

const PENDING = 0;
const FULFILLED = 1;
const REJECTED = 2;

export class LazyPromise {
  declare state: typeof PENDING | typeof FULFILLED | typeof REJECTED;
  declare reason: unknown;
  declare promise: Promise<undefined> | undefined;
  declare deferred: Deferred<undefined> | undefined;

  constructor() {
    this.state = PENDING;
    this.reason = undefined;
    this.promise = undefined;
    this.deferred = undefined;
  }

  get(): Promise<undefined> {
    if (this.promise === undefined) {
      if (this.state === PENDING) {
        this.deferred = new Deferred();
        this.promise = this.deferred.promise;
      } else {
        this.promise = this.state === FULFILLED ? promiseResolve(undefined) : markHandled(promiseReject(this.reason));
      }
    }
    return this.promise;
  }

  /** Fulfils the pending promise. */
  fulfill(): void {
    this.state = FULFILLED;
    const deferred = this.deferred;
    if (deferred !== undefined) {
      deferred.resolve(undefined);
      this.deferred = undefined;
    }
  }

  /** Rejects the pending promise, or puts a rejected one in the place of a settled one. */
  reject(reason: unknown): void {
    this.state = REJECTED;
    this.reason = reason;
    const deferred = this.deferred;
    if (deferred !== undefined) {
      markHandled(deferred.promise);
      deferred.reject(reason);
      this.deferred = undefined;
    } else {
      this.promise = undefined;
    }
  }

  /** Rejects the pending promise; one that has settled stays the same object. */
  rejectIfPending(reason: unknown): void {
    if (this.state === PENDING) this.reject(reason);
  }

  /** Rejects the pending promise, also where it was about to be settled. */
  crash(reason: unknown): void {
    if (this.state === PENDING || this.deferred !== undefined) this.reject(reason);
  }

  /** Puts a new pending promise in the place of a settled one. */
  renew(): void {
    this.state = PENDING;
    this.promise = undefined;
    this.deferred = undefined;
  }
}

isolate(LazyPromise);
