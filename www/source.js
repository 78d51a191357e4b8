/**
 * Where a job's bytes come from: the lab's files, any URL, a chosen file, or a stream. Whether the bytes are gzip is read from the
 * bytes themselves where nobody has promised it.
 */

import { fromNative, ReadableStream } from 'tidegate';

const GZIP_MAGIC = [0x1f, 0x8b];

/**
 * @typedef {object} OpenSource
 * @property {Response | Blob | ReadableStream} input what `pipeline` starts from
 * @property {boolean} gzip
 * @property {number | null} length bytes of `input`, where known
 * @property {number | null} csvLength bytes of the CSV, where known
 */

/**
 * Opens a source. Nothing but the first bytes is read.
 *
 * @param {{ url: string | URL, gzip?: boolean } | { blob: Blob } | { urlOf: (part: number) => string } | { stream: ReadableStream }} source
 *   `gzip` says what the URL holds; without it the first bytes decide. `urlOf` names the parts, from 0 on, of a gzip without an end; a
 *   `stream` is one of gzip
 * @param {AbortSignal} [signal] ends the wait for the response; the body is the pipeline's to cancel
 * @returns {Promise<OpenSource>}
 * @throws {Error} when the answer is not 2xx; what `fetch` throws; the signal's reason
 */
export async function openSource(source, signal) {
  if (source.blob) return openBlob(source.blob);
  if (source.urlOf) return { input: streamOfParts(source.urlOf), gzip: true, length: null, csvLength: null };
  if (source.stream) return { input: source.stream, gzip: true, length: null, csvLength: null };
  const response = await fetchOk(source.url, signal);
  const csvLength = numberOrNull(response.headers.get('x-uncompressed-length'));
  // With a content coding the length is that of the coded bytes, and fetch hands out the decoded ones.
  const length = response.headers.get('content-encoding') ? null : numberOrNull(response.headers.get('content-length'));
  if (source.gzip !== undefined) return { input: response, gzip: source.gzip, length, csvLength };
  const { stream, head } = await peek(response.body);
  return { input: stream, gzip: isGzip(head), length, csvLength };
}

/** One part after another, each asked for when the one before has been read. Holds nothing of its own. */
function streamOfParts(urlOf) {
  const cancelled = new AbortController();
  let part = 0;
  let reader = null;
  const open = async () => {
    const { body } = await fetchOk(urlOf(part++), cancelled.signal);
    const opened = fromNative(body).getReader();
    if (cancelled.signal.aborted) await opened.cancel(cancelled.signal.reason);
    return opened;
  };
  return new ReadableStream(
    {
      async pull(controller) {
        for (;;) {
          reader ??= await open();
          const { done, value } = await reader.read();
          if (!done) return controller.enqueue(value);
          reader = null;
        }
      },
      cancel(reason) {
        cancelled.abort(reason);
        return reader?.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

async function openBlob(blob) {
  const gzip = isGzip(new Uint8Array(await blob.slice(0, GZIP_MAGIC.length).arrayBuffer()));
  return { input: blob, gzip, length: blob.size, csvLength: gzip ? null : blob.size };
}

async function fetchOk(url, signal) {
  const response = await fetchHead(url, signal);
  if (response.ok) return response;
  await response.body?.cancel();
  throw new Error(`${url} answered ${response.status} ${response.statusText}`.trim());
}

/** `fetch` whose signal counts only until the response is there. */
async function fetchHead(url, signal) {
  const waiting = new AbortController();
  const abort = () => waiting.abort(signal.reason);
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort);
  try {
    return await fetch(url, { signal: waiting.signal });
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

/** Reads the first bytes of a body, as many as say whether it is gzip, and gives back a stream that starts with them. */
async function peek(body) {
  const reader = body.getReader();
  const read = [];
  let head = [];
  while (head.length < GZIP_MAGIC.length) {
    const result = await reader.read();
    read.push(result);
    if (result.done) break;
    head = [...head, ...result.value.subarray(0, GZIP_MAGIC.length)];
  }
  const stream = new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = read.shift() ?? (await reader.read());
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  return { stream, head };
}

/** @param {ArrayLike<number>} bytes that something begins with, two of them at least */
export function isGzip(bytes) {
  return GZIP_MAGIC.every((byte, index) => bytes[index] === byte);
}

function numberOrNull(text) {
  return text === null ? null : Number(text);
}
