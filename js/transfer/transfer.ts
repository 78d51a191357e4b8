/**
 * Streams to another thread or frame: https://streams.spec.whatwg.org/#transferrable-streams as functions of tidegate's
 * own, because `postMessage` can list only the engine's classes. Chunks cross on one MessagePort for each direction,
 * and only as many as the receiving side has requested.
 */
import { readableImpl, writableImpl } from '../bridge/brands.js';
import type { PairLike, ReadableStreamLike, WritableStreamLike } from '../bridge/shapes.js';
import { convertAbortSignal, INTERNAL } from '../runtime/webidl.js';
import { markHandled } from '../runtime/intrinsics.js';
import type { ReadableImpl } from '../machines/readable.js';
import { pipeAtOnce, pipeTo } from '../machines/pipe.js';
import { fromNative } from '../native/convert.js';
import type { AnyPair, AnyReadable, AnyWritable } from '../streams/any.js';
import { describe } from '../values/describe.js';
import { requireCount } from '../values/require.js';
import { isReadableStreamLike, isWritableStreamLike } from '../bridge/kinds.js';
import { lockName } from './presence.js';
import { readableEnd } from './readable-end.js';
import { closePort, dataCloneError, isPort, newChannel, requireErrors } from './wire.js';
import type { ErrorCrossing } from './wire.js';
import { writableEnd } from './writable-end.js';
import type { TransferChunks } from './writable-end.js';
import type { ReadableStream } from '../streams/readable-stream.js';
import { TransformStream } from '../streams/transform-stream.js';
import type { WritableStream } from '../streams/writable-stream.js';

const READABLE = 'tidegate.ReadableStream';
const WRITABLE = 'tidegate.WritableStream';
const TRANSFORM = 'tidegate.TransformStream';

declare const kind: unique symbol;

/** Represents a stream in a message. It consists of plain data and a port, and can be received once. */
export interface StreamHandle<S = ReadableStream | WritableStream | TransformStream> {
  readonly [kind]?: S;
}

/** Where chunks of one direction cross. */
interface EndHandle {
  readonly type: typeof READABLE | typeof WRITABLE;
  readonly port: MessagePort;
  /** The name of the sending worker's lock: see presence. */
  readonly lock?: unknown;
  readonly transferChunks?: unknown;
}

interface TransformHandle {
  readonly type: typeof TRANSFORM;
  readonly readable: EndHandle;
  readonly writable: EndHandle;
}

/**
 * A handle as it is in a message: what `isHandle` has checked, and `lock` and `transferChunks`, which anybody may have
 * written.
 */
export type Handle = EndHandle | TransformHandle;

/** Node's types have no name for it but this. */
type Port = InstanceType<typeof MessagePort>;

export interface TransferOptions<T = any> {
  /** For a readable stream: transfers buffers instead of copying them. Default: false. */
  transferChunks?: TransferChunks<T> | undefined;
  /**
   * For a writable stream: how many chunks may be in flight to it. Default: 0, which requests a chunk once the one
   * before it has been written.
   */
  highWaterMark?: number | undefined;
  /**
   * Aborting it errors the stream on both sides with the signal's reason. It is the only way to end the stream from the
   * side that transferred it.
   */
  signal?: AbortSignal | undefined;
  /** What the other side learns about an error. Default: `all`. */
  errors?: ErrorCrossing | undefined;
}

export interface ReceiveOptions {
  /** For a readable stream: how many chunks this side queues before they are read. Default: 0. */
  highWaterMark?: number | undefined;
  /**
   * For a writable stream: transfers buffers instead of copying them. Default: the choice of the side that transferred
   * the stream.
   */
  transferChunks?: TransferChunks | undefined;
  /** What the other side learns about an error. Default: `all`. */
  errors?: ErrorCrossing | undefined;
}

/** The options of a transfer, each with its value. */
interface Settings {
  transferChunks: TransferChunks;
  highWaterMark: number;
  signal: AbortSignal | undefined;
  errors: ErrorCrossing | undefined;
  /** Whether the streams error when the other side is gone. */
  watch: boolean;
}

/**
 * A transfer in two steps, so that a post that fails leaves the stream as it was.
 *
 * 1. Nothing happens to the stream before `commit()`. The caller calls it in the same task, after the handle was sent.
 * 2. If the handle was not sent, the caller calls `giveBack()` in place of `commit()`: Node keeps the ports of a
 *    channel that nobody closes.
 */
export interface Prepared {
  /** For the message: a Handle, or, where the engine transfers streams, a stream of the engine. */
  readonly handle: object;
  /** For the message's transfer list. */
  readonly ports: readonly object[];
  commit(): unknown;
  giveBack(): void;
}

const received = new WeakSet<MessagePort>();

/**
 * Transfers a stream to another thread or frame, with backpressure, cancellation and errors. Chunks cross a
 * `MessagePort`, each when the receiving side has granted credit. The stream stays locked. Corresponds to
 * https://streams.spec.whatwg.org/#transferrable-streams, which works for native classes only.
 *
 * @param stream a readable stream, a writable stream or a pair of them, tidegate's or native
 * @returns `handle`, to put anywhere into a message, and `transfer`, the ports for its transfer list
 * @throws {DOMException} `DataCloneError` when the stream is locked
 * @throws {TypeError} when the argument is neither a stream nor a pair of streams
 *
 * @example
 * const { handle, transfer: ports } = transfer(readable);
 * worker.postMessage({ rows: handle }, ports);
 *
 */
export function transfer<R>(
  stream: AnyReadable<R>,
  options?: TransferOptions<R>,
): { handle: StreamHandle<ReadableStream<R>>; transfer: Port[] };
export function transfer<W>(
  stream: AnyWritable<W>,
  options?: TransferOptions,
): { handle: StreamHandle<WritableStream<W>>; transfer: Port[] };
export function transfer<I, O>(
  pair: AnyPair<I, O>,
  options?: TransferOptions<O>,
): { handle: StreamHandle<TransformStream<I, O>>; transfer: Port[] };
export function transfer(stream: unknown, options: TransferOptions = {}): unknown {
  requireErrors(options.errors, 'transfer');
  requireHighWaterMark(options.highWaterMark, 'transfer');
  convertAbortSignal(options.signal, 'transfer()');
  const prepared = prepareTransfer(stream, options);
  prepared.commit();
  return { handle: prepared.handle, transfer: prepared.ports };
}

const requireHighWaterMark = (value: unknown = 0, caller: string) =>
  requireCount(value, `${caller}(): highWaterMark`, 0, true);

/**
 * Returns the stream that the other side transferred as `handle`.
 *
 * @param handle the handle from the message
 * @throws {TypeError} when `handle` is not a handle, or has been received before
 */
export function receive<S extends ReadableStream | WritableStream | TransformStream>(
  handle: StreamHandle<S>,
  options?: ReceiveOptions,
): S;
export function receive(handle: unknown, options: ReceiveOptions = {}): unknown {
  requireErrors(options.errors, 'receive');
  requireHighWaterMark(options.highWaterMark, 'receive');
  return receiveTransfer(handle, { ...options, watch: true });
}

/** `transfer` in two steps. `watch`: whether streams error when the other side is gone. */
export function prepareTransfer(
  stream: unknown,
  {
    transferChunks = false,
    highWaterMark = 0,
    signal,
    errors,
    watch = true,
  }: TransferOptions & { watch?: boolean | undefined } = {},
): Prepared {
  const settings = { transferChunks, highWaterMark, signal, errors, watch };
  if (isReadableStreamLike(stream)) return prepareReadable(stream, settings);
  if (isWritableStreamLike(stream)) return prepareWritable(stream, settings);
  const { readable, writable } = (stream ?? {}) as Partial<PairLike>;
  if (!isReadableStreamLike(readable) || !isWritableStreamLike(writable)) {
    throw new TypeError(
      `transfer(): expected a ReadableStream, a WritableStream or a { readable, writable } pair of them; got ${describe(stream)}`,
    );
  }
  // Both before a channel is made, because somebody would have to close that.
  requireUnlocked(readable, 'ReadableStream');
  requireUnlocked(writable, 'WritableStream');
  const first = prepareReadable(readable, settings);
  const second = prepareWritable(writable, settings);
  return {
    handle: { type: TRANSFORM, readable: first.handle, writable: second.handle },
    ports: [...first.ports, ...second.ports],
    giveBack() {
      first.giveBack();
      second.giveBack();
    },
    commit() {
      first.commit();
      second.commit();
    },
  };
}

/** @throws {DOMException} DataCloneError, if `stream`, whose class is `name`, is locked */
export function requireUnlocked(stream: { readonly locked: boolean }, name: string): void {
  if (stream.locked)
    throw dataCloneError(`A locked ${name} cannot be transferred; transfer it before it has a reader, writer or pipe`);
}

/**
 * The handle has the lock's name too: if a worker ends right after its message, what it posted on the port may be lost.
 */
function lockOf(watch: boolean): { lock: string } | undefined {
  const lock = watch ? lockName() : undefined;
  return lock === undefined ? undefined : { lock };
}

function prepareReadable(
  stream: ReadableStreamLike,
  { transferChunks, signal, errors, watch }: Settings,
): Prepared & { handle: EndHandle } {
  requireUnlocked(stream, 'ReadableStream');
  const { port1, port2 } = newChannel();
  return {
    handle: { type: READABLE, port: port2, ...lockOf(watch) },
    ports: [port2],
    giveBack: () => closePort(port1),
    commit() {
      const source = readableImpl(fromNative(stream))!;
      const destination = writableImpl(writableEnd(port1, { transferChunks, signal, errors, watch }))!;
      destination.onDrop = source.onDrop; // for chunks that are not sent
      markHandled(signal === undefined ? pipeAtOnce(source, destination) : pipeTo(source, destination, 0, signal));
    },
  };
}

function prepareWritable(
  stream: WritableStreamLike,
  { transferChunks, highWaterMark, signal, errors, watch }: Settings,
): Prepared & { handle: EndHandle } {
  requireUnlocked(stream, 'WritableStream');
  const { port1, port2 } = newChannel();
  return {
    handle: { type: WRITABLE, port: port2, transferChunks: transferChunks !== false, ...lockOf(watch) },
    ports: [port2],
    giveBack: () => closePort(port1),
    commit() {
      const source = readableEnd(port1, { highWaterMark, errors, watch });
      const destination = fromNative(stream);
      (readableImpl(source) as ReadableImpl).onDrop = writableImpl(destination)!.onDrop; // for chunks that are not written
      markHandled(source.pipeTo(destination, { signal }));
    },
  };
}

/** Whether `value`, which may be anything that arrived in a message, is a Handle. */
export function isHandle(value: unknown): value is Handle {
  if ((value as Some<TransformHandle>)?.type === TRANSFORM)
    return isEnd((value as TransformHandle).readable, READABLE) && isEnd((value as TransformHandle).writable, WRITABLE);
  return isEnd(value, READABLE) || isEnd(value, WRITABLE);
}

type Some<T> = Partial<T> | null | undefined;

const isEnd = (value: unknown, type: EndHandle['type']): value is EndHandle =>
  (value as Some<EndHandle>)?.type === type && isPort((value as EndHandle).port);

/** `receive`, and `watch` as in `prepareTransfer`. */
export function receiveTransfer(
  handle: unknown,
  { highWaterMark = 0, transferChunks, errors, watch }: ReceiveOptions & { watch: boolean },
): ReadableStream | WritableStream | TransformStream {
  if (!isHandle(handle))
    throw new TypeError(`receive(): expected a handle that transfer() returned; got ${describe(handle)}`);
  if (handle.type === TRANSFORM) {
    const ends = {
      readable: receiveTransfer(handle.readable, { highWaterMark, errors, watch }) as ReadableStream,
      writable: undefined as unknown as WritableStream,
    };
    ends.writable = receiveTransfer(handle.writable, { transferChunks, errors, watch }) as WritableStream;
    return new TransformStream(INTERNAL, ends);
  }
  const { type, port, lock } = handle;
  if (received.has(port))
    throw new TypeError('receive(): this handle was received before; a handle can be received once');
  received.add(port);
  if (type === READABLE) return readableEnd(port, { highWaterMark, errors, watch, lock });
  return writableEnd(port, { transferChunks: transferChunks ?? handle.transferChunks === true, errors, watch, lock });
}
