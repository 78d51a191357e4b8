//! <https://streams.spec.whatwg.org/#ws-model>
use super::Model;
use crate::support::realm::{Completion, PromiseId, Value, World};
use crate::support::user::{Callback, Spec, call, call_for, call_start};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Writable,
    Erroring,
    Errored,
    Closed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithms {
    User,
    Transform(usize),
    Cleared,
}

#[derive(Debug, Clone, Copy)]
pub struct PendingAbort {
    promise: PromiseId,
    reason: Value,
    was_already_erroring: bool,
}

/// An entry of the controller's queue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Entry {
    Chunk(Value),
    CloseSentinel,
}

#[derive(Debug)]
pub struct WritableStream {
    pub backpressure: bool,
    pub close_request: Option<PromiseId>,
    pub in_flight_write_request: Option<PromiseId>,
    pub in_flight_close_request: Option<PromiseId>,
    pub pending_abort_request: Option<PendingAbort>,
    pub state: State,
    pub stored_error: Value,
    pub writer: Option<usize>,
    pub write_requests: Vec<PromiseId>,
    // The controller's slots.
    pub aborted: bool,
    pub algorithms: Algorithms,
    pub is_transform: bool,
    pub queue: Vec<(Entry, f64)>,
    pub queue_total_size: f64,
    pub started: bool,
    pub strategy_hwm: f64,
    pub has_size: bool,
    pub has_write: bool,
}

#[derive(Debug)]
pub struct WritableStreamWriter {
    pub stream: Option<usize>,
    pub ready: PromiseId,
    pub closed: PromiseId,
}

impl Model {
    pub fn create_writable(&mut self, spec: Spec, algorithms: Algorithms) -> usize {
        self.writables.push(WritableStream {
            backpressure: false,
            close_request: None,
            in_flight_write_request: None,
            in_flight_close_request: None,
            pending_abort_request: None,
            state: State::Writable,
            stored_error: Value::Undefined,
            writer: None,
            write_requests: Vec::new(),
            aborted: false,
            algorithms,
            is_transform: algorithms != Algorithms::User,
            queue: Vec::new(),
            queue_total_size: 0.0,
            started: false,
            strategy_hwm: spec.high_water_mark,
            has_size: spec.has_size,
            has_write: spec.has_work,
        });
        let stream = self.writables.len() - 1;
        let backpressure = self.sink_backpressure(stream);
        self.update_backpressure(stream, backpressure);
        stream
    }

    pub fn set_up_writable(&mut self, stream: usize, start_result: Completion) {
        let start_promise = self.promise_resolved_with(start_result);
        self.upon(
            start_promise,
            move |model, _| {
                model.writables[stream].started = true;
                model.advance_queue_if_needed(stream);
            },
            move |model, reason| {
                model.writables[stream].started = true;
                model.deal_with_rejection(stream, reason);
            },
        );
    }

    pub fn make_writable(&mut self, spec: Spec) -> usize {
        let stream = self.create_writable(spec, Algorithms::User);
        let result = call_start(self, spec.has_start, Callback::SinkStart(stream));
        self.set_up_writable(stream, result);
        stream
    }

    pub fn writable_abort(&mut self, stream: usize, reason: Value) -> PromiseId {
        let ended = |state| matches!(state, State::Closed | State::Errored);
        if ended(self.writables[stream].state) {
            return self.resolved(Value::Undefined);
        }
        if !self.writables[stream].aborted {
            self.writables[stream].aborted = true;
            // Nobody can listen to the signal of a transform's writable side.
            if !self.writables[stream].is_transform {
                call(self, Callback::Aborted(stream), reason);
            }
        }
        let state = self.writables[stream].state;
        if ended(state) {
            return self.resolved(Value::Undefined);
        }
        if let Some(pending) = self.writables[stream].pending_abort_request {
            return pending.promise;
        }
        let was_already_erroring = state == State::Erroring;
        let promise = self.promise();
        self.writables[stream].pending_abort_request = Some(PendingAbort {
            promise,
            reason: if was_already_erroring {
                Value::Undefined
            } else {
                reason
            },
            was_already_erroring,
        });
        if !was_already_erroring {
            self.start_erroring(stream, reason);
        }
        promise
    }

    pub fn writable_close(&mut self, stream: usize) -> PromiseId {
        let state = self.writables[stream].state;
        if matches!(state, State::Closed | State::Errored) {
            return self.rejected(Value::TypeError);
        }
        assert!(!self.close_queued_or_in_flight(stream));
        let promise = self.promise();
        self.writables[stream].close_request = Some(promise);
        if let Some(writer) = self.writables[stream].writer
            && self.writables[stream].backpressure
            && state == State::Writable
        {
            let ready = self.writers[writer].ready;
            self.resolve(ready, Value::Undefined);
        }
        self.writables[stream]
            .queue
            .push((Entry::CloseSentinel, 0.0));
        self.advance_queue_if_needed(stream);
        promise
    }

    pub fn close_queued_or_in_flight(&self, stream: usize) -> bool {
        let stream = &self.writables[stream];
        stream.close_request.is_some() || stream.in_flight_close_request.is_some()
    }

    fn deal_with_rejection(&mut self, stream: usize, reason: Value) {
        if self.writables[stream].state == State::Writable {
            self.start_erroring(stream, reason);
            return;
        }
        assert_eq!(self.writables[stream].state, State::Erroring);
        self.finish_erroring(stream);
    }

    fn has_operation_marked_in_flight(&self, stream: usize) -> bool {
        let stream = &self.writables[stream];
        stream.in_flight_write_request.is_some() || stream.in_flight_close_request.is_some()
    }

    fn start_erroring(&mut self, stream: usize, reason: Value) {
        assert_eq!(self.writables[stream].state, State::Writable);
        self.writables[stream].state = State::Erroring;
        self.writables[stream].stored_error = reason;
        if let Some(writer) = self.writables[stream].writer {
            self.ensure_ready_promise_rejected(writer, reason);
        }
        if !self.has_operation_marked_in_flight(stream) && self.writables[stream].started {
            self.finish_erroring(stream);
        }
    }

    fn finish_erroring(&mut self, stream: usize) {
        assert_eq!(self.writables[stream].state, State::Erroring);
        assert!(!self.has_operation_marked_in_flight(stream));
        self.writables[stream].state = State::Errored;
        self.writables[stream].queue.clear();
        self.writables[stream].queue_total_size = 0.0;
        let stored_error = self.writables[stream].stored_error;
        for request in std::mem::take(&mut self.writables[stream].write_requests) {
            self.reject(request, stored_error);
        }
        let Some(abort) = self.writables[stream].pending_abort_request.take() else {
            self.reject_close_and_closed_promise_if_needed(stream);
            return;
        };
        if abort.was_already_erroring {
            self.reject(abort.promise, stored_error);
            self.reject_close_and_closed_promise_if_needed(stream);
            return;
        }
        let result = match self.writables[stream].algorithms {
            Algorithms::User => call(self, Callback::Abort(stream), abort.reason),
            Algorithms::Transform(transform) => {
                Completion::Promise(self.sink_abort_algorithm(transform, abort.reason))
            }
            Algorithms::Cleared => panic!("aborts after the algorithms were cleared"),
        };
        self.writables[stream].algorithms = Algorithms::Cleared;
        let promise = self.promise_resolved_with(result);
        self.upon(
            promise,
            move |model, _| {
                model.resolve(abort.promise, Value::Undefined);
                model.reject_close_and_closed_promise_if_needed(stream);
            },
            move |model, reason| {
                model.reject(abort.promise, reason);
                model.reject_close_and_closed_promise_if_needed(stream);
            },
        );
    }

    fn reject_close_and_closed_promise_if_needed(&mut self, stream: usize) {
        assert_eq!(self.writables[stream].state, State::Errored);
        let stored_error = self.writables[stream].stored_error;
        if let Some(request) = self.writables[stream].close_request.take() {
            self.reject(request, stored_error);
        }
        if let Some(writer) = self.writables[stream].writer {
            let closed = self.writers[writer].closed;
            self.reject(closed, stored_error);
        }
    }

    fn finish_in_flight_close(&mut self, stream: usize) {
        let request = self.writables[stream].in_flight_close_request.take();
        self.resolve(request.expect("a close in flight"), Value::Undefined);
        if self.writables[stream].state == State::Erroring {
            self.writables[stream].stored_error = Value::Undefined;
            if let Some(abort) = self.writables[stream].pending_abort_request.take() {
                self.resolve(abort.promise, Value::Undefined);
            }
        }
        self.writables[stream].state = State::Closed;
        if let Some(writer) = self.writables[stream].writer {
            let closed = self.writers[writer].closed;
            self.resolve(closed, Value::Undefined);
        }
        assert!(self.writables[stream].pending_abort_request.is_none());
    }

    fn finish_in_flight_close_with_error(&mut self, stream: usize, reason: Value) {
        let request = self.writables[stream].in_flight_close_request.take();
        self.reject(request.expect("a close in flight"), reason);
        if let Some(abort) = self.writables[stream].pending_abort_request.take() {
            self.reject(abort.promise, reason);
        }
        self.deal_with_rejection(stream, reason);
    }

    fn update_backpressure(&mut self, stream: usize, backpressure: bool) {
        assert!(!self.close_queued_or_in_flight(stream));
        if let Some(writer) = self.writables[stream].writer
            && backpressure != self.writables[stream].backpressure
        {
            if backpressure {
                self.writers[writer].ready = self.promise();
            } else {
                let ready = self.writers[writer].ready;
                self.resolve(ready, Value::Undefined);
            }
        }
        self.writables[stream].backpressure = backpressure;
    }

    fn sink_backpressure(&self, stream: usize) -> bool {
        let stream = &self.writables[stream];
        stream.strategy_hwm - stream.queue_total_size <= 0.0
    }

    fn advance_queue_if_needed(&mut self, stream: usize) {
        if !self.writables[stream].started {
            return;
        }
        if self.writables[stream].in_flight_write_request.is_some() {
            return;
        }
        let state = self.writables[stream].state;
        assert!(!matches!(state, State::Closed | State::Errored));
        if state == State::Erroring {
            self.finish_erroring(stream);
            return;
        }
        match self.writables[stream].queue.first() {
            None => {}
            Some((Entry::CloseSentinel, _)) => self.process_close(stream),
            Some((Entry::Chunk(chunk), _)) => {
                let chunk = *chunk;
                self.process_write(stream, chunk);
            }
        }
    }

    fn dequeue(&mut self, stream: usize) {
        let stream = &mut self.writables[stream];
        let (_, size) = stream.queue.remove(0);
        stream.queue_total_size -= size;
        if stream.queue_total_size < 0.0 {
            stream.queue_total_size = 0.0;
        }
    }

    fn process_close(&mut self, stream: usize) {
        let request = self.writables[stream].close_request.take();
        self.writables[stream].in_flight_close_request = request;
        self.dequeue(stream);
        assert!(self.writables[stream].queue.is_empty());
        let result = match self.writables[stream].algorithms {
            Algorithms::User => call(self, Callback::Close(stream), Value::Undefined),
            Algorithms::Transform(transform) => {
                Completion::Promise(self.sink_close_algorithm(transform))
            }
            Algorithms::Cleared => panic!("closes after the algorithms were cleared"),
        };
        self.writables[stream].algorithms = Algorithms::Cleared;
        let promise = self.promise_resolved_with(result);
        self.upon(
            promise,
            move |model, _| model.finish_in_flight_close(stream),
            move |model, reason| model.finish_in_flight_close_with_error(stream, reason),
        );
    }

    fn process_write(&mut self, stream: usize, chunk: Value) {
        let request = self.writables[stream].write_requests.remove(0);
        self.writables[stream].in_flight_write_request = Some(request);
        let result = match self.writables[stream].algorithms {
            Algorithms::User if self.writables[stream].has_write => {
                call(self, Callback::Write(stream), chunk)
            }
            Algorithms::User => Completion::Value(Value::Undefined),
            Algorithms::Transform(transform) => {
                Completion::Promise(self.sink_write_algorithm(transform, chunk))
            }
            Algorithms::Cleared => panic!("writes after the algorithms were cleared"),
        };
        let promise = self.promise_resolved_with(result);
        self.upon(
            promise,
            move |model, _| {
                let request = model.writables[stream].in_flight_write_request.take();
                model.resolve(request.expect("a write in flight"), Value::Undefined);
                model.dequeue(stream);
                let state = model.writables[stream].state;
                if !model.close_queued_or_in_flight(stream) && state == State::Writable {
                    let backpressure = model.sink_backpressure(stream);
                    model.update_backpressure(stream, backpressure);
                }
                model.advance_queue_if_needed(stream);
            },
            move |model, reason| {
                if model.writables[stream].state == State::Writable {
                    model.writables[stream].algorithms = Algorithms::Cleared;
                }
                let request = model.writables[stream].in_flight_write_request.take();
                model.reject(request.expect("a write in flight"), reason);
                model.deal_with_rejection(stream, reason);
            },
        );
    }

    pub fn sink_error_if_needed(&mut self, stream: usize, reason: Value) {
        if self.writables[stream].state == State::Writable {
            self.writables[stream].algorithms = Algorithms::Cleared;
            self.start_erroring(stream, reason);
        }
    }

    /// Whether its strategy's `size()` is asked.
    pub fn measures(&self, stream: usize) -> bool {
        self.writables[stream].algorithms != Algorithms::Cleared && self.writables[stream].has_size
    }

    fn get_chunk_size(&mut self, stream: usize, chunk: Value) -> f64 {
        if !self.measures(stream) {
            return 1.0;
        }
        let (result, size) = call_for(self, Callback::WritableSize(stream), chunk);
        if let Completion::Throw(reason) = result {
            self.sink_error_if_needed(stream, reason);
            return 1.0;
        }
        size
    }

    pub fn acquire_writer(&mut self, stream: usize) -> Result<usize, Value> {
        if self.writables[stream].writer.is_some() {
            return Err(Value::TypeError);
        }
        let stored_error = self.writables[stream].stored_error;
        let (ready, closed) = match self.writables[stream].state {
            State::Writable => {
                let waits =
                    !self.close_queued_or_in_flight(stream) && self.writables[stream].backpressure;
                let ready = if waits {
                    self.promise()
                } else {
                    self.resolved(Value::Undefined)
                };
                (ready, self.promise())
            }
            State::Erroring => (self.rejected(stored_error), self.promise()),
            State::Closed => (
                self.resolved(Value::Undefined),
                self.resolved(Value::Undefined),
            ),
            State::Errored => (self.rejected(stored_error), self.rejected(stored_error)),
        };
        self.writers.push(WritableStreamWriter {
            stream: Some(stream),
            ready,
            closed,
        });
        let writer = self.writers.len() - 1;
        self.writables[stream].writer = Some(writer);
        Ok(writer)
    }

    fn ensure_ready_promise_rejected(&mut self, writer: usize, reason: Value) {
        let ready = self.writers[writer].ready;
        if self.is_pending(ready) {
            self.reject(ready, reason);
        } else {
            self.writers[writer].ready = self.rejected(reason);
        }
    }

    pub fn writer_release(&mut self, writer: usize) {
        let stream = self.writers[writer].stream.expect("a stream");
        self.ensure_ready_promise_rejected(writer, Value::TypeError);
        let closed = self.writers[writer].closed;
        if self.is_pending(closed) {
            self.reject(closed, Value::TypeError);
        } else {
            self.writers[writer].closed = self.rejected(Value::TypeError);
        }
        self.writables[stream].writer = None;
        self.writers[writer].stream = None;
    }

    pub fn writer_write(&mut self, writer: usize, chunk: Value) -> PromiseId {
        let stream = self.writers[writer].stream.expect("a stream");
        self.try_write(writer, stream, chunk).0
    }

    /// The write's promise, and whether the stream takes it.
    pub fn try_write(&mut self, writer: usize, stream: usize, chunk: Value) -> (PromiseId, bool) {
        let size = self.get_chunk_size(stream, chunk);
        if self.writers[writer].stream != Some(stream) {
            return (self.rejected(Value::TypeError), false);
        }
        let state = self.writables[stream].state;
        let stored_error = self.writables[stream].stored_error;
        if state == State::Errored {
            return (self.rejected(stored_error), false);
        }
        if self.close_queued_or_in_flight(stream) || state == State::Closed {
            return (self.rejected(Value::TypeError), false);
        }
        if state == State::Erroring {
            return (self.rejected(stored_error), false);
        }
        let promise = self.promise();
        self.writables[stream].write_requests.push(promise);
        if size.is_nan() || size < 0.0 || size == f64::INFINITY {
            self.sink_error_if_needed(stream, Value::RangeError);
            return (promise, true);
        }
        self.writables[stream]
            .queue
            .push((Entry::Chunk(chunk), size));
        self.writables[stream].queue_total_size += size;
        self.after_enqueued_writes(stream);
        (promise, true)
    }

    pub fn after_enqueued_writes(&mut self, stream: usize) {
        let state = self.writables[stream].state;
        if !self.close_queued_or_in_flight(stream) && state == State::Writable {
            let backpressure = self.sink_backpressure(stream);
            self.update_backpressure(stream, backpressure);
        }
        self.advance_queue_if_needed(stream);
    }

    pub fn close_with_error_propagation(&mut self, writer: usize) -> PromiseId {
        let stream = self.writers[writer].stream.expect("a stream");
        let state = self.writables[stream].state;
        if self.close_queued_or_in_flight(stream) || state == State::Closed {
            return self.resolved(Value::Undefined);
        }
        if state == State::Errored {
            let stored_error = self.writables[stream].stored_error;
            return self.rejected(stored_error);
        }
        self.writable_close(stream)
    }

    pub fn writer_desired_size(&self, stream: usize) -> Option<f64> {
        match self.writables[stream].state {
            State::Errored | State::Erroring => None,
            State::Closed => Some(0.0),
            State::Writable => {
                let stream = &self.writables[stream];
                Some(stream.strategy_hwm - stream.queue_total_size)
            }
        }
    }
}
