/**
 * An upload as a sink: the body of one request, streamed where that is known to work and else collected; or, where asked for, numbered
 * parts of a fixed size, each sent again when it fails.
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

const WAYS = ['auto', 'stream', 'collect', 'parts'];
const CAP = 256 * 1024 * 1024;
/** Bytes that are made a Blob at a time, so that the engine may keep them where it keeps files. */
const GATHER = 1024 * 1024;

/** Whether a request of this engine takes a stream for its body; one that does not makes a string of it. */
function engineStreams() {
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
    const request = new Request('http://localhost/', /** @type {any} */ (init));
    return asked && !request.headers.has('content-type');
  } catch {
    return false;
  }
}

function isBrowser() {
  const { document, WorkerGlobalScope } = /** @type {any} */ (globalThis);
  return document !== undefined || WorkerGlobalScope !== undefined;
}

/**
 * Whether a streamed body is known to get through to the origin of `url`. Browsers refuse one over HTTP/1 (https://fetch.spec.whatwg.org/#http-network-fetch),
 * and only once it has been sent. What a page or worker has loaded from there tells the protocol; what came from a cache does not.
 */
function connectionStreams(url) {
  const { document, performance, location } = /** @type {any} */ (globalThis);
  if (!isBrowser()) return true;
  let origin;
  try {
    origin = new URL(url, document?.baseURI ?? location?.href).origin;
  } catch {
    return false; // fetch() says what is wrong with it
  }
  const entries = ['navigation', 'resource'].flatMap((type) => performance.getEntriesByType(type));
  const last = entries.findLast(
    ({ name, transferSize, nextHopProtocol }) => transferSize > 0 && nextHopProtocol && new URL(name).origin === origin,
  );
  return /^h[23]/.test(last?.nextHopProtocol);
}

/**
 * See sinks.d.ts.
 *
 * @param {any} input
 * @param {any} [options]
 */
export function toFetch(input, options) {
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
  const upload = {
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
      "toFetch(): this engine cannot stream the body of a request; use as: 'auto', which collects it where it cannot",
    );
  }
  const streams = as === 'stream' || (as === 'auto' && connectionStreams(upload.url) && engineStreams());
  return sinkOf(streams ? new Streamed(upload) : new Collected(upload, cap), signal);
}

/** `carrier`: `send(bytes)`, `finish()` that resolves with the response, `stop(reason)`. */
function sinkOf(carrier, signal) {
  let settle;
  const response = new Promise((resolve, reject) => void (settle = { resolve, reject }));
  response.catch(() => {}); // the stream tells of it too
  let onAbort;
  const fail = (error) => {
    signal?.removeEventListener('abort', onAbort);
    carrier.stop(error);
    settle.reject(error);
  };
  const failing = async (work) => {
    try {
      return await work();
    } catch (error) {
      fail(error);
      throw error;
    }
  };
  const text = new Encoder('toFetch');
  const sink = new WritableStream({
    start(controller) {
      carrier.onFailure = (error) => {
        fail(error);
        controller.error(error);
      };
      controller.signal.addEventListener('abort', () => fail(controller.signal.reason), { once: true });
      onAbort = () => carrier.onFailure(signal.reason);
      if (signal?.aborted) onAbort();
      else signal?.addEventListener('abort', onAbort, { once: true });
    },
    write: (chunk) => failing(() => carrier.send(text.encode(chunk))),
    close: () =>
      failing(async () => {
        await carrier.send(text.rest());
        settle.resolve(await carrier.finish());
        signal?.removeEventListener('abort', onAbort);
      }),
  });
  return Object.defineProperty(sink, 'response', { value: response, enumerable: true });
}

async function check(response, url) {
  if (response.ok) return response;
  throw new FetchError(`toFetch(): ${url} answered ${statusOf(response)}`, await keepResponse(response));
}

/** Ends a request of `upload` by `abort` once the server has taken nothing and said nothing for its `stallTimeout`. */
function watchOf({ url, stallTimeout }, abort) {
  return new StallWatch(stallTimeout, () => {
    abort.abort(
      new FetchError(`toFetch(): ${url} was silent for ${stallTimeout} ms (stallTimeout)`, undefined, { url }),
    );
  });
}

/**
 * `init` for a streamed body. The `fetch` of Node 20 to 24 tees the body of a request that may be redirected and keeps all of it in the other branch. It does not if
 * the request has no window and fails on a redirect. Of all redirects only a 303 follows a streamed body: https://fetch.spec.whatwg.org/#http-redirect-fetch
 */
const unteed = (init) => (isBrowser() ? init : { ...init, window: null, redirect: init.redirect ?? 'error' });

const redirected = (url, cause) =>
  new FetchError(
    `toFetch(): ${url} answered with a redirect; pass the final URL, or redirect: 'follow', which follows a 303, but with which the fetch() of Node 20 to 24 keeps the whole body in memory`,
    undefined,
    { url, cause },
  );

/**
 * One request, whose body is read as it is written. A response that comes before the whole body was read says nothing about the rest of it, whatever its
 * status. Until that response ends, the server may read the body as slowly as it likes. Afterwards the pipeline waits for the body to be read with a
 * bound: Node's `fetch` closes the connection at the end of the response and leaves the body alone.
 */
class Streamed {
  onFailure;
  #upload;
  #abort = new AbortController();
  #watch;
  #writer;
  #response;
  #early; // the response, if it came before the body was sent
  #onEarly; // called when there is one
  #isSent = false;
  #lose;
  #taken;

  constructor(upload) {
    this.#upload = upload;
    this.#watch = watchOf(upload, this.#abort);
  }

  #open() {
    const { url, init } = this.#upload;
    const { body, sink, lose, taken } = bodyPair('toFetch');
    this.#lose = lose;
    this.#taken = taken;
    this.#writer = sink.getWriter();
    this.#writer.closed.catch(() => {});
    const fail = (error) => {
      lose(error); // not by way of the body: Node's fetch leaves a rejection of one that it has given up unhandled
      this.onFailure(error);
    };
    this.#response = fetch(url, {
      ...unteed(init),
      body: toNative(body),
      duplex: 'half',
      signal: this.#abort.signal,
    }).then(
      async (response) => {
        await check(response, url);
        if (this.#isSent) return response;
        this.#early = new EarlyResponse(response, (error) => this.#isSent || fail(error));
        this.#onEarly?.();
        return this.#early.response;
      },
      (error) => {
        throw error?.cause?.message === 'unexpected redirect' ? redirected(url, error) : error;
      },
    );
    this.#response.catch(fail);
  }

  /** Resolves when an early response has ended. */
  #isOver() {
    return new Promise((resolve) => {
      this.#onEarly = () => void (this.#early.onOver = resolve);
      if (this.#early?.isOver) resolve(undefined);
      else if (this.#early) this.#onEarly();
    });
  }

  /** Does `work`, for which the engine must read the body. If that fails because the request did, throws what the request failed with. */
  async #orAsRequest(work) {
    if (this.#writer === undefined) this.#open();
    this.#watch.begin();
    try {
      const done = work().then(() => true);
      const taken = (await Promise.race([done, this.#isOver()])) || (await (this.#isSent ? done : withinGrace(done)));
      if (!taken) throw undefined;
    } catch (error) {
      const response = await this.#response;
      this.#abort.signal.throwIfAborted();
      throw unread(this.#upload.url, await keepResponse(response), error);
    } finally {
      this.#watch.end();
    }
  }

  send(bytes) {
    return this.#orAsRequest(() => this.#writer.write(bytes));
  }

  async finish() {
    await this.#orAsRequest(async () => {
      await this.#taken(); // even a closed connection takes the end of a body
      await this.#writer.close();
      this.#isSent = true;
      this.#early?.sent();
      this.#watch.begin();
      await this.#response;
    });
    this.#watch.stop();
    return this.#response;
  }

  stop(reason) {
    this.#watch.stop();
    this.#abort.abort(reason);
    this.#lose?.(reason);
  }
}

/** One request, sent at the end with all that came: what the engine can neither stream nor hold must not go out in pieces. */
class Collected {
  onFailure;
  #upload;
  #cap;
  #abort = new AbortController();
  #gatherer = new Gatherer(GATHER);
  #blobs = [];
  #bytes = 0;

  constructor(upload, cap) {
    this.#upload = upload;
    this.#cap = cap;
  }

  send(bytes) {
    this.#bytes += bytes.length;
    if (this.#bytes > this.#cap) {
      throw new RangeError(
        `toFetch(): more than ${this.#cap} bytes would have to be held, as the body of this request cannot be streamed here (browsers do that over HTTP/2 only); raise cap, or send parts (as: 'parts') to a server that puts them together`,
      );
    }
    this.#keep(this.#gatherer.add(bytes));
  }

  /** A Blob is a copy. */
  #keep(pieces) {
    for (const piece of pieces) this.#blobs.push(new Blob([piece]));
  }

  async finish() {
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

  stop(reason) {
    this.#abort.abort(reason);
    this.#blobs = [];
  }
}

/** Where a part belongs in the whole: https://www.rfc-editor.org/rfc/rfc9110#name-content-range */
function defaultPart({ start, end, total }) {
  return {
    headers: { 'content-range': end === start ? `bytes */${total}` : `bytes ${start}-${end - 1}/${total ?? '*'}` },
  };
}

/** Requests one after another, each with at most `partSize` bytes, which are held until it has been answered. */
class Parts {
  onFailure;
  #upload;
  #abort = new AbortController();
  #buffer;
  #filled = 0;
  #start = 0;
  #index = 0;

  constructor(upload) {
    this.#upload = upload;
  }

  /** A full part is sent when more comes, so that the last one is known to be the last. */
  async send(bytes) {
    for (let from = 0; from < bytes.length;) {
      if (this.#filled === this.#upload.partSize) await this.#flush(false);
      const count = Math.min(bytes.length - from, this.#upload.partSize - this.#filled);
      this.#grow(this.#filled + count);
      this.#buffer.set(bytes.subarray(from, from + count), this.#filled);
      this.#filled += count;
      from += count;
    }
  }

  #grow(size) {
    if (this.#buffer?.length >= size) return;
    const larger = new Uint8Array(Math.min(this.#upload.partSize, Math.max(size, 2 * (this.#buffer?.length ?? 32768))));
    if (this.#filled > 0) larger.set(this.#buffer.subarray(0, this.#filled));
    this.#buffer = larger;
  }

  finish() {
    return this.#flush(true);
  }

  async #flush(last) {
    const [start, end] = [this.#start, this.#start + this.#filled];
    const body = this.#buffer?.subarray(0, this.#filled) ?? new Uint8Array(0);
    const response = await this.#request({ index: this.#index, start, end, last, total: last ? end : undefined }, body);
    this.#index += 1;
    this.#start = end;
    this.#filled = 0;
    return response;
  }

  async #request(place, body) {
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
        ? `${url} answered ${statusOf(response)} to part ${place.index}`
        : `part ${place.index} could not be sent to ${url}`;
      const obstacle =
        (response && !isTransient(response.status)) || isFinal(error)
          ? ''
          : tries === retries
            ? ', and no retries are left'
            : asked > LONGEST_WAIT
              ? `, and asks to wait ${Math.round(asked / 1000)} seconds`
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

  /** `{ response }`, or `{ error }` where there is none. One that is silent is ended, and may be sent again. */
  async #send(url, init) {
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

  stop(reason) {
    this.#abort.abort(reason);
  }
}
