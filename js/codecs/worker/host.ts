/**
 * The worker's side: chains that take turns.
 *
 * 1. A turn ends when a chain has no input or no credit, has produced `TURN` bytes, or has taken half a slice. One report
 *    tells the page of it.
 * 2. After `SLICE` milliseconds of turns the worker looks for messages, so that a chain that has much to do delays no
 *    order to another.
 * 3. A chain is freed when it has ended, or when the page has closed its port.
 */
import { Chain } from '../chain.js';
import { codecOf, families } from './codecs.js';
import { CodecError } from '../error.js';
import { nextTask } from '../../runtime/slice.js';
import { BadValue, FINISHED, HAS_BATCH } from '../segment.js';
import { adopt, BUILD, buffersOf, OUTPUT_WINDOW, sizeOf } from './protocol.js';
import type { Batch, CompiledModule, End, Opening, Order, RemoteCodec, RemoteError, Report } from './protocol.js';
import type { Parts } from '../segment.js';
import type { Bytes } from '../../runtime/buffers.js';

const TURN = 2 ** 17;
const SLICE = 8;

/** Buffers that pages have given back, a few; each has a whole number of `UNIT` bytes. */
const spare: ArrayBuffer[] = [];
const MOST_SPARE = 32;
const UNIT = 2 ** 16;

function allocate(size: number): ArrayBuffer {
  const last = spare.pop();
  if (last !== undefined && last.byteLength >= size) return last;
  return new ArrayBuffer(Math.ceil(size / UNIT) * UNIT);
}

/** A copy of the views in one buffer. */
function copied({ bytes, ends, rows, ...rest }: Parts): Batch {
  const fields = Math.ceil(bytes.length / 4) * 4;
  const buffer = allocate(fields + ends.byteLength + rows.byteLength);
  const copy = {
    ...rest,
    bytes: new Uint8Array(buffer, 0, bytes.length),
    ends: new Uint32Array(buffer, fields, ends.length),
    rows: new Uint32Array(buffer, fields + ends.byteLength, rows.length),
  };
  copy.bytes.set(bytes);
  copy.ends.set(ends);
  copy.rows.set(rows);
  return copy;
}

/** A few large ones would be much memory. */
function giveBack(buffers: readonly ArrayBuffer[]): void {
  for (const buffer of buffers) if (spare.length < MOST_SPARE && buffer.byteLength <= 4 * UNIT) spare.push(buffer);
}

/** What a turn has come to. */
interface Turn {
  readonly headers: Report['headers'][number][];
  readonly batches: Batch[];
  readonly spent: ArrayBuffer[];
  readonly moved: ArrayBuffer[];
  taken: number;
  end: End | undefined;
}

function remoteError(error: unknown): RemoteError {
  if (error instanceof BadValue)
    return { ...remoteError(error.error), place: { row: error.row, column: error.column } };
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof CodecError)) return { message };
  const { codec, code, offset, path, cause } = error;
  return { message, details: { codec, code, offset }, path, cause: cause === undefined ? undefined : String(cause) };
}

class Job {
  #compiled: (family: string, module: WebAssembly.Module) => void;
  #port: MessagePort;
  #codecs: readonly RemoteCodec[];
  #takes: Opening['takes'];
  #chain: Chain | undefined;
  #input: Bytes[] = [];
  #offset = 0;
  #last = false;
  #credit = OUTPUT_WINDOW;
  /** Flushes that have been asked for, begun and done. */
  #flushes = 0;
  #flushing = 0;
  #flushed = 0;
  /** There is more to be had without more input. */
  #hasMore = false;
  #invalid = 0;
  #result = { state: 0, taken: 0 };
  isOver = false;

  /** @param compiled called with what the chain has compiled */
  constructor({ port, codecs, takes }: Opening, compiled: (family: string, module: WebAssembly.Module) => void) {
    this.#compiled = compiled;
    this.#port = port;
    this.#codecs = codecs;
    this.#takes = takes;
  }

  order({ input, last, flushes, credit, spent }: Order): void {
    if (spent !== undefined) giveBack(spent);
    if (this.isOver) return;
    if (input !== undefined) this.#input.push(input);
    if (last === true) this.#last = true;
    if (flushes !== undefined) this.#flushes = flushes;
    if (credit !== undefined) this.#credit += credit;
  }

  get hasWork(): boolean {
    return !this.isOver && this.#credit > 0 && !this.#isDry;
  }

  get #isDry(): boolean {
    return this.#input.length === 0 && !this.#hasMore && !this.#last && this.#flushed === this.#flushes;
  }

  turn(): void {
    const turn: Turn = { headers: [], batches: [], spent: [], moved: [], taken: 0, end: undefined };
    const least = Math.max(0, this.#credit - TURN);
    const until = performance.now() + SLICE / 2;
    try {
      this.#chain ??= this.#start();
      do this.#step(this.#chain, turn);
      while (turn.end === undefined && this.#credit > least && !this.#isDry && performance.now() < until);
    } catch (error) {
      turn.end = { error: remoteError(error) };
      this.#takeRest(turn);
    }
    this.#report(turn);
    if (turn.end !== undefined) this.end();
  }

  #start(): Chain {
    const codecs = this.#codecs.map(codecOf);
    const missing = new Set(codecs.map(({ family }) => family).filter(({ module }) => module.compiled === undefined));
    const chain = new Chain(codecs);
    for (const { name, module } of missing) if (module.compiled !== undefined) this.#compiled(name, module.compiled);
    return chain;
  }

  #step(chain: Chain, turn: Turn): void {
    const [chunk] = this.#input;
    if (chunk === undefined && !this.#hasMore && this.#flushing < this.#flushes) {
      this.#flushing = this.#flushes;
      chain.flush();
    }
    const last = this.#last && this.#input.length <= 1;
    try {
      chain.run(chunk, this.#offset, last, this.#result);
    } finally {
      turn.headers.push(...chain.takeHeaders());
    }
    const { state, taken } = this.#result;
    turn.taken += taken;
    this.#offset += taken;
    if (this.#offset === chunk?.length) {
      this.#input.shift();
      this.#offset = 0;
      turn.spent.push(chunk.buffer);
      turn.moved.push(chunk.buffer);
    }
    this.#hasMore = state === HAS_BATCH;
    if (this.#input.length === 0 && !this.#hasMore) this.#flushed = this.#flushing;
    // Small batches are for when nothing else is at hand.
    if (state === HAS_BATCH || this.#input.length === 0) this.#take(chain, turn, false);
    if (state === FINISHED) {
      if (this.#takes.kind === 'columns') this.#take(chain, turn, true);
      turn.end = { digests: this.#codecs.map((_, number) => chain.digest(number)) };
    }
  }

  /** As an `Output` does. @param flush no more comes */
  #take(chain: Chain, turn: Turn, flush: boolean): void {
    const { kind, limit = 0 } = this.#takes;
    if (kind === 'bytes') {
      const bytes = chain.takeBytes();
      if (bytes.length > 0) this.#add(turn, { bytes });
    } else if (kind === 'text') {
      const parts = chain.showText();
      if (parts !== undefined) this.#add(turn, copied(parts));
    } else if (kind === 'chosen') {
      for (let parts; (parts = chain.showChosen()) !== undefined;) this.#add(turn, copied(parts));
    } else {
      const most = Math.min(limit, 2 ** 32 - 1);
      for (;;) {
        const columns = chain.takeColumns(most, flush || limit === Infinity);
        this.#invalid = columns.invalid;
        if (columns.columns === undefined) break;
        this.#add(turn, { columns });
      }
    }
  }

  #add({ batches, moved }: Turn, batch: Batch): void {
    batches.push(batch);
    moved.push(...buffersOf(batch));
    this.#credit -= sizeOf(batch);
  }

  /** After a fault: what the chain has from before it. */
  #takeRest(turn: Turn): void {
    if (this.#chain === undefined || this.#takes.kind !== 'columns') return;
    try {
      this.#take(this.#chain, turn, true);
    } catch {
      // The fault is known.
    }
  }

  #report({ headers, batches, spent, moved, taken, end }: Turn): void {
    const chain = this.#chain;
    let stats: Report['stats'] = [];
    let delimiter = 0;
    try {
      if (this.#takes.delimiter === true) delimiter = chain?.delimiter() ?? 0;
      stats = this.#codecs.map(({ name }, number) => chain?.stats(number, name)).filter((each) => each !== undefined);
    } catch {
      // A module that trapped has no figures; `end` says so.
    }
    this.#port.postMessage(
      {
        headers,
        batches,
        spent,
        taken,
        isDry: this.#isDry,
        flushed: this.#flushed,
        stats,
        invalid: this.#invalid,
        delimiter,
        end,
      } satisfies Report,
      moved,
    );
  }

  end(): void {
    this.isOver = true;
    this.#input = [];
    this.#chain?.free();
    this.#chain = undefined;
  }
}

/** Those that have work, in the order of their turns. */
const ready = new Set<Job>();
let isScheduled = false;

function wake(job: Job): void {
  if (!job.hasWork) return;
  ready.add(job);
  if (isScheduled) return;
  isScheduled = true;
  nextTask(work, undefined);
}

function work(): void {
  const until = performance.now() + SLICE;
  isScheduled = false;
  do {
    for (const job of [...ready]) {
      if (job.hasWork) job.turn();
      // Behind the others.
      ready.delete(job);
      if (job.hasWork) ready.add(job);
    }
  } while (ready.size > 0 && performance.now() < until);
  if (ready.size > 0) {
    isScheduled = true;
    nextTask(work, undefined);
  }
}

/** Takes a message of the page's pool, which `answer` sends one to. */
export function open(message: unknown, answer: (message: unknown) => void): void {
  const given = message as Opening | CompiledModule | null;
  if (given?.tidegate === 'module') {
    adopt(given, (name) => families.get(name));
  }
  if (given?.tidegate !== 'open') return;
  const { port } = given;
  const job = new Job(given, (family, module) => {
    try {
      answer({ tidegate: 'module', build: BUILD, family, module } satisfies CompiledModule);
    } catch {
      // Whoever needs it compiles it.
    }
  });
  port.onmessage = ({ data }: { data: Order | null }) => {
    if (data === null) {
      job.end();
      port.close();
      return;
    }
    job.order(data);
    wake(job);
  };
}
