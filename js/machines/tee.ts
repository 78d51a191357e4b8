/**
 * https://streams.spec.whatwg.org/#readable-stream-tee of a default stream. A tee is its source's reader and that
 * reader's one read request in one object; the core decides when it reads and which branch gets what.
 */
import { broken, repair } from '../runtime/broken.js';
import { core } from '../core/module.js';
import { SharedDrops } from './discard.js';
import {
  STALE,
  TEE_BRANCH_1,
  TEE_BRANCH_2,
  TEE_CANCEL_SOURCE,
  TEE_READ_FOR_1,
  TEE_READ_FOR_2,
} from '../core/effects.js';
import { Deferred, isolate, markHandled, resolved } from '../runtime/intrinsics.js';
import { schedule } from '../runtime/jobs.js';
import { Owners } from '../core/owners.js';
import {
  afterReadableStart,
  cancelReadable,
  CLOSED,
  closeReadable,
  enqueue,
  ERRORED,
  errorStream,
  pullSettled,
  READABLE,
  ReadableImpl,
} from './readable.js';
import { PENDING } from './pending.js';
import type { TeeEffects } from '../core/effects.js';
import type { ReadableLock, ReadablePart, ReadRequest, TransformPart } from './parts.js';

const owners = new Owners((id) => core.tee_free(id));

/** The common part of both kinds of tee: the lock, the reads, the cancels of the branches. */
export abstract class Tee<Branch extends ReadablePart = ReadablePart> implements ReadableLock, ReadRequest {
  declare id: number;
  declare source: ReadablePart;
  declare isByob: boolean;
  declare waiting: boolean;
  declare held: unknown;
  declare pulls: number;
  declare reason1: unknown;
  declare reason2: unknown;
  declare cancelled: Deferred<undefined>;
  declare branch1: Branch;
  declare branch2: Branch;
  declare drops: SharedDrops | undefined;

  protected abstract createBranch(pull: () => unknown, cancel: (reason: unknown) => unknown): Branch;
  /** Reads a chunk for the branch that `effects` name. */
  abstract read(effects: TeeEffects): void;
  /** Delivers the chunk to the branches that `effects` name. Returns false if that has ended the tee. */
  abstract deliver(effects: TeeEffects, chunk: unknown): boolean;
  /** The source has closed. */
  abstract closeSteps(view?: ArrayBufferView): void;

  constructor(source: ReadablePart) {
    if (source.reader !== undefined) throw new TypeError('tee(): the ReadableStream is locked');
    this.source = source;
    this.isByob = false;
    /** Whether the read request is pending at the source. */
    this.waiting = false;
    this.held = undefined;
    /** Which branches (bits 1 and 2) have a pending pull. The next delivered chunk settles them. */
    this.pulls = 0;
    this.reason1 = undefined;
    this.reason2 = undefined;
    this.cancelled = new Deferred<undefined>();
    this.id = core.tee_new();
    if (this.id === 0) throw new RangeError('tee(): too many live streams; close or cancel some');
    owners.add(this, this.id);
    const kind = /** @type {Tee & TeeKind} */ /** @type {unknown} */ this;
    this.branch1 = kind.createBranch(
      () => kind.pull(0),
      (reason: unknown) => this.cancel(0, reason),
    );
    this.branch2 = kind.createBranch(
      () => kind.pull(1),
      (reason: unknown) => this.cancel(1, reason),
    );
    source.reader = this;
    try {
      afterReadableStart(this.branch1, undefined);
      afterReadableStart(this.branch2, undefined);
      if (source.state === ERRORED) schedule(errorBranches, this);
    } catch (error) {
      const { list, length } = broken;
      list[length] = this;
      list[length + 1] = this.id;
      list[length + 2] = error;
      list[length + 3] = undefined;
      broken.length = length + 4;
      this.id = 0;
      resolved.react(repair);
      throw error;
    }
  }

  /** See broken.js. */
  crash(error: unknown): void {
    if (this.id === 0) return;
    this.forgetSlot();
    markHandled(this.cancelled.promise);
    this.cancelled.reject(error);
    this.branch1.crash(error);
    this.branch2.crash(error);
    this.source.crash(error);
  }

  /** The stream's pull has returned without a promise to wait for. */
  afterPull(stream: ReadablePart): void {
    schedule(pullSettled, stream);
  }

  afterValue(stream: ReadablePart): void {
    schedule(pullSettled, stream);
  }

  afterAnswer({ readable }: TransformPart): void {
    schedule(pullSettled, readable);
  }

  forgetSlot(): void {
    core.tee_free(this.id);
    this.id = 0;
    owners.drop(this);
  }

  // The source's reader.

  addRequest(): void {
    this.waiting = true;
  }

  fulfill(chunk: unknown): void {
    this.waiting = false;
    this.chunkSteps(chunk);
  }

  onClose(): void {
    if (!this.waiting) return;
    this.waiting = false;
    this.closeSteps();
  }

  onError(): void {
    if (this.waiting) {
      this.waiting = false;
      this.errorSteps();
    }
    schedule(errorBranches, this);
  }

  // The reader's request.

  /** An error of the source takes a microtask to get here, and a chunk must not get ahead of it. */
  chunkSteps(chunk: unknown): void {
    this.held = chunk;
    schedule(deliver, this);
  }

  errorSteps(): void {
    core.tee_read_failed(this.id);
    schedule(settlePulls, this);
  }

  // The branches' source.

  pull(branch: number): unknown {
    this.pulls |= 1 << branch;
    this.readFor(core.tee_pull(this.id, branch));
    return PENDING;
  }

  readFor(effects: TeeEffects): void {
    if (effects & (TEE_READ_FOR_1 | TEE_READ_FOR_2)) this.read(effects);
  }

  /** https://streams.spec.whatwg.org/#readable-stream-default-reader-read */
  readChunk(): void {
    const { source } = this;
    source.disturbed = true;
    if (source.state === READABLE) source.pullSteps(this, this);
    else if (source.state === CLOSED) this.closeSteps();
    else this.errorSteps();
  }

  cancel(branch: number, reason: unknown): Promise<undefined> {
    if (branch === 0) this.reason1 = reason;
    else this.reason2 = reason;
    if (core.tee_cancel(this.id, branch) & TEE_CANCEL_SOURCE) this.cancelSource([this.reason1, this.reason2]);
    return this.cancelled.promise;
  }

  cancelSource(reason: unknown): void {
    this.cancelled.resolve(cancelReadable(this.source, reason));
    this.forgetSlot();
  }

  /** Both branches have ended with the source. */
  end(): void {
    this.forgetSlot();
    this.cancelled.resolve(undefined);
  }
}

isolate(Tee);

/** A tee of a default stream. */
class DefaultTee extends Tee<ReadableImpl> {
  constructor(source: ReadablePart) {
    super(source);
    this.drops = undefined;
    if (source.onDrop === undefined) return;
    this.drops = new SharedDrops(2, source.onDrop);
    this.branch1.onDrop = this.drops.of(0);
    this.branch2.onDrop = this.drops.of(1);
  }

  createBranch(pull: () => unknown, cancel: (reason: unknown) => unknown): ReadableImpl {
    return new ReadableImpl(1, undefined, pull, cancel);
  }

  read(): void {
    this.readChunk();
  }

  deliver(effects: TeeEffects, chunk: unknown): boolean {
    if (effects & TEE_BRANCH_1) enqueue(this.branch1, chunk);
    if (effects & TEE_BRANCH_2) enqueue(this.branch2, chunk);
    if (this.drops !== undefined) this.dropFor(effects, chunk);
    return true;
  }

  /** A branch that has ended drops the chunks that it would have received. */
  dropFor(effects: number, chunk: unknown): void {
    if (!(effects & TEE_BRANCH_1)) this.drops!.drop(0, chunk);
    if (!(effects & TEE_BRANCH_2)) this.drops!.drop(1, chunk);
  }

  closeSteps(): void {
    const effects = core.tee_closed(this.id);
    if (effects & TEE_BRANCH_1) closeReadable(this.branch1);
    if (effects & TEE_BRANCH_2) closeReadable(this.branch2);
    if (effects & (TEE_BRANCH_1 | TEE_BRANCH_2)) this.end();
  }
}

function deliver(tee: Tee): void {
  const chunk = tee.held;
  tee.held = undefined;
  const effects = core.tee_deliver(tee.id);
  if (effects & STALE) {
    if (tee.drops !== undefined) (tee as DefaultTee).dropFor(0, chunk);
    return;
  }
  if (!tee.deliver(effects, chunk)) return;
  tee.readFor(core.tee_delivered(tee.id));
  settlePulls(tee);
}

function settlePulls(tee: Tee): void {
  const { pulls } = tee;
  tee.pulls = 0;
  if (pulls & 1) pullSettled(tee.branch1);
  if (pulls & 2) pullSettled(tee.branch2);
}

function errorBranches(tee: Tee): void {
  const error = tee.source.storedError;
  const effects = core.tee_errored(tee.id);
  errorStream(tee.branch1, error);
  errorStream(tee.branch2, error);
  if (effects & (TEE_BRANCH_1 | TEE_BRANCH_2)) tee.end();
}

/** A tee of a default stream, with its `branch1` and `branch2`; the stream is locked from now on. */
export function teeDefault(source: ReadablePart): DefaultTee {
  const tee = new DefaultTee(source);
  return tee;
}
