/**
 * The sending side: https://streams.spec.whatwg.org/#abstract-opdef-setupcrossrealmtransformwritable with credits in place
 * of single pulls. A chunk is serialized when there is a credit for it, not before.
 */
import { writableImpl } from '../bridge/brands.js';
import type { WritableControllerLike } from '../bridge/shapes.js';
import { detachedMessage, isDetached } from '../runtime/buffers.js';
import { drop } from '../machines/discard.js';
import { Deferred, promiseThen } from '../runtime/intrinsics.js';
import { WritableStream } from '../streams/writable-stream.js';
import { buffersOf, narrowed } from './chunks.js';
import { refuseStreams } from './search.js';
import type { EndOptions } from './readable-end.js';
import { dataCloneError, MOST_CREDIT, Wire } from './wire.js';
import type { WireOwner } from './wire.js';
import type { UnderlyingSink } from '../streams/writable-stream.js';

/**
 * Which buffers are transferred instead of copied: none (`false`), those of each chunk (`true`), or those that a
 * function returns.
 */
export type TransferChunks<T = any> = boolean | ((chunk: T) => readonly object[]);

export interface WritableEndOptions extends EndOptions {
  /** Default: false. */
  transferChunks?: TransferChunks | undefined;
  /** The signal of the pipe into this stream. */
  signal?: AbortSignal | undefined;
}

class WritableEnd implements WireOwner {
  declare credits: number;
  /** The write that waits for a credit. It resolves with whether it got one. */
  declare waiting: Deferred<boolean> | undefined;
  declare transferChunks: TransferChunks;
  declare enough: (() => unknown) | undefined;
  declare closing: Deferred<undefined> | undefined;
  declare signal: AbortSignal | undefined;
  declare onAbort: () => void;
  declare controller: WritableControllerLike;
  declare stream: WritableStream;
  declare wire: Wire;

  constructor(port: MessagePort, options: WritableEndOptions) {
    const { transferChunks = false, signal, enough } = options;
    this.credits = 0;
    this.waiting = undefined;
    this.transferChunks = transferChunks;
    this.enough = enough;
    this.closing = undefined; // waits until the other side has received the close
    this.signal = signal;
    this.onAbort = () => {
      this.stopWaiting();
      this.closing?.reject(this.controller.signal.reason);
    };
    this.controller = undefined as unknown as WritableControllerLike;
    this.stream = undefined as unknown as WritableStream;
    this.wire = new Wire(port, this, options);
  }

  start(controller: WritableControllerLike): void {
    this.controller = controller;
    // An abort of the stream, or of the pipe into it, waits for the write in flight, and that may be waiting for a reader
    // that has stopped.
    controller.signal.addEventListener('abort', this.onAbort, { once: true });
    this.signal?.addEventListener('abort', this.onAbort, { once: true });
  }

  end(): void {
    this.signal?.removeEventListener('abort', this.onAbort);
  }

  write(chunk: unknown): Promise<void> | void {
    if (this.credits > 0) return this.send(chunk);
    this.waiting = new Deferred();
    this.wire.waits(true);
    return promiseThen(this.waiting.promise, (granted) => (granted ? this.send(chunk) : this.drop(chunk)));
  }

  send(chunk: unknown): void {
    this.credits -= 1;
    try {
      refuseStreams(chunk);
      if (buffersOf(chunk).some(isDetached)) throw dataCloneError(detachedMessage('The chunk'));
      this.post(chunk);
    } catch (error) {
      this.drop(chunk);
      this.wire.postError(error);
      throw error;
    }
  }

  /** Discards a chunk that is not sent. */
  drop(chunk: unknown): void {
    drop(writableImpl(this.stream)!, chunk);
  }

  /**
   * Copies a view that is narrower than its buffer, so that the rest of the buffer stays here, unless the function
   * names that buffer.
   */
  post(chunk: unknown): void {
    const { transferChunks } = this;
    const named = typeof transferChunks === 'function' ? [...transferChunks(chunk)] : undefined;
    const message = narrowed(chunk, named && new Set(named));
    const transferables = named ?? (transferChunks ? buffersOf(message) : []);
    if (transferables.length > 0) {
      try {
        return this.wire.post('chunk', message, transferables);
      } catch {
        // Memory that cannot be transferred, such as WebAssembly's, is copied.
      }
    }
    return this.wire.post('chunk', message);
  }

  stopWaiting(granted = false): void {
    const { waiting } = this;
    if (waiting === undefined) return;
    this.waiting = undefined;
    this.wire.waits(false);
    waiting.resolve(granted);
  }

  accept(type: string, value: unknown): boolean {
    if (type === 'credit') {
      if (!Number.isInteger(value) || (value as number) < 1 || this.credits + (value as number) > MOST_CREDIT)
        return false;
      this.credits += value as number;
      this.stopWaiting(true);
    } else if (type === 'closed' && this.closing !== undefined) {
      this.end();
      this.wire.close();
      this.closing.resolve(undefined);
    } else if (type === 'error') {
      this.wire.close();
      this.fail(value === undefined ? this.enough?.() : value);
    } else return false;
    return true;
  }

  fail(error: unknown): void {
    this.controller.error(error);
    this.stopWaiting();
    this.closing?.reject(error);
    this.end();
  }

  /**
   * If this is the end of a pipeline (`enough`), waits until the other side has received the close, because nobody may
   * listen there.
   */
  close(): Promise<undefined> | undefined {
    this.wire.post('close', undefined);
    if (this.enough !== undefined) {
      this.closing = new Deferred();
      this.wire.waits(true);
      return this.closing.promise;
    }
    this.end();
    this.wire.close();
    return undefined;
  }

  abort(reason: unknown): void {
    this.end();
    const failure = this.wire.postError(reason);
    if (failure) throw failure.error;
  }
}

/** A WritableStream whose chunks the other side of `port` reads. */
export function writableEnd(port: MessagePort, options: WritableEndOptions): WritableStream {
  const end = new WritableEnd(port, options);
  end.stream = new WritableStream({
    __proto__: null,
    start: (controller: WritableControllerLike) => end.start(controller),
    write: (chunk: unknown) => end.write(chunk),
    close: () => end.close(),
    abort: (reason: unknown) => end.abort(reason),
  } as UnderlyingSink);
  return end.stream;
}
