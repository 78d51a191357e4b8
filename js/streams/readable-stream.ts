/** https://streams.spec.whatwg.org/#rs-class */
import { createAsyncIterator } from '../machines/async-iterator.js';
import { ByteReadableImpl } from '../machines/byte-readable.js';
import { teeBytes } from '../machines/byte-tee.js';
import { convertOnDiscard, dropper } from '../machines/discard.js';
import { PREVENT_ABORT, PREVENT_CANCEL, PREVENT_CLOSE } from '../core/effects.js';
import { fromIterable } from '../machines/from.js';
import { functionBind, markHandled, promiseReject } from '../runtime/intrinsics.js';
import { defineNodeHooks } from '../machines/node-hooks.js';
import { pipeTo } from '../machines/pipe.js';
import { afterReadableStart, cancelReadable, errorStream, ReadableImpl } from '../machines/readable.js';
import { DefaultReaderImpl } from '../machines/reader.js';
import { teeDefault } from '../machines/tee.js';
import {
  convertAbortSignal,
  convertCallback,
  convertDictionary,
  convertObject,
  convertQueuingStrategy,
  convertUnsignedLongLong,
  defineInterface,
  extractHighWaterMark,
  illegalInvocation,
  INTERNAL,
} from '../runtime/webidl.js';
import { isNativeReadable, isNativeWritable } from '../bridge/native-classes.js';
import { adoptWritable, resultOf, settleAdopted } from '../bridge/adopt.js';
import { readableImpl, setReadableBrand, writableImpl } from '../bridge/brands.js';
import { ReadableByteStreamController } from './readable-byte-stream-controller.js';
import { ReadableStreamBYOBReader } from './readable-stream-byob-reader.js';
import { ReadableStreamDefaultController } from './readable-stream-default-controller.js';
import { ReadableStreamDefaultReader } from './readable-stream-default-reader.js';
import { countSize } from './strategies.js';
import { WritableStream } from './writable-stream.js';
import type { Callback, Internal } from '../runtime/webidl.js';
import type { DiscardFunction, OnDiscard } from '../machines/discard.js';
import type { AnyWritable, PairStage } from './any.js';
import type { QueuingStrategy } from './strategies.js';

interface Algorithms {
  autoAllocateChunkSize?: number | undefined;
  cancel?: Callback | undefined;
  pull?: Callback | undefined;
  start?: Callback | undefined;
  onDiscard?: DiscardFunction | undefined;
  isBytes?: boolean;
}

/**
 * The dictionary UnderlyingSource, members in the order of their names; then `onDiscard`, which is not the standard's.
 */
function convertUnderlyingSource(source: Record<string, unknown> | undefined): Algorithms {
  if (source === undefined) return {};
  const autoAllocate = source.autoAllocateChunkSize;
  const autoAllocateChunkSize =
    autoAllocate === undefined
      ? undefined
      : convertUnsignedLongLong(autoAllocate, 'underlyingSource: autoAllocateChunkSize');
  const cancel = convertCallback(source.cancel, 'underlyingSource: cancel');
  const pull = convertCallback(source.pull, 'underlyingSource: pull');
  const start = convertCallback(source.start, 'underlyingSource: start');
  const type = source.type;
  if (type !== undefined && `${type}` !== 'bytes')
    throw new TypeError(`underlyingSource: type must be 'bytes' or undefined, got '${type}'`);
  const onDiscard = convertOnDiscard(source.onDiscard, 'underlyingSource');
  if (onDiscard && type !== undefined)
    throw new TypeError('underlyingSource: a byte stream has no onDiscard, as bytes need no closing; leave it out');
  return { autoAllocateChunkSize, cancel, pull, start, onDiscard, isBytes: type !== undefined };
}

/** The dictionary StreamPipeOptions. */
function convertPipeOptions(value: unknown, context: string): { flags: number; signal: AbortSignal | undefined } {
  const options = convertDictionary(value, `${context}: options`);
  if (options === undefined) return { flags: 0, signal: undefined };
  let flags = 0;
  if (options.preventAbort) flags |= PREVENT_ABORT;
  if (options.preventCancel) flags |= PREVENT_CANCEL;
  if (options.preventClose) flags |= PREVENT_CLOSE;
  return { flags, signal: convertAbortSignal(options.signal, context) };
}

/** A WritableStream, ours or the engine's. */
function convertDestination(value: unknown, context: string): object {
  if (writableImpl(value) === undefined && !isNativeWritable(value))
    throw new TypeError(`${context} must be a WritableStream`);
  return value as object;
}

/** Pipes into `writable`, which may be the engine's; then the promise waits for what the bridge still holds. */
function pipeInto(
  source: ReadableImpl | ByteReadableImpl,
  writable: object,
  flags: number,
  signal: AbortSignal | undefined,
  context: string,
): Promise<undefined> {
  const bridge = writableImpl(writable) === undefined ? adoptWritable(writable, WritableStream) : undefined;
  const destination = writableImpl(bridge ?? writable);
  if (destination === undefined || destination.writer !== undefined) throw new TypeError(`${context} is locked`);
  const promise = pipeTo(source, destination, flags, signal);
  return (bridge === undefined ? promise : settleAdopted(promise, bridge)) as Promise<undefined>;
}

/** https://streams.spec.whatwg.org/#dictdef-underlyingsource */
export interface UnderlyingDefaultSource<R = any> {
  /** Called by the constructor. An error that it throws is thrown by the constructor. */
  start?: ((controller: ReadableStreamDefaultController<R>) => unknown) | undefined;
  /**
   * Called when the queue is below its high-water mark or a read is pending, but not while its last promise is pending.
   */
  pull?: ((controller: ReadableStreamDefaultController<R>) => void | PromiseLike<void>) | undefined;
  /** Called when the consumer cancels the stream. */
  // eslint-disable-next-line no-restricted-syntax -- whatever the caller of cancel() gave
  cancel?: ((reason?: any) => void | PromiseLike<void>) | undefined;
  type?: undefined;
  /**
   * Not in the standard. Every chunk passed to `enqueue()` is either read or discarded, even if `enqueue()` threw.
   * Default: none.
   */
  onDiscard?: OnDiscard<R> | undefined;
}

/** The underlying source of a readable byte stream. https://streams.spec.whatwg.org/#dictdef-underlyingsource */
export interface UnderlyingByteSource {
  start?: ((controller: ReadableByteStreamController) => unknown) | undefined;
  pull?: ((controller: ReadableByteStreamController) => void | PromiseLike<void>) | undefined;
  // eslint-disable-next-line no-restricted-syntax -- whatever the caller of cancel() gave
  cancel?: ((reason?: any) => void | PromiseLike<void>) | undefined;
  type: 'bytes';
  /** A positive integer: each read of a default reader allocates a buffer of this many bytes for `byobRequest`. */
  autoAllocateChunkSize?: number | undefined;
}

export type UnderlyingSource<R = any> = UnderlyingDefaultSource<R> | UnderlyingByteSource;

/** https://streams.spec.whatwg.org/#dictdef-streampipeoptions */
export interface StreamPipeOptions {
  /** Leaves the destination open when the source closes. Default: false. */
  preventClose?: boolean | undefined;
  /** Does not abort the destination when the source fails or the signal is aborted. Default: false. */
  preventAbort?: boolean | undefined;
  /** Does not cancel the source when the destination fails or the signal is aborted. Default: false. */
  preventCancel?: boolean | undefined;
  /** Aborting it stops the pipe. Default: none. */
  signal?: AbortSignal | undefined;
}

export interface ReadableStreamIteratorOptions {
  /** Does not cancel the stream when the loop is left early. Default: false. */
  preventCancel?: boolean | undefined;
}

export interface ReadableStreamGetReaderOptions {
  /**
   * `'byob'` creates a BYOB reader, which reads into your buffers; the stream must be a byte stream. Default: a default
   * reader.
   */
  mode?: 'byob' | undefined;
}

export interface ReadableStreamAsyncIterator<T> extends AsyncIterableIterator<T> {
  [Symbol.asyncIterator](): ReadableStreamAsyncIterator<T>;
  return(value?: unknown): Promise<IteratorResult<T>>;
}

export type ReadableStreamReader<R = any> = ReadableStreamDefaultReader<R> | ReadableStreamBYOBReader;

export interface ReadableStream<R = any> {
  [Symbol.asyncIterator](options?: ReadableStreamIteratorOptions): ReadableStreamAsyncIterator<R>;
}

/** https://streams.spec.whatwg.org/#rs-class */
export class ReadableStream<R = any> {
  #impl: ReadableImpl | ByteReadableImpl;

  static {
    setReadableBrand((value) =>
      typeof value === 'object' && value !== null && #impl in value ? value.#impl : undefined,
    );
  }

  /**
   * https://streams.spec.whatwg.org/#rs-constructor
   *
   * @param strategy default: a high-water mark of 1 chunk; for a byte stream of 0 bytes, and no `size`
   * @throws {RangeError} when `highWaterMark` is not a number or is negative, or `size` is given for a byte stream
   */
  constructor(underlyingSource: UnderlyingByteSource, strategy?: { highWaterMark?: number });
  constructor(underlyingSource?: UnderlyingDefaultSource<R>, strategy?: QueuingStrategy<R>);
  /** @internal */
  constructor(internal: typeof INTERNAL, impl: ReadableImpl | ByteReadableImpl);
  constructor(underlyingSource: unknown = undefined, strategy: unknown = undefined) {
    if (underlyingSource === INTERNAL) {
      this.#impl = strategy as ReadableImpl | ByteReadableImpl;
      return;
    }
    const source = convertObject(underlyingSource, 'ReadableStream: underlyingSource');
    const { highWaterMark, size } = convertQueuingStrategy(strategy, 'ReadableStream: strategy');
    const { autoAllocateChunkSize, cancel, pull, start, onDiscard, isBytes } = convertUnderlyingSource(source);
    let impl: ReadableImpl | ByteReadableImpl;
    if (isBytes) {
      if (size !== undefined)
        throw new RangeError('ReadableStream: the strategy of a byte stream cannot have a size function');
      const mark = extractHighWaterMark(highWaterMark, 0);
      if (autoAllocateChunkSize === 0)
        throw new TypeError('underlyingSource: autoAllocateChunkSize must be greater than 0');
      impl = new ByteReadableImpl(mark, autoAllocateChunkSize, pull, undefined);
      impl.controller = new (ReadableByteStreamController as unknown as Internal<object, ByteReadableImpl>)(
        INTERNAL,
        impl,
      );
    } else {
      const mark = extractHighWaterMark(highWaterMark, 1);
      impl = new ReadableImpl(mark, size === (countSize as Callback) ? undefined : size, pull, undefined);
      impl.controller = new (ReadableStreamDefaultController as unknown as Internal<object, ReadableImpl>)(
        INTERNAL,
        impl,
      );
      impl.onDrop = dropper(onDiscard);
    }
    impl.pull = pull && functionBind(pull, source, impl.controller);
    impl.cancel = cancel && functionBind(cancel, source);
    this.#impl = impl;
    afterReadableStart(impl, start && functionBind(start, source)(impl.controller));
  }

  /**
   * Creates a stream from an iterable. The stream calls `next()` once per chunk, on demand.
   * https://streams.spec.whatwg.org/#rs-from
   *
   * @throws {TypeError} when the argument is not an iterable object; a string is not one
   */
  static from<T>(asyncIterable: AsyncIterable<T> | Iterable<T | PromiseLike<T>>): ReadableStream<T> {
    if (arguments.length === 0) throw new TypeError('ReadableStream.from: 1 argument required');
    return new ReadableStream<T>(INTERNAL, fromIterable(asyncIterable));
  }

  /** Whether the stream is locked to a reader or a pipe. https://streams.spec.whatwg.org/#rs-locked */
  get locked(): boolean {
    if (!(#impl in Object(this))) throw illegalInvocation('ReadableStream.locked');
    return this.#impl.reader !== undefined;
  }

  /**
   * Cancels the stream: drops its queue and calls the source's `cancel`. https://streams.spec.whatwg.org/#rs-cancel
   *
   * @returns a promise that rejects with a TypeError when the stream is locked, or with the error of the source's
   *   `cancel`
   */
  cancel(reason: unknown = undefined): Promise<void> {
    if (!(#impl in Object(this))) return promiseReject(illegalInvocation('ReadableStream.cancel'));
    if (this.#impl.reader !== undefined) {
      const error = new TypeError('cancel(): the ReadableStream is locked; cancel through its reader');
      // Node's fetch cancels a body whoever has it, and passes over this code alone.
      return promiseReject(Object.assign(error, { code: 'ERR_INVALID_STATE' }));
    }
    return cancelReadable(this.#impl, reason);
  }

  /**
   * Locks the stream to a new reader. https://streams.spec.whatwg.org/#rs-get-reader
   *
   * @throws {TypeError} when the stream is locked, or `mode` is `'byob'` and the stream is not a byte stream
   */
  getReader(options: { mode: 'byob' }): ReadableStreamBYOBReader;
  getReader(options?: { mode?: undefined }): ReadableStreamDefaultReader<R>;
  getReader(options?: ReadableStreamGetReaderOptions): ReadableStreamReader<R>;
  getReader(options: unknown = undefined): unknown {
    if (!(#impl in Object(this))) throw illegalInvocation('ReadableStream.getReader');
    const mode = convertDictionary(options, 'getReader(): options')?.mode;
    if (mode === undefined) return new ReadableStreamDefaultReader(this);
    if (`${mode}` !== 'byob') throw new TypeError(`getReader(): mode must be 'byob' or undefined, got '${mode}'`);
    return new ReadableStreamBYOBReader(this as unknown as ReadableStream<Uint8Array>);
  }

  /**
   * Pipes the stream into `transform.writable` and returns `transform.readable`. A pair of native streams is accepted;
   * its readable side is returned as one of tidegate's streams. https://streams.spec.whatwg.org/#rs-pipe-through
   *
   * @throws {TypeError} when this stream or `transform.writable` is locked
   */
  pipeThrough<T>(transform: PairStage<R, T>, options?: StreamPipeOptions): ReadableStream<T>;
  pipeThrough(transform: unknown, options: StreamPipeOptions | undefined = undefined): ReadableStream {
    if (!(#impl in Object(this))) throw illegalInvocation('ReadableStream.pipeThrough');
    if (arguments.length === 0) throw new TypeError('pipeThrough(): 1 argument required');
    const pair = convertDictionary(transform, 'pipeThrough(): the transform');
    const readable = pair?.readable;
    if (readableImpl(readable) === undefined && !isNativeReadable(readable)) {
      throw new TypeError('pipeThrough(): transform.readable must be a ReadableStream');
    }
    const writable = convertDestination(pair!.writable, 'pipeThrough(): transform.writable');
    const { flags, signal } = convertPipeOptions(options, 'pipeThrough()');
    if (this.#impl.reader !== undefined) throw new TypeError('pipeThrough(): the ReadableStream is locked');
    markHandled(pipeInto(this.#impl, writable, flags, signal, 'pipeThrough(): transform.writable'));
    return resultOf(readable, ReadableStream);
  }

  /**
   * Pipes the stream into `destination`, which may be a native stream. https://streams.spec.whatwg.org/#rs-pipe-to
   *
   * @returns a promise that resolves when the destination has written everything and closed. It rejects with the error
   *   that ended the pipe, or with a TypeError when either stream is locked.
   */
  pipeTo(destination: AnyWritable<R>, options: StreamPipeOptions | undefined = undefined): Promise<void> {
    if (!(#impl in Object(this))) return promiseReject(illegalInvocation('ReadableStream.pipeTo'));
    try {
      if (arguments.length === 0) throw new TypeError('pipeTo(): 1 argument required');
      const writable = convertDestination(destination, 'pipeTo(): the destination');
      const { flags, signal } = convertPipeOptions(options, 'pipeTo()');
      if (this.#impl.reader !== undefined) throw new TypeError('pipeTo(): the ReadableStream is locked');
      return pipeInto(this.#impl, writable, flags, signal, 'pipeTo(): the destination');
    } catch (error) {
      return promiseReject(error);
    }
  }

  /**
   * Splits the stream into two branches with the same chunks. Chunks that the faster branch has read are queued for the
   * slower one, without a bound; tidegate's `tee()` function has a bound. https://streams.spec.whatwg.org/#rs-tee
   *
   * @throws {TypeError} when the stream is locked
   */
  tee(): [ReadableStream<R>, ReadableStream<R>] {
    if (!(#impl in Object(this))) throw illegalInvocation('ReadableStream.tee');
    const impl = this.#impl;
    const { branch1, branch2 } = impl.isByteStream ? teeBytes(impl as ByteReadableImpl) : teeDefault(impl);
    return [new ReadableStream(INTERNAL, branch1), new ReadableStream(INTERNAL, branch2)];
  }

  /** https://streams.spec.whatwg.org/#rs-asynciterator */
  values(options: ReadableStreamIteratorOptions | undefined = undefined): ReadableStreamAsyncIterator<R> {
    if (!(#impl in Object(this))) throw illegalInvocation('ReadableStream.values');
    const preventCancel = !!convertDictionary(options, 'values(): options')?.preventCancel;
    return createAsyncIterator(new DefaultReaderImpl(this.#impl), preventCancel) as ReadableStreamAsyncIterator<R>;
  }
}

defineInterface(ReadableStream, 'ReadableStream');
Object.defineProperty(ReadableStream.prototype, Symbol.asyncIterator, {
  value: ReadableStream.prototype.values,
  writable: true,
  configurable: true,
});

defineNodeHooks(ReadableStream.prototype, {
  implOf: readableImpl,
  kind: 'readable',
  fail: (stream, error) =>
    stream.transform === undefined ? errorStream(stream, error) : stream.transform.error(error),
});
