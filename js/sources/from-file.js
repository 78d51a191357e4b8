/** The bytes of a file, a slice of it in memory at a time. */
import { requireCount } from '../values/require.js';
import { describe } from '../values/describe.js';
import { isBlob } from '../bridge/kinds.js';
import { tellTotal } from '../pipeline/sizes.js';
import { onDemand } from './on-demand.js';

/**
 * See sources.d.ts.
 *
 * @param {any} file
 * @param {{ start?: number, end?: number, chunkSize?: number, signal?: AbortSignal }} [options]
 */
export function fromFile(file, options) {
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
  const stream = onDemand({
    type: 'bytes',
    signal,
    async pull(controller) {
      blob ??= await file.getFile();
      const request = controller.byobRequest;
      const to = Math.min(end, blob.size, at + (request?.view.byteLength ?? chunkSize));
      if (at >= to) return true;
      const bytes = new Uint8Array(await blob.slice(at, to).arrayBuffer());
      at = to;
      if (request === null) controller.enqueue(bytes);
      else {
        request.view.set(bytes);
        request.respond(bytes.length);
      }
      return false;
    },
  });
  if (blob !== undefined) tellTotal(stream, Math.max(Math.min(end, blob.size) - start, 0));
  return stream;
}
