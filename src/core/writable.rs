//! [Writable streams](https://streams.spec.whatwg.org/#ws-model): stream and default controller in
//! one machine.
use super::effect::writable::*;
use super::figure::*;
use super::queue::QueueWithSizes;

/// The pending abort request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Abort {
    #[default]
    None,
    Pending,
    /// The stream was erroring before `abort()`, so the sink's abort is not called.
    WasErroring,
}

/// Bits of [`Writable::state`]. In one word, as most questions are about several.
const STARTED: u32 = 1 << 0;
const ERRORING: u32 = 1 << 1;
/// A writer's `ready` is pending.
const UNREADY: u32 = 1 << 2;
/// `close()` was called and the sink's close has not begun.
const CLOSE_QUEUED: u32 = 1 << 3;
/// The sink's write is running.
const WRITING: u32 = 1 << 4;
/// The sink's close is running.
const CLOSING: u32 = 1 << 5;
/// A transform's writable side, whose readable side has no room.
const FULL_AHEAD: u32 = 1 << 6;
/// The transform's write in flight waits for room there.
const WAITS: u32 = 1 << 7;

/// A live writable stream: `writable` or `erroring`. An answer with `FINISH_ERRORING` or `RESOLVE_CLOSE` is its last: its owner
/// drops it.
///
/// ```
/// use tidegate::core::effect::writable::*;
/// use tidegate::core::writable::Writable;
///
/// let mut stream = Writable::new(1.0);
/// stream.started();
/// assert!(stream.write(1.0).has(CALL_WRITE));
/// assert!(stream.write_settled().has(RESOLVE_WRITE));
/// ```
#[derive(Debug, Default)]
pub struct Writable {
    state: u32,
    /// Write requests that are not in flight yet.
    requests: u32,
    queue: QueueWithSizes,
    abort: Abort,
}

impl Writable {
    /// A new stream; `high_water_mark` in units of the strategy (0 to infinity).
    pub fn new(high_water_mark: f64) -> Self {
        let queue = QueueWithSizes::for_writes(high_water_mark);
        Self {
            state: if queue.has_room() { 0 } else { UNREADY },
            queue,
            ..Self::default()
        }
    }

    #[inline]
    fn is(&self, state: u32) -> bool {
        self.state & state != 0
    }

    /// Query: the controller's desired size.
    #[inline]
    pub fn desired_size(&self) -> f64 {
        self.queue.desired_size()
    }

    /// Query: one of the `FIGURE_*`.
    pub fn figure(&self, which: u32) -> f64 {
        let bit = |bit, flag| if self.is(flag) { bit } else { 0 };
        match which {
            FIGURE_PENDING => f64::from(self.unfinished_writes()),
            FIGURE_STATE => f64::from(
                bit(STATE_STARTED, STARTED)
                    | bit(STATE_RUNNING, WRITING)
                    | bit(STATE_CLOSING, CLOSE_QUEUED | CLOSING)
                    | if self.holds_back() { 0 } else { STATE_WANTS },
            ),
            _ => self.queue.figure(which),
        }
    }

    /// <https://streams.spec.whatwg.org/#writable-stream-close-queued-or-in-flight>
    #[inline]
    pub(super) fn close_queued_or_in_flight(&self) -> bool {
        self.is(CLOSE_QUEUED | CLOSING)
    }

    #[inline]
    pub(super) fn is_erroring(&self) -> bool {
        self.is(ERRORING)
    }

    /// Whether it takes no chunk for now: a writer's `ready` is pending, or it is erroring.
    #[inline]
    pub(super) fn holds_back(&self) -> bool {
        self.is(ERRORING | UNREADY)
    }

    /// Writes that are queued or in flight.
    #[inline]
    pub(super) fn unfinished_writes(&self) -> u32 {
        self.requests + u32::from(self.is(WRITING))
    }

    /// <https://streams.spec.whatwg.org/#writable-stream-default-controller-advance-queue-if-needed>,
    /// but for the erroring case, which ends the machine.
    #[inline]
    fn advance_queue(&mut self) -> WritableEffects {
        if self.state & (STARTED | WRITING | CLOSING) != STARTED {
            return WritableEffects::NONE;
        }
        if self.requests > 0 {
            self.requests -= 1;
            self.state |= WRITING;
            return CALL_WRITE;
        }
        if self.is(CLOSE_QUEUED) {
            self.state ^= CLOSE_QUEUED | CLOSING;
            return CALL_CLOSE;
        }
        WritableEffects::NONE
    }

    /// Whether it takes no write any more.
    #[inline]
    pub(super) fn refuses(&self) -> bool {
        self.is(ERRORING | CLOSE_QUEUED | CLOSING)
    }

    /// What follows when chunks have been queued: they can only have taken room.
    #[inline]
    fn written(&mut self) -> WritableEffects {
        let mut effects = QUEUED;
        if !self.queue.has_room() && !self.is(UNREADY) {
            self.state |= UNREADY;
            effects |= BACKPRESSURE;
        }
        effects | self.advance_queue()
    }

    /// The write in flight, if there is one, is done; where the stream is erroring, that is to be finished by the caller, and a
    /// `CALL_WRITE` is to be routed.
    #[inline]
    pub(super) fn settle_write(&mut self) -> WritableEffects {
        if !self.is(WRITING) {
            return STALE;
        }
        self.queue.dequeue();
        if self.refuses() {
            return RESOLVE_WRITE | self.write_settled_at_end();
        }
        let mut state = self.state;
        let mut effects = RESOLVE_WRITE;
        if self.queue.has_room() && state & UNREADY != 0 {
            state ^= UNREADY;
            effects |= READY;
        }
        if self.requests > 0 {
            self.requests -= 1;
            effects |= CALL_WRITE;
        } else {
            state ^= WRITING;
        }
        self.state = state;
        effects
    }

    #[cold]
    fn write_settled_at_end(&mut self) -> WritableEffects {
        self.state ^= WRITING;
        if self.is_erroring() {
            WritableEffects::NONE
        } else {
            self.advance_queue()
        }
    }

    /// `effects` with what becomes of `CALL_WRITE` where a transform's readable side has no room
    /// (<https://streams.spec.whatwg.org/#transform-stream-default-sink-write-algorithm>): the write waits.
    #[inline]
    pub(super) fn route_write(&mut self, effects: WritableEffects) -> WritableEffects {
        if !self.is(FULL_AHEAD) || !effects.has(CALL_WRITE) {
            return effects;
        }
        self.state |= WAITS;
        effects.without(CALL_WRITE) | HOLD_WRITE
    }

    /// The readable side of the transform has no room.
    #[inline]
    pub(super) fn block_writes(&mut self) {
        self.state |= FULL_AHEAD;
    }

    /// The readable side of the transform has room again; whether a write waited for that.
    #[inline]
    pub(super) fn unblock_writes(&mut self) -> bool {
        let waited = self.is(WAITS);
        self.state &= !(FULL_AHEAD | WAITS);
        waited
    }

    fn can_finish_erroring(&self) -> bool {
        self.state & (ERRORING | STARTED | WRITING | CLOSING) == ERRORING | STARTED
    }

    /// Query: whether a writer's `ready` is pending.
    pub fn backpressure(&self) -> bool {
        self.is(UNREADY) && !self.close_queued_or_in_flight()
    }

    /// Report: the start algorithm fulfilled.
    pub fn started(&mut self) -> WritableEffects {
        self.state |= STARTED;
        if self.is_erroring() {
            return self.finish_erroring();
        }
        let effects = self.advance_queue();
        self.route_write(effects)
    }

    /// Report: the start algorithm rejected.
    pub fn start_failed(&mut self) -> WritableEffects {
        self.state |= STARTED;
        self.deal_with_rejection()
    }

    /// A write whose chunk has its size:
    /// [WritableStreamDefaultWriterWrite](https://streams.spec.whatwg.org/#writable-stream-default-writer-write)
    /// from the state checks on. [`REFUSED`] where the stream is closing or erroring: the host
    /// knows which. With [`BAD_SIZE`] the request is queued and the stream errors.
    #[inline]
    pub fn write(&mut self, size: f64) -> WritableEffects {
        if self.refuses() {
            return REFUSED;
        }
        self.requests += 1;
        if !self.queue.enqueue(size) {
            return BAD_SIZE | QUEUED | CLEAR | self.start_erroring();
        }
        let effects = self.written();
        self.route_write(effects)
    }

    /// `count` writes, each of size 1, at once; refused as [`Writable::write`] would be.
    pub fn write_many(&mut self, count: u32) -> WritableEffects {
        if self.refuses() {
            return REFUSED;
        }
        self.write_ones(count)
    }

    /// `count` writes of size 1 each, where it does not refuse them.
    #[inline]
    pub(super) fn write_ones(&mut self, count: u32) -> WritableEffects {
        self.requests += count;
        self.queue.enqueue_ones(count);
        let effects = self.written();
        self.route_write(effects)
    }

    /// Report: the write algorithm fulfilled.
    #[inline]
    pub fn write_settled(&mut self) -> WritableEffects {
        let effects = self.settle_write();
        if self.is_erroring() && effects != STALE {
            return effects | self.finish_erroring();
        }
        self.route_write(effects)
    }

    /// Report: the write algorithm rejected.
    pub fn write_failed(&mut self) -> WritableEffects {
        if !self.is(WRITING) {
            return STALE;
        }
        self.state ^= WRITING;
        let clear = CLEAR.when(!self.is_erroring());
        REJECT_WRITE | clear | self.deal_with_rejection()
    }

    /// [WritableStreamClose](https://streams.spec.whatwg.org/#writable-stream-close). [`REFUSED`]
    /// where a close is queued or in flight.
    pub fn close(&mut self) -> WritableEffects {
        if self.close_queued_or_in_flight() {
            return REFUSED;
        }
        let ready = READY.when(self.state & (UNREADY | ERRORING) == UNREADY);
        self.state |= CLOSE_QUEUED;
        if self.is_erroring() {
            return ready;
        }
        ready | self.advance_queue()
    }

    /// Report: the close algorithm fulfilled.
    pub fn close_settled(&mut self) -> WritableEffects {
        if !self.is(CLOSING) {
            return STALE;
        }
        let abort = RESOLVE_ABORT.when(self.abort != Abort::None);
        RESOLVE_CLOSE | abort
    }

    /// Report: the close algorithm rejected.
    pub fn close_failed(&mut self) -> WritableEffects {
        if !self.is(CLOSING) {
            return STALE;
        }
        self.state ^= CLOSING;
        let abort = REJECT_ABORT.when(self.abort != Abort::None);
        self.abort = Abort::None;
        REJECT_CLOSE | abort | self.deal_with_rejection()
    }

    /// The half of [abort](https://streams.spec.whatwg.org/#writable-stream-abort) that follows
    /// the signal: the host has signalled abort and calls this with what the state is now.
    pub fn abort(&mut self) -> WritableEffects {
        if self.abort != Abort::None {
            return ABORT_PENDING;
        }
        if self.is_erroring() {
            self.abort = Abort::WasErroring;
            return ABORT_ACCEPTED;
        }
        self.abort = Abort::Pending;
        ABORT_ACCEPTED | self.start_erroring()
    }

    /// [WritableStreamDefaultControllerErrorIfNeeded](https://streams.spec.whatwg.org/#writable-stream-default-controller-error-if-needed).
    pub fn error(&mut self) -> WritableEffects {
        if self.is_erroring() {
            return REFUSED;
        }
        CLEAR | self.start_erroring()
    }

    /// <https://streams.spec.whatwg.org/#writable-stream-deal-with-rejection>
    fn deal_with_rejection(&mut self) -> WritableEffects {
        if self.is_erroring() {
            self.finish_erroring()
        } else {
            self.start_erroring()
        }
    }

    /// <https://streams.spec.whatwg.org/#writable-stream-start-erroring>
    fn start_erroring(&mut self) -> WritableEffects {
        self.state |= ERRORING;
        if self.can_finish_erroring() {
            return START_ERRORING | self.finish_erroring();
        }
        START_ERRORING
    }

    /// <https://streams.spec.whatwg.org/#writable-stream-finish-erroring>: the machine's end. What
    /// is left (the sink's abort, the promises) is the host's.
    fn finish_erroring(&mut self) -> WritableEffects {
        FINISH_ERRORING
            | match self.abort {
                Abort::None => REJECT_CLOSED,
                Abort::WasErroring => REJECT_ABORT | REJECT_CLOSED,
                Abort::Pending => CALL_ABORT,
            }
    }
}
