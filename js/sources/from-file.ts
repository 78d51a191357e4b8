/** `fromFile()`: a byte stream of a file, which holds one slice of it in memory. */
import { requireCount } from '../values/require.js';
import { describe } from '../values/describe.js';
import { bytesOfBlob } from '../bridge/blobs.js';
import { isBlob } from '../bridge/kinds.js';
import { tellTotal } from '../pipeline/sizes.js';
import { onDemand } from './on-demand.js';
import type { Bytes } from '../runtime/buffers.js';
import type { ReadableStream } from '../streams/readable-stream.js';

/** The options of `fromFile()`. */
export interface FromFileOptions {
  /** The first byte. Default: 0. */
  start?: number | undefined;
  /** The byte before which to stop. Default: the end of the file. */
  end?: number | undefined;
  /** Bytes of one read, unless a BYOB reader brings a buffer. Default: 262,144. */
  chunkSize?: number | undefined;
  /** When aborted, fails the stream with its reason. */
  signal?: AbortSignal | undefined;
}

/**
 * The bytes of a file, as a byte stream. It reads one slice when the consumer wants it, and holds no other. A pipeline
 * that starts with it knows its total if the file is a Blob; of a handle the file is opened at the first read.
 *
 * @throws {TypeError} if the first argument is none of these
 * @throws {RangeError} if an option is invalid
 * @see https://w3c.github.io/FileAPI/#slice-method-algo
 */
export function fromFile(
  file: Blob | { getFile(): PromiseLike<Blob> },
  options?: FromFileOptions,
): ReadableStream<Bytes> {
  const { start = 0, end = Infinity, chunkSize = 262144, signal } = options ?? {};
  if (!isBlob(file) && typeof file?.getFile !== 'function') {
    throw new TypeError(
      `fromFile(): the first argument must be a File, a Blob or a FileSystemFileHandle; got ${describe(file)}`,
    );
  }
  requireCount(start, 'fromFile(): start', 0);
  requireCount(end, 'fromFile(): end', 0, true);
  requireCount(chunkSize, 'fromFile(): chunkSize');
  let blob = isBlob(file) ? file : undefined;
  let at = start;
  const stream = onDemand<Bytes>({
    type: 'bytes',
    signal,
    async pull(controller) {
      blob ??= await (file as { getFile(): PromiseLike<Blob> }).getFile();
      const request = controller.byobRequest!;
      const to = Math.min(end, blob.size, at + (request?.view!.byteLength ?? chunkSize));
      if (at >= to) return true;
      const bytes = new Uint8Array(await bytesOfBlob(blob.slice(at, to)));
      at = to;
      if (request === null) controller.enqueue(bytes);
      else {
        request.view!.set(bytes);
        request.respond(bytes.length);
      }
      return false;
    },
  });
  if (blob !== undefined) tellTotal(stream, Math.max(Math.min(end, blob.size) - start, 0));
  return stream;
}
