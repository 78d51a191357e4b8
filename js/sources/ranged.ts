/**
 * A file on a server, of which ranges are requested.
 *
 * All responses have the strong validator and the length of the first one, so bytes of two versions of the file are never mixed.
 */
import { toBytes } from '../sinks/collect.js';
import { fromFetch, type FromFetchOptions } from './from-fetch.js';
import { isSameVersion, parseContentRange, validatorsOf, type Validators } from './http-fields.js';
import type { Bytes } from '../runtime/buffers.js';
import type { ReadableStream } from '../streams/readable-stream.js';

/** What is wrong: the server cannot be read by ranges, or the file has changed. */
type RangedFault = 'no-ranges' | 'changed';

export class Ranged {
  /** The bytes of the file. */
  size = 0;
  /** The media type; '' if the server says none. */
  type = '';
  /** Its version. */
  validators: Validators | undefined;
  #url: string | URL;
  #options: Omit<FromFetchOptions, 'onResponse' | 'method' | 'body'>;
  #fail: (fault: RangedFault, what: string, response: Response) => Error;

  /** @param fail makes the error; `what` begins with the URL */
  constructor(
    url: string | URL,
    options: Omit<FromFetchOptions, 'onResponse' | 'method' | 'body'>,
    fail: (fault: RangedFault, what: string, response: Response) => Error,
  ) {
    this.#url = url;
    this.#options = options;
    this.#fail = fail;
  }

  /** Finds out how large the file is, by its first byte. Call it first. */
  async open(): Promise<void> {
    await toBytes(this.range(0, 1));
  }

  /** The bytes from `start` up to, and without, `end`, as a stream. */
  range(start: number, end: number, signal = this.#options.signal): ReadableStream<Bytes> {
    const headers = new Headers(this.#options.headers);
    headers.set('range', `bytes=${start}-${end - 1}`);
    const onResponse = (response: Response) => this.#check(response, start, end);
    return fromFetch(this.#url, { ...this.#options, signal, headers, onResponse });
  }

  #check(response: Response, start: number, end: number): void {
    const { headers, status } = response;
    const range = parseContentRange(headers.get('content-range'));
    if (status !== 206 || range?.complete === undefined || range.first !== start)
      throw this.#fail(
        'no-ranges',
        `${this.#url} responded with ${status}, not with the part that was asked for. Its server must support Range, and expose Content-Range to other origins`,
        response,
      );
    const now = validatorsOf(headers);
    if (this.validators === undefined) {
      if (now.strong === undefined)
        throw this.#fail(
          'no-ranges',
          `${this.#url} has no strong ETag and no Last-Modified before its Date, so parts of two versions could be mixed`,
          response,
        );
      this.validators = now;
      this.size = range.complete;
      this.type = headers.get('content-type') ?? '';
    } else if (
      range.complete !== this.size ||
      isSameVersion(this.validators, now, false) !== true ||
      range.last! >= end
    ) {
      throw this.#fail('changed', `${this.#url} has changed since it was opened; open it once more`, response);
    }
  }
}
