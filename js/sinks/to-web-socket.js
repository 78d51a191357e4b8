/** A WebSocket as a sink, which waits while the engine has more in its buffer than it should. */
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

/** Milliseconds between two looks at the buffer, of which nothing tells; each one waits longer, to the second number. */
const SHORTEST = 1;
const LONGEST = 50;

const ignore = () => {};

/**
 * See channels.d.ts.
 *
 * @param {any} given
 * @param {{ protocols?: string | string[], api?: 'WebSocket' | 'WebSocketStream', highWaterMark?: number }} [options]
 */
export function toWebSocket(given, options) {
  const { protocols, api, highWaterMark = 1024 * 1024 } = options ?? {};
  requireCount(highWaterMark, 'toWebSocket(): highWaterMark', 0);
  const { stream, socket } = socketOf('toWebSocket', given, { protocols, api });
  return stream === undefined ? toSocket(socket, highWaterMark) : toSocketStream(stream);
}

const closedEarly = (closeCode, reason = '') =>
  new SocketError('toWebSocket(): the other side closed the connection before everything was sent', {
    closeCode,
    reason: String(reason),
  });

function check(chunk) {
  if (typeof chunk === 'string' || isBytes(chunk) || isBlob(chunk)) return chunk;
  throw new TypeError(
    `toWebSocket(): chunks must be strings, bytes or Blobs; got ${describe(chunk)}. Put a stage before it, such as JSON.stringify`,
  );
}

function toSocket(socket, highWaterMark) {
  let failure; // what its 'error' told
  let closing = false; // whether the close is ours
  let ended; // once the socket is closed: { error }, undefined where it ended as it should
  let onClose;
  let aborted; // the signal of the stream's controller
  const gone = new AbortController(); // aborted when the socket is closed, or the stream is
  const isGone = new Promise((resolve) =>
    gone.signal.addEventListener('abort', () => resolve(undefined), { once: true }),
  );

  return new WritableStream({
    start(controller) {
      aborted = controller.signal;
      aborted.addEventListener('abort', () => gone.abort(), { once: true });
      socket.addEventListener('error', (event) => void (failure = event?.error));
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
    async write(chunk) {
      const opening = opened(socket);
      if (opening !== undefined) await Promise.race([opening, isGone]);
      if (!isOpen(socket)) return; // the stream fails with the socket's close
      try {
        socket.send(check(chunk));
      } catch (error) {
        socket.removeEventListener('close', onClose);
        closeSocket(socket, error); // of a write that fails nothing else tells
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
        // an abort does not wait for the other side's close
        closeSocket(socket, aborted.reason ?? 'aborted');
        await whenClosed(socket, GRACE);
        throw aborted.reason;
      }
      if (ended.error !== undefined) throw ended.error;
    },
    async abort(reason) {
      socket.removeEventListener('close', onClose);
      closeSocket(socket, reason ?? 'aborted');
      await whenClosed(socket, GRACE);
    },
  });
}

function toSocketStream(stream) {
  let writer;
  let connection;
  let isClosing = false; // whether the close is ours
  const open = async () => (writer ??= (connection = await stream.opened).writable.getWriter());
  /** Settles when the connection has ended as it should. */
  const ended = stream.closed.then(
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
  let onAbort;
  const isAborted = new Promise((resolve, reject) => void (onAbort = reject));
  isAborted.catch(ignore);
  return new WritableStream({
    start(controller) {
      ended.catch((error) => controller.error(error));
      controller.signal.addEventListener('abort', () => onAbort(controller.signal.reason), { once: true });
    },
    async write(chunk) {
      try {
        await (await open()).write(isBlob(chunk) ? await chunk.arrayBuffer() : check(chunk));
      } catch (error) {
        closeSocketStream(stream, error);
        throw asSocketError('toWebSocket', error);
      }
    },
    async close() {
      await Promise.race([open(), isAborted]).catch(ignore); // what fails here fails `ended`
      isClosing = true;
      closeSocketStream(stream);
      // The other side's close does not arrive before what it has sent is read.
      if (connection?.readable.locked === false)
        connection.readable.pipeTo(new globalThis.WritableStream()).catch(ignore);
      await Promise.race([ended, isAborted]);
    },
    async abort(reason) {
      closeSocketStream(stream, reason ?? 'aborted');
      await writer?.abort(reason).catch(ignore);
    },
  });
}
