import { BYTES_MARK } from './limits.js';
import { digest as family } from './families/digest.js';
import { deferred } from './deferred.js';
import { digestsOf, readAlgorithms } from './algorithms.js';
import { highWaterMark } from './options.js';
import { requireKnown } from '../values/require.js';
import { ByteOutput } from './output.js';
import { Stage } from './stage.js';
import { workersOf } from './workers.js';
import type { Bytes } from '../runtime/buffers.js';
import type { CodecOptions } from './options.js';
import type { CodecStage, StageSpec } from './stage.js';
import type { Algorithms, DigestName } from './algorithms.js';

/** A codec that passes its bytes through unchanged and computes their digest. */
export interface DigestStage extends CodecStage<Bytes> {
  /**
   * Resolves with the digest once all bytes have passed. Rejects with the stream's error; that rejection counts as
   * handled.
   */
  readonly digest: Promise<Bytes>;
  /** The same in hexadecimal, in lower case. */
  readonly hex: Promise<string>;
}

/** A codec that passes its bytes through unchanged and computes several digests of them. */
export interface DigestsStage<Name extends string> extends CodecStage<Bytes> {
  /**
   * Resolves with the digests, each under the name of its algorithm in lower case, once all bytes have passed. Rejects
   * with the stream's error; that rejection counts as handled.
   */
  readonly digest: Promise<{ readonly [Key in Name]: Bytes }>;
  /** The same in hexadecimal, in lower case. */
  readonly hex: Promise<{ readonly [Key in Name]: string }>;
}

class Digest extends Stage<Bytes> {
  #digest: Promise<unknown>;
  #hex: Promise<unknown>;

  constructor(algorithms: Algorithms, spec: StageSpec) {
    const digest = deferred<unknown>();
    const hex = deferred<unknown>();
    super({
      ...spec,
      finished(chain, number) {
        const result = digestsOf(algorithms, chain.digest(number));
        digest.resolve(result.digest);
        hex.resolve(result.hex);
      },
      failed(error) {
        digest.reject(error);
        hex.reject(error);
      },
    });
    this.#digest = digest.promise;
    this.#hex = hex.promise;
  }

  get digest(): Promise<unknown> {
    return this.#digest;
  }

  get hex(): Promise<unknown> {
    return this.#hex;
  }
}

/**
 * Computes the digest of the bytes that pass through.
 *
 * @param algorithm the name of an algorithm, in upper or lower case
 * @throws {TypeError} when the algorithm is not supported
 */
export function digest(algorithm: DigestName, options?: CodecOptions): DigestStage;
/**
 * Computes several digests of the bytes that pass through, in one pass.
 *
 * @param algorithms the names of at least one algorithm, in upper or lower case
 * @throws {TypeError} when an algorithm is not supported, or there is none
 */
export function digest<const Name extends DigestName>(
  algorithms: readonly Name[],
  options?: CodecOptions,
): DigestsStage<Lowercase<Name>>;
export function digest(algorithms: DigestName | readonly DigestName[], options: CodecOptions = {}): unknown {
  const read = readAlgorithms('digest', algorithms);
  requireKnown(options, 'digest', ['highWaterMark', 'inputHighWaterMark', 'worker']);
  return new Digest(read, {
    ...family.codec('digest', (exports) => exports.codecs_add_digest(read.bits, false)),
    output: () => new ByteOutput(),
    highWaterMark: highWaterMark('digest', 'highWaterMark', options.highWaterMark ?? BYTES_MARK),
    inputHighWaterMark: highWaterMark('digest', 'inputHighWaterMark', options.inputHighWaterMark ?? BYTES_MARK),
    worker: workersOf('digest', options.worker),
  });
}
