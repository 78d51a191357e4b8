/** Messages of a WebSocket as a stream. */
import { GRACE } from '../runtime/grace.js';
import { channelOf, withCounts } from '../channel/channel.js';
import {
  asSocketError,
  closeSocket,
  closeSocketStream,
  errorOfClose,
  SocketError,
  socketOf,
  whenClosed,
} from '../channel/sockets.js';

const ADVICE =
  "raise capacity, choose 'drop-oldest' or 'drop-newest' as overflow, have the server wait for an answer before it sends more, or take " +
  "api: 'WebSocketStream' where the engine has it and its page in docs/ends allows";

/** Bytes that a message counts as at least. An empty one in a queue takes some memory too, and servers may send millions of them. */
const LEAST = 64;

const ignore = () => {};

const bytesOrText = (data) => (data instanceof ArrayBuffer ? new Uint8Array(data) : data);

/**
 * See channels.d.ts.
 *
 * @param {any} given
 * @param {any} [options]
 */
export function fromWebSocket(given, options) {
  const { protocols, api, signal, ...settings } = options ?? {};
  const done = () => signal?.removeEventListener('abort', onAbort);
  const messages = channelOf(
    'fromWebSocket',
    { size: 'bytes', highWaterMark: 65536, capacity: 16 * 1024 * 1024, ...settings },
    ADVICE,
    (reason) => {
      done();
      close(reason);
    },
    LEAST,
  );
  const onAbort = () => messages.fail(signal.reason);
  const { stream, socket } = socketOf('fromWebSocket', given, { protocols, api });
  const close = stream === undefined ? fromSocket(socket, messages, done) : fromSocketStream(stream, messages, done);
  if (signal?.aborted) onAbort();
  else signal?.addEventListener('abort', onAbort, { once: true });
  return withCounts(messages.readable, messages);
}

/** A WebSocket of the engine's cannot be held back; one of the package ws can. Returns what closes it. */
function fromSocket(socket, messages, done) {
  let failure;
  const listeners = {
    message: ({ data }) => deliver(data),
    error: (event) => void (failure = event?.error ?? failure),
    close: (event) => {
      stop();
      done();
      const error = errorOfClose('fromWebSocket', event, failure);
      if (error === undefined) messages.end();
      else messages.fail(error);
    },
  };

  function stop() {
    for (const [event, listener] of Object.entries(listeners)) socket.removeEventListener(event, listener);
    socket.addEventListener('error', ignore); // of one of Node's, which nobody hears, ends the process
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
  for (const [event, listener] of Object.entries(listeners)) socket.addEventListener(event, listener);
  return (reason) => {
    stop();
    closeSocket(socket, reason);
    whenClosed(socket, GRACE);
  };
}

/**
 * Reads ahead up to the high-water mark, and then holds the server back. A close that arrives meanwhile is a failure: Chromium drops what it
 * has received and not handed on, and says nothing of it. Returns what closes the connection.
 */
/** After so many milliseconds without a message a reader that was behind has caught up. */
const CAUGHT_UP = 100;

function fromSocketStream(stream, messages, done) {
  /** Whether the engine may have messages queued, as the consumer has held them back and has not caught up since. */
  let isBehind = false;
  /** When the read under way began; a read that waits this long finds the engine's queue empty. */
  let asked = 0;
  const waitsLong = () => performance.now() - asked > CAUGHT_UP;

  async function receive() {
    const reader = (await stream.opened).readable.getReader();
    let mayHaveLost = false;
    stream.closed.then(() => void (mayHaveLost = isBehind && !waitsLong()), ignore);
    // Once nobody wants any more this reads on and drops it: the other side's close comes after everything it has sent.
    for (;;) {
      asked = performance.now();
      const result = await reader.read();
      if (waitsLong()) isBehind = false;
      if (result.done) break;
      if (messages.write(bytesOrText(result.value)) === true) continue;
      isBehind = true;
      asked = Infinity; // nothing is read
      await messages.drained;
    }
    const { closeCode, reason } = await stream.closed;
    if (mayHaveLost) {
      throw new SocketError(
        'fromWebSocket(): the connection was closed while the consumer held it back, and WebSocketStream drops the messages that it has queued then; ' +
          "take api: 'WebSocket', or raise highWaterMark",
        { closeCode, reason },
      );
    }
    const error = errorOfClose('fromWebSocket', { code: closeCode, reason });
    if (error !== undefined) throw error;
    done();
    messages.end();
  }

  receive().catch((error) => messages.fail(asSocketError('fromWebSocket', error)));
  return (reason) => closeSocketStream(stream, reason);
}
