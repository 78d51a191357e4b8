//! <https://streams.spec.whatwg.org/#readable-stream-tee>, both kinds.
use super::Model;
use super::readable::{Algorithms, ReadRequest, State};
use crate::core_byte_support::{ByteStream, ReadInto, Reader, State as ByteState};
use crate::support::realm::{Completion, PromiseId, Value, World};
use crate::support::user::{BytesSpec, Spec};

#[derive(Debug)]
pub struct Tee {
    source: usize,
    pub reader: usize,
    is_bytes: bool,
    is_byob: bool,
    for_branch_2: bool,
    reading: bool,
    /// For a default stream's tee the first is `readAgain`.
    read_again: [bool; 2],
    canceled: [bool; 2],
    reasons: [Value; 2],
    pub branches: [usize; 2],
    cancel_promise: PromiseId,
}

impl Model {
    pub fn readable_stream_tee(&mut self, source: usize) {
        let is_bytes = self.readables[source].bytes.is_some();
        let reader = self.acquire_reader(source).expect("not locked");
        let cancel_promise = self.promise();
        let tee = self.tees.len();
        let mut branches = [0; 2];
        for (nth, branch) in branches.iter_mut().enumerate() {
            let algorithms = Algorithms::Tee(tee, nth);
            *branch = if is_bytes {
                let spec = BytesSpec {
                    high_water_mark: 0.0,
                    auto_allocate: 0,
                    has_start: false,
                };
                self.create_bytes(spec, algorithms)
            } else {
                self.create_readable(Spec::default(), algorithms)
            };
        }
        self.tees.push(Tee {
            source,
            reader,
            is_bytes,
            is_byob: false,
            for_branch_2: false,
            reading: false,
            read_again: [false; 2],
            canceled: [false; 2],
            reasons: [Value::Undefined; 2],
            branches,
            cancel_promise,
        });
        for branch in branches {
            self.set_up_readable(branch, Completion::Value(Value::Undefined));
        }
        self.forward_reader_error(tee);
    }

    fn forward_reader_error(&mut self, tee: usize) {
        let this_reader = self.tees[tee].reader;
        let closed = self.readers[this_reader].closed;
        self.upon(
            closed,
            |_, _| (),
            move |model, reason| {
                if model.tees[tee].reader != this_reader {
                    return;
                }
                for branch in model.tees[tee].branches {
                    model.controller_error(branch, reason);
                }
                model.fulfil_cancel_promise(tee);
            },
        );
    }

    fn fulfil_cancel_promise(&mut self, tee: usize) {
        if self.tees[tee].canceled != [true, true] {
            self.resolve(self.tees[tee].cancel_promise, Value::Undefined);
        }
    }

    pub fn tee_pull(&mut self, tee: usize, branch: usize) -> Completion {
        if self.tees[tee].reading {
            self.tees[tee].read_again[branch] = true;
            return Completion::Value(Value::Undefined);
        }
        self.tees[tee].reading = true;
        if self.tees[tee].is_bytes {
            self.pull_for_branch(tee, branch);
        } else {
            let reader = self.tees[tee].reader;
            self.reader_read(reader, ReadRequest::Tee(tee));
        }
        Completion::Value(Value::Undefined)
    }

    pub fn tee_cancel(&mut self, tee: usize, branch: usize, reason: Value) -> PromiseId {
        self.tees[tee].canceled[branch] = true;
        self.tees[tee].reasons[branch] = reason;
        if self.tees[tee].canceled[1 - branch] {
            let [one, two] = self.tees[tee].reasons;
            let source = self.tees[tee].source;
            let result = self.readable_stream_cancel(source, Value::pair(one, two));
            self.resolve_with(self.tees[tee].cancel_promise, Completion::Promise(result));
        }
        self.tees[tee].cancel_promise
    }

    fn read_again(&mut self, tee: usize) {
        self.tees[tee].reading = false;
        let [one, two] = self.tees[tee].read_again;
        if one {
            let _ = self.tee_pull(tee, 0);
        } else if two {
            let _ = self.tee_pull(tee, 1);
        }
    }

    // The read request of a default stream's tee.

    pub fn tee_chunk_steps(&mut self, tee: usize, chunk: Value) {
        self.schedule(move |model| {
            model.tees[tee].read_again = [false; 2];
            for nth in 0..2 {
                if !model.tees[tee].canceled[nth] {
                    let branch = model.tees[tee].branches[nth];
                    let _ = model.controller_enqueue(branch, chunk);
                }
            }
            model.read_again(tee);
        });
    }

    pub fn tee_close_steps(&mut self, tee: usize) {
        if self.tees[tee].is_bytes {
            return self.byte_tee_close_steps(tee, false);
        }
        self.tees[tee].reading = false;
        for nth in 0..2 {
            if !self.tees[tee].canceled[nth] {
                let branch = self.tees[tee].branches[nth];
                self.controller_close(branch);
            }
        }
        self.fulfil_cancel_promise(tee);
    }

    pub fn tee_error_steps(&mut self, tee: usize) {
        self.tees[tee].reading = false;
    }

    // A byte stream's.

    fn become_reader(&mut self, tee: usize, kind: Reader) {
        let is_byob = kind == Reader::Byob;
        if self.tees[tee].is_byob == is_byob {
            return;
        }
        self.tees[tee].is_byob = is_byob;
        self.reader_release(self.tees[tee].reader);
        let source = self.tees[tee].source;
        let reader = self.acquire_reader_of(source, kind).expect("not locked");
        self.tees[tee].reader = reader;
        self.forward_reader_error(tee);
    }

    fn pull_for_branch(&mut self, tee: usize, nth: usize) {
        let branch = self.tees[tee].branches[nth];
        let Some((byte_offset, elements)) = self.bytes_of(branch).byob_request() else {
            self.become_reader(tee, Reader::Default);
            self.reader_read(self.tees[tee].reader, ReadRequest::Tee(tee));
            return;
        };
        self.become_reader(tee, Reader::Byob);
        self.tees[tee].for_branch_2 = nth == 1;
        let read = ReadInto {
            byte_offset,
            elements,
            element_size: 1,
            min: 1,
        };
        self.read_into_bytes(self.tees[tee].source, ReadRequest::Tee(tee), read);
    }

    /// The branch that is read for and the other, each with whether it was cancelled.
    fn sides(&self, tee: usize) -> [(usize, bool); 2] {
        let Tee {
            branches, canceled, ..
        } = self.tees[tee];
        let sides = [(branches[0], canceled[0]), (branches[1], canceled[1])];
        match self.tees[tee].for_branch_2 {
            true => [sides[1], sides[0]],
            false => sides,
        }
    }

    fn enqueue_to_branch(&mut self, branch: usize, bytes: &[u8]) {
        if self.readables[branch].state == State::Readable {
            let _ = self.drive(branch, |stream| stream.enqueue(bytes));
        }
    }

    fn respond_with_new_view(&mut self, branch: usize, bytes: &[u8]) {
        let _ = self.drive(branch, |stream| stream.respond(bytes));
    }

    pub fn byte_tee_chunk_steps(&mut self, tee: usize, bytes: Vec<u8>) {
        let is_byob = self.tees[tee].is_byob;
        self.schedule(move |model| {
            model.tees[tee].read_again = [false; 2];
            if is_byob {
                let [(byob_branch, byob_canceled), (other, other_canceled)] = model.sides(tee);
                if !byob_canceled {
                    model.respond_with_new_view(byob_branch, &bytes);
                }
                if !other_canceled {
                    model.enqueue_to_branch(other, &bytes);
                }
            } else {
                for nth in 0..2 {
                    if !model.tees[tee].canceled[nth] {
                        let branch = model.tees[tee].branches[nth];
                        model.enqueue_to_branch(branch, &bytes);
                    }
                }
            }
            model.read_again(tee);
        });
    }

    fn close_branch(&mut self, branch: usize) {
        let _ = self.drive(branch, |stream| stream.close());
    }

    fn respond_with_nothing(&mut self, branch: usize) {
        let bytes = self.bytes_of(branch);
        if bytes.byob_request().is_some() && bytes.state() == ByteState::Closed {
            self.respond_with_new_view(branch, &[]);
        }
    }

    pub fn byte_tee_close_steps(&mut self, tee: usize, has_view: bool) {
        self.tees[tee].reading = false;
        if !self.tees[tee].is_byob {
            for nth in 0..2 {
                if !self.tees[tee].canceled[nth] {
                    self.close_branch(self.tees[tee].branches[nth]);
                }
            }
            for branch in self.tees[tee].branches {
                self.respond_with_nothing(branch);
            }
            self.fulfil_cancel_promise(tee);
            return;
        }
        let [(byob_branch, byob_canceled), (other, other_canceled)] = self.sides(tee);
        if !byob_canceled {
            self.close_branch(byob_branch);
        }
        if !other_canceled {
            self.close_branch(other);
        }
        if has_view {
            if !byob_canceled && self.readables[byob_branch].state == State::Closed {
                self.respond_with_new_view(byob_branch, &[]);
            }
            if !other_canceled {
                self.respond_with_nothing(other);
            }
        }
        self.fulfil_cancel_promise(tee);
    }
}
