//! The Streams Standard as its text has it: explicit lists, slots under their own names, nothing clever. Only what
//! its algorithms say decides here, so that the core has something independent to agree with.
//!
//! <https://streams.spec.whatwg.org/>
pub mod bytes;
pub mod many;
pub mod pipe;
pub mod readable;
pub mod streams;
pub mod tee;
pub mod transform;
pub mod writable;

use super::realm::{Realm, Value, World};
use many::ManyRequest;
use pipe::PipeTo;
use readable::{DefaultReader, ReadRequest, ReadableStream};
use tee::Tee;
use transform::TransformStream;
use writable::{WritableStream, WritableStreamWriter};

#[derive(Default)]
pub struct Model {
    pub realm: Realm<Model>,
    pub readables: Vec<ReadableStream>,
    pub readers: Vec<DefaultReader>,
    pub writables: Vec<WritableStream>,
    pub writers: Vec<WritableStreamWriter>,
    pub transforms: Vec<TransformStream>,
    pub pipes: Vec<PipeTo>,
    pub tees: Vec<Tee>,
    pub many: Vec<ManyRequest>,
    /// The requests of byte streams, by number.
    pub byte_requests: Vec<ReadRequest>,
    /// What a `readMany()` of a byte stream has taken so far.
    pub collected: Vec<Value>,
}

impl World for Model {
    fn realm(&mut self) -> &mut Realm<Model> {
        &mut self.realm
    }
}
