/** What a function in a pipeline receives: the chunks of the stream before it, to be iterated once. */
import { Fifo } from '../runtime/fifo.js';
import { AsyncIteratorPrototype } from '../runtime/intrinsics.js';
import { PromiseReadRequest } from '../machines/reader.js';
import { isOver, nextTask } from '../runtime/slice.js';
import { lockSource } from './iterables.js';
import { lockForReading } from './ops.js';
import type { ReadRequest } from '../machines/parts.js';
import type { ReadableStream } from '../streams/readable-stream.js';
import type { Part, Reader } from './parts.js';

/** A read of a ChunkReader's. Exactly one of the three is called, once, in the end. */
interface Taker {
  give(value: unknown): void;
  /** There is no more, or no more is wanted. */
  end(): void;
  /** The pipeline has failed. */
  fail(error: unknown): void;
}

type Request = Taker & ReadRequest;

/** As much of a run as a reader of it uses. */
interface Pipeline {
  readonly failed: boolean;
  readonly error: unknown;
  fail(error: unknown, part: Part | undefined): void;
  watch(promise: Promise<unknown>, part?: Part): void;
}

/** An object, as engines compile the call of a method better than that of one of many closures. */
export interface Counter {
  count(chunk: unknown): void;
}

export interface ReaderHooks {
  /** Called before the stream is cancelled because no more is wanted. */
  readonly onEarlyEnd: () => void;
  /** Called with every chunk. */
  readonly counter: Counter | undefined;
  /** Says when to read. */
  readonly gate: { whenOpen(read: () => void): void } | undefined;
  /** Leave the stream as it is at the end. */
  readonly keep: boolean | undefined;
  /** As in runtime/slice.js. */
  readonly yieldAfter: number | undefined;
}

/**
 * Reads a stream for a function. Until the pipeline fails it is the stream's reader. Once the pipeline has failed,
 * every read, pending or new, rejects with the pipeline's error, so a function never mistakes a failure for the end of
 * the stream.
 */
export class ChunkReader {
  /** For the function. */
  chunks = new Chunks(this);
  /** How often a chunk was asked for. */
  asked = 0;
  /** Called before each read, where `tidegate/inspect` measures how long the function has had a chunk. */
  onRead: (() => void) | undefined = undefined;

  #reader: Reader;
  #run: Pipeline;
  #part: Part | undefined;
  #onEarlyEnd: ReaderHooks['onEarlyEnd'];
  #counter: Counter | undefined;
  #gate: ReaderHooks['gate'];
  #keep: ReaderHooks['keep'];
  #yieldAfter: number | undefined;
  /** The requests that wait for the next task because the slice is over; undefined if none waits. */
  #yielding: Fifo<Request> | undefined;
  #leaving: ReturnType<typeof setTimeout> | undefined;
  #ended = false;

  /**
   * @param stream a readable stream of ours, locked from here on
   * @param part the part that `stream` belongs to
   */
  constructor(
    stream: ReadableStream,
    run: Pipeline,
    part: Part | undefined,
    { onEarlyEnd, counter, gate, keep, yieldAfter }: ReaderHooks,
  ) {
    this.#counter = counter;
    this.#gate = gate;
    this.#keep = keep;
    this.#yieldAfter = yieldAfter;
    this.#reader = lockSource(stream) ?? lockForReading(stream);
    this.#run = run;
    this.#part = part;
    this.#onEarlyEnd = onEarlyEnd;
    this.#reader.closed?.get().then(undefined, (error) => {
      if (!this.#ended) run.fail(error, part);
    });
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    const request = new NextRequest(this);
    this.read(request);
    return request.promise() as Promise<IteratorResult<unknown, undefined>>;
  }

  /** Reads a chunk for `request`, in order: at once, or in the next task if the slice is over. */
  read(request: Request): void {
    this.asked += 1;
    if (this.onRead !== undefined) this.onRead();
    if (this.#yielding !== undefined) {
      this.#yielding.push(request);
    } else if (this.#yieldAfter !== undefined && isOver(this.#yieldAfter)) {
      this.#yielding = new Fifo<Request>();
      this.#yielding.push(request);
      nextTask(goOn, this);
    } else {
      this.#pass(request);
    }
  }

  /** Reads for those that waited for the next task, or answers them where there is nothing more to read. */
  goOn(): void {
    const requests = this.#yielding;
    this.#yielding = undefined;
    while ((requests?.length as number) > 0) this.#pass(requests!.shift());
  }

  #pass(request: Request): void {
    if (this.#gate === undefined) this.#read(request);
    else this.#gate.whenOpen(() => this.#read(request));
  }

  #read(request: Request): void {
    if (this.#run.failed || this.#ended) this.settleAtEnd(request);
    else this.#reader.read(request);
  }

  /** Answers a read. */
  settle(request: Taker, value: unknown): void {
    if (this.#counter !== undefined) this.#counter.count(value);
    request.give(value);
  }

  /**
   * The function has left its loop. A throw inside `for await` first looks like an early exit, because the language
   * calls `return()` before the promise rejects. So this waits one task, and the stream is cancelled with the actual
   * error. It does not await the cancel, which may never settle; the pipeline does, with a bound.
   */
  leave(): void {
    if (!this.#ended) this.#leaving ??= setTimeout(() => this.#run.watch(this.stop(), this.#part), 0);
  }

  /** Whether the pipeline has failed. */
  get failed(): boolean {
    return this.#run.failed;
  }

  /** Cancels the stream, as no more chunks are wanted; the pipeline waits for the cancel. */
  quit(): void {
    if (!this.#ended) this.#run.watch(this.stop(), this.#part);
  }

  /** Says that no more is wanted, if the stream has not ended. Settles when the stream's own cancel has. */
  async stop(): Promise<void> {
    if (this.#ended) return;
    const { failed, error } = this.#run;
    if (!failed) this.#onEarlyEnd();
    const cancelled = this.#keep ? undefined : this.#reader.cancel(failed ? error : undefined);
    this.#release();
    await cancelled;
  }

  /** Answers a read that found the stream closed, by its own end or by the pipeline's teardown. */
  settleAtEnd(request: Taker): void {
    if (this.#run.failed) {
      request.fail(this.#run.error);
    } else {
      this.#release();
      request.end();
    }
  }

  /** Answers a read of a stream that has failed, or, where it is kept, been let go. */
  settleAtError(request: Taker, error: unknown): void {
    if (this.#keep && this.#ended) {
      this.settleAtEnd(request);
      return;
    }
    this.#run.fail(error, this.#part);
    request.fail(this.#run.error);
  }

  #release(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#leaving);
    this.#reader.release();
    this.goOn();
  }
}

function goOn(reader: ChunkReader): void {
  reader.goOn();
}

/** An async iterable and its own only iterator. Breaking out of a `for await` over it says that no more is wanted. */
class Chunks {
  #reader: ChunkReader;

  constructor(reader: ChunkReader) {
    this.#reader = reader;
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    return this.#reader.next();
  }

  async return(value?: unknown): Promise<IteratorReturnResult<unknown>> {
    this.#reader.leave();
    return { value, done: true };
  }
}

// It is its own iterator, and has what helpers the engine gives to all async iterators.
Object.setPrototypeOf(Chunks.prototype, AsyncIteratorPrototype);

/** A request of a ChunkReader: what the stream answers goes to that, which answers the request. */
export abstract class ChunkRequest implements Request {
  declare reader: ChunkReader;

  constructor(reader: ChunkReader) {
    this.reader = reader;
  }

  abstract give(value: unknown): void;
  abstract end(): void;
  abstract fail(error: unknown): void;

  chunkSteps(value: unknown): void {
    this.reader.settle(this, value);
  }

  closeSteps(): void {
    this.reader.settleAtEnd(this);
  }

  errorSteps(error: unknown): void {
    this.reader.settleAtError(this, error);
  }
}

/** That of a `next()`. Its promise is made after the read, as one that has its answer by then costs less. */
class NextRequest extends PromiseReadRequest implements Taker {
  declare reader: ChunkReader;

  constructor(reader: ChunkReader) {
    super();
    this.reader = reader;
  }

  give(value: unknown): void {
    this.settle({ value, done: false });
  }

  end(): void {
    this.settle({ value: undefined, done: true });
  }

  fail(error: unknown): void {
    super.errorSteps(error);
  }
}

const { chunkSteps, closeSteps, errorSteps } = ChunkRequest.prototype;
Object.assign(NextRequest.prototype, { chunkSteps, closeSteps, errorSteps });
