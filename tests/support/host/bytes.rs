//! Byte streams over the core.
use tidegate::core::Id;

use super::Host;
use crate::support::realm::{Completion, PromiseId, Value};

#[derive(Debug)]
pub struct Bytes {
    pub id: Id,
}

impl Host {
    pub fn release_bytes(&mut self, _at: usize) {
        unimplemented!()
    }
    pub fn cancel_bytes(&mut self, _at: usize, _reason: Value) -> Completion {
        unimplemented!()
    }
    pub fn read_bytes(&mut self, _at: usize, _request: Option<PromiseId>) {
        unimplemented!()
    }
    pub fn enqueue_bytes(&mut self, _at: usize, _chunk: Value) -> Result<(), Value> {
        unimplemented!()
    }
    pub fn close_bytes(&mut self, _at: usize) -> Result<(), Value> {
        unimplemented!()
    }
    pub fn error_bytes(&mut self, _at: usize, _reason: Value) {
        unimplemented!()
    }
    pub fn make_bytes(&mut self, _spec: super::super::user::ByteSpec) -> usize {
        unimplemented!()
    }
    pub fn read_into_view(&mut self, _at: usize, _elements: u32, _size: u32, _min: u32) -> PromiseId {
        unimplemented!()
    }
    pub fn respond_bytes(&mut self, _at: usize, _bytes: u32) -> Result<(), Value> {
        unimplemented!()
    }
}
