/**
 * `toFetch()`: a sink that uploads. Its chunks are the body of one request, streamed if that is known to work and
 * collected otherwise; or, if the caller asks for it, the bodies of parts of a fixed size, with retries.
 */
import { toNative } from '../native/convert.js';
import { withinGrace } from '../runtime/grace.js';
import { requireCallback, requireCount, requireOneOf } from '../values/require.js';
import { sleep } from '../runtime/sleep.js';
import { describe } from '../values/describe.js';
import { FetchError, keepResponse, statusOf } from '../pipeline/fetch-error.js';
import { backoff, isTransient, LONGEST_WAIT } from '../sources/download.js';
import { retryAfterOf } from '../sources/http-fields.js';
import { isFinal, requestOf } from '../sources/request.js';
import { requireStallTimeout, StallWatch } from '../sources/stall.js';
import { WritableStream } from '../streams/writable-stream.js';
import { Encoder } from './bytes.js';
import { EarlyResponse, unread } from './early-response.js';
import { Gatherer } from './gatherer.js';
import { bodyPair } from './to-response.js';
import type { WritableControllerLike } from '../bridge/shapes.js';
import type { WritableStreamDefaultWriter } from '../streams/writable-stream-default-writer.js';
import type { BytesOrText } from './bytes.js';
import type { BodyPair } from './to-response.js';

/** A part of an upload: the bytes from `start` up to, and without, `end`. */
export interface UploadPart {
  /** The number of the part, from 0. */
  readonly index: number;
  /** The first byte of the part. */
  readonly start: number;
  /** The byte after its last one. */
  readonly end: number;
  /** Whether it is the last part. */
  readonly last: boolean;
  /** The bytes of the whole upload; undefined until the last part. */
  readonly total: number | undefined;
}

/** What differs in the request of a part. */
export interface PartRequest {
  /** Default: the URL of the upload. */
  url?: string | undefined;
  /** Default: the method of the upload. */
  method?: string | undefined;
  /** Headers to add to those of the upload, or to replace there. */
  headers?: Record<string, string> | undefined;
}

/** The options of `toFetch()`, with those of `fetch()`. */
export interface ToFetchOptions extends Omit<RequestInit, 'body' | 'signal'> {
  /**
   * `stream`: one request with a streamed body. `collect`: one request, sent when all chunks have arrived. `parts`: one
   * request for each part, with a `Content-Range` header unless `part` says otherwise. `auto`: `parts` if `part` is
   * given; otherwise `stream` if that is known to work (in Node, and in browsers over HTTP/2 or HTTP/3), or `collect`.
   * Default: `auto`.
   */
  as?: 'auto' | 'stream' | 'collect' | 'parts' | undefined;
  /** The most bytes that `collect` holds. More is a `RangeError`. Default: 256 MiB. */
  cap?: number | undefined;
  /** Bytes of each part but the last. Default: 8 MiB. */
  partSize?: number | undefined;
  /**
   * Returns, or resolves with, what differs in the request of a part. Implies parts. Default: a `Content-Range` header.
   */
  part?: ((part: UploadPart) => PartRequest | PromiseLike<PartRequest>) | undefined;
  /** How often a part is sent again. Default: 3. */
  retries?: number | undefined;
  /**
   * Milliseconds before the first retry. Each further one waits twice as long, or as long as `Retry-After` says, at
   * most 2 minutes. Default: 500.
   */
  delay?: number | undefined;
  /**
   * Milliseconds for which the server may read nothing and send nothing. Then the request fails with a `FetchError`, or
   * the part is sent again. For a body that is not streamed the engine does not report how much the server has read:
   * there it is the time from the request to its response. Default: Infinity.
   */
  stallTimeout?: number | undefined;
  /** When aborted, fails the stream with its reason, and ends the request. */
  signal?: AbortSignal | undefined;
}

const WAYS = ['auto', 'stream', 'collect', 'parts'];
const CAP = 256 * 1024 * 1024;
/** Bytes of one Blob of a collected body. The engine may keep Blobs on the disk. */
const GATHER = 1024 * 1024;

/**
 * Whether the engine accepts a stream as the body of a request. An engine that does not converts the stream to a
 * string.
 */
function engineStreams(): boolean {
  let asked = false;
  try {
    const init = {
      method: 'POST',
      body: toNative(bodyPair('toFetch').body),
      get duplex() {
        asked = true;
        return 'half';
      },
    };
    const request = new Request('http://localhost/', init as RequestInit);
    return asked && !request.headers.has('content-type');
  } catch {
    return false;
  }
}

/** The globals of an engine, of which Node has not all. */
interface Engine {
  readonly document?: { readonly baseURI: string };
  readonly WorkerGlobalScope?: unknown;
  readonly location?: { readonly href: string };
  readonly performance: Performance;
}

function isBrowser(): boolean {
  const { document, WorkerGlobalScope } = globalThis as Engine;
  return document !== undefined || WorkerGlobalScope !== undefined;
}

/**
 * Whether the connection to the origin of `url` is known to support a streamed body. Browsers refuse one over HTTP/1
 * (https://fetch.spec.whatwg.org/#http-network-fetch), but only after they have sent it. The resource timing of what
 * the page or worker has loaded from there shows the protocol, unless it came from a cache.
 */
function connectionStreams(url: string): boolean {
  const { document, performance, location } = globalThis as Engine;
  if (!isBrowser()) return true;
  let origin;
  try {
    origin = new URL(url, document?.baseURI ?? location?.href).origin;
  } catch {
    return false; // fetch() reports what is wrong with the URL
  }
  const entries = ['navigation', 'resource'].flatMap(
    (type) => performance.getEntriesByType(type) as PerformanceResourceTiming[],
  );
  const last = entries.findLast(
    ({ name, transferSize, nextHopProtocol }) => transferSize > 0 && nextHopProtocol && new URL(name).origin === origin,
  );
  return /^h[23]/.test(last?.nextHopProtocol as string);
}

/** The options of an upload, checked. */
interface Upload {
  readonly url: string;
  readonly init: RequestInit;
  readonly part: (part: UploadPart) => PartRequest | PromiseLike<PartRequest>;
  readonly partSize: number;
  readonly retries: number;
  /** Milliseconds. */
  readonly delay: number;
  /** Milliseconds, or Infinity. */
  readonly stallTimeout: number;
}

/**
 * Sends the bytes of an upload. `send()` is called with one chunk at a time, then `finish()`, once. `stop()` ends
 * everything, at any time and maybe more than once.
 */
interface Carrier {
  /** Set by the sink. The carrier calls it with an error that no pending call rejects with. */
  onFailure: (error: unknown) => void;
  send(bytes: Uint8Array): unknown;
  /** Resolves with the (last) response. */
  finish(): Promise<Response>;
  stop(reason: unknown): void;
}

/**
 * A sink that uploads its bytes to a server. One request has them as its body, which is streamed if that is known to
 * work, and collected up to `cap` bytes otherwise. With `as: 'parts'`, or `part`, there is one request for each part,
 * and a part that fails is sent again. `response` is a promise of the (last) response. A response that is not ok is a
 * `FetchError`.
 *
 * @throws {TypeError | RangeError} if an argument is invalid, or `as` is `stream` and the engine cannot stream
 * @see https://fetch.spec.whatwg.org/#dom-requestinit-duplex
 */
export function toFetch(
  input: string | URL,
  options?: ToFetchOptions,
): WritableStream<BytesOrText> & { readonly response: Promise<Response> } {
  const {
    as = 'auto',
    cap = CAP,
    part,
    partSize = 8 * 1024 * 1024,
    retries = 3,
    delay = 500,
    stallTimeout = Infinity,
    signal,
    ...init
  } = options ?? {};
  if (typeof input !== 'string' && !(input instanceof URL))
    throw new TypeError(`toFetch(): the first argument must be a URL; got ${describe(input)}`);
  requireOneOf(as, WAYS, 'toFetch(): as');
  requireCallback(part, 'toFetch(): part');
  requireCount(cap, 'toFetch(): cap', 0);
  requireCount(partSize, 'toFetch(): partSize');
  requireCount(retries, 'toFetch(): retries', 0);
  requireCount(delay, 'toFetch(): delay', 0);
  requireStallTimeout(stallTimeout, 'toFetch');
  const upload: Upload = {
    url: String(input),
    init: { method: 'POST', ...init },
    part: part ?? defaultPart,
    partSize,
    retries,
    delay,
    stallTimeout,
  };
  if (as === 'parts' || (as === 'auto' && part !== undefined)) return sinkOf(new Parts(upload), signal);
  if (as === 'stream' && !engineStreams()) {
    throw new TypeError(
      "toFetch(): this engine cannot stream the body of a request; use as: 'auto', which collects the body instead",
    );
  }
  const streams = as === 'stream' || (as === 'auto' && connectionStreams(upload.url) && engineStreams());
  return sinkOf(streams ? new Streamed(upload) : new Collected(upload, cap), signal);
}

function sinkOf(
  carrier: Carrier,
  signal: AbortSignal | undefined,
): WritableStream<BytesOrText> & { readonly response: Promise<Response> } {
  let settle!: { resolve: (response: Response) => void; reject: (error: unknown) => void };
  const response = new Promise<Response>((resolve, reject) => void (settle = { resolve, reject }));
  response.catch(() => {}); // the stream rejects with the same error
  let onAbort: () => void;
  const fail = (error: unknown) => {
    signal?.removeEventListener('abort', onAbort);
    carrier.stop(error);
    settle.reject(error);
  };
  const failing = async (work: () => unknown): Promise<void> => {
    try {
      return (await work()) as void;
    } catch (error) {
      fail(error);
      throw error;
    }
  };
  const text = new Encoder('toFetch');
  const sink = new WritableStream<BytesOrText>({
    start(controller: WritableControllerLike) {
      carrier.onFailure = (error) => {
        fail(error);
        controller.error(error);
      };
      controller.signal.addEventListener('abort', () => fail(controller.signal.reason), { once: true });
      onAbort = () => carrier.onFailure(signal!.reason);
      if (signal?.aborted) onAbort();
      else signal?.addEventListener('abort', onAbort, { once: true });
    },
    write: (chunk: unknown) => failing(() => carrier.send(text.encode(chunk))) as Promise<void>,
    close: () =>
      failing(async () => {
        await carrier.send(text.rest());
        settle.resolve(await carrier.finish());
        signal?.removeEventListener('abort', onAbort);
      }) as Promise<void>,
  });
  return Object.defineProperty(sink, 'response', { value: response, enumerable: true }) as typeof sink & {
    readonly response: Promise<Response>;
  };
}

/** @throws {FetchError} if the response is not ok */
async function check(response: Response, url: string): Promise<Response> {
  if (response.ok) return response;
  throw new FetchError(`toFetch(): ${url} responded with ${statusOf(response)}`, await keepResponse(response));
}

/** Aborts a request of `upload` if the server reads nothing and sends nothing for its `stallTimeout`. */
function watchOf({ url, stallTimeout }: Upload, abort: AbortController): StallWatch {
  return new StallWatch(stallTimeout, () => {
    abort.abort(
      new FetchError(`toFetch(): ${url} was silent for ${stallTimeout} ms (stallTimeout)`, undefined, { url }),
    );
  });
}

/**
 * `init` for a streamed body. The `fetch` of Node 20 to 24 tees the body of a request that may be redirected and keeps
 * all of it in the other branch. It does not if the request has no window and fails on a redirect. Of all redirects
 * only a 303 follows a streamed body: https://fetch.spec.whatwg.org/#http-redirect-fetch
 */
const unteed = (init: RequestInit): RequestInit =>
  isBrowser() ? init : { ...init, window: null, redirect: init.redirect ?? 'error' };

const redirected = (url: string, cause: unknown) =>
  new FetchError(
    `toFetch(): ${url} responded with a redirect; pass the final URL, or redirect: 'follow' for a 303 (the fetch() of Node 20 to 24 then keeps the whole body in memory)`,
    undefined,
    { url, cause },
  );

/**
 * One request, whose body is read as it is written. A response that comes before the whole body was read says nothing
 * about the rest of it, whatever its status. Until that response ends, the server may read the body as slowly as it
 * likes. Afterwards the pipeline waits for the body to be read with a bound: Node's `fetch` closes the connection at
 * the end of the response and leaves the body alone.
 */
class Streamed implements Carrier {
  onFailure!: (error: unknown) => void;
  #upload: Upload;
  #abort = new AbortController();
  #watch: StallWatch;
  #writer: WritableStreamDefaultWriter<BytesOrText> | undefined;
  #response: Promise<Response> | undefined;
  #early: EarlyResponse | undefined; // the response, if it arrived before the body was sent
  #onEarly: (() => void) | undefined; // called when there is one
  #onAbort: ((reason: unknown) => void) | undefined;
  #isSent = false;
  #lose: BodyPair['lose'] | undefined;
  #taken: BodyPair['taken'] | undefined;

  constructor(upload: Upload) {
    this.#upload = upload;
    this.#watch = watchOf(upload, this.#abort);
    // Once a response has come, Node's fetch may lose the signal to a garbage collection, so it is not relied on.
    const { signal } = this.#abort;
    signal.addEventListener('abort', () => {
      this.#early?.drop(signal.reason);
      this.#onAbort?.(signal.reason);
    });
  }

  #open(): void {
    const { url, init } = this.#upload;
    const { body, sink, lose, taken } = bodyPair('toFetch');
    this.#lose = lose;
    this.#taken = taken;
    this.#writer = sink.getWriter();
    this.#writer.closed.catch(() => {});
    const fail = (error: unknown) => {
      lose(error); // the body is not errored: Node's fetch leaves the rejection of a body that it no longer reads unhandled
      this.onFailure(error);
    };
    this.#response = fetch(url, {
      ...unteed(init),
      body: toNative(body),
      duplex: 'half',
      signal: this.#abort.signal,
    } as RequestInit).then(
      async (response) => {
        await check(response, url);
        if (this.#isSent) return response;
        this.#early = new EarlyResponse(response, (error) => this.#isSent || fail(error));
        this.#onEarly?.();
        return this.#early.response;
      },
      (error: { readonly cause?: { readonly message?: string } } | undefined) => {
        throw error?.cause?.message === 'unexpected redirect' ? redirected(url, error) : error;
      },
    );
    this.#response.catch(fail);
  }

  /** Resolves when an early response has ended; rejects when the request is aborted. */
  #isOver(): Promise<undefined> {
    return new Promise((resolve, reject) => {
      this.#onAbort = reject;
      this.#onEarly = () => void (this.#early!.onOver = resolve as () => void);
      if (this.#early?.isOver) resolve(undefined);
      else if (this.#early) this.#onEarly();
    });
  }

  /**
   * Calls `work`, which waits for the engine to read the body. If it fails because the request failed, throws the error
   * of the request.
   */
  async #orAsRequest(work: () => Promise<unknown>): Promise<void> {
    if (this.#writer === undefined) this.#open();
    this.#watch.begin();
    try {
      const done = work().then(() => true);
      const taken = (await Promise.race([done, this.#isOver()])) || (await (this.#isSent ? done : withinGrace(done)));
      if (!taken) throw undefined;
    } catch (error) {
      const response = await this.#response!;
      this.#abort.signal.throwIfAborted();
      throw unread(this.#upload.url, await keepResponse(response), error);
    } finally {
      this.#watch.end();
    }
  }

  send(bytes: Uint8Array): Promise<void> {
    return this.#orAsRequest(() => this.#writer!.write(bytes as BytesOrText));
  }

  async finish(): Promise<Response> {
    await this.#orAsRequest(async () => {
      await this.#taken!(); // first, because a closed connection accepts the end of a body too
      await this.#writer!.close();
      this.#isSent = true;
      this.#early?.sent();
      this.#watch.begin();
      await this.#response;
    });
    this.#watch.stop();
    return this.#response!;
  }

  stop(reason: unknown): void {
    this.#watch.stop();
    this.#abort.abort(reason);
    this.#lose?.(reason);
  }
}

/**
 * One request, sent at the end with everything. A body that the engine can neither stream nor hold fails, and is never
 * sent in pieces.
 */
class Collected implements Carrier {
  onFailure!: (error: unknown) => void;
  #upload: Upload;
  #cap: number;
  #abort = new AbortController();
  #gatherer = new Gatherer(GATHER);
  #blobs: Blob[] = [];
  #bytes = 0;

  constructor(upload: Upload, cap: number) {
    this.#upload = upload;
    this.#cap = cap;
  }

  send(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    if (this.#bytes > this.#cap) {
      throw new RangeError(
        `toFetch(): received more than the ${this.#cap} bytes that cap allows in memory, and the body of this request cannot be streamed here (browsers stream over HTTP/2 or later only); raise cap, or use as: 'parts' if the server accepts parts`,
      );
    }
    this.#keep(this.#gatherer.add(bytes));
  }

  /** Keeps copies, because a Blob copies its bytes. */
  #keep(pieces: Uint8Array[]): void {
    for (const piece of pieces) this.#blobs.push(new Blob([piece as BlobPart]));
  }

  async finish(): Promise<Response> {
    const { url, init } = this.#upload;
    this.#keep(this.#gatherer.rest());
    const body = new Blob(this.#blobs.splice(0));
    const watch = watchOf(this.#upload, this.#abort);
    watch.begin();
    try {
      return await check(await fetch(url, { ...init, body, signal: this.#abort.signal }), url);
    } finally {
      watch.stop();
    }
  }

  stop(reason: unknown): void {
    this.#abort.abort(reason);
    this.#blobs = [];
  }
}

/** Names the place of a part in the whole: https://www.rfc-editor.org/rfc/rfc9110#name-content-range */
function defaultPart({ start, end, total }: UploadPart): PartRequest {
  return {
    headers: { 'content-range': end === start ? `bytes */${total}` : `bytes ${start}-${end - 1}/${total ?? '*'}` },
  };
}

/** Requests one after another, each with at most `partSize` bytes, which are held until its response. */
class Parts implements Carrier {
  onFailure!: (error: unknown) => void;
  #upload: Upload;
  #abort = new AbortController();
  #buffer: Uint8Array<ArrayBuffer> | undefined;
  #filled = 0;
  #start = 0;
  #index = 0;

  constructor(upload: Upload) {
    this.#upload = upload;
  }

  /** A full part is sent only when the next byte arrives, because the last part says that it is the last. */
  async send(bytes: Uint8Array): Promise<void> {
    for (let from = 0; from < bytes.length;) {
      if (this.#filled === this.#upload.partSize) await this.#flush(false);
      const count = Math.min(bytes.length - from, this.#upload.partSize - this.#filled);
      this.#grow(this.#filled + count);
      this.#buffer!.set(bytes.subarray(from, from + count), this.#filled);
      this.#filled += count;
      from += count;
    }
  }

  #grow(size: number): void {
    if (this.#buffer?.length! >= size) return;
    const larger = new Uint8Array(Math.min(this.#upload.partSize, Math.max(size, 2 * (this.#buffer?.length ?? 32768))));
    if (this.#filled > 0) larger.set(this.#buffer!.subarray(0, this.#filled));
    this.#buffer = larger;
  }

  finish(): Promise<Response> {
    return this.#flush(true);
  }

  async #flush(last: boolean): Promise<Response> {
    const [start, end] = [this.#start, this.#start + this.#filled];
    const body = this.#buffer?.subarray(0, this.#filled) ?? new Uint8Array(0);
    const response = await this.#request({ index: this.#index, start, end, last, total: last ? end : undefined }, body);
    this.#index += 1;
    this.#start = end;
    this.#filled = 0;
    return response;
  }

  async #request(place: UploadPart, body: Uint8Array<ArrayBuffer>): Promise<Response> {
    const { init, part, retries, delay } = this.#upload;
    const special = await part(place);
    this.#abort.signal.throwIfAborted();
    if (typeof special !== 'object' || special === null)
      throw new TypeError(
        `toFetch(): part must return an object { url?, method?, headers? }; got ${describe(special)}`,
      );
    const { url = this.#upload.url, headers, ...own } = special;
    const merged = new Headers(init.headers);
    new Headers(headers).forEach((value, name) => merged.set(name, value));
    for (let tries = 0; ; tries += 1) {
      const { response, error } = await this.#send(url, { ...init, ...own, headers: merged, body });
      this.#abort.signal.throwIfAborted();
      if (response?.ok) {
        if (!place.last) response.body?.cancel().catch(() => {});
        return response;
      }
      const asked = response && retryAfterOf(response.headers);
      const what = response
        ? `${url} responded with ${statusOf(response)} to part ${place.index}`
        : `part ${place.index} could not be sent to ${url}`;
      const obstacle =
        (response && !isTransient(response.status)) || isFinal(error)
          ? ''
          : tries === retries
            ? ', and no retries are left'
            : asked! > LONGEST_WAIT
              ? `, and asks to wait ${Math.round(asked! / 1000)} seconds; a retry waits at most ${LONGEST_WAIT / 1000}`
              : undefined;
      if (obstacle !== undefined)
        throw new FetchError(`toFetch(): ${what}${obstacle}`, response && (await keepResponse(response)), {
          url,
          cause: error,
        });
      response?.body?.cancel().catch(() => {});
      await sleep(Math.max(backoff(delay, tries), asked ?? 0), this.#abort.signal);
      this.#abort.signal.throwIfAborted();
    }
  }

  /**
   * Resolves with the response, or with the error if there is none. A silent request is aborted; that is an error too.
   */
  async #send(url: string, init: RequestInit): Promise<{ response?: Response; error?: unknown }> {
    const abort = new AbortController();
    const end = () => abort.abort(this.#abort.signal.reason);
    const request = requestOf('toFetch', url, { ...init, signal: abort.signal });
    const watch = watchOf(this.#upload, abort);
    this.#abort.signal.addEventListener('abort', end);
    watch.begin();
    try {
      return { response: await fetch(request) };
    } catch (error) {
      return { error };
    } finally {
      watch.stop();
      this.#abort.signal.removeEventListener('abort', end);
    }
  }

  stop(reason: unknown): void {
    this.#abort.abort(reason);
  }
}
