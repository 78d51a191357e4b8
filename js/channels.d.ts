/** Types of channels, which let push producers feed a stream. */
import type { AnyWritable, Bytes, NodeWritableLike, PipelineChunks, PipelineFunctionOptions } from './parts.js';
import type { BytesOrText } from './sinks.js';
import type { OnDiscard, ReadableStream, WritableStream } from './streams.js';
import type { ErrorCrossing } from './transfers.js';

/** What a channel does with a chunk that exceeds its capacity. */
export type Overflow = 'error' | 'block' | 'drop-oldest' | 'drop-newest';

export interface ChannelOptions<T> {
  /**
   * The queue size at which `write()` starts to return false, in units of `size`. Default: 16, or 16,384 for `size:
   * 'bytes'`.
   */
  highWaterMark?: number | undefined;
  /**
   * Returns the size of a chunk. `'bytes'` counts the length of strings and the bytes of buffers and views. Default: 1
   * for each chunk.
   */
  size?: 'bytes' | ((chunk: T) => number) | undefined;
  /**
   * The most that the channel queues, whatever the producer does, in units of `size`. With `overflow: 'block'` it does
   * not bound the waiting writes: the producer bounds those by awaiting them. Default: 64 times the high-water mark.
   */
  capacity?: number | undefined;
  /**
   * `error`: the channel fails with a RangeError. `block`: `write()` returns a promise that the producer awaits.
   * `drop-oldest`: drops the oldest queued chunks to make room. `drop-newest`: drops the new chunk. Default: `error`.
   */
  overflow?: Overflow | undefined;
  /**
   * Called with chunks that nobody will read: those dropped by the overflow policy, those queued or waiting when the
   * channel fails or is cancelled, and those that `write()` refuses. Default: none.
   */
  onDiscard?: OnDiscard<T> | undefined;
}

/** How many chunks were written to a channel, and how many exceeded its capacity. */
export interface ChannelCounts {
  written: number;
  droppedOldest: number;
  droppedNewest: number;
  blocked: number;
}

/** A queue between a producer that pushes and a consumer that pulls. */
export interface Channel<T> extends EventTarget {
  /** The stream of the chunks that were written. Cancelling it aborts `signal`. */
  readonly readable: ReadableStream<T>;
  /** Resolves when the queue is below the high-water mark, or when the channel has ended. */
  readonly drained: Promise<void>;
  /** Aborted with the reason when the consumer cancels or the channel fails. */
  readonly signal: AbortSignal;
  /** The room below the high-water mark; null when the channel has failed. */
  readonly desiredSize: number | null;
  readonly counts: ChannelCounts;
  /**
   * Queues a chunk. Returns false to signal backpressure: wait for `drained` or the `drain` event. If the channel has
   * failed or was cancelled, drops the chunk and returns false. With `overflow: 'block'` and no room, returns a
   * promise, which resolves with false if the channel ended first.
   *
   * @throws {TypeError} after `end()`
   */
  write(chunk: T): boolean | Promise<boolean>;
  /** Closes the stream once the consumer has read all queued chunks. */
  end(): void;
  /** Errors the stream with `error`, the same object, and drops the queue. */
  fail(error: unknown): void;
  addEventListener(
    type: 'drain',
    listener: (event: Event) => void,
    options?: Parameters<EventTarget['addEventListener']>[2],
  ): void;
  addEventListener(...args: Parameters<EventTarget['addEventListener']>): void;
}

/**
 * Creates a queue for a push producer. `write(chunk)` returns false when the producer should pause; the `drain` event
 * tells it to resume. If the producer ignores both, `capacity` and `overflow` bound the memory.
 *
 * @throws {TypeError | RangeError} when an option is invalid
 */
export function channel<T = any>(options?: ChannelOptions<T>): Channel<T>;

/** An EventTarget, or an EventEmitter, recognised by its methods. */
export type AnyEventSource =
  | { addEventListener(type: string, listener: never): void; removeEventListener(type: string, listener: never): void }
  | {
      on(name: string, listener: never): unknown;
      removeListener(name: string, listener: never): unknown;
    };

export interface FromEventsOptions<E, T> extends ChannelOptions<T> {
  /** Called when the queue has reached its high-water mark: pause the producer. */
  pause?: (() => void) | undefined;
  /** Called when the queue has room again: resume the producer. */
  resume?: (() => void) | undefined;
  /** The event or events that close the stream. Default: none. */
  end?: string | string[] | undefined;
  /**
   * The event that errors the stream, with the event's `error`, else with the event itself. Null for none. Default:
   * `error`.
   */
  error?: string | null | undefined;
  /** Maps an event to its chunk. Default: the event itself. */
  map?: ((event: E) => T) | undefined;
  /** Aborting it errors the stream with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/**
 * Creates a stream of the events `name` of `target`. Its listeners are removed when the stream closes, fails or is
 * cancelled. Without `pause` the producer cannot be held back: `capacity` and `overflow` then decide what happens to
 * events that nobody has read.
 *
 * @throws {TypeError | RangeError} when an argument is invalid
 */
export function fromEvents<T = any, E = any>(
  target: AnyEventSource,
  name: string,
  options?: FromEventsOptions<E, T>,
): ReadableStream<T> & { readonly counts: ChannelCounts };

/** The members of a MessagePort that tidegate uses. */
export interface MessagePortLike {
  postMessage(message: unknown, transfer?: never): void;
  start(): void;
  close(): void;
}

export interface FromMessagePortOptions {
  /** How many chunks this side queues before they are read; it requests at most 4096 at once. Default: 0. */
  highWaterMark?: number | undefined;
  /** What the other side learns about an error. Default: `all`. */
  errors?: ErrorCrossing | undefined;
}

/**
 * Receives the chunks that `toMessagePort()` sends at the other end. This side grants credit for each chunk, so
 * backpressure crosses the port. Errors and cancels cross as `errors` says. The stream fails with a `NetworkError` when
 * the other side is gone, if the engine reports that; with an `AbortError` when the other side aborted without a
 * reason; with a `DataError` when a message does not follow the protocol.
 *
 * @throws {TypeError | RangeError} when an argument is invalid
 */
export function fromMessagePort<T = any>(port: MessagePortLike, options?: FromMessagePortOptions): ReadableStream<T>;

export interface ToMessagePortOptions<T> {
  /**
   * True transfers the buffers of chunks instead of copying them; a function returns the objects to transfer. A view
   * that is narrower than its buffer is copied anyway, unless the function names its buffer. Default: false.
   */
  transfer?: boolean | ((chunk: T) => readonly object[]) | undefined;
  /** What the other side learns about an error. Default: `all`. */
  errors?: ErrorCrossing | undefined;
}

/**
 * Sends chunks to `fromMessagePort()` at the other end, each when that side has granted credit. Its close waits until
 * the other side has received the end. The stream fails with an `AbortError` when the other side cancels, and otherwise
 * as `fromMessagePort()` does.
 *
 * @throws {TypeError} when an argument is invalid
 */
export function toMessagePort<T>(port: MessagePortLike, options?: ToMessagePortOptions<T>): WritableStream<T>;

/** A WebSocket connection that did not end with a normal close. */
export class SocketError extends Error {
  constructor(message: string, how?: { closeCode?: number | undefined; reason?: string | undefined; cause?: unknown });
  readonly name: 'SocketError';
  /**
   * The close code; 1006 when the connection was lost without a close frame.
   * https://www.rfc-editor.org/rfc/rfc6455#section-7.4
   */
  readonly closeCode: number | undefined;
  readonly reason: string | undefined;
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

export interface FromWebSocketOptions extends ChannelOptions<string | Bytes> {
  /** The subprotocols, if `socket` is a URL. */
  protocols?: string | string[] | undefined;
  /** The native class to open it with, if `socket` is a URL. Default: `WebSocket`. */
  api?: WebSocketApi | undefined;
  /** Aborting it errors the stream with the signal's reason and closes the connection. */
  signal?: AbortSignal | undefined;
}

/**
 * The messages of a WebSocket, texts as strings and bytes as Uint8Arrays. A browser's WebSocket cannot be paused:
 * `capacity` (default 16 MiB) bounds what is queued, and more than that fails the stream. A socket of the package ws
 * and a `WebSocketStream` are held back at `highWaterMark` (default 64 KiB). A close that is no normal one is a
 * `SocketError`. Every exit closes the connection.
 *
 * A `WebSocketStream` drops what it has queued when the server closes. So a close that arrives while the consumer holds
 * the server back, or within 100 ms after, fails the stream with a `SocketError`, whether something was lost or not.
 * What a busy page loses besides nobody can tell.
 *
 * @throws {TypeError | RangeError} when an argument is invalid
 */
export function fromWebSocket(
  socket: string | URL | WebSocketLike | WebSocketStreamLike,
  options?: FromWebSocketOptions,
): ReadableStream<string | Bytes> & { readonly counts: ChannelCounts };

export interface ToWebSocketOptions {
  /** The subprotocols, if `socket` is a URL. */
  protocols?: string | string[] | undefined;
  /** The native class to open it with, if `socket` is a URL. Default: `WebSocket`. */
  api?: WebSocketApi | undefined;
  /** The `bufferedAmount` in bytes above which the sink accepts no more. Default: 1 MiB. */
  highWaterMark?: number | undefined;
}

/**
 * Sends strings, bytes and Blobs, and waits while more than `highWaterMark` bytes are buffered. Its close waits until
 * the other side has closed too. If the connection cannot be opened, or the other side closes it first, the stream
 * fails with a `SocketError`.
 *
 * @throws {TypeError | RangeError} when an argument is invalid
 */
export function toWebSocket(
  socket: string | URL | WebSocketLike | WebSocketStreamLike,
  options?: ToWebSocketOptions,
): WritableStream<BytesOrText | Blob>;

/** An item of a message queue in a pipeline. */
export interface QueueMessage<T> {
  /** The item, or what the stages have made of it. */
  readonly value: T;
  /** Returns the same message with another value. */
  with<U>(value: U): QueueMessage<U>;
  /** Acknowledges the item. An item is settled once, by the first `ack()` or `nack()` of any of its messages. */
  ack(): Promise<void>;
  /** Returns the item to the queue, to be delivered again. */
  nack(reason?: unknown): Promise<void>;
}

/** A message queue, described by functions. */
export interface MessageQueue<T> {
  /**
   * Starts delivery. Returns, or resolves with, a function that unsubscribes.
   *
   * @param how call `end()` when the queue has ended and `fail(error)` when it has failed; `signal` is aborted when the
   *   consumer has stopped
   */
  subscribe(
    deliver: (item: T) => void,
    how: { readonly signal: AbortSignal; end(): void; fail(error: unknown): void },
  ): void | (() => unknown) | PromiseLike<void | (() => unknown)>;
  /** Acknowledges the item. */
  ack(item: T): unknown;
  /** Returns the item to the queue, to be delivered again. */
  nack?(item: T, reason: unknown): unknown;
  /** Pauses delivery. */
  pause?(): unknown;
  resume?(): unknown;
}

/**
 * Creates a stream of the items of a message queue, wrapped in messages that `acknowledged()` acknowledges at the end
 * of a pipeline. When the pipeline ends, it returns every item that was not acknowledged to the queue.
 *
 * @throws {TypeError | RangeError} when an argument is invalid
 */
export function fromQueue<T>(
  queue: MessageQueue<T>,
  options?: ChannelOptions<QueueMessage<T>> & { signal?: AbortSignal | undefined },
): ReadableStream<QueueMessage<T>> & { readonly counts: ChannelCounts };

/**
 * The sink of a pipeline from `fromQueue()`. It passes the values of messages, or of arrays of messages, to `end` and
 * acknowledges each message once its value has been written, or once the function asks for the next one.
 *
 * @throws {TypeError} when the argument is neither a writable stream nor a function
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
