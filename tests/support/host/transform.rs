//! Transform streams over the core.
use tidegate::core::Id;
use tidegate::core::effect::ReadableEffects;
use tidegate::core::effect::transform::*;

use super::jobs::Job;
use super::readable::{ReaderLock, Source};
use super::writable::{Sink, WriterLock};
use super::{Host, ReadableState, WritableState};
use crate::support::realm::{Completion, PromiseId, Value, World};
use crate::support::user::{Callback, TransformSpec, call, call_start};

#[derive(Debug)]
pub struct Transform {
    pub readable: usize,
    pub writable: usize,
    has_transform: bool,
    cleared: bool,
    waiting: Option<Value>,
    /// Whether user code's `transform()` is running.
    performing: bool,
    /// Whether that, for a pipe and with a pipe to read what it gives, has answered the readable side's pull.
    answered_pull: bool,
    finish: Option<PromiseId>,
}

impl Host {
    pub fn make_transform(&mut self, spec: TransformSpec) -> usize {
        let at = self.transforms.len();
        let writable = self.create_writable(spec.writable, Sink::Transform(at));
        let readable = self.create_readable(spec.readable, Source::Transform(at));
        self.core
            .transform_new(self.readables[readable].id, self.writables[writable].id);
        self.transforms.push(Transform {
            readable,
            writable,
            has_transform: spec.readable.has_work,
            cleared: false,
            waiting: None,
            performing: false,
            answered_pull: false,
            finish: None,
        });
        let started = self.promise();
        let result = call_start(self, spec.readable.has_start, Callback::TransformStart(at));
        if let Completion::Throw(reason) = result {
            // The constructor throws in a page.
            self.reject(started, reason);
        } else {
            let promise = self.promise_resolved_with(result);
            self.resolve_with(started, Completion::Promise(promise));
        }
        self.after_writable_start(writable, Completion::Promise(started));
        self.after_readable_start(readable, Completion::Promise(started));
        at
    }

    pub fn enqueue_transformed(&mut self, at: usize, chunk: Value) -> Result<(), Value> {
        let Transform {
            readable, writable, ..
        } = self.transforms[at];
        let first = self.core.readable_enqueue(self.readables[readable].id);
        let refused = ReadableEffects::STALE | ReadableEffects::REFUSED;
        let result = self.finish_enqueue(readable, chunk, first, Some(writable));
        if first.has(refused) {
            return result;
        }
        let Err(reason) = result else {
            return Ok(());
        };
        self.error_writable_and_unblock(at, reason);
        Err(match self.readables[readable].state {
            ReadableState::Errored(reason) => reason,
            _ => Value::Undefined,
        })
    }

    pub fn error_transform(&mut self, at: usize, reason: Value) {
        self.error_stream(self.transforms[at].readable, reason);
        self.error_writable_and_unblock(at, reason);
    }

    pub fn terminate(&mut self, at: usize) {
        let _ = self.close_default(self.transforms[at].readable);
        self.error_writable_and_unblock(at, Value::TypeError);
    }

    fn error_writable_and_unblock(&mut self, at: usize, reason: Value) {
        self.transforms[at].cleared = true;
        self.error_sink(self.transforms[at].writable, reason);
        self.unblock_write(at);
    }

    fn unblock_write(&mut self, at: usize) {
        let writable = self.transforms[at].writable;
        let effects = self
            .core
            .transform_unblock_write(self.writables[writable].id);
        if effects == WAKE_WRITE {
            self.schedule_job(Job::WakeWrite(at));
        }
    }

    /// The chunk waits for the readable side.
    pub fn hold_write(&mut self, at: usize, chunk: Value) {
        self.transforms[at].waiting = Some(chunk);
    }

    /// Goes on with the write that waited for the readable side.
    pub fn wake_write(&mut self, at: usize) {
        let chunk = self.transforms[at].waiting.take().expect("a write waits");
        let writable = self.transforms[at].writable;
        if let WritableState::Erroring(_) = self.writables[writable].state {
            return self.schedule_job(Job::FailWaitingWrite(writable));
        }
        match self.perform_transform(at, chunk) {
            None => self.settle_transform_write(at),
            Some(promise) => {
                let mut result = Completion::Promise(promise);
                if self.jobs.keeps_ticks {
                    // The promise of a reaction follows what that returned.
                    let reaction = self.promise();
                    self.resolve_with(reaction, result);
                    result = Completion::Promise(reaction);
                }
                self.after_write(writable, result);
            }
        }
    }

    pub fn fail_waiting_write(&mut self, writable: usize) {
        let (WritableState::Erroring(reason) | WritableState::Errored(reason)) =
            self.writables[writable].state
        else {
            panic!("the writable side has failed");
        };
        self.write_failed(writable, reason);
    }

    /// None where nothing is left to wait for.
    pub fn perform_transform(&mut self, at: usize, chunk: Value) -> Option<PromiseId> {
        self.transforms[at].performing = true;
        let result = if self.transforms[at].cleared {
            Completion::Value(Value::Undefined)
        } else if self.transforms[at].has_transform {
            call(self, Callback::Transform(at), chunk)
        } else {
            match self.enqueue_transformed(at, chunk) {
                Ok(()) => Completion::Value(Value::Undefined),
                Err(reason) => Completion::Throw(reason),
            }
        };
        self.transforms[at].performing = false;
        if result == Completion::Value(Value::Undefined) && !self.jobs.keeps_ticks {
            return None;
        }
        let readable = self.transforms[at].readable;
        if std::mem::take(&mut self.transforms[at].answered_pull) {
            self.later(self.is_piped_from(readable), Job::PullSettled(readable));
        }
        let promise = self.promise_resolved_with(result);
        Some(self.react(
            promise,
            None,
            Some(Box::new(move |host, reason| {
                host.error_transform(at, reason);
                Completion::Throw(reason)
            })),
        ))
    }

    fn is_piped_from(&self, readable: usize) -> bool {
        matches!(self.readables[readable].lock, ReaderLock::Pipe(_))
    }

    fn is_piped_to(&self, writable: usize) -> bool {
        matches!(self.writables[writable].lock, WriterLock::Pipe(_))
    }

    /// The way to schedule a job for a stream, which a pipe has locked or not.
    fn later(&mut self, is_piped: bool, job: Job) {
        if is_piped {
            self.schedule_in_pipe(job);
        } else {
            self.schedule_job(job);
        }
    }

    /// The pull of a readable side is done. Inside a chain of pipes that is reported together with the write.
    pub fn settle_transform_pull(&mut self, readable: usize) {
        let Source::Transform(at) = self.readables[readable].source else {
            panic!("only a transform's pull is settled by an enqueue");
        };
        let is_piped = self.is_piped_from(readable);
        if self.transforms[at].performing
            && is_piped
            && self.is_piped_to(self.transforms[at].writable)
        {
            self.transforms[at].answered_pull = true;
        } else {
            self.later(is_piped, Job::PullSettled(readable));
        }
    }

    /// The write is done.
    pub fn settle_transform_write(&mut self, at: usize) {
        let writable = self.transforms[at].writable;
        if std::mem::take(&mut self.transforms[at].answered_pull) {
            self.schedule_in_pipe(Job::BothSettled(at));
        } else {
            self.later(self.is_piped_to(writable), Job::WriteSettled(writable));
        }
    }

    /// Lets the write that waits go on.
    pub fn wake_transform(&mut self, at: usize) {
        let writable = self.transforms[at].writable;
        self.later(self.is_piped_to(writable), Job::WakeWrite(at));
    }

    pub fn both_settled(&mut self, at: usize) {
        let Transform {
            readable, writable, ..
        } = self.transforms[at];
        let pipe = self.open_pipe_into(writable);
        let answer = self.core.transform_settled(
            self.readables[readable].id,
            self.writables[writable].id,
            pipe.map_or(Id::NONE, |pipe| self.pipes[pipe].id),
        );
        match pipe {
            Some(pipe) => self.apply_written(writable, pipe, answer),
            None => self.apply_writable(writable, answer.destination(), Value::Undefined),
        }
    }

    /// The promise of a finish that began before; None where this call begins it.
    fn begin_finish(&mut self, at: usize) -> Option<PromiseId> {
        if self.transforms[at].finish.is_some() {
            return self.transforms[at].finish;
        }
        self.transforms[at].finish = Some(self.promise());
        None
    }

    /// Runs `callback`, then `settle` with how it ended, which says how the finish ends.
    fn run_finish(
        &mut self,
        at: usize,
        callback: Callback,
        argument: Value,
        settle: impl FnOnce(&mut Self, Result<Value, Value>) -> Result<(), Value> + Copy + 'static,
    ) -> PromiseId {
        let result = if self.transforms[at].cleared {
            Completion::Value(Value::Undefined)
        } else {
            call(self, callback, argument)
        };
        self.transforms[at].cleared = true;
        let finish = self.transforms[at].finish.expect("the finish has begun");
        // As Web IDL converts a callback's result: a promise of its own, never the callback's.
        let promise = self.promise();
        self.resolve_with(promise, result);
        let end = move |host: &mut Self, ended: Result<(), Value>| match ended {
            Ok(()) => host.resolve(finish, Value::Undefined),
            Err(reason) => host.reject(finish, reason),
        };
        self.upon(
            promise,
            move |host, value| {
                let ended = settle(host, Ok(value));
                end(host, ended);
            },
            move |host, reason| {
                let ended = settle(host, Err(reason));
                end(host, ended);
            },
        );
        finish
    }

    pub fn transform_sink_abort(&mut self, at: usize, reason: Value) -> PromiseId {
        if let Some(finish) = self.begin_finish(at) {
            return finish;
        }
        let readable = self.transforms[at].readable;
        let settle = move |host: &mut Self, ended: Result<Value, Value>| {
            if let Err(failure) = ended {
                host.error_stream(readable, failure);
                return Err(failure);
            }
            if let ReadableState::Errored(stored) = host.readables[readable].state {
                return Err(stored);
            }
            host.error_stream(readable, reason);
            Ok(())
        };
        self.run_finish(at, Callback::TransformCancel(at), reason, settle)
    }

    pub fn transform_sink_close(&mut self, at: usize) -> PromiseId {
        if let Some(finish) = self.begin_finish(at) {
            return finish;
        }
        let readable = self.transforms[at].readable;
        let settle = move |host: &mut Self, ended: Result<Value, Value>| {
            if let Err(failure) = ended {
                host.error_stream(readable, failure);
                return Err(failure);
            }
            if let ReadableState::Errored(stored) = host.readables[readable].state {
                return Err(stored);
            }
            let _ = host.close_default(readable);
            Ok(())
        };
        self.run_finish(at, Callback::Flush(at), Value::Undefined, settle)
    }

    pub fn transform_source_cancel(&mut self, at: usize, reason: Value) -> PromiseId {
        if let Some(finish) = self.begin_finish(at) {
            return finish;
        }
        let writable = self.transforms[at].writable;
        let settle = move |host: &mut Self, ended: Result<Value, Value>| {
            if let (Ok(_), WritableState::Errored(stored)) = (ended, host.writables[writable].state)
            {
                return Err(stored);
            }
            host.error_sink(writable, ended.err().unwrap_or(reason));
            host.unblock_write(at);
            ended.map(|_| ())
        };
        self.run_finish(at, Callback::TransformCancel(at), reason, settle)
    }
}
