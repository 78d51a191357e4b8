/** What fromWebSocket() and toWebSocket() share: which kind of socket it is, how it is closed, and what its end means. */
import { describe } from '../values/describe.js';

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
export const CLOSED = 3;

/** A connection that ended otherwise than by a clean close. */
export class SocketError extends Error {
  /**
   * @param {string} message
   * @param {{ closeCode?: number, reason?: string, cause?: unknown }} [how]
   */
  constructor(message, { closeCode, reason, cause } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    /** https://www.rfc-editor.org/rfc/rfc6455#section-7.4; 1006 where there was no close at all */
    this.closeCode = closeCode;
    this.reason = reason;
  }

  static name = 'SocketError'; // no minifier changes it

  get name() {
    return 'SocketError';
  }
}

const isStream = (value) => typeof value?.opened?.then === 'function' && typeof value.close === 'function';
const isSocket = (value) =>
  typeof value?.send === 'function' &&
  typeof value.addEventListener === 'function' &&
  typeof value.readyState === 'number';

/** `stream`, whose promises nobody may have come to wait for when they reject. Whoever does is told all the same. */
function heard(stream) {
  for (const promise of [stream.opened, stream.closed]) Promise.resolve(promise).catch(() => {});
  return stream;
}

/**
 * The socket for what was given: for a URL a new `WebSocket`, or, where `api` says so, a new `WebSocketStream`.
 *
 * @param {string} caller
 * @param {any} given
 * @param {{ protocols?: string | string[], api?: 'WebSocket' | 'WebSocketStream' }} options
 * @returns `{ stream }` or `{ socket }`
 * @throws {TypeError} on behalf of `caller`
 */
export function socketOf(caller, given, { protocols = [], api = 'WebSocket' }) {
  if (api !== 'WebSocket' && api !== 'WebSocketStream')
    throw new TypeError(
      `${caller}(): api must be 'WebSocket' or 'WebSocketStream'; got ${typeof api === 'string' ? api : describe(api)}`,
    );
  if (typeof given === 'string' || given instanceof URL) {
    const url = new URL(given, globalThis.location?.href);
    if (url.protocol === 'http:' || url.protocol === 'https:') url.protocol = url.protocol.replace('http', 'ws');
    const Socket = /** @type {any} */ (globalThis)[api];
    if (Socket === undefined)
      throw new TypeError(`${caller}(): this engine has no ${api}; pass a WebSocket, such as that of the package ws`);
    return api === 'WebSocket'
      ? { socket: new Socket(url.href, protocols) }
      : { stream: heard(new Socket(url.href, { protocols: [protocols].flat() })) };
  }
  if (isStream(given)) return { stream: heard(given) };
  if (!isSocket(given))
    throw new TypeError(
      `${caller}(): the first argument must be a URL, a WebSocket or a WebSocketStream; got ${describe(given)}`,
    );
  if (given.readyState === CLOSED || given.readyState === CLOSING)
    throw new TypeError(`${caller}(): the socket is closed or closing; open a new one`);
  return { socket: given };
}

/** Resolves when `socket` is open, at once where it is; never where it does not come to that, which its 'close' tells. */
export function opened(socket) {
  if (socket.readyState !== CONNECTING) return undefined;
  return new Promise((resolve) => socket.addEventListener('open', () => resolve(undefined), { once: true }));
}

/** Whether a close says that all is well: a normal one, one that gave no code, or of a side that goes away. */
const isNormal = (code) => code === 1000 || code === 1001 || code === 1005;

/** The error that a 'close' event means; undefined where it is a good end. */
export function errorOfClose(caller, { code, reason = '' }, cause) {
  if (isNormal(code)) return undefined;
  const why = reason === '' ? '' : `: ${reason}`;
  return new SocketError(`${caller}(): the connection was closed with code ${code}${why}`, {
    closeCode: code,
    reason: String(reason),
    cause,
  });
}

/** The engine's own `WebSocketError` as ours, so that all engines give the same. */
export function asSocketError(caller, error) {
  if (error?.name !== 'WebSocketError') return error;
  return errorOfClose(caller, { code: error.closeCode ?? 1006, reason: error.reason }, error) ?? error;
}

/** A close's reason is at most 123 bytes of UTF-8: the text up to the last code point that fits. */
function shorten(text) {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(123));
  return text.slice(0, read);
}

/** What the other side is told of `reason`; the same in every engine for an abort without a reason. */
function textOf(reason) {
  try {
    const text = reason?.message ?? reason;
    return shorten(
      reason?.name === 'AbortError' && text === AbortSignal.abort().reason.message ? 'aborted' : String(text),
    );
  } catch {
    return '';
  }
}

/** Closes `socket` with 1000, or, with a reason, with 4000: browsers allow no code below 3000 but that of a normal close. */
export function closeSocket(socket, reason) {
  if (socket.readyState >= CLOSING) return;
  socket.resume?.(); // one that is paused never sees the other side's close
  if (reason === undefined) socket.close(1000);
  else socket.close(4000, textOf(reason));
}

/** The same for a WebSocketStream. */
export function closeSocketStream(stream, reason) {
  stream.close(reason === undefined ? { closeCode: 1000 } : { closeCode: 4000, reason: textOf(reason) });
}

/** Resolves when `socket` is closed, at the latest after `ms` milliseconds; then it is ended without asking, where that can be. */
export function whenClosed(socket, ms) {
  if (socket.readyState === CLOSED) return undefined;
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      socket.removeEventListener('close', done);
      resolve(undefined);
    };
    const timer = setTimeout(() => {
      socket.terminate?.();
      done();
    }, ms);
    socket.addEventListener('close', done);
  });
}

export const isOpen = (socket) => socket.readyState === OPEN;
