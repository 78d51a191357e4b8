/** `compose()`: several stages as one. */
import { kStages } from '../values/symbols.js';
import { pipeline } from './pipeline.js';
import { TransformStream } from '../streams/transform-stream.js';
import { checkStages } from './arguments.js';

/**
 * `stages` as one stage: of a pipeline, in which they run as if they had been given one by one, or of `pipeThrough()`. As
 * anything made of streams it serves one pipeline.
 *
 * @param stages whatever may be a stage of a pipeline
 * @returns a pair of streams
 * @throws {TypeError} saying which stage is wrong
 */
export function compose(...stages) {
  checkStages('compose', stages);
  if (stages.length === 0) throw new TypeError('compose(): expected at least one stage');
  return new Composition(stages);
}

/** The streams are made when somebody asks for one, as a pipeline needs none. */
class Composition {
  #stages;
  #pair;

  constructor(stages) {
    this.#stages = stages;
    // Not a method: a bundler keeps every class with a computed name, used or not.
    Object.defineProperty(this, kStages, { value: () => (this.#pair === undefined ? this.#stages : undefined) });
  }

  get readable() {
    return this.#open().readable;
  }

  get writable() {
    return this.#open().writable;
  }

  #open() {
    if (this.#pair === undefined) {
      const [first, last] = [new TransformStream(), new TransformStream()];
      this.#pair = { readable: last.readable, writable: first.writable };
      pipeline(first.readable, ...this.#stages, last.writable).catch(() => {}); // both streams tell of it
    }
    return this.#pair;
  }
}
