/**
 * `Response`, `Request`, `fetch` and `Blob.prototype.stream` with the installed classes: a stream that goes in is made
 * the engine's, one that comes out is made the page's. A body that nobody looks at stays with the engine.
 */
import { reflectApply } from '../internal/intrinsics.js';
import { NativeReadableStream } from '../native-classes.js';
import { isOurReadable } from '../pipeline/brands.js';
import { nativeFor, pageBytes } from './lazy.js';

/** The members of the dictionary RequestInit, which are copied where the body has to be replaced. */
const requestInit = [
  'method', 'headers', 'referrer', 'referrerPolicy', 'mode', 'credentials', 'cache', 'redirect', 'integrity', 'keepalive',
  'signal', 'duplex', 'priority', 'window', 'attributionReporting', 'dispatcher',
];

const consumers = ['arrayBuffer', 'blob', 'bytes', 'formData', 'json', 'text'];

/** Bodies that were looked at: the `Response` or `Request` to the page's stream. */
const lookedAt = new WeakMap();

const lockedError = (what) => new TypeError(`${what}: the body is locked or has been read`);

function toNativeBody(body, what) {
  if (!isOurReadable(body)) return body;
  if (body.locked) throw lockedError(what);
  return nativeFor(body);
}

/** Whether the engine streams a request's body. One that does not sends a stream's name as text, or throws. */
function streamsRequests() {
  let asked = false;
  const body = new NativeReadableStream();
  const init = {
    method: 'POST',
    body,
    get duplex() {
      asked = true;
      return /** @type {'half'} */ ('half');
    },
  };
  const request = new Request('http://localhost/', init);
  return asked && !request.headers.has('content-type');
}

function convertInit(init, what) {
  const body = init?.body;
  if (!isOurReadable(body)) return init;
  if (!streamsRequests()) throw new TypeError(`${what}: this engine cannot stream the body of a request; collect it in a Blob first`);
  const copy = { body: toNativeBody(body, what) };
  for (const name of requestInit) if (init[name] !== undefined) copy[name] = init[name];
  return copy;
}

/** Replaces the global class `name` by one whose constructor takes what `convert(...args)` makes of its arguments. */
function patchConstructor(patches, name, convert) {
  const Class = globalThis[name];
  if (typeof Class !== 'function') return;
  const replacement = new Proxy(Class, {
    construct: (target, args, newTarget) => Reflect.construct(target, convert(...args), newTarget),
  });
  const before = Object.getOwnPropertyDescriptor(globalThis, name);
  patches.define(globalThis, name, { value: replacement, writable: true, enumerable: before?.enumerable ?? false, configurable: true });
  const constructor = Object.getOwnPropertyDescriptor(Class.prototype, 'constructor');
  patches.define(Class.prototype, 'constructor', { ...constructor, value: replacement });
}

function patchMixin(patches, prototype, what) {
  if (prototype === undefined) return;
  patches.getter(prototype, 'body', (body) => function () {
    const native = reflectApply(body, this, []);
    if (!native) return native;
    const page = pageBytes(native);
    lookedAt.set(this, page);
    return page;
  });
  for (const name of consumers) {
    patches.method(prototype, name, (consume) => ({
      method(...args) {
        if (lookedAt.get(this)?.locked) return Promise.reject(lockedError(`${what}.${name}()`));
        return reflectApply(consume, this, args);
      },
    }).method);
  }
  patches.method(prototype, 'clone', (clone) => ({
    method(...args) {
      if (lookedAt.get(this)?.locked) throw lockedError(`${what}.clone()`);
      return reflectApply(clone, this, args);
    },
  }).method);
}

export function patchBodies(patches) {
  const { Blob, Request, Response } = globalThis;
  patchMixin(patches, Response?.prototype, 'Response');
  patchMixin(patches, Request?.prototype, 'Request');
  patchConstructor(patches, 'Response', (body, ...rest) => [toNativeBody(body, 'Response'), ...rest]);
  patchConstructor(patches, 'Request', (input, init, ...rest) => [input, convertInit(init, 'Request'), ...rest]);
  patches.method(globalThis, 'fetch', (fetch) => ({
    async method(input, init, ...rest) {
      return reflectApply(fetch, this, [input, convertInit(init, 'fetch()'), ...rest]);
    },
  }).method);
  patches.method(Blob?.prototype, 'stream', (stream) => ({
    method(...args) {
      return pageBytes(reflectApply(stream, this, args));
    },
  }).method);
}
