/**
 * One run of a pipeline: joins the parts, watches them, takes them down.
 *
 * Invariants:
 * 1. Pipes between the parts only report; whoever decides what an end means for the others is this class. So the first
 *    error is known when it happens, before any stage has been given the chance to fail because of it.
 * 2. `fail` and `finish` are each effective once, and not after one another.
 * 3. The promise settles after every part has, but a part that ignores its cancel or abort holds it up for at most
 *    `GRACE` milliseconds.
 */
import { abortStream, cancelStream, isClosing, isErrored, pipe } from './ops.js';
import { ChunkReader } from './chunks.js';
import { recordFailure } from './failures.js';

/** How long teardown waits for a part that does not answer, in milliseconds. */
const GRACE = 500;

const ignore = () => {};

export class Run {
  failed = false;
  error = undefined;

  #ending = false; // the sink has all it wants
  #tornDown = false; // something was cancelled or aborted, so what is left may be waiting for nothing
  #links = []; // { source, sink, isTransform, early, settled }
  #readables = [];
  #writables = [];
  #readers = [];
  #parts = new Map(); // stream to the part it belongs to, { index, name }
  #failure = undefined; // what failureOf() tells
  #open = new Set(); // promises that have not settled
  #onQuiet = undefined; // set once the pipeline is ending: called when #open is empty
  #timer = undefined;
  #outcome = deferred();
  #stages = new AbortController();
  #consumer = new AbortController();

  /** Settles when the pipeline has: with the consumer's result, or the first error. */
  get outcome() {
    return this.#outcome.promise;
  }

  /** What source and stage functions get: aborted when the pipeline has failed, or no more is wanted of them. */
  get stageSignal() {
    return this.#stages.signal;
  }

  /** What a consumer function gets: aborted when the pipeline has failed. */
  get consumerSignal() {
    return this.#consumer.signal;
  }

  /** Puts a stream among those that a failure takes down. */
  ownReadable(stream, part) {
    this.#parts.set(stream, part);
    this.#readables.push(stream);
  }

  ownWritable(stream, part) {
    this.#parts.set(stream, part);
    this.#writables.push(stream);
  }

  /** Reads `stream` for a function: `chunks` is what that gets, `stop()` ends them when it has returned. */
  readerOf(stream) {
    const reader = new ChunkReader(stream, this, this.#parts.get(stream), () => this.#markEarly(stream));
    this.#readers.push(reader);
    return reader;
  }

  /**
   * Pipes `source` into `sink`. `isTransform` says that `sink` is the writable side of a transform stream, which, when
   * only that side is errored, has had enough rather than failed; `output` is the other side. Resolves when done.
   */
  link(source, sink, { isTransform = false, output = undefined } = {}) {
    const link = { source, sink, isTransform, output, early: false, settled: false };
    this.#links.push(link);
    const piped = pipe(source, sink, (error) => this.fail(error, this.#parts.get(source)));
    this.#track(
      piped.then(
        () => void (link.settled = true),
        (error) => {
          link.settled = true;
          this.#linkFailed(link, error);
        },
      ),
    );
    return piped;
  }

  #linkFailed(link, error) {
    if (this.failed) {
      this.#addLater(error);
      return;
    }
    const hadEnough = link.early || (link.isTransform && !isErrored(link.output));
    if (!hadEnough) this.fail(error, this.#parts.get(isErrored(link.source) ? link.source : link.sink));
    else this.cancel(link.source, link.early ? undefined : error);
  }

  /** Says that whoever reads `stream` wants no more of it. */
  #markEarly(stream) {
    this.#tornDown = true;
    if (this.#ending) this.#limitWait();
    for (const link of this.#links) if (link.output === stream) link.early = true;
  }

  /** Cancels `stream`, of which no more is wanted. Its own failure to be cancelled is a failure of the pipeline. */
  cancel(stream, reason) {
    this.#markEarly(stream);
    this.#track(cancelStream(stream, reason).then(undefined, (error) => this.fail(error, this.#parts.get(stream))));
  }

  /** Waits for `promise`, which never rejects, before the outcome settles. */
  #track(promise) {
    this.#open.add(promise);
    promise.then(() => {
      this.#open.delete(promise);
      if (this.#open.size === 0) this.#onQuiet?.();
    });
  }

  /** The same for a promise that may reject: with the pipeline's failure. */
  watch(promise, part) {
    this.#track(promise.then(ignore, (error) => this.fail(error, part)));
  }

  /** Takes the pipeline down with `error`, of `part` if it is any part's, unless it has already failed or ended. */
  fail(error, part) {
    if (this.failed) {
      this.#addLater(error);
      return;
    }
    this.failed = true;
    this.error = error;
    this.#failure = recordFailure(error, part);
    this.#tornDown = true;
    this.#stages.abort(error);
    this.#consumer.abort(error);
    const later = (failure) => this.#addLater(failure);
    for (const stream of this.#writables) this.#track(abortStream(stream, error).then(ignore, later));
    for (const stream of this.#readables) this.#track(cancelStream(stream, error).then(ignore, later));
    for (const reader of this.#readers) this.#track(reader.stop().then(ignore, later));
    if (this.#ending) this.#limitWait();
    else this.#settle();
  }

  #addLater(error) {
    if (error !== this.error && !this.#failure.later.includes(error)) this.#failure.later.push(error);
  }

  /** Ends the pipeline well: the sink has all it wanted. What runs on before it is told that no more is wanted. */
  finish(value) {
    if (this.failed || this.#ending) return;
    for (const reader of this.#readers) this.watch(reader.stop());
    for (const link of this.#links) if (!link.settled && !isClosing(link.sink)) this.cancel(link.source, undefined);
    if (this.#tornDown) this.#stages.abort(new DOMException('The consumer of the pipeline wants no more', 'AbortError'));
    this.#settle(value);
  }

  async #settle(value) {
    this.#ending = true;
    if (this.#open.size > 0) {
      await new Promise((resolve) => {
        this.#onQuiet = resolve;
        this.#limitWait();
      });
      clearTimeout(this.#timer);
    }
    if (this.failed) this.#outcome.reject(this.error);
    else this.#outcome.resolve(value);
  }

  /** Once parts have been torn down, those that are left may be waiting for what never comes. */
  #limitWait() {
    if (this.#tornDown) this.#timer ??= setTimeout(this.#onQuiet, GRACE);
  }
}

function deferred() {
  const result = {};
  result.promise = new Promise((resolve, reject) => Object.assign(result, { resolve, reject }));
  return result;
}
