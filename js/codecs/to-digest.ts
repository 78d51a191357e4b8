/** A sink that computes digests. */
import { digestsOf, readAlgorithms } from './algorithms.js';
import { Chain } from './chain.js';
import { digest as family } from './families/digest.js';
import { detached, toBytes } from './options.js';
import { isOverNow, nextTask, YIELD_AFTER } from '../runtime/slice.js';
import { joined, TextPieces, utf8 } from '../runtime/text.js';
import type { Bytes } from '../runtime/buffers.js';
import type { CodecInput } from './stage.js';
import type { DigestName } from './algorithms.js';

/** What `toDigest()` resolves with for one algorithm. */
export interface DigestResult {
  readonly digest: Bytes;
  /** The same in hexadecimal, in lower case. */
  readonly hex: string;
}

/** What `toDigest()` resolves with for a list: each digest under the name of its algorithm in lower case. */
export interface DigestsResult<Name extends string> {
  readonly digest: { readonly [Key in Name]: Bytes };
  /** The same in hexadecimal, in lower case. */
  readonly hex: { readonly [Key in Name]: string };
}

/** A sink of `pipeline()`, which can be called with an iterable of bytes or strings as well. It can be used many times. */
export type DigestSink<Result> = (
  chunks: AsyncIterable<CodecInput | string> | Iterable<CodecInput | string>,
) => Promise<Result>;

/**
 * Makes a sink that computes the digest of all bytes, and of strings as UTF-8. Nothing but the digest is kept.
 *
 *     const { hex } = await pipeline(() => fetch(url), toDigest('sha-256'));
 *
 * @param algorithm the name of an algorithm, in upper or lower case
 * @throws {TypeError} when the algorithm is not supported
 */
export function toDigest(algorithm: DigestName): DigestSink<DigestResult>;
/**
 * The same for several algorithms, in one pass.
 *
 * @param algorithms the names of at least one algorithm, in upper or lower case
 * @throws {TypeError} when an algorithm is not supported, or there is none
 */
export function toDigest<const Name extends DigestName>(
  algorithms: readonly Name[],
): DigestSink<DigestsResult<Lowercase<Name>>>;
export function toDigest(algorithms: DigestName | readonly DigestName[]): DigestSink<unknown> {
  const read = readAlgorithms('toDigest', algorithms);
  const codec = family.codec('toDigest', (exports) => exports.codecs_add_digest(read.bits, true));
  return async (chunks) => {
    const chain = new Chain([codec]);
    const result = { state: 0, taken: 0 };
    const run = async (bytes: Bytes) => {
      const { length } = bytes;
      for (let offset = 0; offset < length; offset += result.taken) {
        // A chunk may be a whole file.
        if (offset > 0 && isOverNow(YIELD_AFTER)) await new Promise<void>((resolve) => nextTask(resolve, undefined));
        if (bytes.length === 0) throw detached('toDigest');
        chain.run(bytes, offset, false, result);
      }
    };
    const text = new TextPieces();
    try {
      for await (const chunk of chunks) {
        if (typeof chunk === 'string') await run(utf8(text.take(chunk)));
        else {
          const bytes = toBytes(chunk, 'toDigest', true);
          if (bytes.length === 0) continue;
          await run(joined(utf8(text.rest()), bytes));
        }
      }
      await run(utf8(text.rest()));
      chain.run(undefined, 0, true, result);
      return digestsOf(read, chain.digest(0));
    } finally {
      chain.free();
    }
  };
}
