/**
 * Makes `Response`, `Request`, `fetch` and `Blob.prototype.stream` accept and return the installed classes. A page's
 * stream becomes an engine's stream on its way in, and an engine's stream a page's on its way out. A body that nobody
 * looks at stays with the engine.
 */
import { reflectApply } from '../runtime/intrinsics.js';
import { NativeReadableStream, isNativeReadable } from '../bridge/native-classes.js';
import { isOurReadable, readableImpl } from '../bridge/brands.js';
import { lockNow, nativeFor, pageBytes, readAsNative } from './lazy.js';
import type { NativeStream, PageStream } from './lazy.js';
import type { Method, Patches } from './patches.js';

/** The members of the dictionary RequestInit. They are copied if the body must be replaced. */
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

/** From a `Response` or `Request` whose `body` was read to the page's stream for that body. */
const lookedAt = new WeakMap<object, PageStream>();

/**
 * From a `Response` or `Request` to the page's stream that it was made of; and to the engine's stream that it received
 * for that. Node makes another stream of it.
 */
const madeOf = new WeakMap<object, PageStream>();
const givenFor = new WeakMap<object, NativeStream>();

/**
 * Requests that were made of a stream in an engine that cannot send one. The engine makes them, and they are never
 * sent.
 */
const unsendable = new WeakSet<object>();

/** Bodies that the engine has begun to read before their `body` was read. */
const spent = new WeakSet<object>();

/** Branches of a body that is a stream of the page. Firefox gives both branches the same chunks. */
const shared = new WeakSet<object>();

const lockedError = (what: string) => new TypeError(`${what}: the body is locked or was read before`);

const unsendableError = (what: string) =>
  new TypeError(`${what}: this engine cannot stream the body of a request; send a Blob or an ArrayBuffer in its place`);

/**
 * Whether `body` is a stream of Node's that nobody has read. Node's Request and Response take it for any async iterable
 * while another class is installed, and hang at an empty chunk.
 */
const isIterated = (body: unknown): body is NativeStream =>
  'process' in globalThis &&
  isNativeReadable(body) &&
  !body.locked &&
  !(body as { readonly [disturbed]?: boolean })[disturbed];
const disturbed = Symbol.for('nodejs.stream.disturbed');

function toNativeBody(body: unknown, what: string): unknown {
  if (isIterated(body)) return readAsNative(body);
  if (!isOurReadable(body)) return body;
  if ((body as PageStream).locked || readableImpl(body)!.disturbed) throw lockedError(what);
  return nativeFor(body as PageStream);
}

/**
 * Whether the engine can stream the body of a request. If not, it sends a stream as the text "[object ReadableStream]",
 * or throws.
 */
function streamsRequests(): boolean {
  let asked = false;
  const body = new NativeReadableStream!();
  const init = {
    method: 'POST',
    body,
    get duplex() {
      asked = true;
      return 'half' as const;
    },
  };
  const request = new Request('http://localhost/', init);
  return asked && !request.headers.has('content-type');
}

/** The arguments of `fetch` or `new Request`; the page may pass anything. */
type RequestArguments = [input?: unknown, init?: Record<string, unknown>, ...rest: unknown[]];

/**
 * The arguments `(input, init)`, where the body of init is `body`, with the engine's stream in place of the page's.
 * Members of the copied init are read only when the engine reads them: a page finds out that an engine streams no
 * requests by seeing that it never reads `duplex`.
 */
function converted(args: RequestArguments, body: unknown, what: string): RequestArguments {
  if (!isOurReadable(body) && !isIterated(body)) return args;
  const [input, init] = args;
  const copy = { body: toNativeBody(body, what) };
  // Also what only another library's fetch() knows.
  for (const name of new Set([...requestInit, ...Object.keys(init!)]))
    if (name !== 'body') Object.defineProperty(copy, name, { get: () => init![name] });
  return [input, copy];
}

/** Whether a Request of these arguments has a body that this engine cannot send as it is. */
const isUnsendable = (input: unknown, body: unknown) =>
  body == null ? unsendable.has(input as object) : isOurReadable(body) && !streamsRequests();

/**
 * Throws if `input` is a Request whose body cannot be used again. The engine does not see that the page's stream is
 * locked.
 */
function refuseTaken(input: unknown, body: unknown, what: string): void {
  if (body == null && isTaken(input)) throw lockedError(what);
}

/**
 * Replaces the global class `name`. Its objects are made by `make(construct, args)`, which calls `construct(...)` with
 * the converted arguments.
 */
function patchConstructor(
  patches: Patches,
  name: 'Request' | 'Response',
  make: (construct: (...args: unknown[]) => object, args: RequestArguments) => object,
): void {
  const Class: Function & { prototype: object } = globalThis[name];
  if (typeof Class !== 'function') return;
  const replacement = new Proxy(Class, {
    construct: (target, args, newTarget) =>
      make((...converted) => Reflect.construct(target, converted, newTarget) as object, args as RequestArguments),
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

/** The page's stream for a body, if there is one. `object` may be any value. */
const pageOf = (object: unknown) => madeOf.get(object as object) ?? lookedAt.get(object as object);

/** Whether the page's stream for a body was read. The engine sees only reads of its own stream. */
function isDisturbed(object: unknown): boolean {
  const page = pageOf(object);
  return page !== undefined && readableImpl(page)!.disturbed;
}

const isTaken = (object: unknown) => pageOf(object)?.locked || isDisturbed(object);

/** Locks the page's stream for a body that the engine has begun to read. */
function spend(object: object): void {
  const page = pageOf(object);
  if (page !== undefined) lockNow(page, givenFor.get(object) ?? nativeOf(object));
  else spent.add(object);
}

/** The engine's getters of `body`. */
const bodyGetters = new Set<() => unknown>();

/** The engine's stream for the body of a Response or Request. */
function nativeOf(object: object): NativeStream | undefined {
  for (const body of bodyGetters) {
    try {
      return reflectApply(body, object, []) as NativeStream | undefined;
    } catch {
      // `body` is the getter of the other class.
    }
  }
  return undefined;
}

/** https://fetch.spec.whatwg.org/#body-mixin; `what` is the name of the class. */
function patchMixin(patches: Patches, prototype: object | undefined, what: string): void {
  if (prototype === undefined) return;
  patches.getter(prototype, 'body', (body) => {
    bodyGetters.add(body);
    return function (this: object) {
      const native = reflectApply(body, this, []) as NativeStream | null | undefined;
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
      function (this: unknown) {
        return reflectApply(bodyUsed, this, []) || isDisturbed(this);
      },
  );
  for (const name of consumers) {
    patches.method(
      prototype,
      name,
      (consume) =>
        ({
          method(this: object, ...args: unknown[]) {
            if (isTaken(this)) return Promise.reject(lockedError(`${what}.${name}()`));
            const result = reflectApply(consume, this, args);
            spend(this);
            return result;
          },
        }).method as Method,
    );
  }
  patches.method(
    prototype,
    'clone',
    (clone) =>
      ({
        method(this: object, ...args: unknown[]) {
          if (isTaken(this)) throw lockedError(`${what}.clone()`);
          const native = nativeOf(this);
          const copy = reflectApply(clone, this, args) as object;
          const page = pageOf(this);
          if (page !== undefined && nativeOf(this) !== native) lockNow(page, givenFor.get(this) ?? native);
          if (madeOf.has(this) || shared.has(this)) shared.add(this).add(copy);
          madeOf.delete(this); // now both are branches
          lookedAt.delete(this);
          if (unsendable.has(this)) unsendable.add(copy);
          return copy;
        },
      }).method as Method,
  );
}

export function patchBodies(patches: Patches): void {
  const { Blob, Request, Response } = globalThis;
  patchMixin(patches, Response?.prototype, 'Response');
  patchMixin(patches, Request?.prototype, 'Request');
  const remember = (object: object, page: PageStream, native: NativeStream) => {
    madeOf.set(object, page);
    givenFor.set(object, native);
  };
  patchConstructor(patches, 'Response', (construct, args) => {
    const [body, ...rest] = args;
    if (!isOurReadable(body)) return isIterated(body) ? construct(readAsNative(body), ...rest) : construct(...args);
    const native = toNativeBody(body, 'Response');
    const response = construct(native, ...rest);
    remember(response, body as PageStream, native as NativeStream);
    return response;
  });
  patchConstructor(patches, 'Request', (construct, args) => {
    const [input, init] = args;
    const body = init?.body;
    refuseTaken(input, body, 'Request');
    const sent = converted(args, body, 'Request');
    const request = construct(...sent);
    if (isUnsendable(input, body)) unsendable.add(request);
    else if (isOurReadable(body)) remember(request, body as PageStream, sent[1]!.body as NativeStream);
    if (body == null && pageOf(input) !== undefined) spend(input as object);
    return request;
  });
  patches.method(
    globalThis,
    'fetch',
    (fetch) =>
      ({
        async method(this: unknown, ...args: RequestArguments) {
          const [input, init] = args;
          const body = init?.body;
          if (isUnsendable(input, body)) throw unsendableError('fetch()');
          refuseTaken(input, body, 'fetch()');
          const response = reflectApply(fetch, this, converted(args, body, 'fetch()'));
          if (body == null && pageOf(input) !== undefined) spend(input as object);
          return response;
        },
      }).method as Method,
  );
  patches.method(
    Blob?.prototype,
    'stream',
    (stream) =>
      ({
        method(this: unknown, ...args: unknown[]) {
          return pageBytes(reflectApply(stream, this, args) as NativeStream);
        },
      }).method,
  );
}
