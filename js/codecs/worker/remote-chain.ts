/**
 * A chain that runs in a worker, as the page sees it.
 *
 * 1. Input is copied, and the copy is moved to the worker, so that a chunk stays its owner's. Small chunks wait for each
 *    other as long as the worker has something to do.
 * 2. What the worker has sent is handed on in order, then its error or its end. A worker that is lost is an error too.
 * 3. While the chain has work to wait for it is held, since nothing else may; and so is a process of Node. Otherwise a
 *    chain that the page forgets frees itself in time.
 */
import { BadValue, FINISHED, HAS_BATCH, produced, WAITING, zeroStats } from '../segment.js';
import { CodecError } from '../error.js';
import { Finalizers } from '../../runtime/finalizers.js';
import { remoteCodec } from './record.js';
import { INPUT_WINDOW, sizeOf } from './protocol.js';
import type { Bytes } from '../../runtime/buffers.js';
import type { ChainLike } from '../chain.js';
import type { Codec } from '../module.js';
import type { Produced, ProducedColumns, RunResult, StageStats } from '../segment.js';
import type { Batch, Opening, Order, RemoteError, Report } from './protocol.js';

/** Input is sent in pieces of so many bytes. */
const PIECE = 2 ** 16;
/** Credit is given in pieces of so many bytes, or when there is nothing else to do. */
const CREDIT = 2 ** 17;
const NOTHING = new Uint8Array(0);

type Port = MessagePort & { ref?(): void; unref?(): void };

/** Those that wait for their worker. */
const waiting = new Set<RemoteChain>();

const abandoned = new Finalizers<() => void>((close) => close());

/** Called with what has happened to the worker. */
export type Lost = (what: string, cause?: unknown) => void;

/** The worker of a chain. */
interface Host {
  open(opening: Opening, moved: MessagePort[], lost: Lost): void;
  close(lost: Lost): void;
}

export const lostError = (codec: string, what: string, cause?: unknown): CodecError =>
  new CodecError(`${codec}: ${what}`, { codec, code: 'worker-lost', offset: NaN, cause });

function toError({ message, details, path, place, cause }: RemoteError): Error | BadValue {
  if (details === undefined) return new Error(message);
  const error = new CodecError(message, { ...details, cause: cause === undefined ? undefined : new Error(cause) });
  if (path !== undefined) Object.assign(error, { path });
  return place === undefined ? error : new BadValue(error, place.row, place.column);
}

export class RemoteChain implements ChainLike {
  #port: Port;
  #wake: () => void;
  #close: () => void;
  #headers: Report['headers'][number][] = [];
  #batches: Batch[] = [];
  #held = 0;
  #current: Batch | undefined;
  #isRead = false;
  /** What the worker has not been told of: bytes of batches that have been taken, and their buffers. */
  #credit = 0;
  #spent: ArrayBuffer[] = [];
  #invalid = 0;
  #delimiter = 0;
  #end: { readonly digests: readonly Bytes[] } | { readonly failure: unknown } | undefined;
  #stats: readonly StageStats[] | undefined;
  /** Input that has not been sent. */
  #piece: Bytes = NOTHING;
  /** Buffers for pieces, which the worker has given back. A new one costs more than the copy. */
  #spare: ArrayBuffer[] = [];
  #filled = 0;
  /** Bytes that have been sent and not taken. */
  #inFlight = 0;
  #isDry = true;
  #isLast = false;
  /** Flushes that have been asked for, and that are done. */
  #flushes = 0;
  #flushed = 0;
  #lastSent = false;
  /** How many codecs there are. */
  #stages: number;

  /** @param wake called after `run` has answered `WAITING`, when that may have changed */
  constructor(codecs: readonly Codec[], takes: Opening['takes'], wake: () => void, host: Host) {
    const { port1, port2 }: { port1: Port; port2: Port } = new MessageChannel();
    const [{ name }] = codecs as [Codec];
    this.#port = port1;
    this.#stages = codecs.length;
    this.#wake = wake;
    const chain = new WeakRef<RemoteChain>(this);
    const lost: Lost = (what, cause) => {
      const target = chain.deref();
      if (target !== undefined) target.#lost(lostError(name, what, cause));
    };
    this.#close = () => {
      port1.postMessage(null);
      port1.close();
      host.close(lost);
    };
    port1.onmessage = ({ data }: { data: Report }) => {
      const target = chain.deref();
      if (target !== undefined) target.#report(data);
    };
    port1.onmessageerror = () => lost('a message of its worker cannot be read');
    // Not all engines tell that the other side is gone.
    port1.addEventListener('close', () => lost('its worker has ended'));
    port1.unref?.();
    abandoned.register(this, this.#close, this);
    host.open({ tidegate: 'open', port: port2, codecs: codecs.map(remoteCodec), takes }, [port2], lost);
  }

  run(chunk: Uint8Array | undefined, offset: number, last: boolean, result: RunResult): void {
    this.#taken();
    waiting.delete(this);
    this.#port.unref?.();
    result.taken = chunk === undefined || this.#end !== undefined ? 0 : this.#take(chunk, offset);
    if (last && (chunk === undefined || offset + result.taken === chunk.length)) this.#isLast = true;
    this.#send();
    const batch = this.#batches.shift();
    if (batch !== undefined) {
      this.#current = batch;
      this.#held -= sizeOf(batch);
      result.state = HAS_BATCH;
    } else if (this.#end === undefined) {
      const waits = this.#isLast || !this.#isDry || this.#inFlight > 0 || this.#flushed < this.#flushes;
      result.state = waits ? WAITING : 0;
      if (waits) this.#wait();
    } else if ('failure' in this.#end) {
      // Who takes the columns knows their names.
      if (!(this.#end.failure instanceof BadValue)) throw this.#end.failure;
      result.state = HAS_BATCH;
    } else {
      result.state = FINISHED;
    }
  }

  flush(): void {
    if (this.#end !== undefined || this.#lastSent) return;
    if (this.#filled > 0) this.#post();
    this.#port.postMessage({ flushes: ++this.#flushes } satisfies Order);
  }

  /** The batch of the last run has been read. */
  #taken(): void {
    const batch = this.#current;
    this.#isRead = false;
    if (batch === undefined) return;
    this.#current = undefined;
    this.#credit += sizeOf(batch);
    if ('ends' in batch) this.#spent.push(batch.bytes.buffer);
    if (this.#credit >= CREDIT) this.#giveCredit();
  }

  #giveCredit(): void {
    if (this.#credit > 0 && this.#end === undefined)
      this.#port.postMessage({ credit: this.#credit, spent: this.#spent } satisfies Order, this.#spent);
    this.#credit = 0;
    this.#spent = [];
  }

  #wait(): void {
    this.#giveCredit();
    waiting.add(this);
    this.#port.ref?.();
  }

  /** Copies as much of the chunk as may be sent. */
  #take(chunk: Uint8Array, offset: number): number {
    const wanted = Math.min(chunk.length - offset, INPUT_WINDOW - this.#inFlight - this.#filled);
    let taken = 0;
    while (taken < wanted) {
      if (this.#filled === this.#piece.length) {
        if (this.#filled > 0) this.#post();
        this.#piece = new Uint8Array(this.#spare.pop() ?? new ArrayBuffer(PIECE));
      }
      const length = Math.min(wanted - taken, PIECE - this.#filled);
      this.#piece.set(chunk.subarray(offset + taken, offset + taken + length), this.#filled);
      this.#filled += length;
      taken += length;
    }
    return taken;
  }

  /** Sends what there is, unless more may come before the worker asks for it. */
  #send(): void {
    if (this.#end !== undefined || this.#lastSent) return;
    if (this.#isLast || (this.#inFlight === 0 && this.#filled > 0)) this.#post();
  }

  #post(): void {
    const input = this.#piece.subarray(0, this.#filled);
    const order: Order = { input: this.#filled > 0 ? input : undefined, last: this.#isLast };
    this.#port.postMessage(order, this.#filled > 0 ? [input.buffer] : []);
    this.#lastSent = this.#isLast;
    this.#inFlight += this.#filled;
    this.#piece = NOTHING;
    this.#filled = 0;
  }

  takeHeaders(): Report['headers'][number][] {
    const headers = this.#headers;
    if (headers.length > 0) this.#headers = [];
    return headers;
  }

  takeBytes(): Bytes {
    const batch = this.#current;
    return batch !== undefined && 'bytes' in batch ? batch.bytes : NOTHING;
  }

  takeText(): Produced | undefined {
    const batch = this.#current;
    return batch !== undefined && 'ends' in batch ? produced(batch) : undefined;
  }

  takeChosen(): Produced | undefined {
    return this.#isFirst() ? this.takeText() : undefined;
  }

  takeColumns(): ProducedColumns {
    const batch = this.#current;
    if (
      batch === undefined &&
      this.#end !== undefined &&
      'failure' in this.#end &&
      this.#end.failure instanceof BadValue
    )
      throw this.#end.failure;
    if (batch !== undefined && 'columns' in batch && this.#isFirst()) return batch.columns;
    return { length: 0, columns: undefined, invalid: this.#invalid };
  }

  /** Whether the batch is asked for for the first time. */
  #isFirst(): boolean {
    const isFirst = !this.#isRead;
    this.#isRead = true;
    return isFirst;
  }

  delimiter(): number {
    return this.#delimiter;
  }

  digest(stage: number): Bytes {
    return (this.#end as { digests: readonly Bytes[] }).digests[stage]!;
  }

  /** The worker's, as of its last report. What is on the way counts as queued before the first codec, or held by the last. */
  stats(stage: number, name: string): StageStats {
    const told = this.#stats?.[stage] ?? zeroStats(name);
    const queued = told.queued + (stage === 0 ? this.#inFlight + this.#filled : 0);
    return { ...told, queued, held: told.held + (stage === this.#stages - 1 ? this.#held : 0) };
  }

  free(): void {
    this.#end ??= { digests: [] };
    this.#batches = [];
    this.#spare = [];
    waiting.delete(this);
    abandoned.unregister(this);
    this.#close();
  }

  #report({ headers, batches, spent, taken, isDry, flushed, stats, invalid, delimiter, end }: Report): void {
    if (this.#end !== undefined) return;
    this.#headers.push(...headers);
    for (const batch of batches) {
      this.#batches.push(batch);
      this.#held += sizeOf(batch);
    }
    this.#spare.push(...spent);
    this.#inFlight -= taken;
    this.#isDry = isDry;
    this.#flushed = flushed;
    this.#invalid = invalid;
    this.#delimiter = delimiter;
    if (stats.length > 0) this.#stats = stats;
    if (end !== undefined) this.#end = 'error' in end ? { failure: toError(end.error) } : end;
    else this.#send();
    if (waiting.has(this)) this.#wake();
  }

  #lost(failure: Error): void {
    if (this.#end !== undefined) return;
    this.#end = { failure };
    if (waiting.has(this)) this.#wake();
  }
}
