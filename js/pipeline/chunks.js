/** What a function in a pipeline receives: the chunks of the stream before it, to be iterated once. */
import { Fifo } from '../runtime/fifo.js';
import { AsyncIteratorPrototype } from '../runtime/intrinsics.js';
import { PromiseReadRequest } from '../machines/reader.js';
import { isOver, nextTask } from '../runtime/slice.js';
import { lockSource } from './iterables.js';
import { lockForReading } from './ops.js';

/**
 * Reads a stream for a function. While the pipeline is whole it is the stream's reader; once the pipeline has failed
 * every read, pending or new, rejects with the pipeline's error, so that a function never takes a torn stream for one that
 * ended.
 */
export class ChunkReader {
  /** For the function. */
  chunks = new Chunks(this);

  #reader;
  #run;
  #part;
  #onEarlyEnd;
  #count;
  #gate;
  #keep;
  #yieldAfter;
  /** The requests that wait for the next task, as the thread has to be given back; undefined where none does. */
  #yielding;
  #leaving;
  #ended = false;

  /**
   * @param stream a readable stream of ours, locked from here on
   * @param run the pipeline: `failed`, `error`, `fail(error, part)`, `watch(promise, part)`
   * @param part the part that `stream` belongs to
   * @param hooks `onEarlyEnd()` is called before the stream is cancelled because no more is wanted, `count(chunk)`, if any,
   *   with every chunk; `gate.whenOpen(read)`, if any, says when to read; `keep` leaves the stream as it is at the end;
   *   `yieldAfter` as in runtime/slice.js
   */
  constructor(stream, run, part, { onEarlyEnd, count, gate, keep, yieldAfter }) {
    this.#count = count;
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

  next() {
    const request = new NextRequest(this);
    this.read(request);
    return request.promise();
  }

  /** Reads a chunk for `request`, in its turn: at once, or when the thread has been given back. */
  read(request) {
    if (this.#yielding !== undefined) {
      this.#yielding.push(request);
    } else if (this.#yieldAfter !== undefined && isOver(this.#yieldAfter)) {
      this.#yielding = new Fifo();
      this.#yielding.push(request);
      nextTask(goOn, this);
    } else {
      this.#pass(request);
    }
  }

  /** Reads for those that waited for the next task, or answers them where there is nothing more to read. */
  goOn() {
    const requests = this.#yielding;
    this.#yielding = undefined;
    while (requests?.length > 0) this.#pass(requests.shift());
  }

  #pass(request) {
    if (this.#gate === undefined) this.#read(request);
    else this.#gate.whenOpen(() => this.#read(request));
  }

  #read(request) {
    if (this.#run.failed || this.#ended) this.settleAtEnd(request);
    else this.#reader.read(request);
  }

  /** Answers a read. */
  settle(request, value) {
    this.#count?.(value);
    request.give(value);
  }

  /**
   * The function has left its loop: because it has had enough, or because it has failed, which is known a moment later, and is then what
   * the stream is told. Does not wait for the cancel, which may never settle: the pipeline does, for a while.
   */
  leave() {
    if (!this.#ended) this.#leaving ??= setTimeout(() => this.#run.watch(this.stop(), this.#part), 0);
  }

  /** Whether the pipeline has failed. */
  get failed() {
    return this.#run.failed;
  }

  /** Says that no more is wanted; the pipeline waits for what comes of it. */
  quit() {
    if (!this.#ended) this.#run.watch(this.stop(), this.#part);
  }

  /** Says that no more is wanted, if the stream has not ended. Settles when the stream's own cancel has. */
  async stop() {
    if (this.#ended) return;
    const { failed, error } = this.#run;
    if (!failed) this.#onEarlyEnd();
    const cancelled = this.#keep ? undefined : this.#reader.cancel(failed ? error : undefined);
    this.#release();
    await cancelled;
  }

  /** Answers a read that found the stream closed, by its own end or by the pipeline's teardown. */
  settleAtEnd(request) {
    if (this.#run.failed) {
      request.fail(this.#run.error);
    } else {
      this.#release();
      request.end();
    }
  }

  /** Answers a read of a stream that has failed, or, where it is kept, been let go. */
  settleAtError(request, error) {
    if (this.#keep && this.#ended) {
      this.settleAtEnd(request);
      return;
    }
    this.#run.fail(error, this.#part);
    request.fail(this.#run.error);
  }

  #release() {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#leaving);
    this.#reader.release();
    this.goOn();
  }
}

function goOn(reader) {
  reader.goOn();
}

/** An async iterable and its own only iterator. Breaking out of a `for await` over it says that no more is wanted. */
class Chunks {
  #reader;

  constructor(reader) {
    this.#reader = reader;
  }

  next() {
    return this.#reader.next();
  }

  async return(value) {
    this.#reader.leave();
    return { value, done: true };
  }
}

// It is its own iterator, and has what helpers the engine gives to all async iterators.
Object.setPrototypeOf(Chunks.prototype, AsyncIteratorPrototype);

/** A request of a ChunkReader: what the stream answers goes to that, which calls `give(value)`, `end()` or `fail(error)`. */
export class ChunkRequest {
  constructor(reader) {
    this.reader = reader;
  }

  chunkSteps(value) {
    this.reader.settle(this, value);
  }

  closeSteps() {
    this.reader.settleAtEnd(this);
  }

  errorSteps(error) {
    this.reader.settleAtError(this, error);
  }
}

/** That of a `next()`. Its promise is made after the read, as one that has its answer by then costs less. */
class NextRequest extends PromiseReadRequest {
  constructor(reader) {
    super();
    this.reader = reader;
  }

  give(value) {
    this.settle({ value, done: false });
  }

  end() {
    this.settle({ value: undefined, done: true });
  }

  fail(error) {
    super.errorSteps(error);
  }
}

const { chunkSteps, closeSteps, errorSteps } = ChunkRequest.prototype;
Object.assign(NextRequest.prototype, { chunkSteps, closeSteps, errorSteps });
