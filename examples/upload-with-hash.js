import { FetchError, fromFile, pipeline, toFetch } from 'tidegate';
import { digest } from 'tidegate/codecs';

/**
 * Uploads `file` to `url` in parts, hashes the bytes on their way, and then tells the server the SHA-256, so that it can compare.
 * Every upload needs a URL of its own.
 */
export async function uploadWithHash(file, url, { onProgress, partSize, signal } = {}) {
  const hash = digest('sha-256');
  const sink = toFetch(url, { method: 'PUT', as: 'parts', partSize });
  await pipeline(fromFile(file), hash, sink, { onProgress, signal });

  const sha256 = await hash.hex;
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ size: file.size, sha256 }),
    signal,
  });
  if (!response.ok) throw new FetchError(`The server did not accept the upload (status ${response.status})`, response);
  return sha256;
}
