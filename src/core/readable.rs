//! Readable streams with a [default
//! controller](https://streams.spec.whatwg.org/#rs-default-controller-class): stream, controller
//! and the count of the reader's requests in one machine.
use super::effect::readable::*;
use super::id::{Ref, Slab};
use super::pipe::{Pipe, deliver};
use super::queue::QueueWithSizes;
use super::writable::Writable;
use super::{Core, Id};

/// The stream's strategy has a `size` function, which the host must call for each queued chunk.
pub const HAS_SIZE: u32 = 1;
/// The source has no pull algorithm, so the host is never asked to call it.
pub const NO_PULL: u32 = 2;

/// Bits of [`Readable::state`], beside [`HAS_SIZE`] and [`NO_PULL`]. In one word, as most questions are about several.
const STARTED: u32 = 1 << 2;
const CLOSE_REQUESTED: u32 = 1 << 3;
const PULLING: u32 = 1 << 4;
const PULL_AGAIN: u32 = 1 << 5;
/// The pull of a transform's readable side is outstanding until an enqueue answers `SETTLE_PULL`.
const PULL_WAITS: u32 = 1 << 6;

/// A live readable stream: one that is neither closed nor errored.
#[derive(Debug, Default)]
pub struct Readable {
    state: u32,
    requests: u32,
    queue: QueueWithSizes,
    /// The writable side of the transform whose readable side this is, or none.
    pub(crate) writable_side: Ref<Writable>,
    /// The pipe that reads this stream, or none.
    pub(crate) pipe: Ref<Pipe>,
}

impl Readable {
    fn new(high_water_mark: f64, flags: u32) -> Self {
        Self {
            state: flags & (HAS_SIZE | NO_PULL),
            queue: QueueWithSizes::new(high_water_mark),
            ..Self::default()
        }
    }

    pub(crate) fn has_requests(&self) -> bool {
        self.requests > 0
    }

    #[inline]
    fn is_closing(&self) -> bool {
        self.state & CLOSE_REQUESTED != 0
    }

    /// The sum of the queued chunks' sizes.
    pub(crate) fn queued_size(&self) -> f64 {
        self.queue.total()
    }

    /// Takes the first chunk out of the queue without a read; false where there is none.
    pub(crate) fn drop_oldest(&mut self) -> bool {
        self.queue.dequeue().is_some()
    }

    #[inline]
    fn desired_size(&self) -> f64 {
        self.queue.desired_size()
    }

    /// <https://streams.spec.whatwg.org/#readable-stream-default-controller-should-call-pull>
    #[inline]
    fn should_call_pull(&self) -> bool {
        self.state & (STARTED | CLOSE_REQUESTED) == STARTED && self.wants_chunks()
    }

    #[inline]
    fn wants_chunks(&self) -> bool {
        self.requests > 0 || self.queue.has_room()
    }

    /// <https://streams.spec.whatwg.org/#readable-stream-default-controller-call-pull-if-needed>
    #[inline]
    fn call_pull_if_needed(&mut self) -> ReadableEffects {
        if self.state & (STARTED | CLOSE_REQUESTED | NO_PULL) != STARTED || !self.wants_chunks() {
            return ReadableEffects::NONE;
        }
        if self.state & PULLING != 0 {
            self.state |= PULL_AGAIN;
            return ReadableEffects::NONE;
        }
        self.state |= PULLING;
        CALL_PULL
    }

    /// A read by a default reader. With `CLOSE` the machine is at its end, and its slot is to be freed.
    #[inline]
    pub(crate) fn read(&mut self) -> ReadableEffects {
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
    pub(crate) fn read_on(&mut self) {
        self.requests += 1;
    }

    /// The reader was released: its requests are no more.
    pub(crate) fn release(&mut self) {
        self.requests = 0;
    }

    /// The pull algorithm's promise fulfilled.
    #[inline]
    pub(crate) fn pull_settled(&mut self) -> ReadableEffects {
        let state = self.state;
        self.state = state & !(PULLING | PULL_AGAIN);
        if state & PULL_AGAIN == 0 {
            return ReadableEffects::NONE;
        }
        self.call_pull_if_needed()
    }

    /// The first half of an enqueue. Always inlined: as a call of its own it makes a read a tenth dearer in Wasm.
    #[inline(always)]
    fn enqueue(
        &mut self,
        pipes: &mut Slab<Pipe>,
        writables: &mut Slab<Writable>,
    ) -> ReadableEffects {
        if self.is_closing() {
            return REFUSED;
        }
        let effects = if self.requests > 0 {
            self.requests -= 1;
            let fulfilled = if self.pipe.is_none() {
                FULFILL
            } else {
                FULFILL.with_delivery(deliver(pipes, writables, self))
            };
            fulfilled | self.call_pull_if_needed()
        } else if self.state & HAS_SIZE != 0 {
            return NEED_SIZE;
        } else {
            self.queue_chunk(1.0)
        };
        self.after_enqueue(writables, effects)
    }

    /// Pulls a transform's readable side here, where no user code is concerned
    /// (<https://streams.spec.whatwg.org/#transform-stream-default-source-pull-algorithm>): `effects` with what becomes of
    /// `CALL_PULL`.
    #[inline]
    pub(crate) fn route_pull(
        &mut self,
        writables: &mut Slab<Writable>,
        effects: ReadableEffects,
    ) -> ReadableEffects {
        if self.writable_side.is_none() || !effects.has(CALL_PULL) {
            return effects;
        }
        self.state |= PULL_WAITS;
        let wakes = writables
            .at_mut(self.writable_side)
            .is_some_and(Writable::unblock_writes);
        effects.without(CALL_PULL) | WAKE_WRITE.when(wakes)
    }

    /// What an enqueue's `effects` mean to the other side of a transform: its writes wait from now on where this side wants
    /// no more (<https://streams.spec.whatwg.org/#transform-stream-default-controller-enqueue>, from the backpressure on).
    #[inline]
    fn after_enqueue(
        &mut self,
        writables: &mut Slab<Writable>,
        effects: ReadableEffects,
    ) -> ReadableEffects {
        if self.writable_side.is_none() {
            return effects;
        }
        let effects = self.route_pull(writables, effects);
        if !effects.has(QUEUED | FULFILL) || self.should_call_pull() {
            return effects;
        }
        if let Some(writable) = writables.at_mut(self.writable_side) {
            writable.block_writes();
        }
        if self.state & PULL_WAITS == 0 {
            return effects;
        }
        self.state ^= PULL_WAITS;
        effects | SETTLE_PULL
    }

    /// The rest of an enqueue once the chunk has a size.
    #[inline]
    fn queue_chunk(&mut self, size: f64) -> ReadableEffects {
        if !self.queue.enqueue(size) {
            return BAD_SIZE;
        }
        QUEUED | self.call_pull_if_needed()
    }
}

impl Core {
    /// A new stream. `high_water_mark` in units of the strategy (0 to infinity); `flags`:
    /// [`HAS_SIZE`] and
    /// [`NO_PULL`]. Returns 0 when there is no slot left.
    pub fn readable_new(&mut self, high_water_mark: f64, flags: u32) -> Id<Readable> {
        self.readables.insert(Readable::new(high_water_mark, flags))
    }

    /// Forgets a stream that the host abandoned.
    pub fn readable_free(&mut self, id: Id<Readable>) {
        self.readables.remove(id);
    }

    /// Report: the start algorithm fulfilled.
    pub fn readable_started(&mut self, id: Id<Readable>) -> ReadableEffects {
        match self.readables.get_mut(id) {
            Some(stream) => {
                stream.state |= STARTED;
                let effects = stream.call_pull_if_needed();
                stream.route_pull(&mut self.writables, effects)
            }
            None => STALE,
        }
    }

    /// Report: the pull algorithm's promise fulfilled.
    #[inline]
    pub fn readable_pull_settled(&mut self, id: Id<Readable>) -> ReadableEffects {
        match self.readables.get_mut(id) {
            Some(stream) => {
                let effects = stream.pull_settled();
                stream.route_pull(&mut self.writables, effects)
            }
            None => STALE,
        }
    }

    /// Query: the controller's desired size; 0 for a stale id.
    pub fn readable_desired_size(&self, id: Id<Readable>) -> f64 {
        self.readables.get(id).map_or(0.0, Readable::desired_size)
    }

    /// A read by a default reader:
    /// [PullSteps](https://streams.spec.whatwg.org/#rs-default-controller-private-pull).
    #[inline]
    pub fn readable_read(&mut self, id: Id<Readable>) -> ReadableEffects {
        let Some(stream) = self.readables.get_mut(id) else {
            return STALE;
        };
        let effects = stream.read();
        if effects.has(CLOSE) {
            self.readables.remove(id);
            return effects;
        }
        stream.route_pull(&mut self.writables, effects)
    }

    /// Takes every queued chunk at once; the host's queue tells how many. Like as many reads whose
    /// pulls become one.
    pub fn readable_read_many(&mut self, id: Id<Readable>) -> ReadableEffects {
        let Some(stream) = self.readables.get_mut(id) else {
            return STALE;
        };
        if stream.queue.is_empty() {
            return self.readable_read(id);
        }
        stream.queue.reset();
        if stream.is_closing() {
            self.readables.remove(id);
            return CHUNK | CLOSE;
        }
        let effects = CHUNK | stream.call_pull_if_needed();
        stream.route_pull(&mut self.writables, effects)
    }

    /// The first half of
    /// [enqueue](https://streams.spec.whatwg.org/#readable-stream-default-controller-enqueue). With
    /// [`NEED_SIZE`] the host asks the strategy and calls [`Core::readable_enqueue_commit`].
    #[inline]
    pub fn readable_enqueue(&mut self, id: Id<Readable>) -> ReadableEffects {
        match self.readables.get_mut(id) {
            Some(stream) => stream.enqueue(&mut self.pipes, &mut self.writables),
            None => STALE,
        }
    }

    /// The second half of an enqueue: the chunk has its size. With [`BAD_SIZE`] the host errors
    /// the stream with a RangeError and throws it.
    pub fn readable_enqueue_commit(&mut self, id: Id<Readable>, size: f64) -> ReadableEffects {
        match self.readables.get_mut(id) {
            Some(stream) => {
                let effects = stream.queue_chunk(size);
                stream.after_enqueue(&mut self.writables, effects)
            }
            None if (0.0..f64::INFINITY).contains(&size) => STALE,
            None => BAD_SIZE,
        }
    }

    /// <https://streams.spec.whatwg.org/#readable-stream-default-controller-close>
    pub fn readable_close(&mut self, id: Id<Readable>) -> ReadableEffects {
        let Some(stream) = self.readables.get_mut(id) else {
            return STALE;
        };
        if stream.is_closing() {
            return REFUSED;
        }
        stream.state |= CLOSE_REQUESTED;
        if stream.queue.is_empty() {
            self.readables.remove(id);
            return CLOSE;
        }
        ReadableEffects::NONE
    }

    /// <https://streams.spec.whatwg.org/#readable-stream-default-controller-error>, and the close inside
    /// [cancel](https://streams.spec.whatwg.org/#readable-stream-cancel): in both cases nothing is left to be answered
    /// through the core.
    pub fn readable_error(&mut self, id: Id<Readable>) -> ReadableEffects {
        match self.readables.remove(id) {
            Some(_) => ERROR,
            None => STALE,
        }
    }

    /// The default reader was released: its requests are no more. The host rejects them.
    pub fn readable_release(&mut self, id: Id<Readable>) {
        if let Some(stream) = self.readables.get_mut(id) {
            stream.release();
        }
    }
}
