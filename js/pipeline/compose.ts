/** `compose()`: several stages as one. */
import { kStages } from '../values/symbols.js';
import { pipeline } from './pipeline.js';
import { TransformStream } from '../streams/transform-stream.js';
import { checkStages } from './arguments.js';
import type { OurPair } from '../native/convert.js';
import type { ReadableStream } from '../streams/readable-stream.js';
import type { WritableStream } from '../streams/writable-stream.js';

/**
 * `stages` as one stage: of a pipeline, in which they run as if they had been given one by one, or of `pipeThrough()`. As
 * anything made of streams it serves one pipeline.
 *
 * @param stages whatever may be a stage of a pipeline
 * @returns a pair of streams
 * @throws {TypeError} saying which stage is wrong
 *
 * @example
 * const rowsOf = () => compose(gunzip(), csv({ header: true }), (row) => normalise(row));
 */
export function compose(...stages: unknown[]): OurPair {
  checkStages('compose', stages);
  if (stages.length === 0) throw new TypeError('compose(): expected at least one stage; got none');
  return new Composition(stages);
}

/** The streams are made when one of them is first read, because a pipeline needs neither. */
class Composition {
  #stages: readonly unknown[];
  #pair: OurPair | undefined;

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

  #open(): OurPair {
    if (this.#pair === undefined) {
      const [first, last] = [new TransformStream(), new TransformStream()];
      this.#pair = { readable: last.readable, writable: first.writable };
      pipeline(first.readable, ...this.#stages, last.writable).catch(() => {}); // both streams report the error
    }
    return this.#pair;
  }
}
