/**
 * The engine's own functions as of the import, so that a page that patches its globals later does not change what
 * streams do.
 */

const { bind, call } = Function.prototype;
/** `uncurryThis(method)(thisValue, ...args)` */
export const uncurryThis = bind.bind(call) as <This, Args extends unknown[], Result>(
  method: (this: This, ...args: Args) => Result,
) => (thisValue: This, ...args: Args) => Result;

/** `functionBind(fn, thisValue, ...args)` */
export const functionBind = uncurryThis(bind) as <Args extends unknown[], Rest extends unknown[], Result>(
  method: (...args: [...Args, ...Rest]) => Result,
  thisValue: unknown,
  ...args: Args
) => (...rest: Rest) => Result;
export const reflectApply = Reflect.apply;

const ArrayConstructor = Array;
const PromiseConstructor = Promise;
/** `promiseThen(promise, onFulfilled, onRejected)` */
export const promiseThen = uncurryThis(Promise.prototype.then) as <T, A = T, B = never>(
  promise: Promise<T>,
  onFulfilled?: ((value: T) => A | PromiseLike<A>) | undefined,
  onRejected?: ((reason: unknown) => B | PromiseLike<B>) | undefined,
) => Promise<A | B>;
export const promiseResolve = Promise.resolve.bind(Promise) as <T>(value: T | PromiseLike<T>) => Promise<Awaited<T>>;
export const promiseReject = Promise.reject.bind(Promise) as (reason: unknown) => Promise<never>;

/**
 * The promise that is resolved with `undefined`; `resolved.react(callback)` is the engine's `then`, safe from pages
 * that patch the prototype. A method compiles better than a call through a bound function (a third less in WebKit), and
 * it has a name of its own because a promise with an own `then` makes V8 look that up on all promises of the page, ours
 * included (a tenth of a read).
 */
export const resolved = promiseResolve(undefined) as Promise<undefined> & { react: Promise<undefined>['then'] };
Object.defineProperty(resolved, 'react', { value: Promise.prototype.then });

export function noop(): void {}

const { defineProperty } = Object;

/** A descriptor that looks nothing up on Object.prototype. */
function defineItem(array: unknown[], at: number, value: unknown) {
  defineProperty(array, at, {
    __proto__: null,
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  } as PropertyDescriptor);
}

/** Appends to an array, whatever setters a page has put on Array.prototype. */
export function append<T>(array: T[], value: T): void {
  const at = array.length;
  if (at in array) defineItem(array, at, value);
  else array[at] = value;
}

/**
 * A list of `length` items, those of `list` and undefined. It has no holes, so that a store never looks at
 * Array.prototype.
 */
export function grown<T>(list: readonly T[], length: number): (T | undefined)[] {
  const items: (T | undefined)[] = new ArrayConstructor(length);
  for (let i = 0; i < length; i++) {
    const item = i < list.length ? list[i] : undefined;
    if (i in items) defineItem(items, i, item);
    else items[i] = item;
  }
  return items;
}

/** Marks a rejection of `promise` as handled. */
export function markHandled<T>(promise: Promise<T>): Promise<T> {
  promiseThen(promise, undefined, noop);
  return promise;
}

/** Cuts a class of ours off from Object.prototype, so that setters a page put there never see our slots. */
export function isolate(constructor: { prototype: object }): void {
  Object.setPrototypeOf(constructor.prototype, null);
}

type Resolve<T> = (value: T | PromiseLike<T>) => void;
type Reject = (reason: unknown) => void;

let lastResolve: Resolve<unknown>;
let lastReject: Reject;
function capture(resolve: Resolve<unknown>, reject: Reject) {
  lastResolve = resolve;
  lastReject = reject;
}

/** A promise with its two functions; no closure of its own. */
export class Deferred<T> {
  declare promise: Promise<T>;
  declare resolve: Resolve<T>;
  declare reject: Reject;

  constructor() {
    this.promise = new PromiseConstructor(capture) as Promise<T>;
    this.resolve = lastResolve;
    this.reject = lastReject;
  }
}

isolate(Deferred);

/** A pending promise whose two functions `target` gets as `resolve` and `reject`. */
export function pendingPromise<T>(target: {
  resolve?: Resolve<T> | undefined;
  reject?: Reject | undefined;
}): Promise<T> {
  const promise = new PromiseConstructor(capture) as Promise<T>;
  target.resolve = lastResolve;
  target.reject = lastReject;
  return promise;
}

/**
 * `upon(promise, onFulfilled, onRejected)`: the standard's "upon fulfillment/rejection"; `promise` may be any value.
 */
export function upon<T>(
  value: T,
  onFulfilled: (value: Awaited<T>) => void,
  onRejected: (reason: unknown) => void,
): void {
  promiseThen(promiseResolve(value), onFulfilled, onRejected);
}

const { getPrototypeOf, getOwnPropertyDescriptor } = Object;

/**
 * %AsyncIteratorPrototype%, https://tc39.es/ecma262/#sec-asynciteratorprototype, which only an async generator leads to. A compiler that
 * replaces async generators by plain functions leaves no way to it; then an object with the same method stands in.
 */
function asyncIteratorPrototype(): object {
  const { prototype } = getPrototypeOf(async function* () {});
  if (prototype) return getPrototypeOf(prototype);
  const standIn = {
    [Symbol.asyncIterator]() {
      return this;
    },
  };
  return defineProperty(standIn, Symbol.asyncIterator, { __proto__: null, enumerable: false } as PropertyDescriptor);
}

export const AsyncIteratorPrototype = asyncIteratorPrototype();

/** The getter of a property, as a function of its owner; undefined if the engine has none. */
export const getter = <Owner, Value>(prototype: object | undefined, key: PropertyKey) => {
  const get = prototype && (getOwnPropertyDescriptor(prototype, key)?.get as ((this: Owner) => Value) | undefined);
  return (get && uncurryThis(get)) as (owner: Owner) => Value;
};

/** The same, but a plain read of the property in a host that has no getter (happy-dom) or no such class. */
const getterOf = <Owner extends object, Key extends keyof Owner>(prototype: Owner | undefined, key: Key) =>
  getter<Owner, Owner[Key]>(prototype, key) ?? ((owner: Owner) => owner[key]);

/** Hosts without a DOM may have neither class; then no one can pass a signal. */
const { AbortController: AbortControllerConstructor, AbortSignal } = globalThis;
export const newAbortController = () => new AbortControllerConstructor();
/** `abortWith(controller, reason)` */
export const abortWith: (controller: AbortController, reason?: unknown) => void = AbortControllerConstructor
  ? uncurryThis(AbortControllerConstructor.prototype.abort)
  : noop;
export const signalOf = getterOf(AbortControllerConstructor?.prototype, 'signal');
export const isAborted = getterOf(AbortSignal?.prototype, 'aborted');
/** Undefined in engines of before 2022, which have no reasons. */
export const abortReasonOf = getterOf(AbortSignal?.prototype, 'reason');

type Listening = (target: EventTarget, type: string, listener: () => void) => void;
const { EventTarget } = globalThis;
/** `listen(target, type, listener)` and `unlisten`: add and remove an event listener. */
export const listen: Listening = EventTarget ? uncurryThis(EventTarget.prototype.addEventListener) : noop;
export const unlisten: Listening = EventTarget ? uncurryThis(EventTarget.prototype.removeEventListener) : noop;
