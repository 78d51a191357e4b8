/**
 * The requests of one `fromFetch()`: the first one, retries, those that resume the download, and the checks of each
 * response.
 *
 * Invariants (sections are of RFC 9110, https://www.rfc-editor.org/rfc/rfc9110):
 * 1. Bytes of two versions of a file are never mixed. A later response must have the strong validator of the first one
 *    (15.3.7.3): its ETag if that is strong, else its Last-Modified if that is strong. No other validator counts.
 * 2. `If-Range` is sent only if it is allowed: with a strong ETag, or with a strong date of a response without an ETag
 *    (13.1.5). Two cases request the range without it: a weak ETag beside a strong date, and a cross-origin request,
 *    where `If-Range` would need a preflight. The check of the response is the same.
 * 3. Every byte has an offset in the file: a part names its bytes, a whole body starts at 0, and bytes that were passed
 *    on before are skipped.
 * 4. Only a GET is sent again, at most `retries` times. Every wait is bounded, whatever the server asks for.
 */
import { wasCutOff } from '../pipeline/cut-off.js';
import { FetchError, keepResponse, statusOf } from '../pipeline/fetch-error.js';
import { fromNative } from '../native/convert.js';
import { sleep } from '../runtime/sleep.js';
import { isEncoded, isSameVersion, parseContentRange, parseLength, retryAfterOf, validatorsOf } from './http-fields.js';
import { isFinal, requestOf } from './request.js';
import { deferred, type Deferred } from '../codecs/deferred.js';
import { StallWatch } from './stall.js';
import type { ReadResult } from '../bridge/shapes.js';
import type { ReadableStreamDefaultReader } from '../streams/readable-stream-default-reader.js';
import type { Range, Validators } from './http-fields.js';

/**
 * Milliseconds: the longest wait between two requests. A backoff grows no further, and a longer `Retry-After` is an
 * error.
 */
export const LONGEST_WAIT = 120_000;

/**
 * After SMALL_PARTS parts in a row of fewer than SMALL_PART bytes, each further one counts as a retry, and waits like
 * one.
 */
const SMALL_PARTS = 16;
const SMALL_PART = 16_384;

const EXPOSE =
  "the response is cross-origin, so its server must send 'Access-Control-Expose-Headers: ETag, Content-Range, Content-Encoding, Accept-Ranges, Date, Retry-After'";
const ALLOW =
  "the response is cross-origin; if the server refuses the request that resumes, make it send 'Access-Control-Allow-Headers: Range' and the CORS headers of its first response";

/**
 * Milliseconds before the next request after `tries` failed ones: `delay` doubles each time, up to the longest wait.
 */
export const backoff = (delay: number, tries: number): number =>
  Math.min(delay * 2 ** tries, Math.max(delay, LONGEST_WAIT));

/** Whether this status means that the same request may succeed later. */
export const isTransient = (status: number): boolean =>
  status === 408 || status === 425 || status === 429 || (status >= 500 && status !== 501 && status !== 505);
const typeOf = (headers: Headers): string =>
  /^[^;]*/
    .exec(headers.get('content-type') ?? '')![0]
    .trim()
    .toLowerCase();
/** What a server may say that gives no parts, besides 200. */
const REFUSED_RANGES = [400, 403, 405, 416, 501];

/** The `cache` that a `Request` says itself. */
export const cacheOf = (input: string | URL | Request): RequestCache | undefined => {
  const { cache } = input as Partial<Request>;
  return cache === 'default' ? undefined : cache;
};

const ignore = () => {};

/** The options of a download, checked. */
export interface DownloadSettings {
  readonly retries: number;
  /** Milliseconds. */
  readonly delay: number;
  /** Milliseconds, or Infinity. */
  readonly stallTimeout: number;
  /** The caller's own range; undefined for the whole file. */
  readonly range: Range | undefined;
  /** Whether the caller sent `If-Range`, so that a whole file is a valid response to its range. */
  readonly wantsWholeIfChanged: boolean;
  readonly onResponse: ((response: Response) => void | PromiseLike<void>) | undefined;
  /**
   * Called with the number of bytes that the download will give; undefined if it is not known. May be called more than
   * once.
   */
  readonly onTotal: (total: number | undefined) => void;
  /** A part to ask for first, in place of all that is wanted. */
  readonly trial?: Trial | undefined;
  /** How many requests have failed, if several downloads share their retries. */
  readonly tries?: { count: number } | undefined;
  /** What a first response must be of, if the download is a part of a larger one. */
  readonly version?: Version | undefined;
  /** Whether nobody waits for it yet: until `attend()` silence is no fault, and nothing is requested again. */
  readonly isAhead?: boolean | undefined;
  /** Called if a part was requested and the whole file comes. */
  readonly onWhole?: (() => void) | undefined;
  /** The bytes that others gave before, for messages. Default: 0. */
  readonly before?: number | undefined;
}

/** What all parts of one file have. */
export interface Version {
  readonly validators: Validators;
  readonly complete: number;
}

/** A request for a part of which it is not known whether the server can give it. */
export interface Trial {
  readonly range: { readonly first: number; readonly last: number };
  /** Whether the response can be used. If not, all that is wanted is requested. A response of 200 always can: as all of it. */
  readonly suits: (response: Response) => boolean;
}

/** The first response, as far as later ones are compared with it. */
interface First {
  readonly validators: Validators;
  readonly encoded: boolean;
  readonly type: string;
  readonly length: number | undefined;
  readonly crossOrigin: boolean;
  readonly takesRanges: boolean;
}

/**
 * A download. `next()` is not called again before its promise has settled, and not after it has rejected; `stop()` ends
 * it at any time.
 *
 * A method named `#refusal…` checks a response and takes what it says. It returns why the response is refused, in words
 * that follow the URL, or undefined.
 */
export class Download {
  #input: string | URL | Request;
  #init: RequestInit;
  #settings: DownloadSettings;
  #url: string;
  #repeatable: boolean; // whether a request may be sent again
  #tries: { count: number }; // requests that have failed
  #trial: Trial | undefined; // while its first response has not come
  #range: Range | undefined;
  #partFrom = 0; // the offset at which the current body begins
  #smallParts = 0; // in a row
  #stop = new AbortController();
  #attempt: AbortController | undefined; // of the current request
  #watch: StallWatch;
  #pending = false; // whether the network is waited for
  #attended: Deferred<void> | undefined; // while nobody waits for the bytes
  #stalled: TypeError | undefined; // the error of the current request, if its connection was silent
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined; // of the current body
  #encoded: { url: string; length: number } | undefined; // of a current body that is compressed
  #told = false; // whether onResponse has been called

  // Offsets into the file.
  #from = 0; // the first byte to pass on
  #next = 0; // the next byte to pass on
  #want: number; // the byte after the last one to pass on; Infinity for all
  #complete: number | undefined; // the length of the file; undefined if it is not known
  #at = 0; // the next byte of the current body
  #bodyEnd: number | undefined; // the byte after the last of the current body; undefined if it is not known
  #isPart = false; // whether the current body is of a 206
  #first: First | undefined;
  #done = false;

  constructor(input: string | URL | Request, init: RequestInit, settings: DownloadSettings) {
    this.#input = input;
    this.#init = init;
    this.#settings = settings;
    this.#url = typeof input === 'string' ? input : ((input as Request).url ?? String(input));
    this.#repeatable = String(init.method ?? (input as Request).method ?? 'GET').toUpperCase() === 'GET';
    if (settings.isAhead) this.#attended = deferred<void>();
    this.#tries = settings.tries ?? { count: 0 };
    this.#trial = settings.trial;
    this.#range = settings.trial?.range ?? settings.range;
    this.#from = this.#next = this.#range?.first ?? 0;
    this.#want = (this.#range?.last ?? Infinity) + 1;
    this.#watch = new StallWatch(settings.stallTimeout, () => this.#onStall());
  }

  /** Resolves with the next bytes, undefined at the end. Rejects with the error of the download. */
  async next(): Promise<Uint8Array | undefined> {
    try {
      while (!this.#done) {
        const bytes = await (this.#reader === undefined ? this.#open() : this.#read());
        if (bytes !== undefined) return bytes;
      }
      this.#watch.stop();
      return undefined;
    } catch (error) {
      this.#watch.stop();
      throw error;
    }
  }

  /** Somebody waits for the bytes now. May be called as often as one likes. */
  attend(): void {
    if (this.#attended === undefined) return;
    this.#attended.resolve();
    this.#attended = undefined;
    if (this.#pending) this.#watch.begin();
  }

  #begin(): void {
    this.#pending = true;
    if (this.#attended === undefined) this.#watch.begin();
  }

  #settled(): void {
    this.#pending = false;
    this.#watch.end();
  }

  /** Ends the connection. Resolves when the body has been cancelled. */
  stop(reason: unknown): Promise<unknown> {
    this.#watch.stop();
    const cancelled = this.#reader?.cancel(reason);
    this.#stop.abort(reason);
    this.#attended?.resolve();
    this.#attempt?.abort(reason);
    return Promise.resolve(cancelled).then(ignore, ignore);
  }

  /** The byte after the last one to pass on, if that is known, or Infinity. */
  get #end(): number {
    return Math.min(this.#want, this.#complete ?? Infinity);
  }

  get #received(): number {
    return this.#next - this.#from;
  }

  /** The bytes that the reader has had, for messages. */
  get #given(): number {
    return this.#received + (this.#settings.before ?? 0);
  }

  /** Settles a pending read by itself, because some engines are slow to notice an abort. */
  #onStall(): void {
    this.#stalled = new TypeError(`no data arrived for ${this.#settings.stallTimeout} ms (stallTimeout)`);
    this.#reader?.cancel(this.#stalled).catch(ignore);
    this.#attempt!.abort(this.#stalled);
  }

  async #open(): Promise<undefined> {
    const { request, ifRange, resumes } = this.#request();
    let response;
    // Not of another method: its body must be sent before the response arrives, and that time is not silence.
    if (this.#repeatable) this.#begin();
    try {
      response = await fetch(request);
    } catch (error) {
      return this.#retry(this.#stalled ?? error);
    } finally {
      this.#settled();
    }
    if (this.#repeatable && isTransient(response.status)) return this.#retry(undefined, response);
    if (this.#trial !== undefined && this.#failsTrial(response)) {
      response.body?.cancel().catch(ignore);
      return undefined;
    }
    const refusal = resumes
      ? this.#refusalOfRest(response, request, ifRange)
      : (this.#refusalOfVersion(response) ?? this.#refusalOfFirst(response));
    if (refusal !== undefined) return this.#fail(refusal, response);
    await this.#tell(response);
    const length = isEncoded(response.headers) ? parseLength(response.headers.get('content-length')) : undefined;
    this.#encoded = length === undefined ? undefined : { url: request.url, length };
    if (this.#done) {
      response.body?.cancel().catch(ignore);
      return undefined;
    }
    if (response.body === null) return this.#bodyEnded();
    this.#reader = fromNative(response.body).getReader() as ReadableStreamDefaultReader<Uint8Array>;
    return undefined;
  }

  /** Takes the first response of a trial. If it is not a part that can be used, everything is wanted. */
  #failsTrial(response: Response): boolean {
    const { suits } = this.#trial!;
    const { status } = response;
    if (status !== 206 && status !== 200 && !REFUSED_RANGES.includes(status)) return false;
    this.#trial = undefined;
    if (status === 206 && suits(response)) return false;
    this.#range = this.#settings.range;
    this.#want = (this.#range?.last ?? Infinity) + 1;
    return status !== 200;
  }

  #request(): { request: Request; ifRange: string | undefined; resumes: boolean } {
    this.#attempt = new AbortController();
    this.#stalled = undefined;
    const resumes = this.#received > 0;
    const { validators, encoded, takesRanges, crossOrigin } = this.#first ?? ({} as Partial<First>);
    // A range of a compressed body is a range of other bytes, so the whole body is requested again.
    const hasRange = resumes && !encoded && takesRanges;
    const ifRange =
      !hasRange || crossOrigin
        ? undefined
        : validators!.strong === 'tag'
          ? validators!.tag
          : validators!.tag === undefined
            ? validators!.date
            : undefined;
    const init: RequestInit = { ...this.#init, signal: this.#attempt.signal };
    // Windows that come later are not of the engine's cache, so this one must not be older than it.
    const { trial } = this.#settings;
    const part = trial?.range === this.#range ? trial?.range : undefined;
    if (part !== undefined) init.cache ??= cacheOf(this.#input) ?? 'no-cache';
    if (hasRange && ifRange === undefined) init.cache = 'no-store'; // as with If-Range: the engine's cache must not serve it
    const source = this.#input instanceof Request && this.#repeatable ? this.#input.clone() : this.#input;
    const request = requestOf('fromFetch', source, init);
    this.#repeatable &&= request.url.startsWith('http');
    if (part !== undefined) request.headers.set('range', `bytes=${part.first}-${part.last}`);
    if (resumes) {
      request.headers.delete('range');
      request.headers.delete('if-range');
      if (hasRange)
        request.headers.set('range', `bytes=${this.#next}-${this.#want === Infinity ? '' : this.#want - 1}`);
      if (ifRange !== undefined) request.headers.set('if-range', ifRange);
    }
    return { request, ifRange, resumes };
  }

  #refusalOfFirst(response: Response): string | undefined {
    const { headers, status } = response;
    if (!response.ok) return `responded with ${statusOf(response)}`;
    const validators = validatorsOf(headers);
    const before = this.#first?.validators;
    if (this.#told && (before!.tag !== validators.tag || before!.date !== validators.date))
      return 'has changed since its first response, whose body never arrived';
    const encoded = isEncoded(headers);
    const crossOrigin = response.type === 'cors';
    const length = response.body === null || status === 206 ? undefined : parseLength(headers.get('content-length'));
    const takesRanges = status === 206 || !/(^|,)[ \t]*none[ \t]*(,|$)/i.test(headers.get('accept-ranges') ?? '');
    this.#first = { validators, encoded, crossOrigin, length, takesRanges, type: typeOf(headers) };
    this.#isPart = status === 206;
    this.#complete = undefined;
    if (this.#isPart)
      return this.#range === undefined
        ? 'responded with 206 (a part) to a request without a Range'
        : this.#refusalOfPart(response);
    this.#at = this.#partFrom = 0;
    // A cross-origin body may be compressed without the page seeing it. Then the length is that of other bytes.
    this.#bodyEnd = encoded || (crossOrigin && !headers.has('content-encoding')) ? undefined : length;
    this.#complete = this.#bodyEnd;
    return this.#refusalOfWhole();
  }

  /** A part of a file that is downloaded in parts: it must be of the version of the others. */
  #refusalOfVersion({ status, headers, type }: Response): string | undefined {
    const { version } = this.#settings;
    if (version === undefined || (status !== 200 && status !== 206 && status !== 416)) return undefined;
    const { validators, complete } = version;
    const now = parseContentRange(headers.get('content-range'))?.complete;
    const same = isSameVersion(validators, validatorsOf(headers), false);
    const isSameLength = status !== 416 && (now === undefined || now === complete);
    if (same === false || !isSameLength)
      return 'has changed since the download began: a later part is of another version';
    if (status === 200) this.#settings.onWhole?.();
    if (same === true) return undefined;
    return `responded with ${status} without the ${validators.strong === 'tag' ? 'ETag' : 'Last-Modified'} of the first response, so a later part may be of another version of the file${type === 'cors' ? `; ${EXPOSE}` : ''}`;
  }

  /** A whole file in response to the caller's Range, which a server may ignore: its bytes are cut out here. */
  #refusalOfWhole(): string | undefined {
    const { wantsWholeIfChanged } = this.#settings;
    const range = this.#range;
    if (range === undefined) return undefined;
    if (wantsWholeIfChanged) {
      this.#from = this.#next = 0;
      this.#want = Infinity;
      return undefined;
    }
    if (this.#first!.encoded) return 'responded with the whole file, compressed, to a request for a range of it';
    if (range.suffix !== undefined) {
      if (this.#complete === undefined)
        return 'responded with the whole file, without a Content-Length, to a request for its last bytes';
      this.#from = this.#next = Math.max(0, this.#complete - range.suffix);
    }
    return undefined;
  }

  /** A 206: https://www.rfc-editor.org/rfc/rfc9110#section-15.3.7 */
  #refusalOfPart({ headers }: Response): string | undefined {
    const field = headers.get('content-range');
    const { encoded, crossOrigin, length: firstLength, type: firstType } = this.#first!;
    const [type, length] = [typeOf(headers), parseLength(headers.get('content-length'))];
    if (field === null && type === 'multipart/byteranges')
      return 'responded with several parts (multipart/byteranges) to a request for one range';
    if (field === null) return `responded with 206 without a Content-Range${crossOrigin ? `; ${EXPOSE}` : ''}`;
    const part = parseContentRange(field);
    if (part?.first === undefined)
      return `responded with 206 and the Content-Range '${field}', which is not a valid range of bytes`;
    const { first, last, complete } = part as { first: number; last: number; complete: number | undefined };
    const suffix = this.#received === 0 ? this.#range?.suffix : undefined;
    const begin = suffix === undefined ? this.#next : complete === undefined ? first : Math.max(0, complete - suffix);
    if (first !== begin || last >= this.#want)
      return `responded with the bytes ${first}-${last} to a request for those from ${begin} on`;
    if (length !== undefined && length !== last - first + 1)
      return `responded with ${length} bytes (Content-Length) for the range ${first}-${last}`;
    if (encoded || isEncoded(headers)) return 'responded with a compressed part, whose offset in the file is not known';
    if (firstType !== '' && type !== '' && type !== firstType)
      return `responded with the type ${type}; the first response had ${firstType}`;
    const known = this.#complete ?? firstLength;
    if (complete !== undefined && known !== undefined && complete !== known) {
      return `had ${known} bytes and now has ${complete}${crossOrigin ? `: it has changed, or was compressed, which a page can only see if the server exposes Content-Encoding` : ''}`;
    }
    this.#complete ??= complete;
    if (suffix !== undefined) {
      this.#from = this.#next = first;
      if (complete === undefined) this.#want = last + 1;
    }
    this.#at = this.#partFrom = first;
    this.#bodyEnd = last + 1;
    return undefined;
  }

  #refusalOfRest(response: Response, request: Request, ifRange: string | undefined): string | undefined {
    const { status, headers } = response;
    const hasRange = request.headers.has('range');
    const where = `, when it was resumed after ${this.#given} bytes`;
    const same = isSameVersion(this.#first!.validators, validatorsOf(headers), status !== 200 && ifRange !== undefined);
    const complete = status === 416 && hasRange ? parseContentRange(headers.get('content-range'))?.complete : undefined;
    if (
      complete !== undefined &&
      complete === this.#next &&
      complete === (this.#complete ?? complete) &&
      same !== false
    ) {
      this.#done = true;
      return undefined;
    }
    if (complete !== undefined)
      return `has changed since the download began: it now has ${complete} bytes, and ${this.#next}${this.#complete === undefined ? '' : ` of ${this.#complete}`} were received`;
    if (status !== 200 && !(status === 206 && hasRange)) return `responded with ${statusOf(response)}${where}`;
    if (same === false) return `has changed since the download began${where}`;
    const { crossOrigin } = this.#first!;
    if (same === undefined)
      return `responded with ${status} without the ${this.#first!.validators.strong === 'tag' ? 'ETag' : 'Last-Modified'} of the first response, so it may be another version of the file${where}${crossOrigin ? `; ${EXPOSE}` : ''}`;
    this.#isPart = status === 206;
    if (this.#isPart) return this.#refusalOfPart(response);
    this.#at = this.#partFrom = 0;
    const length = response.body === null ? 0 : parseLength(headers.get('content-length'));
    this.#bodyEnd = crossOrigin || isEncoded(headers) ? undefined : length;
    if (this.#complete !== undefined && this.#bodyEnd !== undefined && this.#bodyEnd !== this.#complete)
      return `had ${this.#complete} bytes and now has ${this.#bodyEnd}`;
    return undefined;
  }

  /** Reports the total, and the first response to the caller. */
  async #tell(response: Response): Promise<void> {
    const { encoded, length } = this.#first!;
    const end = this.#end === Infinity && !encoded ? length : this.#end;
    this.#settings.onTotal(Number.isFinite(end) ? end! - this.#from : undefined);
    if (this.#told) return;
    this.#told = true;
    try {
      await this.#settings.onResponse?.(response);
    } catch (error) {
      response.body?.cancel().catch(ignore);
      throw error;
    }
  }

  /** Makes only two promises, because it runs for each chunk. */
  #read(): Promise<Uint8Array | undefined> {
    this.#begin();
    return this.#reader!.read().then(this.#onRead, this.#onReadError);
  }

  #onRead = (result: ReadResult<Uint8Array>): Promise<never> | Promise<undefined> | Uint8Array | undefined => {
    this.#settled();
    if (this.#stalled !== undefined) return this.#brokeOff(this.#stalled);
    if (!result.done) return this.#take(result.value);
    this.#stop.signal.throwIfAborted();
    return this.#bodyEnded();
  };

  #onReadError = (error: unknown): Promise<undefined> | undefined => {
    this.#settled();
    return this.#brokeOff(this.#stalled ?? error);
  };

  /** The bytes of `bytes` to pass on; undefined if there are none. */
  #take(bytes: Uint8Array): Promise<never> | Uint8Array | undefined {
    const start = this.#at;
    const { byteLength } = bytes;
    this.#at += byteLength;
    if (this.#at > this.#bodyEnd!)
      return this.#fail(`sent more than the ${this.#bodyEnd! - start} bytes that were left`);
    // More than the Content-Length: the body was compressed.
    if (this.#at > this.#first!.length! && this.#first!.crossOrigin) this.#settings.onTotal(undefined);
    const [from, to] = [Math.min(byteLength, Math.max(0, this.#next - start)), Math.min(byteLength, this.#end - start)];
    if (this.#at > this.#end) {
      // A whole file, of which the caller wanted a range.
      this.#done = true;
      this.#reader!.cancel().catch(ignore);
    }
    if (to <= from) return undefined;
    this.#next = start + to;
    return from === 0 && to === byteLength ? bytes : bytes.slice(from, to);
  }

  #bodyEnded(): Promise<undefined> | undefined {
    this.#reader = undefined;
    if (this.#at < this.#bodyEnd!)
      return this.#brokeOff(new TypeError(`the connection ended ${this.#bodyEnd! - this.#at} bytes before the end`));
    if (this.#encoded !== undefined && wasCutOff(this.#encoded.url, this.#encoded.length, this.#at)) {
      return this.#brokeOff(new TypeError('the connection ended before the compressed body did'));
    }
    if (this.#at < this.#next)
      return this.#fail(
        `has changed since the download began: it now has ${this.#at} bytes, and ${this.#next} were received`,
      );
    this.#done = !this.#isPart || this.#next >= this.#end;
    return this.#done ? undefined : this.#partEnded();
  }

  /**
   * A part may be smaller than the requested range. Then the rest is requested (15.3.7), and must be of the same
   * version.
   */
  #partEnded(): Promise<undefined> | undefined {
    const obstacle = this.#obstacle();
    if (obstacle !== undefined)
      return this.#fail(`sent only ${this.#next - this.#from} bytes of the range, and ${obstacle}`);
    const isSmall = this.#at - this.#partFrom < SMALL_PART;
    this.#smallParts = isSmall ? this.#smallParts + 1 : 0;
    if (this.#smallParts > SMALL_PARTS)
      return this.#brokeOff(
        new TypeError(`the server sent ${SMALL_PARTS} parts of fewer than ${SMALL_PART} bytes in a row`),
      );
    return undefined;
  }

  #brokeOff(error: unknown): Promise<undefined> | undefined {
    this.#reader = undefined;
    if (this.#next >= this.#end && !this.#stop.signal.aborted) this.#done = true;
    else return this.#retry(error);
    return undefined;
  }

  /** Why no request may be sent again, if that is so. */
  #obstacle(): string | undefined {
    if (!this.#repeatable) return 'only a GET of an http: or https: URL is retried';
    if (this.#received === 0) return undefined;
    const { validators, crossOrigin } = this.#first!;
    if (validators.strong !== undefined) return undefined;
    if (crossOrigin && validators.tag === undefined) return `it cannot be resumed without an ETag; ${EXPOSE}`;
    if (validators.tag !== undefined)
      return `it cannot be resumed: its ETag ${validators.tag} is weak or malformed, and it has no Last-Modified that is older than its Date`;
    return 'it cannot be resumed: the response has no ETag, and no Last-Modified that is older than its Date';
  }

  /**
   * Waits before the next request, or throws if none may follow.
   *
   * @param error how the connection broke, if it did
   * @param response the response that asks for a later request, if there is one
   */
  async #retry(error: unknown, response?: Response): Promise<undefined> {
    await this.#attended?.promise;
    this.#stop.signal.throwIfAborted();
    const { retries, delay } = this.#settings;
    const asked = response === undefined ? undefined : retryAfterOf(response.headers);
    const obstacle =
      this.#obstacle() ??
      (isFinal(error) ? 'a retry would fail in the same way' : undefined) ??
      (this.#tries.count >= retries ? noRetries(retries) : undefined) ??
      (asked! > LONGEST_WAIT
        ? `asks to wait ${Math.round(asked! / 1000)} seconds, and a retry waits at most ${LONGEST_WAIT / 1000}`
        : undefined);
    if (obstacle !== undefined)
      return this.#fail(`${this.#accountOf(error, response)}, and ${obstacle}`, response, error);
    response?.body?.cancel().catch(ignore);
    const wait = Math.max(backoff(delay, this.#tries.count), asked ?? 0);
    this.#tries.count += 1;
    await sleep(wait, this.#stop.signal);
    this.#stop.signal.throwIfAborted();
    return undefined;
  }

  /** What went wrong, in words that follow the URL. */
  #accountOf(error: unknown, response: Response | undefined): string {
    if (response !== undefined)
      return `responded with ${statusOf(response)}${this.#received > 0 ? ` when it was resumed after ${this.#given} bytes` : ''}`;
    const why = (error as Thrown)?.cause?.message || (error as Thrown)?.cause?.code || (error as Thrown)?.message;
    if (this.#first === undefined)
      return `could not be fetched (${why}; a browser gives the same error if the server is not found and if CORS forbids the response)`;
    return `broke off after ${this.#given} bytes (${why}${this.#first.crossOrigin ? `; ${ALLOW}` : ''})`;
  }

  /** Throws the error of the download, unless it was stopped. `what` follows the URL. */
  async #fail(what: string, response?: Response, cause?: unknown): Promise<never> {
    this.#reader?.cancel().catch(ignore);
    const kept = response && (await keepResponse(response));
    this.#attempt!.abort();
    this.#stop.signal.throwIfAborted();
    throw new FetchError(
      `fromFetch(): ${this.#url} ${what}`,
      kept,
      cause === undefined ? { url: this.#url } : { url: this.#url, cause },
    );
  }
}

/** An error of the engine's `fetch`; Node has the reason in `cause`. */
type Thrown =
  | { readonly message?: string; readonly cause?: { readonly message?: string; readonly code?: string } }
  | null
  | undefined;

const noRetries = (retries: number) => (retries === 0 ? 'retries is 0' : 'no retries are left');
