/**
 * `fromUrl()`: a file on a server, read by ranges.
 *
 * All responses have the strong validator and the length of the first one, so bytes of two versions of the file are never mixed.
 */
import { fromFetch, type FromFetchOptions } from '../../sources/from-fetch.js';
import { isSameVersion, parseContentRange, validatorsOf } from '../../sources/http-fields.js';
import { toBytes } from '../../sinks/collect.js';
import { failsOf } from '../error.js';
import type { Validators } from '../../sources/http-fields.js';
import type { RandomAccess } from './source.js';

/** The options of `fromUrl()`: those of `fromFetch()`, for each request. */
export type FromUrlOptions = Omit<FromFetchOptions, 'onResponse' | 'method' | 'body'>;

/**
 * A file on a server, for `openZip()`. Each read is a request for a range, which is resumed as `fromFetch()` resumes. The server must
 * respond with parts (206), and send a strong `ETag`, or a `Last-Modified` at least a second before its `Date`; of another origin, it must
 * expose these fields and `Content-Range`.
 *
 * Rejects with `no-ranges` if it does not. A read fails with `changed` if the file has changed.
 */
export async function fromUrl(url: string | URL, options: FromUrlOptions = {}): Promise<RandomAccess> {
  const fail = failsOf('fromUrl');
  let first: Validators | undefined;
  let size = 0;
  const check = (response: Response, start: number, end: number) => {
    const { headers, status } = response;
    const range = parseContentRange(headers.get('content-range'));
    if (status !== 206 || range?.complete === undefined || range.first !== start)
      throw fail(
        'no-ranges',
        `${url} responded with ${status}, not with the part that was asked for. Its server must support Range, and expose Content-Range to other origins`,
      );
    const now = validatorsOf(headers);
    if (first === undefined) {
      if (now.strong === undefined)
        throw fail(
          'no-ranges',
          `${url} has no strong ETag and no Last-Modified before its Date, so parts of two versions could be mixed`,
        );
      [first, size] = [now, range.complete];
    } else if (range.complete !== size || isSameVersion(first, now, false) !== true || range.last !== end - 1) {
      throw fail('changed', `${url} has changed since it was opened; open it once more`);
    }
  };
  const open = (start: number, end: number, signal: AbortSignal | undefined = options.signal) => {
    const headers = new Headers(options.headers);
    headers.set('range', `bytes=${start}-${end - 1}`);
    return fromFetch(url, { ...options, signal, headers, onResponse: (response) => check(response, start, end) });
  };
  await toBytes(open(0, 1));
  return {
    size,
    read: (start, end, { signal }) => toBytes(open(start, end, signal), { limit: end - start }),
    stream: (start, end, { signal }) => open(start, end, signal),
  };
}
