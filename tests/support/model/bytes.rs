//! Byte streams in a realm: the model of core_byte_support, its answers handed to whoever waits.
use super::Model;
use super::readable::{Algorithms, ReadRequest, State};
use crate::core_byte_support::model::Model as Bytes;
use crate::core_byte_support::{Answer, ByteStream, ReadInto, Step};
use crate::support::realm::{Value, World};
use crate::support::user::{BytesSpec, Callback, Spec, call, call_start};

impl Model {
    pub fn create_bytes(&mut self, spec: BytesSpec, algorithms: Algorithms) -> usize {
        let stream = self.create_readable(Spec::default(), algorithms);
        self.readables[stream].bytes = Some(Bytes::new(spec.high_water_mark, spec.auto_allocate));
        stream
    }

    pub fn make_bytes(&mut self, spec: BytesSpec) -> usize {
        let stream = self.create_bytes(spec, Algorithms::User);
        let result = call_start(self, spec.has_start, Callback::SourceStart(stream));
        self.set_up_readable(stream, result);
        stream
    }

    pub fn bytes_of(&mut self, stream: usize) -> &mut Bytes {
        self.readables[stream]
            .bytes
            .as_mut()
            .expect("a byte stream")
    }

    pub fn drive<R>(&mut self, stream: usize, call: impl FnOnce(&mut Bytes) -> R) -> R {
        let bytes = self.bytes_of(stream);
        let result = call(bytes);
        for step in std::mem::take(&mut bytes.log) {
            match step {
                Step::Closed => self.has_closed(stream),
                Step::Errored => {
                    let reason = self.readables[stream].reason;
                    self.has_errored(stream, reason);
                }
                Step::Pull => self.pull_bytes(stream),
                Step::Answer(id, answer) => {
                    self.answer_bytes(stream, self.byte_requests[id as usize], answer);
                }
            }
        }
        result
    }

    fn pull_bytes(&mut self, stream: usize) {
        let result = match self.readables[stream].controller.algorithms {
            Algorithms::User => call(self, Callback::Pull(stream), Value::Undefined),
            Algorithms::Tee(tee, branch) => self.tee_pull(tee, branch),
            Algorithms::Transform(_) | Algorithms::Cleared => panic!("no byte stream's"),
        };
        let promise = self.promise_resolved_with(result);
        self.upon(
            promise,
            move |model, _| model.drive(stream, ByteStream::pull_settled),
            move |model, reason| model.controller_error(stream, reason),
        );
    }

    fn answer_bytes(&mut self, stream: usize, request: ReadRequest, answer: Answer) {
        match (request, answer) {
            (ReadRequest::Tee(tee), Answer::Chunk(bytes)) => self.byte_tee_chunk_steps(tee, bytes),
            (ReadRequest::Tee(tee), Answer::Done(view)) => {
                self.byte_tee_close_steps(tee, view.is_some());
            }
            (request, Answer::Chunk(bytes)) => self.chunk_steps(request, Value::bytes(&bytes)),
            (ReadRequest::Promise(promise), Answer::Done(Some(view))) => {
                self.resolve(promise, Value::done_with(&view));
            }
            (request, Answer::Done(_)) => self.close_steps(request),
            (request, Answer::Failed) => {
                let reason = match self.readables[stream].state {
                    State::Errored => self.readables[stream].stored_error,
                    _ => Value::TypeError,
                };
                self.error_steps(request, reason);
            }
        }
    }

    fn request_number(&mut self, request: ReadRequest) -> u32 {
        self.byte_requests.push(request);
        self.byte_requests.len() as u32 - 1
    }

    pub fn read_bytes(&mut self, stream: usize, request: ReadRequest) {
        let id = self.request_number(request);
        self.drive(stream, |bytes| bytes.read(id));
    }

    pub fn read_into_bytes(&mut self, stream: usize, request: ReadRequest, read: ReadInto) {
        let id = self.request_number(request);
        self.drive(stream, |bytes| bytes.read_into(id, read));
    }

    pub fn take_queued_bytes(&mut self, stream: usize) -> Vec<Value> {
        let outer = std::mem::take(&mut self.collected);
        while self.readables[stream].state == State::Readable && self.bytes_of(stream).has_queued()
        {
            self.read_bytes(stream, ReadRequest::Collect);
        }
        std::mem::replace(&mut self.collected, outer)
    }
}
