//! What an answer can ask of the host.
//!
//! js/core/effects.ts holds the same numbers; tests/effects.rs compares the two.

/// A set of the bits below; 0 asks for nothing.
pub type Effects = u32;

/// The id is not a live one; nothing was changed. Alone.
pub const STALE: Effects = 1 << 31;
/// The call is not allowed in this state; nothing was changed. Alone.
pub const REFUSED: Effects = 1 << 30;
/// The size is not a non-negative finite number: the host throws a RangeError. Alone, or with what
/// erroring the stream asks for.
pub const BAD_SIZE: Effects = 1 << 29;

/// Effects of readable streams, in the order a host carries them out.
pub mod readable {
    use super::Effects;

    /// Take the chunk at the head of the queue: it answers this read.
    pub const CHUNK: Effects = 1 << 0;
    /// Append this read's request to the list of requests.
    pub const PENDING: Effects = 1 << 1;
    /// Hand the enqueued chunk to the first request of the list, and take that off it.
    pub const FULFILL: Effects = 1 << 2;
    /// Append the enqueued chunk to the queue.
    pub const QUEUED: Effects = 1 << 3;
    /// Ask the strategy for the chunk's size, then call the commit command.
    pub const NEED_SIZE: Effects = 1 << 4;
    /// The stream is closed: forget the algorithms, settle requests and `closed`.
    pub const CLOSE: Effects = 1 << 5;
    /// The stream is errored: empty the queue, forget the algorithms, reject requests and `closed`.
    pub const ERROR: Effects = 1 << 6;
    /// Settle a transform's outstanding pull in a microtask of its own.
    pub const SETTLE_PULL: Effects = 1 << 7;
    /// The stream is a transform's: its pull let the write that waited go on. Resume that in a
    /// microtask of its own.
    pub const WAKE_WRITE: Effects = 1 << 9;
    /// Call the pull algorithm. User code: last.
    pub const CALL_PULL: Effects = 1 << 8;
}

/// Effects of byte streams. Those that default streams have too are the same bits.
///
/// A host carries them out in this order: what moves buffers (`ABANDONED`, `REMAINDER`, `QUEUED`,
/// `COPY`), what settles requests, `CLOSE` or `ERROR`, and `CALL_PULL` last.
pub mod bytes {
    use super::Effects;
    pub use super::readable::{CALL_PULL, CHUNK, CLOSE, ERROR, FULFILL, PENDING, QUEUED};

    /// Make the buffer of an auto-allocated read, then call the command that takes it.
    pub const ALLOCATE: Effects = 1 << 9;
    /// The entry was read in part; what is left of it begins at `bytes_entry_offset`.
    pub const PARTIAL: Effects = 1 << 10;
    /// Take the first descriptor off the list: its reader is gone. Append a copy of its first
    /// `bytes_filled` bytes to the queue where there are any.
    pub const ABANDONED: Effects = 1 << 11;
    /// Hand the first `bytes_answers` entries of the queue to the first requests, one each.
    pub const ANSWER: Effects = 1 << 12;
    /// Take the first descriptor off the list: the enqueued chunk answers its request.
    pub const DROP_PULL_INTO: Effects = 1 << 13;
    /// Take the first descriptor off the list and answer the first request with its first
    /// `bytes_filled` bytes.
    pub const FILLED: Effects = 1 << 14;
    /// Append a copy of that descriptor's next `bytes_remainder` bytes to the queue.
    pub const REMAINDER: Effects = 1 << 15;
    /// Make the copies of the plan; a descriptor that is complete answers the first request.
    pub const COPY: Effects = 1 << 16;
    /// The host throws a TypeError: the bytes do not make up whole elements.
    pub const INSUFFICIENT: Effects = 1 << 17;
    /// Answer every request with its descriptor and `done`: the first with `bytes_filled` bytes, the
    /// others with none.
    pub const ANSWER_CLOSED: Effects = 1 << 18;

    /// Refused with a TypeError: 0 bytes were written while the stream is readable.
    pub const ZERO: Effects = 1 << 19;
    /// Refused with a TypeError: bytes were written though the stream is closed.
    pub const NOT_ZERO: Effects = 1 << 20;
    /// Refused with a RangeError: there is no room for that many bytes.
    pub const TOO_LONG: Effects = 1 << 21;
    /// Refused with a RangeError: the view does not begin where the request does.
    pub const OTHER_OFFSET: Effects = 1 << 22;
    /// Refused with a RangeError: the view's buffer has another length than the request's.
    pub const OTHER_BUFFER: Effects = 1 << 23;
}

/// Answers to a chunk that is offered to a channel.
pub mod channel {
    use super::Effects;

    /// Enqueue it, after the drop of as many of the oldest chunks as the bits from `DROPPED_SHIFT` say.
    pub const ACCEPT: Effects = 1 << 0;
    /// There is no room: fail the channel.
    pub const OVERFLOW: Effects = 1 << 1;
    /// There is no room: offer it again when there is.
    pub const BLOCK: Effects = 1 << 2;
    /// There is no room: drop it.
    pub const DROP_NEWEST: Effects = 1 << 3;
    /// There is never room for a chunk of this size: fail the channel.
    pub const TOO_LARGE: Effects = 1 << 4;
    /// Where `ACCEPT` carries how many chunks to drop.
    pub const DROPPED_SHIFT: u32 = 8;
}

/// Effects of a tee.
pub mod tee {
    use super::Effects;

    /// It concerns the first branch.
    pub const BRANCH_1: Effects = 1 << 0;
    /// It concerns the second branch.
    pub const BRANCH_2: Effects = 1 << 1;
    /// Read the source for the first branch.
    pub const READ_FOR_1: Effects = 1 << 2;
    /// Read the source for the second branch.
    pub const READ_FOR_2: Effects = 1 << 3;
    /// Cancel the source with both reasons.
    pub const CANCEL_SOURCE: Effects = 1 << 4;
}

/// Effects of writable streams, in the order a host carries them out.
pub mod writable {
    use super::Effects;

    /// Append the chunk to the queue and its request to the list of write requests.
    pub const QUEUED: Effects = 1 << 0;
    /// Fulfil the write request that is in flight.
    pub const RESOLVE_WRITE: Effects = 1 << 1;
    /// Reject the write request that is in flight.
    pub const REJECT_WRITE: Effects = 1 << 2;
    /// Fulfil the close request that is in flight; the stream is closed.
    pub const RESOLVE_CLOSE: Effects = 1 << 3;
    /// Reject the close request that is in flight.
    pub const REJECT_CLOSE: Effects = 1 << 4;
    /// Fulfil the pending abort (the close succeeded first).
    pub const RESOLVE_ABORT: Effects = 1 << 5;
    /// The abort is accepted: keep its promise and its reason.
    pub const ABORT_ACCEPTED: Effects = 1 << 6;
    /// An abort is already pending: its promise is the answer.
    pub const ABORT_PENDING: Effects = 1 << 7;
    /// Forget the algorithms.
    pub const CLEAR: Effects = 1 << 8;
    /// The stream is now erroring: keep the reason as the stored error, reject `ready`.
    pub const START_ERRORING: Effects = 1 << 9;
    /// A new pending `ready` promise: there is backpressure.
    pub const BACKPRESSURE: Effects = 1 << 10;
    /// Fulfil `ready`.
    pub const READY: Effects = 1 << 11;
    /// The stream is errored: empty the queue and reject all write requests.
    pub const FINISH_ERRORING: Effects = 1 << 12;
    /// Reject the pending abort: with `REJECT_CLOSE` at once and with the close's error, else here
    /// and with the stored error, since the stream was erroring before the abort.
    pub const REJECT_ABORT: Effects = 1 << 13;
    /// Reject the close request, if any, and `closed`.
    pub const REJECT_CLOSED: Effects = 1 << 14;
    /// The stream is a transform's and the readable side has no room: keep the chunk at the queue's
    /// head for a later `WAKE_WRITE`; its request is now the one in flight.
    pub const HOLD_WRITE: Effects = 1 << 18;
    /// Call the write algorithm with the chunk at the queue's head; its request is now the one in
    /// flight. User code: last.
    pub const CALL_WRITE: Effects = 1 << 15;
    /// Call the close algorithm; the close request is now in flight. User code: last.
    pub const CALL_CLOSE: Effects = 1 << 16;
    /// Call the abort algorithm with the abort's reason; when it settles, settle the abort and
    /// reject `closed`. User code: last.
    pub const CALL_ABORT: Effects = 1 << 17;
}

/// Effects of transform streams.
pub mod transform {
    use super::Effects;

    /// Resume the write that waits, in a microtask of its own.
    pub const WAKE_WRITE: Effects = 1 << 1;
}

/// What a pipe does next: one action; with it the source's effects, shifted by `SOURCE_SHIFT`, or
/// the reason why the pipe ends.
pub mod pipe {
    use super::Effects;

    /// Nothing: something will wake the pipe.
    pub const WAIT: Effects = 0;
    /// Read a chunk of the source and write it to the destination.
    pub const MOVE: Effects = 1;
    /// Leave a read request with the source.
    pub const READ: Effects = 2;
    /// Abort the destination with the source's stored error, then end with that error.
    pub const ABORT_DESTINATION: Effects = 3;
    /// Cancel the source with the destination's stored error, then end with that error.
    pub const CANCEL_SOURCE: Effects = 4;
    /// Close the destination, then end.
    pub const CLOSE_DESTINATION: Effects = 5;
    /// The destination closed first: cancel the source with a TypeError, then end with that.
    pub const CANCEL_CLOSED: Effects = 6;
    /// The signal fired: abort the destination and cancel the source, then end with its reason.
    pub const ABORT_BOTH: Effects = 7;
    /// End now.
    pub const FINISH: Effects = 8;
    /// Shutdown has begun; chunks that were read are still being written.
    pub const DRAINING: Effects = 9;
    /// Shutdown begins now, and not before the writes so far are done: ask again in a microtask.
    pub const BEGIN_DRAINING: Effects = 10;

    /// With [`MOVE`], and with [`FULFILL`](super::readable::FULFILL) of a source: the chunk counts as written to the
    /// destination. Without `BEGIN` and `HOLD` it is appended to the destination's queue.
    pub const TAKEN: Effects = 1 << 10;
    /// The chunk's write begins: call the write algorithm with it. User code: last.
    pub const BEGIN: Effects = 1 << 11;
    /// The destination is a transform's whose readable side has no room: keep the chunk for a later `WAKE_WRITE`.
    pub const HOLD: Effects = 1 << 12;
    /// The destination has no room for another chunk.
    pub const FULL: Effects = 1 << 13;

    /// The answer to a report that the destination's write is done, and that was all there was to say of the
    /// destination: the rest of the word is what the pipe does next.
    pub const WRITTEN: Effects = 1 << 28;
    /// Where `MOVE` and `READ` carry the effects of their read of the source.
    pub const SOURCE_SHIFT: u32 = 16;
    /// The action's bits.
    pub const ACTION_MASK: Effects = 0xf;
    /// Why the pipe ends: the source's error.
    pub const BY_SOURCE_ERROR: Effects = 1 << 4;
    /// Why the pipe ends: the destination's error.
    pub const BY_DESTINATION_ERROR: Effects = 1 << 5;
    /// Why the pipe ends: the source closed.
    pub const BY_SOURCE_CLOSE: Effects = 1 << 6;
    /// Why the pipe ends: the destination was closing or closed.
    pub const BY_DESTINATION_CLOSE: Effects = 1 << 7;
    /// Why the pipe ends: the signal.
    pub const BY_SIGNAL: Effects = 1 << 8;
}
