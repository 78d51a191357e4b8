/**
 * `fromFetch()`: the body of a fetch, which is resumed when its connection drops or is silent. js/sources/download has
 * the rules.
 */
import { requireCallback, requireCount } from '../values/require.js';
import { describe } from '../values/describe.js';
import { tellTotal } from '../pipeline/sizes.js';
import { Download } from './download.js';
import { parseRange } from './http-fields.js';
import { onDemand } from './on-demand.js';
import { requireStallTimeout } from './stall.js';
import { WINDOW, Windows } from './windows.js';
import type { Bytes } from '../runtime/buffers.js';
import type { ReadableStream } from '../streams/readable-stream.js';
import type { Range } from './http-fields.js';

export { FetchError } from '../pipeline/fetch-error.js';

/** The options of `fromFetch()`, with those of `fetch()`. */
export interface FromFetchOptions extends Omit<RequestInit, 'signal' | 'window'> {
  /** How often a GET is sent again, in all. Infinity is allowed. Default: 3. */
  retries?: number | undefined;
  /** Milliseconds before the first retry. Each further one waits twice as long, at most 2 minutes. Default: 500. */
  delay?: number | undefined;
  /**
   * Milliseconds for which a read of the network may be pending without data; then the connection counts as broken. The
   * wait for the response counts; time in which the consumer does not read does not. Default: 30,000; Infinity for no
   * limit.
   */
  stallTimeout?: number | undefined;
  /**
   * Called once with the first response, before its body is read: for its headers. The body waits for the promise it
   * returns.
   */
  onResponse?: ((response: Response) => void | PromiseLike<void>) | undefined;
  /**
   * Bytes of a range that is requested at a time; Infinity requests everything at once. What the engine holds is then at most `connections`
   * windows, and the buffers of its sockets. Where the server gives no parts of a version that can be told from others, everything is
   * requested at once all the same. Default: 8 MiB where the engine goes on receiving what nobody reads (Firefox, WebKit) and the URL is
   * of the page's origin; else Infinity. (Null, which `fetch()` accepts, is the default.)
   */
  window?: number | null | undefined;
  /** How many windows are under way at most, the one that is being read included. Default: 2. */
  connections?: number | undefined;
  /** When aborted, fails the stream with its reason, and ends the connection. */
  signal?: AbortSignal | undefined;
}

/**
 * The body of a fetch. The request is sent when the stream is first read. If a GET cannot connect, breaks off, is
 * silent for `stallTimeout`, or gets a response of 408, 425, 429 or 5xx, it is sent again, after the time that
 * `Retry-After` says. A body is resumed where it broke off, if the server sent a strong `ETag`, or a `Last-Modified` at
 * least a second before its `Date`. Every response that resumes is checked, so that bytes of two versions of a file are
 * never mixed.
 *
 * A `Range` header of the caller must be one range of bytes. It is resumed within that range.
 *
 * The stream fails with a `FetchError` if the response is not ok, the file has changed, or no retry is left or allowed;
 * its message says which. A body shorter than its `Content-Length` is a broken connection. Cancelling the stream ends
 * the connection. A pipeline that starts with it knows its total once the response has arrived.
 *
 * @throws {TypeError | RangeError} if an argument is invalid
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-13.1.5
 */
export function fromFetch(input: string | URL | Request, options: FromFetchOptions = {}): ReadableStream<Bytes> {
  const {
    retries = 3,
    delay = 500,
    stallTimeout = 30_000,
    onResponse,
    window = null,
    connections = 2,
    signal = (input as Request)?.signal,
    ...init
  } = options;
  requireCount(retries, 'fromFetch(): retries', 0, true);
  requireCount(delay, 'fromFetch(): delay', 0);
  requireStallTimeout(stallTimeout, 'fromFetch');
  requireCallback(onResponse, 'fromFetch(): onResponse');
  if (window !== null) requireCount(window, 'fromFetch(): window', LEAST_WINDOW, true);
  requireCount(connections, 'fromFetch(): connections');
  if (typeof input !== 'string' && !(input instanceof URL) && typeof (input as Request)?.url !== 'string') {
    throw new TypeError(`fromFetch(): the first argument must be a URL or a Request; got ${describe(input)}`);
  }
  const headers = new Headers(init.headers ?? (input as Request).headers);
  const range = rangeOf(headers.get('range'));
  const wantsWholeIfChanged = headers.has('if-range');
  const onTotal = (total: number | undefined) => tellTotal(stream, total);
  const settings = { retries, delay, stallTimeout, range, wantsWholeIfChanged, onResponse, onTotal };
  const bytes = window ?? (receivesOn(input) ? WINDOW : Infinity);
  const isWindowed =
    bytes !== Infinity &&
    String(init.method ?? (input as Request).method ?? 'GET').toUpperCase() === 'GET' &&
    range?.suffix === undefined &&
    !wantsWholeIfChanged &&
    // It is that of the whole file.
    !(init.integrity || (input as Partial<Request>).integrity) &&
    (range?.last ?? Infinity) - (range?.first ?? 0) >= bytes;
  const download = isWindowed
    ? new Windows(input, init, { ...settings, window: bytes, connections })
    : new Download(input, init, settings);
  const stream = onDemand<Bytes>({
    signal,
    async pull(controller) {
      const chunk = await download.next();
      if (chunk === undefined) return true;
      controller.enqueue(chunk as Bytes);
      return false;
    },
    stop: (reason) => download.stop(reason),
  });
  tellTotal(stream, null); // the first response says it
  return stream;
}

/** Smaller windows would be requests that cost more than what they bring. */
const LEAST_WINDOW = 65_536;

/**
 * Whether what nobody reads of this URL goes on arriving in the page. No interface tells it: docs/LAB.md has the measurements. Only for the
 * page's own origin, as another may forbid ranges, or hide that they are of one version.
 */
function receivesOn(input: string | URL | Request): boolean {
  const { location, navigator } = globalThis as Partial<typeof globalThis>;
  if (location === undefined || !/Firefox\/|AppleWebKit\//.test(navigator?.userAgent ?? '')) return false;
  if (/Chrom(e|ium)\//.test(navigator!.userAgent)) return false;
  try {
    return new URL((input as Request).url ?? input, location.href).origin === location.origin;
  } catch {
    return false;
  }
}

function rangeOf(text: string | null): Range | undefined {
  if (text === null) return undefined;
  const range = parseRange(text);
  if (range !== undefined) return range;
  throw new TypeError(
    `fromFetch(): the Range header must be one range of bytes, such as 'bytes=0-99'; got '${text}'. For anything else, pass the response of your own fetch()`,
  );
}
