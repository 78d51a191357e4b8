/** Types of what lets producers that call, and cannot be asked, feed a stream. */
import type { AnyWritable, Bytes, NodeWritableLike, PipelineChunks, PipelineFunctionOptions } from './parts.js';
import type { BytesOrText } from './sinks.js';
import type { OnDiscard, ReadableStream, WritableStream } from './streams.js';
import type { ErrorCrossing } from './transfers.js';

/** What happens to a chunk past the capacity of a channel. */
export type Overflow = 'error' | 'block' | 'drop-oldest' | 'drop-newest';

export interface ChannelOptions<T> {
  /** Where `write()` begins to return false, in units of `size`. Default: 16, or 16,384 where sizes are bytes. */
  highWaterMark?: number | undefined;
  /** A chunk's size, or `'bytes'` for the length of strings and the bytes of buffers and views. Default: 1 for each chunk. */
  size?: 'bytes' | ((chunk: T) => number) | undefined;
  /**
   * What is queued at most, whatever the producer does, in units of `size`. With `overflow: 'block'` the writes that wait are not
   * counted: they are as many as the producer makes without awaiting them. Default: 64 high-water marks.
   */
  capacity?: number | undefined;
  /**
   * `error`: the channel fails with a RangeError. `block`: `write()` returns a promise that the producer awaits. `drop-oldest`: as
   * many of the queued chunks as it takes make room. `drop-newest`: the chunk is dropped. Default: `error`.
   */
  overflow?: Overflow | undefined;
  /**
   * For chunks that were written and that nobody will read: those the overflow drops, those that are queued or wait when the channel fails or is
   * cancelled, and those that `write()` does not take. Default: none.
   */
  onDiscard?: OnDiscard<T> | undefined;
}

/** Chunks written to a channel, and what became of those for which there was no room. */
export interface ChannelCounts {
  written: number;
  droppedOldest: number;
  droppedNewest: number;
  blocked: number;
}

/** The two ends of a queue between a producer that calls and a consumer that asks. */
export interface Channel<T> extends EventTarget {
  /** What was written. Cancelling it aborts `signal`. */
  readonly readable: ReadableStream<T>;
  /** Resolves when there is room below the high-water mark, at once where there is; also when the channel is done. */
  readonly drained: Promise<void>;
  /** Aborted when nobody wants any more: the consumer has cancelled, or the channel has failed; with the reason. */
  readonly signal: AbortSignal;
  /** The room that is left below the high-water mark; null where the channel has failed. */
  readonly desiredSize: number | null;
  readonly counts: ChannelCounts;
  /**
   * Takes a chunk. False says: wait for `drained` or the `drain` event. Where the channel has failed or was cancelled the chunk
   * is dropped and the answer false. With `overflow: 'block'` and no room the answer is a promise, of false where the channel
   * was done before there was.
   *
   * @throws {TypeError} after `end()`
   */
  write(chunk: T): boolean | Promise<boolean>;
  /** Ends the stream once what is queued has been taken. */
  end(): void;
  /** Fails the stream with `error`, the same object; what is queued is dropped. */
  fail(error: unknown): void;
  addEventListener(
    type: 'drain',
    listener: (event: Event) => void,
    options?: Parameters<EventTarget['addEventListener']>[2],
  ): void;
  addEventListener(...args: Parameters<EventTarget['addEventListener']>): void;
}

/**
 * A queue with the contract of `write()` and 'drain': `write(chunk)` returns false when the producer should stop, `drain` tells
 * when it may go on. A producer that does not listen meets `capacity`, so memory is bounded in any case.
 *
 * @throws {TypeError | RangeError} where an option is not what it should be
 */
export function channel<T = any>(options?: ChannelOptions<T>): Channel<T>;

/** An EventTarget, or an EventEmitter by its shape. */
export type AnyEventSource =
  | { addEventListener(type: string, listener: never): void; removeEventListener(type: string, listener: never): void }
  | {
      on(name: string, listener: never): unknown;
      removeListener(name: string, listener: never): unknown;
    };

export interface FromEventsOptions<E, T> extends ChannelOptions<T> {
  /** Called when the producer should stop: the channel is full. */
  pause?: (() => void) | undefined;
  /** Called when it may go on. */
  resume?: (() => void) | undefined;
  /** The event or events that end the stream. Default: none. */
  end?: string | string[] | undefined;
  /** The event that fails it, with its `error` or itself; null for none. Default: `error`. */
  error?: string | null | undefined;
  /** What the chunk of an event is. Default: the event. */
  map?: ((event: E) => T) | undefined;
  /** Fails the stream with its reason when it is aborted. */
  signal?: AbortSignal | undefined;
}

/**
 * A stream of the events `name` of `target`. Its listeners are removed when the stream has ended, failed or been cancelled.
 * Without `pause` events cannot be held back, and `capacity` and `overflow` say what happens to those nobody has taken.
 *
 * @throws {TypeError | RangeError} where an argument is not what it should be
 */
export function fromEvents<T = any, E = any>(
  target: AnyEventSource,
  name: string,
  options?: FromEventsOptions<E, T>,
): ReadableStream<T> & { readonly counts: ChannelCounts };

/** A MessagePort, by the part of it that is used. */
export interface MessagePortLike {
  postMessage(message: unknown, transfer?: never): void;
  start(): void;
  close(): void;
}

export interface FromMessagePortOptions {
  /** Chunks that may be queued here before they are read; at most 4096 of them are asked for at once. Default: 0. */
  highWaterMark?: number | undefined;
  /** What the other side is told of a failure. Default: `all`. */
  errors?: ErrorCrossing | undefined;
}

/**
 * What `toMessagePort()` sends at the other end, each chunk when this stream has given leave for it. Errors and cancels cross as
 * `errors` says. The stream fails with a `NetworkError` when the other side is gone, where the engine tells; with an `AbortError` when it was aborted
 * without a reason; with a `DataError` when it sends what is no message of the protocol.
 *
 * @throws {TypeError | RangeError} where an argument is not what it should be
 */
export function fromMessagePort<T = any>(port: MessagePortLike, options?: FromMessagePortOptions): ReadableStream<T>;

export interface ToMessagePortOptions<T> {
  /**
   * Whether to move the buffers of chunks rather than copy them, or which. A view that is narrower than its buffer is copied in either case, unless
   * the function names its buffer. Default: false.
   */
  transfer?: boolean | ((chunk: T) => readonly object[]) | undefined;
  /** What the other side is told of a failure. Default: `all`. */
  errors?: ErrorCrossing | undefined;
}

/**
 * Sends chunks to `fromMessagePort()` at the other end, each when it is wanted there. Its close waits until the other side has taken the end. It fails
 * with an `AbortError` when the other side has had enough, and otherwise as `fromMessagePort()`.
 *
 * @throws {TypeError} where an argument is not what it should be
 */
export function toMessagePort<T>(port: MessagePortLike, options?: ToMessagePortOptions<T>): WritableStream<T>;

/** A connection that ended otherwise than by a clean close. */
export class SocketError extends Error {
  constructor(message: string, how?: { closeCode?: number | undefined; reason?: string | undefined; cause?: unknown });
  readonly name: 'SocketError';
  /** 1006 where there was no close at all. https://www.rfc-editor.org/rfc/rfc6455#section-7.4 */
  readonly closeCode: number | undefined;
  readonly reason: string | undefined;
}

/** A WebSocket of the engine's or of the package ws, by the part of it that is used. */
export interface WebSocketLike {
  readonly readyState: number;
  readonly bufferedAmount: number;
  binaryType: string;
  send(data: never): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: never, listener: never): void;
  removeEventListener(type: never, listener: never): void;
}

/** A WebSocketStream, where the engine has it. */
export interface WebSocketStreamLike {
  readonly opened: PromiseLike<unknown>;
  readonly closed: PromiseLike<unknown>;
  close(how?: never): void;
}

/**
 * The engine's class that a URL is opened with. `WebSocket` delivers every message that was sent before the close. `WebSocketStream`
 * (Chromium) holds the server back, but drops the messages that it has queued when the server closes.
 */
export type WebSocketApi = 'WebSocket' | 'WebSocketStream';

export interface FromWebSocketOptions extends ChannelOptions<string | Bytes> {
  /** For a URL: the subprotocols. */
  protocols?: string | string[] | undefined;
  /** For a URL: the class to open it with. Default: `WebSocket`. */
  api?: WebSocketApi | undefined;
  /** Fails the stream with its reason, and closes the connection. */
  signal?: AbortSignal | undefined;
}

/**
 * The messages of a WebSocket, texts as strings and bytes as Uint8Arrays. A browser's WebSocket cannot be paused: `capacity` (default
 * 16 MiB) bounds what is queued, and more than that fails the stream. A socket of the package ws and a `WebSocketStream` are
 * held back at `highWaterMark` (default 64 KiB). A close that is no normal one is a `SocketError`. Every exit closes the connection.
 *
 * A `WebSocketStream` drops what it has queued when the server closes. So a close that arrives while the consumer holds the server
 * back, or within 100 ms after, fails the stream with a `SocketError`, whether something was lost or not. What a busy page loses
 * besides nobody can tell.
 *
 * @throws {TypeError | RangeError} where an argument is not what it should be
 */
export function fromWebSocket(
  socket: string | URL | WebSocketLike | WebSocketStreamLike,
  options?: FromWebSocketOptions,
): ReadableStream<string | Bytes> & { readonly counts: ChannelCounts };

export interface ToWebSocketOptions {
  /** For a URL: the subprotocols. */
  protocols?: string | string[] | undefined;
  /** For a URL: the class to open it with. Default: `WebSocket`. */
  api?: WebSocketApi | undefined;
  /** Bytes of `bufferedAmount` above which nothing more is taken. Default: 1 MiB. */
  highWaterMark?: number | undefined;
}

/**
 * Sends strings, bytes and Blobs, and waits while more than `highWaterMark` bytes are buffered. Its close waits for the other side's.
 * A connection that cannot be made, or that the other side closes first, fails the stream with a `SocketError`.
 *
 * @throws {TypeError | RangeError} where an argument is not what it should be
 */
export function toWebSocket(
  socket: string | URL | WebSocketLike | WebSocketStreamLike,
  options?: ToWebSocketOptions,
): WritableStream<BytesOrText | Blob>;

/** An item of a message queue on its way through a pipeline. */
export interface QueueMessage<T> {
  /** The item, or what has become of it. */
  readonly value: T;
  /** The same message with what has become of its value. */
  with<U>(value: U): QueueMessage<U>;
  /** Says that the item is done. An item is settled once, by whatever message comes first. */
  ack(): Promise<void>;
  /** Says that it is not, and should be delivered again. */
  nack(reason?: unknown): Promise<void>;
}

/** A message queue, told by functions. */
export interface MessageQueue<T> {
  /**
   * Begins to deliver. Returns, or resolves with, what takes it back.
   *
   * @param how `end()` where the queue is over, `fail(error)`, and a `signal` that is aborted when nobody wants any more
   */
  subscribe(
    deliver: (item: T) => void,
    how: { readonly signal: AbortSignal; end(): void; fail(error: unknown): void },
  ): void | (() => unknown) | PromiseLike<void | (() => unknown)>;
  /** The item is done. */
  ack(item: T): unknown;
  /** It is not, and should be delivered again. */
  nack?(item: T, reason: unknown): unknown;
  /** Holds the queue back. */
  pause?(): unknown;
  resume?(): unknown;
}

/**
 * The items of a message queue as messages, which `acknowledged()` acknowledges at the end of a pipeline. What is not
 * acknowledged when the pipeline ends is given back.
 *
 * @throws {TypeError | RangeError} where an argument is not what it should be
 */
export function fromQueue<T>(
  queue: MessageQueue<T>,
  options?: ChannelOptions<QueueMessage<T>> & { signal?: AbortSignal | undefined },
): ReadableStream<QueueMessage<T>> & { readonly counts: ChannelCounts };

/**
 * The end of a pipeline from `fromQueue()`: gives `end` the values of messages, or of arrays of them, and acknowledges each when it has been
 * written, or when the function has gone on from it.
 *
 * @throws {TypeError} where the argument is no writable stream and no function
 */
export function acknowledged<T, R>(
  end: (values: PipelineChunks<T>, options: PipelineFunctionOptions) => R,
): (
  messages: PipelineChunks<QueueMessage<T> | QueueMessage<unknown>[]>,
  options: PipelineFunctionOptions,
) => Promise<Awaited<R>>;
export function acknowledged<T>(
  end: AnyWritable<T> | NodeWritableLike,
): WritableStream<QueueMessage<unknown> | QueueMessage<unknown>[]>;
