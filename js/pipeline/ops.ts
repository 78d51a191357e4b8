/**
 * What a pipeline does to streams of ours that the standard's public interface cannot: cancel and abort them while they
 * are locked, and read their state.
 */
import { readableImpl, writableImpl } from '../bridge/brands.js';
import { PREVENT_ABORT, PREVENT_CANCEL, PREVENT_CLOSE } from '../core/effects.js';
import { observe } from '../machines/observers.js';
import { pipeTo, watchedPipe } from '../machines/pipe.js';
import { cancelReadable, ERRORED, READABLE } from '../machines/readable.js';
import { DefaultReaderImpl } from '../machines/reader.js';
import { abortWritable, CLOSED, ERRORED as W_ERRORED, ERRORING, WRITABLE } from '../machines/writable.js';
import { bridgeOf } from '../bridge/bridges.js';
import type { ReadablePart, WritablePart, OnDrop } from '../machines/parts.js';
import type { ReadableStream } from '../streams/readable-stream.js';
import type { WritableStream } from '../streams/writable-stream.js';
import type { Meter } from './meter.js';
import type { Part } from './parts.js';

type OnError = (error: unknown) => void;

/** What is asked of a pipe between two parts. */
interface PipeOptions {
  readonly yieldAfter: number | undefined;
  readonly preventClose: boolean | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onChunk: ((chunk: unknown) => void) | undefined;
}

// The streams here are ours, so each has an implementation: hence the `!`.

/**
 * Pipes `source` into `sink` and closes that at the end; on an error it only reports, and leaves both as they are. A
 * pipe that fails waits for the writes under way; `onSourceError(error)` is told before. For `yieldAfter` see
 * runtime/slice.js.
 */
export const pipe = (
  source: ReadableStream,
  sink: WritableStream,
  onSourceError: OnError,
  yieldAfter: number | undefined,
): Promise<undefined> =>
  pipeTo(
    readableImpl(source)!,
    writableImpl(sink)!,
    PREVENT_ABORT | PREVENT_CANCEL,
    undefined,
    onSourceError,
    yieldAfter,
  );

/**
 * The same as an object with a `promise`, `pause()` and `resume()`. `preventClose` leaves the sink open at the end,
 * `signal` ends the pipe and leaves both sides as they are, `onChunk(chunk)` is called with every chunk before it is
 * written.
 */
export const pipeWith = (
  source: ReadableStream,
  sink: WritableStream,
  onSourceError: OnError,
  { yieldAfter, preventClose, signal, onChunk }: PipeOptions,
): ReturnType<typeof watchedPipe> =>
  watchedPipe(
    readableImpl(source)!,
    writableImpl(sink)!,
    PREVENT_ABORT | PREVENT_CANCEL | (preventClose ? PREVENT_CLOSE : 0),
    signal,
    onSourceError,
    yieldAfter,
    onChunk,
  );

/** Counts the queue of `stream`, of either kind, in `meter`. */
export const meterStream = (
  meter: Meter,
  stream: ReadableStream | WritableStream,
  part: Part,
  isSource: boolean,
): void => meter.add((readableImpl(stream) ?? writableImpl(stream))!, part, isSource);

const implOf = (stream: unknown): ReadablePart | WritablePart | undefined =>
  readableImpl(stream) ?? writableImpl(stream);

/** Gives what `stream`, of either kind, drops to `onDrop`, unless it has an `onDiscard` of its own. Bytes need none. */
export const catchDrops = (stream: ReadableStream | WritableStream, onDrop: OnDrop): void => {
  const impl = implOf(stream) as ReadablePart;
  if (!impl.isByteStream) impl.onDrop ??= onDrop;
};

/** Ends that for `value`, if it is a stream that goes on to live. */
export const releaseDrops = (value: unknown, onDrop: OnDrop): void => {
  const impl = implOf(value);
  if (impl?.onDrop === onDrop && (impl.state === READABLE || (impl.state as number) === WRITABLE))
    impl.onDrop = undefined;
};

/** https://streams.spec.whatwg.org/#readable-stream-cancel */
export const cancelStream = (stream: ReadableStream, reason: unknown): Promise<undefined> =>
  cancelReadable(readableImpl(stream)!, reason);

/** https://streams.spec.whatwg.org/#writable-stream-abort */
export const abortStream = (stream: WritableStream, reason: unknown): Promise<undefined> =>
  abortWritable(writableImpl(stream)!, reason);

/** A lock for reading `stream` whose `read(request)` calls the request back instead of making a promise. */
export const lockForReading = (stream: ReadableStream): DefaultReaderImpl =>
  new DefaultReaderImpl(readableImpl(stream)!);

export const isErrored = (stream: ReadableStream): boolean => readableImpl(stream)!.state === ERRORED;

/**
 * Calls `onError(error)` once `stream`, a writable one, has failed or closed, at once where it has or is closing.
 * Returns what takes it back.
 */
export const whenWritableFails = (stream: WritableStream, onError: OnError): (() => unknown) => {
  const impl = writableImpl(stream)!;
  const onEnd = () =>
    onError(
      impl.state === W_ERRORED
        ? impl.storedError
        : new TypeError('The sink was closed before the pipeline wrote to it; pass an open one'),
    );
  if ((impl.state === WRITABLE && impl.closeRequest === undefined) || impl.state === ERRORING)
    return observe(impl, onEnd);
  onEnd();
  return () => {};
};

/** Whether `stream` has ended or has been asked to close, so that it goes on by itself. */
export const isClosing = (stream: WritableStream): boolean => {
  const { state, closeRequest } = writableImpl(stream)!;
  return state !== WRITABLE || closeRequest !== undefined;
};

/** Whether `stream` was closed or has been asked to, and has not failed. */
export const isClosed = (stream: WritableStream): boolean => {
  const { state, closeRequest } = writableImpl(stream)!;
  return state === CLOSED || (state === WRITABLE && closeRequest !== undefined) || bridgeOf(stream)?.wasClosed === true;
};
