/** Messages of a WebSocket as a stream. */
import { fromNative } from '../native.js';
import { onDemand } from '../sources/on-demand.js';
import { channel, withCounts } from './channel.js';
import { asSocketError, closeSocket, closeSocketStream, errorOfClose, socketOf, whenClosed } from './sockets.js';

/** How long the other side's close is waited for before the socket is ended without it, where that can be; in milliseconds. */
const GRACE = 400;

const ignore = () => {};

const bytesOrText = (data) => (typeof data === 'string' ? data : new Uint8Array(data));

/**
 * See channels.d.ts.
 *
 * @param {any} given
 * @param {any} [options]
 */
export function fromWebSocket(given, options) {
  const { protocols, signal, ...settings } = options ?? {};
  const messages = channel({ size: 'bytes', highWaterMark: 65536, capacity: 16 * 1024 * 1024, ...settings });
  const { stream, socket } = socketOf('fromWebSocket', given, protocols);
  return stream === undefined ? fromSocket(socket, messages, signal) : fromSocketStream(stream, signal);
}

/** A WebSocket of the engine's cannot be held back; one of the package ws can. */
function fromSocket(socket, messages, signal) {
  let failure;
  const listeners = {
    message: ({ data }) => deliver(data),
    error: (event) => void (failure = event?.error ?? failure),
    close: (event) => {
      stop();
      const error = errorOfClose('fromWebSocket', event, failure);
      if (error === undefined) messages.end();
      else messages.fail(error);
    },
  };
  const onAbort = () => messages.fail(signal.reason);

  function stop() {
    for (const [event, listener] of Object.entries(listeners)) socket.removeEventListener(event, listener);
    socket.addEventListener('error', ignore); // of one of Node's, which nobody hears, ends the process
    signal?.removeEventListener('abort', onAbort);
  }

  function deliver(data) {
    try {
      if (messages.write(bytesOrText(data)) !== true && !messages.signal.aborted) socket.pause?.();
    } catch (error) {
      messages.fail(error);
    }
  }

  socket.binaryType = 'arraybuffer';
  messages.addEventListener('drain', () => socket.resume?.());
  messages.signal.addEventListener('abort', () => {
    stop();
    const { reason } = messages.signal;
    closeSocket(socket, reason?.name === 'AbortError' ? undefined : reason); // who has had enough gives no reason
    whenClosed(socket, GRACE);
  }, { once: true });
  if (signal?.aborted) {
    onAbort();
  } else {
    signal?.addEventListener('abort', onAbort, { once: true });
    for (const [event, listener] of Object.entries(listeners)) socket.addEventListener(event, listener);
  }
  return withCounts(messages.readable, messages);
}

function fromSocketStream(stream, signal) {
  let reader;
  const readable = onDemand({
    signal,
    async pull(controller) {
      try {
        reader ??= fromNative((await stream.opened).readable).getReader();
        const { value, done } = await reader.read();
        if (!done) {
          controller.enqueue(bytesOrText(value));
          return false;
        }
        const error = errorOfClose('fromWebSocket', await closeOf(stream));
        if (error !== undefined) throw error;
        return true;
      } catch (error) {
        throw asSocketError('fromWebSocket', error);
      }
    },
    stop(reason) {
      closeSocketStream(stream, reason);
      discard(reader).catch(ignore);
    },
  });
  return withCounts(readable, { counts: { written: 0, droppedOldest: 0, droppedNewest: 0, blocked: 0 } });
}

/** Reads to the end: the other side's close comes after everything it has sent, and does not arrive where nobody reads. */
async function discard(reader) {
  while (reader !== undefined && !(await reader.read()).done);
}

const closeOf = (stream) => stream.closed.then(({ closeCode, reason }) => ({ code: closeCode, reason }));
