/** A WebSocket as a sink, which waits while the engine has more in its buffer than it should. */
import { requireCount } from '../operators/arguments.js';
import { sleep } from '../operators/sleep.js';
import { fromNative } from '../native.js';
import { describe } from '../pipeline/describe.js';
import { isBlob, isBytes } from '../pipeline/ends.js';
import { WritableStream } from '../writable-stream.js';
import { asSocketError, closeSocket, closeSocketStream, CLOSED, errorOfClose, isOpen, opened, SocketError, socketOf, whenClosed } from './sockets.js';

/** How long an abort waits for the other side's close, in milliseconds. */
const GRACE = 400;
/** Milliseconds between two looks at the buffer, of which nothing tells; each one waits longer, to the second number. */
const SHORTEST = 1;
const LONGEST = 50;

/**
 * See channels.d.ts.
 *
 * @param {any} given
 * @param {{ protocols?: string | string[], highWaterMark?: number }} [options]
 */
export function toWebSocket(given, options) {
  const { protocols, highWaterMark = 1024 * 1024 } = options ?? {};
  requireCount(highWaterMark, 'toWebSocket(): highWaterMark', 0);
  const { stream, socket } = socketOf('toWebSocket', given, protocols);
  return stream === undefined ? toSocket(socket, highWaterMark) : toSocketStream(stream);
}

const closedEarly = (closeCode, reason = '') =>
  new SocketError('toWebSocket(): the other side closed the connection before everything was sent', { closeCode, reason: String(reason) });

function check(chunk) {
  if (typeof chunk === 'string' || isBytes(chunk) || isBlob(chunk)) return chunk;
  throw new TypeError(`toWebSocket(): chunks must be strings, bytes or Blobs; got ${describe(chunk)}. Put a stage before it, such as JSON.stringify`);
}

function toSocket(socket, highWaterMark) {
  let failure; // what its 'error' told
  let closing = false;
  let onClose;
  const gone = new AbortController(); // aborted when the socket is closed, or the stream is

  return new WritableStream({
    start(controller) {
      controller.signal.addEventListener('abort', () => gone.abort(controller.signal.reason), { once: true });
      socket.addEventListener('error', (event) => void (failure = event?.error));
      onClose = (event) => {
        const error = errorOfClose('toWebSocket', event, failure) ?? (closing ? undefined : closedEarly(event.code, event.reason));
        if (error !== undefined) controller.error(error);
        gone.abort(error);
      };
      socket.addEventListener('close', onClose, { once: true });
    },
    async write(chunk) {
      await Promise.race([opened(socket), aborted(gone.signal)]);
      if (!isOpen(socket)) return;
      try {
        socket.send(check(chunk));
      } catch (error) {
        socket.removeEventListener('close', onClose);
        closeSocket(socket, error); // of a write that fails nothing else tells
        throw error;
      }
      for (let wait = SHORTEST; socket.bufferedAmount > highWaterMark && isOpen(socket) && !gone.signal.aborted; wait = Math.min(wait * 2, LONGEST)) {
        await sleep(wait, gone.signal);
      }
    },
    async close() {
      await Promise.race([opened(socket), aborted(gone.signal)]);
      closing = true;
      if (socket.readyState === CLOSED) return;
      const closed = new Promise((resolve) => socket.addEventListener('close', resolve, { once: true }));
      closeSocket(socket);
      const error = errorOfClose('toWebSocket', await closed, failure);
      if (error !== undefined) throw error;
    },
    async abort(reason) {
      socket.removeEventListener('close', onClose);
      closeSocket(socket, reason ?? 'aborted');
      await whenClosed(socket, GRACE);
    },
  });
}

function aborted(signal) {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }));
}

function toSocketStream(stream) {
  let writer;
  let closing = false;
  const open = async () => (writer ??= fromNative((await stream.opened).writable).getWriter());
  return new WritableStream({
    start(controller) {
      stream.closed.then(
        ({ closeCode, reason }) => closing || controller.error(closedEarly(closeCode, reason)),
        (error) => closing || controller.error(asSocketError('toWebSocket', error)),
      );
    },
    async write(chunk) {
      const to = await open();
      try {
        await to.write(isBlob(chunk) ? await chunk.arrayBuffer() : check(chunk));
      } catch (error) {
        closing = true;
        closeSocketStream(stream, error);
        throw asSocketError('toWebSocket', error);
      }
    },
    async close() {
      closing = true;
      await open();
      closeSocketStream(stream);
      const { closeCode, reason } = await stream.closed;
      const error = errorOfClose('toWebSocket', { code: closeCode, reason });
      if (error !== undefined) throw error;
    },
    async abort(reason) {
      closing = true;
      closeSocketStream(stream, reason ?? 'aborted');
      await writer?.abort(reason).catch(() => {});
    },
  });
}
