/** `fromUrl()`: a zip file on a server, read by ranges. */
import { Ranged } from '../../sources/ranged.js';
import { toBytes } from '../../sinks/collect.js';
import { failsOf } from '../error.js';
import type { FromFetchOptions } from '../../sources/from-fetch.js';
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
  const file = new Ranged(url, options, (code, what) => fail(code, what));
  await file.open();
  return {
    size: file.size,
    read: (start, end, { signal }) => toBytes(file.range(start, end, signal), { limit: end - start }),
    stream: (start, end, { signal }) => file.range(start, end, signal),
  };
}
