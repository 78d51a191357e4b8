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
import type { Callback } from '../runtime/webidl.js';
import type { OnDiscard } from '../machines/discard.js';

interface Algorithms {
  abort?: Callback | undefined;
  close?: Callback | undefined;
  start?: Callback | undefined;
  write?: Callback | undefined;
  onDiscard?: OnDiscard | undefined;
}

/** The dictionary UnderlyingSink, members in the order of their names; then `onDiscard`, which is not the standard's. */
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

export class WritableStream<W = unknown> {
  #impl: WritableImpl;

  static {
    setWritableBrand((value) =>
      typeof value === 'object' && value !== null && #impl in value ? value.#impl : undefined,
    );
  }

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
    impl.controller = new WritableStreamDefaultController(INTERNAL, impl);
    impl.onDrop = dropper(onDiscard);
    this.#impl = impl;
    afterWritableStart(impl, start && functionBind(start, sink)(impl.controller));
  }

  get locked(): boolean {
    if (!(#impl in Object(this))) throw illegalInvocation('WritableStream.locked');
    return this.#impl.writer !== undefined;
  }

  abort(reason: unknown = undefined): Promise<undefined> {
    if (!(#impl in Object(this))) return promiseReject(illegalInvocation('WritableStream.abort'));
    if (this.#impl.writer !== undefined)
      return promiseReject(new TypeError('abort(): the WritableStream is locked; abort through its writer'));
    return abortWritable(this.#impl, reason);
  }

  close(): Promise<undefined> {
    if (!(#impl in Object(this))) return promiseReject(illegalInvocation('WritableStream.close'));
    if (this.#impl.writer !== undefined)
      return promiseReject(new TypeError('close(): the WritableStream is locked; close through its writer'));
    if (closeQueuedOrInFlight(this.#impl))
      return promiseReject(new TypeError('close(): the WritableStream is already closing'));
    return closeWritable(this.#impl);
  }

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
