/**
 * Streams to another thread or frame: https://streams.spec.whatwg.org/#transferrable-streams with functions of our own,
 * as only the engine's classes can be listed in a `postMessage`. Chunks go over a MessagePort, one for each direction,
 * and no more of them than the receiving side has asked for.
 */
import { readableImpl, writableImpl } from '../bridge/brands.js';
import { convertAbortSignal, INTERNAL } from '../runtime/webidl.js';
import { markHandled } from '../runtime/intrinsics.js';
import { pipeAtOnce, pipeTo } from '../machines/pipe.js';
import { fromNative } from '../native/convert.js';
import { describe } from '../values/describe.js';
import { requireCount } from '../values/require.js';
import { isReadableStreamLike, isWritableStreamLike } from '../bridge/kinds.js';
import { lockName } from './presence.js';
import { readableEnd } from './readable-end.js';
import { closePort, dataCloneError, isPort, newChannel, requireErrors } from './wire.js';
import { writableEnd } from './writable-end.js';
import { TransformStream } from '../streams/transform-stream.js';

const READABLE = 'tidegate.ReadableStream';
const WRITABLE = 'tidegate.WritableStream';
const TRANSFORM = 'tidegate.TransformStream';

const received = new WeakSet();

/**
 * @typedef {boolean | ((chunk: any) => Transferable[])} TransferChunks
 * @typedef {'all' | 'message' | 'none'} Errors what the other side is told of a failure
 */

/**
 * Gives a stream away. It is locked from now on; what is left of it runs where `receive(handle)` is called.
 *
 * @param stream a readable stream, a writable stream or a `{ readable, writable }` pair such as a `TransformStream`, ours
 *   or the engine's, not locked
 * @param {{ transferChunks?: TransferChunks, highWaterMark?: number, signal?: AbortSignal, errors?: Errors }} [options]
 *   `transferChunks`: move buffers rather than copy them (false); `highWaterMark`: of a writable stream, how many chunks
 *   may be under way to it (0: one is asked for when the one before has been taken); `signal`: ends the
 *   stream on both sides when it is aborted, with its reason
 * @returns {{ handle: any, transfer: Transferable[] }} `handle` goes anywhere into a message, `transfer` into its transfer list
 * @throws {DOMException} DataCloneError, where the stream is locked
 * @throws {TypeError} where it is no stream
 */
export function transfer(stream, options = {}) {
  requireErrors(options.errors, 'transfer');
  requireHighWaterMark(options.highWaterMark, 'transfer');
  convertAbortSignal(options.signal, 'transfer()');
  const prepared = prepareTransfer(stream, options);
  prepared.commit();
  return { handle: prepared.handle, transfer: prepared.ports };
}

const requireHighWaterMark = (value = 0, caller) => requireCount(value, `${caller}(): highWaterMark`, 0, true);

/**
 * The stream that was given away as `handle`. Each handle can be received once.
 *
 * @param handle as it came out of the message
 * @param {{ highWaterMark?: number, transferChunks?: TransferChunks, errors?: Errors }} [options] `highWaterMark`: of a readable stream, how
 *   many chunks it may hold here before they are read (0); `transferChunks`: of a writable stream, whether to move buffers rather
 *   than copy them (as the sender said)
 * @returns a ReadableStream, a WritableStream or a TransformStream of tidegate's
 * @throws {TypeError} where `handle` is none, or has been received already
 */
export function receive(handle, options = {}) {
  requireErrors(options.errors, 'receive');
  requireHighWaterMark(options.highWaterMark, 'receive');
  return receiveTransfer(handle, { ...options, watch: true });
}

/**
 * What `transfer` does, in two steps: nothing has happened to `stream` until `commit()`, which must be called in the
 * same task, or `giveBack()`, where the handle was not sent: Node keeps the ports of a channel that nobody closes. `watch`: whether streams end with an error when the other side is gone.
 *
 * @param {any} stream
 * @param {{ transferChunks?: TransferChunks, highWaterMark?: number, signal?: AbortSignal, errors?: Errors, watch?: boolean }} options
 */
export function prepareTransfer(
  stream,
  { transferChunks = false, highWaterMark = 0, signal, errors, watch = true } = {},
) {
  const settings = { transferChunks, highWaterMark, signal, errors, watch };
  if (isReadableStreamLike(stream)) return prepareReadable(stream, settings);
  if (isWritableStreamLike(stream)) return prepareWritable(stream, settings);
  const { readable, writable } = stream ?? {};
  if (!isReadableStreamLike(readable) || !isWritableStreamLike(writable)) {
    throw new TypeError(
      `transfer(): expected a stream or a { readable, writable } pair of them; got ${describe(stream)}`,
    );
  }
  // Both before a channel is made, which somebody would have to close.
  unlocked(readable, 'ReadableStream');
  unlocked(writable, 'WritableStream');
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

function unlocked(stream, name) {
  if (stream.locked) throw dataCloneError(`A ${name} that is locked cannot be transferred`);
}

/** Where a worker ends right after its message, what it has said on the port may be lost. */
function lockOf(watch) {
  const lock = watch ? lockName() : undefined;
  return lock === undefined ? undefined : { lock };
}

function prepareReadable(stream, { transferChunks, signal, errors, watch }) {
  unlocked(stream, 'ReadableStream');
  const { port1, port2 } = newChannel();
  return {
    handle: { type: READABLE, port: port2, ...lockOf(watch) },
    ports: [port2],
    giveBack: () => closePort(port1),
    commit() {
      const source = readableImpl(fromNative(stream));
      const destination = writableImpl(writableEnd(port1, { transferChunks, signal, errors, watch }));
      markHandled(signal === undefined ? pipeAtOnce(source, destination) : pipeTo(source, destination, 0, signal));
    },
  };
}

function prepareWritable(stream, { transferChunks, highWaterMark, signal, errors, watch }) {
  unlocked(stream, 'WritableStream');
  const { port1, port2 } = newChannel();
  return {
    handle: { type: WRITABLE, port: port2, transferChunks: transferChunks !== false, ...lockOf(watch) },
    ports: [port2],
    giveBack: () => closePort(port1),
    commit: () =>
      markHandled(readableEnd(port1, { highWaterMark, errors, watch }).pipeTo(fromNative(stream), { signal })),
  };
}

/** Whether `value` is a handle as it comes out of a message. */
export function isHandle(value) {
  if (value?.type === TRANSFORM) return isEnd(value.readable, READABLE) && isEnd(value.writable, WRITABLE);
  return isEnd(value, READABLE) || isEnd(value, WRITABLE);
}

const isEnd = (value, type) => value?.type === type && isPort(value.port);

/**
 * `receive`, and `watch` as in `prepareTransfer`.
 *
 * @param {any} handle
 * @param {{ transferChunks?: TransferChunks, highWaterMark?: number, errors?: Errors, watch: boolean }} options
 */
export function receiveTransfer(handle, { highWaterMark = 0, transferChunks, errors, watch }) {
  if (!isHandle(handle))
    throw new TypeError(`receive(): expected a handle made by transfer(); got ${describe(handle)}`);
  if (handle.type === TRANSFORM) {
    const ends = { readable: receiveTransfer(handle.readable, { highWaterMark, errors, watch }), writable: undefined };
    ends.writable = receiveTransfer(handle.writable, { transferChunks, errors, watch });
    return new TransformStream(INTERNAL, ends);
  }
  const { type, port, lock } = handle;
  if (received.has(port)) throw new TypeError('receive(): this handle has been received already');
  received.add(port);
  if (type === READABLE) return readableEnd(port, { highWaterMark, errors, watch, lock });
  return writableEnd(port, { transferChunks: transferChunks ?? handle.transferChunks === true, errors, watch, lock });
}
