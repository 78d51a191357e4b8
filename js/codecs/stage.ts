/** What all codec stages have in common: a pair made on first use, or a place in a fused one. */
import { kFuse } from '../values/symbols.js';
import { Pair } from './pair.js';
import { zeroStats } from './segment.js';
import { workersOf } from './workers.js';
import type { Slice } from '../bridge/stages.js';
import type { ReadableStream } from '../streams/readable-stream.js';
import type { WritableStream } from '../streams/writable-stream.js';
import type { StageStats } from './segment.js';
import type { StageSpec } from './pair.js';
import type { Workers } from './workers.js';

export type { StageSpec };

/**
 * The input of a codec: an `ArrayBuffer` or a view of one, not shared. Any other chunk fails the streams with a
 * `TypeError`, after the reader has read what came before it.
 */
export type CodecInput = ArrayBuffer | ArrayBufferView;

/** A codec: takes bytes, produces chunks of type `T`. */
export interface CodecStage<T> {
  /** The output. */
  readonly readable: ReadableStream<T>;
  /** The input. A write settles when its chunk has been copied into the codec, which waits for the reader. */
  readonly writable: WritableStream<CodecInput>;
  /** The figures of this codec in an array of one element, even if `pipeline()` has fused it with others. */
  stats(): StageStats[];
}

/** A codec that reads text: takes UTF-8 bytes or strings, produces chunks of type `T`. */
export interface TextCodecStage<T> extends CodecStage<T> {
  /**
   * The input. A write settles when its chunk has been copied into the codec, which waits for the reader. A surrogate
   * pair may be split between two strings.
   */
  readonly writable: WritableStream<CodecInput | string>;
}

/** Where codecs in a row run: all where one of them is to. */
function workersFor(specs: readonly StageSpec[]): Workers | undefined {
  const named = specs.filter(({ worker }) => worker !== undefined);
  const other = named.find(({ worker }) => worker !== named[0]!.worker);
  if (other !== undefined) {
    throw new TypeError(
      `${named[0]!.name} and ${other.name} have different pools of workers; codecs in a row run in one worker`,
    );
  }
  return named[0]?.worker;
}

/** A codec that holds back what it has read, until much has come or the input has ended. */
export interface FlushStage<T> extends CodecStage<T> {
  /**
   * Resolves when everything that comes of the writes before the call is with the reader, or in its queue. What the
   * reader has then can be used by itself. While that queue is full, a flush waits. Rejects with the error of a stream
   * that fails.
   */
  flush(): Promise<void>;
}

/** Whether a stage must be the first of its pair. */
const isFirst = ({ decoder, before, choose, open }: StageSpec) => (decoder ?? before ?? choose ?? open) !== undefined;

/** A stage that is made for one use. */
export class Stage<T> implements CodecStage<T> {
  #spec: StageSpec;
  #pair: Pair | undefined;
  #number = 0;
  #sides: Pick<Pair, 'readable' | 'writable'> | undefined;

  constructor(spec: StageSpec) {
    this.#spec = spec;
  }

  get readable(): ReadableStream<T> {
    return this.#open().readable as ReadableStream<T>;
  }

  get writable(): WritableStream<CodecInput> {
    return this.#open().writable;
  }

  stats(): StageStats[] {
    if (this.#pair === undefined) return [zeroStats(this.#spec.name)];
    return [this.#pair.stats()[this.#number]!];
  }

  /** @internal */
  get inWorker(): boolean {
    return this.#pair?.inWorker ?? false;
  }

  /** @internal */
  flushPair(): Promise<void> {
    return this.#pair?.flush() ?? Promise.resolve();
  }

  /** @internal */
  [kFuse](followers: readonly object[], slice?: Slice, worker?: unknown): Pick<Pair, 'readable' | 'writable'> {
    const stages = [this, ...followers] as Stage<unknown>[];
    for (const stage of stages) {
      if (!(#spec in stage)) throw new TypeError('A codec can only be fused with codecs of the same copy of tidegate');
      if (stage.#pair !== undefined)
        throw new TypeError(`${stage.#spec.name}: the codec is in use; make one for each pipeline`);
    }
    const specs = stages.map((stage) => stage.#spec);
    const rows = specs.findIndex((spec, number) => spec.givesRows && number < specs.length - 1);
    if (rows !== -1) throw new TypeError(`${specs[rows]!.name} gives rows, and ${specs[rows + 1]!.name} takes bytes`);
    const begins = specs.findIndex((spec, number) => number > 0 && (isFirst(spec) || specs[number - 1]!.open));
    if (begins !== -1) {
      const { readable, writable } = this[kFuse](followers.slice(0, begins - 1), slice, worker);
      const rest = stages[begins]![kFuse](followers.slice(begins), slice, worker);
      return { readable: readable.pipeThrough(rest), writable };
    }
    const workers = workersFor(specs) ?? workersOf('pipeline(): options', worker);
    const pair = new Pair(specs, slice, this.#spec.open === undefined ? workers : undefined);
    stages.forEach((stage, number) => {
      stage.#pair = pair;
      stage.#number = number;
    });
    return this.#behind(pair, slice);
  }

  #open(): Pick<Pair, 'readable' | 'writable'> {
    if (this.#pair === undefined) {
      this.#pair = new Pair([this.#spec], undefined, this.#spec.worker);
      this.#sides = this.#behind(this.#pair);
    }
    return this.#sides ?? this.#pair;
  }

  /** The pair behind the stage that decodes its bytes, if there is one. What ends one of them ends the other. */
  #behind(pair: Pair, slice?: Slice): Pick<Pair, 'readable' | 'writable'> {
    const before = this.#spec.before?.()[kFuse]([], slice);
    if (before === undefined) return pair;
    (before.readable as ReadableStream<string>).pipeTo(pair.writable as WritableStream<unknown>).catch(() => {});
    return { readable: pair.readable, writable: before.writable as Pair['writable'] };
  }
}

/** A stage whose codec holds back what it has read. */
export class FlushingStage<T> extends Stage<T> implements FlushStage<T> {
  flush(): Promise<void> {
    return this.flushPair();
  }
}
