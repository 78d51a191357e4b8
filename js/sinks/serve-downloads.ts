/**
 * `serveDownloads()`: the service worker's part of `toDownload()`. It responds to the request for a download with the
 * bytes that the page sends.
 */
import { toNative } from '../native/convert.js';
import { fromMessagePort } from '../transfer/message-port.js';
import { TransformStream } from '../streams/transform-stream.js';
import { fileName } from './file-name.js';
import type { TransformControllerLike } from '../bridge/shapes.js';
import type { ReadableStream } from '../streams/readable-stream.js';

/** The types of the messages between page and worker, and the path of downloads below the worker's scope. */
export const ASK = 'tidegate.download';
export const ALIVE = 'tidegate.alive';
const PATH = 'tidegate-download/';

/**
 * Milliseconds that a download waits for the browser's request. The page makes that request as soon as it has the URL.
 */
const UNFETCHED = 30_000;
/**
 * Milliseconds between two looks at whether the page of a download is still there. No engine tells a service worker
 * that a page was closed, and a download without its page would stay unfinished until the browser ends the worker.
 */
const LOOK = 5000;
/** After this many looks in a row without the page, it is taken for gone; one from the back/forward cache may return. */
const ABSENCES = 3;

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?: *;[\t\x20-\x7e]*)?$/;

/**
 * `Content-Disposition` with `filename*` as RFC 8187 defines it, and a plain `filename` for code that does not read
 * that.
 */
function disposition(name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}

/** What a page says about its download. It is checked field by field: the page may send any value. */
interface About {
  readonly name?: unknown;
  readonly mime?: unknown;
  readonly size?: unknown;
}

/**
 * What a page sends with ASK. Without `port` it asks only whether a worker is there, and the reply is `{ ready }`. With
 * `port`, where the bytes will come from, the reply is `{ url }`, and after the download `{ bytes }`; without a count
 * if it was cancelled. Each reply may be `{ error }` instead.
 */
interface Request extends About {
  readonly id?: unknown;
  readonly port?: MessagePort;
  readonly reply: MessagePort;
}

/** A `ServiceWorkerGlobalScope`, by the members that are used. */
interface WorkerScope {
  readonly registration: { readonly scope: string };
  readonly location: { readonly origin: string };
  readonly clients: { get(id: string): Promise<unknown> };
  addEventListener(type: 'message', listener: (event: MessageLike) => void): void;
  addEventListener(type: 'fetch', listener: (event: FetchLike) => void): void;
}

interface Extendable {
  waitUntil(promise: Promise<unknown>): void;
}

interface MessageLike extends Extendable {
  readonly data: (Partial<Request> & { readonly type?: unknown }) | null | undefined;
  readonly source: { readonly type?: string; readonly id?: string } | null;
  readonly origin: string;
}

interface FetchLike {
  readonly request: { readonly url: string };
  respondWith(response: Response): void;
}

/**
 * The headers of the response. Whatever the page says, they make the browser save a file, never display or execute it.
 */
function headersOf({ name, mime, size }: About): Headers {
  const headers = new Headers({
    'content-type': typeof mime === 'string' && MEDIA_TYPE.test(mime) ? mime : 'application/octet-stream',
    'content-disposition': disposition(fileName(typeof name === 'string' ? name : '')),
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'",
    'cache-control': 'no-store',
  });
  if (Number.isSafeInteger(size) && (size as number) >= 0) headers.set('content-length', String(size));
  return headers;
}

/**
 * Makes a service worker serve the downloads of `toDownload()`. Call it when the worker's script first runs. It takes
 * requests only from pages of the worker's own origin. A download that the browser does not request within 30 seconds
 * fails.
 *
 * @param scope the worker's global object. Default: `globalThis`
 * @see https://w3c.github.io/ServiceWorker/#serviceworkerglobalscope
 */
export function serveDownloads(scope: object = globalThis): void {
  const waiting = new Map<string, () => Response>(); // URL to the download that waits for its request
  const unfetched = new DOMException(
    `toDownload(): the browser did not request the download within ${UNFETCHED / 1000} seconds; allow frames of the page's own origin in its Content-Security-Policy (frame-src 'self'), or pass the option begin`,
    'NetworkError',
  );
  const known = new Set<unknown>(); // the ids of all downloads since this worker started

  /** Resolves when the browser has requested the download, or the time for that is over. */
  function offer(url: string, stream: ReadableStream, headers: Headers, begun: () => void): Promise<undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        waiting.delete(url);
        stream.cancel(unfetched).catch(() => {});
        resolve(undefined);
      }, UNFETCHED);
      waiting.set(url, () => {
        waiting.delete(url);
        clearTimeout(timer);
        resolve(undefined);
        begun();
        return new Response(toNative(stream), { headers });
      });
    });
  }

  /** Calls `lose` if the page `id` is gone. Returns a function that stops looking. */
  function watchPage(id: string, lose: () => void): () => void {
    let absences = 0;
    const timer = setInterval(async () => {
      absences = (await (scope as WorkerScope).clients.get(id)) === undefined ? absences + 1 : 0;
      if (absences === ABSENCES) lose();
    }, LOOK);
    return () => clearInterval(timer);
  }

  function ask(event: MessageLike, { id, port, reply, name, mime, size }: Request): void {
    if (port === undefined) return void reply.postMessage({ ready: true });
    if (typeof id !== 'string' || !UUID.test(id) || known.has(id))
      throw new TypeError('the id of a download must be a UUID that was not used before');
    const url = new URL(`${PATH}${id}`, (scope as WorkerScope).registration.scope).href;
    let bytes = 0;
    let stopWatching: (() => void) | undefined; // set when the browser has requested the download
    const gone = new AbortController();
    const begun = () => {
      stopWatching = watchPage(event.source!.id!, () =>
        gone.abort(new DOMException('toDownload(): the page that sent the download is gone', 'NetworkError')),
      );
    };
    const counted = new TransformStream({
      transform(chunk: Uint8Array, controller: TransformControllerLike) {
        bytes += chunk.byteLength;
        controller.enqueue(chunk);
      },
      flush() {
        stopWatching?.();
        reply.postMessage({ bytes });
      },
      cancel(reason: unknown) {
        stopWatching?.();
        // The page may have sent everything, and wait for this reply alone.
        reply.postMessage(reason === unfetched ? { error: unfetched.message } : {});
      },
    });
    const stream = fromMessagePort(port).pipeThrough(counted, { signal: gone.signal });
    event.waitUntil(offer(url, stream, headersOf({ name, mime, size }), begun));
    known.add(id);
    reply.postMessage({ url });
  }

  (scope as WorkerScope).addEventListener('message', (event) => {
    const { data, source, origin } = event;
    // Only pages of this origin. A frame of another origin, or a worker, has no user who asked for a file.
    if (origin !== (scope as WorkerScope).location.origin || source?.type !== 'window') return;
    if (!(data?.reply instanceof MessagePort)) return;
    try {
      if (data.type === ASK) ask(event, data as Request);
      // The browser keeps a worker alive for a while after each message. If it has ended the worker all the same, the
      // new one knows no ids.
      else if (data.type === ALIVE) data.reply.postMessage({ known: known.has(data.id) });
    } catch (error) {
      data.reply.postMessage({ error: String((error as Partial<Error> | undefined)?.message ?? error) });
    }
  });

  (scope as WorkerScope).addEventListener('fetch', (event) => {
    const take = waiting.get(event.request.url);
    if (take !== undefined) event.respondWith(take());
  });
}
