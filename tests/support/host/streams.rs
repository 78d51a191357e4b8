//! The public face of the host.
use super::Host;
use super::ReadableState;
use super::readable::{ReaderLock, Source};
use super::writable::{Sink, WriterLock};
use crate::support::realm::{PromiseId, Value, World};
use crate::support::user::{Spec, Streams, TransformSpec};

impl Streams for Host {
    fn new_readable(&mut self, spec: Spec) -> usize {
        self.make_readable(spec)
    }

    fn new_writable(&mut self, spec: Spec) -> usize {
        self.make_writable(spec)
    }

    fn new_transform(&mut self, spec: TransformSpec) -> usize {
        self.make_transform(spec)
    }

    fn readable_count(&self) -> usize {
        self.readables.len()
    }

    fn writable_count(&self) -> usize {
        self.writables.len()
    }

    fn transform_count(&self) -> usize {
        self.transforms.len()
    }

    fn pipe_count(&self) -> usize {
        self.pipes.len()
    }

    fn get_reader(&mut self, readable: usize) -> Result<(), Value> {
        self.acquire_reader(readable)
    }

    fn has_reader(&self, readable: usize) -> bool {
        self.reader(readable).is_some()
    }

    fn release_reader(&mut self, readable: usize) {
        self.release(readable);
    }

    fn read(&mut self, readable: usize) -> PromiseId {
        match self.readables[readable].state {
            ReadableState::Closed => self.resolved(Value::Done),
            ReadableState::Errored(reason) => self.rejected(reason),
            ReadableState::Readable => {
                let request = self.promise();
                self.read_default(readable, request);
                request
            }
        }
    }

    fn reader_closed(&mut self, readable: usize) -> PromiseId {
        self.reader(readable).expect("there is a reader").closed
    }

    fn cancel(&mut self, readable: usize, reason: Value) -> PromiseId {
        self.cancel_stream(readable, reason)
    }

    fn is_readable_locked(&self, readable: usize) -> bool {
        !matches!(self.readables[readable].lock, ReaderLock::None)
    }

    fn enqueue(&mut self, readable: usize, chunk: Value) -> Result<(), Value> {
        match self.readables[readable].source {
            Source::User => self.enqueue_default(readable, chunk),
            Source::Transform(transform) => self.enqueue_transformed(transform, chunk),
        }
    }

    fn close_readable(&mut self, readable: usize) -> Result<(), Value> {
        match self.readables[readable].source {
            Source::User => self.close_default(readable),
            Source::Transform(transform) => {
                self.terminate(transform);
                Ok(())
            }
        }
    }

    fn error_readable(&mut self, readable: usize, reason: Value) {
        match self.readables[readable].source {
            Source::User => self.error_stream(readable, reason),
            Source::Transform(transform) => self.error_transform(transform, reason),
        }
    }

    fn readable_desired_size(&mut self, readable: usize) -> Option<f64> {
        self.desired_size_of(readable)
    }

    fn get_writer(&mut self, writable: usize) -> Result<(), Value> {
        self.acquire_writer(writable)
    }

    fn has_writer(&self, writable: usize) -> bool {
        self.writer(writable).is_some()
    }

    fn release_writer(&mut self, writable: usize) {
        self.release_writer_of(writable);
    }

    fn write(&mut self, writable: usize, chunk: Value) -> PromiseId {
        self.write_with_writer(writable, chunk)
    }

    fn writer_ready(&mut self, writable: usize) -> PromiseId {
        self.writer(writable).expect("there is a writer").ready
    }

    fn writer_closed(&mut self, writable: usize) -> PromiseId {
        self.writer(writable).expect("there is a writer").closed
    }

    fn is_writable_locked(&self, writable: usize) -> bool {
        !matches!(self.writables[writable].lock, WriterLock::None)
    }

    fn is_closing(&self, writable: usize) -> bool {
        self.writables[writable].close_request.is_some()
    }

    fn close_writable(&mut self, writable: usize) -> PromiseId {
        self.close_stream_of(writable)
    }

    fn abort(&mut self, writable: usize, reason: Value) -> PromiseId {
        self.abort_stream(writable, reason)
    }

    fn error_writable(&mut self, writable: usize, reason: Value) {
        match self.writables[writable].sink {
            Sink::User { .. } => self.error_sink(writable, reason),
            Sink::Transform(transform) => self.error_transform(transform, reason),
        }
    }

    fn writable_desired_size(&mut self, writable: usize) -> Option<f64> {
        self.writer_desired_size(writable)
    }

    fn pipe_to(&mut self, source: usize, destination: usize, flags: u32) -> PromiseId {
        self.make_pipe(source, destination, flags)
    }

    fn signal(&mut self, pipe: usize, reason: Value) {
        self.signal_pipe(pipe, reason);
    }
}
