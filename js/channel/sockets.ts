/**
 * What fromWebSocket() and toWebSocket() share: which kind of socket it is, how it is closed, and what its end means.
 */
import { describe } from '../values/describe.js';

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

/** A WebSocket connection that did not end with a normal close. */
export class SocketError extends Error {
  /**
   * The close code; 1006 when the connection was lost without a close frame.
   * https://www.rfc-editor.org/rfc/rfc6455#section-7.4
   */
  declare readonly closeCode: number | undefined;
  declare readonly reason: string | undefined;

  constructor(
    message: string,
    { closeCode, reason, cause }: { closeCode?: number | undefined; reason?: string | undefined; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.closeCode = closeCode;
    this.reason = reason;
  }

  /** @internal No minifier changes it. */
  static override name = 'SocketError';

  override get name(): 'SocketError' {
    return 'SocketError';
  }
}

/** The members of a WebSocket, native or of the package ws, that tidegate uses. */
export interface WebSocketLike {
  readonly readyState: number;
  readonly bufferedAmount: number;
  binaryType: string;
  send(data: never): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: never, listener: never): void;
  removeEventListener(type: never, listener: never): void;
}

/** The members of a native WebSocketStream that tidegate uses. */
export interface WebSocketStreamLike {
  readonly opened: PromiseLike<unknown>;
  readonly closed: PromiseLike<unknown>;
  close(how?: never): void;
}

/**
 * The native class that opens a URL. `WebSocket` delivers every message that was sent before the close.
 * `WebSocketStream` (Chromium) holds the server back, but drops the messages in its queue when the server closes.
 */
export type WebSocketApi = 'WebSocket' | 'WebSocketStream';

/** A socket of the package ws can be held back, and ended without asking. */
export interface Socket extends Omit<WebSocketLike, 'addEventListener' | 'removeEventListener'> {
  addEventListener(type: string, listener: (event: never) => void, options?: { once?: boolean }): void;
  removeEventListener(type: string, listener: (event: never) => void): void;
  pause?(): void;
  resume?(): void;
  terminate?(): void;
}

/** One kind of socket or the other. */
export type AnySocket = { socket: Socket; stream?: undefined } | { stream: WebSocketStreamLike; socket?: undefined };

type SocketClass = new (url: string, protocols: string | string[]) => Socket;
type SocketStreamClass = new (url: string, options: { protocols: string[] }) => WebSocketStreamLike;

/** What the engine has of the two. */
interface Engine {
  readonly WebSocket?: SocketClass;
  readonly WebSocketStream?: SocketStreamClass;
  readonly location?: { readonly href: string };
}

/** Something that may be null, or lack any of the members of `T`. */
type Maybe<T> = Partial<T> | null | undefined;

const isStream = (value: unknown): value is WebSocketStreamLike =>
  typeof (value as Maybe<WebSocketStreamLike>)?.opened?.then === 'function' &&
  typeof (value as WebSocketStreamLike).close === 'function';
const isSocket = (value: unknown): value is Socket =>
  typeof (value as Maybe<Socket>)?.send === 'function' &&
  typeof (value as Socket).addEventListener === 'function' &&
  typeof (value as Socket).readyState === 'number';

/**
 * Returns `stream`. Its promises may reject before other code awaits them; this keeps that from being an unhandled
 * rejection.
 */
function heard(stream: WebSocketStreamLike): WebSocketStreamLike {
  for (const promise of [stream.opened, stream.closed]) Promise.resolve(promise).catch(() => {});
  return stream;
}

/**
 * The socket for what was given: for a URL a new `WebSocket`, or, where `api` says so, a new `WebSocketStream`.
 *
 * @throws {TypeError} on behalf of `caller`
 */
export function socketOf(
  caller: string,
  given: string | URL | WebSocketLike | WebSocketStreamLike,
  { protocols = [], api = 'WebSocket' }: { protocols?: string | string[] | undefined; api?: WebSocketApi | undefined },
): AnySocket {
  if (api !== 'WebSocket' && api !== 'WebSocketStream')
    throw new TypeError(
      `${caller}(): api must be 'WebSocket' or 'WebSocketStream'; got ${typeof api === 'string' ? api : describe(api)}`,
    );
  if (typeof given === 'string' || given instanceof URL) {
    const url = new URL(given, (globalThis as Engine).location?.href);
    if (url.protocol === 'http:' || url.protocol === 'https:') url.protocol = url.protocol.replace('http', 'ws');
    const Socket = (globalThis as Engine)[api];
    if (Socket === undefined)
      throw new TypeError(`${caller}(): this engine has no ${api}; pass a WebSocket, such as that of the package ws`);
    return api === 'WebSocket'
      ? { socket: new (Socket as SocketClass)(url.href, protocols) }
      : { stream: heard(new (Socket as SocketStreamClass)(url.href, { protocols: [protocols].flat() })) };
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

/**
 * Resolves when `socket` is open, at once where it is; never where it does not come to that, which its 'close' tells.
 */
export function opened(socket: Socket): Promise<undefined> | undefined {
  if (socket.readyState !== CONNECTING) return undefined;
  return new Promise((resolve) => socket.addEventListener('open', () => resolve(undefined), { once: true }));
}

/** Whether a close says that all is well: a normal one, one that gave no code, or of a side that goes away. */
const isNormal = (code: number): boolean => code === 1000 || code === 1001 || code === 1005;

/** The error that a 'close' event means; undefined where it is a good end. */
export function errorOfClose(
  caller: string,
  { code, reason = '' }: { code: number; reason?: string | undefined },
  cause?: unknown,
): SocketError | undefined {
  if (isNormal(code)) return undefined;
  const why = reason === '' ? '' : `: ${reason}`;
  return new SocketError(`${caller}(): the connection was closed with code ${code}${why}`, {
    closeCode: code,
    reason: String(reason),
    cause,
  });
}

interface WebSocketErrorLike {
  readonly name: string;
  readonly closeCode: number | null;
  readonly reason: string;
}

/** The engine's own `WebSocketError` as ours, so that all engines give the same. */
export function asSocketError(caller: string, error: Maybe<WebSocketErrorLike>): unknown {
  if (error?.name !== 'WebSocketError') return error;
  return errorOfClose(caller, { code: error.closeCode ?? 1006, reason: error.reason }, error) ?? error;
}

/** A close's reason is at most 123 bytes of UTF-8: the text up to the last code point that fits. */
function shorten(text: string): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(123));
  return text.slice(0, read);
}

/** What the other side is told of `reason`; the same in every engine for an abort without a reason. */
function textOf(reason: Maybe<Error>): string {
  try {
    const text = reason?.message ?? reason;
    return shorten(
      reason?.name === 'AbortError' && text === AbortSignal.abort().reason.message ? 'aborted' : String(text),
    );
  } catch {
    return '';
  }
}

/**
 * Closes `socket` with 1000, or, with a reason, with 4000: browsers allow no code below 3000 but that of a normal
 * close.
 */
export function closeSocket(socket: Socket, reason?: unknown): void {
  if (socket.readyState >= CLOSING) return;
  socket.resume?.(); // one that is paused never sees the other side's close
  if (reason === undefined) socket.close(1000);
  else socket.close(4000, textOf(reason as Error));
}

/** The same for a WebSocketStream. */
export function closeSocketStream(stream: WebSocketStreamLike, reason?: unknown): void {
  stream.close(
    (reason === undefined ? { closeCode: 1000 } : { closeCode: 4000, reason: textOf(reason as Error) }) as never,
  );
}

/**
 * Resolves when `socket` is closed, at the latest after `ms` milliseconds; then it is ended without asking, where that
 * can be.
 */
export function whenClosed(socket: Socket, ms: number): Promise<undefined> | undefined {
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

export const isOpen = (socket: WebSocketLike): boolean => socket.readyState === OPEN;
