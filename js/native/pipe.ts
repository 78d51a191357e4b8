/**
 * `pipeTo` and `pipeThrough` as functions, for starting from a stream of the engine's: its own methods take only its
 * own streams, where these take either's at both ends.
 */
import { markHandled, promiseReject } from '../runtime/intrinsics.js';
import { isNativeReadable } from '../bridge/native-classes.js';
import { adoptReadable, resultOf, settleAdopted } from '../bridge/adopt.js';
import { isOurReadable } from '../bridge/brands.js';
import { ReadableStream } from '../streams/readable-stream.js';
import { describe } from '../values/describe.js';
import type { StreamPipeOptions } from '../streams/readable-stream.js';
import type { AnyPair, AnyReadable, AnyWritable, PairStage } from '../streams/any.js';

/**
 * `ReadableStream.prototype.pipeTo` as a function. Source and destination may also be native streams.
 *
 * @returns a promise that settles when the pipe has ended and both streams are unlocked
 * @see https://streams.spec.whatwg.org/#rs-pipe-to
 */
export function pipeTo<T>(
  source: AnyReadable<T>,
  destination: AnyWritable<T>,
  options?: StreamPipeOptions,
): Promise<void> {
  try {
    const { stream, adopted } = open('pipeTo', source);
    return settleAdopted(stream.pipeTo(destination, options), adopted);
  } catch (error) {
    return promiseReject(error);
  }
}

/**
 * `ReadableStream.prototype.pipeThrough` as a function. Source and pair may also be native streams.
 *
 * @returns the pair's readable side, as one of tidegate's streams
 * @throws {TypeError} when an argument is not a stream or is locked
 * @see https://streams.spec.whatwg.org/#rs-pipe-through
 */
export function pipeThrough<T, O>(
  source: AnyReadable<T>,
  transform: PairStage<T, O>,
  options?: StreamPipeOptions,
): ReadableStream<O>;
export function pipeThrough(source: unknown, transform: AnyPair, options?: StreamPipeOptions): unknown {
  if (isOurReadable(source)) return (source as ReadableStream).pipeThrough(transform, options);
  const { readable, writable } = transform;
  if (!isOurReadable(readable) && !isNativeReadable(readable)) {
    throw new TypeError(`pipeThrough(): transform.readable must be a ReadableStream; got ${describe(readable)}`);
  }
  if (writable.locked)
    throw new TypeError('pipeThrough(): transform.writable is locked; pass it before it has a writer or pipe');
  const { stream, adopted } = open('pipeThrough', source);
  markHandled(settleAdopted(stream.pipeTo(writable, options), adopted));
  return resultOf(readable, ReadableStream);
}

/** `source` as a stream of ours, and the bridge to release after the pipe, if there is one. */
function open(caller: string, source: unknown): { stream: ReadableStream; adopted: ReadableStream | undefined } {
  if (isOurReadable(source)) return { stream: source as ReadableStream, adopted: undefined };
  if (!isNativeReadable(source))
    throw new TypeError(`${caller}(): the source must be a ReadableStream; got ${describe(source)}`);
  const adopted = adoptReadable(source, ReadableStream);
  if (adopted === undefined)
    throw new TypeError(`${caller}(): the source is locked; pass it before it has a reader or pipe`);
  return { stream: adopted, adopted };
}
