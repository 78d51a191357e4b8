/** What this page can learn about its own memory. Browsers differ; what one does not tell is null. */

/** Bytes of live and not yet collected JS objects, where the engine tells (Chromium). */
export function heapBytes() {
  return performance.memory?.usedJSHeapSize ?? null;
}

/**
 * Bytes of everything the page holds, as the engine accounts for it. Takes seconds, since the engine measures after its
 * next collection.
 *
 * @returns {Promise<number | null>} null where the engine cannot tell
 */
export async function pageBytes() {
  if (!globalThis.crossOriginIsolated || !performance.measureUserAgentSpecificMemory) return null;
  try {
    return (await performance.measureUserAgentSpecificMemory()).bytes;
  } catch {
    return null;
  }
}
