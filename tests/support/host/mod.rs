//! A host over the core, as js/ is one: it keeps values in first-in first-out lockstep with the core's counts and
//! carries out effects in the order in which src/core/effect.rs gives them.
pub mod pipe;
pub mod readable;
pub mod streams;
pub mod transform;
pub mod writable;

use tidegate::core::Core;

use super::realm::{Realm, Value, World};
use pipe::Pipe;
use readable::Readable;
use transform::Transform;
use writable::Writable;

#[derive(Default)]
pub struct Host {
    pub realm: Realm<Host>,
    pub core: Core,
    pub readables: Vec<Readable>,
    pub writables: Vec<Writable>,
    pub transforms: Vec<Transform>,
    pub pipes: Vec<Pipe>,
}

impl World for Host {
    fn realm(&mut self) -> &mut Realm<Host> {
        &mut self.realm
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadableState {
    Readable,
    Closed,
    Errored(Value),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WritableState {
    Writable,
    Erroring(Value),
    Errored(Value),
    Closed,
}
