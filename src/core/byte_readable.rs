//! Readable streams with a [byte
//! controller](https://streams.spec.whatwg.org/#rbs-controller-class): stream, controller, pull-into
//! descriptors and the count of the reader's requests in one machine.
//!
//! Lengths and offsets are bytes. What has to be moved is answered as a [`Plan`], which the host
//! carries out before anything else; its numbers hold until the next command.
//!
//! Unlike a default stream's, this machine can outlive its stream's close: BYOB reads that are
//! pending then are answered when the source responds with 0.
use alloc::collections::VecDeque;

pub use super::byte_plan::{COPY_ENTRY_DONE, COPY_FILLED, COPY_NEXT, Plan};

use super::byte_plan::Copy;
use super::byte_queue::ByteQueue;
use super::effect::byte_readable::*;
use super::figure::*;
use super::pull::{self, CLOSE_REQUESTED, STARTED};

pub use super::pull::NO_PULL;
/// The source has an `autoAllocateChunkSize`: a default reader's reads bring a buffer of their own.
pub const AUTO_ALLOCATE: u32 = 4;

/// Numbers beyond what a length can be are cut to 0 or to this, so that sums never overflow.
const LENGTH_LIMIT: f64 = (1u64 << 53) as f64;

fn length(value: f64) -> u64 {
    value.clamp(0.0, LENGTH_LIMIT) as u64
}

/// <https://streams.spec.whatwg.org/#pull-into-descriptor-reader-type>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReaderType {
    Default,
    Byob,
    None,
}

/// <https://streams.spec.whatwg.org/#pull-into-descriptor>, but for the buffer.
#[derive(Debug, Clone, Copy)]
struct PullInto {
    buffer_length: u64,
    byte_offset: u64,
    byte_length: u64,
    filled: u64,
    minimum_fill: u64,
    element_size: u64,
    reader_type: ReaderType,
}

/// A byte stream that is not errored and either not closed or still owed a response. Its owner drops it after an answer with
/// `ERROR`, and when it [`is over`](ByteReadable::is_over).
///
/// ```
/// use tidegate::core::byte_plan::Plan;
/// use tidegate::core::byte_readable::ByteReadable;
/// use tidegate::core::effect::byte_readable::*;
///
/// let (mut stream, mut plan) = (ByteReadable::new(0.0, 0), Plan::default());
/// assert!(stream.enqueue(&mut plan, 4.0).has(QUEUED));
/// assert_eq!(stream.desired_size(), -4.0);
/// assert!(stream.read(&mut plan).has(CHUNK));
/// ```
#[derive(Debug, Default)]
pub struct ByteReadable {
    queue: ByteQueue,
    high_water_mark: f64,
    pending: VecDeque<PullInto>,
    requests: u32,
    state: u32,
    /// The chunks so far.
    chunks_in: f64,
}

// Bits of [`ByteReadable::state`], beside [`AUTO_ALLOCATE`] and those of pulls.

const CLOSED: u32 = 1 << 7;
/// The requests are a BYOB reader's.
const BYOB: u32 = 1 << 8;

impl ByteReadable {
    /// A new byte stream. `high_water_mark` in bytes (0 to infinity); `flags`: [`NO_PULL`] and [`AUTO_ALLOCATE`].
    pub fn new(high_water_mark: f64, flags: u32) -> Self {
        Self {
            high_water_mark,
            state: flags & (NO_PULL | AUTO_ALLOCATE),
            ..Self::default()
        }
    }

    #[inline]
    fn is(&self, state: u32) -> bool {
        self.state & state != 0
    }

    /// Query: the controller's desired size in bytes.
    #[inline]
    pub fn desired_size(&self) -> f64 {
        self.high_water_mark - self.queue.total() as f64
    }

    /// Query: one of the `FIGURE_*`.
    pub fn figure(&self, which: u32) -> f64 {
        let (peak_entries, peak) = self.queue.peaks();
        match which {
            FIGURE_CHUNKS => self.queue.entries() as f64,
            FIGURE_SIZE => self.queue.total() as f64,
            FIGURE_MARK => self.high_water_mark,
            FIGURE_PEAK_CHUNKS => peak_entries as f64,
            FIGURE_PEAK_SIZE => peak as f64,
            FIGURE_CHUNKS_IN => self.chunks_in,
            FIGURE_PENDING => f64::from(self.requests),
            FIGURE_STATE => {
                let wants_chunks = self.requests > 0 || self.desired_size() > 0.0;
                f64::from(pull::figure(self.state, wants_chunks))
            }
            _ => f64::NAN,
        }
    }

    /// <https://streams.spec.whatwg.org/#readable-byte-stream-controller-call-pull-if-needed>
    #[inline]
    fn call_pull_if_needed(&mut self) -> ByteReadableEffects {
        let wants_chunks = !self.is(CLOSED) && (self.requests > 0 || self.desired_size() > 0.0);
        CALL_PULL.when(pull::call_if_needed(&mut self.state, || wants_chunks))
    }

    /// <https://streams.spec.whatwg.org/#readable-stream-close>. A BYOB reader's requests stay.
    fn close_stream(&mut self) -> ByteReadableEffects {
        self.state |= CLOSED;
        if !self.is(BYOB) {
            self.requests = 0;
        }
        CLOSE
    }

    /// <https://streams.spec.whatwg.org/#readable-byte-stream-controller-handle-queue-drain>
    #[inline]
    fn handle_queue_drain(&mut self) -> ByteReadableEffects {
        if self.queue.total() == 0 && self.is(CLOSE_REQUESTED) {
            return self.close_stream();
        }
        self.call_pull_if_needed()
    }

    fn set_byob(&mut self, byob: bool) {
        self.state = self.state & !BYOB | if byob { BYOB } else { 0 };
    }

    /// Query: whether nothing can happen to it any more.
    pub fn is_over(&self) -> bool {
        self.is(CLOSED) && self.pending.is_empty()
    }

    /// Takes the first entry out; `PARTIAL` where some of it has been read before.
    #[inline]
    fn take_entry(&mut self, plan: &mut Plan) -> ByteReadableEffects {
        let Some(offset) = self.queue.pop() else {
            return ByteReadableEffects::NONE;
        };
        plan.entry_offset = offset;
        PARTIAL.when(offset > 0)
    }

    fn add_pull_into(&mut self, descriptor: PullInto) {
        self.requests += 1;
        self.set_byob(descriptor.reader_type == ReaderType::Byob);
        self.pending.push_back(descriptor);
    }

    /// <https://streams.spec.whatwg.org/#readable-byte-stream-controller-fill-pull-into-descriptor-from-queue>
    fn fill_from_queue(&mut self, descriptor: &mut PullInto, plan: &mut Plan) -> bool {
        let room = descriptor.byte_length - descriptor.filled;
        let most = descriptor.filled + room.min(self.queue.total());
        let aligned = most - most % descriptor.element_size;
        let ready = aligned >= descriptor.minimum_fill;
        let end = if ready { aligned } else { most };
        while descriptor.filled < end {
            let Some(taken) = self.queue.take(end - descriptor.filled) else {
                break;
            };
            let mut step = COPY_NEXT;
            if taken.is_last {
                step |= COPY_ENTRY_DONE;
            }
            if ready && descriptor.filled + taken.length == end {
                step |= COPY_FILLED;
            }
            plan.copies.push_back(Copy {
                step,
                from: taken.from,
                to: descriptor.filled,
                length: taken.length,
            });
            descriptor.filled += taken.length;
        }
        ready
    }

    /// <https://streams.spec.whatwg.org/#readable-byte-stream-controller-process-pull-into-descriptors-using-queue>
    fn process_pull_intos(&mut self, plan: &mut Plan) -> ByteReadableEffects {
        let mut effects = ByteReadableEffects::NONE;
        while self.queue.total() > 0 {
            let Some(mut descriptor) = self.pending.pop_front() else {
                break;
            };
            effects |= COPY;
            if !self.fill_from_queue(&mut descriptor, plan) {
                self.pending.push_front(descriptor);
                break;
            }
            self.requests = self.requests.saturating_sub(1);
        }
        effects
    }

    /// <https://streams.spec.whatwg.org/#readable-byte-stream-controller-enqueue-detached-pull-into-to-queue>
    fn enqueue_abandoned(&mut self, plan: &mut Plan) -> ByteReadableEffects {
        let Some(descriptor) = self.pending.pop_front() else {
            return ByteReadableEffects::NONE;
        };
        plan.filled = descriptor.filled;
        if descriptor.filled > 0 {
            self.queue.push(descriptor.filled);
        }
        ABANDONED
    }

    fn head_is_abandoned(&self) -> bool {
        self.pending
            .front()
            .is_some_and(|head| head.reader_type == ReaderType::None)
    }

    /// The checks of [respond](https://streams.spec.whatwg.org/#readable-byte-stream-controller-respond).
    fn check_respond(&self, bytes_written: u64) -> ByteReadableEffects {
        let Some(head) = self.pending.front() else {
            return STALE;
        };
        if self.is(CLOSED) {
            return NOT_ZERO.when(bytes_written != 0);
        }
        if bytes_written == 0 {
            return ZERO;
        }
        if bytes_written > head.byte_length - head.filled {
            return TOO_LONG;
        }
        ByteReadableEffects::NONE
    }

    /// <https://streams.spec.whatwg.org/#readable-byte-stream-controller-respond-in-closed-state>
    fn respond_in_closed_state(&mut self, plan: &mut Plan) -> ByteReadableEffects {
        let mut effects = ByteReadableEffects::NONE;
        if self.head_is_abandoned() {
            self.pending.pop_front();
            effects |= ABANDONED;
        }
        if self.is(BYOB) && self.requests > 0 {
            plan.filled = self.pending.front().map_or(0, |head| head.filled);
            self.requests = 0;
            self.pending.clear();
            effects |= ANSWER_CLOSED;
        }
        effects
    }

    /// <https://streams.spec.whatwg.org/#readable-byte-stream-controller-respond-in-readable-state>
    fn respond_in_readable_state(
        &mut self,
        bytes_written: u64,
        plan: &mut Plan,
    ) -> ByteReadableEffects {
        let Some(head) = self.pending.front_mut() else {
            return STALE;
        };
        head.filled += bytes_written;
        self.chunks_in += 1.0;
        if head.reader_type == ReaderType::None {
            return self.enqueue_abandoned(plan) | self.process_pull_intos(plan);
        }
        if head.filled < head.minimum_fill {
            return ByteReadableEffects::NONE;
        }
        plan.remainder = head.filled % head.element_size;
        plan.filled = head.filled - plan.remainder;
        self.pending.pop_front();
        self.requests = self.requests.saturating_sub(1);
        let mut effects = FILLED;
        if plan.remainder > 0 {
            self.queue.push(plan.remainder);
            effects |= REMAINDER;
        }
        effects | self.process_pull_intos(plan)
    }

    /// Report: the start algorithm fulfilled.
    pub fn started(&mut self) -> ByteReadableEffects {
        self.state |= STARTED;
        self.call_pull_if_needed()
    }

    /// Report: the pull algorithm's promise fulfilled.
    #[inline]
    pub fn pull_settled(&mut self) -> ByteReadableEffects {
        if !pull::settle(&mut self.state) {
            return ByteReadableEffects::NONE;
        }
        self.call_pull_if_needed()
    }

    /// Query: whether the stream is readable and its close has not been requested.
    pub fn can_close_or_enqueue(&self) -> bool {
        !self.is(CLOSED | CLOSE_REQUESTED)
    }

    /// Query: whether the stream is closed; it may be owed a response all the same.
    pub fn is_closed(&self) -> bool {
        self.is(CLOSED)
    }

    /// Query: the bytes that are in the first pull-into descriptor; 0 where there is none.
    pub fn head_filled(&self) -> f64 {
        self.pending.front().map_or(0.0, |head| head.filled as f64)
    }

    /// A read by a default reader:
    /// [PullSteps](https://streams.spec.whatwg.org/#rbs-controller-private-pull). With
    /// [`ALLOCATE`] nothing is changed: the host makes the buffer and calls
    /// [`ByteReadable::read_allocated`].
    #[inline]
    pub fn read(&mut self, plan: &mut Plan) -> ByteReadableEffects {
        if self.is(CLOSED) {
            return REFUSED;
        }
        if self.queue.total() > 0 {
            let effects = CHUNK | self.take_entry(plan) | self.handle_queue_drain();
            return effects;
        }
        if self.is(AUTO_ALLOCATE) {
            return ALLOCATE;
        }
        self.requests += 1;
        self.set_byob(false);
        PENDING | self.call_pull_if_needed()
    }

    /// The rest of a default reader's read: its buffer of `byte_length` bytes is the descriptor to
    /// append.
    pub fn read_allocated(&mut self, byte_length: f64) -> ByteReadableEffects {
        let byte_length = length(byte_length);
        if self.is(CLOSED) || self.queue.total() > 0 || byte_length == 0 {
            return REFUSED;
        }
        self.add_pull_into(PullInto {
            buffer_length: byte_length,
            byte_offset: 0,
            byte_length,
            filled: 0,
            minimum_fill: 1,
            element_size: 1,
            reader_type: ReaderType::Default,
        });
        PENDING | self.call_pull_if_needed()
    }

    /// [PullInto](https://streams.spec.whatwg.org/#readable-byte-stream-controller-pull-into): a
    /// BYOB reader's read into `byte_length` bytes at `byte_offset` of a buffer of `buffer_length`
    /// bytes. `minimum_fill` is in bytes and a multiple of `element_size`.
    ///
    /// [`STALE`] is a closed stream's answer too: an empty view, at once.
    pub fn pull_into(
        &mut self,
        plan: &mut Plan,
        buffer_length: f64,
        byte_offset: f64,
        byte_length: f64,
        minimum_fill: f64,
        element_size: u32,
    ) -> ByteReadableEffects {
        let mut descriptor = PullInto {
            buffer_length: length(buffer_length),
            byte_offset: length(byte_offset),
            byte_length: length(byte_length),
            filled: 0,
            minimum_fill: length(minimum_fill),
            element_size: u64::from(element_size.max(1)),
            reader_type: ReaderType::Byob,
        };
        if descriptor.minimum_fill < descriptor.element_size
            || descriptor.minimum_fill > descriptor.byte_length
            || !descriptor
                .minimum_fill
                .is_multiple_of(descriptor.element_size)
        {
            return REFUSED;
        }
        if !self.pending.is_empty() {
            self.add_pull_into(descriptor);
            return PENDING;
        }
        let mut effects = ByteReadableEffects::NONE;
        if self.queue.total() > 0 {
            plan.clear();
            if self.fill_from_queue(&mut descriptor, plan) {
                effects = CHUNK | COPY | self.handle_queue_drain();
                return effects;
            }
            if self.is(CLOSE_REQUESTED) {
                return INSUFFICIENT | ERROR;
            }
            effects = COPY;
        }
        self.add_pull_into(descriptor);
        effects | PENDING | self.call_pull_if_needed()
    }

    /// [Enqueue](https://streams.spec.whatwg.org/#readable-byte-stream-controller-enqueue) of
    /// `byte_length` bytes, whose buffer the host has transferred.
    #[inline]
    pub fn enqueue(&mut self, plan: &mut Plan, byte_length: f64) -> ByteReadableEffects {
        let byte_length = length(byte_length);
        if self.is(CLOSED | CLOSE_REQUESTED) || byte_length == 0 {
            return REFUSED;
        }
        self.chunks_in += 1.0;
        plan.clear();
        let mut effects = ByteReadableEffects::NONE;
        if self.head_is_abandoned() {
            effects |= self.enqueue_abandoned(plan);
        }
        if self.requests > 0 && !self.is(BYOB) {
            while self.requests > 0 && self.queue.total() > 0 {
                self.requests -= 1;
                plan.answers += 1;
                effects |= ANSWER | self.take_entry(plan) | self.call_pull_if_needed();
            }
            if self.requests > 0 {
                if self.pending.pop_front().is_some() {
                    effects |= DROP_PULL_INTO;
                }
                self.requests -= 1;
                return effects | FULFILL | self.call_pull_if_needed();
            }
        }
        self.queue.push(byte_length);
        if self.requests > 0 {
            effects |= self.process_pull_intos(plan);
        }
        effects | QUEUED | self.call_pull_if_needed()
    }

    /// Query: the checks of
    /// [respondWithNewView](https://streams.spec.whatwg.org/#readable-byte-stream-controller-respond-with-new-view).
    pub fn check_respond_with_view(
        &self,
        buffer_length: f64,
        byte_offset: f64,
        byte_length: f64,
    ) -> ByteReadableEffects {
        let byte_length = length(byte_length);
        let refused = self.check_respond(byte_length);
        let Some(head) = self.pending.front() else {
            return STALE;
        };
        if refused.has(ZERO | NOT_ZERO) {
            refused
        } else if head.byte_offset + head.filled != length(byte_offset) {
            OTHER_OFFSET
        } else if head.buffer_length != length(buffer_length) {
            OTHER_BUFFER
        } else {
            refused
        }
    }

    /// [Respond](https://streams.spec.whatwg.org/#readable-byte-stream-controller-respond): the
    /// first descriptor got `bytes_written` more bytes. [`ZERO`], [`NOT_ZERO`] and [`TOO_LONG`] are
    /// refusals; nothing was changed.
    pub fn respond(&mut self, plan: &mut Plan, bytes_written: f64) -> ByteReadableEffects {
        let bytes_written = length(bytes_written);
        let refused = self.check_respond(bytes_written);
        if !refused.is_none() {
            return refused;
        }
        plan.clear();
        if !self.is(CLOSED) {
            return self.respond_in_readable_state(bytes_written, plan)
                | self.call_pull_if_needed();
        }
        self.respond_in_closed_state(plan)
    }

    /// [Close](https://streams.spec.whatwg.org/#readable-byte-stream-controller-close).
    /// [`INSUFFICIENT`] with `ERROR` where an element of a BYOB read is incomplete.
    pub fn close(&mut self) -> ByteReadableEffects {
        if self.is(CLOSED | CLOSE_REQUESTED) {
            return REFUSED;
        }
        if self.queue.total() > 0 {
            self.state |= CLOSE_REQUESTED;
            return ByteReadableEffects::NONE;
        }
        let incomplete = |head: &PullInto| !head.filled.is_multiple_of(head.element_size);
        if self.pending.front().is_some_and(incomplete) {
            return INSUFFICIENT | ERROR;
        }
        self.close_stream()
    }

    /// [ReleaseSteps](https://streams.spec.whatwg.org/#abstract-opdef-readablebytestreamcontroller-releasesteps):
    /// the host rejects the requests and keeps only the first descriptor.
    pub fn release(&mut self) {
        self.requests = 0;
        self.pending.truncate(1);
        if let Some(head) = self.pending.front_mut() {
            head.reader_type = ReaderType::None;
        }
    }
}
