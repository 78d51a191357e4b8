/** The service worker's half of toDownload(): answers a request for a download with what the page sends. */
import { toNative } from '../native.js';
import { fromMessagePort } from '../push/message-port.js';
import { TransformStream } from '../transform-stream.js';

/** What the two sides call their messages, and where downloads lie below the worker's scope. */
export const ASK = 'tidegate.download';
export const ALIVE = 'tidegate.alive';
export const PATH = 'tidegate-download/';

/** `filename*` as RFC 8187 has it, and a plain one for what does not read that. */
function disposition(name) {
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}

/**
 * See sinks.d.ts.
 *
 * @param {any} [scope] the service worker's global object
 */
export function serveDownloads(scope = globalThis) {
  const waiting = new Map(); // URL to the answer that waits to be fetched

  scope.addEventListener('message', (event) => {
    const { type, id, name, mime, size, port, reply } = event.data ?? {};
    if (type === ALIVE) {
      event.waitUntil(Promise.resolve()); // a message keeps the worker from being ended for a while
      return;
    }
    if (type !== ASK) return;
    const url = new URL(`${PATH}${id}/${encodeURIComponent(name)}`, scope.registration.scope).href;
    let bytes = 0;
    const counted = new TransformStream({
      transform(chunk, controller) {
        bytes += chunk.byteLength;
        controller.enqueue(chunk);
      },
      flush: () => reply.postMessage({ bytes }),
    });
    const headers = new Headers({
      'content-type': mime, 'content-disposition': disposition(name), 'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'", 'cache-control': 'no-store',
    });
    if (size !== undefined) headers.set('content-length', String(size));
    waiting.set(url, new Response(toNative(fromMessagePort(port).pipeThrough(counted)), { headers }));
    reply.postMessage({ url });
  });

  scope.addEventListener('fetch', (event) => {
    const response = waiting.get(event.request.url);
    if (response === undefined) return;
    waiting.delete(event.request.url);
    event.respondWith(response);
  });
}
