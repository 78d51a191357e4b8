//! <https://streams.spec.whatwg.org/#readable-stream-pipe-to>: one way of doing what it asks for.
use tidegate::core::pipe::{PREVENT_ABORT, PREVENT_CANCEL, PREVENT_CLOSE};

use super::Model;
use super::readable::{ReadRequest, State as ReadableState};
use super::writable::State as WritableState;
use crate::support::realm::{Completion, PromiseId, Value, World};

/// What a shutdown does before it finalizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    None,
    AbortDestination(Value),
    CancelSource(Value),
    CloseDestination,
    AbortBoth(Value),
}

#[derive(Debug)]
pub struct PipeTo {
    source: usize,
    dest: usize,
    pub reader: usize,
    pub writer: usize,
    flags: u32,
    promise: PromiseId,
    signal: Option<Value>,
    paused: bool,
    /// It would read, were it not paused.
    waits: bool,
    shutting_down: bool,
    finished: bool,
    /// A chunk was read and is written in the next microtask.
    holding: bool,
    current_write: PromiseId,
}

impl PipeTo {
    pub fn is_shutting_down(&self) -> bool {
        self.shutting_down && !self.finished
    }
}

impl Model {
    pub fn readable_stream_pipe_to(&mut self, source: usize, dest: usize, flags: u32) -> PromiseId {
        let reader = self.acquire_reader(source).expect("not locked");
        let writer = self.acquire_writer(dest).expect("not locked");
        let promise = self.promise();
        let current_write = self.resolved(Value::Undefined);
        self.pipes.push(PipeTo {
            source,
            dest,
            reader,
            writer,
            flags,
            promise,
            signal: None,
            paused: false,
            waits: false,
            shutting_down: false,
            finished: false,
            holding: false,
            current_write,
        });
        let pipe = self.pipes.len() - 1;
        self.propagate_errors_and_closes(pipe);
        self.pipe_step(pipe);
        promise
    }

    fn propagate_errors_and_closes(&mut self, pipe: usize) {
        let PipeTo {
            source,
            dest,
            reader,
            writer,
            flags,
            ..
        } = self.pipes[pipe];
        let forward_error = move |model: &mut Self, reason: Value| {
            let action = if flags & PREVENT_ABORT == 0 {
                Action::AbortDestination(reason)
            } else {
                Action::None
            };
            model.shutdown(pipe, action, Some(reason));
        };
        let backward_error = move |model: &mut Self, reason: Value| {
            let action = if flags & PREVENT_CANCEL == 0 {
                Action::CancelSource(reason)
            } else {
                Action::None
            };
            model.shutdown(pipe, action, Some(reason));
        };
        let forward_close = move |model: &mut Self| {
            let action = if flags & PREVENT_CLOSE == 0 {
                Action::CloseDestination
            } else {
                Action::None
            };
            model.shutdown(pipe, action, None);
        };
        let source_state = self.readables[source].state;
        let dest_state = self.writables[dest].state;
        if source_state == ReadableState::Errored {
            let reason = self.readables[source].stored_error;
            forward_error(self, reason);
        }
        if dest_state == WritableState::Errored {
            let reason = self.writables[dest].stored_error;
            backward_error(self, reason);
        }
        if source_state == ReadableState::Closed {
            forward_close(self);
        }
        if self.close_queued_or_in_flight(dest) || dest_state == WritableState::Closed {
            backward_error(self, Value::TypeError);
        }
        if source_state == ReadableState::Readable {
            let closed = self.readers[reader].closed;
            self.upon(closed, move |model, _| forward_close(model), forward_error);
        }
        let closed = self.writers[writer].closed;
        self.upon(closed, |_, _| (), backward_error);
    }

    fn pipe_step(&mut self, pipe: usize) {
        let ready = self.writers[self.pipes[pipe].writer].ready;
        self.upon(
            ready,
            move |model, _| {
                let PipeTo { source, reader, .. } = model.pipes[pipe];
                let readable = model.readables[source].state == ReadableState::Readable;
                if model.pipes[pipe].paused {
                    model.pipes[pipe].waits = true;
                } else if !model.pipes[pipe].shutting_down && readable {
                    model.reader_read(reader, ReadRequest::Pipe(pipe));
                }
            },
            |_, _| (),
        );
    }

    /// A chunk is written in a microtask of its own, never within the call that enqueued it.
    pub fn pipe_chunk_steps(&mut self, pipe: usize, chunk: Value) {
        self.pipes[pipe].holding = true;
        self.schedule(move |model| {
            model.pipes[pipe].holding = false;
            let writer = model.pipes[pipe].writer;
            if model.writers[writer].stream.is_none() {
                // The pipe has finished while it held the chunk, which is lost.
                return;
            }
            let write = model.writer_write(writer, chunk);
            model.pipes[pipe].current_write = model.react(
                write,
                None,
                Some(Box::new(|_, _| Completion::Value(Value::Undefined))),
            );
            model.pipe_step(pipe);
        });
    }

    pub fn pause_pipe(&mut self, pipe: usize, paused: bool) {
        self.pipes[pipe].paused = paused;
        if !paused && std::mem::take(&mut self.pipes[pipe].waits) {
            self.pipe_step(pipe);
        }
    }

    pub fn signal_pipe(&mut self, pipe: usize, reason: Value) {
        if self.pipes[pipe].signal.is_some() {
            return;
        }
        self.pipes[pipe].signal = Some(reason);
        if !self.pipes[pipe].finished {
            self.shutdown(pipe, Action::AbortBoth(reason), Some(reason));
        }
    }

    fn shutdown(&mut self, pipe: usize, action: Action, failure: Option<Value>) {
        if self.pipes[pipe].shutting_down {
            return;
        }
        self.pipes[pipe].shutting_down = true;
        self.wait_for_writes(pipe, action, failure);
    }

    fn wait_for_writes(&mut self, pipe: usize, action: Action, failure: Option<Value>) {
        let dest = self.pipes[pipe].dest;
        let takes_writes = self.writables[dest].state == WritableState::Writable
            && !self.close_queued_or_in_flight(dest);
        if !takes_writes {
            self.act(pipe, action, failure);
            return;
        }
        let current_write = self.pipes[pipe].current_write;
        let again = move |model: &mut Self, _| {
            if model.pipes[pipe].holding || model.pipes[pipe].current_write != current_write {
                model.wait_for_writes(pipe, action, failure);
            } else {
                model.act(pipe, action, failure);
            }
        };
        self.upon(current_write, again, again);
    }

    fn act(&mut self, pipe: usize, action: Action, failure: Option<Value>) {
        let PipeTo {
            source,
            dest,
            writer,
            flags,
            ..
        } = self.pipes[pipe];
        let promise = match action {
            Action::None => {
                self.finalize(pipe, failure);
                return;
            }
            Action::AbortDestination(reason) => self.writable_abort(dest, reason),
            Action::CancelSource(reason) => self.readable_stream_cancel(source, reason),
            Action::CloseDestination => self.close_with_error_propagation(writer),
            Action::AbortBoth(reason) => {
                let mut actions = Vec::new();
                let writable = self.writables[dest].state == WritableState::Writable;
                if flags & PREVENT_ABORT == 0 && writable {
                    actions.push(self.writable_abort(dest, reason));
                }
                let readable = self.readables[source].state == ReadableState::Readable;
                if flags & PREVENT_CANCEL == 0 && readable {
                    actions.push(self.readable_stream_cancel(source, reason));
                }
                self.wait_for_all(&actions)
            }
        };
        self.upon(
            promise,
            move |model, _| model.finalize(pipe, failure),
            move |model, reason| model.finalize(pipe, Some(reason)),
        );
    }

    fn wait_for_all(&mut self, promises: &[PromiseId]) -> PromiseId {
        let all = self.promise();
        match *promises {
            [] => self.resolve(all, Value::Undefined),
            [one] => self.resolve_with(all, Completion::Promise(one)),
            [first, second] => {
                let failed = move |model: &mut Self, reason| model.reject(all, reason);
                self.upon(
                    first,
                    move |model, _| {
                        model.upon(
                            second,
                            move |model, _| model.resolve(all, Value::Undefined),
                            |_, _| (),
                        );
                    },
                    failed,
                );
                self.upon(second, |_, _| (), failed);
            }
            _ => unreachable!("a pipe has two ends"),
        }
        all
    }

    fn finalize(&mut self, pipe: usize, failure: Option<Value>) {
        let PipeTo {
            reader,
            writer,
            promise,
            ..
        } = self.pipes[pipe];
        self.pipes[pipe].finished = true;
        self.writer_release(writer);
        self.reader_release(reader);
        match failure {
            Some(reason) => self.reject(promise, reason),
            None => self.resolve(promise, Value::Undefined),
        }
    }
}
