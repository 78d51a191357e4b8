/** The names of digests, and their results by name. */
import { shown } from '../values/require.js';
import type { Bytes } from '../runtime/buffers.js';

/**
 * An algorithm of `digest()` and `toDigest()`: CRC-32 of gzip and zip, its most significant byte first; MD5 (RFC 1321);
 * SHA-1 and SHA-2 (FIPS 180-4); BLAKE3 of 32 bytes. CRC-32 finds accidents only, and inputs with the same MD5 or SHA-1
 * can be made.
 */
export type DigestAlgorithm = 'crc32' | 'md5' | 'sha-1' | 'sha-256' | 'sha-384' | 'sha-512' | 'blake3';

/** The name of an algorithm in lower or upper case. */
export type DigestName = DigestAlgorithm | Uppercase<DigestAlgorithm>;

/** The length of each digest in bytes, in the order of DigestAlgorithm::ALL in src/codec/digest.rs. */
const LENGTHS: readonly (readonly [DigestAlgorithm, number])[] = [
  ['crc32', 4],
  ['md5', 16],
  ['sha-1', 20],
  ['sha-256', 32],
  ['sha-384', 48],
  ['sha-512', 64],
  ['blake3', 32],
];

/** What was asked for. */
export interface Algorithms {
  /** A bit for each, the lowest for the first of all. */
  readonly bits: number;
  /** There may be several, so that results are by name. */
  readonly isList: boolean;
}

/** @throws {TypeError} on behalf of `caller` */
export function readAlgorithms(caller: string, given: unknown): Algorithms {
  const isList = Array.isArray(given);
  const names = isList ? (given as readonly unknown[]) : [given];
  let bits = 0;
  for (const name of names) {
    const number = typeof name === 'string' ? LENGTHS.findIndex(([algorithm]) => algorithm === name.toLowerCase()) : -1;
    if (number === -1) throw unknown(caller, name);
    bits |= 1 << number;
  }
  if (bits === 0) throw new TypeError(`${caller}: the list of algorithms is empty; name at least one`);
  return { bits, isList };
}

function unknown(caller: string, name: unknown): TypeError {
  const known = LENGTHS.map(([algorithm]) => `'${algorithm}'`).join(', ');
  return new TypeError(`${caller}: the algorithm must be one of ${known}, or an array of them; got ${shown(name)}`);
}

const toHex = (bytes: Bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** The digests of `bytes`, in which they are one after another. */
export function digestsOf({ bits, isList }: Algorithms, bytes: Bytes): { digest: unknown; hex: unknown } {
  if (!isList) return { digest: bytes, hex: toHex(bytes) };
  const digest: Record<string, Bytes> = {};
  const hex: Record<string, string> = {};
  let at = 0;
  LENGTHS.forEach(([name, length], number) => {
    if (((bits >> number) & 1) === 0) return;
    digest[name] = bytes.slice(at, at + length);
    hex[name] = toHex(digest[name]);
    at += length;
  });
  return { digest, hex };
}
