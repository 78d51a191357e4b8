//! The public face of the model.
use super::Model;
use super::readable::ReadRequest;
use crate::support::realm::{PromiseId, Value, World};
use crate::support::user::{Spec, Streams, TransformSpec};

impl Model {
    /// The transform whose readable side this is.
    fn transform_of_readable(&self, readable: usize) -> Option<usize> {
        self.transforms.iter().position(|t| t.readable == readable)
    }

    fn transform_of_writable(&self, writable: usize) -> Option<usize> {
        self.transforms.iter().position(|t| t.writable == writable)
    }

    /// The reader that user code holds; a pipe's is its own.
    fn users_reader(&self, readable: usize) -> Option<usize> {
        let reader = self.readables[readable].reader?;
        let pipes = self.pipes.iter().any(|pipe| pipe.reader == reader);
        (!pipes).then_some(reader)
    }

    fn users_writer(&self, writable: usize) -> Option<usize> {
        let writer = self.writables[writable].writer?;
        let pipes = self.pipes.iter().any(|pipe| pipe.writer == writer);
        (!pipes).then_some(writer)
    }
}

impl Streams for Model {
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
        self.acquire_reader(readable).map(|_| ())
    }

    fn has_reader(&self, readable: usize) -> bool {
        self.users_reader(readable).is_some()
    }

    fn release_reader(&mut self, readable: usize) {
        let reader = self.users_reader(readable).expect("a reader");
        self.reader_release(reader);
    }

    fn read(&mut self, readable: usize) -> PromiseId {
        let reader = self.users_reader(readable).expect("a reader");
        let promise = self.promise();
        self.reader_read(reader, ReadRequest::Promise(promise));
        promise
    }

    fn reader_closed(&mut self, readable: usize) -> PromiseId {
        let reader = self.users_reader(readable).expect("a reader");
        self.readers[reader].closed
    }

    fn cancel(&mut self, readable: usize, reason: Value) -> PromiseId {
        self.readable_stream_cancel(readable, reason)
    }

    fn is_readable_locked(&self, readable: usize) -> bool {
        self.readables[readable].reader.is_some()
    }

    fn enqueue(&mut self, readable: usize, chunk: Value) -> Result<(), Value> {
        if let Some(transform) = self.transform_of_readable(readable) {
            return self.transform_enqueue(transform, chunk);
        }
        if !self.can_close_or_enqueue(readable) {
            return Err(Value::TypeError);
        }
        self.controller_enqueue(readable, chunk)
    }

    fn close_readable(&mut self, readable: usize) -> Result<(), Value> {
        if let Some(transform) = self.transform_of_readable(readable) {
            self.terminate(transform);
            return Ok(());
        }
        if !self.can_close_or_enqueue(readable) {
            return Err(Value::TypeError);
        }
        self.controller_close(readable);
        Ok(())
    }

    fn error_readable(&mut self, readable: usize, reason: Value) {
        match self.transform_of_readable(readable) {
            Some(transform) => self.transform_error(transform, reason),
            None => self.controller_error(readable, reason),
        }
    }

    fn readable_desired_size(&mut self, readable: usize) -> Option<f64> {
        self.controller_desired_size(readable)
    }

    fn get_writer(&mut self, writable: usize) -> Result<(), Value> {
        self.acquire_writer(writable).map(|_| ())
    }

    fn has_writer(&self, writable: usize) -> bool {
        self.users_writer(writable).is_some()
    }

    fn release_writer(&mut self, writable: usize) {
        let writer = self.users_writer(writable).expect("a writer");
        self.writer_release(writer);
    }

    fn write(&mut self, writable: usize, chunk: Value) -> PromiseId {
        let writer = self.users_writer(writable).expect("a writer");
        self.writer_write(writer, chunk)
    }

    fn writer_ready(&mut self, writable: usize) -> PromiseId {
        let writer = self.users_writer(writable).expect("a writer");
        self.writers[writer].ready
    }

    fn writer_closed(&mut self, writable: usize) -> PromiseId {
        let writer = self.users_writer(writable).expect("a writer");
        self.writers[writer].closed
    }

    fn is_writable_locked(&self, writable: usize) -> bool {
        self.writables[writable].writer.is_some()
    }

    fn is_closing(&self, writable: usize) -> bool {
        self.close_queued_or_in_flight(writable)
    }

    fn close_writable(&mut self, writable: usize) -> PromiseId {
        self.writable_close(writable)
    }

    fn abort(&mut self, writable: usize, reason: Value) -> PromiseId {
        self.writable_abort(writable, reason)
    }

    fn error_writable(&mut self, writable: usize, reason: Value) {
        match self.transform_of_writable(writable) {
            Some(transform) => self.transform_error(transform, reason),
            None => self.sink_error_if_needed(writable, reason),
        }
    }

    fn writable_desired_size(&mut self, writable: usize) -> Option<f64> {
        self.writer_desired_size(writable)
    }

    fn pipe_to(&mut self, source: usize, destination: usize, flags: u32) -> PromiseId {
        self.readable_stream_pipe_to(source, destination, flags)
    }

    fn signal(&mut self, pipe: usize, reason: Value) {
        self.signal_pipe(pipe, reason);
    }
}
