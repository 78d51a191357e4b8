/**
 * The engine's own functions as they were at import, so that a page which patches its globals later
 * does not change what streams do.
 */

const { bind, call } = Function.prototype;
/** `uncurryThis(method)(thisValue, ...args)` */
export const uncurryThis = bind.bind(call);

/** `functionBind(fn, thisValue, ...args)` */
export const functionBind = uncurryThis(bind);
export const reflectApply = Reflect.apply;

const PromiseConstructor = Promise;
/** `promiseThen(promise, onFulfilled, onRejected)` */
export const promiseThen = uncurryThis(Promise.prototype.then);
export const promiseResolve = Promise.resolve.bind(Promise);
export const promiseReject = Promise.reject.bind(Promise);

/**
 * The promise that is resolved with `undefined`. Its own `then` is the engine's, so that `resolved.then(…)` is safe from
 * pages that patch the prototype; engines compile it better than a call through a bound function (a third less in WebKit).
 */
export const resolved = promiseResolve(undefined);
Object.defineProperty(resolved, 'then', { value: Promise.prototype.then });

export function noop() {}

/** Keeps a rejection of `promise` from being reported as unhandled. */
export function markHandled(promise) {
  promiseThen(promise, undefined, noop);
  return promise;
}

/** Cuts a class of ours off from Object.prototype, so that setters a page put there never see our slots. */
export function isolate(constructor) {
  Object.setPrototypeOf(constructor.prototype, null);
}

let lastResolve;
let lastReject;
function capture(resolve, reject) {
  lastResolve = resolve;
  lastReject = reject;
}

/** A promise with its two functions; no closure of its own. */
export class Deferred {
  constructor() {
    this.promise = new PromiseConstructor(capture);
    this.resolve = lastResolve;
    this.reject = lastReject;
  }
}

isolate(Deferred);

/** `upon(promise, onFulfilled, onRejected)`: the standard's "upon fulfillment/rejection"; `promise` may be any value. */
export function upon(value, onFulfilled, onRejected) {
  promiseThen(promiseResolve(value), onFulfilled, onRejected);
}

export const AsyncIteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf(async function* () {}).prototype);
