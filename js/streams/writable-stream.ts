/** https://streams.spec.whatwg.org/#ws-class */
import { setWritableBrand, writableImpl } from '../bridge/brands.js';
import { convertOnDiscard, dropper } from '../machines/discard.js';
import { functionBind, promiseReject } from '../runtime/intrinsics.js';
import { defineNodeHooks } from '../machines/node-hooks.js';
import {
  convertCallback,
  convertObject,
  convertQueuingStrategy,
  defineInterface,
  extractHighWaterMark,
  illegalInvocation,
  INTERNAL,
} from '../runtime/webidl.js';
import {
  abortWritable,
  afterWritableStart,
  closeQueuedOrInFlight,
  closeWritable,
  errorWritable,
  WritableImpl,
} from '../machines/writable.js';
import { countSize } from './strategies.js';
import { WritableStreamDefaultController } from './writable-stream-default-controller.js';
import { WritableStreamDefaultWriter } from './writable-stream-default-writer.js';
import type { Callback, Internal } from '../runtime/webidl.js';
import type { DiscardFunction, OnDiscard } from '../machines/discard.js';
import type { QueuingStrategy } from './strategies.js';

interface Algorithms {
  abort?: Callback | undefined;
  close?: Callback | undefined;
  start?: Callback | undefined;
  write?: Callback | undefined;
  onDiscard?: DiscardFunction | undefined;
}

/**
 * The dictionary UnderlyingSink, members in the order of their names; then `onDiscard`, which is not the standard's.
 */
function convertUnderlyingSink(sink: Record<string, unknown> | undefined): Algorithms {
  if (sink === undefined) return {};
  const abort = convertCallback(sink.abort, 'underlyingSink: abort');
  const close = convertCallback(sink.close, 'underlyingSink: close');
  const start = convertCallback(sink.start, 'underlyingSink: start');
  const type = sink.type;
  const write = convertCallback(sink.write, 'underlyingSink: write');
  if (type !== undefined) throw new RangeError('underlyingSink: type is reserved and must be undefined');
  return { abort, close, start, write, onDiscard: convertOnDiscard(sink.onDiscard, 'underlyingSink') };
}

/** https://streams.spec.whatwg.org/#dictdef-underlyingsink */
export interface UnderlyingSink<W = any> {
  start?: ((controller: WritableStreamDefaultController) => unknown) | undefined;
  /** Called with one chunk at a time, never while its last promise is pending. */
  write?: ((chunk: W, controller: WritableStreamDefaultController) => void | PromiseLike<void>) | undefined;
  /** Called when every chunk has been written. */
  close?: (() => void | PromiseLike<void>) | undefined;
  /** Called instead of `close` when the stream is aborted. */
  // eslint-disable-next-line no-restricted-syntax -- whatever the caller of abort() gave
  abort?: ((reason?: any) => void | PromiseLike<void>) | undefined;
  type?: undefined;
  /**
   * Not in the standard. Every chunk passed to `write()` either reaches the sink or is discarded, even if `write()`
   * rejected. Default: none.
   */
  onDiscard?: OnDiscard<W> | undefined;
}

/** https://streams.spec.whatwg.org/#ws-class */
export class WritableStream<W = any> {
  #impl: WritableImpl;

  static {
    setWritableBrand((value) =>
      typeof value === 'object' && value !== null && #impl in value ? value.#impl : undefined,
    );
  }

  /**
   * https://streams.spec.whatwg.org/#ws-constructor
   *
   * @param strategy default: a high-water mark of 1 chunk
   * @throws {RangeError} when `highWaterMark` is not a number or is negative
   */
  constructor(underlyingSink?: UnderlyingSink<W>, strategy?: QueuingStrategy<W>);
  /** @internal */
  constructor(internal: typeof INTERNAL, impl: WritableImpl);
  constructor(underlyingSink: unknown = undefined, strategy: unknown = undefined) {
    if (underlyingSink === INTERNAL) {
      this.#impl = strategy as WritableImpl;
      return;
    }
    const sink = convertObject(underlyingSink, 'WritableStream: underlyingSink');
    const { highWaterMark, size } = convertQueuingStrategy(strategy, 'WritableStream: strategy');
    const { abort, close, start, write, onDiscard } = convertUnderlyingSink(sink);
    const mark = extractHighWaterMark(highWaterMark, 1);
    const impl = new WritableImpl(
      mark,
      size === (countSize as Callback) ? undefined : size,
      write && functionBind(write, sink),
      close && functionBind(close, sink),
      abort && functionBind(abort, sink),
    );
    impl.controller = new (WritableStreamDefaultController as unknown as Internal<object, WritableImpl>)(
      INTERNAL,
      impl,
    );
    impl.onDrop = dropper(onDiscard);
    this.#impl = impl;
    afterWritableStart(impl, start && functionBind(start, sink)(impl.controller));
  }

  /** Whether the stream is locked to a writer or a pipe. https://streams.spec.whatwg.org/#ws-locked */
  get locked(): boolean {
    if (!(#impl in Object(this))) throw illegalInvocation('WritableStream.locked');
    return this.#impl.writer !== undefined;
  }

  /**
   * Aborts the stream: drops its queue and calls the sink's `abort`. https://streams.spec.whatwg.org/#ws-abort
   *
   * @returns a promise that rejects with a TypeError when the stream is locked, or with the error of the sink's `abort`
   */
  abort(reason: unknown = undefined): Promise<void> {
    if (!(#impl in Object(this))) return promiseReject(illegalInvocation('WritableStream.abort'));
    if (this.#impl.writer !== undefined)
      return promiseReject(new TypeError('abort(): the WritableStream is locked; abort through its writer'));
    return abortWritable(this.#impl, reason);
  }

  /** Closes the stream once every queued chunk has been written. https://streams.spec.whatwg.org/#ws-close */
  close(): Promise<void> {
    if (!(#impl in Object(this))) return promiseReject(illegalInvocation('WritableStream.close'));
    if (this.#impl.writer !== undefined)
      return promiseReject(new TypeError('close(): the WritableStream is locked; close through its writer'));
    if (closeQueuedOrInFlight(this.#impl))
      return promiseReject(new TypeError('close(): the WritableStream is already closing'));
    return closeWritable(this.#impl);
  }

  /**
   * Locks the stream to a new writer. https://streams.spec.whatwg.org/#ws-get-writer
   *
   * @throws {TypeError} when the stream is locked
   */
  getWriter(): WritableStreamDefaultWriter<W> {
    if (!(#impl in Object(this))) throw illegalInvocation('WritableStream.getWriter');
    return new WritableStreamDefaultWriter(this);
  }
}

defineInterface(WritableStream, 'WritableStream');

defineNodeHooks(WritableStream.prototype, {
  implOf: writableImpl,
  kind: 'writable',
  fail: (stream, error) =>
    stream.transform === undefined ? errorWritable(stream, error) : stream.transform.error(error),
});
