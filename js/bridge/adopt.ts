/**
 * Lets `pipeTo` and `pipeThrough` accept the engine's streams, which the standard's Web IDL refuses. `adoptReadable`
 * and `adoptWritable` make the bridge. `settleAdopted` releases the engine's stream when the pipe has settled:
 * unlocked, and with every piped chunk written.
 */
import { abortReasonOf } from './brands.js';
import { LazyStream } from './lazy-reader.js';
import { bridgeOf, bridgeReadable, bridgeWritable } from './bridges.js';
import type { Bridge, ReadableClass, WritableClass } from './bridges.js';
import { isNativeReadable, isNativeWritable, nativeHasByteStreams } from './native-classes.js';

/** tidegate's stream over `value` when that is the engine's own unlocked readable; else undefined. */
export function adoptReadable<Near extends object>(
  value: unknown,
  ReadableStream: ReadableClass<Near>,
): Near | undefined {
  if (!isNativeReadable(value) || value.locked) return undefined;
  return bridgeReadable(value, ReadableStream, { bytes: nativeHasByteStreams });
}

/**
 * What `pipeThrough` returns for the readable side of an engine's pair. It locks that side at its first read or cancel,
 * so a caller that kept the pair can still read the side itself. Until then the returned stream does not report its
 * end.
 */
export function resultOf<Near extends object>(readable: unknown, ReadableStream: ReadableClass<Near>): Near {
  if (!isNativeReadable(readable) || readable.locked) return readable as Near; // a stream of ours, or one that refuses by itself
  return bridgeReadable(new LazyStream(readable), ReadableStream, { bytes: nativeHasByteStreams });
}

/** tidegate's stream over `value` when that is the engine's own unlocked writable; else undefined. */
export function adoptWritable<Near extends object>(
  value: unknown,
  WritableStream: WritableClass<Near>,
): Near | undefined {
  if (!isNativeWritable(value) || value.locked) return undefined;
  return bridgeWritable<Near>(value, WritableStream, abortReasonOf);
}

/**
 * `promise`, a pipe's, but settled only after the bridges `streams` have written what they hold and given their far
 * streams back. To be called with what `adoptReadable` and `adoptWritable` answered; undefined is passed over.
 */
export function settleAdopted(promise: Promise<void>, ...streams: (object | undefined)[]): Promise<void> {
  const adopted = streams.map((stream) => stream && bridgeOf(stream)).filter(Boolean) as Bridge[];
  if (adopted.length === 0) return promise;
  const release = () => adopted.forEach((bridge) => bridge.release());
  return promise.then(
    async () => {
      try {
        for (const bridge of adopted) await bridge.landed();
      } finally {
        release();
      }
    },
    (error) => {
      release();
      throw error;
    },
  );
}
