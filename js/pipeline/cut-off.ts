/** Compressed bodies whose connection broke. */

/**
 * Whether the body of a response to `url`, of which `decoded` bytes came, was made of fewer than the `length` bytes
 * that its Content-Length promised. Firefox ends a compressed body whose connection broke as if it was whole; its
 * timing of resources tells. Where there is no entry that fits, as across origins, nothing is known and the answer is
 * false.
 */
export function wasCutOff(url: string, length: number, decoded: number): boolean {
  const entries = (performance.getEntriesByName?.(url, 'resource') ?? []) as PerformanceResourceTiming[];
  const entry = entries.filter(({ decodedBodySize }) => decodedBodySize === decoded).at(-1);
  return entry !== undefined && entry.encodedBodySize > 0 && entry.encodedBodySize < length;
}
