//! `readMany()` and `writeMany()`, as js/machines/many.js has them.
use tidegate::core::effect::writable::{REFUSED, STALE};

use super::readable::{Request, follow_up};
use super::writable::Refused;
use super::{Host, ReadableState, WritableState};
use crate::support::realm::{PromiseId, Value, World};

/// The request of a `readMany()` that found nothing: it takes what has come by the microtask after the first chunk.
#[derive(Debug)]
pub struct ManyRequest {
    readable: usize,
    /// The reader's `closed` promise, which tells readers apart.
    reader: PromiseId,
    pub values: Vec<Value>,
    pub promise: PromiseId,
}

impl Host {
    pub fn read_many_with_reader(&mut self, at: usize) -> PromiseId {
        match self.readables[at].state {
            ReadableState::Closed => return self.resolved(Value::Done),
            ReadableState::Errored(reason) => return self.rejected(reason),
            ReadableState::Readable => {}
        }
        let values = self.take_queued(at);
        if !values.is_empty() {
            return self.resolved(Value::list(&values));
        }
        let promise = self.promise();
        let reader = self.reader(at).expect("a reader").closed;
        self.many.push(ManyRequest {
            readable: at,
            reader,
            values: Vec::new(),
            promise,
        });
        let request = Request::Many(self.many.len() - 1);
        match self.readables[at].state {
            ReadableState::Closed => self.close_request(request),
            ReadableState::Errored(reason) => self.fail_request(request, reason),
            ReadableState::Readable if self.readables[at].bytes.is_some() => {
                self.read_bytes(at, request);
            }
            ReadableState::Readable => self.read_default(at, request),
        }
        promise
    }

    pub fn finish_many(&mut self, many: usize) {
        let ManyRequest {
            readable,
            reader,
            promise,
            ..
        } = self.many[many];
        let mut values = std::mem::take(&mut self.many[many].values);
        let is_readers = self
            .reader(readable)
            .is_some_and(|now| now.closed == reader);
        if is_readers
            && self.readables[readable].state == ReadableState::Readable
            && !self.has_requests(readable)
        {
            values.extend(self.take_queued(readable));
        }
        self.resolve(promise, Value::list(&values));
    }

    fn take_queued(&mut self, at: usize) -> Vec<Value> {
        if self.readables[at].bytes.is_some() {
            return self.take_queued_bytes(at);
        }
        if self.readables[at].queue.is_empty() {
            return Vec::new();
        }
        let effects = self.core.readable_read_many(self.readables[at].id);
        let values = self.readables[at].queue.drain(..).collect();
        self.apply_readable(at, follow_up(effects));
        values
    }

    pub fn write_many_with_writer(&mut self, at: usize, chunks: &[Value]) -> PromiseId {
        if chunks.is_empty() {
            return self.resolved(Value::Undefined);
        }
        let writer = self.writer(at).expect("there is a writer").closed;
        let request = self.promise();
        let last = chunks.len() - 1;
        if !self.measures(at)
            && self.writables[at].state == WritableState::Writable
            && self.writables[at].close_request.is_none()
        {
            let id = self.writables[at].id;
            let effects = self.core.writable_write_many(id, chunks.len() as u32);
            assert!(!effects.has(REFUSED | STALE), "the stream takes writes");
            for (nth, chunk) in chunks.iter().enumerate() {
                let request = (nth == last).then_some(request);
                self.writables[at].queue.push_back((*chunk, request));
            }
            self.apply_writable(at, effects, Value::Undefined);
            return request;
        }
        for (nth, chunk) in chunks.iter().enumerate() {
            let request = (nth == last).then_some(request);
            if let Err(Refused(promise)) = self.write_for(at, writer, *chunk, request) {
                return promise;
            }
        }
        request
    }
}
