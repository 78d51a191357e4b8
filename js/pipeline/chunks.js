/** What a function in a pipeline receives: the chunks of the stream before it, to be iterated once. */

/**
 * An async iterable and its own only iterator. Breaking out of a `for await` over it says that no more is wanted:
 * the stream is cancelled and everything before it with it.
 *
 * While the pipeline is whole it is the stream's reader; once the pipeline has failed every read, pending or new, rejects
 * with the pipeline's error, so that a function never takes a torn stream for one that ended.
 */
export class Chunks {
  #reader;
  #run;
  #onEarlyEnd;
  #ended = false;
  #check;
  #onError;

  /**
   * @param stream a readable stream of ours, locked from here on
   * @param run the pipeline: `failed`, `error`, `fail(error)`
   * @param onEarlyEnd called before the stream is cancelled because no more is wanted
   */
  constructor(stream, run, onEarlyEnd) {
    this.#reader = stream.getReader();
    this.#run = run;
    this.#onEarlyEnd = onEarlyEnd;
    this.#reader.closed.then(undefined, (error) => {
      if (!this.#ended) run.fail(error);
    });
    this.#check = (result) => {
      if (run.failed) throw run.error;
      if (result.done) this.#release();
      return result;
    };
    this.#onError = (error) => {
      run.fail(error);
      throw run.error;
    };
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  next() {
    if (this.#run.failed) return Promise.reject(this.#run.error);
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    return this.#reader.read().then(this.#check, this.#onError);
  }

  async return(value) {
    await this.stop();
    return { value, done: true };
  }

  /** Says that no more is wanted, if the stream has not ended. Settles when the stream's own cancel has. */
  async stop() {
    if (this.#ended) return;
    if (!this.#run.failed) this.#onEarlyEnd();
    const cancelled = this.#reader.cancel(this.#run.failed ? this.#run.error : undefined);
    this.#release();
    await cancelled;
  }

  #release() {
    if (this.#ended) return;
    this.#ended = true;
    this.#reader.releaseLock();
  }
}
