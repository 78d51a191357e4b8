/** `map()`: calls a function with each chunk, with a bounded number of calls at a time. */
import { isThenable } from '../bridge/kinds.js';
import { TransformStream } from '../streams/transform-stream.js';
import { requireCount, requireFunction } from '../values/require.js';
import { pairOf, type Output } from './pair.js';
import type { Operator } from '../streams/any.js';
import type { TransformControllerLike } from '../bridge/shapes.js';

export interface MapOptions {
  /** The most calls that run, and results that are held, at once. Default: 1. */
  concurrency?: number | undefined;
  /** True keeps results in the order of their chunks; false passes each result on when it is ready. Default: true. */
  ordered?: boolean | undefined;
}

/** The second argument of `map()`'s function. */
export interface MapContext {
  /** Aborted when the consumer has cancelled or the pipeline has failed, so that the call can stop. */
  readonly signal: AbortSignal;
  /** The index of the chunk, from 0. */
  readonly index: number;
}

type Fn<I, O> = (chunk: I, context: MapContext) => O | PromiseLike<O>;

/**
 * A stage that calls `fn` with each chunk and passes on what it returns or resolves with.
 *
 * If a call throws or rejects, the stage fails with that error: it starts no further call, aborts the `signal` of the
 * running calls, and drops their results.
 *
 * @throws {TypeError} when `fn` is not a function
 * @throws {RangeError} when `concurrency` is not an integer of at least 1
 */
export function map<I, O>(
  fn: (chunk: I, context: MapContext) => O | PromiseLike<O>,
  options?: MapOptions,
): Operator<I, Awaited<O>>;
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
