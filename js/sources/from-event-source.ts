/**
 * `fromEventSource()`: server-sent events as a stream. Those of a URL are read with fetch. Unlike an EventSource, that
 * has backpressure, and it reconnects with the id of the last event that was parsed.
 */
import { fromNative } from '../native/convert.js';
import { requireCount } from '../values/require.js';
import { sleep } from '../runtime/sleep.js';
import { describe } from '../values/describe.js';
import { channel, withCounts } from '../channel/channel.js';
import { FetchError, keepResponse } from '../pipeline/fetch-error.js';
import { EventParser } from './event-parser.js';
import type { ServerSentEvent } from './event-parser.js';
import { onDemand } from './on-demand.js';
import { isFinal, requestOf } from './request.js';
import { requireStallTimeout, StallWatch } from './stall.js';
import type { ChannelCounts, ChannelOptions } from '../channel/channel.js';
import type { ReadableStream } from '../streams/readable-stream.js';
import type { ReadableStreamDefaultReader } from '../streams/readable-stream-default-reader.js';

/** Milliseconds before a retry, if neither the caller nor the server says. */
const WAIT = 3000;
/** The parser removes the byte order mark, at most one. */
const KEEP_MARK = { ignoreBOM: true };
/** Bytes of the longest id that a request sends. Servers accept headers of 8 to 16 KiB. */
const LONGEST_ID = 65536;
const CLOSED = 2; // an EventSource's readyState

/** The options of `fromEventSource()` with a URL, with those of `fetch()`. */
export interface FromEventSourceOptions extends Omit<RequestInit, 'signal'> {
  /** The types of events to pass on. Default: all. */
  events?: string[] | undefined;
  /** How often it reconnects without receiving an event. Infinity is allowed. Default: 10. */
  retries?: number | undefined;
  /** Milliseconds before each retry. Default: what the server says, else 3000. */
  delay?: number | undefined;
  /**
   * Milliseconds for which a read of the network may be pending without data; then the connection counts as broken. A
   * server without events is silent too, unless it sends a comment now and then. Default: Infinity.
   */
  stallTimeout?: number | undefined;
  /** When aborted, fails the stream with its reason, and ends the connection. */
  signal?: AbortSignal | undefined;
}

/** An `EventSource`, by the members that are used. */
interface EventSourceLike {
  readonly readyState: number;
  close(): void;
  addEventListener(type: string, listener: never): void;
  removeEventListener(type: string, listener: never): void;
}

type Given = string | URL | EventSourceLike;
type SourceOptions = ChannelOptions<ServerSentEvent> & {
  events?: string[] | undefined;
  signal?: AbortSignal | undefined;
};

/** The settings of a connection, checked. */
interface Settings {
  readonly retries: number;
  /** Milliseconds. */
  readonly delay: number | undefined;
  /** Milliseconds, or Infinity. */
  readonly stallTimeout: number;
}

/**
 * The events of an event stream, read with fetch, on demand. After a broken connection it reconnects with the id of the
 * last event. A response of 204 ends the stream; any other response that is no event stream is a `FetchError`, except
 * that a status of 5xx counts as a broken connection.
 *
 * @throws {TypeError | RangeError} if an argument is invalid
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export function fromEventSource(url: string | URL, options?: FromEventSourceOptions): ReadableStream<ServerSentEvent>;
/**
 * The events of an `EventSource`, which has no backpressure: they are queued, with the options of `channel()`. Every
 * exit closes the `EventSource`.
 *
 * @throws {TypeError | RangeError} if an argument is invalid, or the `EventSource` is closed
 */
export function fromEventSource(
  source: {
    readonly readyState: number;
    close(): void;
    addEventListener(type: string, listener: never): void;
    removeEventListener(type: string, listener: never): void;
  },
  options?: ChannelOptions<ServerSentEvent> & { events?: string[] | undefined; signal?: AbortSignal | undefined },
): ReadableStream<ServerSentEvent> & { readonly counts: ChannelCounts };
export function fromEventSource(given: Given, options?: FromEventSourceOptions | SourceOptions): ReadableStream {
  const { events, signal, ...rest } = options ?? {};
  if (events !== undefined && !(Array.isArray(events) && events.every((name) => typeof name === 'string'))) {
    throw new TypeError(
      `fromEventSource(): events must be an array of strings, the types of events; got ${describe(events)}`,
    );
  }
  if (typeof given === 'string' || given instanceof URL) return fromUrl(given, events, signal, rest as RequestOptions);
  if (typeof given?.addEventListener === 'function' && typeof given.close === 'function')
    return fromSource(given, events ?? ['message'], signal, rest as ChannelOptions<ServerSentEvent>);
  throw new TypeError(`fromEventSource(): the first argument must be a URL or an EventSource; got ${describe(given)}`);
}

type RequestOptions = Omit<FromEventSourceOptions, 'events' | 'signal'>;

function fromUrl(
  input: string | URL,
  events: string[] | undefined,
  signal: AbortSignal | undefined,
  { retries = 10, delay, stallTimeout = Infinity, ...init }: RequestOptions,
): ReadableStream<ServerSentEvent> {
  requireCount(retries, 'fromEventSource(): retries', 0, true);
  if (delay !== undefined) requireCount(delay, 'fromEventSource(): delay', 0);
  requireStallTimeout(stallTimeout, 'fromEventSource');
  const wanted = events && new Set(events);
  const connection = new Connection(input, init, { retries, delay, stallTimeout });
  let queue: ServerSentEvent[] = [];
  let at = 0;
  return onDemand<ServerSentEvent>({
    signal,
    async pull(controller) {
      while (at === queue.length) {
        const more = await connection.next();
        if (more === undefined) return true;
        queue = wanted ? more.filter(({ type }) => wanted.has(type)) : more;
        at = 0;
      }
      controller.enqueue(queue[at++]!);
      return false;
    },
    stop: (reason) => connection.stop(reason),
  });
}

/** UTF-8 as the value of a header: one character for each byte. */
const byteString = (bytes: Uint8Array) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');

/**
 * Whether the last valid type in the header is that of an event stream:
 * https://fetch.spec.whatwg.org/#concept-header-extract-mime-type
 */
function isEventStream(header: string): boolean {
  const types = header.match(/(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/g) ?? [];
  const essences = types.map((type) => /^[\t ]*([^\s;/]+\/[^\s;/]+)[\t ]*(?:;|$)/.exec(type)?.[1]!.toLowerCase());
  return essences.filter((essence) => essence !== undefined && essence !== '*/*').at(-1) === 'text/event-stream';
}

/**
 * The connections of one stream, one after another. `next()` is not called again before its promise has settled;
 * `stop()` ends everything at any time.
 */
class Connection {
  #input: string | URL;
  #init: RequestInit;
  #settings: Settings;
  #parser = new EventParser();
  #decoder = new TextDecoder('utf-8', KEEP_MARK);
  #abort = new AbortController();
  #attempt: AbortController | undefined; // of the current request
  #watch: StallWatch;
  #stalled: TypeError | undefined; // the error of the current request, if its connection was silent
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined; // of the current body
  #left: number; // retries that are left
  #repeatable: boolean | undefined; // whether the request may be sent again

  constructor(input: string | URL, init: RequestInit, settings: Settings) {
    this.#input = input;
    this.#init = init;
    this.#settings = settings;
    this.#left = settings.retries;
    this.#watch = new StallWatch(settings.stallTimeout, () => {
      this.#stalled = new TypeError(`no data arrived for ${settings.stallTimeout} ms (stallTimeout)`);
      this.#reader?.cancel(this.#stalled).catch(() => {});
      this.#attempt!.abort(this.#stalled);
    });
  }

  /**
   * Resolves with the events of the next chunk of the body, maybe none; with undefined if the server says that no more
   * will come.
   */
  async next(): Promise<ServerSentEvent[] | undefined> {
    const request = this.#reader === undefined ? this.#request() : undefined;
    try {
      if (this.#parser.fault !== undefined) throw this.#parser.fault;
      if (request !== undefined && !(await this.#open(request))) return undefined;
      const { value, done } = await this.#pending(this.#reader!.read());
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

  /** Awaits an operation of the network under the watch. */
  async #pending<T>(wait: Promise<T>): Promise<T> {
    this.#watch.begin();
    try {
      return await wait;
    } finally {
      this.#watch.end();
    }
  }

  #request(): Request {
    const id = new TextEncoder().encode(this.#parser.lastEventId);
    if (id.length > LONGEST_ID)
      throw new FetchError(
        `fromEventSource(): the last event of ${this.#input} has an id of ${id.length} bytes, and a request can name one of ${LONGEST_ID} bytes at most; make the server send shorter ids`,
        undefined,
        { url: String(this.#input) },
      );
    this.#attempt = new AbortController();
    this.#stalled = undefined;
    const init: RequestInit = { cache: 'no-store', ...this.#init, signal: this.#attempt.signal };
    const request = requestOf('fromEventSource', this.#input, init);
    request.headers.set('accept', 'text/event-stream');
    if (id.length > 0) request.headers.set('last-event-id', byteString(id));
    this.#repeatable = /^https?:/.test(request.url);
    return request;
  }

  /** Resolves with false if the server says that no more events will come. */
  async #open(request: Request): Promise<boolean> {
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
      if (response.status >= 500) throw new TypeError(`the server responded with ${response.status}`);
      const what =
        response.status === 200
          ? 'a type other than text/event-stream'
          : `${response.status} ${response.statusText}`.trim();
      throw new FetchError(`fromEventSource(): ${this.#input} responded with ${what}`, await keepResponse(response));
    }
    this.#reader = fromNative(response.body).getReader() as ReadableStreamDefaultReader<Uint8Array>;
    return true;
  }

  /** Waits before the next connection, or throws if none may follow. */
  async #recover(error: unknown): Promise<void> {
    this.#reader = undefined;
    this.#parser.reset();
    this.#decoder = new TextDecoder('utf-8', KEEP_MARK);
    const isLast = isFinal(error) || !this.#repeatable;
    if (isLast || this.#left === 0 || error instanceof FetchError) this.#watch.stop();
    if (this.#abort.signal.aborted || error instanceof FetchError || error instanceof RangeError) throw error;
    if (isLast || this.#left === 0)
      throw new FetchError(
        `fromEventSource(): cannot reconnect to ${this.#input}, ${isLast ? `and a retry would fail in the same way (${(error as Thrown).cause?.message ?? (error as Thrown).message})` : 'and no retries are left'}`,
        undefined,
        { cause: error, url: String(this.#input) },
      );
    this.#left -= 1;
    await sleep(this.#settings.delay ?? this.#parser.retry ?? WAIT, this.#abort.signal);
    this.#abort.signal.throwIfAborted();
  }

  stop(reason: unknown): Promise<void> {
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

/** An error of the engine's `fetch`; Node has the reason in `cause`. */
interface Thrown {
  readonly message: string;
  readonly cause?: { readonly message?: string };
}

/** An EventSource has no backpressure: events that the consumer has not read are queued up to the capacity. */
function fromSource(
  source: EventSourceLike,
  names: string[],
  signal: AbortSignal | undefined,
  settings: ChannelOptions<ServerSentEvent>,
): ReadableStream<ServerSentEvent> & { readonly counts: ChannelCounts } {
  if (source.readyState === CLOSED)
    throw new TypeError('fromEventSource(): the EventSource is closed and will emit no events; open a new one');
  const events = channel<ServerSentEvent>(settings);
  const deliver = ({ type, data, lastEventId }: ServerSentEvent) => {
    try {
      events.write({ type, data, lastEventId });
    } catch (error) {
      events.fail(error);
    }
  };
  const onError = () => {
    if (source.readyState === CLOSED)
      events.fail(
        new FetchError(
          'fromEventSource(): the EventSource closed itself, because the response was not ok or not an event stream',
        ),
      );
  };
  const onAbort = () => events.fail(signal!.reason);
  events.signal.addEventListener(
    'abort',
    () => {
      for (const name of names) source.removeEventListener(name, deliver as never);
      source.removeEventListener('error', onError as never);
      signal?.removeEventListener('abort', onAbort);
      source.close();
    },
    { once: true },
  );
  if (signal?.aborted) {
    onAbort();
  } else {
    signal?.addEventListener('abort', onAbort, { once: true });
    for (const name of names) source.addEventListener(name, deliver as never);
    source.addEventListener('error', onError as never);
  }
  return withCounts(events.readable, events);
}
