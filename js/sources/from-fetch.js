/**
 * A fetch body that survives a dropped connection. It goes on where it broke off, by a range request, and only with the same
 * file: the validator of the first answer is sent with each (RFC 9110, section 13.1.5), and an answer with another one is an error.
 */
import { fromNative } from '../native.js';
import { requireCount } from '../operators/arguments.js';
import { sleep } from '../operators/sleep.js';
import { describe } from '../pipeline/describe.js';
import { onDemand } from './on-demand.js';

/**
 * See sources.d.ts.
 *
 * @param {any} options
 */
export function fromFetch(input, options = {}) {
  const { retries = 3, delay = 500, onResponse, signal = input?.signal, ...init } = options;
  requireCount(retries, 'fromFetch(): retries', 0);
  requireCount(delay, 'fromFetch(): delay', 0);
  if (typeof input !== 'string' && !(input instanceof URL) && typeof input?.url !== 'string') {
    throw new TypeError(`fromFetch(): the first argument must be a URL or a Request; got ${describe(input)}`);
  }
  const body = new FetchBody(input, init, { retries, delay, onResponse });
  return onDemand({
    signal,
    async pull(controller) {
      const chunk = await body.next();
      if (chunk === undefined) return true;
      controller.enqueue(chunk);
      return false;
    },
    stop: (reason) => body.stop(reason),
  });
}

/** The status of an answer that is no success. */
export class FetchError extends Error {
  constructor(message, response, options) {
    super(message, options);
    this.response = response;
    this.status = response?.status;
  }

  static name = 'FetchError'; // no minifier changes it

  get name() {
    return 'FetchError';
  }
}

class FetchBody {
  #abort = new AbortController();
  #reader;
  #received = 0;
  #total; // where the first answer says it
  #validator; // of the first answer, where it can be gone on with
  #left;

  constructor(input, init, settings) {
    this.input = input;
    this.init = init;
    this.settings = settings;
    this.url = typeof input === 'string' ? input : (input.url ?? String(input));
    this.#left = settings.retries;
  }

  /** The next bytes; undefined at the end. */
  async next() {
    for (;;) {
      try {
        this.#reader ??= await this.#open();
        const { value, done } = await this.#reader.read();
        if (!done) {
          this.#received += value.byteLength;
          return value;
        }
        if (this.#total === undefined || this.#received === this.#total) return undefined;
        throw new TypeError(`the connection ended after ${this.#received} of ${this.#total} bytes`);
      } catch (error) {
        await this.#recover(error);
      }
    }
  }

  /** Waits before the next try; throws where there is none to be. */
  async #recover(error) {
    const started = this.#reader !== undefined || this.#received > 0;
    this.#reader = undefined;
    if (this.#abort.signal.aborted || error instanceof FetchError || !started) throw error;
    const why = this.#validator === undefined ? 'the answer has no validator to go on with, is compressed, or is not of a GET' : 'the tries are used up';
    if (this.#validator === undefined || this.#left === 0) {
      throw new FetchError(`fromFetch(): ${this.url} broke off after ${this.#received} bytes, and ${why}`, undefined, { cause: error });
    }
    const wait = this.settings.delay * 2 ** (this.settings.retries - this.#left);
    this.#left -= 1;
    await sleep(wait, this.#abort.signal);
    this.#abort.signal.throwIfAborted();
  }

  async #open() {
    const again = this.#received > 0;
    const request = new Request(this.input instanceof Request ? this.input.clone() : this.input, { ...this.init, signal: this.#abort.signal });
    if (again) {
      request.headers.set('range', `bytes=${this.#received}-`);
      request.headers.set('if-range', this.#validator);
    }
    const response = await fetch(request);
    try {
      if (again) this.#checkRest(response);
      else this.#checkFirst(request, response);
    } catch (error) {
      response.body?.cancel().catch(() => {});
      throw error;
    }
    return response.body === null ? { read: async () => ({ done: true }) } : fromNative(response.body).getReader();
  }

  #checkFirst(request, response) {
    if (!response.ok) throw new FetchError(`fromFetch(): ${this.url} answered ${response.status} ${response.statusText}`.trim(), response);
    const header = (name) => response.headers.get(name);
    const encoded = (header('content-encoding') ?? 'identity') !== 'identity';
    const length = header('content-length');
    if (!encoded && length !== null && response.body !== null) this.#total = Number(length);
    const tag = header('etag');
    const strong = tag !== null && !tag.startsWith('W/') ? tag : undefined;
    const resumable = request.method === 'GET' && !encoded && !request.headers.has('range') && header('accept-ranges') !== 'none';
    if (resumable) this.#validator = strong ?? header('last-modified') ?? undefined;
    this.settings.onResponse?.(response);
  }

  /** @throws {FetchError} where the rest is not that of the same file; other failures are tried again */
  #checkRest(response) {
    if (response.status >= 500) throw new TypeError(`the server answered ${response.status}`);
    if (response.status === 200) throw new FetchError(`fromFetch(): ${this.url} has changed since it was begun, after ${this.#received} bytes`, response);
    const [, from, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '') ?? [];
    if (response.status !== 206 || Number(from) !== this.#received) {
      throw new FetchError(`fromFetch(): ${this.url} answered ${response.status} to a request for what follows byte ${this.#received}`, response);
    }
    if (this.#total !== undefined && total !== '*' && Number(total) !== this.#total) {
      throw new FetchError(`fromFetch(): ${this.url} had ${this.#total} bytes and now has ${total}`, response);
    }
  }

  /** Ends the connection. */
  stop(reason) {
    const reader = this.#reader;
    const cancelled = reader?.cancel?.(reason);
    this.#abort.abort(reason);
    return Promise.resolve(cancelled).then(() => {}, () => {});
  }
}
