//! What an answer can ask of the host.
//!
//! js/core/effects.ts holds the same numbers; tests/effects.rs compares the two.

/// The bit of every word's `STALE`.
pub const STALE: u32 = 1 << 31;
/// The bit of every word's `REFUSED`.
pub const REFUSED: u32 = 1 << 30;
/// The bit of every word's `BAD_SIZE`.
pub const BAD_SIZE: u32 = 1 << 29;

pub use byte_readable::ByteReadableEffects;
pub use channel::ChannelEffects;
pub use pipe::{PipeAnswer, PipeReport};
pub use readable::ReadableEffects;
pub use tee::TeeEffects;
pub use transform::TransformEffects;
pub use writable::WritableEffects;

/// Constants of a word that are those of another module.
macro_rules! same_bits {
    ($word:ident, $module:path; $($(#[$doc:meta])* $name:ident)*) => {
        use $module as other;
        $(
            $(#[$doc])*
            pub const $name: $word = $word(other::$name.bits());
        )*
    };
}

/// Effects of readable streams, in the order a host carries them out.
pub mod readable {
    use super::PipeAnswer;
    use super::pipe::{BEGIN, FULL, HOLD, TAKEN};

    effects! {
        /// What a readable stream asks of its host.
        ///
        /// ```
        /// use tidegate::core::effect::readable::{CALL_PULL, CHUNK, CLOSE};
        ///
        /// let effects = CHUNK | CALL_PULL;
        /// assert!(effects.has(CHUNK) && !effects.has(CLOSE));
        /// ```
        ReadableEffects
    }

    /// Take the chunk at the head of the queue: it answers this read.
    pub const CHUNK: ReadableEffects = ReadableEffects(1 << 0);
    /// Append this read's request to the list of requests.
    pub const PENDING: ReadableEffects = ReadableEffects(1 << 1);
    /// Hand the enqueued chunk to the first request of the list, and take that off it.
    pub const FULFILL: ReadableEffects = ReadableEffects(1 << 2);
    /// Append the enqueued chunk to the queue.
    pub const QUEUED: ReadableEffects = ReadableEffects(1 << 3);
    /// Ask the strategy for the chunk's size, then call the commit command.
    pub const NEED_SIZE: ReadableEffects = ReadableEffects(1 << 4);
    /// The stream is closed: forget the algorithms, settle requests and `closed`.
    pub const CLOSE: ReadableEffects = ReadableEffects(1 << 5);
    /// The stream is errored: empty the queue, forget the algorithms, reject requests and `closed`.
    pub const ERROR: ReadableEffects = ReadableEffects(1 << 6);
    /// Settle a transform's outstanding pull in a microtask of its own.
    pub const SETTLE_PULL: ReadableEffects = ReadableEffects(1 << 7);
    /// The stream is a transform's: its pull let the write that waited go on. Resume that in a
    /// microtask of its own.
    pub const WAKE_WRITE: ReadableEffects = ReadableEffects(1 << 9);
    /// Call the pull algorithm. User code: last.
    pub const CALL_PULL: ReadableEffects = ReadableEffects(1 << 8);

    impl ReadableEffects {
        /// With what became of the chunk of a `FULFILL` whose read was a pipe's.
        #[inline]
        pub(crate) const fn with_delivery(self, delivery: PipeAnswer) -> Self {
            Self(self.0 | delivery.bits())
        }

        /// What became of the chunk of a `FULFILL` whose read was a pipe's: `TAKEN`, where its host need not hold it, with `BEGIN`,
        /// `HOLD` and `FULL`.
        #[inline]
        pub fn delivery(self) -> PipeAnswer {
            PipeAnswer::from_bits(self.0) & (TAKEN | BEGIN | HOLD | FULL)
        }
    }
}

/// Effects of byte streams. Those that default streams have too are the same bits.
///
/// A host carries them out in this order: what moves buffers (`ABANDONED`, `REMAINDER`, `QUEUED`,
/// `COPY`), what settles requests, `CLOSE` or `ERROR`, and `CALL_PULL` last.
pub mod byte_readable {
    effects! {
        /// What a byte stream asks of its host.
        ///
        /// ```
        /// use tidegate::core::effect::byte_readable::{COPY, REMAINDER};
        ///
        /// assert_eq!((COPY | REMAINDER).without(REMAINDER), COPY);
        /// ```
        ByteReadableEffects
    }
    same_bits! {
        ByteReadableEffects, super::readable;
        /// Take the chunk at the head of the queue: it answers this read.
        CHUNK
        /// Append this read's request to the list of requests.
        PENDING
        /// Hand the enqueued chunk to the first request of the list, and take that off it.
        FULFILL
        /// Append the enqueued chunk to the queue.
        QUEUED
        /// The stream is closed: forget the algorithms, settle requests and `closed`.
        CLOSE
        /// The stream is errored: empty the queue, forget the algorithms, reject requests and `closed`.
        ERROR
        /// Call the pull algorithm. User code: last.
        CALL_PULL
    }

    /// Make the buffer of an auto-allocated read, then call the command that takes it.
    pub const ALLOCATE: ByteReadableEffects = ByteReadableEffects(1 << 9);
    /// The entry was read in part; what is left of it begins at `byte_readable_entry_offset`.
    pub const PARTIAL: ByteReadableEffects = ByteReadableEffects(1 << 10);
    /// Take the first descriptor off the list: its reader is gone. Append a copy of its first
    /// `byte_readable_filled` bytes to the queue where there are any.
    pub const ABANDONED: ByteReadableEffects = ByteReadableEffects(1 << 11);
    /// Hand the first `byte_readable_answers` entries of the queue to the first requests, one each.
    pub const ANSWER: ByteReadableEffects = ByteReadableEffects(1 << 12);
    /// Take the first descriptor off the list: the enqueued chunk answers its request.
    pub const DROP_PULL_INTO: ByteReadableEffects = ByteReadableEffects(1 << 13);
    /// Take the first descriptor off the list and answer the first request with its first
    /// `byte_readable_filled` bytes.
    pub const FILLED: ByteReadableEffects = ByteReadableEffects(1 << 14);
    /// Append a copy of that descriptor's next `byte_readable_remainder` bytes to the queue.
    pub const REMAINDER: ByteReadableEffects = ByteReadableEffects(1 << 15);
    /// Make the copies of the plan; a descriptor that is complete answers the first request.
    pub const COPY: ByteReadableEffects = ByteReadableEffects(1 << 16);
    /// The host throws a TypeError: the bytes do not make up whole elements.
    pub const INSUFFICIENT: ByteReadableEffects = ByteReadableEffects(1 << 17);
    /// Answer every request with its descriptor and `done`: the first with `byte_readable_filled` bytes, the
    /// others with none.
    pub const ANSWER_CLOSED: ByteReadableEffects = ByteReadableEffects(1 << 18);

    /// Refused with a TypeError: 0 bytes were written while the stream is readable.
    pub const ZERO: ByteReadableEffects = ByteReadableEffects(1 << 19);
    /// Refused with a TypeError: bytes were written though the stream is closed.
    pub const NOT_ZERO: ByteReadableEffects = ByteReadableEffects(1 << 20);
    /// Refused with a RangeError: there is no room for that many bytes.
    pub const TOO_LONG: ByteReadableEffects = ByteReadableEffects(1 << 21);
    /// Refused with a RangeError: the view does not begin where the request does.
    pub const OTHER_OFFSET: ByteReadableEffects = ByteReadableEffects(1 << 22);
    /// Refused with a RangeError: the view's buffer has another length than the request's.
    pub const OTHER_BUFFER: ByteReadableEffects = ByteReadableEffects(1 << 23);
}

/// Effects of channels, beside those of their stream, in the order in which a host carries them out.
pub mod channel {
    use super::ReadableEffects;

    effects! {
        /// What a channel asks of its host, with what its stream asks for.
        ///
        /// ```
        /// use tidegate::core::effect::channel::{BLOCK, ENQUEUE, FULL};
        ///
        /// assert!(!BLOCK.is_accepted());
        /// assert!((ENQUEUE | FULL).stream().is_none());
        /// ```
        ChannelEffects
    }

    /// Drop the chunk at the head of the queue, then write the new one again. Alone.
    pub const DROP_OLDEST: ChannelEffects = ChannelEffects(1 << 16);
    /// There is no more room: the producer should wait for `DRAIN`.
    pub const FULL: ChannelEffects = ChannelEffects(1 << 17);
    /// There is no room: append the chunk to the list of blocked writes. Alone.
    pub const BLOCK: ChannelEffects = ChannelEffects(1 << 18);
    /// There is no room: drop the chunk. Alone.
    pub const DROP_NEWEST: ChannelEffects = ChannelEffects(1 << 19);
    /// There is no room: fail the channel. Alone.
    pub const OVERFLOW: ChannelEffects = ChannelEffects(1 << 20);
    /// There is never room for a chunk of this size: fail the channel. Alone.
    pub const TOO_LARGE: ChannelEffects = ChannelEffects(1 << 21);
    /// The last chunk is with the stream: nobody waits for room any more.
    pub const ENDED: ChannelEffects = ChannelEffects(1 << 22);
    /// There is room again: tell who waits for it. User code: last.
    pub const DRAIN: ChannelEffects = ChannelEffects(1 << 23);
    /// The stream takes the chunk, for which a read waits: enqueue it.
    pub const ENQUEUE: ChannelEffects = ChannelEffects(1 << 24);

    /// The bits of the stream's effects.
    const STREAM: u32 = 0xffff;

    impl ChannelEffects {
        /// What the stream asks for.
        #[inline]
        pub(crate) const fn of_stream(effects: ReadableEffects) -> Self {
            Self(effects.bits())
        }

        /// What the stream asks for.
        #[inline]
        pub const fn stream(self) -> ReadableEffects {
            ReadableEffects::from_bits(self.0 & STREAM)
        }

        /// Whether the stream took the chunk.
        #[inline]
        pub fn is_accepted(self) -> bool {
            self.stream()
                .has(super::readable::QUEUED | super::readable::FULFILL)
        }
    }
}

/// Effects of a tee.
pub mod tee {
    effects! {
        /// What a tee asks of its host.
        ///
        /// ```
        /// use tidegate::core::effect::tee::{BRANCH_1, BRANCH_2};
        ///
        /// assert!((BRANCH_1 | BRANCH_2).has(BRANCH_2));
        /// ```
        TeeEffects
    }

    /// It concerns the first branch.
    pub const BRANCH_1: TeeEffects = TeeEffects(1 << 0);
    /// It concerns the second branch.
    pub const BRANCH_2: TeeEffects = TeeEffects(1 << 1);
    /// Read the source for the first branch.
    pub const READ_FOR_1: TeeEffects = TeeEffects(1 << 2);
    /// Read the source for the second branch.
    pub const READ_FOR_2: TeeEffects = TeeEffects(1 << 3);
    /// Cancel the source with both reasons.
    pub const CANCEL_SOURCE: TeeEffects = TeeEffects(1 << 4);
}

/// Effects of writable streams, in the order a host carries them out.
pub mod writable {
    effects! {
        /// What a writable stream asks of its host.
        ///
        /// ```
        /// use tidegate::core::effect::writable::{BACKPRESSURE, CALL_WRITE, WritableEffects};
        ///
        /// let effects = CALL_WRITE | BACKPRESSURE;
        /// assert_eq!(WritableEffects::from_bits(effects.bits()), effects);
        /// ```
        WritableEffects
    }

    /// Append the chunk to the queue and its request to the list of write requests.
    pub const QUEUED: WritableEffects = WritableEffects(1 << 0);
    /// Fulfil the write request that is in flight.
    pub const RESOLVE_WRITE: WritableEffects = WritableEffects(1 << 1);
    /// Reject the write request that is in flight.
    pub const REJECT_WRITE: WritableEffects = WritableEffects(1 << 2);
    /// Fulfil the close request that is in flight; the stream is closed.
    pub const RESOLVE_CLOSE: WritableEffects = WritableEffects(1 << 3);
    /// Reject the close request that is in flight.
    pub const REJECT_CLOSE: WritableEffects = WritableEffects(1 << 4);
    /// Fulfil the pending abort (the close succeeded first).
    pub const RESOLVE_ABORT: WritableEffects = WritableEffects(1 << 5);
    /// The abort is accepted: keep its promise and its reason.
    pub const ABORT_ACCEPTED: WritableEffects = WritableEffects(1 << 6);
    /// An abort is already pending: its promise is the answer.
    pub const ABORT_PENDING: WritableEffects = WritableEffects(1 << 7);
    /// Forget the algorithms.
    pub const CLEAR: WritableEffects = WritableEffects(1 << 8);
    /// The stream is now erroring: keep the reason as the stored error, reject `ready`.
    pub const START_ERRORING: WritableEffects = WritableEffects(1 << 9);
    /// A new pending `ready` promise: there is backpressure.
    pub const BACKPRESSURE: WritableEffects = WritableEffects(1 << 10);
    /// Fulfil `ready`.
    pub const READY: WritableEffects = WritableEffects(1 << 11);
    /// The stream is errored: empty the queue and reject all write requests.
    pub const FINISH_ERRORING: WritableEffects = WritableEffects(1 << 12);
    /// Reject the pending abort: with `REJECT_CLOSE` at once and with the close's error, else here
    /// and with the stored error, since the stream was erroring before the abort.
    pub const REJECT_ABORT: WritableEffects = WritableEffects(1 << 13);
    /// Reject the close request, if any, and `closed`.
    pub const REJECT_CLOSED: WritableEffects = WritableEffects(1 << 14);
    /// The stream is a transform's and the readable side has no room: keep the chunk at the queue's
    /// head for a later `WAKE_WRITE`; its request is now the one in flight.
    pub const HOLD_WRITE: WritableEffects = WritableEffects(1 << 18);
    /// Call the write algorithm with the chunk at the queue's head; its request is now the one in
    /// flight. User code: last.
    pub const CALL_WRITE: WritableEffects = WritableEffects(1 << 15);
    /// Call the close algorithm; the close request is now in flight. User code: last.
    pub const CALL_CLOSE: WritableEffects = WritableEffects(1 << 16);
    /// Call the abort algorithm with the abort's reason; when it settles, settle the abort and
    /// reject `closed`. User code: last.
    pub const CALL_ABORT: WritableEffects = WritableEffects(1 << 17);
}

/// Effects of transform streams.
pub mod transform {
    effects! {
        /// What a transform asks of its host.
        ///
        /// ```
        /// use tidegate::core::effect::transform::{TransformEffects, WAKE_WRITE};
        ///
        /// assert_eq!(WAKE_WRITE.when(false), TransformEffects::NONE);
        /// ```
        TransformEffects
    }

    /// Resume the write that waits, in a microtask of its own.
    pub const WAKE_WRITE: TransformEffects = TransformEffects(1 << 1);
}

/// What a pipe does next: one action; with it the source's effects, shifted by `SOURCE_SHIFT`, or
/// the reason why the pipe ends.
pub mod pipe {
    use super::readable::{CALL_PULL, WAKE_WRITE};
    use super::{ReadableEffects, WritableEffects};

    effects! {
        /// What a pipe does next.
        ///
        /// ```
        /// use tidegate::core::effect::pipe::{BEGIN, MOVE, TAKEN};
        ///
        /// assert_eq!((MOVE | TAKEN | BEGIN).action(), MOVE);
        /// ```
        PipeAnswer
    }

    /// Nothing: something will wake the pipe.
    pub const WAIT: PipeAnswer = PipeAnswer(0);
    /// Read a chunk of the source and write it to the destination.
    pub const MOVE: PipeAnswer = PipeAnswer(1);
    /// Leave a read request with the source.
    pub const READ: PipeAnswer = PipeAnswer(2);
    /// Abort the destination with the source's stored error, then end with that error.
    pub const ABORT_DESTINATION: PipeAnswer = PipeAnswer(3);
    /// Cancel the source with the destination's stored error, then end with that error.
    pub const CANCEL_SOURCE: PipeAnswer = PipeAnswer(4);
    /// Close the destination, then end.
    pub const CLOSE_DESTINATION: PipeAnswer = PipeAnswer(5);
    /// The destination closed first: cancel the source with a TypeError, then end with that.
    pub const CANCEL_CLOSED: PipeAnswer = PipeAnswer(6);
    /// The signal fired: abort the destination and cancel the source, then end with its reason.
    pub const ABORT_BOTH: PipeAnswer = PipeAnswer(7);
    /// End now.
    pub const FINISH: PipeAnswer = PipeAnswer(8);
    /// Shutdown has begun; chunks that were read are still being written.
    pub const DRAINING: PipeAnswer = PipeAnswer(9);
    /// Shutdown begins now, and not before the writes so far are done: ask again in a microtask.
    pub const BEGIN_DRAINING: PipeAnswer = PipeAnswer(10);

    /// With [`MOVE`], and as [`ReadableEffects::delivery`] of [`FULFILL`](super::readable::FULFILL) of a source: the chunk counts as written to the
    /// destination. Without `BEGIN` and `HOLD` it is appended to the destination's queue.
    pub const TAKEN: PipeAnswer = PipeAnswer(1 << 10);
    /// The chunk's write begins: call the write algorithm with it. User code: last.
    pub const BEGIN: PipeAnswer = PipeAnswer(1 << 11);
    /// The destination is a transform's whose readable side has no room: keep the chunk for a later `WAKE_WRITE`.
    pub const HOLD: PipeAnswer = PipeAnswer(1 << 12);
    /// The destination has no room for another chunk.
    pub const FULL: PipeAnswer = PipeAnswer(1 << 13);

    /// Where `MOVE` and `READ` carry the effects of their read of the source.
    pub const SOURCE_SHIFT: u32 = 16;
    /// The action's bits.
    pub const ACTION_MASK: PipeAnswer = PipeAnswer(0xf);
    /// Why the pipe ends: the source's error.
    pub const BY_SOURCE_ERROR: PipeAnswer = PipeAnswer(1 << 4);
    /// Why the pipe ends: the destination's error.
    pub const BY_DESTINATION_ERROR: PipeAnswer = PipeAnswer(1 << 5);
    /// Why the pipe ends: the source closed.
    pub const BY_SOURCE_CLOSE: PipeAnswer = PipeAnswer(1 << 6);
    /// Why the pipe ends: the destination was closing or closed.
    pub const BY_DESTINATION_CLOSE: PipeAnswer = PipeAnswer(1 << 7);
    /// Why the pipe ends: the signal.
    pub const BY_SIGNAL: PipeAnswer = PipeAnswer(1 << 8);

    impl PipeAnswer {
        /// What to do, without what comes with it.
        #[inline]
        pub fn action(self) -> Self {
            self & ACTION_MASK
        }

        /// `MOVE` or `READ` with the effects of the read of the source.
        #[inline]
        pub const fn with_source(self, read: ReadableEffects) -> Self {
            Self(self.0 | read.bits() << SOURCE_SHIFT)
        }

        /// The effects of the read of the source that `MOVE` and `READ` carry.
        #[inline]
        pub const fn source(self) -> ReadableEffects {
            ReadableEffects::from_bits(self.0 >> SOURCE_SHIFT)
        }
    }

    word! {
        /// The answer to a report that the write which a pipe's destination has in flight is done: [`PipeReport::written`],
        /// or else [`PipeReport::destination`] and [`PipeReport::pulled`].
        ///
        /// ```
        /// use tidegate::core::effect::pipe::{PipeReport, READ};
        ///
        /// assert!(PipeReport::of_pipe(READ).has(tidegate::core::effect::pipe::WRITTEN));
        /// ```
        PipeReport
    }

    /// That was all there was to say of the destination: the rest of the word is what the pipe does next.
    pub const WRITTEN: PipeReport = PipeReport(1 << 28);

    /// What the end of a pull can ask for.
    const PULLED: u32 = (CALL_PULL.bits() | WAKE_WRITE.bits()) << SOURCE_SHIFT;

    impl PipeReport {
        /// The write's request is fulfilled, and the pipe does `next`.
        #[inline]
        pub const fn of_pipe(next: PipeAnswer) -> Self {
            Self(WRITTEN.0 | next.0)
        }

        /// The destination asks for `effects`.
        #[inline]
        pub const fn of_destination(effects: WritableEffects) -> Self {
            Self(effects.bits())
        }

        /// With what the end of the source's pull asks for.
        #[inline]
        pub const fn with_pulled(self, pulled: ReadableEffects) -> Self {
            Self(self.0 | pulled.bits() << SOURCE_SHIFT)
        }

        /// What the pipe does next, where nothing but the write's request is to be settled. What the end of the source's pull
        /// asked for is among the effects of the source.
        #[inline]
        pub fn written(self) -> Option<PipeAnswer> {
            (self & (Self::STALE | WRITTEN) == WRITTEN).then(|| PipeAnswer(self.without(WRITTEN).0))
        }

        /// What the destination asks for, where the answer is not [`PipeReport::written`].
        #[inline]
        pub const fn destination(self) -> WritableEffects {
            WritableEffects::from_bits(self.0 & !PULLED)
        }

        /// What the end of the source's pull asks for, where the answer is not [`PipeReport::written`].
        #[inline]
        pub const fn pulled(self) -> ReadableEffects {
            ReadableEffects::from_bits((self.0 & PULLED) >> SOURCE_SHIFT)
        }
    }
}
