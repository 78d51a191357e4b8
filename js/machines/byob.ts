/**
 * Reads into the page's buffers, and what answers them: the operations of https://streams.spec.whatwg.org/#rbs-controller-abstract-ops about
 * pull-into descriptors.
 */
import { transferArrayBuffer } from '../runtime/buffers.js';
import { broken, repair } from '../runtime/broken.js';
import { core } from '../core/module.js';
import {
  B_ABANDONED,
  B_ANSWER_CLOSED,
  B_COPY,
  B_FILLED,
  B_INSUFFICIENT,
  B_REMAINDER,
  R_CALL_PULL,
  R_CHUNK,
  R_CLOSE,
  R_PENDING,
  STALE,
} from '../core/effects.js';
import { Fifo } from '../runtime/fifo.js';
import { promiseResolve, resolved } from '../runtime/intrinsics.js';
import {
  fulfillViews,
  INSUFFICIENT_BYTES,
  invalidateByobRequest,
  makeCopies,
  queueAbandoned,
  queueClone,
} from './byte-readable.js';
import { throwRefusal } from './pull-into.js';
import { applyReadable, callPull, CLOSED, errorStream } from './readable.js';
import { PromiseReadIntoRequest } from './reader.js';
import type { ByteReadableEffects } from '../core/effects.js';
import type { ViewParts } from '../runtime/buffers.js';
import type { ByteReadableImpl } from './byte-readable.js';
import type { ReadableLock, ReadRequest } from './parts.js';
import type { PullInto } from './pull-into.js';
import type { ReadResult } from './reader.js';

/** https://streams.spec.whatwg.org/#readable-byte-stream-controller-respond */
export function respond(stream: ByteReadableImpl, bytesWritten: number): void {
  try {
    const effects = core.byte_readable_respond(stream.id, bytesWritten);
    throwRefusal(effects, 'respond()');
    if (effects & STALE) return;
    invalidateByobRequest(stream);
    stream.pendingPullIntos.peek().claim();
    finishRespond(stream, effects);
  } catch (error) {
    if (error === broken.expected) throw error;
    const { list, length } = broken;
    list[length] = stream;
    list[length + 1] = stream.id;
    list[length + 2] = error;
    list[length + 3] = undefined;
    broken.length = length + 4;
    stream.id = 0;
    resolved.react(repair);
    throw error;
  }
}

/** https://streams.spec.whatwg.org/#readable-byte-stream-controller-respond-with-new-view, a view of the page's. */
export function respondWithNewView(
  stream: ByteReadableImpl,
  { buffer, bufferByteLength, byteOffset, byteLength }: ViewParts,
): void {
  const refusal = core.byte_readable_check_respond_with_view(stream.id, bufferByteLength, byteOffset, byteLength);
  throwRefusal(refusal, 'respondWithNewView()');
  if (refusal & STALE) return;
  respondWithBuffer(stream, transferArrayBuffer(buffer), byteLength);
}

/** The same, already checked, with a buffer that the page cannot reach. */
export function respondWithBuffer(stream: ByteReadableImpl, buffer: ArrayBuffer, byteLength: number): void {
  try {
    const effects = core.byte_readable_respond(stream.id, byteLength);
    if (effects & STALE) return;
    const first = stream.pendingPullIntos.peek();
    first.buffer = buffer;
    first.exposed = false;
    invalidateByobRequest(stream);
    finishRespond(stream, effects);
  } catch (error) {
    if (error === broken.expected) throw error;
    const { list, length } = broken;
    list[length] = stream;
    list[length + 1] = stream.id;
    list[length + 2] = error;
    list[length + 3] = undefined;
    broken.length = length + 4;
    stream.id = 0;
    resolved.react(repair);
    throw error;
  }
}

/** https://streams.spec.whatwg.org/#readable-byte-stream-controller-respond-internal */
function finishRespond(stream: ByteReadableImpl, effects: ByteReadableEffects): void {
  if (stream.state === CLOSED) {
    answerClosed(stream, effects);
    return;
  }
  const views = new Fifo<ArrayBufferView>();
  if (effects & B_ABANDONED) queueAbandoned(stream);
  if (effects & B_FILLED) {
    const first = stream.pendingPullIntos.shift();
    first.filled = core.byte_readable_filled();
    if (effects & B_REMAINDER)
      queueClone(stream, first.buffer, first.byteOffset + first.filled, core.byte_readable_remainder());
    views.push(first.view());
  }
  if (effects & B_COPY) makeCopies(stream, undefined, views);
  try {
    fulfillViews(stream.reader, views);
  } finally {
    if (effects & R_CALL_PULL) callPull(stream);
  }
}

function answerClosed(stream: ByteReadableImpl, effects: ByteReadableEffects): void {
  const pending = stream.pendingPullIntos;
  if (effects & B_ABANDONED) pending.shift();
  if (effects & B_ANSWER_CLOSED) {
    const views = new Fifo<ArrayBufferView>();
    pending.peek().filled = core.byte_readable_filled();
    while (pending.length > 0) views.push(pending.shift().view());
    stream.reader!.answerClosed!(views);
  }
  if (pending.length === 0) stream.forgetSlot();
}

function beginPullInto(stream: ByteReadableImpl, descriptor: PullInto, minimumFill: number): ByteReadableEffects {
  const { bufferByteLength, byteOffset, byteLength, type } = descriptor;
  return core.byte_readable_pull_into(
    stream.id,
    bufferByteLength,
    byteOffset,
    byteLength,
    minimumFill,
    type.elementSize,
  );
}

/** The answer of a read into `descriptor` that the queue has filled. */
function finishFilled(stream: ByteReadableImpl, descriptor: PullInto, effects: ByteReadableEffects): ArrayBufferView {
  makeCopies(stream, descriptor, undefined);
  const view = descriptor.view();
  if (effects & (R_CLOSE | R_CALL_PULL)) applyReadable(stream, effects);
  return view;
}

function finishPullInto(
  stream: ByteReadableImpl,
  reader: ReadableLock,
  descriptor: PullInto,
  request: ReadRequest,
  effects: ByteReadableEffects,
): void {
  if (effects & R_PENDING) {
    if (effects & B_COPY) makeCopies(stream, descriptor, undefined);
    stream.addPullInto(descriptor);
    reader.addRequest(request);
    if (effects & R_CALL_PULL) callPull(stream);
  } else if (effects & B_INSUFFICIENT) {
    const error = new TypeError(`read(): the stream is closing. ${INSUFFICIENT_BYTES}`);
    errorStream(stream, error);
    request.errorSteps(error);
  } else {
    request.closeSteps(descriptor.view());
  }
}

/**
 * https://streams.spec.whatwg.org/#readable-byte-stream-controller-pull-into of a stream that is not errored;
 * `descriptor` has a buffer the page does not have, `minimumFill` is in bytes.
 */
export function pullInto(
  stream: ByteReadableImpl,
  reader: ReadableLock,
  descriptor: PullInto,
  minimumFill: number,
  request: ReadRequest,
): void {
  try {
    const effects = beginPullInto(stream, descriptor, minimumFill);
    if (effects & R_CHUNK) {
      request.chunkSteps(finishFilled(stream, descriptor, effects));
    } else {
      finishPullInto(stream, reader, descriptor, request, effects);
    }
  } catch (error) {
    const { list, length } = broken;
    list[length] = stream;
    list[length + 1] = stream.id;
    list[length + 2] = error;
    list[length + 3] = undefined;
    broken.length = length + 4;
    stream.id = 0;
    resolved.react(repair);
    throw error;
  }
}

/**
 * The promise of a BYOB reader's `read()` of a stream that is not errored; the answer of a queue that has enough needs
 * no request.
 */
export function readInto(
  stream: ByteReadableImpl,
  reader: ReadableLock,
  descriptor: PullInto,
  minimumFill: number,
): Promise<ReadResult> {
  try {
    stream.disturbed = true;
    const effects = beginPullInto(stream, descriptor, minimumFill);
    if (effects & R_CHUNK) return promiseResolve({ value: finishFilled(stream, descriptor, effects), done: false });
    const request = new PromiseReadIntoRequest();
    finishPullInto(stream, reader, descriptor, request, effects);
    return request.promise();
  } catch (error) {
    const { list, length } = broken;
    list[length] = stream;
    list[length + 1] = stream.id;
    list[length + 2] = error;
    list[length + 3] = undefined;
    broken.length = length + 4;
    stream.id = 0;
    resolved.react(repair);
    throw error;
  }
}
