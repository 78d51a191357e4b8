/** What all codec stages have in common: a pair made on first use, or a place in a fused one. */
import { kFuse } from '../values/symbols.js';
import { Pair, zeroStats } from './pair.js';

/**
 * A stage of a pipeline. `spec` says how it is run:
 *
 * - `name`, `add(exports)`: the codec in the Wasm module
 * - `output()`, `highWaterMark`: what a pair that ends with the stage gives
 * - `inputHighWaterMark`: of a pair that begins with it, in bytes
 * - `givesRows`: no codec can follow. Lines are text with LFs to one that does.
 * - `finished(chain, number)`, `failed(error)`: called at the end
 */
export class Stage {
  #spec;
  #pair;
  #number = 0;

  constructor(spec) {
    this.#spec = spec;
  }

  get readable() {
    return this.#open().readable;
  }

  get writable() {
    return this.#open().writable;
  }

  stats() {
    if (this.#pair === undefined) return [zeroStats(this.#spec.name)];
    return [this.#pair.stats()[this.#number]];
  }

  [kFuse](followers, slice) {
    const stages = [this, ...followers];
    for (const stage of stages) {
      if (!(#spec in stage)) throw new TypeError('A codec can only be fused with codecs of the same copy of tidegate');
      if (stage.#pair !== undefined)
        throw new TypeError(`${stage.#spec.name}: the codec is in use; make one for each pipeline`);
    }
    const specs = stages.map((stage) => stage.#spec);
    const rows = specs.findIndex((spec, number) => spec.givesRows && number < specs.length - 1);
    if (rows !== -1) throw new TypeError(`${specs[rows].name} gives rows, and ${specs[rows + 1].name} takes bytes`);
    const pair = new Pair(specs, slice);
    stages.forEach((stage, number) => {
      stage.#pair = pair;
      stage.#number = number;
    });
    return pair;
  }

  #open() {
    this.#pair ??= new Pair([this.#spec]);
    return this.#pair;
  }
}
