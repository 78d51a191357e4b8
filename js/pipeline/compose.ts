/** `compose()`: several stages as one. */
import { kStages } from '../values/symbols.js';
import { pipeline } from './pipeline.js';
import { TransformStream } from '../streams/transform-stream.js';
import { checkStages } from './arguments.js';
import type { Operator } from '../streams/any.js';
import type { ReadableStream } from '../streams/readable-stream.js';
import type { WritableStream } from '../streams/writable-stream.js';
import type { AnyStage, PipelineStage } from './accepted.js';

/**
 * Combines several stages into one, for `pipeline()` or `pipeThrough()`. A pipeline runs them as if you had passed them
 * one by one. Can be used once, like every pair of streams.
 *
 * @throws {TypeError} when an argument is not a stage
 *
 * @example
 * const rowsOf = () => compose(gunzip(), csv({ header: true }), (row) => normalise(row));
 *
 */
export function compose<A, B>(stage1: PipelineStage<A, B>): Operator<A, B>;
export function compose<A, B, C>(stage1: PipelineStage<A, B>, stage2: PipelineStage<B, C>): Operator<A, C>;
export function compose<A, B, C, D>(
  stage1: PipelineStage<A, B>,
  stage2: PipelineStage<B, C>,
  stage3: PipelineStage<C, D>,
): Operator<A, D>;
export function compose<A, B, C, D, E>(
  stage1: PipelineStage<A, B>,
  stage2: PipelineStage<B, C>,
  stage3: PipelineStage<C, D>,
  stage4: PipelineStage<D, E>,
): Operator<A, E>;
export function compose<A, B, C, D, E, F>(
  stage1: PipelineStage<A, B>,
  stage2: PipelineStage<B, C>,
  stage3: PipelineStage<C, D>,
  stage4: PipelineStage<D, E>,
  stage5: PipelineStage<E, F>,
): Operator<A, F>;
export function compose<A, B, C, D, E, F, G>(
  stage1: PipelineStage<A, B>,
  stage2: PipelineStage<B, C>,
  stage3: PipelineStage<C, D>,
  stage4: PipelineStage<D, E>,
  stage5: PipelineStage<E, F>,
  stage6: PipelineStage<F, G>,
): Operator<A, G>;
export function compose<A, B, C, D, E, F, G, H>(
  stage1: PipelineStage<A, B>,
  stage2: PipelineStage<B, C>,
  stage3: PipelineStage<C, D>,
  stage4: PipelineStage<D, E>,
  stage5: PipelineStage<E, F>,
  stage6: PipelineStage<F, G>,
  stage7: PipelineStage<G, H>,
): Operator<A, H>;
export function compose<A, B, C, D, E, F, G, H, I>(
  stage1: PipelineStage<A, B>,
  stage2: PipelineStage<B, C>,
  stage3: PipelineStage<C, D>,
  stage4: PipelineStage<D, E>,
  stage5: PipelineStage<E, F>,
  stage6: PipelineStage<F, G>,
  stage7: PipelineStage<G, H>,
  stage8: PipelineStage<H, I>,
): Operator<A, I>;
export function compose<A, B, C, D, E, F, G, H, I, J>(
  stage1: PipelineStage<A, B>,
  stage2: PipelineStage<B, C>,
  stage3: PipelineStage<C, D>,
  stage4: PipelineStage<D, E>,
  stage5: PipelineStage<E, F>,
  stage6: PipelineStage<F, G>,
  stage7: PipelineStage<G, H>,
  stage8: PipelineStage<H, I>,
  stage9: PipelineStage<I, J>,
): Operator<A, J>;
export function compose<A, B, C, D, E, F, G, H, I, J, K>(
  stage1: PipelineStage<A, B>,
  stage2: PipelineStage<B, C>,
  stage3: PipelineStage<C, D>,
  stage4: PipelineStage<D, E>,
  stage5: PipelineStage<E, F>,
  stage6: PipelineStage<F, G>,
  stage7: PipelineStage<G, H>,
  stage8: PipelineStage<H, I>,
  stage9: PipelineStage<I, J>,
  stage10: PipelineStage<J, K>,
): Operator<A, K>;
export function compose<A, B, C, D, E, F, G, H, I, J, K, L>(
  stage1: PipelineStage<A, B>,
  stage2: PipelineStage<B, C>,
  stage3: PipelineStage<C, D>,
  stage4: PipelineStage<D, E>,
  stage5: PipelineStage<E, F>,
  stage6: PipelineStage<F, G>,
  stage7: PipelineStage<G, H>,
  stage8: PipelineStage<H, I>,
  stage9: PipelineStage<I, J>,
  stage10: PipelineStage<J, K>,
  stage11: PipelineStage<K, L>,
): Operator<A, L>;
export function compose<A, B, C, D, E, F, G, H, I, J, K, L, M>(
  stage1: PipelineStage<A, B>,
  stage2: PipelineStage<B, C>,
  stage3: PipelineStage<C, D>,
  stage4: PipelineStage<D, E>,
  stage5: PipelineStage<E, F>,
  stage6: PipelineStage<F, G>,
  stage7: PipelineStage<G, H>,
  stage8: PipelineStage<H, I>,
  stage9: PipelineStage<I, J>,
  stage10: PipelineStage<J, K>,
  stage11: PipelineStage<K, L>,
  stage12: PipelineStage<L, M>,
): Operator<A, M>;
/** The same with more stages, whose chunks' types are not followed. */
export function compose<I, O>(
  stage1: AnyStage,
  stage2: AnyStage,
  stage3: AnyStage,
  stage4: AnyStage,
  stage5: AnyStage,
  stage6: AnyStage,
  stage7: AnyStage,
  stage8: AnyStage,
  stage9: AnyStage,
  stage10: AnyStage,
  stage11: AnyStage,
  stage12: AnyStage,
  stage13: AnyStage,
  ...stages: AnyStage[]
): Operator<I, O>;
export function compose(...stages: unknown[]): Operator<unknown, unknown> {
  checkStages('compose', stages);
  if (stages.length === 0) throw new TypeError('compose(): expected at least one stage; got none');
  return new Composition(stages);
}

/** `pipeline()` with stages whose types are not known here. */
type AnyPipeline = (...parts: unknown[]) => Promise<unknown>;

/** The streams are made when one of them is first read, because a pipeline needs neither. */
class Composition {
  #stages: readonly unknown[];
  #pair: Operator<unknown, unknown> | undefined;

  constructor(stages: readonly unknown[]) {
    this.#stages = stages;
    // Not a method: a bundler keeps every class with a computed name, used or not.
    Object.defineProperty(this, kStages, { value: () => (this.#pair === undefined ? this.#stages : undefined) });
  }

  get readable(): ReadableStream {
    return this.#open().readable;
  }

  get writable(): WritableStream {
    return this.#open().writable;
  }

  #open(): Operator<unknown, unknown> {
    if (this.#pair === undefined) {
      const [first, last] = [new TransformStream(), new TransformStream()];
      this.#pair = { readable: last.readable, writable: first.writable };
      (pipeline as AnyPipeline)(first.readable, ...this.#stages, last.writable).catch(() => {}); // both streams report the error
    }
    return this.#pair;
  }
}
