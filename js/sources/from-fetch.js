/** A fetch body as a stream that survives dropped and silent connections. download.js has the rules of resuming. */
import { requireCallback, requireCount } from '../values/require.js';
import { describe } from '../values/describe.js';
import { tellTotal } from '../pipeline/sizes.js';
import { Download } from './download.js';
import { parseRange } from './http-fields.js';
import { onDemand } from './on-demand.js';
import { requireStallTimeout } from './stall.js';

export { FetchError } from '../pipeline/fetch-error.js';

/**
 * See sources.d.ts.
 *
 * @param {any} input
 * @param {any} options
 */
export function fromFetch(input, options = {}) {
  const { retries = 3, delay = 500, stallTimeout = 30_000, onResponse, signal = input?.signal, ...init } = options;
  requireCount(retries, 'fromFetch(): retries', 0, true);
  requireCount(delay, 'fromFetch(): delay', 0);
  requireStallTimeout(stallTimeout, 'fromFetch');
  requireCallback(onResponse, 'fromFetch(): onResponse');
  if (typeof input !== 'string' && !(input instanceof URL) && typeof input?.url !== 'string') {
    throw new TypeError(`fromFetch(): the first argument must be a URL or a Request; got ${describe(input)}`);
  }
  const headers = new Headers(init.headers ?? input.headers);
  const range = rangeOf(headers.get('range'));
  const wantsWholeIfChanged = headers.has('if-range');
  const onTotal = (total) => tellTotal(stream, total);
  const download = new Download(input, init, {
    retries,
    delay,
    stallTimeout,
    range,
    wantsWholeIfChanged,
    onResponse,
    onTotal,
  });
  const stream = onDemand({
    signal,
    async pull(controller) {
      const chunk = await download.next();
      if (chunk === undefined) return true;
      controller.enqueue(chunk);
      return false;
    },
    stop: (reason) => download.stop(reason),
  });
  tellTotal(stream, null); // known with the first response
  return stream;
}

function rangeOf(text) {
  if (text === null) return undefined;
  const range = parseRange(text);
  if (range !== undefined) return range;
  throw new TypeError(
    `fromFetch(): the Range header must be one range of bytes, such as 'bytes=0-99'; got '${text}'. Pass the body of a fetch() of your own for anything else`,
  );
}
