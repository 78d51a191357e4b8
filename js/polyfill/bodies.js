/**
 * `Response`, `Request`, `fetch` and `Blob.prototype.stream` with the installed classes: a stream that goes in is made
 * the engine's, one that comes out is made the page's. A body that nobody looks at stays with the engine.
 */
import { reflectApply } from '../runtime/intrinsics.js';
import { NativeReadableStream } from '../bridge/native-classes.js';
import { isOurReadable, readableImpl } from '../bridge/brands.js';
import { lockNow, nativeFor, pageBytes } from './lazy.js';

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

/** What a `Response` or `Request` was made of, and the engine's stream that it was given for that. Node's makes another stream of it. */
const madeOf = new WeakMap();
const givenFor = new WeakMap();

/** Requests made of a stream where the engine sends none: made as the engine makes them, and never sent. */
const unsendable = new WeakSet();

/** Those whose body the engine has begun to read, and whose stream nobody had asked for. */
const spent = new WeakSet();

/** Branches of a body that a stream of the page's gives. Firefox gives both the same chunks. */
const shared = new WeakSet();

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
 * The arguments `(input, init)`, where the init's body is `body`, with the engine's stream in the place of the page's. The engine reads the
 * other members, and only those it asks for: that it never asks for `duplex` is how a page finds out that it streams no request.
 */
function converted(args, body, what) {
  if (!isOurReadable(body)) return args;
  const [input, init] = args;
  const copy = { body: toNativeBody(body, what) };
  for (const name of requestInit) Object.defineProperty(copy, name, { get: () => init[name] });
  return [input, copy];
}

/** Whether a Request of these has a body that this engine sends as something else. */
const isUnsendable = (input, body) =>
  body == null ? unsendable.has(input) : isOurReadable(body) && !streamsRequests();

/** Of a Request that another is made of, or that is sent: the engine sees no lock on the page's stream. */
function refuseTaken(input, body, what) {
  if (body == null && isTaken(input)) throw lockedError(what);
}

/** Replaces the global class `name` by one that is made by `make(construct, ...args)`, which calls `construct(...args)`. */
function patchConstructor(patches, name, make) {
  const Class = globalThis[name];
  if (typeof Class !== 'function') return;
  const replacement = new Proxy(Class, {
    construct: (target, args, newTarget) =>
      make((...converted) => Reflect.construct(target, converted, newTarget), args),
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

/** The page's stream of a body, where there is one. */
const pageOf = (object) => madeOf.get(object) ?? lookedAt.get(object);

/** Whether somebody has read the page's stream of a body; the engine sees only what was read through its own. */
function isDisturbed(object) {
  const page = pageOf(object);
  return page !== undefined && readableImpl(page).disturbed;
}

const isTaken = (object) => pageOf(object)?.locked || isDisturbed(object);

/** Locks the page's stream of a body that the engine has begun to read. */
function spend(object) {
  const page = pageOf(object);
  if (page !== undefined) lockNow(page, givenFor.get(object) ?? nativeOf(object));
  else spent.add(object);
}

/** The engine's getters of `body`. */
const bodyGetters = new Set();

/** The engine's stream of a Response's or Request's body. */
function nativeOf(object) {
  for (const body of bodyGetters) {
    try {
      return reflectApply(body, object, []);
    } catch {
      // It is the other one's.
    }
  }
  return undefined;
}

function patchMixin(patches, prototype, what) {
  if (prototype === undefined) return;
  patches.getter(prototype, 'body', (body) => {
    bodyGetters.add(body);
    return function () {
      const native = reflectApply(body, this, []);
      if (!native) return native;
      const page = madeOf.get(this) ?? pageBytes(native, shared.has(this));
      lookedAt.set(this, page);
      if (spent.has(this)) lockNow(page, native);
      return page;
    };
  });
  patches.getter(
    prototype,
    'bodyUsed',
    (bodyUsed) =>
      function () {
        return reflectApply(bodyUsed, this, []) || isDisturbed(this);
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
            const result = reflectApply(consume, this, args);
            spend(this);
            return result;
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
          const native = nativeOf(this);
          const copy = reflectApply(clone, this, args);
          const page = pageOf(this);
          if (page !== undefined && nativeOf(this) !== native) lockNow(page, givenFor.get(this) ?? native);
          if (madeOf.has(this) || shared.has(this)) shared.add(this).add(copy);
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
  const remember = (object, page, native) => {
    madeOf.set(object, page);
    givenFor.set(object, native);
  };
  patchConstructor(patches, 'Response', (construct, args) => {
    const [body, ...rest] = args;
    if (!isOurReadable(body)) return construct(...args);
    const native = toNativeBody(body, 'Response');
    const response = construct(native, ...rest);
    remember(response, body, native);
    return response;
  });
  patchConstructor(patches, 'Request', (construct, args) => {
    const [input, init] = args;
    const body = init?.body;
    refuseTaken(input, body, 'Request');
    const sent = converted(args, body, 'Request');
    const request = construct(...sent);
    if (isUnsendable(input, body)) unsendable.add(request);
    else if (isOurReadable(body)) remember(request, body, sent[1].body);
    if (body == null && pageOf(input) !== undefined) spend(input);
    return request;
  });
  patches.method(
    globalThis,
    'fetch',
    (fetch) =>
      ({
        async method(...args) {
          const [input, init] = args;
          const body = init?.body;
          if (isUnsendable(input, body)) throw unsendableError('fetch()');
          refuseTaken(input, body, 'fetch()');
          const response = reflectApply(fetch, this, converted(args, body, 'fetch()'));
          if (body == null && pageOf(input) !== undefined) spend(input);
          return response;
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
