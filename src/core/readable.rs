//! Readable streams with a [default
//! controller](https://streams.spec.whatwg.org/#rs-default-controller-class): stream, controller
//! and the count of the reader's requests in one machine.
use super::effect::readable::*;
use super::figure::*;
use super::pull::{self, CLOSE_REQUESTED, STARTED};
use super::queue::QueueWithSizes;

/// The stream's strategy has a `size` function, which the host must call for each queued chunk.
pub const HAS_SIZE: u32 = 1;
pub use super::pull::NO_PULL;

// Bits of [`Readable::state`], beside [`HAS_SIZE`] and those of pulls. In one word, as most questions are about several.

/// The pull of a transform's readable side is outstanding until an enqueue answers `SETTLE_PULL`.
const PULL_WAITS: u32 = 1 << 7;

/// A live readable stream: one that is neither closed nor errored. An answer with `CLOSE` or `ERROR` is its last: its owner
/// drops it.
///
/// ```
/// use tidegate::core::effect::readable::*;
/// use tidegate::core::readable::Readable;
///
/// let mut stream = Readable::new(1.0, 0);
/// assert_eq!(stream.started(), CALL_PULL);
/// assert_eq!(stream.enqueue(), QUEUED);
/// assert!(stream.read().has(CHUNK));
/// ```
#[derive(Debug, Default)]
pub struct Readable {
    state: u32,
    requests: u32,
    queue: QueueWithSizes,
}

impl Readable {
    /// A new stream. `high_water_mark` in units of the strategy (0 to infinity); `flags`: [`HAS_SIZE`] and [`NO_PULL`].
    pub fn new(high_water_mark: f64, flags: u32) -> Self {
        Self {
            state: flags & (HAS_SIZE | NO_PULL),
            queue: QueueWithSizes::new(high_water_mark),
            ..Self::default()
        }
    }

    pub(super) fn has_requests(&self) -> bool {
        self.requests > 0
    }

    #[inline]
    fn is_closing(&self) -> bool {
        self.state & CLOSE_REQUESTED != 0
    }

    /// The sum of the queued chunks' sizes.
    pub(super) fn queued_size(&self) -> f64 {
        self.queue.total()
    }

    /// Takes the first chunk out of the queue without a read; false where there is none.
    pub(super) fn drop_oldest(&mut self) -> bool {
        self.queue.dequeue().is_some()
    }

    /// Query: the controller's desired size.
    #[inline]
    pub fn desired_size(&self) -> f64 {
        self.queue.desired_size()
    }

    /// Query: one of the `FIGURE_*`.
    pub fn figure(&self, which: u32) -> f64 {
        match which {
            FIGURE_PENDING => f64::from(self.requests),
            FIGURE_STATE => f64::from(pull::figure(self.state, self.wants_chunks())),
            _ => self.queue.figure(which),
        }
    }

    /// <https://streams.spec.whatwg.org/#readable-stream-default-controller-should-call-pull>
    #[inline]
    pub(super) fn should_call_pull(&self) -> bool {
        pull::may_pull(self.state) && self.wants_chunks()
    }

    /// Whether there is room, or a read waits.
    #[inline]
    pub(super) fn wants_chunks(&self) -> bool {
        self.requests > 0 || self.queue.has_room()
    }

    /// The same once a read that waits has been answered.
    #[inline]
    pub(super) fn wants_chunks_but_for_one(&self) -> bool {
        self.requests > 1 || self.queue.has_room()
    }

    /// <https://streams.spec.whatwg.org/#readable-stream-default-controller-call-pull-if-needed>
    #[inline]
    fn call_pull_if_needed(&mut self) -> ReadableEffects {
        let (requests, queue) = (self.requests, &self.queue);
        let wants_chunks = || requests > 0 || queue.has_room();
        CALL_PULL.when(pull::call_if_needed(&mut self.state, wants_chunks))
    }

    /// Report: the start algorithm fulfilled.
    pub fn started(&mut self) -> ReadableEffects {
        self.state |= STARTED;
        self.call_pull_if_needed()
    }

    /// A read by a default reader: [PullSteps](https://streams.spec.whatwg.org/#rs-default-controller-private-pull).
    #[inline]
    pub fn read(&mut self) -> ReadableEffects {
        if self.queue.dequeue().is_none() {
            self.requests += 1;
            return PENDING | self.call_pull_if_needed();
        }
        if self.is_closing() && self.queue.is_empty() {
            return CHUNK | CLOSE;
        }
        CHUNK | self.call_pull_if_needed()
    }

    /// A read request is left with the stream, whose queue is empty, by the pipe that has just had one answered.
    #[inline]
    pub(super) fn read_on(&mut self) {
        self.requests += 1;
    }

    /// Takes every queued chunk at once; the host's queue tells how many. Like as many reads whose pulls become one.
    pub fn read_many(&mut self) -> ReadableEffects {
        if self.queue.is_empty() {
            return self.read();
        }
        self.queue.reset();
        if self.is_closing() {
            return CHUNK | CLOSE;
        }
        CHUNK | self.call_pull_if_needed()
    }

    /// The default reader was released: its requests are no more. The host rejects them.
    pub fn release(&mut self) {
        self.requests = 0;
    }

    /// Report: the pull algorithm's promise fulfilled.
    #[inline]
    pub fn pull_settled(&mut self) -> ReadableEffects {
        if !pull::settle(&mut self.state) {
            return ReadableEffects::NONE;
        }
        self.call_pull_if_needed()
    }

    /// The first half of [enqueue](https://streams.spec.whatwg.org/#readable-stream-default-controller-enqueue). With
    /// [`NEED_SIZE`] the host asks the strategy and calls [`Readable::enqueue_commit`].
    pub fn enqueue(&mut self) -> ReadableEffects {
        self.enqueue_to(|_| FULFILL)
    }

    /// The same, where `fulfill` says what becomes of a chunk that answers a request: with `FULFILL`, and before the pull.
    /// Always inlined: as a call of its own it makes a read a tenth dearer in Wasm.
    #[inline(always)]
    pub(super) fn enqueue_to(
        &mut self,
        fulfill: impl FnOnce(&mut Self) -> ReadableEffects,
    ) -> ReadableEffects {
        if self.is_closing() {
            REFUSED
        } else if self.requests > 0 {
            self.requests -= 1;
            self.queue.pass();
            let fulfilled = fulfill(self);
            fulfilled | self.call_pull_if_needed()
        } else if self.state & HAS_SIZE != 0 {
            NEED_SIZE
        } else {
            self.enqueue_one()
        }
    }

    /// Whether the host is to be asked for pulls, from now on.
    #[inline]
    pub(super) fn pull_is_wanted(&mut self, wanted: bool) {
        self.state = if wanted {
            self.state & !NO_PULL
        } else {
            self.state | NO_PULL
        };
    }

    /// The second half of an enqueue: the chunk has its size. With [`BAD_SIZE`] the host errors the stream with a RangeError
    /// and throws it.
    #[inline(never)]
    pub fn enqueue_commit(&mut self, size: f64) -> ReadableEffects {
        if !self.queue.enqueue(size) {
            return BAD_SIZE;
        }
        QUEUED | self.call_pull_if_needed()
    }

    /// The same of a chunk of size 1.
    #[inline]
    pub(super) fn enqueue_one(&mut self) -> ReadableEffects {
        self.queue.enqueue_ones(1);
        QUEUED | self.call_pull_if_needed()
    }

    /// <https://streams.spec.whatwg.org/#readable-stream-default-controller-close>
    pub fn close(&mut self) -> ReadableEffects {
        if self.is_closing() {
            return REFUSED;
        }
        self.state |= CLOSE_REQUESTED;
        CLOSE.when(self.queue.is_empty())
    }

    /// A transform's readable side is pulled: that is outstanding from now on.
    #[inline]
    pub(super) fn begin_waiting_pull(&mut self) {
        self.state |= PULL_WAITS;
    }

    /// Ends the pull that is outstanding; whether there was one.
    #[inline]
    pub(super) fn end_waiting_pull(&mut self) -> bool {
        let waited = self.state & PULL_WAITS != 0;
        self.state &= !PULL_WAITS;
        waited
    }
}
