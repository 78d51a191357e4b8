//! Writable streams over the core.
use std::collections::VecDeque;

use tidegate::core::Id;
use tidegate::core::effect::writable::*;

use tidegate::core::effect::{PipeAnswer, pipe};

use super::jobs::Job;
use super::{Host, WritableState};
use crate::support::realm::{Completion, PromiseId, Value, World};
use crate::support::user::{Callback, Spec, call, call_for, call_start};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sink {
    User { has_write: bool },
    Transform(usize),
}

/// What a write that the stream does not take is answered with.
#[derive(Debug)]
pub struct Refused(pub PromiseId);

#[derive(Debug)]
pub struct Writer {
    pub ready: PromiseId,
    pub closed: PromiseId,
}

#[derive(Debug)]
pub enum WriterLock {
    None,
    Writer(Writer),
    Pipe(usize),
}

#[derive(Debug)]
pub struct Writable {
    pub id: Id<tidegate::core::writable::Writable>,
    pub state: WritableState,
    pub lock: WriterLock,
    pub queue: VecDeque<(Value, Option<PromiseId>)>,
    pub in_flight: Option<PromiseId>,
    pub close_request: Option<PromiseId>,
    pub abort_request: Option<(PromiseId, Value)>,
    pub aborted: bool,
    /// Whether it has ended and its writer has been told; one that is aborted tells when that is done.
    pub has_told_end: bool,
    pub cleared: bool,
    pub has_size: bool,
    pub sink: Sink,
}

impl Host {
    pub fn create_writable(&mut self, spec: Spec, sink: Sink) -> usize {
        let id = self.core.writable_new(spec.high_water_mark);
        self.writables.push(Writable {
            id,
            state: WritableState::Writable,
            lock: WriterLock::None,
            queue: VecDeque::new(),
            in_flight: None,
            close_request: None,
            abort_request: None,
            aborted: false,
            has_told_end: false,
            cleared: false,
            has_size: spec.has_size,
            sink,
        });
        self.writables.len() - 1
    }

    pub fn make_writable(&mut self, spec: Spec) -> usize {
        let has_write = spec.has_work;
        let at = self.create_writable(spec, Sink::User { has_write });
        let result = call_start(self, spec.has_start, Callback::SinkStart(at));
        self.after_writable_start(at, result);
        at
    }

    pub fn after_writable_start(&mut self, at: usize, result: Completion) {
        if result == Completion::Value(Value::Undefined) {
            return self.schedule_job(Job::WritableStarted(at));
        }
        let promise = self.promise_resolved_with(result);
        self.upon(
            promise,
            move |host, _| host.writable_started(at),
            move |host, reason| {
                let effects = host.core.writable_start_failed(host.writables[at].id);
                host.apply_writable(at, effects, reason);
            },
        );
    }

    pub fn writable_started(&mut self, at: usize) {
        let effects = self.core.writable_started(self.writables[at].id);
        self.apply_writable(at, effects, Value::Undefined);
    }

    /// A pipe that is shutting down waits for the writes under way.
    pub fn tell_write_settled(&mut self, at: usize) {
        if let WriterLock::Pipe(pipe) = self.writables[at].lock {
            self.pipe_write_settled(pipe);
        }
    }

    /// Carries out an answer; `reason` is the one that goes with it, if any.
    pub fn apply_writable(&mut self, at: usize, effects: WritableEffects, reason: Value) {
        if effects.has(STALE) {
            return;
        }
        if effects.has(RESOLVE_WRITE | REJECT_WRITE) {
            match self.writables[at].in_flight.take() {
                Some(request) if effects.has(RESOLVE_WRITE) => {
                    self.resolve(request, Value::Undefined);
                }
                Some(request) => self.reject(request, reason),
                None => {}
            }
            self.tell_write_settled(at);
        }
        if effects.has(RESOLVE_CLOSE) {
            self.finish_close(at, effects);
        }
        if effects.has(REJECT_CLOSE) {
            let request = self.writables[at].close_request.take();
            self.reject(request.expect("a close is in flight"), reason);
            if effects.has(REJECT_ABORT) {
                let (request, _) = self.take_abort(at);
                self.reject(request, reason);
            }
        }
        if effects.has(CLEAR) {
            self.writables[at].cleared = true;
        }
        if effects.has(START_ERRORING) {
            self.writables[at].state = WritableState::Erroring(reason);
            if let WriterLock::Writer(writer) = &self.writables[at].lock {
                let ready = writer.ready;
                self.ensure_ready_rejected(at, ready, reason);
            }
        }
        if effects.has(BACKPRESSURE) {
            let pending = self.promise();
            if let WriterLock::Writer(writer) = &mut self.writables[at].lock {
                writer.ready = pending;
            }
        }
        let pipe = match &self.writables[at].lock {
            WriterLock::Pipe(pipe) => Some(*pipe),
            WriterLock::Writer(writer) if effects.has(READY) => {
                let ready = writer.ready;
                self.resolve(ready, Value::Undefined);
                None
            }
            _ => None,
        };
        if effects.has(FINISH_ERRORING) {
            self.finish_erroring(at, effects);
        }
        if effects.has(HOLD_WRITE) {
            let Sink::Transform(transform) = self.writables[at].sink else {
                panic!("only a transform's write is held");
            };
            let chunk = self.take_chunk(at);
            self.hold_write(transform, chunk);
        }
        if effects.has(CALL_WRITE) {
            let chunk = self.take_chunk(at);
            self.call_write(at, chunk);
        }
        if effects.has(CALL_CLOSE) {
            self.call_close(at);
        }
        // A pipe answers room with a burst of writes, so that comes after the sink's own call.
        if let Some(pipe) = pipe
            && effects.has(READY)
        {
            self.advance_pipe(pipe);
        }
    }

    fn ensure_ready_rejected(&mut self, at: usize, ready: PromiseId, reason: Value) {
        if self.is_pending(ready) {
            self.reject(ready, reason);
            return;
        }
        let rejected = self.rejected(reason);
        if let WriterLock::Writer(writer) = &mut self.writables[at].lock {
            writer.ready = rejected;
        }
    }

    fn take_abort(&mut self, at: usize) -> (PromiseId, Value) {
        self.writables[at]
            .abort_request
            .take()
            .expect("an abort is pending")
    }

    fn finish_close(&mut self, at: usize, effects: WritableEffects) {
        let request = self.writables[at].close_request.take();
        self.resolve(request.expect("a close is in flight"), Value::Undefined);
        if effects.has(RESOLVE_ABORT) {
            let (request, _) = self.take_abort(at);
            self.resolve(request, Value::Undefined);
        }
        self.writables[at].has_told_end = true;
        self.writables[at].state = WritableState::Closed;
        self.writables[at].id = Id::NONE;
        match &self.writables[at].lock {
            WriterLock::None => {}
            WriterLock::Writer(writer) => {
                let closed = writer.closed;
                self.resolve(closed, Value::Undefined);
            }
            WriterLock::Pipe(pipe) => {
                let pipe = *pipe;
                self.pipe_destination_ended(pipe, 1);
            }
        }
    }

    fn stored_error(&self, at: usize) -> Value {
        match self.writables[at].state {
            WritableState::Erroring(reason) | WritableState::Errored(reason) => reason,
            _ => panic!("the stream has no stored error"),
        }
    }

    fn finish_erroring(&mut self, at: usize, effects: WritableEffects) {
        let reason = self.stored_error(at);
        self.writables[at].state = WritableState::Errored(reason);
        self.writables[at].id = Id::NONE;
        let queue = std::mem::take(&mut self.writables[at].queue);
        for request in queue.into_iter().filter_map(|(_, request)| request) {
            self.reject(request, reason);
        }
        if effects.has(REJECT_ABORT) && !effects.has(REJECT_CLOSE) {
            let (request, _) = self.take_abort(at);
            self.reject(request, reason);
        }
        if effects.has(REJECT_CLOSED) {
            self.reject_close_and_closed(at);
        }
        if effects.has(CALL_ABORT) {
            self.call_abort(at);
        }
    }

    /// <https://streams.spec.whatwg.org/#writable-stream-reject-close-and-closed-promise-if-needed>
    fn reject_close_and_closed(&mut self, at: usize) {
        self.writables[at].has_told_end = true;
        let reason = self.stored_error(at);
        if let Some(request) = self.writables[at].close_request.take() {
            self.reject(request, reason);
        }
        match &self.writables[at].lock {
            WriterLock::None => {}
            WriterLock::Writer(writer) => {
                let closed = writer.closed;
                self.reject(closed, reason);
            }
            WriterLock::Pipe(pipe) => {
                let pipe = *pipe;
                self.pipe_destination_ended(pipe, 2);
            }
        }
    }

    /// The chunk at the queue's head; its request is now the one in flight.
    fn take_chunk(&mut self, at: usize) -> Value {
        let (chunk, request) = self.writables[at]
            .queue
            .pop_front()
            .expect("the core counts the chunks of the queue");
        self.writables[at].in_flight = request;
        chunk
    }

    /// Puts a chunk that the core has taken for a pipe where it belongs. True where its write has begun.
    pub fn accept_taken(&mut self, at: usize, chunk: Value, taken: PipeAnswer) -> bool {
        if taken.has(pipe::BEGIN) {
            return true;
        }
        if !taken.has(pipe::HOLD) {
            self.writables[at].queue.push_back((chunk, None));
        } else if let Sink::Transform(transform) = self.writables[at].sink {
            self.hold_write(transform, chunk);
        } else {
            panic!("only a transform's write is held");
        }
        false
    }

    pub fn call_write(&mut self, at: usize, chunk: Value) {
        let result = match self.writables[at].sink {
            Sink::User { has_write: true } => call(self, Callback::Write(at), chunk),
            Sink::User { has_write: false } => Completion::Value(Value::Undefined),
            Sink::Transform(transform) => {
                match self.perform_transform(transform, chunk) {
                    None => self.settle_transform_write(transform),
                    Some(promise) => self.after_write(at, Completion::Promise(promise)),
                }
                return;
            }
        };
        if result == Completion::Value(Value::Undefined) {
            return match self.writables[at].lock {
                WriterLock::Pipe(pipe) => self.after_write_for_pipe(pipe, at),
                _ => self.schedule_job(Job::WriteSettled(at)),
            };
        }
        self.after_write(at, result);
    }

    pub fn after_write(&mut self, at: usize, result: Completion) {
        let promise = self.promise_resolved_with(result);
        self.upon(
            promise,
            move |host, _| host.write_settled(at),
            move |host, reason| host.write_failed(at, reason),
        );
    }

    pub fn write_settled(&mut self, at: usize) {
        if let WriterLock::Pipe(pipe) = self.writables[at].lock
            && self.report_write_of_pipe(pipe, at)
        {
            return;
        }
        let effects = self.core.writable_write_settled(self.writables[at].id);
        self.apply_writable(at, effects, Value::Undefined);
    }

    pub fn write_failed(&mut self, at: usize, reason: Value) {
        let effects = self.core.writable_write_failed(self.writables[at].id);
        self.apply_writable(at, effects, reason);
    }

    fn call_close(&mut self, at: usize) {
        let result = match self.writables[at].sink {
            Sink::User { .. } => call(self, Callback::Close(at), Value::Undefined),
            Sink::Transform(transform) => Completion::Promise(self.transform_sink_close(transform)),
        };
        self.writables[at].cleared = true;
        let promise = self.promise_resolved_with(result);
        self.upon(
            promise,
            move |host, _| {
                let effects = host.core.writable_close_settled(host.writables[at].id);
                host.apply_writable(at, effects, Value::Undefined);
            },
            move |host, reason| {
                let effects = host.core.writable_close_failed(host.writables[at].id);
                host.apply_writable(at, effects, reason);
            },
        );
    }

    fn call_abort(&mut self, at: usize) {
        let (request, reason) = self.take_abort(at);
        let result = match self.writables[at].sink {
            Sink::User { .. } => call(self, Callback::Abort(at), reason),
            Sink::Transform(transform) => {
                Completion::Promise(self.transform_sink_abort(transform, reason))
            }
        };
        self.writables[at].cleared = true;
        let promise = self.promise_resolved_with(result);
        self.upon(
            promise,
            move |host, _| {
                host.resolve(request, Value::Undefined);
                host.reject_close_and_closed(at);
            },
            move |host, reason| {
                host.reject(request, reason);
                host.reject_close_and_closed(at);
            },
        );
    }

    pub fn acquire_writer(&mut self, at: usize) -> Result<(), Value> {
        if !matches!(self.writables[at].lock, WriterLock::None) {
            return Err(Value::TypeError);
        }
        let (ready, closed) = match self.writables[at].state {
            WritableState::Writable => {
                let ready = if self.core.writable_backpressure(self.writables[at].id) {
                    self.promise()
                } else {
                    self.resolved(Value::Undefined)
                };
                (ready, self.promise())
            }
            WritableState::Erroring(reason) => (self.rejected(reason), self.promise()),
            WritableState::Errored(reason) => (self.rejected(reason), self.rejected(reason)),
            WritableState::Closed => (
                self.resolved(Value::Undefined),
                self.resolved(Value::Undefined),
            ),
        };
        self.writables[at].lock = WriterLock::Writer(Writer { ready, closed });
        Ok(())
    }

    pub fn writer(&self, at: usize) -> Option<&Writer> {
        match &self.writables[at].lock {
            WriterLock::Writer(writer) => Some(writer),
            _ => None,
        }
    }

    pub fn release_writer_of(&mut self, at: usize) {
        let lock = std::mem::replace(&mut self.writables[at].lock, WriterLock::None);
        if let WriterLock::Writer(writer) = lock {
            self.reject(writer.ready, Value::TypeError);
            self.reject(writer.closed, Value::TypeError);
        }
    }

    /// Whether its strategy's `size()` is asked.
    pub fn measures(&self, at: usize) -> bool {
        self.writables[at].has_size && !self.writables[at].cleared
    }

    /// <https://streams.spec.whatwg.org/#writable-stream-default-controller-get-chunk-size>
    pub fn chunk_size(&mut self, at: usize, chunk: Value) -> f64 {
        if !self.measures(at) {
            return 1.0;
        }
        let (completion, size) = call_for(self, Callback::WritableSize(at), chunk);
        if let Completion::Throw(reason) = completion {
            self.error_sink(at, reason);
            return 1.0;
        }
        size
    }

    pub fn write_chunk(&mut self, at: usize, chunk: Value, size: f64, request: Option<PromiseId>) {
        if self.writables[at].state != WritableState::Writable {
            return;
        }
        let effects = self.core.writable_write(self.writables[at].id, size);
        self.queue_write(at, chunk, request, effects);
    }

    /// Carries out what the core answered to a write.
    pub fn queue_write(
        &mut self,
        at: usize,
        chunk: Value,
        request: Option<PromiseId>,
        effects: WritableEffects,
    ) {
        if effects.has(REFUSED | STALE) {
            return;
        }
        assert!(effects.has(QUEUED), "a write is queued or refused");
        if effects.has(CALL_WRITE | HOLD_WRITE) {
            // It finds the queue empty, and need not pass through it.
            self.writables[at].in_flight = request;
            if effects.has(BACKPRESSURE) {
                self.apply_writable(at, BACKPRESSURE, Value::Undefined);
            }
            match self.writables[at].sink {
                _ if effects.has(CALL_WRITE) => self.call_write(at, chunk),
                Sink::Transform(transform) => self.hold_write(transform, chunk),
                Sink::User { .. } => panic!("only a transform's write is held"),
            }
            return;
        }
        self.writables[at].queue.push_back((chunk, request));
        let reason = if effects.has(BAD_SIZE) {
            Value::RangeError
        } else {
            Value::Undefined
        };
        self.apply_writable(at, effects, reason);
    }

    pub fn write_with_writer(&mut self, at: usize, chunk: Value) -> PromiseId {
        let request = self.promise();
        let writer = self.writer(at).expect("there is a writer").closed;
        match self.write_for(at, writer, chunk, Some(request)) {
            Ok(()) => request,
            Err(Refused(promise)) => promise,
        }
    }

    /// Writes a chunk with the writer whose `closed` is `writer`, for `request`, if anybody waits for it.
    pub fn write_for(
        &mut self,
        at: usize,
        writer: PromiseId,
        chunk: Value,
        request: Option<PromiseId>,
    ) -> Result<(), Refused> {
        let refused = |promise| Err(Refused(promise));
        let size = self.chunk_size(at, chunk);
        // A writer keeps its `closed` promise, so that tells writers apart.
        if self.writer(at).map(|now| now.closed) != Some(writer) {
            return refused(self.rejected(Value::TypeError));
        }
        match self.writables[at].state {
            WritableState::Errored(reason) => return refused(self.rejected(reason)),
            WritableState::Closed => return refused(self.rejected(Value::TypeError)),
            _ if self.writables[at].close_request.is_some() => {
                return refused(self.rejected(Value::TypeError));
            }
            WritableState::Erroring(reason) => return refused(self.rejected(reason)),
            WritableState::Writable => {}
        }
        self.write_chunk(at, chunk, size, request);
        Ok(())
    }

    pub fn close_stream_of(&mut self, at: usize) -> PromiseId {
        if matches!(
            self.writables[at].state,
            WritableState::Closed | WritableState::Errored(_)
        ) {
            return self.rejected(Value::TypeError);
        }
        let request = self.promise();
        self.writables[at].close_request = Some(request);
        let effects = self.core.writable_close(self.writables[at].id);
        assert!(!effects.has(REFUSED | STALE), "no close was queued before");
        self.apply_writable(at, effects, Value::Undefined);
        request
    }

    pub fn abort_stream(&mut self, at: usize, reason: Value) -> PromiseId {
        let ended = |host: &Self| {
            matches!(
                host.writables[at].state,
                WritableState::Closed | WritableState::Errored(_)
            )
        };
        if ended(self) {
            return self.resolved(Value::Undefined);
        }
        if !self.writables[at].aborted {
            self.writables[at].aborted = true;
            if matches!(self.writables[at].sink, Sink::User { .. }) {
                call(self, Callback::Aborted(at), reason);
            }
        }
        if ended(self) {
            return self.resolved(Value::Undefined);
        }
        let effects = self.core.writable_abort(self.writables[at].id);
        if effects.has(ABORT_PENDING) {
            assert_eq!(effects, ABORT_PENDING);
            let request = self.writables[at].abort_request;
            return request.expect("an abort is pending").0;
        }
        assert!(effects.has(ABORT_ACCEPTED), "an abort is accepted or known");
        let request = self.promise();
        let erroring = matches!(self.writables[at].state, WritableState::Erroring(_));
        let kept = if erroring { Value::Undefined } else { reason };
        self.writables[at].abort_request = Some((request, kept));
        self.apply_writable(at, effects, reason);
        request
    }

    /// <https://streams.spec.whatwg.org/#writable-stream-default-controller-error-if-needed>
    pub fn error_sink(&mut self, at: usize, reason: Value) {
        if self.writables[at].state == WritableState::Writable {
            let effects = self.core.writable_error(self.writables[at].id);
            self.apply_writable(at, effects, reason);
        }
    }

    pub fn writer_desired_size(&self, at: usize) -> Option<f64> {
        match self.writables[at].state {
            WritableState::Errored(_) | WritableState::Erroring(_) => None,
            WritableState::Closed => Some(0.0),
            WritableState::Writable => Some(self.core.writable_desired_size(self.writables[at].id)),
        }
    }
}
