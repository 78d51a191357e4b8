/** `fromWebSocket()`: the messages of a WebSocket as a stream. */
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
import type { Channel, ChannelCounts, ChannelOptions } from '../channel/channel.js';
import type { Socket, WebSocketApi, WebSocketLike, WebSocketStreamLike } from '../channel/sockets.js';
import type { Bytes } from '../runtime/buffers.js';
import type { ReadableStream } from '../streams/readable-stream.js';

const ADVICE =
  "raise capacity, choose 'drop-oldest' or 'drop-newest' as overflow, let the server wait for a message of yours before it sends more, or use " +
  "api: 'WebSocketStream' if the engine has it (its documentation says when it loses messages)";

/**
 * The least bytes that a message counts as. A queued message takes memory even if it is empty, and a server may send
 * millions of them.
 */
const LEAST = 64;

const ignore = () => {};

const bytesOrText = (data: unknown) => (data instanceof ArrayBuffer ? new Uint8Array(data) : data) as Message;

type Message = string | Bytes;
type Messages = Channel<Message>;

/** The options of `fromWebSocket()`, with those of `channel()`. */
export interface FromWebSocketOptions extends ChannelOptions<string | Bytes> {
  /** For a URL: the subprotocols. */
  protocols?: string | string[] | undefined;
  /** For a URL: the class to open it with. Default: `WebSocket`. */
  api?: WebSocketApi | undefined;
  /** When aborted, fails the stream with its reason, and closes the connection. */
  signal?: AbortSignal | undefined;
}

/**
 * The messages of a WebSocket: text as strings, binary messages as Uint8Arrays. A browser's WebSocket has no
 * backpressure: `capacity` (default: 16 MiB) bounds the queue, and the stream fails beyond it. A socket of the package
 * ws and a `WebSocketStream` are paused at `highWaterMark` (default: 64 KiB). With `size: 'bytes'`, which is the
 * default, a message counts as at least 64 bytes. A close other than a normal one is a `SocketError`. Every exit closes
 * the connection.
 *
 * A `WebSocketStream` drops the messages that it has queued when the server closes. So a close that arrives while the
 * consumer holds the server back, or within 100 ms after, fails the stream with a `SocketError`, whether a message was
 * lost or not. A loss on a page that was busy then cannot be detected.
 *
 * @returns a stream whose `counts` say how many messages were received and dropped
 * @throws {TypeError | RangeError} if an argument is invalid
 * @see https://websockets.spec.whatwg.org/
 */
export function fromWebSocket(
  socket: string | URL | WebSocketLike | WebSocketStreamLike,
  options?: FromWebSocketOptions,
): ReadableStream<string | Bytes> & { readonly counts: ChannelCounts };
export function fromWebSocket(
  given: string | URL | WebSocketLike | WebSocketStreamLike,
  options?: FromWebSocketOptions,
): ReadableStream<string | Bytes> & { readonly counts: ChannelCounts } {
  const { protocols, api, signal, ...settings } = options ?? {};
  const done = () => signal?.removeEventListener('abort', onAbort);
  const messages: Messages = channelOf<Message>(
    'fromWebSocket',
    { size: 'bytes', highWaterMark: 65536, capacity: 16 * 1024 * 1024, ...settings },
    ADVICE,
    (reason: unknown) => {
      done();
      close(reason);
    },
    LEAST,
  );
  const onAbort = () => messages.fail(signal!.reason);
  const { stream, socket } = socketOf('fromWebSocket', given, { protocols, api });
  const close = stream === undefined ? fromSocket(socket!, messages, done) : fromSocketStream(stream, messages, done);
  if (signal?.aborted) onAbort();
  else signal?.addEventListener('abort', onAbort, { once: true });
  return withCounts(messages.readable, messages);
}

/** Closes the connection. */
type Close = (reason: unknown) => void;

/** The 'close' event of a socket. */
interface CloseLike {
  readonly code: number;
  readonly reason?: string;
}

/** What `opened` of a WebSocketStream resolves with. */
interface Opened {
  readonly readable: globalThis.ReadableStream<unknown>;
}

/** What `closed` of a WebSocketStream resolves with. */
interface Closed {
  readonly closeCode: number;
  readonly reason?: string;
}

/** Connects a WebSocket of the engine, which cannot be paused, or of the package ws, which can. */
function fromSocket(socket: Socket, messages: Messages, done: () => void): Close {
  let failure: unknown; // the error of the socket's 'error' event
  const listeners = {
    message: ({ data }: { data: unknown }) => deliver(data),
    error: (event: { error?: unknown } | undefined) => void (failure = event?.error ?? failure),
    close: (event: CloseLike) => {
      stop();
      done();
      const error = errorOfClose('fromWebSocket', event, failure);
      if (error === undefined) messages.end();
      else messages.fail(error);
    },
  };

  function stop(): void {
    for (const [event, listener] of Object.entries(listeners)) socket.removeEventListener(event, listener);
    socket.addEventListener('error', ignore); // in Node an 'error' without a listener ends the process
  }

  function deliver(data: unknown): void {
    try {
      if (messages.write(bytesOrText(data)) !== true && !messages.signal.aborted) socket.pause?.();
    } catch (error) {
      messages.fail(error);
    }
  }

  socket.binaryType = 'arraybuffer';
  messages.addEventListener('drain', () => socket.resume?.());
  for (const [event, listener] of Object.entries(listeners)) socket.addEventListener(event, listener);
  return (reason: unknown) => {
    stop();
    closeSocket(socket, reason);
    whenClosed(socket, GRACE);
  };
}

/** Milliseconds: if a read waits this long, the engine's queue is empty, and a slow consumer has caught up. */
const CAUGHT_UP = 100;

/**
 * Connects a WebSocketStream. It reads ahead up to the high-water mark, and then pauses the server. A close that
 * arrives in a pause is a failure: Chromium drops the messages that it has received and not delivered, and reports
 * nothing.
 */
function fromSocketStream(stream: WebSocketStreamLike, messages: Messages, done: () => void): Close {
  /** Whether the engine may have messages queued: the consumer was slower, and has not caught up since. */
  let isBehind = false;
  /** When the pending read began. */
  let asked = 0;
  const waitsLong = () => performance.now() - asked > CAUGHT_UP;

  async function receive(): Promise<void> {
    const reader = ((await stream.opened) as Opened).readable.getReader();
    let mayHaveLost = false;
    stream.closed.then(() => void (mayHaveLost = isBehind && !waitsLong()), ignore);
    // After a cancel this reads on and drops the messages, because the other side's close arrives only after them.
    for (;;) {
      asked = performance.now();
      const result = await reader.read();
      if (waitsLong()) isBehind = false;
      if (result.done) break;
      if (messages.write(bytesOrText(result.value)) === true) continue;
      isBehind = true;
      asked = Infinity; // no read is pending
      await messages.drained;
    }
    const { closeCode, reason } = (await stream.closed) as Closed;
    if (mayHaveLost) {
      throw new SocketError(
        'fromWebSocket(): the server closed the connection while it was paused, so WebSocketStream may have dropped messages; ' +
          "use api: 'WebSocket', or raise highWaterMark",
        { closeCode, reason },
      );
    }
    const error = errorOfClose('fromWebSocket', { code: closeCode, reason });
    if (error !== undefined) throw error;
    done();
    messages.end();
  }

  receive().catch((error) => messages.fail(asSocketError('fromWebSocket', error)));
  return (reason: unknown) => closeSocketStream(stream, reason);
}
