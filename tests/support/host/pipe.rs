//! Pipes over the core: reader of the source and writer of the destination in one.
use tidegate::core::Id;
use tidegate::core::effect::WritableEffects;
use tidegate::core::effect::pipe::*;
use tidegate::core::effect::writable::BACKPRESSURE;
use tidegate::core::pipe::{PREVENT_ABORT, PREVENT_CANCEL};

use super::readable::ReaderLock;
use super::writable::WriterLock;
use super::{Host, ReadableState, WritableState};
use crate::support::realm::{PromiseId, Value, World};

#[derive(Debug)]
pub struct Pipe {
    pub id: Id<tidegate::core::pipe::Pipe>,
    source: usize,
    destination: usize,
    flags: u32,
    promise: PromiseId,
    held: Option<Value>,
    signal: Option<Value>,
    shutting_down: bool,
    finished: bool,
    failure: Option<Value>,
}

impl Host {
    pub fn make_pipe(&mut self, source: usize, destination: usize, flags: u32) -> PromiseId {
        let source_end = match self.readables[source].state {
            ReadableState::Readable => 0,
            ReadableState::Closed => 1,
            ReadableState::Errored(_) => 2,
        };
        let destination_end = match self.writables[destination].state {
            WritableState::Closed => 1,
            WritableState::Errored(_) => 2,
            _ => 0,
        };
        let from = self.readables[source].id;
        let to = self.writables[destination].id;
        let id = self
            .core
            .pipe_new(from, source_end, to, destination_end, flags);
        let promise = self.promise();
        let at = self.pipes.len();
        self.pipes.push(Pipe {
            id,
            source,
            destination,
            flags,
            promise,
            held: None,
            signal: None,
            shutting_down: false,
            finished: false,
            failure: None,
        });
        self.readables[source].lock = ReaderLock::Pipe(at);
        self.writables[destination].lock = WriterLock::Pipe(at);
        let ended = source_end != 0
            || self.writables[destination].state != WritableState::Writable
            || self.writables[destination].close_request.is_some();
        if ended {
            self.advance_pipe(at);
        } else {
            self.schedule(move |host| host.advance_pipe(at));
        }
        promise
    }

    pub fn signal_pipe(&mut self, at: usize, reason: Value) {
        if self.pipes[at].signal.is_some() {
            return;
        }
        self.pipes[at].signal = Some(reason);
        if !self.pipes[at].finished {
            let answer = self.core.pipe_signalled(self.pipes[at].id);
            self.carry_out(at, answer);
        }
    }

    pub fn pipe_source_ended(&mut self, at: usize, end: u32) {
        self.core.pipe_source_ended(self.pipes[at].id, end);
        self.schedule(move |host| host.advance_pipe(at));
    }

    pub fn pipe_destination_ended(&mut self, at: usize, end: u32) {
        self.core.pipe_destination_ended(self.pipes[at].id, end);
        self.schedule(move |host| host.advance_pipe(at));
    }

    pub fn pipe_write_settled(&mut self, at: usize) {
        if self.pipes[at].shutting_down {
            self.schedule(move |host| host.advance_pipe(at));
        }
    }

    /// The read request was answered.
    pub fn pipe_chunk(&mut self, at: usize, chunk: Value) {
        self.pipes[at].held = Some(chunk);
        self.schedule(move |host| {
            let chunk = host.pipes[at].held.take().expect("a pipe holds a chunk");
            if host.pipe_write(at, chunk) {
                host.advance_pipe(at);
            }
        });
    }

    /// False where the destination has no room for another chunk, and will tell when it has.
    fn pipe_write(&mut self, at: usize, chunk: Value) -> bool {
        let destination = self.pipes[at].destination;
        let size = self.chunk_size(destination, chunk);
        let effects = self.core.pipe_write(self.pipes[at].id, size);
        self.queue_write(destination, chunk, None, effects);
        effects & (WritableEffects::STALE | BACKPRESSURE) != BACKPRESSURE
    }

    /// Reports the write of a pipe that is not shutting down; false, with nothing done, for one that is.
    pub fn report_write_of_pipe(&mut self, at: usize, destination: usize) -> bool {
        if self.pipes[at].shutting_down {
            return false;
        }
        let report = self.core.pipe_write_settled(self.pipes[at].id);
        match report.written() {
            Some(answer) => {
                if let Some(request) = self.writables[destination].in_flight.take() {
                    self.resolve(request, Value::Undefined);
                }
                if self.carry_out(at, answer) {
                    self.advance_pipe(at);
                }
            }
            None => self.apply_writable(destination, report.destination(), Value::Undefined),
        }
        true
    }

    pub fn advance_pipe(&mut self, at: usize) {
        loop {
            let answer = self.core.pipe_next(self.pipes[at].id);
            if answer.has(STALE) || !self.carry_out(at, answer) {
                return;
            }
        }
    }

    /// Does what the core answered; true where there may be more to do at once.
    fn carry_out(&mut self, at: usize, answer: PipeAnswer) -> bool {
        if answer.has(STALE) {
            return false;
        }
        let source = self.pipes[at].source;
        let effects = answer.source();
        match answer.action() {
            WAIT | DRAINING => false,
            MOVE => {
                let chunk = self.readables[source].queue.pop_front();
                self.apply_readable(source, effects);
                self.pipe_write(at, chunk.expect("a chunk is moved"))
            }
            READ => {
                self.apply_readable(source, effects);
                false
            }
            BEGIN_DRAINING => {
                self.begin_pipe_shutdown(at, answer);
                self.schedule(move |host| host.advance_pipe(at));
                false
            }
            action => {
                self.begin_pipe_shutdown(at, answer);
                self.act(at, action);
                false
            }
        }
    }

    fn begin_pipe_shutdown(&mut self, at: usize, answer: PipeAnswer) {
        if std::mem::replace(&mut self.pipes[at].shutting_down, true) {
            return;
        }
        let Pipe {
            source,
            destination,
            signal,
            ..
        } = self.pipes[at];
        self.pipes[at].failure = if answer.has(BY_SOURCE_CLOSE) {
            None
        } else if answer.has(BY_SOURCE_ERROR) {
            match self.readables[source].state {
                ReadableState::Errored(reason) => Some(reason),
                _ => panic!("the source has not errored"),
            }
        } else if answer.has(BY_DESTINATION_ERROR) {
            match self.writables[destination].state {
                WritableState::Errored(reason) => Some(reason),
                _ => panic!("the destination has not errored"),
            }
        } else if answer.has(BY_SIGNAL) {
            signal
        } else {
            Some(Value::TypeError)
        };
    }

    fn act(&mut self, at: usize, action: PipeAnswer) {
        let Pipe {
            source,
            destination,
            flags,
            failure,
            ..
        } = self.pipes[at];
        let reason = failure.unwrap_or_default();
        let promise = match action {
            ABORT_DESTINATION => self.abort_stream(destination, reason),
            CANCEL_SOURCE | CANCEL_CLOSED => self.cancel_stream(source, reason),
            CLOSE_DESTINATION => self.close_with_error_propagation(destination),
            ABORT_BOTH => {
                let writable = self.writables[destination].state == WritableState::Writable;
                let aborted = if flags & PREVENT_ABORT == 0 && writable {
                    self.abort_stream(destination, reason)
                } else {
                    self.resolved(Value::Undefined)
                };
                let readable = self.readables[source].state == ReadableState::Readable;
                let cancelled = if flags & PREVENT_CANCEL == 0 && readable {
                    self.cancel_stream(source, reason)
                } else {
                    self.resolved(Value::Undefined)
                };
                self.both(aborted, cancelled)
            }
            _ => return self.finish_pipe(at),
        };
        self.upon(
            promise,
            move |host, _| host.finish_pipe(at),
            move |host, reason| {
                host.pipes[at].failure = Some(reason);
                host.finish_pipe(at);
            },
        );
    }

    /// Fulfilled when both are, rejected with the first rejection.
    fn both(&mut self, first: PromiseId, second: PromiseId) -> PromiseId {
        let both = self.promise();
        self.upon(
            first,
            move |host, _| {
                host.upon(
                    second,
                    move |host, _| host.resolve(both, Value::Undefined),
                    |_, _| (),
                );
            },
            move |host, reason| host.reject(both, reason),
        );
        self.upon(
            second,
            |_, _| (),
            move |host, reason| host.reject(both, reason),
        );
        both
    }

    fn close_with_error_propagation(&mut self, at: usize) -> PromiseId {
        if self.writables[at].close_request.is_some() {
            return self.resolved(Value::Undefined);
        }
        match self.writables[at].state {
            WritableState::Closed => self.resolved(Value::Undefined),
            WritableState::Errored(reason) => self.rejected(reason),
            _ => self.close_stream_of(at),
        }
    }

    fn finish_pipe(&mut self, at: usize) {
        let Pipe {
            id,
            source,
            destination,
            promise,
            failure,
            ..
        } = self.pipes[at];
        self.core.pipe_free(id);
        self.pipes[at].finished = true;
        self.writables[destination].lock = WriterLock::None;
        self.readables[source].lock = ReaderLock::None;
        match failure {
            Some(reason) => self.reject(promise, reason),
            None => self.resolve(promise, Value::Undefined),
        }
    }
}
