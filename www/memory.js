/** What this page can learn about its own memory. */

/** Bytes of JS objects, those not yet collected included; null where the engine does not tell (all but Chromium). */
export function heapBytes() {
  return performance.memory?.usedJSHeapSize ?? null;
}
