import { BYTES_MARK } from './gunzip.js';
import { digest as sha } from './families/digest.js';
import { deferred } from './deferred.js';
import { highWaterMark } from './options.js';
import { requireKnown } from '../values/require.js';
import { ByteOutput } from './output.js';
import { Stage } from './stage.js';
import { workersOf } from './workers.js';
import type { Bytes } from '../runtime/buffers.js';
import type { CodecOptions } from './options.js';
import type { CodecStage, StageSpec } from './stage.js';

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

const toHex = (bytes: Bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

class Digest extends Stage<Bytes> implements DigestStage {
  #digest: Promise<Bytes>;
  #hex: Promise<string>;

  constructor(spec: StageSpec) {
    const digest = deferred<Bytes>();
    const hex = deferred<string>();
    super({
      ...spec,
      finished(chain, number) {
        const bytes = chain.digest(number);
        digest.resolve(bytes);
        hex.resolve(toHex(bytes));
      },
      failed(error) {
        digest.reject(error);
        hex.reject(error);
      },
    });
    this.#digest = digest.promise;
    this.#hex = hex.promise;
  }

  get digest(): Promise<Bytes> {
    return this.#digest;
  }

  get hex(): Promise<string> {
    return this.#hex;
  }
}

/**
 * Computes the SHA-256 digest (FIPS 180-4) of the bytes that pass through.
 *
 * @param algorithm the name of the algorithm, in upper or lower case
 * @throws {TypeError} when the algorithm is not supported
 */
export function digest(algorithm: 'sha-256' | 'SHA-256', options: CodecOptions = {}): DigestStage {
  if (typeof algorithm !== 'string' || algorithm.toLowerCase() !== 'sha-256') {
    throw new TypeError("digest: the algorithm must be 'sha-256'");
  }
  requireKnown(options, 'digest', ['highWaterMark', 'inputHighWaterMark', 'worker']);
  return new Digest({
    ...sha.codec('digest', (exports) => exports.codecs_add_sha256()),
    output: () => new ByteOutput(),
    highWaterMark: highWaterMark('digest', 'highWaterMark', options.highWaterMark ?? BYTES_MARK),
    inputHighWaterMark: highWaterMark('digest', 'inputHighWaterMark', options.inputHighWaterMark ?? BYTES_MARK),
    worker: workersOf('digest', options.worker),
  });
}
