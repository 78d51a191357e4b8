/** Transform streams: https://streams.spec.whatwg.org/#ts-abstract-ops */
import { broken, repair } from '../runtime/broken.js';
import { core } from '../core/module.js';
import { drop } from './discard.js';
import { T_WAKE_WRITE } from '../core/effects.js';
import {
  Deferred,
  isolate,
  markHandled,
  noop,
  promiseReject,
  promiseResolve,
  promiseThen,
  resolved,
} from '../runtime/intrinsics.js';
import { schedule, scheduleInPipe } from '../runtime/jobs.js';
import {
  afterReadableStart,
  closeReadable,
  enqueue,
  ERRORED,
  errorStream,
  pullSettled,
  ReadableImpl,
} from './readable.js';
import {
  afterWritableStart,
  ERRORED as W_ERRORED,
  ERRORING,
  errorWritable,
  reportTransformed,
  WritableImpl,
  writeFailed,
  writeSettled,
} from './writable.js';
import type { Callback } from '../runtime/webidl.js';
import type { TransformPart } from './parts.js';

/** A strategy with all defaults applied. */
interface Strategy {
  highWaterMark: number;
  size: Callback | undefined;
}

export class TransformImpl implements TransformPart {
  declare transform: ((chunk: unknown, controller: unknown) => unknown) | undefined;
  declare flush: ((controller: unknown) => unknown) | undefined;
  declare cancel: ((reason: unknown) => unknown) | undefined;
  declare controller: unknown;
  declare waiting: unknown;
  declare performing: boolean;
  declare answeredPull: boolean;
  declare finish: Deferred<undefined> | undefined;
  declare writable: WritableImpl;
  declare readable: ReadableImpl;

  constructor(writableStrategy: Strategy, readableStrategy: Strategy) {
    this.transform = undefined;
    this.flush = undefined;
    this.cancel = undefined;
    this.controller = undefined;
    this.waiting = undefined;
    /** Whether the page's transform() is running. */
    this.performing = false;
    /** Whether that call, between two pipes, has already settled the pull of the readable side. */
    this.answeredPull = false;
    this.finish = undefined;
    this.writable = new WritableImpl(
      writableStrategy.highWaterMark,
      writableStrategy.size,
      undefined, // a write is a perform()
      () => this.sinkClose(),
      (reason) => this.sinkAbort(reason),
    );
    this.readable = new ReadableImpl(
      readableStrategy.highWaterMark,
      readableStrategy.size,
      noop, // the core pulls by itself
      (reason) => this.sourceCancel(reason),
    );
    this.writable.transform = this;
    this.readable.transform = this;
    core.transform_new(this.readable.id, this.writable.id);
  }

  /**
   * Lets both sides start once `result`, what the transformer's start returned, is there. Their start algorithms
   * return a promise, so what the page does right after the constructor comes before the start.
   */
  afterStart(result: unknown): void {
    const started = new Deferred<undefined>();
    started.resolve(promiseResolve(result) as Promise<undefined>);
    afterWritableStart(this.writable, started.promise);
    afterReadableStart(this.readable, started.promise);
  }

  /**
   * A later write, while a `cancel()` is pending, settles without calling the transformer: nobody reads its result.
   */
  clearAlgorithms(): void {
    this.transform = dropLate;
    this.flush = undefined;
    this.cancel = undefined;
  }

  /** https://streams.spec.whatwg.org/#transform-stream-default-controller-enqueue */
  enqueue(chunk: unknown): void {
    let accepted;
    try {
      accepted = enqueue(this.readable, chunk);
    } catch (error) {
      try {
        this.errorWritableAndUnblockWrite(error);
      } catch (cut) {
        const { list, length } = broken;
        list[length] = this;
        list[length + 1] = undefined;
        list[length + 2] = cut;
        list[length + 3] = undefined;
        broken.length = length + 4;
        resolved.react(repair);
        throw cut;
      }
      throw this.readable.storedError;
    }
    if (!accepted) throw new TypeError('enqueue(): the readable side is closed, closing or errored');
  }

  /** https://streams.spec.whatwg.org/#transform-stream-error */
  error(error: unknown): void {
    try {
      errorStream(this.readable, error);
      this.errorWritableAndUnblockWrite(error);
    } catch (cut) {
      const { list, length } = broken;
      list[length] = this;
      list[length + 1] = undefined;
      list[length + 2] = cut;
      list[length + 3] = undefined;
      broken.length = length + 4;
      resolved.react(repair);
      throw cut;
    }
  }

  /** https://streams.spec.whatwg.org/#transform-stream-default-controller-terminate */
  terminate(): void {
    try {
      closeReadable(this.readable);
      this.errorWritableAndUnblockWrite(new TypeError('The transform stream was terminated'));
    } catch (error) {
      const { list, length } = broken;
      list[length] = this;
      list[length + 1] = undefined;
      list[length + 2] = error;
      list[length + 3] = undefined;
      broken.length = length + 4;
      resolved.react(repair);
      throw error;
    }
  }

  /** See broken.js. */
  crash(error: unknown): void {
    this.clearAlgorithms();
    this.waiting = undefined;
    if (this.finish !== undefined) {
      markHandled(this.finish.promise);
      this.finish!.reject(error);
    }
    this.readable.crash(error);
    this.writable.crash(error);
  }

  errorWritableAndUnblockWrite(error: unknown): void {
    this.clearAlgorithms();
    errorWritable(this.writable, error);
    this.unblockWrite();
  }

  unblockWrite(): void {
    if (core.transform_unblock_write(this.writable.id) & T_WAKE_WRITE) schedule(wakeWrite, this);
  }

  /** https://streams.spec.whatwg.org/#transform-stream-default-controller-perform-transform */
  perform(chunk: unknown): Promise<unknown> | undefined {
    let result;
    this.performing = true;
    try {
      if (this.transform === undefined) this.enqueue(chunk);
      else result = this.transform(chunk, this.controller);
    } catch (error) {
      result = promiseReject(error);
    }
    this.performing = false;
    if (result === undefined) return undefined;
    if (this.answeredPull) {
      this.answeredPull = false;
      this.settlePull();
    }
    return promiseThen(promiseResolve(result), undefined, (error) => {
      this.error(error);
      throw error;
    });
  }

  /** The readable side's pull is done. Inside a chain of pipes that is reported together with the write. */
  settlePull(): void {
    const { readable } = this;
    const lock = readable.reader;
    if (lock === undefined) schedule(pullSettled, readable);
    else lock.afterAnswer(this);
  }

  joinPull(): boolean {
    if (!this.performing || this.writable.writer?.joinsPulls !== true) return false;
    this.answeredPull = true;
    return true;
  }

  /** The write is done. */
  settleWrite(): void {
    if (this.answeredPull) {
      this.answeredPull = false;
      scheduleInPipe(bothSettled, this);
    } else {
      later(this.writable, writeSettled, this.writable);
    }
  }

  /** Resumes the waiting write. */
  wake(): void {
    later(this.writable, wakeWrite, this);
  }

  /**
   * Starts the only finish of a transform: runs `algorithm`, then `settle` or `fail` with its outcome; both settle
   * `finish`.
   */
  runFinish(
    algorithm: (() => unknown) | undefined,
    settle: () => void,
    fail: (error: unknown) => void,
  ): Promise<undefined> {
    this.finish = new Deferred<undefined>();
    let converted;
    try {
      // As Web IDL converts a callback's result: a promise of its own, never the callback's. What it throws needs none.
      const result = algorithm?.();
      const wrapper = new Deferred<undefined>();
      wrapper.resolve(result as undefined);
      converted = wrapper.promise;
    } catch (error) {
      converted = promiseReject(error);
    }
    this.clearAlgorithms();
    promiseThen(converted, settle, (error) => {
      fail(error);
      this.finish!.reject(error);
    });
    return this.finish.promise;
  }

  /** https://streams.spec.whatwg.org/#transform-stream-default-sink-abort-algorithm */
  sinkAbort(reason: unknown): Promise<undefined> {
    if (this.finish !== undefined) return this.finish.promise;
    const { readable, cancel } = this;
    return this.runFinish(
      cancel && (() => cancel(reason)),
      () => {
        if (readable.state === ERRORED) {
          this.finish!.reject(readable.storedError);
        } else {
          errorStream(readable, reason);
          this.finish!.resolve(undefined);
        }
      },
      (error) => errorStream(readable, error),
    );
  }

  /** https://streams.spec.whatwg.org/#transform-stream-default-sink-close-algorithm */
  sinkClose(): Promise<undefined> {
    if (this.finish !== undefined) return this.finish.promise;
    const { readable, flush } = this;
    return this.runFinish(
      flush && (() => flush(this.controller)),
      () => {
        if (readable.state === ERRORED) {
          this.finish!.reject(readable.storedError);
        } else {
          closeReadable(readable);
          this.finish!.resolve(undefined);
        }
      },
      (error) => errorStream(readable, error),
    );
  }

  /** https://streams.spec.whatwg.org/#transform-stream-default-source-cancel */
  sourceCancel(reason: unknown): Promise<undefined> {
    if (this.finish !== undefined) return this.finish.promise;
    const { writable, cancel } = this;
    return this.runFinish(
      cancel && (() => cancel(reason)),
      () => {
        if (writable.state === W_ERRORED) {
          this.finish!.reject(writable.storedError);
        } else {
          errorWritable(writable, reason);
          this.unblockWrite();
          this.finish!.resolve(undefined);
        }
      },
      (error) => {
        errorWritable(writable, error);
        this.unblockWrite();
      },
    );
  }
}

isolate(TransformImpl);

function dropLate(this: TransformImpl, chunk: unknown): void {
  drop(this.writable, chunk);
}

function later<Target>({ writer }: WritableImpl, job: (target: Target) => void, target: Target): void {
  if (writer === undefined) schedule(job, target);
  else writer.later(job, target);
}

function bothSettled(transform: TransformImpl): void {
  const { readable, writable } = transform;
  if (writable.writer === undefined) reportTransformed(readable, writable);
  else writable.writer.reportTransformed(transform);
}

/** In a microtask of its own, or the cancel that errored the writable side would find it errored and reject. */
function failWaitingWrite(writable: WritableImpl): void {
  writeFailed(writable, writable.storedError);
}

/** Resumes the write that waited for the readable side. */
function wakeWrite(transform: TransformImpl): void {
  const chunk = transform.waiting;
  transform.waiting = undefined;
  const { writable } = transform;
  if (writable.state === ERRORING) {
    drop(writable, chunk);
    schedule(failWaitingWrite, writable);
    return;
  }
  const result = transform.perform(chunk);
  if (result === undefined) transform.settleWrite();
  else
    promiseThen(
      result,
      () => writeSettled(writable),
      (error) => writeFailed(writable, error),
    );
}
