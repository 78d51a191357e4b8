//! <https://streams.spec.whatwg.org/#rs-model>, with the default controller and the default reader.
use super::Model;
use crate::core_byte_support::model::Model as Bytes;
use crate::core_byte_support::{ByteStream, Reader};
use crate::support::realm::{Completion, PromiseId, Value, World};
use crate::support::user::{Callback, Spec, call, call_for, call_start};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Readable,
    Closed,
    Errored,
}

/// What the pull and cancel algorithms are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithms {
    User,
    Transform(usize),
    /// The tee and the number of its branch.
    Tee(usize, usize),
    Cleared,
}

#[derive(Debug)]
pub struct DefaultController {
    pub algorithms: Algorithms,
    pub close_requested: bool,
    pub pull_again: bool,
    pub pulling: bool,
    pub queue: Vec<(Value, f64)>,
    pub queue_total_size: f64,
    pub started: bool,
    pub strategy_hwm: f64,
    pub has_size: bool,
    pub has_pull: bool,
}

pub struct ReadableStream {
    pub controller: DefaultController,
    pub reader: Option<usize>,
    pub state: State,
    pub stored_error: Value,
    /// Where it is a byte stream: its controller.
    pub bytes: Option<Bytes>,
    /// Why a byte stream errors.
    pub reason: Value,
}

/// <https://streams.spec.whatwg.org/#read-request>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadRequest {
    Promise(PromiseId),
    Many(usize),
    Pipe(usize),
    Tee(usize),
    /// A `readMany()` that takes what is queued.
    Collect,
}

#[derive(Debug)]
pub struct DefaultReader {
    pub stream: Option<usize>,
    pub closed: PromiseId,
    pub read_requests: Vec<ReadRequest>,
}

impl ReadableStream {
    /// Whether it closes once its queue is empty.
    pub fn is_closing(&self) -> bool {
        let close_requested = match &self.bytes {
            Some(bytes) => bytes.is_closing(),
            None => self.controller.close_requested,
        };
        close_requested && self.state == State::Readable
    }
}

impl Model {
    fn controller(&mut self, stream: usize) -> &mut DefaultController {
        &mut self.readables[stream].controller
    }

    pub fn create_readable(&mut self, spec: Spec, algorithms: Algorithms) -> usize {
        self.readables.push(ReadableStream {
            controller: DefaultController {
                algorithms,
                close_requested: false,
                pull_again: false,
                pulling: false,
                queue: Vec::new(),
                queue_total_size: 0.0,
                started: false,
                strategy_hwm: spec.high_water_mark,
                has_size: spec.has_size,
                has_pull: spec.has_work,
            },
            reader: None,
            state: State::Readable,
            stored_error: Value::Undefined,
            bytes: None,
            reason: Value::TypeError,
        });
        self.readables.len() - 1
    }

    pub fn set_up_readable(&mut self, stream: usize, start_result: Completion) {
        let start_promise = self.promise_resolved_with(start_result);
        self.upon(
            start_promise,
            move |model, _| {
                if model.readables[stream].bytes.is_some() {
                    return model.drive(stream, ByteStream::started);
                }
                model.controller(stream).started = true;
                assert!(!model.controller(stream).pulling);
                assert!(!model.controller(stream).pull_again);
                model.call_pull_if_needed(stream);
            },
            move |model, reason| model.controller_error(stream, reason),
        );
    }

    pub fn make_readable(&mut self, spec: Spec) -> usize {
        let stream = self.create_readable(spec, Algorithms::User);
        let result = call_start(self, spec.has_start, Callback::SourceStart(stream));
        self.set_up_readable(stream, result);
        stream
    }

    pub fn num_read_requests(&self, stream: usize) -> usize {
        if let Some(bytes) = &self.readables[stream].bytes {
            return bytes.requests();
        }
        let reader = self.readables[stream].reader;
        reader.map_or(0, |reader| self.readers[reader].read_requests.len())
    }

    pub fn can_close_or_enqueue(&mut self, stream: usize) -> bool {
        !self.controller(stream).close_requested && self.readables[stream].state == State::Readable
    }

    pub fn controller_desired_size(&mut self, stream: usize) -> Option<f64> {
        match self.readables[stream].state {
            State::Errored => None,
            State::Closed => Some(0.0),
            State::Readable if self.readables[stream].bytes.is_some() => {
                Some(self.bytes_of(stream).desired_size())
            }
            State::Readable => {
                let controller = self.controller(stream);
                Some(controller.strategy_hwm - controller.queue_total_size)
            }
        }
    }

    pub fn should_call_pull(&mut self, stream: usize) -> bool {
        if !self.can_close_or_enqueue(stream) {
            return false;
        }
        if !self.controller(stream).started {
            return false;
        }
        if self.readables[stream].reader.is_some() && self.num_read_requests(stream) > 0 {
            return true;
        }
        let desired_size = self.controller_desired_size(stream);
        desired_size.expect("not null") > 0.0
    }

    pub fn call_pull_if_needed(&mut self, stream: usize) {
        if !self.should_call_pull(stream) {
            return;
        }
        if self.controller(stream).pulling {
            self.controller(stream).pull_again = true;
            return;
        }
        assert!(!self.controller(stream).pull_again);
        self.controller(stream).pulling = true;
        let algorithms = self.controller(stream).algorithms;
        let has_pull = self.controller(stream).has_pull;
        let result = match algorithms {
            Algorithms::User if has_pull => call(self, Callback::Pull(stream), Value::Undefined),
            Algorithms::User => Completion::Value(Value::Undefined),
            Algorithms::Transform(transform) => {
                Completion::Promise(self.source_pull_algorithm(transform))
            }
            Algorithms::Tee(tee, branch) => self.tee_pull(tee, branch),
            Algorithms::Cleared => panic!("pulls after the algorithms were cleared"),
        };
        let pull_promise = self.promise_resolved_with(result);
        self.upon(
            pull_promise,
            move |model, _| {
                model.controller(stream).pulling = false;
                if model.controller(stream).pull_again {
                    model.controller(stream).pull_again = false;
                    model.call_pull_if_needed(stream);
                }
            },
            move |model, reason| model.controller_error(stream, reason),
        );
    }

    fn clear_algorithms(&mut self, stream: usize) {
        self.controller(stream).algorithms = Algorithms::Cleared;
    }

    pub fn controller_close(&mut self, stream: usize) {
        if !self.can_close_or_enqueue(stream) {
            return;
        }
        self.controller(stream).close_requested = true;
        if self.controller(stream).queue.is_empty() {
            self.clear_algorithms(stream);
            self.readable_stream_close(stream);
        }
    }

    pub fn controller_error(&mut self, stream: usize, reason: Value) {
        if self.readables[stream].state != State::Readable {
            return;
        }
        if self.readables[stream].bytes.is_some() {
            self.readables[stream].reason = reason;
            self.drive(stream, ByteStream::error);
            return;
        }
        self.controller(stream).queue.clear();
        self.controller(stream).queue_total_size = 0.0;
        self.clear_algorithms(stream);
        self.readable_stream_error(stream, reason);
    }

    pub fn controller_enqueue(&mut self, stream: usize, chunk: Value) -> Result<(), Value> {
        if !self.can_close_or_enqueue(stream) {
            return Ok(());
        }
        if self.readables[stream].reader.is_some() && self.num_read_requests(stream) > 0 {
            self.fulfill_read_request(stream, chunk);
        } else {
            let size = if self.controller(stream).has_size {
                let (result, size) = call_for(self, Callback::ReadableSize(stream), chunk);
                if let Completion::Throw(reason) = result {
                    self.controller_error(stream, reason);
                    return Err(reason);
                }
                size
            } else {
                1.0
            };
            if size.is_nan() || size < 0.0 || size == f64::INFINITY {
                self.controller_error(stream, Value::RangeError);
                return Err(Value::RangeError);
            }
            self.controller(stream).queue.push((chunk, size));
            self.controller(stream).queue_total_size += size;
        }
        self.call_pull_if_needed(stream);
        Ok(())
    }

    pub fn fulfill_read_request(&mut self, stream: usize, chunk: Value) {
        let reader = self.readables[stream].reader.expect("a reader");
        let request = self.readers[reader].read_requests.remove(0);
        self.chunk_steps(request, chunk);
    }

    pub fn chunk_steps(&mut self, request: ReadRequest, chunk: Value) {
        match request {
            ReadRequest::Promise(promise) => self.resolve(promise, chunk),
            ReadRequest::Many(many) => self.many_chunk_steps(many, chunk),
            ReadRequest::Pipe(pipe) => self.pipe_chunk_steps(pipe, chunk),
            ReadRequest::Tee(tee) => self.tee_chunk_steps(tee, chunk),
            ReadRequest::Collect => self.collected.push(chunk),
        }
    }

    pub fn close_steps(&mut self, request: ReadRequest) {
        match request {
            ReadRequest::Promise(promise) => self.resolve(promise, Value::Done),
            ReadRequest::Many(many) => self.resolve(self.many_promise(many), Value::Done),
            ReadRequest::Tee(tee) => self.tee_close_steps(tee),
            ReadRequest::Pipe(_) | ReadRequest::Collect => {}
        }
    }

    pub fn error_steps(&mut self, request: ReadRequest, reason: Value) {
        match request {
            ReadRequest::Promise(promise) => self.reject(promise, reason),
            ReadRequest::Many(many) => self.reject(self.many_promise(many), reason),
            ReadRequest::Tee(tee) => self.tee_error_steps(tee),
            ReadRequest::Pipe(_) | ReadRequest::Collect => {}
        }
    }

    /// The first half of a close, which a byte stream's model has told.
    pub fn has_closed(&mut self, stream: usize) {
        assert_eq!(self.readables[stream].state, State::Readable);
        self.readables[stream].state = State::Closed;
        if let Some(reader) = self.readables[stream].reader {
            let closed = self.readers[reader].closed;
            self.resolve(closed, Value::Undefined);
        }
    }

    /// The first half of an error, which a byte stream's model has told.
    pub fn has_errored(&mut self, stream: usize, reason: Value) {
        assert_eq!(self.readables[stream].state, State::Readable);
        self.readables[stream].state = State::Errored;
        self.readables[stream].stored_error = reason;
        if let Some(reader) = self.readables[stream].reader {
            let closed = self.readers[reader].closed;
            self.reject(closed, reason);
        }
    }

    pub fn readable_stream_close(&mut self, stream: usize) {
        self.has_closed(stream);
        let Some(reader) = self.readables[stream].reader else {
            return;
        };
        for request in std::mem::take(&mut self.readers[reader].read_requests) {
            self.close_steps(request);
        }
    }

    pub fn readable_stream_error(&mut self, stream: usize, reason: Value) {
        self.has_errored(stream, reason);
        let Some(reader) = self.readables[stream].reader else {
            return;
        };
        self.error_read_requests(reader, reason);
    }

    fn error_read_requests(&mut self, reader: usize, reason: Value) {
        for request in std::mem::take(&mut self.readers[reader].read_requests) {
            self.error_steps(request, reason);
        }
    }

    pub fn readable_stream_cancel(&mut self, stream: usize, reason: Value) -> PromiseId {
        match self.readables[stream].state {
            State::Closed => return self.resolved(Value::Undefined),
            State::Errored => {
                let stored = self.readables[stream].stored_error;
                return self.rejected(stored);
            }
            State::Readable => {}
        }
        if self.readables[stream].bytes.is_some() {
            self.drive(stream, ByteStream::cancel);
        } else {
            self.readable_stream_close(stream);
        }
        let controller = self.controller(stream);
        controller.queue.clear();
        controller.queue_total_size = 0.0;
        let result = match controller.algorithms {
            Algorithms::User => call(self, Callback::Cancel(stream), reason),
            Algorithms::Transform(transform) => {
                Completion::Promise(self.source_cancel_algorithm(transform, reason))
            }
            Algorithms::Tee(tee, branch) => {
                Completion::Promise(self.tee_cancel(tee, branch, reason))
            }
            Algorithms::Cleared => panic!("cancels after the algorithms were cleared"),
        };
        self.clear_algorithms(stream);
        let promise = self.promise_resolved_with(result);
        self.react(
            promise,
            Some(Box::new(|_, _| Completion::Value(Value::Undefined))),
            None,
        )
    }

    pub fn acquire_reader(&mut self, stream: usize) -> Result<usize, Value> {
        self.acquire_reader_of(stream, Reader::Default)
    }

    pub fn acquire_reader_of(&mut self, stream: usize, kind: Reader) -> Result<usize, Value> {
        if self.readables[stream].reader.is_some() {
            return Err(Value::TypeError);
        }
        let closed = match self.readables[stream].state {
            State::Readable => self.promise(),
            State::Closed => self.resolved(Value::Undefined),
            State::Errored => {
                let stored = self.readables[stream].stored_error;
                self.rejected(stored)
            }
        };
        self.readers.push(DefaultReader {
            stream: Some(stream),
            closed,
            read_requests: Vec::new(),
        });
        let reader = self.readers.len() - 1;
        self.readables[stream].reader = Some(reader);
        if self.readables[stream].bytes.is_some() {
            self.drive(stream, |bytes| bytes.acquire(kind));
        }
        Ok(reader)
    }

    pub fn reader_release(&mut self, reader: usize) {
        let stream = self.readers[reader].stream.expect("a stream");
        let closed = self.readers[reader].closed;
        if self.readables[stream].state == State::Readable {
            self.reject(closed, Value::TypeError);
        } else {
            self.readers[reader].closed = self.rejected(Value::TypeError);
        }
        if self.readables[stream].bytes.is_some() {
            self.drive(stream, ByteStream::release);
        }
        self.readables[stream].reader = None;
        self.readers[reader].stream = None;
        self.error_read_requests(reader, Value::TypeError);
    }

    pub fn reader_read(&mut self, reader: usize, request: ReadRequest) {
        let stream = self.readers[reader].stream.expect("a stream");
        match self.readables[stream].state {
            State::Closed => self.close_steps(request),
            State::Errored => {
                let stored = self.readables[stream].stored_error;
                self.error_steps(request, stored);
            }
            State::Readable if self.readables[stream].bytes.is_some() => {
                self.read_bytes(stream, request);
            }
            State::Readable => self.pull_steps(stream, request),
        }
    }

    fn pull_steps(&mut self, stream: usize, request: ReadRequest) {
        if self.controller(stream).queue.is_empty() {
            let reader = self.readables[stream].reader.expect("a reader");
            self.readers[reader].read_requests.push(request);
            self.call_pull_if_needed(stream);
            return;
        }
        let (chunk, size) = self.controller(stream).queue.remove(0);
        let controller = self.controller(stream);
        controller.queue_total_size -= size;
        if controller.queue_total_size < 0.0 {
            controller.queue_total_size = 0.0;
        }
        self.after_dequeue(stream);
        self.chunk_steps(request, chunk);
    }

    pub fn after_dequeue(&mut self, stream: usize) {
        let controller = self.controller(stream);
        if controller.close_requested && controller.queue.is_empty() {
            self.clear_algorithms(stream);
            self.readable_stream_close(stream);
        } else {
            self.call_pull_if_needed(stream);
        }
    }
}
