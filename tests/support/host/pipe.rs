//! Pipes over the core, as js/machines/pipe.js has them: reader of the source and writer of the destination in one.
use tidegate::core::effect::PipeReport;
use tidegate::core::effect::pipe::*;
use tidegate::core::effect::writable::{self, BACKPRESSURE};
use tidegate::core::pipe::{
    BYTE_SOURCE, COUNTED, PAUSE_MEMORY, PAUSE_TURN, PREVENT_ABORT, PREVENT_CANCEL,
};
use tidegate::core::{Id, PipeSource};

use super::jobs::Job;
use super::readable::{ReaderLock, Request, follow_up};
use super::writable::WriterLock;
use super::{Host, ReadableState, WritableState};
use crate::support::realm::{PromiseId, Value, World};
use crate::support::user::PipeStyle;

#[derive(Debug)]
pub struct Pipe {
    pub id: Id<tidegate::core::pipe::Pipe>,
    pub source: usize,
    pub destination: usize,
    flags: u32,
    promise: PromiseId,
    /// A chunk that is to be written.
    held: Option<Value>,
    /// A chunk whose write has begun in the core, and that the sink is to be called with.
    begun: Option<Value>,
    signal: Option<Value>,
    pub shutting_down: bool,
    pub finished: bool,
    pub paused: bool,
    failure: Option<Value>,
    /// After how many chunks it waits for the next task; 0: never.
    yields_after: u32,
    moved: u32,
    yielding: bool,
}

impl Host {
    pub fn make_pipe(
        &mut self,
        source: usize,
        destination: usize,
        prevent: u32,
        style: PipeStyle,
    ) -> PromiseId {
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
        let is_byte_stream = self.readables[source].bytes.is_some();
        let counts = style != PipeStyle::Watched && !self.measures(destination);
        let flags = prevent
            | if is_byte_stream {
                BYTE_SOURCE
            } else if counts {
                COUNTED
            } else {
                0
            };
        let from = PipeSource::from_bits(self.source_bits(source), flags);
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
            begun: None,
            signal: None,
            shutting_down: false,
            finished: false,
            paused: false,
            failure: None,
            yields_after: if style == PipeStyle::Yields { 2 } else { 0 },
            moved: 0,
            yielding: false,
        });
        self.readables[source].lock = ReaderLock::Pipe(at);
        self.acquire_bytes(source);
        self.writables[destination].lock = WriterLock::Pipe(at);
        let ended = source_end != 0
            || self.writables[destination].state != WritableState::Writable
            || self.writables[destination].close_request.is_some();
        if ended || style == PipeStyle::AtOnce {
            self.advance_pipe(at);
        } else {
            self.schedule_job(Job::AdvancePipe(at));
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

    /// As the memory limit of a pipeline pauses its pipes.
    pub fn pause_pipe(&mut self, at: usize, paused: bool) {
        self.pipes[at].paused = paused;
        self.core
            .pipe_pause(self.pipes[at].id, PAUSE_MEMORY, paused);
        if !paused {
            self.schedule_job(Job::AdvancePipe(at));
        }
    }

    /// Counts a chunk, and reads no more before the next task where it is many already.
    fn count_chunk(&mut self, at: usize) {
        let pipe = &mut self.pipes[at];
        pipe.moved += 1;
        if pipe.yields_after == 0 || pipe.yielding || !pipe.moved.is_multiple_of(pipe.yields_after)
        {
            return;
        }
        pipe.yielding = true;
        self.core.pipe_pause(pipe.id, PAUSE_TURN, true);
        self.tasks.push_back(at);
    }

    /// A task: the thread is the pipe's again.
    pub fn go_on_after_yield(&mut self, at: usize) {
        self.pipes[at].yielding = false;
        self.core.pipe_pause(self.pipes[at].id, PAUSE_TURN, false);
        self.advance_pipe(at);
    }

    pub fn pipe_source_ended(&mut self, at: usize, end: u32) {
        self.core.pipe_source_ended(self.pipes[at].id, end);
        self.schedule_job(Job::AdvancePipe(at));
    }

    pub fn pipe_destination_ended(&mut self, at: usize, end: u32) {
        self.core.pipe_destination_ended(self.pipes[at].id, end);
        self.schedule_job(Job::AdvancePipe(at));
    }

    pub fn pipe_write_settled(&mut self, at: usize) {
        if self.pipes[at].shutting_down {
            self.schedule_job(Job::AdvancePipe(at));
        }
    }

    /// The pipe that writes to `destination` and has not begun to shut down.
    pub fn open_pipe_into(&self, destination: usize) -> Option<usize> {
        match self.writables[destination].lock {
            WriterLock::Pipe(at) if !self.pipes[at].shutting_down => Some(at),
            _ => None,
        }
    }

    /// The read request was answered; `taken` is what the core made of the chunk.
    pub fn pipe_fulfill(&mut self, at: usize, chunk: Value, taken: PipeAnswer) {
        if !taken.has(TAKEN) {
            return self.pipe_chunk(at, chunk);
        }
        self.count_chunk(at);
        if self.accept_taken(self.pipes[at].destination, chunk, taken) {
            assert_eq!(self.pipes[at].begun, None, "one write begins at a time");
            self.pipes[at].begun = Some(chunk);
            self.schedule_in_pipe(Job::CallBegun(at));
        }
    }

    pub fn pipe_chunk(&mut self, at: usize, chunk: Value) {
        self.count_chunk(at);
        assert_eq!(self.pipes[at].held, None, "a pipe holds one chunk");
        self.pipes[at].held = Some(chunk);
        if self.pipes[at].flags & BYTE_SOURCE != 0 {
            self.core.pipe_fulfilled(self.pipes[at].id);
        }
        self.schedule_in_pipe(Job::WriteHeld(at));
    }

    pub fn call_begun(&mut self, at: usize) {
        let chunk = self.pipes[at].begun.take().expect("a write has begun");
        self.call_write(self.pipes[at].destination, chunk);
    }

    pub fn write_held(&mut self, at: usize) {
        let chunk = self.pipes[at].held.take().expect("a pipe holds a chunk");
        if self.pipe_write(at, chunk) {
            self.advance_pipe(at);
        }
    }

    /// False where the destination has no room for another chunk, and will tell when it has.
    fn pipe_write(&mut self, at: usize, chunk: Value) -> bool {
        let destination = self.pipes[at].destination;
        let size = self.chunk_size(destination, chunk);
        let effects = self.core.pipe_write(self.pipes[at].id, size);
        if !effects.has(writable::REFUSED | writable::STALE) {
            self.queue_write(destination, chunk, None, effects);
        }
        !effects.has(BACKPRESSURE)
    }

    /// The source's pull has returned and left nothing to wait for.
    pub fn after_pull_for_pipe(&mut self, at: usize, source: usize) {
        let other = Job::WriteSettled(self.pipes[at].destination);
        if !self.turns(at) || !self.schedule_in_place_of(other, Job::Turned(at)) {
            self.schedule_after(Job::PullSettled(source));
        }
    }

    /// The sink's write has returned and left nothing to wait for.
    pub fn after_write_for_pipe(&mut self, at: usize, destination: usize) {
        let other = Job::PullSettled(self.pipes[at].source);
        if !self.turns(at) || !self.schedule_in_place_of(other, Job::Turned(at)) {
            self.schedule_after(Job::WriteSettled(destination));
        }
    }

    fn turns(&self, at: usize) -> bool {
        self.pipes[at].flags & BYTE_SOURCE == 0
    }

    /// Carries out the answer to a report that a write of the pipe `at` is done.
    pub fn apply_written(&mut self, destination: usize, at: usize, report: PipeReport) {
        let Some(answer) = report.written() else {
            return self.apply_writable(destination, report.destination(), Value::Undefined);
        };
        if let Some(request) = self.writables[destination].in_flight.take() {
            self.resolve(request, Value::Undefined);
        }
        self.tell_write_settled(destination);
        if self.carry_out(at, answer) {
            self.advance_pipe(at);
        }
    }

    /// Reports the write of a pipe that is not shutting down; false, with nothing done, for one that is.
    pub fn report_write_of_pipe(&mut self, at: usize, destination: usize) -> bool {
        if self.pipes[at].shutting_down {
            return false;
        }
        let answer = self.core.pipe_write_settled(self.pipes[at].id);
        self.apply_written(destination, at, answer);
        true
    }

    /// The pull of a pipe's source and the write of its destination are done.
    pub fn pipe_turned(&mut self, at: usize) {
        let Pipe {
            source,
            destination,
            id,
            ..
        } = self.pipes[at];
        let reads = matches!(self.readables[source].lock, ReaderLock::Pipe(pipe) if pipe == at);
        if !reads || self.open_pipe_into(destination) != Some(at) {
            self.pull_settled(source);
            self.write_settled(destination);
            return;
        }
        let report = self.core.pipe_turned(id);
        match report.written() {
            Some(answer) => {
                // A move and a read carry out what the pull's end asks for with what they ask of the source themselves.
                if answer.action() != MOVE && answer.action() != READ {
                    self.apply_readable(source, answer.source());
                }
                self.apply_written(destination, at, report);
            }
            None if report.has(PipeReport::STALE) => self.apply_readable(source, report.pulled()),
            None => {
                self.apply_readable(source, report.pulled());
                self.apply_writable(destination, report.destination(), Value::Undefined);
            }
        }
    }

    pub fn advance_pipe(&mut self, at: usize) {
        loop {
            let answer = self.core.pipe_next(self.pipes[at].id);
            if !self.carry_out(at, answer) {
                return;
            }
        }
    }

    /// Does what the core answered; true where there may be more to do at once.
    fn carry_out(&mut self, at: usize, answer: PipeAnswer) -> bool {
        let Pipe {
            source,
            destination,
            flags,
            ..
        } = self.pipes[at];
        let effects = answer.source();
        match answer.action() {
            WAIT | DRAINING => false,
            MOVE => {
                let chunk = self.readables[source].queue.pop_front();
                let chunk = chunk.expect("the core counts the chunks of the queue");
                self.count_chunk(at);
                if !answer.has(TAKEN) {
                    self.apply_readable(source, follow_up(effects));
                    return self.pipe_write(at, chunk);
                }
                let begins = self.accept_taken(destination, chunk, answer);
                self.apply_readable(source, follow_up(effects));
                if begins {
                    self.call_write(destination, chunk);
                }
                !answer.has(FULL)
            }
            READ => {
                if flags & BYTE_SOURCE != 0 {
                    self.read_bytes(source, Request::Pipe(at));
                } else {
                    self.apply_readable(source, follow_up(effects));
                }
                false
            }
            BEGIN_DRAINING => {
                self.begin_pipe_shutdown(at, answer);
                self.schedule_job(Job::AdvancePipe(at));
                false
            }
            action => {
                self.assert_nothing_is_lost(at);
                self.begin_pipe_shutdown(at, answer);
                self.act(at, action);
                false
            }
        }
    }

    /// A shutdown acts when every chunk that was read has been written, as long as the destination takes writes.
    fn assert_nothing_is_lost(&self, at: usize) {
        let pipe = &self.pipes[at];
        let destination = &self.writables[pipe.destination];
        let takes_writes =
            destination.state == WritableState::Writable && destination.close_request.is_none();
        let has_chunk = pipe.held.is_some() || pipe.begun.is_some();
        assert!(!takes_writes || !has_chunk, "a chunk that was read is lost");
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
        self.pipes[at].id = Id::NONE;
        self.pipes[at].finished = true;
        self.writables[destination].lock = WriterLock::None;
        self.release_bytes(source);
        self.readables[source].lock = ReaderLock::None;
        match failure {
            Some(reason) => self.reject(promise, reason),
            None => self.resolve(promise, Value::Undefined),
        }
    }
}
