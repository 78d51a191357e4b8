/**
 * https://streams.spec.whatwg.org/#abstract-opdef-readablebytestreamtee. Where the branch that pulls has a BYOB read
 * pending, the source is read into that read's buffer and the other branch gets a copy.
 *
 * Chunks come from the source alone, so their buffers go to a branch without another transfer.
 */
import {
  bufferOf,
  byteLengthOf,
  byteOffsetOf,
  cloneBytes,
  convertView,
  transferArrayBuffer,
} from '../runtime/buffers.js';
import { ByteReadableImpl, closeBytes, enqueueEntry, getByobRequest } from './byte-readable.js';
import { pullInto, respond, respondWithBuffer } from './byob.js';
import { PullInto } from './pull-into.js';
import { core } from '../core/module.js';
import { TEE_BRANCH_1, TEE_BRANCH_2, TEE_READ_FOR_2 } from '../core/effects.js';
import { CLOSED, ERRORED, errorStream } from './readable.js';
import { Tee } from './tee.js';
import type { TeeEffects } from '../core/effects.js';
import type { Fifo } from '../runtime/fifo.js';

interface Side {
  branch: ByteReadableImpl;
  live: boolean;
}

interface Sides {
  first: Side;
  second: Side;
}

/** A tee of a byte stream. It reads as a default reader or as a BYOB reader, whichever suits the branch that pulls. */
class ByteTee extends Tee<ByteReadableImpl> {
  declare source: ByteReadableImpl;
  declare forBranch2: boolean;

  constructor(source: ByteReadableImpl) {
    super(source);
  }

  createBranch(pull: () => unknown, cancel: (reason: unknown) => unknown): ByteReadableImpl {
    return new ByteReadableImpl(0, undefined, pull, cancel);
  }

  read(effects: TeeEffects): void {
    this.forBranch2 = (effects & TEE_READ_FOR_2) !== 0;
    const request = getByobRequest(this.forBranch2 ? this.branch2 : this.branch1);
    this.becomeReader(request !== null);
    if (request === null) this.readChunk();
    else this.readInto(request.view!);
  }

  /** Represents the release of one kind of reader and the acquisition of the other. */
  becomeReader(isByob: boolean): void {
    if (this.isByob === isByob) return;
    this.source.releaseSteps();
    this.isByob = isByob;
  }

  readInto(view: ArrayBufferView): void {
    const { source } = this;
    if (source.state === ERRORED) {
      this.errorSteps();
      return;
    }
    const { type, buffer, bufferByteLength, byteOffset, byteLength } = convertView(view, 'tee()');
    let transferred: ArrayBuffer;
    try {
      transferred = transferArrayBuffer(buffer);
    } catch {
      this.errorSteps();
      return;
    }
    pullInto(source, this, new PullInto(transferred, bufferByteLength, byteOffset, byteLength, type), 1, this);
  }

  // What a BYOB reader has besides.

  override onClose(): void {
    if (!this.isByob) super.onClose();
  }

  answerClosed(views: Fifo<ArrayBufferView>): void {
    this.waiting = false;
    this.closeSteps(views.shift());
  }

  closeRequests(): void {
    if (!this.waiting) return;
    this.waiting = false;
    this.closeSteps(undefined);
  }

  /** The branches in the order of the standard's steps: the one that the read was for, then the other. */
  sides(effects: number): Sides {
    const one = { branch: this.branch1, live: (effects & TEE_BRANCH_1) !== 0 };
    const two = { branch: this.branch2, live: (effects & TEE_BRANCH_2) !== 0 };
    return this.isByob && this.forBranch2 ? { first: two, second: one } : { first: one, second: two };
  }

  deliver(effects: TeeEffects, chunk: unknown): boolean {
    const { first, second } = this.sides(effects);
    let other = chunk as Uint8Array<ArrayBuffer> | undefined;
    if (second.live && (first.live || this.isByob)) {
      other = this.copy(chunk as Uint8Array);
      if (other === undefined) return false;
    }
    if (first.live) {
      if (this.isByob)
        respondWithBuffer(first.branch, bufferOf(chunk as Uint8Array), byteLengthOf(chunk as Uint8Array));
      else enqueueEntry(first.branch, chunk as Uint8Array<ArrayBuffer>, byteLengthOf(chunk as Uint8Array));
    }
    if (second.live) enqueueEntry(second.branch, other!, byteLengthOf(other!));
    return true;
  }

  /** Returns a copy of `chunk`. If there is no memory for it, errors both branches and returns undefined. */
  copy(chunk: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
    try {
      return cloneBytes(bufferOf(chunk), byteOffsetOf(chunk), byteLengthOf(chunk));
    } catch (error) {
      errorStream(this.branch1, error);
      errorStream(this.branch2, error);
      this.cancelSource(error);
      return undefined;
    }
  }

  /** With a BYOB read, `view` is the empty view that came back; undefined where the source was cancelled. */
  closeSteps(view?: ArrayBufferView): void {
    const effects = core.tee_closed(this.id);
    const { first, second } = this.sides(effects);
    if (first.live) closeBranch(first.branch);
    if (second.live) closeBranch(second.branch);
    if (!this.isByob) {
      respondWithNothing(first.branch);
      respondWithNothing(second.branch);
    } else if (view !== undefined) {
      if (first.live) respondWithBuffer(first.branch, bufferOf(view as Uint8Array), 0);
      if (second.live) respondWithNothing(second.branch);
    }
    if (first.live || second.live) this.end();
  }
}

/** Closes a branch. If its pending read holds only part of an element, closing errors it. */
function closeBranch(branch: ByteReadableImpl): void {
  try {
    closeBytes(branch);
  } catch {
    // errored
  }
}

/** Answers the reads into buffers that a closed branch has pending. */
function respondWithNothing(branch: ByteReadableImpl): void {
  if (branch.state === CLOSED && branch.pendingPullIntos.length > 0) respond(branch, 0);
}

/** A tee of a byte stream, with its `branch1` and `branch2`; the stream is locked from now on. */
export function teeBytes(source: ByteReadableImpl): ByteTee {
  return new ByteTee(source);
}
