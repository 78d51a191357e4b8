/** `map()`: a function on each chunk, some at once. */
import { isThenable } from '../bridge/kinds.js';
import { TransformStream } from '../streams/transform-stream.js';
import { requireCount, requireFunction } from '../values/require.js';
import { pairOf } from './pair.js';

/**
 * A stage that gives what `fn(chunk, { signal, index })` returns or resolves with, in order unless `ordered` is false. Never
 * more than `concurrency` calls and results are held; the first failure ends it, and the others' results are dropped.
 */
export function map(fn, { concurrency = 1, ordered = true } = {}) {
  requireFunction(fn, 'map');
  requireCount(concurrency, 'map(): concurrency');
  return concurrency === 1 ? one(fn) : many(fn, concurrency, ordered);
}

function one(fn) {
  const abort = new AbortController();
  let index = 0;
  return new TransformStream({
    transform(chunk, controller) {
      const result = fn(chunk, { signal: abort.signal, index: index++ });
      if (isThenable(result)) return result.then((value) => controller.enqueue(value));
      return controller.enqueue(result);
    },
    cancel: (reason) => abort.abort(reason),
  });
}

/** Calls under way and results that nobody has taken: `concurrency` places in all. */
function many(fn, concurrency, ordered) {
  const places = [];
  let index = 0;
  let delivering;
  let onRoom;
  let onDone;

  /** The place whose result is to be handed on next; undefined where none is done. */
  const next = () => (ordered ? (places[0]?.done ? places[0] : undefined) : places.find((place) => place.done));

  async function deliver(output) {
    for (;;) {
      if (!output.open) {
        for (const place of places.splice(0)) if (place.done) output.discard(place.value);
        return;
      }
      const place = next();
      if (place === undefined) {
        if (places.length === 0) return void (delivering = undefined); // at once, or the next chunk would find it under way
        await new Promise((resolve) => void (onDone = resolve));
        continue;
      }
      places.splice(places.indexOf(place), 1);
      const taken = output.enqueue(place.value);
      onRoom?.();
      await taken;
    }
  }

  async function call(chunk, place, output) {
    try {
      place.value = await fn(chunk, { signal: output.signal, index: index++ });
    } catch (error) {
      output.fail(error);
      return;
    }
    if (!output.open) return void output.discard(place.value);
    place.done = true;
    onDone?.();
    onDone = undefined;
  }

  const wakeAll = () => {
    onRoom?.();
    onDone?.();
  };

  return pairOf(
    (chunk, output) => {
      if (index === 0) output.signal.addEventListener('abort', wakeAll, { once: true });
      const place = { done: false, value: undefined };
      places.push(place);
      call(chunk, place, output);
      delivering ??= deliver(output);
      return places.length < concurrency ? undefined : new Promise((resolve) => void (onRoom = resolve));
    },
    () => delivering,
  );
}
