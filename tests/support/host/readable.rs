//! Readable streams with a default controller, over the core.
use std::collections::VecDeque;

use tidegate::core::Id;
use tidegate::core::effect::readable::*;
use tidegate::core::readable::{HAS_SIZE, NO_PULL};

use super::{Host, ReadableState};
use crate::support::realm::{Completion, PromiseId, Value, World};
use crate::support::user::{Callback, Spec, call, call_for, call_start};

/// Who runs a stream's algorithms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    User,
    Transform(usize),
}

#[derive(Debug)]
pub struct Reader {
    pub closed: PromiseId,
    pub requests: VecDeque<PromiseId>,
}

#[derive(Debug)]
pub enum ReaderLock {
    None,
    Reader(Reader),
    Pipe(usize),
}

#[derive(Debug)]
pub struct Readable {
    pub id: Id<tidegate::core::readable::Readable>,
    pub state: ReadableState,
    pub lock: ReaderLock,
    pub queue: VecDeque<Value>,
    pub source: Source,
    pub has_size: bool,
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
        let promise = self.promise_resolved_with(result);
        self.upon(
            promise,
            move |host, _| {
                let effects = host.core.readable_started(host.readables[at].id);
                host.apply_readable(at, effects);
            },
            move |host, reason| host.error_stream(at, reason),
        );
    }

    /// The effects that concern the stream as a whole.
    pub fn apply_readable(&mut self, at: usize, effects: ReadableEffects) {
        if effects.has(STALE) {
            return;
        }
        if effects.has(CLOSE) {
            self.close_stream(at);
        }
        if effects.has(SETTLE_PULL) {
            self.schedule(move |host| host.pull_settled(at));
        }
        if effects.has(WAKE_WRITE) {
            let Source::Transform(transform) = self.readables[at].source else {
                panic!("only a transform's pull wakes a write");
            };
            self.schedule(move |host| host.wake_write(transform));
        }
        if effects.has(CALL_PULL) {
            self.call_pull(at);
        }
    }

    pub fn pull_settled(&mut self, at: usize) {
        let effects = self.core.readable_pull_settled(self.readables[at].id);
        self.apply_readable(at, effects);
    }

    pub fn call_pull(&mut self, at: usize) {
        assert_eq!(
            self.readables[at].source,
            Source::User,
            "the core pulls a transform itself"
        );
        let result = call(self, Callback::Pull(at), Value::Undefined);
        let promise = self.promise_resolved_with(result);
        self.upon(
            promise,
            move |host, _| host.pull_settled(at),
            move |host, reason| host.error_stream(at, reason),
        );
    }

    fn close_stream(&mut self, at: usize) {
        let stream = &mut self.readables[at];
        stream.state = ReadableState::Closed;
        match &mut stream.lock {
            ReaderLock::None => {}
            ReaderLock::Reader(reader) => {
                let closed = reader.closed;
                let requests = std::mem::take(&mut reader.requests);
                self.resolve(closed, Value::Undefined);
                for request in requests {
                    self.resolve(request, Value::Done);
                }
            }
            ReaderLock::Pipe(pipe) => {
                let pipe = *pipe;
                self.pipe_source_ended(pipe, 1);
            }
        }
    }

    /// <https://streams.spec.whatwg.org/#readable-stream-default-controller-error>
    pub fn error_stream(&mut self, at: usize, reason: Value) {
        if self.readables[at].state != ReadableState::Readable {
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
        stream.queue.clear();
        match &mut stream.lock {
            ReaderLock::None => {}
            ReaderLock::Reader(reader) => {
                let closed = reader.closed;
                let requests = std::mem::take(&mut reader.requests);
                self.reject(closed, reason);
                for request in requests {
                    self.reject(request, reason);
                }
            }
            ReaderLock::Pipe(pipe) => {
                let pipe = *pipe;
                self.pipe_source_ended(pipe, 2);
            }
        }
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
        self.core.readable_release(self.readables[at].id);
        self.reject(reader.closed, Value::TypeError);
        for request in reader.requests {
            self.reject(request, Value::TypeError);
        }
    }

    pub fn add_request(&mut self, at: usize, request: PromiseId) {
        if let ReaderLock::Reader(reader) = &mut self.readables[at].lock {
            reader.requests.push_back(request);
        }
    }

    /// The first request of the reader, or none where a pipe reads.
    pub fn take_request(&mut self, at: usize) -> Option<PromiseId> {
        match &mut self.readables[at].lock {
            ReaderLock::Reader(reader) => reader.requests.pop_front(),
            _ => None,
        }
    }

    /// Hands a chunk to the first request.
    pub fn fulfill_request(&mut self, at: usize, chunk: Value) {
        if let ReaderLock::Pipe(pipe) = self.readables[at].lock {
            self.pipe_chunk(pipe, chunk);
            return;
        }
        let request = self
            .take_request(at)
            .expect("the core counts the requests of the reader");
        self.resolve(request, chunk);
    }

    pub fn read_default(&mut self, at: usize, request: PromiseId) {
        let effects = self.core.readable_read(self.readables[at].id);
        if effects.has(CHUNK) {
            let chunk = self.readables[at]
                .queue
                .pop_front()
                .expect("the core counts the chunks of the queue");
            self.apply_readable(at, effects);
            self.resolve(request, chunk);
        } else {
            assert!(effects.has(PENDING), "a read gets a chunk or waits");
            self.add_request(at, request);
            self.apply_readable(at, effects);
        }
    }

    pub fn cancel_stream(&mut self, at: usize, reason: Value) -> PromiseId {
        match self.readables[at].state {
            ReadableState::Closed => return self.resolved(Value::Undefined),
            ReadableState::Errored(reason) => return self.rejected(reason),
            ReadableState::Readable => {}
        }
        let effects = self.core.readable_error(self.readables[at].id);
        assert_eq!(effects, ERROR, "a readable stream is cancelled");
        self.close_stream(at);
        self.readables[at].queue.clear();
        let result = match self.readables[at].source {
            Source::User => call(self, Callback::Cancel(at), reason),
            Source::Transform(transform) => {
                Completion::Promise(self.transform_source_cancel(transform, reason))
            }
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
            self.fulfill_request(at, chunk);
        }
        self.apply_readable(at, effects);
        Ok(())
    }

    pub fn close_default(&mut self, at: usize) -> Result<(), Value> {
        let effects = self.core.readable_close(self.readables[at].id);
        self.apply_readable(at, effects);
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
            ReadableState::Readable => Some(self.core.readable_desired_size(stream.id)),
        }
    }
}
