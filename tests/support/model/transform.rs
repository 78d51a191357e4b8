//! <https://streams.spec.whatwg.org/#ts-model>
use super::Model;
use super::readable::{Algorithms as SourceAlgorithms, State as ReadableState};
use super::writable::{Algorithms as SinkAlgorithms, State as WritableState};
use crate::support::realm::{Completion, PromiseId, Value, World};
use crate::support::user::{Callback, TransformSpec, call, call_start};

#[derive(Debug)]
pub struct TransformStream {
    pub readable: usize,
    pub writable: usize,
    backpressure: bool,
    backpressure_change_promise: PromiseId,
    // The controller's slots.
    has_transform: bool,
    cleared: bool,
    finish_promise: Option<PromiseId>,
}

impl Model {
    pub fn make_transform(&mut self, spec: TransformSpec) -> usize {
        let stream = self.transforms.len();
        let writable = self.create_writable(spec.writable, SinkAlgorithms::Transform(stream));
        let readable = self.create_readable(spec.readable, SourceAlgorithms::Transform(stream));
        let backpressure_change_promise = self.promise();
        self.transforms.push(TransformStream {
            readable,
            writable,
            backpressure: true,
            backpressure_change_promise,
            has_transform: spec.readable.has_work,
            cleared: false,
            finish_promise: None,
        });
        let start_promise = self.promise();
        self.set_up_writable(writable, Completion::Promise(start_promise));
        self.set_up_readable(readable, Completion::Promise(start_promise));
        let result = call_start(
            self,
            spec.readable.has_start,
            Callback::TransformStart(stream),
        );
        if let Completion::Throw(reason) = result {
            // The constructor throws in a page.
            self.reject(start_promise, reason);
        } else {
            // The sides' "promise resolved with" the start promise follows that.
            let promise = self.promise_resolved_with(result);
            self.resolve_with(start_promise, Completion::Promise(promise));
        }
        stream
    }

    fn set_backpressure(&mut self, stream: usize, backpressure: bool) {
        assert_ne!(self.transforms[stream].backpressure, backpressure);
        let change = self.transforms[stream].backpressure_change_promise;
        self.resolve(change, Value::Undefined);
        self.transforms[stream].backpressure_change_promise = self.promise();
        self.transforms[stream].backpressure = backpressure;
    }

    pub fn transform_error(&mut self, stream: usize, reason: Value) {
        self.controller_error(self.transforms[stream].readable, reason);
        self.error_writable_and_unblock_write(stream, reason);
    }

    fn error_writable_and_unblock_write(&mut self, stream: usize, reason: Value) {
        self.transforms[stream].cleared = true;
        self.sink_error_if_needed(self.transforms[stream].writable, reason);
        self.unblock_write(stream);
    }

    fn unblock_write(&mut self, stream: usize) {
        if self.transforms[stream].backpressure {
            self.set_backpressure(stream, false);
        }
    }

    pub fn transform_enqueue(&mut self, stream: usize, chunk: Value) -> Result<(), Value> {
        let readable = self.transforms[stream].readable;
        if !self.can_close_or_enqueue(readable) {
            return Err(Value::TypeError);
        }
        if let Err(reason) = self.controller_enqueue(readable, chunk) {
            self.error_writable_and_unblock_write(stream, reason);
            return Err(self.readables[readable].stored_error);
        }
        // The standard asserts that backpressure can only begin here. A size() that reads breaks that: the queue has
        // room again and the pull that says so is still outstanding. Nothing is to be done then.
        let backpressure = !self.should_call_pull(readable);
        if backpressure && !self.transforms[stream].backpressure {
            self.set_backpressure(stream, true);
        }
        Ok(())
    }

    pub fn terminate(&mut self, stream: usize) {
        self.controller_close(self.transforms[stream].readable);
        self.error_writable_and_unblock_write(stream, Value::TypeError);
    }

    /// The standard says nothing about a write that comes after `readable.cancel()` has cleared the algorithms; as in
    /// the engines it is done and gives nothing.
    fn perform_transform(&mut self, stream: usize, chunk: Value) -> PromiseId {
        let result = if self.transforms[stream].cleared {
            Completion::Value(Value::Undefined)
        } else if self.transforms[stream].has_transform {
            call(self, Callback::Transform(stream), chunk)
        } else {
            match self.transform_enqueue(stream, chunk) {
                Ok(()) => Completion::Value(Value::Undefined),
                Err(reason) => Completion::Throw(reason),
            }
        };
        let promise = self.promise_resolved_with(result);
        self.react(
            promise,
            None,
            Some(Box::new(move |model, reason| {
                model.transform_error(stream, reason);
                Completion::Throw(reason)
            })),
        )
    }

    pub fn sink_write_algorithm(&mut self, stream: usize, chunk: Value) -> PromiseId {
        let writable = self.transforms[stream].writable;
        assert_eq!(self.writables[writable].state, WritableState::Writable);
        if !self.transforms[stream].backpressure {
            return self.perform_transform(stream, chunk);
        }
        let change = self.transforms[stream].backpressure_change_promise;
        self.react(
            change,
            Some(Box::new(move |model, _| {
                if model.writables[writable].state == WritableState::Erroring {
                    return Completion::Throw(model.writables[writable].stored_error);
                }
                assert_eq!(model.writables[writable].state, WritableState::Writable);
                Completion::Promise(model.perform_transform(stream, chunk))
            })),
            None,
        )
    }

    fn begin_finish(
        &mut self,
        stream: usize,
        callback: Callback,
        argument: Value,
    ) -> (PromiseId, PromiseId) {
        let finish = self.promise();
        self.transforms[stream].finish_promise = Some(finish);
        assert!(
            !self.transforms[stream].cleared || !matches!(callback, Callback::Flush(_)),
            "a flush after the algorithms were cleared"
        );
        let result = if self.transforms[stream].cleared {
            Completion::Value(Value::Undefined)
        } else {
            call(self, callback, argument)
        };
        self.transforms[stream].cleared = true;
        let wrapper = self.promise();
        self.resolve_with(wrapper, result);
        (finish, wrapper)
    }

    pub fn sink_abort_algorithm(&mut self, stream: usize, reason: Value) -> PromiseId {
        if let Some(finish) = self.transforms[stream].finish_promise {
            return finish;
        }
        let readable = self.transforms[stream].readable;
        let (finish, promise) =
            self.begin_finish(stream, Callback::TransformCancel(stream), reason);
        self.upon(
            promise,
            move |model, _| {
                if model.readables[readable].state == ReadableState::Errored {
                    let stored_error = model.readables[readable].stored_error;
                    model.reject(finish, stored_error);
                } else {
                    model.controller_error(readable, reason);
                    model.resolve(finish, Value::Undefined);
                }
            },
            move |model, failure| {
                model.controller_error(readable, failure);
                model.reject(finish, failure);
            },
        );
        finish
    }

    pub fn sink_close_algorithm(&mut self, stream: usize) -> PromiseId {
        if let Some(finish) = self.transforms[stream].finish_promise {
            return finish;
        }
        let readable = self.transforms[stream].readable;
        let (finish, promise) =
            self.begin_finish(stream, Callback::Flush(stream), Value::Undefined);
        self.upon(
            promise,
            move |model, _| {
                if model.readables[readable].state == ReadableState::Errored {
                    let stored_error = model.readables[readable].stored_error;
                    model.reject(finish, stored_error);
                } else {
                    model.controller_close(readable);
                    model.resolve(finish, Value::Undefined);
                }
            },
            move |model, failure| {
                model.controller_error(readable, failure);
                model.reject(finish, failure);
            },
        );
        finish
    }

    pub fn source_pull_algorithm(&mut self, stream: usize) -> PromiseId {
        assert!(self.transforms[stream].backpressure);
        self.set_backpressure(stream, false);
        self.transforms[stream].backpressure_change_promise
    }

    pub fn source_cancel_algorithm(&mut self, stream: usize, reason: Value) -> PromiseId {
        if let Some(finish) = self.transforms[stream].finish_promise {
            return finish;
        }
        let writable = self.transforms[stream].writable;
        let (finish, promise) =
            self.begin_finish(stream, Callback::TransformCancel(stream), reason);
        self.upon(
            promise,
            move |model, _| {
                if model.writables[writable].state == WritableState::Errored {
                    let stored_error = model.writables[writable].stored_error;
                    model.reject(finish, stored_error);
                } else {
                    model.sink_error_if_needed(writable, reason);
                    model.unblock_write(stream);
                    model.resolve(finish, Value::Undefined);
                }
            },
            move |model, failure| {
                model.sink_error_if_needed(writable, failure);
                model.unblock_write(stream);
                model.reject(finish, failure);
            },
        );
        finish
    }
}
