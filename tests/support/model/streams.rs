//! The public face of the model.
use super::Model;
use super::pipe::PipeTo;
use super::readable::{ReadRequest, ReadableStream, State};
use super::writable::State as WritableState;
use crate::core_byte_support::{ByteStream, ReadInto, Reader};
use crate::support::realm::{PromiseId, Value, World};
use crate::support::user::{
    BytesSpec, PipeStyle, Spec, Streams, TransformSpec, bytes_of_chunk, thrown_by,
};

impl Model {
    /// Whether a failure waits for writes under way, or a close for reads: what a pipe does meanwhile races with that.
    pub fn is_ending(&self) -> bool {
        self.pipes.iter().any(PipeTo::is_shutting_down)
            || self.readables.iter().any(ReadableStream::is_closing)
            || self
                .writables
                .iter()
                .any(|stream| stream.state == WritableState::Erroring)
    }

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
        let hidden = self.pipes.iter().any(|pipe| pipe.reader == reader)
            || self.tees.iter().any(|tee| tee.reader == reader);
        (!hidden).then_some(reader)
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

    fn new_bytes(&mut self, spec: BytesSpec) -> usize {
        self.make_bytes(spec)
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

    fn readable_side(&self, transform: usize) -> usize {
        self.transforms[transform].readable
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
        if self.readables[readable].bytes.is_some() {
            let bytes = bytes_of_chunk(chunk);
            let result = self.drive(readable, |stream| stream.enqueue(&bytes));
            return result.map_err(thrown_by);
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
        if self.readables[readable].bytes.is_some() {
            self.readables[readable].reason = Value::TypeError;
            let result = self.drive(readable, ByteStream::close);
            return result.map_err(thrown_by);
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

    fn pipe_to(
        &mut self,
        source: usize,
        destination: usize,
        flags: u32,
        _style: PipeStyle,
    ) -> PromiseId {
        self.readable_stream_pipe_to(source, destination, flags)
    }

    fn pause(&mut self, pipe: usize, paused: bool) {
        self.pause_pipe(pipe, paused);
    }

    fn read_many(&mut self, readable: usize) -> PromiseId {
        let reader = self.users_reader(readable).expect("a reader");
        self.reader_read_many(reader)
    }

    fn has_queued(&self, readable: usize) -> bool {
        match &self.readables[readable].bytes {
            Some(bytes) => bytes.has_queued(),
            None => !self.readables[readable].controller.queue.is_empty(),
        }
    }

    fn write_many(&mut self, writable: usize, chunks: &[Value]) -> PromiseId {
        let writer = self.users_writer(writable).expect("a writer");
        self.writer_write_many(writer, chunks)
    }

    fn tee(&mut self, readable: usize) {
        self.readable_stream_tee(readable);
    }

    fn has_controller(&self, readable: usize) -> bool {
        !self.tees.iter().any(|tee| tee.branches.contains(&readable))
    }

    fn is_byte_stream(&self, readable: usize) -> bool {
        self.readables[readable].bytes.is_some()
    }

    fn get_byob_reader(&mut self, readable: usize) -> Result<(), Value> {
        self.acquire_reader_of(readable, Reader::Byob).map(|_| ())
    }

    fn is_byob(&mut self, readable: usize) -> bool {
        self.is_byte_stream(readable) && self.bytes_of(readable).reader() == Reader::Byob
    }

    fn read_into(&mut self, readable: usize, read: ReadInto) -> PromiseId {
        let promise = self.promise();
        if self.readables[readable].state == State::Errored {
            let stored_error = self.readables[readable].stored_error;
            self.reject(promise, stored_error);
        } else {
            self.read_into_bytes(readable, ReadRequest::Promise(promise), read);
        }
        promise
    }

    fn has_byob_request(&mut self, readable: usize) -> bool {
        self.is_byte_stream(readable) && self.bytes_of(readable).byob_request().is_some()
    }

    fn respond(&mut self, readable: usize, bytes: &[u8]) -> Result<(), Value> {
        self.drive(readable, |stream| stream.respond(bytes))
            .map_err(thrown_by)
    }

    fn signal(&mut self, pipe: usize, reason: Value) {
        self.signal_pipe(pipe, reason);
    }
}
