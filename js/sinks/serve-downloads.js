/** The service worker's half of toDownload(): answers a request for a download with what the page sends. */
import { toNative } from '../native/convert.js';
import { fromMessagePort } from '../transfer/message-port.js';
import { TransformStream } from '../streams/transform-stream.js';
import { fileName } from './file-name.js';

/** What the two sides call their messages, and where downloads lie below the worker's scope. */
export const ASK = 'tidegate.download';
export const ALIVE = 'tidegate.alive';
export const PATH = 'tidegate-download/';

/** How long a download may wait to be fetched, in milliseconds: the page begins it as soon as it has the address. */
const UNFETCHED = 30_000;

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?: *;[\t\x20-\x7e]*)?$/;

/** `filename*` as RFC 8187 has it, and a plain one for what does not read that. */
function disposition(name) {
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}

/** The headers of a download of which a page says so much. What it says can name a file and nothing else. */
function headersOf({ name, mime, size }) {
  const headers = new Headers({
    'content-type': typeof mime === 'string' && MEDIA_TYPE.test(mime) ? mime : 'application/octet-stream',
    'content-disposition': disposition(fileName(typeof name === 'string' ? name : '')),
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'",
    'cache-control': 'no-store',
  });
  if (Number.isSafeInteger(size) && size >= 0) headers.set('content-length', String(size));
  return headers;
}

/**
 * See sinks.d.ts.
 *
 * @param {any} [scope] the service worker's global object
 */
export function serveDownloads(scope = globalThis) {
  const waiting = new Map(); // URL to the download that waits to be fetched
  const known = new Set(); // the ids of all since this worker was started

  /** Resolves when it has been fetched, or has waited long enough. */
  function offer(url, stream, headers) {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        waiting.delete(url);
        stream
          .cancel(
            new DOMException(
              "toDownload(): the browser did not fetch the download; let the page's Content-Security-Policy allow frames of its own origin, or give the option begin",
              'NetworkError',
            ),
          )
          .catch(() => {});
        resolve(undefined);
      }, UNFETCHED);
      waiting.set(url, () => {
        waiting.delete(url);
        clearTimeout(timer);
        resolve(undefined);
        return new Response(toNative(stream), { headers });
      });
    });
  }

  function ask(event, { id, port, reply, name, mime, size }) {
    // Without a port for bytes the page asks only whether somebody is here.
    if (port === undefined) return void reply.postMessage({ ready: true });
    if (typeof id !== 'string' || !UUID.test(id) || known.has(id))
      throw new TypeError('the id of a download must be a new UUID');
    const url = new URL(`${PATH}${id}`, scope.registration.scope).href;
    let bytes = 0;
    const counted = new TransformStream({
      transform(chunk, controller) {
        bytes += chunk.byteLength;
        controller.enqueue(chunk);
      },
      flush: () => reply.postMessage({ bytes }),
      cancel: () => reply.postMessage({}),
    });
    event.waitUntil(offer(url, fromMessagePort(port).pipeThrough(counted), headersOf({ name, mime, size })));
    known.add(id);
    reply.postMessage({ url });
  }

  scope.addEventListener('message', (event) => {
    const { data, source, origin } = event;
    // Only pages of this origin: a frame of another, or a worker, has no user who wants a file.
    if (origin !== scope.location.origin || source?.type !== 'window') return;
    if (!(data?.reply instanceof MessagePort)) return;
    try {
      if (data.type === ASK) ask(event, data);
      // A message keeps the worker from being ended for a while. One that was ended all the same knows nothing of what it did before.
      else if (data.type === ALIVE) data.reply.postMessage({ known: known.has(data.id) });
    } catch (error) {
      data.reply.postMessage({ error: String(error?.message ?? error) });
    }
  });

  scope.addEventListener('fetch', (event) => {
    const take = waiting.get(event.request.url);
    if (take !== undefined) event.respondWith(take());
  });
}
