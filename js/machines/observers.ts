/**
 * Callbacks for code that needs to know when a stream ends without locking it. A stream that nobody watches pays
 * nothing.
 */

/** Maps a stream's implementation to its callbacks; undefined until the first is added. */
let observers: WeakMap<object, Set<() => void>> | undefined;

/** Calls `onEnd()` once, when `stream` has closed or errored. Returns a function that removes the callback. */
export function observe(stream: object, onEnd: () => void): () => boolean {
  observers ??= new WeakMap();
  const listeners = observers.get(stream) ?? new Set<() => void>();
  observers.set(stream, listeners);
  listeners.add(onEnd);
  return () => listeners.delete(onEnd);
}

/** Call it once `stream` has closed or errored, after every other step of that transition. */
export function tellObservers(stream: object): void {
  if (observers === undefined) return;
  const listeners = observers.get(stream);
  if (listeners === undefined) return;
  observers.delete(stream);
  for (const onEnd of listeners) onEnd();
}
