/**
 * `toWebSocket()`: a sink that sends messages, and waits while the socket has more bytes buffered than the high-water
 * mark.
 */
import { GRACE } from '../runtime/grace.js';
import { requireCount } from '../values/require.js';
import { sleep } from '../runtime/sleep.js';
import { describe } from '../values/describe.js';
import { isBlob, isBytes } from '../bridge/kinds.js';
import { WritableStream } from '../streams/writable-stream.js';
import {
  asSocketError,
  closeSocket,
  closeSocketStream,
  errorOfClose,
  isOpen,
  opened,
  SocketError,
  socketOf,
  whenClosed,
} from '../channel/sockets.js';
import type { WritableControllerLike } from '../bridge/shapes.js';
import type { Socket, WebSocketApi, WebSocketLike, WebSocketStreamLike } from '../channel/sockets.js';
import type { BytesOrText } from './bytes.js';

/**
 * Milliseconds between two reads of `bufferedAmount`, for which the engine has no event. The wait doubles from the
 * first number to the second.
 */
const SHORTEST = 1;
const LONGEST = 50;

const ignore = () => {};

/** The options of `toWebSocket()`. */
export interface ToWebSocketOptions {
  /** For a URL: the subprotocols. */
  protocols?: string | string[] | undefined;
  /** For a URL: the class to open it with. Default: `WebSocket`. */
  api?: WebSocketApi | undefined;
  /** Bytes of `bufferedAmount` above which the sink waits before it accepts the next chunk. Default: 1 MiB. */
  highWaterMark?: number | undefined;
}

/**
 * A sink that sends each chunk, a string, bytes or a Blob, as one message. While more than `highWaterMark` bytes are
 * buffered, it waits. Its close waits for the close of the other side. If the connection cannot be made, or the other
 * side closes it first, the stream fails with a `SocketError`.
 *
 * @throws {TypeError | RangeError} if an argument is invalid
 * @see https://websockets.spec.whatwg.org/
 */
export function toWebSocket(
  socket: string | URL | WebSocketLike | WebSocketStreamLike,
  options?: ToWebSocketOptions,
): WritableStream<BytesOrText | Blob>;
export function toWebSocket(
  given: string | URL | WebSocketLike | WebSocketStreamLike,
  options?: ToWebSocketOptions,
): WritableStream<BytesOrText | Blob> {
  const { protocols, api, highWaterMark = 1024 * 1024 } = options ?? {};
  requireCount(highWaterMark, 'toWebSocket(): highWaterMark', 0);
  const { stream, socket } = socketOf('toWebSocket', given, { protocols, api });
  return stream === undefined ? toSocket(socket!, highWaterMark) : toSocketStream(stream);
}

const closedEarly = (closeCode: number, reason = '') =>
  new SocketError(
    'toWebSocket(): the other side closed the connection before everything was sent; the last chunks may be lost',
    {
      closeCode,
      reason: String(reason),
    },
  );

function check(chunk: unknown): BytesOrText | Blob {
  if (typeof chunk === 'string' || isBytes(chunk) || isBlob(chunk)) return chunk;
  throw new TypeError(
    `toWebSocket(): chunks must be strings, bytes or Blobs; got ${describe(chunk)}. Convert them in a stage, such as JSON.stringify`,
  );
}

/** The 'close' event of a socket. */
interface CloseLike {
  readonly code: number;
  readonly reason?: string;
}

/** What `opened` of a WebSocketStream resolves with. */
interface Opened {
  readonly readable: globalThis.ReadableStream;
  readonly writable: globalThis.WritableStream;
}

/** What `closed` of a WebSocketStream resolves with. */
interface Closed {
  readonly closeCode: number;
  readonly reason?: string;
}

function toSocket(socket: Socket, highWaterMark: number): WritableStream<BytesOrText | Blob> {
  let failure: unknown; // the error of the socket's 'error' event
  let closing = false; // whether this side closed the socket
  let ended: { error: unknown } | undefined; // set when the socket is closed; `error` is undefined after a clean close
  let onClose: (event: CloseLike) => void;
  let aborted: AbortSignal; // of the stream's controller
  const gone = new AbortController(); // aborted when the socket is closed or the stream is aborted
  const isGone = new Promise((resolve) =>
    gone.signal.addEventListener('abort', () => resolve(undefined), { once: true }),
  );

  return new WritableStream<BytesOrText | Blob>({
    start(controller: WritableControllerLike) {
      aborted = controller.signal;
      aborted.addEventListener('abort', () => gone.abort(), { once: true });
      socket.addEventListener('error', (event: { error?: unknown } | undefined) => void (failure = event?.error));
      onClose = (event) => {
        const isWhole = closing && !(socket.bufferedAmount > 0);
        const error =
          errorOfClose('toWebSocket', event, failure) ?? (isWhole ? undefined : closedEarly(event.code, event.reason));
        ended = { error };
        if (error !== undefined) controller.error(error);
        gone.abort();
      };
      socket.addEventListener('close', onClose, { once: true });
    },
    async write(chunk: unknown) {
      const opening = opened(socket);
      if (opening !== undefined) await Promise.race([opening, isGone]);
      if (!isOpen(socket)) return; // the socket's 'close' has failed the stream
      try {
        socket.send(check(chunk) as never);
      } catch (error) {
        socket.removeEventListener('close', onClose);
        closeSocket(socket, error); // after a write that fails, the standard calls no abort()
        throw error;
      }
      for (
        let wait = SHORTEST;
        socket.bufferedAmount > highWaterMark && isOpen(socket) && !gone.signal.aborted;
        wait = Math.min(wait * 2, LONGEST)
      ) {
        await sleep(wait, gone.signal);
      }
    },
    async close() {
      const opening = opened(socket);
      if (opening !== undefined) await Promise.race([opening, isGone]);
      if (isOpen(socket) && !aborted.aborted) {
        closing = true;
        closeSocket(socket);
      }
      await isGone;
      if (ended === undefined) {
        // The stream was aborted, which does not wait for the other side's close.
        closeSocket(socket, aborted.reason ?? 'aborted');
        await whenClosed(socket, GRACE);
        throw aborted.reason;
      }
      if (ended.error !== undefined) throw ended.error;
    },
    async abort(reason: unknown) {
      socket.removeEventListener('close', onClose);
      closeSocket(socket, reason ?? 'aborted');
      await whenClosed(socket, GRACE);
    },
  });
}

function toSocketStream(stream: WebSocketStreamLike): WritableStream<BytesOrText | Blob> {
  let writer: globalThis.WritableStreamDefaultWriter | undefined;
  let connection: Opened | undefined;
  let isClosing = false; // whether this side closed the connection
  const open = async () => (writer ??= (connection = (await stream.opened) as Opened).writable.getWriter());
  /** Resolves after a clean close. */
  const ended = (stream.closed as Promise<Closed>).then(
    ({ closeCode, reason }) => {
      const error =
        errorOfClose('toWebSocket', { code: closeCode, reason }) ??
        (isClosing ? undefined : closedEarly(closeCode, reason));
      if (error !== undefined) throw error;
    },
    (error) => {
      throw asSocketError('toWebSocket', error);
    },
  );
  let onAbort: (reason: unknown) => void;
  const isAborted = new Promise<never>((resolve, reject) => void (onAbort = reject));
  isAborted.catch(ignore);
  return new WritableStream<BytesOrText | Blob>({
    start(controller: WritableControllerLike) {
      ended.catch((error) => controller.error(error));
      controller.signal.addEventListener('abort', () => onAbort(controller.signal.reason), { once: true });
    },
    async write(chunk: unknown) {
      try {
        await (await open()).write(isBlob(chunk) ? await chunk.arrayBuffer() : check(chunk));
      } catch (error) {
        closeSocketStream(stream, error);
        throw asSocketError('toWebSocket', error as Parameters<typeof asSocketError>[1]);
      }
    },
    async close() {
      await Promise.race([open(), isAborted]).catch(ignore); // such a failure also rejects `ended`
      isClosing = true;
      closeSocketStream(stream);
      // The other side's close arrives only after its messages are read.
      if (connection?.readable.locked === false)
        connection.readable.pipeTo(new globalThis.WritableStream()).catch(ignore);
      await Promise.race([ended, isAborted]);
    },
    async abort(reason: unknown) {
      closeSocketStream(stream, reason ?? 'aborted');
      await writer?.abort(reason).catch(ignore);
    },
  });
}
