/**
 * The two bridges between one implementation of the Streams Standard and another. They know nothing of which side is
 * tidegate's: `bridgeReadable(source, Target)` gives a `Target` that reads from `source`, `bridgeWritable(sink,
 * Target)` one that writes to `sink`. Both lock the far stream while the near one lives and unlock it when that one is
 * done.
 *
 * Invariants:
 * 1. A bridge for reading queues nothing: its high-water mark is 0 and it reads once for each chunk that was asked of
 *    it.
 * 2. A bridge for writing holds at most the one chunk it was given while the far side said "wait".
 * 3. Reasons and errors cross as they are, never wrapped; chunks too, but that a short read of a byte stream is copied.
 * 4. The end of the far side is seen when it happens, not at the next read or write.
 */

import { drop } from '../machines/discard.js';
import { watch } from '../runtime/watch.js';
import { writableImpl } from './brands.js';
import type {
  AnyReader,
  ByobRequestLike,
  ByteControllerLike,
  Lockable,
  ReadableControllerLike,
  ReadResult,
  WritableControllerLike,
  WritableStreamLike,
  WriterLike,
} from './shapes.js';

/** What the owner of a bridge can do with it, besides using its near stream. */
export interface Bridge {
  /** The stream that the near one stands for. */
  readonly far: object;
  /**
   * Releases `far`: unlocks it and leaves it open. Does nothing if the near stream has ended. Chunks that the near
   * stream has queued, or that are on their way to it, are lost, so a pipe that writes to the near stream awaits
   * `landed()` first.
   */
  release(): void;
  /**
   * Resolves when `far` has written every chunk that it received, and rejects if a write failed. Undefined: no chunk is
   * on its way.
   */
  landed(): Promise<unknown> | undefined | void;
  /** Of a bridge for writing: whether other code has closed `far`. */
  readonly wasClosed?: boolean;
}

/** An underlying source, of either kind. */
interface Source {
  type: 'bytes' | undefined;
  // A bridge knows which kind of controller it gets: `type` says it.
  start(controller: never): void;
  pull(controller: never): Promise<void> | undefined | void;
  cancel(reason: unknown): unknown;
}

interface Sink {
  start(controller: WritableControllerLike): void;
  write(chunk: unknown): unknown;
  close(): Promise<unknown>;
  abort(reason: unknown): Promise<unknown>;
}

/** A class of readable streams, ours or the engine's; of writable ones. */
export type ReadableClass<Near extends object> = new (
  // Each implementation has types of its own for these two, which all describe the same objects.
  source: never,
  strategy: never,
) => Near;
export type WritableClass<Near extends object> = ReadableClass<Near>;

/** Near stream to bridge. */
const bridges = new WeakMap<object, Bridge | undefined>();

/** Makes `bridge` what is behind `stream`. */
export const registerBridge = (stream: object, bridge: Bridge | undefined) => void bridges.set(stream, bridge);

/** The bridge behind `stream`, or undefined when `stream` is no bridge's near side. */
export const bridgeOf = (stream: object) => bridges.get(stream);

const ignore = () => {};

/**
 * The most bytes in a chunk when the consumer brings no buffer. A default reader gives whatever has arrived, which of a
 * fetch body can be megabytes: from the first chunk of more than this on, reads ask for this much. A quarter of it
 * makes a forwarded body a fifth slower in Chromium, twice as much is no faster.
 */
const READ_SIZE = 262144;

const zeroHighWaterMark = { highWaterMark: 0 };
const oneChunk = { highWaterMark: 1 };

/**
 * A `Target` readable stream over `source`. Where `bytes` is true and `source` is a byte stream the result is one as
 * well: a BYOB read of the near stream reads into the same buffer.
 * `onError(error)` is called when `source` fails, before the near stream does.
 */
export function bridgeReadable<Near extends object>(
  source: Lockable,
  Target: ReadableClass<Near>,
  { bytes = false, onError = ignore }: { bytes?: boolean; onError?: ((error: unknown) => void) | undefined } = {},
): Near {
  const type = bytes && isByteStream(source) ? 'bytes' : undefined;
  const Bridge = type ? ByteBridge : ReadableBridge;
  const bridge = new Bridge(source, onError);
  const near = new Target(sourceOf(bridge, type) as never, zeroHighWaterMark as never);
  bridges.set(near, bridge);
  if (watch.bridged !== undefined) watch.bridged(near, source);
  return near;
}

const byob = { mode: 'byob' } as const;

function isByteStream(source: Lockable): boolean {
  try {
    source.getReader(byob).releaseLock();
    return true;
  } catch {
    return false; // or an engine without them
  }
}

const sourceOf = (bridge: ReadableBridge, type: 'bytes' | undefined): Source => ({
  type,
  start: (controller) => bridge.start(controller),
  pull: (controller) => bridge.pull(controller),
  cancel: (reason) => bridge.cancel(reason),
});

/** @throws {TypeError} unless `result`, of a reader of another implementation, is an object */
function requireResult(result: ReadResult<unknown>): ReadResult<unknown> {
  if (typeof result === 'object' && result !== null) return result;
  throw new TypeError('read() of the reader returned a result that is not an object; return { value, done }');
}

class ReadableBridge implements Bridge {
  declare far: Lockable;
  /** Undefined once the far stream has been released. */
  declare reader: AnyReader | undefined;
  declare ended: boolean;
  declare reading: boolean;
  declare closing: boolean;
  /** Set by `start()`, which the constructor of the near stream calls. */
  declare controller: ReadableControllerLike | undefined;
  declare report: (error: unknown) => void;
  declare onRead: (result: ReadResult<unknown>) => void;
  declare onError: (error: unknown) => void;

  constructor(far: Lockable, onError: (error: unknown) => void) {
    this.far = far;
    this.reader = far.getReader();
    this.ended = false;
    this.reading = false;
    /** Whether the far side has closed behind the chunk that the read under way is to give. */
    this.closing = false;
    this.controller = undefined;
    this.report = onError;
    this.onRead = (result) => this.deliver(requireResult(result));
    this.onError = (error) => this.fail(error);
  }

  /** Watches for an end that no read reports. One that a read reports is that read's, as its chunk goes first. */
  start(controller: ReadableControllerLike): void {
    this.controller = controller;
    this.watch(this.reader!);
  }

  watch(reader: AnyReader): void {
    reader.closed.then(
      () => this.onClosed(),
      (error) => this.fail(error),
    );
  }

  onClosed(): void {
    if (this.reading) this.closing = true;
    else this.finish();
  }

  pull(controller: ReadableControllerLike): Promise<void>; // a bridge of bytes needs it
  pull(): Promise<void> {
    this.reading = true;
    return this.reader!.read().then(this.onRead, this.onError);
  }

  deliver({ done, value }: ReadResult<unknown>): void {
    this.reading = false;
    if (this.ended) {
      if (!done) this.discard(value);
      return;
    }
    if (!done) this.controller!.enqueue(value);
    if (done || this.closing) this.finish();
  }

  /**
   * Discards a chunk that arrived after the near stream ended. A stream of ours that has ended discards each chunk that
   * it refuses.
   */
  discard(chunk: unknown): void {
    try {
      this.controller!.enqueue(chunk);
    } catch {
      // It has ended, so it always refuses.
    }
  }

  finish(): void {
    if (this.ended) return;
    this.ended = true;
    this.controller!.close();
    this.unlock();
  }

  fail(error: unknown): void {
    this.reading = false;
    if (this.ended) return;
    this.ended = true;
    this.report(error);
    this.controller!.error(error);
    this.unlock();
  }

  cancel(reason: unknown): Promise<unknown> | undefined {
    if (this.ended) return undefined;
    this.ended = true;
    const cancelled = this.reader?.cancel(reason); // without a reader the far side has closed
    this.unlock();
    return cancelled;
  }

  unlock(): void {
    const { reader } = this;
    this.reader = undefined;
    reader?.releaseLock();
  }

  /** Gives `far` back, unlocked and as it is, and closes the near stream. For a pipe that has left `far` open. */
  release(): void {
    if (this.ended) return;
    this.ended = true;
    this.unlock();
    this.controller!.error(
      new TypeError('This stream is a bridge whose source was released to its owner; read the source itself'),
    );
  }

  /** Resolves when nothing that was read is still on its way: at once, as nothing is queued here. */
  landed(): undefined {
    return undefined;
  }
}

/**
 * Reads with a default reader, whose chunks cost no buffer and no copy, until the consumer brings a buffer or a chunk
 * is too large; from then on with a BYOB reader.
 *
 * A source of bytes that closes while it is asked to fill a buffer has to say `respond(0)` too, and one that was
 * written with default readers in mind does not: then the read is never answered. So when the far side has closed, its
 * lock is given up, which settles a read that is pending and leaves one that has its answer as it is.
 */
class ByteBridge extends ReadableBridge {
  fillsBuffers = false;
  /** A buffer to read into again, as what was read into it has been copied. */
  spare: ArrayBuffer | undefined = undefined;

  /** A reader that was exchanged for another tells only of its own release. */
  override watch(reader: AnyReader): void {
    reader.closed.then(
      () => {
        if (this.reader === reader) this.onClosed();
      },
      (error) => {
        if (this.reader === reader) this.fail(error);
      },
    );
  }

  override onClosed(): void {
    if (this.reading) this.unlock();
    else this.finish();
  }

  /** Between two reads. */
  fillBuffers(): void {
    if (this.fillsBuffers) return;
    this.fillsBuffers = true;
    const before = this.reader;
    before!.releaseLock();
    this.reader = this.far.getReader(byob);
    this.watch(this.reader);
  }

  override pull(controller: ByteControllerLike): Promise<void> {
    const request = controller.byobRequest;
    if (request !== null) {
      this.fillBuffers();
      this.reading = true;
      return this.pullInto(request);
    }
    this.reading = true;
    if (!this.fillsBuffers) return this.reader!.read().then(this.onRead, this.onError);
    const buffer = this.spare ?? new ArrayBuffer(READ_SIZE);
    this.spare = undefined;
    return this.reader!.read(new Uint8Array(buffer)).then(this.onRead, this.onError);
  }

  override deliver(result: ReadResult<unknown>): void {
    if (result.done || this.ended) super.deliver(result);
    else this.deliverBytes(result.value as Uint8Array<ArrayBuffer>); // a byte stream's chunk
    this.finishIfGivenUp();
  }

  /** A chunk that fills little of its buffer is copied, so that what is queued holds no more memory than it counts. */
  deliverBytes(value: Uint8Array<ArrayBuffer>): void {
    const { byteLength, buffer } = value;
    const isTooLarge = byteLength > READ_SIZE;
    const isCopied = isTooLarge || byteLength <= buffer.byteLength / 2;
    if (isCopied && this.fillsBuffers) this.spare = buffer;
    for (let at = 0; at < byteLength; at += READ_SIZE)
      super.deliver({ done: false, value: isCopied ? value.slice(at, at + READ_SIZE) : value });
    if (isTooLarge && this.reader !== undefined) this.fillBuffers();
  }

  /** Reads into the consumer's buffer. That moves it, so the answer is a new view of it. */
  pullInto(request: ByobRequestLike): Promise<void> {
    const { buffer, byteOffset, byteLength } = request.view!; // the request is still unanswered
    const size = buffer.byteLength;
    return this.reader!.read(new Uint8Array(buffer, byteOffset, byteLength)).then(
      (result) => this.answer(request, result),
      (error) => {
        const isGivenUp = this.reader === undefined && !this.ended;
        this.fail(error);
        // The consumer's buffer went to where no answer comes from: another takes its place.
        if (isGivenUp) request.respondWithNewView(new Uint8Array(new ArrayBuffer(size), byteOffset, 0));
      },
    );
  }

  answer(request: ByobRequestLike, { done, value }: ReadResult<unknown>): void {
    this.reading = false;
    if (this.ended) return;
    if (done) this.finish();
    // A stream that was cancelled gives no view back: then there is no request left to answer either.
    if (value !== undefined) request.respondWithNewView(value as Uint8Array<ArrayBuffer>);
    this.finishIfGivenUp();
  }

  finishIfGivenUp(): void {
    if (this.reader === undefined) this.finish();
  }

  override fail(error: unknown): void {
    if (this.reader === undefined) this.finish();
    else super.fail(error);
  }
}

/**
 * A `Target` writable stream over `sink`. A write of it settles when `sink` asks for more rather than when the chunk
 * has been written, so that the far queue is used up to its own high-water mark; `close()` settles when all has landed.
 * An abort reaches `sink` at once, even while a write is waiting; the signal that tells of it has an error of its own
 * for a reason that was left out, so `abortReasonOf(near)`, where `Target` allows that, gives the reason of an abort
 * that waits for a write.
 */
export function bridgeWritable<Near extends object>(
  sink: Pick<WritableStreamLike, 'getWriter'>,
  Target: WritableClass<Near>,
  abortReasonOf: ((near: Near) => unknown) | undefined = undefined,
): Near {
  const bridge: WritableBridge = new WritableBridge(sink, abortReasonOf && (() => abortReasonOf(near)));
  const near: Near = new Target(
    {
      start: (controller) => bridge.start(controller),
      write: (chunk) => bridge.write(chunk),
      close: () => bridge.close(),
      abort: (reason) => bridge.abort(reason),
    } satisfies Sink as never,
    oneChunk as never,
  );
  bridge.near = near;
  bridges.set(near, bridge);
  return near;
}

class WritableBridge implements Bridge {
  declare far: Pick<WritableStreamLike, 'getWriter'>;
  declare near: object | undefined;
  declare writer: WriterLike;
  declare abortReason: (() => unknown) | undefined;
  declare ended: boolean;
  declare closing: boolean;
  declare wasClosed: boolean;
  declare writing: boolean;
  declare aborted: { promise: Promise<unknown> } | undefined;
  declare lastWrite: Promise<unknown> | undefined;

  constructor(far: Pick<WritableStreamLike, 'getWriter'>, abortReason: (() => unknown) | undefined) {
    this.far = far;
    this.near = undefined;
    this.writer = far.getWriter();
    this.abortReason = abortReason;
    this.ended = false;
    this.closing = false;
    this.wasClosed = false; // by other code
    this.writing = false;
    this.aborted = undefined;
    this.lastWrite = undefined;
  }

  start(controller: WritableControllerLike): void {
    const { writer } = this;
    writer.closed.then(
      () => {
        if (!this.closing) {
          this.wasClosed = true;
          controller.error(
            new TypeError(
              'This stream is a bridge whose destination was closed by other code; write to an open stream',
            ),
          );
        }
        this.unlock();
      },
      (error) => {
        if (this.ended) return;
        controller.error(error);
        this.unlock();
      },
    );
    const { signal } = controller;
    signal?.addEventListener('abort', () => this.abortWhileWriting(signal.reason), { once: true });
  }

  /** Where no write is under way, `abort()` is called by itself, with the reason as it was given. */
  async abortWhileWriting(reasonOfSignal: unknown): Promise<void> {
    if (!this.writing) return;
    if (this.abortReason === undefined) {
      ignoreRejection(this.abort(reasonOfSignal));
    } else {
      await undefined; // the near stream keeps the reason once its signal's listeners have run
      if (this.aborted === undefined) ignoreRejection(this.abort(this.abortReason()));
    }
  }

  write(chunk: unknown): Promise<unknown> | undefined {
    const { writer } = this;
    const waiting =
      writer.desiredSize! > 0
        ? this.send(chunk)
        : writer.ready.then(
            () => this.send(chunk),
            (error) => this.refuse(chunk, error),
          );
    if (waiting === undefined) return undefined;
    this.writing = true;
    const done = () => void (this.writing = false);
    waiting.then(done, done);
    return waiting;
  }

  /** Of a chunk that the far side was not given. */
  refuse(chunk: unknown, error: unknown): never {
    const near = writableImpl(this.near);
    if (near !== undefined) drop(near, chunk);
    throw error;
  }

  send(chunk: unknown): Promise<unknown> | undefined {
    const { writer } = this;
    this.lastWrite = writer.write(chunk);
    this.lastWrite.then(ignore, ignore); // a failure is told by `ready` and `closed`
    return writer.desiredSize! > 0 ? undefined : writer.ready;
  }

  close(): Promise<unknown> {
    this.closing = true;
    return this.writer.close();
  }

  abort(reason: unknown): Promise<unknown> {
    this.aborted ??= { promise: this.writer.abort(reason) };
    return this.aborted.promise;
  }

  unlock(): void {
    this.ended = true;
    this.writer.releaseLock();
  }

  /** Gives `far` back, unlocked and as it is. For a pipe that has left `far` open. */
  release(): void {
    if (!this.ended) this.unlock();
  }

  /** Resolves when every chunk handed to `far` has been written, and rejects when one could not be. */
  landed(): Promise<unknown> | undefined {
    return this.lastWrite;
  }
}

function ignoreRejection(promise: Promise<unknown>): void {
  promise.then(ignore, ignore);
}
