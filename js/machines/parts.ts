/**
 * The interfaces between the machines. Each machine holds the JavaScript values that belong to one id of the core, and
 * calls the others only through these interfaces, so it need not know which of several implementations it has.
 */
import type { ReadableEffects } from '../core/effects.js';
import type { Part } from '../runtime/broken.js';
import type { Fifo } from '../runtime/fifo.js';
import type { Callback } from '../runtime/webidl.js';

/** Takes chunks that nobody will receive: see discard.ts. It runs no user code. */
export type OnDrop = (chunks: unknown[]) => void;

/**
 * https://streams.spec.whatwg.org/#read-request, and the read-into request beside it. Exactly one of the three is
 * called, once. It must not run user code, which may see its effects only in a microtask.
 */
export interface ReadRequest {
  chunkSteps(chunk: unknown): void;
  /**
   * `view`: the view that returns the buffer of a read into a buffer; undefined if the stream was cancelled, and for
   * any other read.
   */
  closeSteps(view?: ArrayBufferView): void;
  errorSteps(error: unknown): void;
}

/**
 * The holder of a readable stream's lock: a reader, a tee or a pipe. The stream notifies it after its own state has
 * changed:
 *
 * 1. `fulfill` only while a request is on its list.
 * 2. `onClose` or `onError` once, and nothing after it but `crash`.
 */
export interface ReadableLock extends Part {
  /** Whether it reads into buffers that the consumer supplies. */
  readonly isByob: boolean;
  addRequest(request: ReadRequest): void;
  /** Answers the first request. `effects`: what the core made of the chunk, where a pipe reads (`P_TAKEN`). */
  fulfill(chunk: unknown, effects?: ReadableEffects): void;
  /** Answers one request per chunk. Used by byte streams, whose bytes may answer several requests. */
  fulfillAll?(chunks: Fifo<unknown>): void;
  /** Answers all requests with `done` and no view, as the stream was cancelled. */
  closeRequests?(): void;
  /** Answers all requests with `done` and a view each. */
  answerClosed?(views: Fifo<ArrayBufferView>): void;
  onClose(): void;
  onError(error: unknown): void;
  /** The stream's pull has returned and left nothing to wait for: reports that to the core, in a microtask. */
  afterPull(stream: ReadablePart): void;
  /** The same of a pull of `from()`, whose value came in a microtask of its own. */
  afterValue(stream: ReadablePart): void;
  /**
   * A transform has answered the pull of its readable side, which this locks: reports that to the core, in a microtask.
   */
  afterAnswer(transform: TransformPart): void;
  crash(error: unknown): void;
}

/** A readable stream of either kind. */
export interface ReadablePart extends Part {
  id: number;
  state: 0 | 1 | 2;
  storedError: unknown;
  reader: ReadableLock | undefined;
  /** [[disturbed]] */
  disturbed: boolean;
  /** Undefined once the stream has been errored or cancelled. */
  queue: Fifo<unknown> | undefined;
  pull: (() => unknown) | undefined;
  cancel: ((reason: unknown) => unknown) | undefined;
  controller: unknown;
  readonly isByteStream: boolean;
  /** The transform stream whose readable side it is. */
  readonly transform: TransformPart | undefined;
  onDrop?: OnDrop | undefined;
  onPulled?: (() => void) | undefined;
  onPullFailed?: ((error: unknown) => void) | undefined;
  /** Report: the start algorithm fulfilled. */
  reportStarted(): ReadableEffects;
  /** Report: the pull algorithm's promise fulfilled. */
  reportPulled(): ReadableEffects;
  /** Ends the machine, as the stream errors or is cancelled. */
  endSlot(): void;
  /** [[PullSteps]]: `reader` is the lock that `request` belongs to. */
  pullSteps(reader: ReadableLock, request: ReadRequest): void;
  /** What [[CancelSteps]] of the controller does before it calls the source's `cancel`. */
  cancelSteps(): void;
  /** [[ReleaseSteps]] */
  releaseSteps(): void;
  /** Drops what only a live stream needs. */
  clear(): void;
  crash(error: unknown): void;
}

/** An object that is settled together with a write. */
export interface WriteRequest {
  promise?: Promise<unknown>;
  resolve(value: undefined): void;
  reject(error: unknown): void;
}

/**
 * The holder of a writable stream's lock: a writer or a pipe. The stream notifies it after its own state has changed,
 * in the order of the standard's steps.
 */
export interface WritableLock extends Part {
  /** Whether a pull that a transform answers while it is written to may be reported together with that write. */
  readonly joinsPulls: boolean;
  onBackpressure(): void;
  /** There is room again: resolves the `ready` promise. */
  onReady(): void;
  /** There is room again, after the sink has been called: a pipe then writes more. */
  onRoom(): void;
  /** A write has been settled, and its request has been told. */
  onWriteSettled(): void;
  onErroring(error: unknown): void;
  onClosed(): void;
  onErrored(error: unknown): void;
  /** The sink's write has returned and left nothing to wait for: reports that to the core, in a microtask. */
  afterWrite(stream: WritablePart): void;
  /** Report: the write under way is done. */
  reportWritten(stream: WritablePart): void;
  /** The same of a transform's, which has answered its readable side's pull: report that first. */
  reportTransformed(transform: TransformPart): void;
  /** Calls `job(target)`, which no code of the page's has caused, in a microtask: its own, or one of the lock's. */
  later<Target>(job: (target: Target) => void, target: Target): void;
  crash(error: unknown): void;
}

/** A writable stream. */
export interface WritablePart extends Part {
  id: number;
  state: 0 | 1 | 2 | 3;
  storedError: unknown;
  writer: WritableLock | undefined;
  queue: Fifo<unknown> | undefined;
  writeRequests: Fifo<WriteRequest | undefined> | undefined;
  inFlightRequest: WriteRequest | undefined;
  closeRequest: WriteRequest | undefined;
  abortRequest: WriteRequest | undefined;
  abortReason: unknown;
  size: Callback | undefined;
  write: ((chunk: unknown, controller: unknown) => unknown) | undefined;
  close: (() => unknown) | undefined;
  abort: ((reason: unknown) => unknown) | undefined;
  controller: unknown;
  abortController: AbortController | undefined;
  transform: TransformPart | undefined;
  onDrop: OnDrop | undefined;
  onWritten: (() => void) | undefined;
  onWriteFailed: ((error: unknown) => void) | undefined;
  readonly signal: AbortSignal;
  crash(error: unknown): void;
}

/** The part that joins the two sides of a transform stream. */
export interface TransformPart extends Part {
  readonly readable: ReadablePart;
  readonly writable: WritablePart;
  /** A chunk whose write waits for the readable side. */
  waiting: unknown;
  /** Calls the transformer. Returns undefined if there is nothing to wait for. */
  perform(chunk: unknown): Promise<unknown> | undefined;
  /** The readable side's pull is done. */
  settlePull(): void;
  /** Whether that will be reported together with the write that is running. */
  joinPull(): boolean;
  /** The write is done. */
  settleWrite(): void;
  /** Resumes the waiting write. */
  wake(): void;
  error(error: unknown): void;
  crash(error: unknown): void;
}
