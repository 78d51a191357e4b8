//! A host over the core, as js/ is one: it keeps values in first-in first-out lockstep with the core's counts and
//! carries out effects in the order in which src/core/effect.rs gives them.
pub mod bytes;
pub mod check;
pub mod jobs;
pub mod many;
pub mod pipe;
pub mod readable;
pub mod streams;
pub mod tee;
pub mod transform;
pub mod writable;

use std::collections::VecDeque;

use tidegate::core::Core;

use super::realm::{Realm, Value, World};
use jobs::Jobs;
use many::ManyRequest;
use pipe::Pipe;
use readable::{Readable, Request};
use tee::Tee;
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
    pub tees: Vec<Tee>,
    pub jobs: Jobs,
    /// Pipes that go on in the next task.
    pub tasks: VecDeque<usize>,
    pub many: Vec<ManyRequest>,
    /// The requests of byte streams, by number.
    pub byte_requests: Vec<Request>,
    /// What a `readMany()` of a byte stream has taken so far.
    pub collected: Vec<Value>,
}

impl World for Host {
    fn realm(&mut self) -> &mut Realm<Host> {
        &mut self.realm
    }

    fn next_task(&mut self) -> bool {
        let Some(pipe) = self.tasks.pop_front() else {
            return false;
        };
        self.go_on_after_yield(pipe);
        true
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
