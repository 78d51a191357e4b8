/**
 * The two streams around a chain. The readable's pull drives the work, and a write is done when its chunk has been
 * copied into the chain, so nothing is worked ahead of what the reader's queue wants:
 *
 * 1. Of what was written, at most one chunk waits here; the chain's queues and batch are bounded by themselves.
 * 2. The first failure, on whichever side, ends both sides with the same object and frees the chain. A fault of the
 *    input does so when the reader has taken everything from before it, since an errored stream forgets its queue; an
 *    abort or a cancel at once.
 * 3. Nothing of the pair's is called back while the chain works, except through `enqueue`.
 */
import { isRefusal } from '../core/wasm.js';
import { joined, TextPieces, utf8, Utf8Room } from '../runtime/text.js';
import { ReadableStream } from '../streams/readable-stream.js';
import { WritableStream } from '../streams/writable-stream.js';
import { Chain } from './chain.js';
import { deferred, type Deferred } from './deferred.js';
import { detached, toBytes } from './options.js';
import { FINISHED, HAS_BATCH, WAITING, zeroStats } from './segment.js';
import type { ReadableControllerLike, WritableControllerLike } from '../bridge/shapes.js';
import type { CodecStage, Slice } from '../bridge/stages.js';
import type { Bytes } from '../runtime/buffers.js';
import type { ChainLike } from './chain.js';
import type { Codec } from './module.js';
import type { Workers } from './workers.js';
import type { Output } from './output.js';
import type { GzipHeader, StageStats } from './segment.js';

/** How a codec stage is run. */
export interface StageSpec extends Partial<Codec> {
  readonly name: string;
  /** Makes the chain, of a stage that is no codec of a family. It is the only one of its pair, and on this thread. */
  open?(): ChainLike | Promise<ChainLike>;
  /** Makes the chunks of a pair that ends with the stage. */
  output(): Output;
  /** High-water mark of the readable side of a pair that ends with the stage. */
  readonly highWaterMark: number;
  /** High-water mark, in bytes, of the writable side of a pair that begins with the stage. */
  readonly inputHighWaterMark: number;
  /** Strings can be written to it, which are encoded as UTF-8. */
  readonly takesText?: boolean;
  /** Chunks are copied when they are written, so that they may be detached or changed while the reader takes what comes of them. */
  readonly copiesInput?: boolean;
  /** Each chunk that is written counts 1. */
  readonly countsInput?: boolean;
  /** What the streams fail with in place of a codec's error. Only of a stage that is never fused. */
  errorOf?(error: unknown): unknown;
  /** The chain is flushed after each chunk that is written. */
  readonly flushesEach?: boolean;
  /** Makes what decodes the bytes that are written to it, if they are not UTF-8. Then it is the first of its pair. */
  readonly decoder?: (() => TextDecoder) | undefined;
  /** Makes the stage that decodes them, if that is not the engine's decoder. Then it is the first of its pair too. */
  readonly before?: (() => CodecStage) | undefined;
  /**
   * Chooses the codec by the first bytes of the input, in place of the one that the stage is made with; undefined wants more of
   * them. Then it is the first of its pair. What it throws, or rejects with, the streams fail with.
   *
   * @param last no more bytes come
   */
  choose?(head: Bytes, last: boolean): Codec | Promise<Codec> | undefined;
  /** No codec can follow. Lines are text with LFs to one that does. */
  readonly givesRows?: boolean;
  /** Of gunzip: how its headers are told from those of others, and who gets them. */
  readonly headers?: { readonly tag: number; readonly found: (header: GzipHeader) => void } | undefined;
  /** Called when the chain has finished, with the stage's number in it. */
  finished?(chain: ChainLike, number: number): void;
  /** Called when the streams fail. */
  failed?(error: unknown): void;
  /** Where the stage wants to run, if not on this thread. */
  readonly worker?: Workers | undefined;
}

/** The size of what is written. What is no chunk is refused when its turn comes, so that both streams learn of it. */
function inputSize(chunk: unknown): number {
  if (typeof chunk === 'string') return chunk.length;
  try {
    const size = (chunk as { byteLength?: unknown } | null | undefined)?.byteLength;
    return typeof size === 'number' && size > 0 && size < Infinity ? size : 0;
  } catch {
    return 0;
  }
}

/** Stands for the promise of a write or close until it is clear that one is needed. */
class Now {
  failed = false;
  error: unknown;

  resolve(): void {}

  reject(error: unknown): void {
    this.failed = true;
    this.error = error;
  }
}

const goOn = (run: () => void) => run();

/** A `{ readable, writable }` pair that runs `stages` as one chain. The last stage's output is the pair's. */
export class Pair {
  declare readonly readable: ReadableStream;
  declare readonly writable: WritableStream<ArrayBuffer | ArrayBufferView>;
  #stages: readonly StageSpec[];
  /** The first bytes, which have been taken to choose the codec; undefined once it is chosen, or if there is no choice. */
  #head: Bytes | undefined;
  #output: Output | undefined;
  #chain: ChainLike | undefined;
  #workers: Workers | undefined;
  /** Why there is no chain in a worker. */
  #unopened: { readonly error: unknown } | undefined;
  #result = { state: 0, taken: 0 };
  #lastStats: StageStats[] | undefined;
  #readableController!: ReadableControllerLike;
  #writableController: WritableControllerLike | undefined;
  /** What is being written and has not been copied into the chain. */
  #chunk: Bytes | undefined;
  #offset = 0;
  /** The strings that are written. */
  #text: TextPieces | undefined;
  #room: Utf8Room | undefined;
  /** Of the bytes that are written. */
  #decoder: TextDecoder | undefined;
  /** Settles the promise of the write or close in progress. */
  #pending: Pick<Now, 'resolve' | 'reject'> | undefined;
  #closing = false;
  /** The reader's queue wants a chunk. */
  #wanted = false;
  /** The chain has more to give without more input, or may have. */
  #hasMore = false;
  /** Nothing can be done before the chain calls back. */
  #waits = false;
  #isOpening = false;
  /** The chain gives no more. */
  #exhausted = false;
  /** Why, if not because it has finished: `{ error }`. */
  #fault: { readonly error: unknown } | undefined;
  /** What the chunk being written is refused with, once everything before it has been worked on: `{ error }`. */
  #refusal: { readonly error: unknown } | undefined;
  /** What the readable's desired size is when its queue is empty. Finite, so that the two can be told apart. */
  #mark: number;
  /** Calls of `write()`, and those of them whose chunk has got here. Not where chunks are counted: there, none is flushed. */
  #written = 0;
  #begun = 0;
  /** The chunks that have been flushed, or are being. */
  #flushed = 0;
  #flushing = false;
  #flushesEach: boolean;
  /** Who waits for a flush, and after how many chunks. */
  #flushes: (Deferred<void> & { readonly after: number })[] = [];
  #running = false;
  #ended = false;
  /** What the streams have failed with: `{ error }`. */
  #failure: { readonly error: unknown } | undefined;
  #slice: Slice | undefined;
  /** The thread has to be given back before anything else. */
  #yielding = false;

  /**
   * @param slice of the pipeline that it is made for, if any
   * @param workers where the chain is to run, if not on this thread
   */
  constructor(stages: readonly StageSpec[], slice?: Slice, workers?: Workers) {
    this.#stages = stages;
    this.#slice = slice;
    this.#workers = workers;
    this.#flushesEach = stages.some((stage) => stage.flushesEach);
    const last = stages.at(-1)!;
    this.#output = last.output();
    this.#decoder = stages[0]!.decoder?.();
    if (stages[0]!.choose !== undefined) this.#head = new Uint8Array();
    this.#mark = Math.min(last.highWaterMark, Number.MAX_SAFE_INTEGER);
    // Single records are small: the queue is filled when half of it is empty, not for each that is read.
    const refill = this.#output.single ? this.#mark / 2 : -Infinity;
    this.writable = new WritableStream(
      {
        start: (controller: WritableControllerLike) => {
          this.#writableController = controller;
          // A write waits for the reader, so an abort must not wait for the write. The stream errors itself.
          controller.signal.addEventListener(
            'abort',
            () => {
              this.#writableController = undefined;
              this.#fail(controller.signal.reason);
            },
            { once: true },
          );
        },
        write: (chunk: unknown) => this.#write(chunk),
        close: () => {
          const rest = (this.#text?.rest() ?? '') + (this.#decoder?.decode() ?? '');
          if (rest) [this.#chunk, this.#offset] = [utf8(rest), 0];
          this.#closing = true;
          return this.#work();
        },
        abort: (reason: unknown) => this.#fail(reason),
      },
      {
        highWaterMark: stages[0]!.inputHighWaterMark,
        size: stages[0]!.countsInput
          ? undefined
          : (chunk: unknown) => {
              this.#written++;
              return inputSize(chunk);
            },
      },
    );
    this.readable = new ReadableStream(
      {
        start: (controller: ReadableControllerLike) => {
          this.#readableController = controller;
        },
        pull: () => {
          if (this.#readableController.desiredSize! < refill) return;
          this.#wanted = true;
          this.#run();
        },
        cancel: (reason: unknown) => this.#fail(reason),
      },
      { highWaterMark: this.#mark, size: this.#output.size },
    );
  }

  get inWorker(): boolean {
    return this.#workers !== undefined;
  }

  stats(): StageStats[] {
    if (this.#chain === undefined) return this.#lastStats ?? this.#stages.map((stage) => zeroStats(stage.name));
    return this.#stages.map((stage, number) => this.#chain!.stats(number, stage.name));
  }

  /** Resolves when the reader can have all that comes of what has been written. */
  flush(): Promise<void> {
    const flush = { ...deferred<void>(), after: this.#written };
    if (this.#failure !== undefined) flush.reject(this.#failure.error);
    else if (this.#ended || (flush.after <= this.#flushed && !this.#flushing)) flush.resolve();
    else {
      this.#flushes.push(flush);
      this.#run();
    }
    return flush.promise;
  }

  #write(chunk: unknown): Promise<void> | undefined {
    this.#begun++;
    let bytes: Bytes;
    try {
      bytes = this.#bytesOf(chunk);
    } catch (error) {
      this.#refusal = { error };
      return this.#work();
    }
    if (bytes.length === 0) return undefined;
    this.#chunk = this.#stages[0]!.copiesInput ? bytes.slice() : bytes;
    this.#offset = 0;
    return this.#work();
  }

  /** Half a surrogate pair at the end of a string waits for the next string; before anything else it is U+FFFD. */
  #bytesOf(chunk: unknown): Bytes {
    const { name, takesText } = this.#stages[0]!;
    // What was written before has been copied into the chain by now.
    if (takesText === true && typeof chunk === 'string')
      return (this.#room ??= new Utf8Room()).encode((this.#text ??= new TextPieces()).take(chunk));
    let bytes = toBytes(chunk, name, takesText);
    if (this.#decoder !== undefined)
      bytes = (this.#room ??= new Utf8Room()).encode(this.#decoder.decode(bytes, { stream: true }));
    const half = bytes.length > 0 ? this.#text?.rest() : undefined;
    return half ? joined(utf8(half), bytes) : bytes;
  }

  /** Starts on what was just written; returns a promise only if that is not done at once. */
  #work(): Promise<void> | undefined {
    const now = new Now();
    this.#pending = now;
    this.#run();
    if (now.failed) throw now.error;
    if (this.#pending !== now) return undefined;
    return new Promise<void>((resolve, reject) => {
      this.#pending = { resolve, reject };
    });
  }

  #settle(): void {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.resolve();
  }

  #run(): void {
    if (this.#running || this.#yielding) return;
    this.#running = true;
    try {
      this.#waits = false;
      while (this.#wanted && !this.#ended && !this.#yielding && !this.#waits) {
        const chunk = this.#output!.next(this.#exhausted);
        if (chunk !== undefined) this.#enqueue(chunk);
        else if (this.#exhausted) this.#end();
        else if (!this.#hasMore && !this.#closing && this.#chunk === undefined && this.#refusal === undefined) {
          if (!this.#flush()) break;
        } else {
          this.#step();
          if (this.#slice?.isOver()) this.#yield();
        }
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#running = false;
    }
  }

  /** With nothing else to do: ends the flush that is done, and begins one that is due; says whether it did. */
  #flush(): boolean {
    if (this.#flushing) {
      this.#flushing = false;
      if (this.#flushesEach) this.#settle();
    }
    while (this.#flushes.length > 0 && this.#flushes[0]!.after <= this.#flushed) this.#flushes.shift()!.resolve();
    const isDue = this.#flushesEach
      ? this.#begun > this.#flushed
      : this.#flushes.length > 0 && this.#flushes[0]!.after <= this.#begun;
    if (!isDue) return false;
    this.#flushed = this.#begun;
    if (this.#chain === undefined) return true;
    this.#chain.flush();
    this.#flushing = true;
    this.#hasMore = true;
    return true;
  }

  #yield(): void {
    this.#yielding = true;
    this.#slice!.nextTask(goOn, () => {
      this.#yielding = false;
      this.#run();
    });
  }

  #enqueue(chunk: unknown): void {
    this.#wanted = false;
    this.#readableController.enqueue(chunk);
    // A waiting read makes enqueue ask for the next chunk by itself.
    if (this.#readableController.desiredSize! > 0) this.#wanted = true;
  }

  #step(): void {
    try {
      this.#advance();
    } catch (cause) {
      const { errorOf } = this.#stages[0]!;
      this.#fault = { error: errorOf === undefined ? cause : errorOf(cause) };
      this.#exhausted = true;
      this.#takeRest();
      this.#chunk = undefined;
      this.#free();
    }
  }

  /** After a fault: what the chain has from before it. */
  #takeRest(): void {
    if (this.#chain === undefined) return;
    try {
      this.#output!.end?.(this.#chain);
    } catch {
      // The fault is known.
    }
  }

  /** Makes the chain; one in a worker, or without WebAssembly, needs code that is loaded first. */
  #open(): ChainLike | undefined {
    if (this.#unopened !== undefined) throw this.#unopened.error;
    if (this.#isOpening) {
      this.#waits = this.#hasMore = true;
      return undefined;
    }
    const wake = () => {
      // What has come meanwhile is to be asked for, also where there is no input.
      this.#hasMore = true;
      this.#run();
    };
    let opening: Promise<ChainLike>;
    const codecs = this.#stages as readonly (StageSpec & Codec)[];
    const opened = codecs[0]!.open?.();
    if (opened !== undefined) {
      if (!('then' in opened)) return opened;
      opening = opened;
    } else if (this.#workers === undefined) {
      try {
        return new Chain(codecs);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        const isOurs = (stream: object) => stream instanceof ReadableStream;
        opening = import('./plain/chain.js').then(
          ({ PlainChain }) => new PlainChain(codecs, wake, error, isOurs),
          (cause: unknown) => {
            const what = 'cannot load codec-plain.js, which runs codecs without WebAssembly';
            throw new Error(`${this.#stages[0]!.name}: ${what}. ${(error as Error).message}`, { cause });
          },
        );
      }
    } else {
      opening = this.#workers.run(codecs, this.#output!.takes, wake);
    }
    this.#waits = this.#hasMore = this.#isOpening = true;
    opening.then(
      (chain) => {
        if (this.#ended) return chain.free();
        this.#chain = chain;
        this.#run();
      },
      (error: unknown) => {
        this.#unopened = { error };
        this.#run();
      },
    );
    return undefined;
  }

  /** Chooses the codec that the stream begins with. Returns whether it is known. */
  #choose(): boolean {
    if (this.#unopened !== undefined) throw this.#unopened.error;
    if (this.#isOpening) {
      this.#waits = this.#hasMore = true;
      return false;
    }
    const [stage, ...others] = this.#stages as [StageSpec, ...StageSpec[]];
    const chunk = this.#chunk ?? new Uint8Array();
    const head = this.#head!.length > 0 ? joined(this.#head!, chunk) : chunk;
    const chosen = stage.choose!(head, this.#closing);
    if (chosen === undefined) {
      // A few bytes, which are their writer's again.
      this.#head = head.slice();
      this.#chunk = undefined;
      this.#hasMore = false;
      if (!this.#flushesEach) this.#settle();
      return false;
    }
    const use = ({ name, family, add }: Codec) => {
      this.#stages = [{ ...stage, name, family, add }, ...others];
      this.#head = undefined;
      if (head.length > 0) [this.#chunk, this.#offset] = [head, 0];
    };
    if (!(chosen instanceof Promise)) {
      use(chosen);
      return true;
    }
    this.#waits = this.#hasMore = this.#isOpening = true;
    chosen
      .then(
        (codec) => {
          this.#isOpening = false;
          if (!this.#ended) use(codec);
        },
        (error: unknown) => {
          this.#unopened = { error };
        },
      )
      .then(() => this.#run());
    return false;
  }

  /** Runs the chain, and hands on the headers that it has found, also if it fails. */
  #runChain(chain: ChainLike, chunk: Bytes | undefined): void {
    try {
      chain.run(chunk, this.#offset, this.#closing, this.#result);
    } finally {
      if (this.#stages.some((stage) => stage.headers !== undefined)) this.#handOnHeaders(chain);
    }
  }

  #handOnHeaders(chain: ChainLike): void {
    // All are taken first: the page's function may run another chain.
    for (const [tag, header] of chain.takeHeaders())
      this.#stages.find((stage) => stage.headers?.tag === tag)?.headers?.found(header);
  }

  #advance(): void {
    if (this.#refusal !== undefined && !this.#hasMore) throw this.#refusal.error;
    if (this.#chunk?.length === 0) throw detached(this.#stages[0]!.name);
    if (this.#head !== undefined && !this.#choose()) return;
    this.#chain ??= this.#open();
    if (this.#chain === undefined) return;
    const chunk = this.#chunk;
    const result = this.#result;
    if (chunk?.length === 0) throw detached(this.#stages[0]!.name);
    this.#runChain(this.#chain, chunk);
    this.#waits = result.state === WAITING;
    this.#hasMore = result.state === HAS_BATCH || this.#waits;
    this.#offset += result.taken;
    const copied = chunk !== undefined && this.#offset === chunk.length;
    if (copied) this.#chunk = undefined;
    // Small batches are for when nothing else is at hand.
    if (this.#hasMore || this.#chunk === undefined) this.#output!.take(this.#chain);
    if (result.state === FINISHED) {
      this.#output!.end?.(this.#chain);
      this.#stages.forEach((stage, number) => stage.finished?.(this.#chain!, number));
      this.#exhausted = true;
      this.#free();
    }
    if (copied && !this.#closing && !this.#flushesEach) this.#settle();
  }

  /** The end, when all has been handed on; after a fault when the reader has taken all of it. */
  #end(): void {
    if (this.#fault === undefined) {
      this.#ended = true;
      this.#readableController.close();
      this.#settle();
      for (const flush of this.#flushes) flush.resolve();
    } else if (this.#readableController.desiredSize === this.#mark) {
      this.#fail(this.#fault.error);
    } else {
      this.#wanted = false;
    }
  }

  #free(): void {
    if (this.#chain === undefined) return;
    try {
      this.#lastStats = this.stats();
    } catch {
      // A module that trapped has no figures; the streams' error says so.
    }
    this.#chain.free();
    this.#chain = undefined;
  }

  #fail(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#chunk = undefined;
    this.#output = undefined;
    this.#free();
    this.#failure = { error };
    for (const stage of this.#stages) stage.failed?.(error);
    for (const flush of this.#flushes) flush.reject(error);
    this.#readableController.error(error);
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending !== undefined) pending.reject(error);
    else this.#writableController?.error(error);
  }
}
