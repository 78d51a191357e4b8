//! `readMany()` and `writeMany()`, which the standard does not have: as many reads as there are chunks in the queue, whose
//! pulls become one; writes that are all queued before the first of them begins.
use super::Model;
use super::readable::{ReadRequest, State as ReadableState};
use super::writable::{Entry, State as WritableState};
use crate::support::realm::{PromiseId, Value, World};

#[derive(Debug)]
pub struct ManyRequest {
    reader: usize,
    values: Vec<Value>,
    promise: PromiseId,
}

impl Model {
    pub fn reader_read_many(&mut self, reader: usize) -> PromiseId {
        let stream = self.readers[reader].stream.expect("a stream");
        if self.readables[stream].state == ReadableState::Readable {
            let values = self.take_queued(stream);
            if !values.is_empty() {
                return self.resolved(Value::list(&values));
            }
        }
        let promise = self.promise();
        self.many.push(ManyRequest {
            reader,
            values: Vec::new(),
            promise,
        });
        self.reader_read(reader, ReadRequest::Many(self.many.len() - 1));
        promise
    }

    pub fn many_promise(&self, many: usize) -> PromiseId {
        self.many[many].promise
    }

    pub fn many_chunk_steps(&mut self, many: usize, chunk: Value) {
        self.many[many].values.push(chunk);
        self.schedule(move |model| {
            let ManyRequest {
                reader, promise, ..
            } = model.many[many];
            if let Some(stream) = model.readers[reader].stream
                && model.readables[stream].state == ReadableState::Readable
                && model.num_read_requests(stream) == 0
            {
                let rest = model.take_queued(stream);
                model.many[many].values.extend(rest);
            }
            let values = Value::list(&model.many[many].values);
            model.resolve(promise, values);
        });
    }

    fn take_queued(&mut self, stream: usize) -> Vec<Value> {
        if self.readables[stream].bytes.is_some() {
            return self.take_queued_bytes(stream);
        }
        let controller = &mut self.readables[stream].controller;
        let values: Vec<Value> = controller.queue.drain(..).map(|(chunk, _)| chunk).collect();
        controller.queue_total_size = 0.0;
        if !values.is_empty() {
            self.after_dequeue(stream);
        }
        values
    }

    pub fn writer_write_many(&mut self, writer: usize, chunks: &[Value]) -> PromiseId {
        let stream = self.writers[writer].stream.expect("a stream");
        if chunks.is_empty() {
            return self.resolved(Value::Undefined);
        }
        let is_taken = self.writables[stream].state == WritableState::Writable
            && !self.close_queued_or_in_flight(stream);
        if self.measures(stream) || !is_taken {
            let mut last = None;
            for chunk in chunks {
                let (promise, is_taken) = self.try_write(writer, stream, *chunk);
                last = Some(promise);
                if !is_taken {
                    break;
                }
            }
            return last.expect("there are chunks");
        }
        for chunk in chunks {
            let promise = self.promise();
            self.writables[stream].write_requests.push(promise);
            self.writables[stream]
                .queue
                .push((Entry::Chunk(*chunk), 1.0));
            self.writables[stream].queue_total_size += 1.0;
        }
        let last = self.writables[stream].write_requests.last().copied();
        self.after_enqueued_writes(stream);
        last.expect("there are chunks")
    }
}
