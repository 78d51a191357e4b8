/**
 * Server-sent events as a stream. From a URL they are read with fetch, which an EventSource cannot do: nothing is read that is not
 * wanted, and going on after a broken connection is by the id of the last event that was handed on.
 */
import { fromNative } from '../native/convert.js';
import { requireCount } from '../values/require.js';
import { sleep } from '../runtime/sleep.js';
import { describe } from '../values/describe.js';
import { channel, withCounts } from '../channel/channel.js';
import { FetchError, keepResponse } from '../pipeline/fetch-error.js';
import { EventParser } from './event-parser.js';
import { onDemand } from './on-demand.js';
import { isFinal, requestOf } from './request.js';
import { requireStallTimeout, StallWatch } from './stall.js';

const WAIT = 3000;
/** The parser takes the byte order mark away, of which there may be one. */
const KEEP_MARK = { ignoreBOM: true };
/** Bytes of the longest id that a request names. Servers take headers of 8 to 16 KiB. */
const LONGEST_ID = 65536;
const CLOSED = 2; // an EventSource's readyState

/**
 * See sources.d.ts.
 *
 * @param {any} given
 * @param {any} [options]
 */
export function fromEventSource(given, options) {
  const { events, signal, ...rest } = options ?? {};
  if (events !== undefined && !(Array.isArray(events) && events.every((name) => typeof name === 'string'))) {
    throw new TypeError(`fromEventSource(): events must be an array of names; got ${describe(events)}`);
  }
  if (typeof given === 'string' || given instanceof URL) return fromUrl(given, events, signal, rest);
  if (typeof given?.addEventListener === 'function' && typeof given.close === 'function')
    return fromSource(given, events ?? ['message'], signal, rest);
  throw new TypeError(`fromEventSource(): the first argument must be a URL or an EventSource; got ${describe(given)}`);
}

function fromUrl(input, events, signal, { retries = 10, delay, stallTimeout = Infinity, ...init }) {
  requireCount(retries, 'fromEventSource(): retries', 0, true);
  if (delay !== undefined) requireCount(delay, 'fromEventSource(): delay', 0);
  requireStallTimeout(stallTimeout, 'fromEventSource');
  const wanted = events && new Set(events);
  const connection = new Connection(input, init, { retries, delay, stallTimeout });
  let queue = [];
  let at = 0;
  return onDemand({
    signal,
    async pull(controller) {
      while (at === queue.length) {
        const more = await connection.next();
        if (more === undefined) return true;
        queue = wanted ? more.filter(({ type }) => wanted.has(type)) : more;
        at = 0;
      }
      controller.enqueue(queue[at++]);
      return false;
    },
    stop: (reason) => connection.stop(reason),
  });
}

/** UTF-8 as a header's value has it, a character for each byte. */
const byteString = (bytes) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');

/** Of several types the last valid one counts: https://fetch.spec.whatwg.org/#concept-header-extract-mime-type */
function isEventStream(header) {
  const types = header.match(/(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/g) ?? [];
  const essences = types.map((type) => /^[\t ]*([^\s;/]+\/[^\s;/]+)[\t ]*(?:;|$)/.exec(type)?.[1].toLowerCase());
  return essences.filter((essence) => essence !== undefined && essence !== '*/*').at(-1) === 'text/event-stream';
}

class Connection {
  #input;
  #init;
  #settings;
  #parser = new EventParser();
  #decoder = new TextDecoder('utf-8', KEEP_MARK);
  #abort = new AbortController();
  #attempt; // the AbortController of the request under way
  #watch;
  #stalled; // the error of the request under way, if its connection was silent
  #reader;
  #left;
  #repeatable; // whether the request may be sent again

  constructor(input, init, settings) {
    this.#input = input;
    this.#init = init;
    this.#settings = settings;
    this.#left = settings.retries;
    this.#watch = new StallWatch(settings.stallTimeout, () => {
      this.#stalled = new TypeError(`nothing came for ${settings.stallTimeout} ms (stallTimeout)`);
      this.#reader?.cancel(this.#stalled).catch(() => {});
      this.#attempt.abort(this.#stalled);
    });
  }

  /** The events of the next piece of the body, maybe none; undefined where the server says that there will be no more. */
  async next() {
    const request = this.#reader === undefined ? this.#request() : undefined;
    try {
      if (this.#parser.fault !== undefined) throw this.#parser.fault;
      if (request !== undefined && !(await this.#open(request))) return undefined;
      const { value, done } = await this.#pending(this.#reader.read());
      if (done) throw this.#stalled ?? new TypeError('the connection ended');
      const events = this.#parser.push(this.#decoder.decode(value, { stream: true }));
      if (events.length > 0) this.#left = this.#settings.retries;
      return events;
    } catch (error) {
      if (error instanceof RangeError) await this.stop(error);
      await this.#recover(this.#stalled ?? error);
      return [];
    }
  }

  async #pending(wait) {
    this.#watch.begin();
    try {
      return await wait;
    } finally {
      this.#watch.end();
    }
  }

  #request() {
    const id = new TextEncoder().encode(this.#parser.lastEventId);
    if (id.length > LONGEST_ID)
      throw new FetchError(
        `fromEventSource(): the last event of ${this.#input} has an id of ${id.length} bytes, and a request can name one of ${LONGEST_ID} bytes at most; make the server send shorter ids`,
        undefined,
        { url: String(this.#input) },
      );
    this.#attempt = new AbortController();
    this.#stalled = undefined;
    const init = { cache: 'no-store', ...this.#init, signal: this.#attempt.signal };
    const request = requestOf('fromEventSource', this.#input, init);
    request.headers.set('accept', 'text/event-stream');
    if (id.length > 0) request.headers.set('last-event-id', byteString(id));
    this.#repeatable = /^https?:/.test(request.url);
    return request;
  }

  async #open(request) {
    const response = await this.#pending(fetch(request));
    if (
      response.status !== 200 ||
      !isEventStream(response.headers.get('content-type') ?? '') ||
      response.body === null
    ) {
      if (response.status === 204 || response.status >= 500) response.body?.cancel().catch(() => {});
      if (response.status === 204) {
        this.#watch.stop();
        return false;
      }
      if (response.status >= 500) throw new TypeError(`the server answered ${response.status}`);
      const what =
        response.status === 200
          ? 'something else than text/event-stream'
          : `${response.status} ${response.statusText}`.trim();
      throw new FetchError(`fromEventSource(): ${this.#input} answered ${what}`, await keepResponse(response));
    }
    this.#reader = fromNative(response.body).getReader();
    return true;
  }

  async #recover(error) {
    this.#reader = undefined;
    this.#parser.reset();
    this.#decoder = new TextDecoder('utf-8', KEEP_MARK);
    const isLast = isFinal(error) || !this.#repeatable;
    if (isLast || this.#left === 0 || error instanceof FetchError) this.#watch.stop();
    if (this.#abort.signal.aborted || error instanceof FetchError || error instanceof RangeError) throw error;
    if (isLast || this.#left === 0)
      throw new FetchError(
        `fromEventSource(): ${this.#input} could not be connected to again, ${isLast ? `and a retry would fail in the same way (${error.cause?.message ?? error.message})` : 'and no retries are left'}`,
        undefined,
        { cause: error, url: String(this.#input) },
      );
    this.#left -= 1;
    await sleep(this.#settings.delay ?? this.#parser.retry ?? WAIT, this.#abort.signal);
    this.#abort.signal.throwIfAborted();
  }

  stop(reason) {
    const cancelled = this.#reader?.cancel(reason);
    this.#watch.stop();
    this.#abort.abort(reason);
    this.#attempt?.abort(reason);
    return Promise.resolve(cancelled).then(
      () => {},
      () => {},
    );
  }
}

/** An EventSource cannot be held back: what comes while nobody reads is queued up to the capacity. */
function fromSource(source, names, signal, settings) {
  if (source.readyState === CLOSED)
    throw new TypeError('fromEventSource(): the EventSource is closed, and tells nobody; open a new one');
  const events = channel(settings);
  const deliver = ({ type, data, lastEventId }) => {
    try {
      events.write({ type, data, lastEventId });
    } catch (error) {
      events.fail(error);
    }
  };
  const onError = () => {
    if (source.readyState === CLOSED)
      events.fail(new FetchError('fromEventSource(): the EventSource was closed by an answer it does not take'));
  };
  const onAbort = () => events.fail(signal.reason);
  events.signal.addEventListener(
    'abort',
    () => {
      for (const name of names) source.removeEventListener(name, deliver);
      source.removeEventListener('error', onError);
      signal?.removeEventListener('abort', onAbort);
      source.close();
    },
    { once: true },
  );
  if (signal?.aborted) {
    onAbort();
  } else {
    signal?.addEventListener('abort', onAbort, { once: true });
    for (const name of names) source.addEventListener(name, deliver);
    source.addEventListener('error', onError);
  }
  return withCounts(events.readable, events);
}
