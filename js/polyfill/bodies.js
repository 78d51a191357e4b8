/**
 * `Response`, `Request`, `fetch` and `Blob.prototype.stream` with the installed classes: a stream that goes in is made
 * the engine's, one that comes out is made the page's. A body that nobody looks at stays with the engine.
 */
import { reflectApply } from '../runtime/intrinsics.js';
import { NativeReadableStream } from '../bridge/native-classes.js';
import { isOurReadable, readableImpl } from '../bridge/brands.js';
import { nativeFor, pageBytes } from './lazy.js';

/** The members of the dictionary RequestInit, which are copied where the body has to be replaced. */
const requestInit = [
  'method',
  'headers',
  'referrer',
  'referrerPolicy',
  'mode',
  'credentials',
  'cache',
  'redirect',
  'integrity',
  'keepalive',
  'signal',
  'duplex',
  'priority',
  'window',
  'attributionReporting',
  'dispatcher',
];

const consumers = ['arrayBuffer', 'blob', 'bytes', 'formData', 'json', 'text'];

/** Bodies that were looked at: the `Response` or `Request` to the page's stream. */
const lookedAt = new WeakMap();

/** What a `Response` or `Request` was made of. Node's makes another stream of it. */
const madeOf = new WeakMap();

/** Requests made of a stream where the engine sends none: made as the engine makes them, and never sent. */
const unsendable = new WeakSet();

const lockedError = (what) => new TypeError(`${what}: the body is locked or has been read`);

const unsendableError = (what) =>
  new TypeError(`${what}: this engine cannot stream the body of a request; collect it in a Blob first`);

function toNativeBody(body, what) {
  if (!isOurReadable(body)) return body;
  if (body.locked || readableImpl(body).disturbed) throw lockedError(what);
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

/**
 * `init` with the engine's stream in the place of the page's. The engine reads the other members, and only those it asks for: that it
 * never asks for `duplex` is how a page finds out that it streams no request.
 */
function convertInit(init, what) {
  const body = init?.body;
  if (!isOurReadable(body)) return init;
  const copy = { body: toNativeBody(body, what) };
  for (const name of requestInit) Object.defineProperty(copy, name, { get: () => init[name] });
  return copy;
}

/** Whether a Request of these arguments has a body that this engine sends as something else. */
const isUnsendable = (input, init) =>
  init?.body == null ? unsendable.has(input) : isOurReadable(init.body) && !streamsRequests();

/**
 * Replaces the global class `name` by one whose constructor takes what `convert(...args)` makes of its arguments. `onMade(object, ...args)`
 * is told what was made of them.
 */
function patchConstructor(patches, name, convert, onMade) {
  const Class = globalThis[name];
  if (typeof Class !== 'function') return;
  const replacement = new Proxy(Class, {
    construct(target, args, newTarget) {
      const object = Reflect.construct(target, convert(...args), newTarget);
      onMade(object, ...args);
      return object;
    },
  });
  const before = Object.getOwnPropertyDescriptor(globalThis, name);
  patches.define(globalThis, name, {
    value: replacement,
    writable: true,
    enumerable: before?.enumerable ?? false,
    configurable: true,
  });
  const constructor = Object.getOwnPropertyDescriptor(Class.prototype, 'constructor');
  patches.define(Class.prototype, 'constructor', { ...constructor, value: replacement });
}

/** Whether somebody has the page's stream of a body, or has read it; the engine sees only what was read through its own. */
function isTaken(object) {
  const page = madeOf.get(object) ?? lookedAt.get(object);
  return page !== undefined && (page.locked || readableImpl(page).disturbed);
}

function patchMixin(patches, prototype, what) {
  if (prototype === undefined) return;
  patches.getter(
    prototype,
    'body',
    (body) =>
      function () {
        const native = reflectApply(body, this, []);
        if (!native) return native;
        const page = madeOf.get(this) ?? pageBytes(native);
        lookedAt.set(this, page);
        return page;
      },
  );
  for (const name of consumers) {
    patches.method(
      prototype,
      name,
      (consume) =>
        ({
          method(...args) {
            if (isTaken(this)) return Promise.reject(lockedError(`${what}.${name}()`));
            return reflectApply(consume, this, args);
          },
        }).method,
    );
  }
  patches.method(
    prototype,
    'clone',
    (clone) =>
      ({
        method(...args) {
          if (isTaken(this)) throw lockedError(`${what}.clone()`);
          const copy = reflectApply(clone, this, args);
          madeOf.delete(this); // both are branches now
          lookedAt.delete(this);
          if (unsendable.has(this)) unsendable.add(copy);
          return copy;
        },
      }).method,
  );
}

export function patchBodies(patches) {
  const { Blob, Request, Response } = globalThis;
  patchMixin(patches, Response?.prototype, 'Response');
  patchMixin(patches, Request?.prototype, 'Request');
  const remember = (object, body) => isOurReadable(body) && madeOf.set(object, body);
  patchConstructor(patches, 'Response', (body, ...rest) => [toNativeBody(body, 'Response'), ...rest], remember);
  patchConstructor(
    patches,
    'Request',
    (input, init, ...rest) => [input, convertInit(init, 'Request'), ...rest],
    (request, input, init) => {
      if (isUnsendable(input, init)) unsendable.add(request);
      else remember(request, init?.body);
    },
  );
  patches.method(
    globalThis,
    'fetch',
    (fetch) =>
      ({
        async method(input, init, ...rest) {
          if (isUnsendable(input, init)) throw unsendableError('fetch()');
          return reflectApply(fetch, this, [input, convertInit(init, 'fetch()'), ...rest]);
        },
      }).method,
  );
  patches.method(
    Blob?.prototype,
    'stream',
    (stream) =>
      ({
        method(...args) {
          return pageBytes(reflectApply(stream, this, args));
        },
      }).method,
  );
}
