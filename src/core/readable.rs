//! Readable streams with a [default
//! controller](https://streams.spec.whatwg.org/#rs-default-controller-class): stream, controller
//! and the count of the reader's requests in one machine.
use super::effect::readable::*;
use super::effect::{BAD_SIZE, Effects, REFUSED, STALE};
use super::queue::QueueWithSizes;
use super::{Core, Id};

/// The stream's strategy has a `size` function, which the host must call for each queued chunk.
pub const HAS_SIZE: u32 = 1;
/// The source has no pull algorithm, so the host is never asked to call it.
pub const NO_PULL: u32 = 2;

/// A live readable stream: one that is neither closed nor errored.
#[derive(Debug)]
pub struct Readable {
    queue: QueueWithSizes,
    high_water_mark: f64,
    requests: u32,
    /// The transform whose readable side this is, or 0.
    pub(crate) transform: Id,
    /// The pipe that reads this stream, or 0.
    pub(crate) pipe: Id,
    has_size: bool,
    no_pull: bool,
    started: bool,
    close_requested: bool,
    pulling: bool,
    pull_again: bool,
}

impl Readable {
    fn new(high_water_mark: f64, flags: u32) -> Self {
        Self {
            queue: QueueWithSizes::new(),
            high_water_mark,
            requests: 0,
            transform: 0,
            pipe: 0,
            has_size: flags & HAS_SIZE != 0,
            no_pull: flags & NO_PULL != 0,
            started: false,
            close_requested: false,
            pulling: false,
            pull_again: false,
        }
    }

    #[inline]
    pub(crate) fn queued(&self) -> u32 {
        self.queue.len()
    }

    pub(crate) fn has_requests(&self) -> bool {
        self.requests > 0
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
        self.high_water_mark - self.queue.total()
    }

    /// <https://streams.spec.whatwg.org/#readable-stream-default-controller-should-call-pull>
    #[inline]
    pub(crate) fn should_call_pull(&self) -> bool {
        !self.close_requested && self.started && (self.requests > 0 || self.desired_size() > 0.0)
    }

    /// <https://streams.spec.whatwg.org/#readable-stream-default-controller-call-pull-if-needed>
    #[inline]
    fn call_pull_if_needed(&mut self) -> Effects {
        if self.no_pull || !self.should_call_pull() {
            return 0;
        }
        if self.pulling {
            self.pull_again = true;
            return 0;
        }
        self.pulling = true;
        CALL_PULL
    }

    /// The rest of an enqueue once the chunk has a size.
    #[inline]
    fn queue_chunk(&mut self, size: f64) -> Effects {
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
    pub fn readable_new(&mut self, high_water_mark: f64, flags: u32) -> Id {
        self.readables.insert(Readable::new(high_water_mark, flags))
    }

    /// Forgets a stream that the host abandoned.
    pub fn readable_free(&mut self, id: Id) {
        self.readables.remove(id);
    }

    /// Pulls a transform's readable side here, where no user code is concerned; the pull stays
    /// outstanding until an enqueue answers [`SETTLE_PULL`].
    #[inline]
    fn route_pull(&mut self, transform: Id, effects: Effects) -> Effects {
        if transform == 0 || effects & CALL_PULL == 0 {
            return effects;
        }
        effects & !CALL_PULL | self.transform_pull(transform)
    }

    /// Report: the start algorithm fulfilled.
    pub fn readable_started(&mut self, id: Id) -> Effects {
        match self.readables.get_mut(id) {
            Some(stream) => {
                stream.started = true;
                let transform = stream.transform;
                let effects = stream.call_pull_if_needed();
                self.route_pull(transform, effects)
            }
            None => STALE,
        }
    }

    /// Report: the pull algorithm's promise fulfilled.
    #[inline]
    pub fn readable_pull_settled(&mut self, id: Id) -> Effects {
        match self.readables.get_mut(id) {
            Some(stream) => {
                stream.pulling = false;
                if !stream.pull_again {
                    return 0;
                }
                stream.pull_again = false;
                let transform = stream.transform;
                let effects = stream.call_pull_if_needed();
                self.route_pull(transform, effects)
            }
            None => STALE,
        }
    }

    /// Query: the controller's desired size; 0 for a stale id.
    pub fn readable_desired_size(&self, id: Id) -> f64 {
        self.readables.get(id).map_or(0.0, Readable::desired_size)
    }

    /// Query: <https://streams.spec.whatwg.org/#readable-stream-default-controller-can-close-or-enqueue>
    pub fn readable_can_close_or_enqueue(&self, id: Id) -> bool {
        self.readables
            .get(id)
            .is_some_and(|stream| !stream.close_requested)
    }

    /// A read by a default reader:
    /// [PullSteps](https://streams.spec.whatwg.org/#rs-default-controller-private-pull).
    #[inline]
    pub fn readable_read(&mut self, id: Id) -> Effects {
        let Some(stream) = self.readables.get_mut(id) else {
            return STALE;
        };
        if stream.queue.dequeue().is_some() {
            if stream.close_requested && stream.queue.is_empty() {
                self.readables.remove(id);
                return CHUNK | CLOSE;
            }
            let transform = stream.transform;
            let effects = CHUNK | stream.call_pull_if_needed();
            return self.route_pull(transform, effects);
        }
        stream.requests += 1;
        let transform = stream.transform;
        let effects = PENDING | stream.call_pull_if_needed();
        self.route_pull(transform, effects)
    }

    /// Takes every queued chunk at once; the host's queue tells how many. Like as many reads whose
    /// pulls become one.
    pub fn readable_read_many(&mut self, id: Id) -> Effects {
        let Some(stream) = self.readables.get_mut(id) else {
            return STALE;
        };
        if stream.queue.is_empty() {
            return self.readable_read(id);
        }
        stream.queue.reset();
        if stream.close_requested {
            self.readables.remove(id);
            return CHUNK | CLOSE;
        }
        let transform = stream.transform;
        let effects = CHUNK | stream.call_pull_if_needed();
        self.route_pull(transform, effects)
    }

    /// The first half of
    /// [enqueue](https://streams.spec.whatwg.org/#readable-stream-default-controller-enqueue). With
    /// [`NEED_SIZE`] the host asks the strategy and calls [`Core::readable_enqueue_commit`].
    #[inline]
    pub fn readable_enqueue(&mut self, id: Id) -> Effects {
        let Some(stream) = self.readables.get_mut(id) else {
            return STALE;
        };
        if stream.close_requested {
            return REFUSED;
        }
        if stream.requests > 0 {
            stream.requests -= 1;
            let (transform, pipe) = (stream.transform, stream.pipe);
            if pipe != 0 {
                return self.fulfill_pipe(id, pipe, transform);
            }
            let effects = FULFILL | stream.call_pull_if_needed();
            return self.route_pull(transform, effects);
        }
        if stream.has_size {
            return NEED_SIZE;
        }
        let transform = stream.transform;
        let effects = stream.queue_chunk(1.0);
        self.route_pull(transform, effects)
    }

    /// The enqueued chunk goes to the pipe that has just had its read request answered.
    #[inline]
    fn fulfill_pipe(&mut self, id: Id, pipe: Id, transform: Id) -> Effects {
        let taken = self.pipe_take(pipe);
        let reads_on = self.pipe_reads_on(pipe, taken);
        let Some(stream) = self.readables.get_mut(id) else {
            return FULFILL | taken;
        };
        stream.requests += u32::from(reads_on);
        let effects = FULFILL | taken | stream.call_pull_if_needed();
        self.route_pull(transform, effects)
    }

    /// The second half of an enqueue: the chunk has its size. With [`BAD_SIZE`] the host errors
    /// the stream with a RangeError and throws it.
    pub fn readable_enqueue_commit(&mut self, id: Id, size: f64) -> Effects {
        match self.readables.get_mut(id) {
            Some(stream) => {
                let transform = stream.transform;
                let effects = stream.queue_chunk(size);
                self.route_pull(transform, effects)
            }
            None if (0.0..f64::INFINITY).contains(&size) => STALE,
            None => BAD_SIZE,
        }
    }

    /// <https://streams.spec.whatwg.org/#readable-stream-default-controller-close>
    pub fn readable_close(&mut self, id: Id) -> Effects {
        let Some(stream) = self.readables.get_mut(id) else {
            return STALE;
        };
        if stream.close_requested {
            return REFUSED;
        }
        stream.close_requested = true;
        if stream.queue.is_empty() {
            self.readables.remove(id);
            return CLOSE;
        }
        0
    }

    /// <https://streams.spec.whatwg.org/#readable-stream-default-controller-error>
    pub fn readable_error(&mut self, id: Id) -> Effects {
        match self.readables.remove(id) {
            Some(_) => ERROR,
            None => STALE,
        }
    }

    /// The close inside [cancel](https://streams.spec.whatwg.org/#readable-stream-cancel): the
    /// host empties the queue and calls the cancel algorithm after it.
    pub fn readable_cancel(&mut self, id: Id) -> Effects {
        match self.readables.remove(id) {
            Some(_) => CLOSE,
            None => STALE,
        }
    }

    /// The default reader was released: its requests are no more. The host rejects them.
    pub fn readable_release(&mut self, id: Id) {
        if let Some(stream) = self.readables.get_mut(id) {
            stream.requests = 0;
        }
    }
}
