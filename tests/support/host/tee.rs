//! Tees over the core, as js/machines/tee.js and byte-tee.js have them: the source's reader and that reader's one request.
use tidegate::core::Id;
use tidegate::core::effect::tee::*;

use super::jobs::Job;
use super::readable::{ReaderLock, Request, Source};
use super::{Host, ReadableState};
use crate::core_byte_support::{ByteStream, ReadInto, Reader, State};
use crate::support::realm::{Completion, PromiseId, Value, World};
use crate::support::user::{BytesSpec, Spec};

#[derive(Debug)]
pub struct Tee {
    pub id: Id<tidegate::core::tee::Tee>,
    source: usize,
    branches: [usize; 2],
    /// Whether the request is with the source.
    waiting: bool,
    held: Option<Value>,
    held_bytes: Vec<u8>,
    pulls: u32,
    reasons: [Value; 2],
    cancelled: PromiseId,
    is_bytes: bool,
    is_byob: bool,
    for_branch_2: bool,
}

impl Host {
    pub fn make_tee(&mut self, source: usize) {
        let id = self.core.tee_new();
        let cancelled = self.promise();
        let at = self.tees.len();
        let is_bytes = self.readables[source].bytes.is_some();
        let mut branches = [0; 2];
        for (nth, branch) in branches.iter_mut().enumerate() {
            let from = Source::Tee(at, nth as u32);
            *branch = if is_bytes {
                let spec = BytesSpec {
                    high_water_mark: 0.0,
                    auto_allocate: 0,
                    has_start: false,
                };
                self.create_bytes(spec, from)
            } else {
                self.create_readable(Spec::default(), from)
            };
        }
        self.tees.push(Tee {
            id,
            source,
            branches,
            waiting: false,
            held: None,
            held_bytes: Vec::new(),
            pulls: 0,
            reasons: [Value::Undefined; 2],
            cancelled,
            is_bytes,
            is_byob: false,
            for_branch_2: false,
        });
        self.readables[source].lock = ReaderLock::Tee(at);
        self.acquire_bytes(source);
        for branch in branches {
            self.after_readable_start(branch, Completion::Value(Value::Undefined));
        }
        if let ReadableState::Errored(_) = self.readables[source].state {
            self.schedule_job(Job::ErrorBranches(at));
        }
    }

    fn forget_tee(&mut self, at: usize) {
        self.core.tee_free(self.tees[at].id);
        self.tees[at].id = Id::NONE;
    }

    // The source's reader.

    pub fn tee_waits(&mut self, at: usize) {
        self.tees[at].waiting = true;
    }

    /// An answered request. Bytes come with the answer.
    pub fn tee_chunk(&mut self, at: usize, chunk: Value, bytes: Vec<u8>) {
        self.tees[at].waiting = false;
        self.tees[at].held = Some(chunk);
        self.tees[at].held_bytes = bytes;
        self.schedule_job(Job::Deliver(at));
    }

    pub fn tee_source_closed(&mut self, at: usize) {
        if self.tees[at].is_byob || !std::mem::replace(&mut self.tees[at].waiting, false) {
            return;
        }
        self.tee_close_steps(at, None);
    }

    /// A BYOB read of a closed source came back: with its view, or without where the source was cancelled.
    pub fn tee_answered_closed(&mut self, at: usize, view: bool) {
        if !std::mem::replace(&mut self.tees[at].waiting, false) {
            return;
        }
        self.tee_close_steps(at, Some(view));
    }

    pub fn tee_source_errored(&mut self, at: usize) {
        if std::mem::replace(&mut self.tees[at].waiting, false) {
            self.tee_read_failed(at);
        }
        self.schedule_job(Job::ErrorBranches(at));
    }

    pub fn tee_read_failed(&mut self, at: usize) {
        self.core.tee_read_failed(self.tees[at].id);
        self.schedule_job(Job::SettlePulls(at));
    }

    // The branches' source.

    pub fn tee_pull(&mut self, at: usize, branch: u32) {
        self.tees[at].pulls |= 1 << branch;
        let effects = self.core.tee_pull(self.tees[at].id, branch);
        self.tee_read_for(at, effects);
    }

    fn tee_read_for(&mut self, at: usize, effects: TeeEffects) {
        if effects.has(STALE) || !effects.has(READ_FOR_1 | READ_FOR_2) {
            return;
        }
        if !self.tees[at].is_bytes {
            return self.tee_read_chunk(at);
        }
        let nth = usize::from(effects.has(READ_FOR_2));
        self.tees[at].for_branch_2 = nth == 1;
        let branch = self.tees[at].branches[nth];
        let view = self.bytes_of(branch, |bytes| bytes.byob_request());
        self.tee_becomes_reader(at, view.is_some());
        match view {
            None => self.tee_read_chunk(at),
            Some((byte_offset, elements)) => {
                if let ReadableState::Errored(_) = self.readables[self.tees[at].source].state {
                    return self.tee_read_failed(at);
                }
                let read = ReadInto {
                    byte_offset,
                    elements,
                    element_size: 1,
                    min: 1,
                };
                self.read_into_with(self.tees[at].source, Request::Tee(at), read);
            }
        }
    }

    fn tee_becomes_reader(&mut self, at: usize, is_byob: bool) {
        if self.tees[at].is_byob == is_byob {
            return;
        }
        self.tees[at].is_byob = is_byob;
        let kind = if is_byob {
            Reader::Byob
        } else {
            Reader::Default
        };
        let source = self.tees[at].source;
        self.release_bytes(source);
        self.drive(source, |bytes| bytes.acquire(kind));
    }

    fn tee_read_chunk(&mut self, at: usize) {
        let source = self.tees[at].source;
        match self.readables[source].state {
            ReadableState::Readable if self.tees[at].is_bytes => {
                self.read_bytes(source, Request::Tee(at));
            }
            ReadableState::Readable => self.read_default(source, Request::Tee(at)),
            ReadableState::Closed => self.tee_close_steps(at, None),
            ReadableState::Errored(_) => self.tee_read_failed(at),
        }
    }

    pub fn tee_cancel(&mut self, at: usize, branch: u32, reason: Value) -> PromiseId {
        self.tees[at].reasons[branch as usize] = reason;
        let effects = self.core.tee_cancel(self.tees[at].id, branch);
        if effects.has(CANCEL_SOURCE) {
            let [one, two] = self.tees[at].reasons;
            let result = self.cancel_stream(self.tees[at].source, Value::pair(one, two));
            self.resolve_with(self.tees[at].cancelled, Completion::Promise(result));
            self.forget_tee(at);
        }
        self.tees[at].cancelled
    }

    fn end_tee(&mut self, at: usize) {
        self.forget_tee(at);
        self.resolve(self.tees[at].cancelled, Value::Undefined);
    }

    // What comes of a read.

    pub fn deliver(&mut self, at: usize) {
        let chunk = self.tees[at].held.take().expect("a tee holds a chunk");
        let effects = self.core.tee_deliver(self.tees[at].id);
        if effects.has(STALE) {
            return;
        }
        if self.tees[at].is_bytes {
            self.deliver_bytes(at, effects);
        } else {
            for (nth, bit) in [BRANCH_1, BRANCH_2].into_iter().enumerate() {
                if effects.has(bit) {
                    let _ = self.enqueue_default(self.tees[at].branches[nth], chunk);
                }
            }
        }
        let effects = self.core.tee_delivered(self.tees[at].id);
        self.tee_read_for(at, effects);
        self.settle_pulls(at);
    }

    pub fn settle_pulls(&mut self, at: usize) {
        let pulls = std::mem::take(&mut self.tees[at].pulls);
        let [one, two] = self.tees[at].branches;
        if pulls & 1 != 0 {
            self.pull_settled(one);
        }
        if pulls & 2 != 0 {
            self.pull_settled(two);
        }
    }

    pub fn error_branches(&mut self, at: usize) {
        let ReadableState::Errored(reason) = self.readables[self.tees[at].source].state else {
            panic!("the source has errored");
        };
        let effects = self.core.tee_errored(self.tees[at].id);
        for branch in self.tees[at].branches {
            self.error_stream(branch, reason);
        }
        if !effects.has(STALE) && effects.has(BRANCH_1 | BRANCH_2) {
            self.end_tee(at);
        }
    }

    /// The branches in the order of the standard's steps, and whether each lives.
    fn tee_sides(&self, at: usize, effects: TeeEffects) -> [(usize, bool); 2] {
        let tee = &self.tees[at];
        let one = (tee.branches[0], effects.has(BRANCH_1));
        let two = (tee.branches[1], effects.has(BRANCH_2));
        if tee.is_byob && tee.for_branch_2 {
            [two, one]
        } else {
            [one, two]
        }
    }

    fn deliver_bytes(&mut self, at: usize, effects: TeeEffects) {
        let bytes = std::mem::take(&mut self.tees[at].held_bytes);
        let [(first, first_lives), (second, second_lives)] = self.tee_sides(at, effects);
        if first_lives {
            if self.tees[at].is_byob {
                let _ = self.drive(first, |branch| branch.respond(&bytes));
            } else {
                self.enqueue_entry(first, &bytes);
            }
        }
        if second_lives {
            self.enqueue_entry(second, &bytes);
        }
    }

    /// Nothing where the branch has ended.
    fn enqueue_entry(&mut self, branch: usize, bytes: &[u8]) {
        if self.readables[branch].state == ReadableState::Readable {
            let _ = self.drive(branch, |stream| stream.enqueue(bytes));
        }
    }

    /// `view`: of a BYOB read, whether its view came back.
    fn tee_close_steps(&mut self, at: usize, view: Option<bool>) {
        let effects = self.core.tee_closed(self.tees[at].id);
        let effects = effects.without(STALE);
        let sides = self.tee_sides(at, effects);
        let [(first, first_lives), (second, second_lives)] = sides;
        for (branch, lives) in sides {
            if !lives {
                continue;
            }
            if self.tees[at].is_bytes {
                let _ = self.drive(branch, |stream| stream.close());
            } else {
                let _ = self.close_default(branch);
            }
        }
        if self.tees[at].is_bytes {
            if !self.tees[at].is_byob {
                self.respond_with_nothing(first);
                self.respond_with_nothing(second);
            } else if view == Some(true) {
                if first_lives {
                    let _ = self.drive(first, |branch| branch.respond(&[]));
                }
                if second_lives {
                    self.respond_with_nothing(second);
                }
            }
        }
        if first_lives || second_lives {
            self.end_tee(at);
        }
    }

    /// Answers the reads into buffers that a closed branch has pending.
    fn respond_with_nothing(&mut self, branch: usize) {
        let pending = self.bytes_of(branch, |bytes| {
            bytes.state() == State::Closed && bytes.byob_request().is_some()
        });
        if pending {
            let _ = self.drive(branch, |stream| stream.respond(&[]));
        }
    }
}
