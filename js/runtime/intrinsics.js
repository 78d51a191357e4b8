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

const ArrayConstructor = Array;
const PromiseConstructor = Promise;
/** `promiseThen(promise, onFulfilled, onRejected)` */
export const promiseThen = uncurryThis(Promise.prototype.then);
export const promiseResolve = Promise.resolve.bind(Promise);
export const promiseReject = Promise.reject.bind(Promise);

/**
 * The promise that is resolved with `undefined`; `resolved.react(callback)` is the engine's `then`, safe from pages that patch
 * the prototype. A method compiles better than a call through a bound function (a third less in WebKit), and it has a name of
 * its own because a promise with an own `then` makes V8 look that up on all promises of the page, ours included (a tenth of
 * a read).
 */
export const resolved = /** @type {Promise<undefined> & { react: Promise<undefined>['then'] }} */ (
  promiseResolve(undefined)
);
Object.defineProperty(resolved, 'react', { value: Promise.prototype.then });

export function noop() {}

const { defineProperty } = Object;

/** A descriptor that looks nothing up on Object.prototype. */
function defineItem(array, at, value) {
  defineProperty(
    array,
    at,
    /** @type {any} */ ({ __proto__: null, value, writable: true, enumerable: true, configurable: true }),
  );
}

/** Appends to an array, whatever setters a page has put on Array.prototype. */
export function append(array, value) {
  const at = array.length;
  if (at in array) defineItem(array, at, value);
  else array[at] = value;
}

/** A list of `length` items, those of `list` and undefined. It has no holes, so that a store never looks at Array.prototype. */
export function grown(list, length) {
  const items = new ArrayConstructor(length);
  for (let i = 0; i < length; i++) {
    const item = i < list.length ? list[i] : undefined;
    if (i in items) defineItem(items, i, item);
    else items[i] = item;
  }
  return items;
}

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

/** A pending promise whose two functions `target` gets as `resolve` and `reject`. */
export function pendingPromise(target) {
  const promise = new PromiseConstructor(capture);
  target.resolve = lastResolve;
  target.reject = lastReject;
  return promise;
}

/** `upon(promise, onFulfilled, onRejected)`: the standard's "upon fulfillment/rejection"; `promise` may be any value. */
export function upon(value, onFulfilled, onRejected) {
  promiseThen(promiseResolve(value), onFulfilled, onRejected);
}

export const AsyncIteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf(async function* () {}).prototype);

const getterOf = (prototype, key) => uncurryThis(Object.getOwnPropertyDescriptor(prototype, key).get);

const AbortControllerConstructor = AbortController;
export const newAbortController = () => new AbortControllerConstructor();
/** `abortWith(controller, reason)` */
export const abortWith = uncurryThis(AbortController.prototype.abort);
export const signalOf = getterOf(AbortController.prototype, 'signal');
export const isAborted = getterOf(AbortSignal.prototype, 'aborted');
/** Engines of before 2022 have none. */
export const abortReasonOf = 'reason' in AbortSignal.prototype ? getterOf(AbortSignal.prototype, 'reason') : noop;
