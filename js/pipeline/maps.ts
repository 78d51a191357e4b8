/**
 * A stage that calls a function for each chunk. It is not a transform stream: unless the function returns a promise, a
 * chunk costs neither a promise nor a microtask.
 *
 * Invariants, which are those of a transform stream with the default marks:
 * 1. One chunk is read ahead; the function is called with it when its result is wanted, with one at a time.
 * 2. The next chunk is read once a result has been enqueued.
 */
import { drop } from '../machines/discard.js';
import { Fifo } from '../runtime/fifo.js';
import { schedule } from '../runtime/jobs.js';
import { PENDING } from '../machines/pending.js';
import {
  afterReadableStart,
  cancelReadable,
  closeReadable,
  enqueue,
  ERRORED,
  errorStream,
  pullSettled,
  ReadableImpl,
} from '../machines/readable.js';
import { INTERNAL } from '../runtime/webidl.js';
import { ReadableStream } from '../streams/readable-stream.js';
import { ChunkRequest } from './chunks.js';
import { isThenable } from '../bridge/kinds.js';
import { registerSource } from './iterables.js';
import type { ReadRequest } from '../machines/parts.js';
import type { ChunkReader } from './chunks.js';
import type { DirectSource, Reader } from './parts.js';

type Call = (chunk: unknown) => unknown;
type OnError = (error: unknown) => void;

/**
 * A stream of what `call(chunk)` returns or resolves with, for each chunk of `reader`, a ChunkReader.
 *
 * @param onError is called with what `call` throws or rejects with
 * @returns `{ stream, holder }`: `holder.queue` has the chunk that was read ahead
 */
export function streamOfMap(
  reader: ChunkReader,
  call: Call,
  onError: OnError,
): { stream: ReadableStream; holder: { queue: Fifo<unknown> } } {
  const source = new MapSource(reader, call, onError);
  afterReadableStart(source.impl, undefined);
  const stream = new ReadableStream(INTERNAL, source.impl);
  registerSource(stream, source);
  schedule(run, source);
  return { stream, holder: source };
}

const run = (source: MapSource): void => source.run();

class MapSource extends ChunkRequest implements DirectSource {
  queue = new Fifo<unknown>();
  impl = new ReadableImpl(
    0,
    undefined,
    () => this.pull(),
    () => this.cancel(),
  );

  #call: Call;
  #onError: OnError;
  /** Those of a reader that goes without the stream. */
  #requests = new Fifo<ReadRequest>();
  /** Whether the stream waits for a chunk, and whether it is asking for one right now. */
  #pulled = false;
  #pulling = false;
  /** Whether a read is with the reader, whether a call is under way, whether `run` is. */
  #asked = false;
  #calling = false;
  #running = false;
  #ended = false;
  /** Settles the promise of the cancel, which waits for the call under way. */
  #onReturned: { resolve(): void; reject(error: unknown): void } | undefined;
  #onResult = (value: unknown): void => {
    this.#deliver(value);
    this.run();
  };
  #onReject = (error: unknown): void => this.#reject(error);

  constructor(reader: ChunkReader, call: Call, onError: OnError) {
    super(reader);
    this.#call = call;
    this.#onError = onError;
  }

  /** Does what can be done. */
  run(): void {
    if (this.#running) return;
    this.#running = true;
    while (!this.#ended && !this.#calling) {
      if (this.queue.length > 0) {
        if (!this.#pulled && this.#requests.length === 0) break;
        this.#step();
      } else if (this.#asked) {
        break;
      } else {
        this.#asked = true;
        this.reader.read(this);
      }
    }
    this.#running = false;
  }

  #step(): void {
    this.#calling = true;
    try {
      const result = this.#call(this.queue.shift());
      if (isThenable(result)) Promise.resolve(result).then(this.#onResult, this.#onReject);
      else this.#deliver(result);
    } catch (error) {
      this.#reject(error);
    }
  }

  #deliver(value: unknown): void {
    this.#calling = false;
    if (this.#ended) {
      drop(this.impl, value);
      this.#onReturned?.resolve();
    } else if (this.#requests.length > 0) {
      this.#requests.shift().chunkSteps(value);
    } else {
      this.#pulled = false;
      enqueue(this.impl, value);
      if (!this.#pulling) pullSettled(this.impl);
    }
  }

  #reject(error: unknown): void {
    this.#calling = false;
    if (this.#ended) {
      this.#onReturned?.reject(error);
      return;
    }
    this.#ended = true;
    this.#onError(error);
    this.#fail(error);
  }

  #fail(error: unknown): void {
    errorStream(this.impl, error);
    this.release();
  }

  #answerAtEnd(request: ReadRequest): void {
    if (this.impl.state === ERRORED) request.errorSteps(this.impl.storedError);
    else request.closeSteps();
  }

  // What the reader answers.

  override give(value: unknown): void {
    this.#asked = false;
    if (this.#ended) {
      drop(this.impl, value);
      return;
    }
    this.queue.push(value);
    this.run();
  }

  override end(): void {
    if (this.#ended) return;
    this.#ended = true;
    closeReadable(this.impl);
    this.release();
  }

  override fail(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#fail(error);
  }

  // What the stream asks.

  pull(): typeof PENDING | undefined {
    this.#pulled = true;
    this.#pulling = true;
    this.run();
    this.#pulling = false;
    return this.#pulled ? PENDING : undefined;
  }

  /** Nobody wants more. A call that fails now is the pipeline's only if that has failed. */
  cancel(): Promise<void> | undefined {
    this.#ended = true;
    while (this.queue.length > 0) drop(this.impl, this.queue.shift());
    this.reader.quit();
    if (!this.#calling) return undefined;
    return new Promise<void>((resolve, reject) => {
      this.#onReturned = { resolve, reject: (error) => (this.reader.failed ? reject(error) : resolve(undefined)) };
    });
  }

  /** A lock that goes without the stream. */
  lock(): Reader {
    const source = this;
    return {
      closed: undefined,
      read(request: ReadRequest) {
        if (source.#ended) source.#answerAtEnd(request);
        else {
          source.#requests.push(request);
          source.run();
        }
      },
      cancel(reason: unknown) {
        const cancelled = cancelReadable(source.impl, reason);
        source.release();
        return cancelled;
      },
      release: () => source.release(),
    };
  }

  /** What is still asked for ends. */
  release(): void {
    while (this.#requests.length > 0) this.#answerAtEnd(this.#requests.shift());
  }
}
