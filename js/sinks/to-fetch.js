/**
 * An upload as a sink: as the streamed body of one request where the engine can, else as numbered parts of a fixed size, each
 * sent again when it fails.
 */
import { toNative } from '../native.js';
import { requireCount } from '../operators/arguments.js';
import { sleep } from '../operators/sleep.js';
import { describe } from '../pipeline/describe.js';
import { FetchError } from '../sources/from-fetch.js';
import { WritableStream } from '../writable-stream.js';
import { bytesOf } from './bytes.js';
import { bodyPair } from './to-response.js';

/** What Chromium's network takes of a body before it finds that the connection takes none, and more. */
const LEAST_KEPT = 2 * 1024 * 1024;

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

/**
 * See sinks.d.ts.
 *
 * @param {any} input
 * @param {any} [options]
 */
export function toFetch(input, options) {
  const { as = 'auto', partSize = 8 * 1024 * 1024, retries = 3, delay = 500, part = defaultPart, signal, ...init } = options ?? {};
  if (typeof input !== 'string' && !(input instanceof URL)) throw new TypeError(`toFetch(): the first argument must be a URL; got ${describe(input)}`);
  if (!['auto', 'stream', 'parts'].includes(as)) throw new TypeError(`toFetch(): as must be 'auto', 'stream' or 'parts'; got ${describe(as)}`);
  if (typeof part !== 'function') throw new TypeError(`toFetch(): part must be a function; got ${describe(part)}`);
  requireCount(partSize, 'toFetch(): partSize');
  requireCount(retries, 'toFetch(): retries', 0);
  requireCount(delay, 'toFetch(): delay', 0);
  const canStream = as !== 'parts' && engineStreams();
  if (as === 'stream' && !canStream) {
    throw new TypeError("toFetch(): this engine cannot stream the body of a request; use as: 'auto', which sends parts where it cannot");
  }
  const upload = { url: String(input), init: { method: 'POST', ...init }, partSize, retries, delay, part };
  const parts = () => new Parts(upload);
  return sinkOf(canStream ? new Streamed(upload, as === 'auto' ? parts : undefined) : parts(), signal);
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
    write: (chunk) => failing(() => carrier.send(bytesOf(chunk, 'toFetch'))),
    close: () => failing(async () => {
      settle.resolve(await carrier.finish());
      signal?.removeEventListener('abort', onAbort);
    }),
  });
  return Object.defineProperty(sink, 'response', { value: response, enumerable: true });
}

function check(response, url, what = '') {
  if (response.ok) return response;
  response.body?.cancel().catch(() => {});
  throw new FetchError(`toFetch(): ${url} answered ${response.status} ${response.statusText}`.trim() + what, response);
}

/**
 * One request. With `makeParts`, what has been sent is kept up to the size of a part: a connection that turns out to take no streams
 * (Chromium has them over HTTP/2 only) fails before it has taken more, and then parts carry on.
 */
class Streamed {
  onFailure;
  #upload;
  #makeParts;
  #kept = [];
  #keptBytes = 0;
  #abort = new AbortController();
  #writer;
  #response;
  #lose;
  #parts;

  constructor(upload, makeParts) {
    this.#upload = upload;
    this.#makeParts = makeParts;
  }

  #open() {
    const { url, init } = this.#upload;
    const { body, sink, lose } = bodyPair('toFetch');
    this.#lose = lose;
    this.#writer = sink.getWriter();
    this.#writer.closed.catch(() => {});
    this.#response = fetch(url, { ...init, body: toNative(body), duplex: 'half', signal: this.#abort.signal }).then((response) => check(response, url));
    this.#response.catch((error) => {
      lose(error); // not by way of the body: Node's fetch leaves a rejection of one that it has given up unhandled
      if (!this.#canFallBack(error)) this.onFailure(error);
    });
  }

  /** Only what never got an answer may be sent again. */
  #canFallBack(error) {
    return this.#kept !== undefined && this.#makeParts !== undefined && error instanceof TypeError && !(error instanceof FetchError) && !this.#abort.signal.aborted;
  }

  /** Does `work`, or where that fails and may be done in parts, goes on with those, from the first byte on. */
  async #tryOr(work) {
    try {
      if (this.#writer === undefined) this.#open();
      await work();
    } catch (error) {
      const cause = await this.#response.then(() => error, (failure) => failure);
      if (!this.#canFallBack(cause)) throw cause;
      this.#parts = this.#makeParts();
      for (const bytes of this.#kept.splice(0)) await this.#parts.send(bytes);
    }
  }

  async send(bytes) {
    if (this.#parts !== undefined) {
      await this.#parts.send(bytes);
      return;
    }
    this.#keep(bytes);
    await this.#tryOr(() => this.#writer.write(bytes));
  }

  /** A copy, as the producer may use its buffer again. */
  #keep(bytes) {
    if (this.#kept === undefined || this.#makeParts === undefined) return;
    this.#keptBytes += bytes.length;
    if (this.#keptBytes > Math.max(this.#upload.partSize, LEAST_KEPT)) this.#kept = undefined;
    else this.#kept.push(bytes.slice());
  }

  async finish() {
    if (this.#parts === undefined) await this.#tryOr(() => this.#writer.close().then(() => this.#response));
    return this.#parts === undefined ? this.#response : this.#parts.finish();
  }

  stop(reason) {
    this.#abort.abort(reason);
    this.#lose?.(reason);
    this.#parts?.stop(reason);
  }
}

/** Where a part belongs in the whole: https://www.rfc-editor.org/rfc/rfc9110#name-content-range */
function defaultPart({ start, end, total }) {
  return { headers: { 'content-range': end === start ? `bytes */${total}` : `bytes ${start}-${end - 1}/${total ?? '*'}` } };
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
    const { url = this.#upload.url, headers, ...own } = part(place);
    const merged = new Headers(init.headers);
    new Headers(headers).forEach((value, name) => merged.set(name, value));
    for (let tries = 0; ; tries += 1) {
      let failure;
      try {
        const response = await fetch(url, { ...init, ...own, headers: merged, body, signal: this.#abort.signal });
        if (response.ok || (response.status < 500 && response.status !== 429)) {
          check(response, url, ` to part ${place.index}`);
          if (!place.last) response.body?.cancel().catch(() => {});
          return response;
        }
        failure = new FetchError(`toFetch(): ${url} answered ${response.status} to part ${place.index}, and the tries are used up`, response);
        response.body?.cancel().catch(() => {});
      } catch (error) {
        if (error instanceof FetchError || this.#abort.signal.aborted) throw error;
        failure = new FetchError(`toFetch(): part ${place.index} could not be sent to ${url}, and the tries are used up`, undefined, { cause: error });
      }
      if (tries === retries) throw failure;
      await sleep(delay * 2 ** tries, this.#abort.signal);
      this.#abort.signal.throwIfAborted();
    }
  }

  stop(reason) {
    this.#abort.abort(reason);
  }
}
