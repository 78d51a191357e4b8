/** Who wants to know of a stream's end without holding its lock. Costs a stream nothing that nobody watches. */

/** Stream implementation to functions; undefined until the first is put in. */
let observers: WeakMap<object, Set<() => void>> | undefined;

/** Calls `onEnd()` once, when `stream` has closed or errored. Returns what takes it back. */
export function observe(stream: object, onEnd: () => void): () => boolean {
  observers ??= new WeakMap();
  const listeners = observers.get(stream) ?? new Set<() => void>();
  observers.set(stream, listeners);
  listeners.add(onEnd);
  return () => listeners.delete(onEnd);
}

/** To be called once `stream` has closed or errored, and everything else of that has been done. */
export function tellObservers(stream: object): void {
  if (observers === undefined) return;
  const listeners = observers.get(stream);
  if (listeners === undefined) return;
  observers.delete(stream);
  for (const onEnd of listeners) onEnd();
}
