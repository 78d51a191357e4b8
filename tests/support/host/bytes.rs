//! Byte streams in a realm: the host of core_byte_support with the shared core, its answers handed to whoever waits.
use tidegate::core::Id;
use tidegate::core::effect::PipeAnswer;

use super::jobs::Job;
use super::readable::{Readable, ReaderLock, Request, Source};
use super::{Host, ReadableState};
use crate::core_byte_support::host::Host as Bytes;
use crate::core_byte_support::{Answer, ByteStream, ReadInto, Reader, Step};
use crate::support::realm::{PromiseId, Value, World};
use crate::support::user::{BytesSpec, Callback, call_start};

impl Host {
    pub fn create_bytes(&mut self, spec: BytesSpec, source: Source) -> usize {
        let core = std::mem::take(&mut self.core);
        let mut bytes = Bytes::in_core(core, spec.high_water_mark, spec.auto_allocate);
        self.core = std::mem::take(&mut bytes.core);
        self.readables.push(Readable {
            id: Id::NONE,
            state: ReadableState::Readable,
            lock: ReaderLock::None,
            queue: Default::default(),
            source,
            has_size: false,
            high_water_mark: spec.high_water_mark,
            bytes: Some(bytes),
            reason: Value::TypeError,
        });
        self.readables.len() - 1
    }

    pub fn make_bytes(&mut self, spec: BytesSpec) -> usize {
        let at = self.create_bytes(spec, Source::User);
        let result = call_start(self, spec.has_start, Callback::SourceStart(at));
        self.after_readable_start(at, result);
        at
    }

    pub fn source_bits(&self, at: usize) -> u32 {
        match &self.readables[at].bytes {
            Some(bytes) => bytes.id.bits(),
            None => self.readables[at].id.bits(),
        }
    }

    /// Asks a byte stream, or tells it something, without carrying out what it answers.
    pub fn bytes_of<R>(&mut self, at: usize, call: impl FnOnce(&mut Bytes) -> R) -> R {
        let mut bytes = self.readables[at].bytes.take().expect("a byte stream");
        std::mem::swap(&mut self.core, &mut bytes.core);
        let result = call(&mut bytes);
        std::mem::swap(&mut self.core, &mut bytes.core);
        self.readables[at].bytes = Some(bytes);
        result
    }

    /// The same, and carries out the answer.
    pub fn drive<R>(&mut self, at: usize, call: impl FnOnce(&mut Bytes) -> R) -> R {
        let (result, steps) = self.bytes_of(at, |bytes| {
            let result = call(bytes);
            (result, std::mem::take(&mut bytes.log))
        });
        self.carry_out_steps(at, steps, None);
        result
    }

    fn carry_out_steps(&mut self, at: usize, steps: Vec<Step>, reading: Option<u32>) {
        for step in steps {
            match step {
                Step::Closed => self.close_stream(at),
                Step::Errored => {
                    let reason = self.readables[at].reason;
                    self.fail_readable(at, reason);
                }
                Step::Pull => self.call_pull(at),
                Step::Answer(id, answer) => {
                    let is_at_once = reading == Some(id);
                    self.answer_bytes(at, self.byte_requests[id as usize], answer, is_at_once);
                }
            }
        }
    }

    fn answer_bytes(&mut self, at: usize, request: Request, answer: Answer, is_at_once: bool) {
        match (request, answer) {
            (Request::Tee(tee), Answer::Chunk(bytes)) => {
                self.tee_chunk(tee, Value::bytes(&bytes), bytes);
            }
            // Where the request was with the source, the tee has heard of its end by now.
            (Request::Tee(tee), Answer::Done(view)) => {
                if is_at_once {
                    self.tee_waits(tee);
                }
                self.tee_answered_closed(tee, view.is_some());
            }
            (Request::Tee(tee), Answer::Failed) if is_at_once => self.tee_read_failed(tee),
            (Request::Tee(_), Answer::Failed) => {}
            (request, Answer::Chunk(bytes)) => {
                self.fulfill(request, Value::bytes(&bytes), PipeAnswer::NONE);
            }
            (Request::Promise(promise), Answer::Done(Some(view))) => {
                self.resolve(promise, Value::done_with(&view));
            }
            (request, Answer::Done(_)) => self.close_request(request),
            (request, Answer::Failed) => {
                let reason = match self.readables[at].state {
                    ReadableState::Errored(reason) => reason,
                    _ => Value::TypeError,
                };
                self.fail_request(request, reason);
            }
        }
    }

    /// A read by a default reader, or by what has its place, of a readable stream.
    pub fn read_bytes(&mut self, at: usize, request: Request) {
        self.read_with(at, request, |bytes, id| bytes.read(id));
    }

    pub fn read_into_with(&mut self, at: usize, request: Request, read: ReadInto) {
        self.read_with(at, request, |bytes, id| bytes.read_into(id, read));
    }

    fn read_with(&mut self, at: usize, request: Request, read: impl FnOnce(&mut Bytes, u32)) {
        let id = self.byte_requests.len() as u32;
        self.byte_requests.push(request);
        let steps = self.bytes_of(at, |bytes| {
            read(bytes, id);
            std::mem::take(&mut bytes.log)
        });
        let is_answered = steps
            .iter()
            .any(|step| matches!(step, Step::Answer(answered, _) if *answered == id));
        if let Request::Tee(tee) = request
            && !is_answered
        {
            self.tee_waits(tee);
        }
        self.carry_out_steps(at, steps, Some(id));
    }

    pub fn take_queued_bytes(&mut self, at: usize) -> Vec<Value> {
        let outer = std::mem::take(&mut self.collected);
        while self.readables[at].state == ReadableState::Readable
            && self.bytes_of(at, |bytes| bytes.has_queued())
        {
            self.read_bytes(at, Request::Collect);
        }
        std::mem::replace(&mut self.collected, outer)
    }

    /// A lock of the kind of a default reader's begins, where it is a byte stream.
    pub fn acquire_bytes(&mut self, at: usize) {
        if self.readables[at].bytes.is_some() {
            self.drive(at, |bytes| bytes.acquire(Reader::Default));
        }
    }

    pub fn release_bytes(&mut self, at: usize) {
        if self.readables[at].bytes.is_some() {
            self.drive(at, ByteStream::release);
        }
    }

    pub fn has_requests(&self, at: usize) -> bool {
        match (&self.readables[at].bytes, &self.readables[at].lock) {
            (Some(bytes), _) => bytes.has_requests(),
            (None, ReaderLock::Reader(reader)) => !reader.requests.is_empty(),
            _ => false,
        }
    }

    pub fn fulfill(&mut self, request: Request, chunk: Value, taken: PipeAnswer) {
        match request {
            Request::Promise(promise) => self.resolve(promise, chunk),
            Request::Pipe(pipe) => self.pipe_fulfill(pipe, chunk, taken),
            Request::Tee(tee) => self.tee_chunk(tee, chunk, Vec::new()),
            Request::Many(many) => {
                self.many[many].values.push(chunk);
                self.schedule_job(Job::FinishMany(many));
            }
            Request::Collect => self.collected.push(chunk),
        }
    }

    pub fn close_request(&mut self, request: Request) {
        if let Some(promise) = self.promise_of(request) {
            self.resolve(promise, Value::Done);
        }
    }

    pub fn fail_request(&mut self, request: Request, reason: Value) {
        if let Some(promise) = self.promise_of(request) {
            self.reject(promise, reason);
        }
    }

    fn promise_of(&self, request: Request) -> Option<PromiseId> {
        match request {
            Request::Promise(promise) => Some(promise),
            Request::Many(many) => Some(self.many[many].promise),
            Request::Pipe(_) | Request::Tee(_) | Request::Collect => None,
        }
    }
}
