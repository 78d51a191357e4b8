//! <https://streams.spec.whatwg.org/#rbs-controller-class>
use super::Model;
use super::readable::ReadRequest;
use crate::support::realm::{Completion, PromiseId, Value};
use crate::support::user::ByteSpec;

#[derive(Debug)]
pub struct ByteController {}

impl Model {
    pub fn byte_cancel_steps(&mut self, _stream: usize, _reason: Value) -> Completion {
        unimplemented!()
    }
    pub fn byte_release_steps(&mut self, _stream: usize) {
        unimplemented!()
    }
    pub fn byte_pull_steps(&mut self, _stream: usize, _request: ReadRequest) {
        unimplemented!()
    }
    pub fn make_bytes(&mut self, _spec: ByteSpec) -> usize {
        unimplemented!()
    }
    pub fn byte_desired_size(&mut self, _stream: usize) -> Option<f64> {
        unimplemented!()
    }
    pub fn byte_enqueue(&mut self, _stream: usize, _chunk: Value) -> Result<(), Value> {
        unimplemented!()
    }
    pub fn byte_close(&mut self, _stream: usize) -> Result<(), Value> {
        unimplemented!()
    }
    pub fn byte_error(&mut self, _stream: usize, _reason: Value) {
        unimplemented!()
    }
    pub fn byob_read(&mut self, _s: usize, _elements: u32, _size: u32, _min: u32) -> PromiseId {
        unimplemented!()
    }
    pub fn byob_respond(&mut self, _stream: usize, _bytes: u32) -> Result<(), Value> {
        unimplemented!()
    }
}
