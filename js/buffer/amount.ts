/** Amounts of bytes, as numbers or as people write them. */
import { shown } from '../values/require.js';

const UNITS: Record<string, number> = { b: 1, kb: 1e3, mb: 1e6, gb: 1e9, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30 };

/**
 * The bytes of `32 * 2 ** 20` or `'32 MiB'`.
 *
 * @throws {RangeError} unless it is a whole number of at least `least`, or Infinity
 */
export function bytesOf(value: unknown, what: string, least: number): number {
  const [, digits, unit] = (typeof value === 'string' && /^(\d+(?:\.\d+)?) ?([kmg]?i?b)$/i.exec(value)) || [];
  const bytes = unit === undefined ? value : Math.round(Number(digits) * (UNITS[unit.toLowerCase()] ?? NaN));
  if (bytes === Infinity || (Number.isSafeInteger(bytes) && (bytes as number) >= least)) return bytes as number;
  throw new RangeError(
    `${what} must be a number of bytes of at least ${least}, or a text such as '32 MiB'; got ${shown(value)}`,
  );
}
