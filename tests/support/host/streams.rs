//! The public face of the host.
use super::Host;
use super::ReadableState;
use super::readable::{ReaderLock, Request, Source};
use super::writable::{Sink, WriterLock};
use crate::core_byte_support::{ByteStream, ReadInto, Reader};
use crate::support::realm::{PromiseId, Value, World};
use crate::support::user::{
    BytesSpec, PipeStyle, Spec, Streams, TransformSpec, bytes_of_chunk, thrown_by,
};

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
                let promise = self.promise();
                let request = Request::Promise(promise);
                if self.readables[readable].bytes.is_some() {
                    self.read_bytes(readable, request);
                } else {
                    self.read_default(readable, request);
                }
                promise
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
        if self.readables[readable].bytes.is_some() {
            let bytes = bytes_of_chunk(chunk);
            let result = self.drive(readable, |stream| stream.enqueue(&bytes));
            return result.map_err(thrown_by);
        }
        match self.readables[readable].source {
            Source::Tee(..) => panic!("user code has no controller of a branch"),
            Source::User => self.enqueue_default(readable, chunk),
            Source::Transform(transform) => self.enqueue_transformed(transform, chunk),
        }
    }

    fn close_readable(&mut self, readable: usize) -> Result<(), Value> {
        if self.readables[readable].bytes.is_some() {
            self.readables[readable].reason = Value::TypeError;
            let result = self.drive(readable, ByteStream::close);
            return result.map_err(thrown_by);
        }
        match self.readables[readable].source {
            Source::Tee(..) => panic!("user code has no controller of a branch"),
            Source::User => self.close_default(readable),
            Source::Transform(transform) => {
                self.terminate(transform);
                Ok(())
            }
        }
    }

    fn error_readable(&mut self, readable: usize, reason: Value) {
        match self.readables[readable].source {
            Source::User | Source::Tee(..) => self.error_stream(readable, reason),
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

    fn pipe_to(
        &mut self,
        source: usize,
        destination: usize,
        flags: u32,
        style: PipeStyle,
    ) -> PromiseId {
        self.make_pipe(source, destination, flags, style)
    }

    fn pause(&mut self, pipe: usize, paused: bool) {
        self.pause_pipe(pipe, paused);
    }

    fn read_many(&mut self, readable: usize) -> PromiseId {
        self.read_many_with_reader(readable)
    }

    fn has_queued(&self, readable: usize) -> bool {
        match &self.readables[readable].bytes {
            Some(bytes) => bytes.has_queued(),
            None => !self.readables[readable].queue.is_empty(),
        }
    }

    fn write_many(&mut self, writable: usize, chunks: &[Value]) -> PromiseId {
        self.write_many_with_writer(writable, chunks)
    }

    fn tee(&mut self, readable: usize) {
        self.make_tee(readable);
    }

    fn has_controller(&self, readable: usize) -> bool {
        !matches!(self.readables[readable].source, Source::Tee(..))
    }

    fn is_byte_stream(&self, readable: usize) -> bool {
        self.readables[readable].bytes.is_some()
    }

    fn get_byob_reader(&mut self, readable: usize) -> Result<(), Value> {
        self.acquire_byob_reader(readable)
    }

    fn is_byob(&mut self, readable: usize) -> bool {
        self.is_byte_stream(readable)
            && self.bytes_of(readable, |bytes| bytes.reader() == Reader::Byob)
    }

    fn read_into(&mut self, readable: usize, read: ReadInto) -> PromiseId {
        let promise = self.promise();
        match self.readables[readable].state {
            ReadableState::Errored(reason) => self.reject(promise, reason),
            _ => self.read_into_with(readable, Request::Promise(promise), read),
        }
        promise
    }

    fn has_byob_request(&mut self, readable: usize) -> bool {
        self.is_byte_stream(readable)
            && self.bytes_of(readable, |bytes| bytes.byob_request().is_some())
    }

    fn respond(&mut self, readable: usize, bytes: &[u8]) -> Result<(), Value> {
        self.drive(readable, |stream| stream.respond(bytes))
            .map_err(thrown_by)
    }

    fn signal(&mut self, pipe: usize, reason: Value) {
        self.signal_pipe(pipe, reason);
    }
}
