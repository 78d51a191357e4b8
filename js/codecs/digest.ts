import { BYTES_MARK } from './gunzip.js';
import { deferred } from './deferred.js';
import { checkOptions, highWaterMark } from './options.js';
import { ByteOutput } from './output.js';
import { Stage } from './stage.js';
import type { Bytes } from '../runtime/buffers.js';
import type { CodecOptions } from './options.js';
import type { CodecStage, StageSpec } from './stage.js';

/** A tap: the bytes pass unchanged. */
export interface DigestStage extends CodecStage<Bytes> {
  /** Resolves with the digest once all bytes have passed, and rejects with the stream's error. The rejection is handled even if nobody looks at it. */
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
 * Computes the digest of the bytes that pass: SHA-256 (FIPS 180-4).
 *
 * @param algorithm the name, in any case
 * @throws {TypeError | RangeError} if there is no such algorithm, or an option is wrong
 */
export function digest(algorithm: 'sha-256' | 'SHA-256', options: CodecOptions = {}): DigestStage {
  if (typeof algorithm !== 'string' || algorithm.toLowerCase() !== 'sha-256') {
    throw new TypeError("digest: the algorithm must be 'sha-256'");
  }
  checkOptions('digest', options, ['highWaterMark', 'inputHighWaterMark']);
  return new Digest({
    name: 'digest',
    add: (exports) => exports.codecs_add_sha256(),
    output: () => new ByteOutput(),
    highWaterMark: highWaterMark('digest', 'highWaterMark', options.highWaterMark ?? BYTES_MARK),
    inputHighWaterMark: highWaterMark('digest', 'inputHighWaterMark', options.inputHighWaterMark ?? BYTES_MARK),
  });
}
