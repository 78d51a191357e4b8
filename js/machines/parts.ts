/**
 * What the machines owe one another. Each of them holds the values that belong to one id of the core, and speaks to the others through
 * these interfaces alone, so that none needs to know which of several it has.
 */
import type { ReadableEffects } from '../core/effects.js';
import type { Part } from '../runtime/broken.js';
import type { Fifo } from '../runtime/fifo.js';
import type { Callback } from '../runtime/webidl.js';

/** Takes chunks that nobody will get: discard.ts. It calls no code of the page's. */
export type OnDrop = (chunks: unknown[]) => void;

/**
 * https://streams.spec.whatwg.org/#read-request, and the read-into request beside it. Exactly one of the three is called, once; it must not
 * call the page, which may only see its effects in a microtask.
 */
export interface ReadRequest {
  chunkSteps(chunk: unknown): void;
  /** `view`: with what a read into a buffer gives it back; undefined where the stream was cancelled, or for any other read. */
  closeSteps(view?: ArrayBufferView): void;
  errorSteps(error: unknown): void;
}

/**
 * Who holds a readable stream's lock: a reader, a tee or a pipe. The stream tells it what happens, after its own state has changed:
 *
 * 1. `fulfill` only while a request is on its list.
 * 2. `onClose` or `onError` once, and nothing after it but `crash`.
 */
export interface ReadableLock extends Part {
  /** Whether it reads into buffers that it brings. */
  readonly isByob: boolean;
  addRequest(request: ReadRequest): void;
  /** Answers the first request. `effects`: what the core made of the chunk, where a pipe reads (`P_TAKEN`). */
  fulfill(chunk: unknown, effects?: ReadableEffects): void;
  /** Answers as many requests as there are chunks: of a byte stream, whose bytes may answer several. */
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
  /** A transform has answered the pull of its readable side, which this locks: reports that to the core, in a microtask. */
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
  /** What a stream that is cancelled does with its controller; returns the source's promise or value. */
  cancelSteps(reason: unknown, cancel: ((reason: unknown) => unknown) | undefined): unknown;
  /** [[ReleaseSteps]] */
  releaseSteps(): void;
  /** Forgets what only a live stream needs. */
  clear(): void;
  crash(error: unknown): void;
}

/** Who settles when a write does. */
export interface WriteRequest {
  promise?: Promise<unknown>;
  resolve(value: undefined): void;
  reject(error: unknown): void;
}

/**
 * Who holds a writable stream's lock: a writer or a pipe. The stream tells it what happens, after its own state has changed and in the order
 * of the standard's steps.
 */
export interface WritableLock extends Part {
  /** Whether a pull that a transform answers while it is written to may be reported together with that write. */
  readonly joinsPulls: boolean;
  onBackpressure(): void;
  /** There is room again: for who promises that. */
  onReady(): void;
  /** There is room again, after the sink has been called: for who answers with more writes. */
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

/** What joins the two sides of a transform stream. */
export interface TransformPart extends Part {
  readonly readable: ReadablePart;
  readonly writable: WritablePart;
  /** A chunk whose write waits for the readable side. */
  waiting: unknown;
  /** Calls the transformer; undefined where it left nothing to wait for. */
  perform(chunk: unknown): Promise<unknown> | undefined;
  /** The readable side's pull is done. */
  settlePull(): void;
  /** Whether that will be reported together with the write that is running. */
  joinPull(): boolean;
  /** The write is done. */
  settleWrite(): void;
  /** Lets the write that waits go on. */
  wake(): void;
  error(error: unknown): void;
  crash(error: unknown): void;
}
