import { BYTES_MARK } from './gunzip.js';
import { deferred } from './deferred.js';
import { checkOptions, highWaterMark } from './options.js';
import { ByteOutput } from './output.js';
import { Stage } from './stage.js';

const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

class Digest extends Stage {
  #digest;
  #hex;

  constructor(spec) {
    const digest = deferred();
    const hex = deferred();
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

  get digest() {
    return this.#digest;
  }

  get hex() {
    return this.#hex;
  }
}

/** Computes a digest of the bytes that pass. See index.d.ts. */
export function digest(algorithm, options = {}) {
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
