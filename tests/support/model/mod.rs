//! The Streams Standard as its text has it: explicit lists, slots under their own names, nothing clever. Only what
//! its algorithms say decides here, so that the core has something independent to agree with.
//!
//! <https://streams.spec.whatwg.org/>
pub mod pipe;
pub mod readable;
pub mod streams;
pub mod transform;
pub mod writable;

use super::realm::{Realm, World};
use pipe::PipeTo;
use readable::{DefaultReader, ReadableStream};
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
}

impl World for Model {
    fn realm(&mut self) -> &mut Realm<Model> {
        &mut self.realm
    }
}
