/**
 * Byte streams: the buffers that belong to one id of the core, and the operations of
 * https://streams.spec.whatwg.org/#rbs-controller-abstract-ops on them.
 *
 * A buffer is transferred only where the standard makes that visible: when the page passes it in, and when the page can
 * still reach it through the view of a byobRequest. A buffer that only this file knows is passed out without a
 * transfer.
 */
import {
  allocateBuffer,
  bytesOf,
  cloneBytes,
  copyBytes,
  isDetachedBuffer,
  rest,
  transferArrayBuffer,
} from '../runtime/buffers.js';
import { broken, repair, tellOfCrash } from '../runtime/broken.js';
import { core } from '../core/module.js';
import {
  AUTO_ALLOCATE,
  B_ABANDONED,
  B_ALLOCATE,
  B_ANSWER,
  B_COPY,
  B_DROP_PULL_INTO,
  B_INSUFFICIENT,
  B_PARTIAL,
  COPY_ENTRY_DONE,
  COPY_FILLED,
  NO_PULL,
  R_CALL_PULL,
  R_CHUNK,
  R_CLOSE,
  R_FULFILL,
  R_QUEUED,
  REFUSED,
  STALE,
} from '../core/effects.js';
import { Fifo } from '../runtime/fifo.js';
import { isolate, resolved } from '../runtime/intrinsics.js';
import { Owners } from '../core/owners.js';
import { BYTES, ByobRequestImpl, PullInto } from './pull-into.js';
import { tellObservers } from './observers.js';
import { applyReadable, callPull, CLOSED, closeStream, ERRORED, errorStream, READABLE } from './readable.js';
import type { ByteReadableEffects, ReadableEffects } from '../core/effects.js';
import type { ViewParts } from '../runtime/buffers.js';
import type { ReadableLock, ReadablePart, ReadRequest } from './parts.js';

const owners = new Owners((id) => core.byte_readable_free(id));

export const INSUFFICIENT_BYTES = 'The bytes do not make up whole elements of the view that is read into';

/** The initial value of both lists of a stream. Nothing is ever added to it. */
const NONE = new Fifo<never>();

/** A stream with a byte controller. `pull` and `cancel` are bound functions or undefined. */
export class ByteReadableImpl implements ReadablePart {
  declare id: number;
  declare state: 0 | 1 | 2;
  declare storedError: unknown;
  declare reader: ReadableLock | undefined;
  declare disturbed: boolean;
  declare queue: Fifo<Uint8Array<ArrayBuffer>> | undefined;
  declare pendingPullIntos: Fifo<PullInto>;
  declare byobRequest: ByobRequestImpl | null;
  declare autoAllocateChunkSize: number | undefined;
  declare pull: (() => unknown) | undefined;
  declare cancel: ((reason: unknown) => unknown) | undefined;
  declare controller: unknown;
  declare onPulled: (() => void) | undefined;
  declare onPullFailed: ((error: unknown) => void) | undefined;
  declare onDrop: undefined;

  constructor(
    highWaterMark: number,
    autoAllocateChunkSize: number | undefined,
    pull: (() => unknown) | undefined,
    cancel: ((reason: unknown) => unknown) | undefined,
  ) {
    this.state = READABLE;
    this.storedError = undefined;
    this.reader = undefined;
    /** [[disturbed]] */
    this.disturbed = false;
    /** Uint8Arrays; how much of the first one has been read is the core's. */
    this.queue = NONE;
    this.pendingPullIntos = NONE;
    this.byobRequest = null;
    this.autoAllocateChunkSize = autoAllocateChunkSize;
    this.pull = pull;
    this.cancel = cancel;
    this.controller = undefined;
    this.id = core.byte_readable_new(
      highWaterMark,
      (pull === undefined ? NO_PULL : 0) | (autoAllocateChunkSize === undefined ? 0 : AUTO_ALLOCATE),
    );
    if (this.id === 0) throw new RangeError('ReadableStream: too many live streams; close or cancel some');
    owners.add(this, this.id);
  }

  get isByteStream(): boolean {
    return true;
  }

  /** No transform stream has a byte stream for its readable side. */
  get transform(): undefined {
    return undefined;
  }

  /** Report: the start algorithm fulfilled. */
  reportStarted(): ReadableEffects {
    return core.byte_readable_started(this.id);
  }

  /** Report: the pull algorithm's promise fulfilled. */
  reportPulled(): ReadableEffects {
    return core.byte_readable_pull_settled(this.id);
  }

  /** Ends the machine, as the stream errors or is cancelled. */
  endSlot(): void {
    core.byte_readable_end(this.id);
  }

  /** [[PullSteps]]: `reader` is the lock that `request` belongs to. */
  pullSteps(reader: ReadableLock, request: ReadRequest): void {
    try {
      const effects = core.byte_readable_read(this.id);
      if (effects & R_CHUNK) {
        const chunk = takeEntry(this, effects);
        if (effects & (R_CLOSE | R_CALL_PULL)) applyReadable(this, effects);
        request.chunkSteps(chunk);
      } else {
        waitForChunk(this, reader, request, effects);
      }
    } catch (error) {
      const { list, length } = broken;
      list[length] = this;
      list[length + 1] = this.id;
      list[length + 2] = error;
      list[length + 3] = undefined;
      broken.length = length + 4;
      this.id = 0;
      resolved.react(repair);
      throw error;
    }
  }

  addEntry(entry: Uint8Array<ArrayBuffer>): void {
    if (this.queue === NONE) this.queue = new Fifo();
    this.queue!.push(entry);
  }

  addPullInto(descriptor: PullInto): void {
    if (this.pendingPullIntos === NONE) this.pendingPullIntos = new Fifo();
    this.pendingPullIntos.push(descriptor);
  }

  /** What [[CancelSteps]] of the controller does before it calls the source's `cancel`. */
  cancelSteps(): void {
    if (this.reader?.isByob) this.reader.closeRequests!();
    clearPendingPullIntos(this);
    this.queue = undefined;
  }

  /** [[ReleaseSteps]] */
  releaseSteps(): void {
    core.byte_readable_release(this.id);
    const pending = this.pendingPullIntos;
    if (pending.length > 1) {
      const first = pending.shift();
      this.pendingPullIntos = NONE;
      this.addPullInto(first);
    }
  }

  /** See broken.js. */
  crash(error: unknown): void {
    const { cancel } = this;
    this.endSlot();
    if (this.state === READABLE) {
      this.state = ERRORED;
      this.storedError = error;
    }
    clearPendingPullIntos(this);
    this.queue = undefined;
    this.clear();
    this.reader?.crash(error);
    tellObservers(this);
    tellOfCrash(cancel, error);
  }

  /** The machine has ended, and its slot may belong to another one. */
  forgetSlot(): void {
    this.id = 0;
    owners.drop(this);
  }

  /**
   * Drops what only a live stream needs. The machine of a closed stream stays alive while reads into buffers are
   * pending.
   */
  clear(): void {
    this.pull = undefined;
    this.cancel = undefined;
    if (this.state === ERRORED) clearPendingPullIntos(this);
    if (this.pendingPullIntos.length === 0) this.forgetSlot();
  }
}

isolate(ByteReadableImpl);

/** https://streams.spec.whatwg.org/#readable-byte-stream-controller-clear-pending-pull-intos */
function clearPendingPullIntos(stream: ByteReadableImpl): void {
  invalidateByobRequest(stream);
  stream.pendingPullIntos = NONE;
}

/** https://streams.spec.whatwg.org/#readable-byte-stream-controller-invalidate-byob-request */
export function invalidateByobRequest(stream: ByteReadableImpl): void {
  const request = stream.byobRequest;
  if (request === null) return;
  request.stream = undefined;
  request.descriptor = undefined;
  request.made = undefined;
  stream.byobRequest = null;
}

/** https://streams.spec.whatwg.org/#readable-byte-stream-controller-get-byob-request; null where there is none. */
export function getByobRequest(stream: ByteReadableImpl): ByobRequestImpl | null {
  if (stream.byobRequest === null && stream.pendingPullIntos.length > 0) {
    stream.byobRequest = new ByobRequestImpl(
      stream,
      stream.pendingPullIntos.peek(),
      core.byte_readable_head_filled(stream.id),
    );
  }
  return stream.byobRequest;
}

/** The queue's first entry, or what is left of it. */
function takeEntry(stream: ByteReadableImpl, effects: ByteReadableEffects): Uint8Array<ArrayBuffer> {
  const entry = stream.queue!.shift();
  return effects & B_PARTIAL ? rest(entry, core.byte_readable_entry_offset()) : entry;
}

/** A default reader's read for which nothing is queued. */
function waitForChunk(
  stream: ByteReadableImpl,
  reader: ReadableLock,
  request: ReadRequest,
  answer: ByteReadableEffects,
): void {
  let effects = answer;
  if (effects & B_ALLOCATE) {
    const size = stream.autoAllocateChunkSize!;
    let buffer: ArrayBuffer;
    try {
      buffer = allocateBuffer(size);
    } catch (error) {
      request.errorSteps(error);
      return;
    }
    effects = core.byte_readable_read_allocated(stream.id, size);
    stream.addPullInto(new PullInto(buffer, size, 0, size, BYTES));
  }
  reader.addRequest(request);
  if (effects & R_CALL_PULL) callPull(stream);
}

/** Appends a copy of bytes of `buffer` to the queue. Errors the stream if there is no memory for it. */
export function queueClone(stream: ByteReadableImpl, buffer: ArrayBuffer, byteOffset: number, length: number): void {
  try {
    stream.addEntry(cloneBytes(buffer, byteOffset, length));
  } catch (error) {
    errorStream(stream, error);
    throw (broken.expected = error);
  }
}

/** https://streams.spec.whatwg.org/#readable-byte-stream-controller-enqueue-detached-pull-into-to-queue */
export function queueAbandoned(stream: ByteReadableImpl): void {
  const { buffer, byteOffset } = stream.pendingPullIntos.shift();
  const filled = core.byte_readable_filled();
  if (filled > 0) queueClone(stream, buffer, byteOffset, filled);
}

/** Makes the copies of the plan into `into`, or into the pending descriptors; those that are complete go to `views`. */
export function makeCopies(
  stream: ByteReadableImpl,
  into: PullInto | undefined,
  views: Fifo<ArrayBufferView> | undefined,
): void {
  const { queue, pendingPullIntos } = stream;
  let step;
  while ((step = core.byte_readable_next_copy()) !== 0) {
    const descriptor = into === undefined ? pendingPullIntos.peek() : into;
    const to = core.byte_readable_copy_to();
    const length = core.byte_readable_copy_length();
    copyBytes(descriptor.buffer, descriptor.byteOffset + to, queue!.peek(), core.byte_readable_copy_from(), length);
    if (step & COPY_ENTRY_DONE) queue!.shift();
    if (step & COPY_FILLED) {
      descriptor.filled = to + length;
      if (into === undefined) views!.push(pendingPullIntos.shift().view());
    }
  }
}

/** Answers as many requests as there are views. */
export function fulfillViews(reader: ReadableLock | undefined, views: Fifo<ArrayBufferView>): void {
  if (views.length === 1) reader!.fulfill(views.shift());
  else if (views.length > 1) reader!.fulfillAll!(views);
}

/** Whether the stream is readable and not closing. */
export function canCloseOrEnqueueBytes(stream: ByteReadableImpl): boolean {
  return core.byte_readable_can_close_or_enqueue(stream.id);
}

/**
 * https://streams.spec.whatwg.org/#readable-byte-stream-controller-enqueue of a view of the page's that is not empty,
 * to a stream that is readable and not closing.
 */
export function enqueueView(stream: ByteReadableImpl, { buffer, byteOffset, byteLength }: ViewParts): void {
  enqueueEntry(stream, bytesOf(transferArrayBuffer(buffer), byteOffset, byteLength), byteLength);
}

/**
 * The same for `entry`, a Uint8Array over a buffer that the page cannot reach. Does nothing if the stream has ended.
 */
export function enqueueEntry(stream: ByteReadableImpl, entry: Uint8Array<ArrayBuffer>, byteLength: number): void {
  if (stream.state !== READABLE) return;
  try {
    if (stream.pendingPullIntos.length > 0) {
      const first = stream.pendingPullIntos.peek();
      if (first.exposed && isDetachedBuffer(first.buffer)) {
        throw (broken.expected = new TypeError(
          'enqueue(): the buffer of the pending byobRequest is detached, so it cannot be filled',
        ));
      }
      invalidateByobRequest(stream);
      first.claim();
    }
    const effects = core.byte_readable_enqueue(stream.id, byteLength);
    if ((effects & (B_ABANDONED | B_ANSWER | B_COPY)) === 0) {
      if (effects & B_DROP_PULL_INTO) stream.pendingPullIntos.shift();
      if (effects & R_QUEUED) stream.addEntry(entry);
      else if (effects & R_FULFILL) stream.reader!.fulfill(entry);
    } else {
      const views = new Fifo<ArrayBufferView>();
      if (effects & B_ABANDONED) queueAbandoned(stream);
      if (effects & B_ANSWER) {
        for (let left = core.byte_readable_answers(); left > 0; left--) views.push(takeEntry(stream, effects));
      }
      if (effects & B_DROP_PULL_INTO) stream.pendingPullIntos.shift();
      if (effects & R_QUEUED) stream.addEntry(entry);
      if (effects & B_COPY) makeCopies(stream, undefined, views);
      if (effects & R_FULFILL) views.push(entry);
      fulfillViews(stream.reader, views);
    }
    if (effects & R_CALL_PULL) callPull(stream);
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

/** https://streams.spec.whatwg.org/#readable-byte-stream-controller-close; false where the stream is closing or has ended. */
export function closeBytes(stream: ByteReadableImpl): boolean {
  try {
    const effects = core.byte_readable_close(stream.id);
    if (effects & B_INSUFFICIENT) {
      const error = new TypeError(`close(): ${INSUFFICIENT_BYTES}`);
      errorStream(stream, error);
      throw (broken.expected = error);
    }
    if (effects & R_CLOSE) closeStream(stream);
    return (effects & (REFUSED | STALE)) === 0;
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

/** https://streams.spec.whatwg.org/#readable-byte-stream-controller-get-desired-size */
export function byteDesiredSize(stream: ByteReadableImpl): number | null {
  if (stream.state === ERRORED) return null;
  if (stream.state === CLOSED) return 0;
  return core.byte_readable_desired_size(stream.id);
}
