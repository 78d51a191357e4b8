//! Readable streams with a default controller, over the core.
use std::collections::VecDeque;

use tidegate::core::Id;
use tidegate::core::effect::PipeAnswer;
use tidegate::core::effect::readable::*;
use tidegate::core::readable::{HAS_SIZE, NO_PULL};

use super::jobs::Job;
use super::{Host, ReadableState};
use crate::core_byte_support::host::Host as Bytes;
use crate::core_byte_support::{ByteStream, Reader as ReaderKind};
use crate::support::realm::{Completion, PromiseId, Value, World};
use crate::support::user::{Callback, Spec, call, call_for, call_start};

/// Who runs a stream's algorithms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    User,
    Transform(usize),
    /// The tee and the number of its branch.
    Tee(usize, u32),
}

/// The effects that `apply_readable` carries out.
pub fn follow_up(effects: ReadableEffects) -> ReadableEffects {
    effects & (CLOSE | CALL_PULL | WAKE_WRITE)
}

/// Who waits for a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    Promise(PromiseId),
    Many(usize),
    Pipe(usize),
    Tee(usize),
    /// A `readMany()` that takes what is queued.
    Collect,
}

#[derive(Debug)]
pub struct Reader {
    pub closed: PromiseId,
    pub requests: VecDeque<Request>,
}

#[derive(Debug)]
pub enum ReaderLock {
    None,
    Reader(Reader),
    Pipe(usize),
    Tee(usize),
}

pub struct Readable {
    pub id: Id<tidegate::core::readable::Readable>,
    pub state: ReadableState,
    pub lock: ReaderLock,
    pub queue: VecDeque<Value>,
    pub source: Source,
    pub has_size: bool,
    pub high_water_mark: f64,
    /// Where it is a byte stream: its own queue, descriptors and id.
    pub bytes: Option<Bytes>,
    /// Why a byte stream errors.
    pub reason: Value,
}

impl Host {
    pub fn create_readable(&mut self, spec: Spec, source: Source) -> usize {
        let mut flags = 0;
        if spec.has_size {
            flags |= HAS_SIZE;
        }
        if source == Source::User && !spec.has_work {
            flags |= NO_PULL;
        }
        let id = self.core.readable_new(spec.high_water_mark, flags);
        self.readables.push(Readable {
            id,
            state: ReadableState::Readable,
            lock: ReaderLock::None,
            queue: VecDeque::new(),
            source,
            has_size: spec.has_size,
            high_water_mark: spec.high_water_mark,
            bytes: None,
            reason: Value::TypeError,
        });
        self.readables.len() - 1
    }

    pub fn make_readable(&mut self, spec: Spec) -> usize {
        let at = self.create_readable(spec, Source::User);
        let result = call_start(self, spec.has_start, Callback::SourceStart(at));
        self.after_readable_start(at, result);
        at
    }

    pub fn after_readable_start(&mut self, at: usize, result: Completion) {
        if result == Completion::Value(Value::Undefined) {
            return self.schedule_job(Job::ReadableStarted(at));
        }
        let promise = self.promise_resolved_with(result);
        self.upon(
            promise,
            move |host, _| host.readable_started(at),
            move |host, reason| host.error_stream(at, reason),
        );
    }

    pub fn readable_started(&mut self, at: usize) {
        if self.readables[at].bytes.is_some() {
            self.drive(at, ByteStream::started);
            return;
        }
        let effects = self.core.readable_started(self.readables[at].id);
        self.apply_readable(at, effects);
    }

    /// The effects that concern the stream as a whole.
    pub fn apply_readable(&mut self, at: usize, effects: ReadableEffects) {
        if effects.has(STALE) {
            return;
        }
        if effects.has(CLOSE) {
            self.close_stream(at);
        }
        if effects.has(CALL_PULL) {
            self.call_pull(at);
        } else if effects.has(WAKE_WRITE) {
            let Source::Transform(transform) = self.readables[at].source else {
                panic!("only a transform's pull wakes a write");
            };
            self.wake_transform(transform);
        }
    }

    pub fn pull_settled(&mut self, at: usize) {
        if self.readables[at].bytes.is_some() {
            self.drive(at, ByteStream::pull_settled);
            return;
        }
        let effects = self.core.readable_pull_settled(self.readables[at].id);
        self.apply_readable(at, effects);
    }

    pub fn call_pull(&mut self, at: usize) {
        match self.readables[at].source {
            Source::User => {}
            Source::Transform(_) => panic!("the core pulls a transform itself"),
            Source::Tee(tee, branch) => return self.tee_pull(tee, branch),
        }
        let result = call(self, Callback::Pull(at), Value::Undefined);
        if result == Completion::Value(Value::Undefined) {
            return match self.readables[at].lock {
                ReaderLock::Pipe(pipe) => self.after_pull_for_pipe(pipe, at),
                _ => self.schedule_job(Job::PullSettled(at)),
            };
        }
        let promise = self.promise_resolved_with(result);
        self.upon(
            promise,
            move |host, _| host.pull_settled(at),
            move |host, reason| host.error_stream(at, reason),
        );
    }

    pub fn close_stream(&mut self, at: usize) {
        let stream = &mut self.readables[at];
        stream.state = ReadableState::Closed;
        stream.id = Id::NONE;
        match &mut stream.lock {
            ReaderLock::None => {}
            ReaderLock::Reader(reader) => {
                let closed = reader.closed;
                let requests = std::mem::take(&mut reader.requests);
                self.resolve(closed, Value::Undefined);
                for request in requests {
                    self.close_request(request);
                }
            }
            ReaderLock::Pipe(pipe) => {
                let pipe = *pipe;
                self.pipe_source_ended(pipe, 1);
            }
            ReaderLock::Tee(tee) => {
                let tee = *tee;
                self.tee_source_closed(tee);
            }
        }
    }

    /// <https://streams.spec.whatwg.org/#readable-stream-default-controller-error>
    pub fn error_stream(&mut self, at: usize, reason: Value) {
        if self.readables[at].state != ReadableState::Readable {
            return;
        }
        if self.readables[at].bytes.is_some() {
            self.readables[at].reason = reason;
            self.drive(at, ByteStream::error);
            return;
        }
        let effects = self.core.readable_error(self.readables[at].id);
        assert_eq!(effects, ERROR, "a readable stream errors");
        self.fail_readable(at, reason);
    }

    /// What a stream that has just errored means to its reader.
    pub fn fail_readable(&mut self, at: usize, reason: Value) {
        let stream = &mut self.readables[at];
        stream.state = ReadableState::Errored(reason);
        stream.id = Id::NONE;
        stream.queue.clear();
        match &mut stream.lock {
            ReaderLock::None => {}
            ReaderLock::Reader(reader) => {
                let closed = reader.closed;
                let requests = std::mem::take(&mut reader.requests);
                self.reject(closed, reason);
                for request in requests {
                    self.fail_request(request, reason);
                }
            }
            ReaderLock::Pipe(pipe) => {
                let pipe = *pipe;
                self.pipe_source_ended(pipe, 2);
            }
            ReaderLock::Tee(tee) => {
                let tee = *tee;
                self.tee_source_errored(tee);
            }
        }
    }

    pub fn acquire_byob_reader(&mut self, at: usize) -> Result<(), Value> {
        self.acquire_reader(at)?;
        self.drive(at, |bytes| bytes.acquire(ReaderKind::Byob));
        Ok(())
    }

    pub fn acquire_reader(&mut self, at: usize) -> Result<(), Value> {
        if !matches!(self.readables[at].lock, ReaderLock::None) {
            return Err(Value::TypeError);
        }
        let closed = match self.readables[at].state {
            ReadableState::Readable => self.promise(),
            ReadableState::Closed => self.resolved(Value::Undefined),
            ReadableState::Errored(reason) => self.rejected(reason),
        };
        self.readables[at].lock = ReaderLock::Reader(Reader {
            closed,
            requests: VecDeque::new(),
        });
        self.acquire_bytes(at);
        Ok(())
    }

    pub fn reader(&self, at: usize) -> Option<&Reader> {
        match &self.readables[at].lock {
            ReaderLock::Reader(reader) => Some(reader),
            _ => None,
        }
    }

    pub fn release(&mut self, at: usize) {
        let lock = std::mem::replace(&mut self.readables[at].lock, ReaderLock::None);
        let ReaderLock::Reader(reader) = lock else {
            return;
        };
        self.reject(reader.closed, Value::TypeError);
        self.release_bytes(at);
        self.core.readable_release(self.readables[at].id);
        for request in reader.requests {
            self.fail_request(request, Value::TypeError);
        }
    }

    fn add_request(&mut self, at: usize, request: Request) {
        match &mut self.readables[at].lock {
            ReaderLock::Reader(reader) => reader.requests.push_back(request),
            ReaderLock::Tee(tee) => {
                let tee = *tee;
                self.tee_waits(tee);
            }
            ReaderLock::Pipe(_) | ReaderLock::None => {}
        }
    }

    /// Hands a chunk to the first request; `taken` is what the core made of it for a pipe.
    fn fulfill_request(&mut self, at: usize, chunk: Value, taken: PipeAnswer) {
        let request = match &mut self.readables[at].lock {
            ReaderLock::Reader(reader) => reader.requests.pop_front(),
            ReaderLock::Pipe(pipe) => Some(Request::Pipe(*pipe)),
            ReaderLock::Tee(tee) => Some(Request::Tee(*tee)),
            ReaderLock::None => None,
        };
        let request = request.expect("the core counts the requests of the reader");
        self.fulfill(request, chunk, taken);
    }

    pub fn read_default(&mut self, at: usize, request: Request) {
        let effects = self.core.readable_read(self.readables[at].id);
        if effects.has(CHUNK) {
            let chunk = self.readables[at]
                .queue
                .pop_front()
                .expect("the core counts the chunks of the queue");
            self.apply_readable(at, follow_up(effects));
            self.fulfill(request, chunk, PipeAnswer::NONE);
        } else {
            assert!(effects.has(PENDING), "a read gets a chunk or waits");
            self.add_request(at, request);
            self.apply_readable(at, follow_up(effects));
        }
    }

    pub fn cancel_stream(&mut self, at: usize, reason: Value) -> PromiseId {
        match self.readables[at].state {
            ReadableState::Closed => return self.resolved(Value::Undefined),
            ReadableState::Errored(reason) => return self.rejected(reason),
            ReadableState::Readable => {}
        }
        if self.readables[at].bytes.is_some() {
            self.drive(at, ByteStream::cancel);
        } else {
            let effects = self.core.readable_error(self.readables[at].id);
            assert_eq!(effects, ERROR, "a readable stream is cancelled");
            self.close_stream(at);
            self.readables[at].queue.clear();
        }
        let result = match self.readables[at].source {
            Source::User => call(self, Callback::Cancel(at), reason),
            Source::Transform(transform) => {
                Completion::Promise(self.transform_source_cancel(transform, reason))
            }
            Source::Tee(tee, branch) => Completion::Promise(self.tee_cancel(tee, branch, reason)),
        };
        let promise = self.promise_resolved_with(result);
        self.react(
            promise,
            Some(Box::new(|_, _| Completion::Value(Value::Undefined))),
            None,
        )
    }

    pub fn enqueue_default(&mut self, at: usize, chunk: Value) -> Result<(), Value> {
        let first = self.core.readable_enqueue(self.readables[at].id);
        self.finish_enqueue(at, chunk, first, None)
    }

    /// The rest of an enqueue after its first answer; `transform` is the transform that enqueues, if one does.
    pub fn finish_enqueue(
        &mut self,
        at: usize,
        chunk: Value,
        first: ReadableEffects,
        writable_side: Option<usize>,
    ) -> Result<(), Value> {
        if first.has(REFUSED | STALE) {
            return Err(Value::TypeError);
        }
        let mut effects = first;
        if effects.has(NEED_SIZE) {
            assert_eq!(effects, NEED_SIZE, "the size is asked for alone");
            let (completion, size) = call_for(self, Callback::ReadableSize(at), chunk);
            if let Completion::Throw(reason) = completion {
                self.error_stream(at, reason);
                return Err(reason);
            }
            effects = match writable_side {
                None => self
                    .core
                    .readable_enqueue_commit(self.readables[at].id, size),
                Some(writable) => self.core.transform_enqueue_commit(
                    self.readables[at].id,
                    self.writables[writable].id,
                    size,
                ),
            };
            if effects.has(BAD_SIZE) {
                self.error_stream(at, Value::RangeError);
                return Err(Value::RangeError);
            }
        }
        if effects.has(QUEUED) {
            self.readables[at].queue.push_back(chunk);
        } else if effects.has(FULFILL) {
            self.fulfill_request(at, chunk, effects.delivery());
        }
        self.apply_readable(at, follow_up(effects));
        if effects.has(SETTLE_PULL) {
            self.settle_transform_pull(at);
        }
        Ok(())
    }

    pub fn close_default(&mut self, at: usize) -> Result<(), Value> {
        let effects = self.core.readable_close(self.readables[at].id);
        self.apply_readable(at, effects & CLOSE);
        if effects.has(REFUSED | STALE) {
            return Err(Value::TypeError);
        }
        Ok(())
    }

    pub fn desired_size_of(&mut self, at: usize) -> Option<f64> {
        let stream = &self.readables[at];
        match stream.state {
            ReadableState::Errored(_) => None,
            ReadableState::Closed => Some(0.0),
            ReadableState::Readable if stream.bytes.is_some() => {
                Some(self.bytes_of(at, |bytes| bytes.desired_size()))
            }
            ReadableState::Readable => Some(self.core.readable_desired_size(stream.id)),
        }
    }
}
