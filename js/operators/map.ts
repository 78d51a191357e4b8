/** `map()`: calls a function with each chunk, with a bounded number of calls at a time. */
import { isThenable } from '../bridge/kinds.js';
import { TransformStream } from '../streams/transform-stream.js';
import { requireCount, requireFunction } from '../values/require.js';
import { pairOf, type Operator, type Output } from './pair.js';
import type { TransformControllerLike } from '../bridge/shapes.js';

export interface MapOptions {
  /** How many calls may be under way, and results be held, at once. Default: 1. */
  concurrency?: number | undefined;
  /** Whether results come in the order of their chunks; else as they are done. Default: true. */
  ordered?: boolean | undefined;
}

/** What `map()`'s function is given besides the chunk. */
export interface MapContext {
  /** Aborted when the consumer has left or the pipeline has failed, so that the call can stop. */
  readonly signal: AbortSignal;
  /** The chunk's number, from 0. */
  readonly index: number;
}

type Fn<I, O> = (chunk: I, context: MapContext) => O | PromiseLike<O>;

/**
 * A stage that enqueues what `fn(chunk, { signal, index })` returns or resolves with, in order unless `ordered` is false. At most
 * `concurrency` calls are pending or have a result that is not read yet. The first failure errors the stage, aborts the `signal` of the other
 * calls and drops their results.
 *
 * @throws {TypeError} where `fn` is no function
 * @throws {RangeError} where `concurrency` is not a whole number of at least 1
 */
export function map<I, O>(fn: Fn<I, O>, { concurrency = 1, ordered = true }: MapOptions = {}): Operator<I, Awaited<O>> {
  requireFunction(fn, 'map');
  requireCount(concurrency, 'map(): concurrency');
  return concurrency === 1 ? one(fn) : many(fn, concurrency, ordered);
}

function one<I, O>(fn: Fn<I, O>): Operator<I, Awaited<O>> {
  const abort = new AbortController();
  let index = 0;
  return new TransformStream<I, Awaited<O>>({
    transform(chunk: I, controller: TransformControllerLike<Awaited<O>>) {
      const result = fn(chunk, { signal: abort.signal, index: index++ });
      if (isThenable(result)) return result.then((value) => controller.enqueue(value as Awaited<O>));
      return controller.enqueue(result as Awaited<O>);
    },
    cancel: (reason: unknown) => abort.abort(reason),
  });
}

/** A call under way, or its result. */
type Place<O> = { done: false; value: O | undefined } | { done: true; value: O };

/** Pending calls and results that are not read yet: `concurrency` places in all. */
function many<I, O>(fn: Fn<I, O>, concurrency: number, ordered: boolean): Operator<I, Awaited<O>> {
  const places: Place<Awaited<O>>[] = [];
  let index = 0;
  let delivering: Promise<void> | undefined;
  let onRoom: (() => void) | undefined;
  let onDone: (() => void) | undefined;

  /** The place whose result is enqueued next; undefined if no result is ready. */
  const next = () => (ordered ? (places[0]?.done ? places[0] : undefined) : places.find((place) => place.done));

  async function deliver(output: Output<Awaited<O>>): Promise<void> {
    for (;;) {
      if (!output.open) {
        for (const place of places.splice(0)) if (place.done) output.discard(place.value);
        return;
      }
      const place = next();
      if (place === undefined) {
        if (places.length === 0) return void (delivering = undefined); // at once, or the next chunk would find it under way
        await new Promise<void>((resolve) => void (onDone = resolve));
        continue;
      }
      places.splice(places.indexOf(place), 1);
      const taken = output.enqueue(place.value);
      onRoom?.();
      await taken;
    }
  }

  async function call(
    chunk: I,
    place: { done: boolean; value: Awaited<O> | undefined },
    output: Output<Awaited<O>>,
  ): Promise<void> {
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

  return pairOf<I, Awaited<O>>(
    (chunk, output) => {
      if (index === 0) output.signal.addEventListener('abort', wakeAll, { once: true });
      const place: Place<Awaited<O>> = { done: false, value: undefined };
      places.push(place);
      call(chunk, place, output);
      delivering ??= deliver(output);
      return places.length < concurrency ? undefined : new Promise<void>((resolve) => void (onRoom = resolve));
    },
    () => delivering,
  );
}
