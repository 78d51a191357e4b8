//! Promises and microtasks, as ECMAScript orders them.
use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::user::User;

/// What flows through promises: chunks and reasons are small numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Value {
    #[default]
    Undefined,
    Chunk(u8),
    /// `{ done: true }` of a read.
    Done,
    /// A reason that user code made up.
    Error(u8),
    TypeError,
    RangeError,
    /// Several values in one: how many, and a digest of them all.
    List(u32, u64),
    /// The bytes of a chunk: how many, and their digest.
    Bytes(u32, u64),
    /// `{ value: view, done: true }` of a read into a buffer: the bytes of the view.
    DoneWith(u32, u64),
}

impl Value {
    pub fn list(values: &[Self]) -> Self {
        Self::List(values.len() as u32, digest(&values))
    }

    /// The array of the reasons with which both branches of a tee were cancelled.
    pub fn pair(one: Self, two: Self) -> Self {
        Self::list(&[one, two])
    }

    pub fn bytes(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.len() as u32, digest(&bytes))
    }

    pub fn done_with(bytes: &[u8]) -> Self {
        Self::DoneWith(bytes.len() as u32, digest(&bytes))
    }
}

fn digest(content: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    hasher.finish()
}

pub type PromiseId = usize;

/// How a reaction or an algorithm ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completion {
    Value(Value),
    Throw(Value),
    Promise(PromiseId),
}

pub type Job<W> = Box<dyn FnOnce(&mut W)>;
type Handler<W> = Box<dyn FnOnce(&mut W, Value) -> Completion>;

enum State<W> {
    Pending(Vec<Reaction<W>>),
    Fulfilled(Value),
    Rejected(Value),
}

pub struct Reaction<W> {
    fulfilled: Option<Handler<W>>,
    rejected: Option<Handler<W>>,
    derived: Option<PromiseId>,
}

/// Promises, the microtask queue and user code.
pub struct Realm<W> {
    promises: Vec<State<W>>,
    jobs: VecDeque<Job<W>>,
    pub user: User,
}

impl<W> Default for Realm<W> {
    fn default() -> Self {
        Self {
            promises: Vec::new(),
            jobs: VecDeque::new(),
            user: User::default(),
        }
    }
}

/// Whatever lives in a realm. A host never holds a borrow over user code, since all of it is `&mut self`.
pub trait World: Sized + 'static {
    fn realm(&mut self) -> &mut Realm<Self>;

    fn user(&mut self) -> &mut User {
        &mut self.realm().user
    }

    /// A new pending promise.
    fn promise(&mut self) -> PromiseId {
        let promises = &mut self.realm().promises;
        promises.push(State::Pending(Vec::new()));
        promises.len() - 1
    }

    fn resolved(&mut self, value: Value) -> PromiseId {
        let promises = &mut self.realm().promises;
        promises.push(State::Fulfilled(value));
        promises.len() - 1
    }

    fn rejected(&mut self, reason: Value) -> PromiseId {
        let promises = &mut self.realm().promises;
        promises.push(State::Rejected(reason));
        promises.len() - 1
    }

    fn is_pending(&mut self, promise: PromiseId) -> bool {
        matches!(self.realm().promises[promise], State::Pending(_))
    }

    /// Fulfils a pending promise; nothing where it is settled.
    fn resolve(&mut self, promise: PromiseId, value: Value) {
        let State::Pending(reactions) = &mut self.realm().promises[promise] else {
            return;
        };
        let reactions = std::mem::take(reactions);
        self.realm().promises[promise] = State::Fulfilled(value);
        for reaction in reactions {
            self.queue_reaction(reaction, Ok(value));
        }
    }

    /// Rejects a pending promise; nothing where it is settled.
    fn reject(&mut self, promise: PromiseId, reason: Value) {
        let State::Pending(reactions) = &mut self.realm().promises[promise] else {
            return;
        };
        let reactions = std::mem::take(reactions);
        self.realm().promises[promise] = State::Rejected(reason);
        for reaction in reactions {
            self.queue_reaction(reaction, Err(reason));
        }
    }

    /// Calls `job` in a microtask of its own.
    fn schedule(&mut self, job: impl FnOnce(&mut Self) + 'static) {
        self.realm().jobs.push_back(Box::new(job));
    }

    /// "Upon fulfillment/rejection".
    fn upon(
        &mut self,
        promise: PromiseId,
        fulfilled: impl FnOnce(&mut Self, Value) + 'static,
        rejected: impl FnOnce(&mut Self, Value) + 'static,
    ) {
        self.perform_then(
            promise,
            Reaction {
                fulfilled: Some(Box::new(|world, value| {
                    fulfilled(world, value);
                    Completion::Value(Value::Undefined)
                })),
                rejected: Some(Box::new(|world, value| {
                    rejected(world, value);
                    Completion::Value(Value::Undefined)
                })),
                derived: None,
            },
        );
    }

    /// "The result of reacting to": a promise for what the handler, if any, returns.
    fn react(
        &mut self,
        promise: PromiseId,
        fulfilled: Option<Handler<Self>>,
        rejected: Option<Handler<Self>>,
    ) -> PromiseId {
        let derived = self.promise();
        self.perform_then(
            promise,
            Reaction {
                fulfilled,
                rejected,
                derived: Some(derived),
            },
        );
        derived
    }

    /// "A promise resolved with".
    fn promise_resolved_with(&mut self, completion: Completion) -> PromiseId {
        match completion {
            Completion::Value(value) => self.resolved(value),
            Completion::Throw(reason) => self.rejected(reason),
            Completion::Promise(promise) => promise,
        }
    }

    /// Settles `promise` the way of its resolving functions: a promise is followed by way of its `then`.
    fn resolve_with(&mut self, promise: PromiseId, completion: Completion) {
        match completion {
            Completion::Value(value) => self.resolve(promise, value),
            Completion::Throw(reason) => self.reject(promise, reason),
            Completion::Promise(followed) => self.schedule(move |world| {
                world.upon(
                    followed,
                    move |world, value| world.resolve(promise, value),
                    move |world, reason| world.reject(promise, reason),
                );
            }),
        }
    }

    fn perform_then(&mut self, promise: PromiseId, reaction: Reaction<Self>) {
        match &mut self.realm().promises[promise] {
            State::Pending(reactions) => reactions.push(reaction),
            State::Fulfilled(value) => {
                let value = *value;
                self.queue_reaction(reaction, Ok(value));
            }
            State::Rejected(reason) => {
                let reason = *reason;
                self.queue_reaction(reaction, Err(reason));
            }
        }
    }

    fn queue_reaction(&mut self, reaction: Reaction<Self>, settled: Result<Value, Value>) {
        self.schedule(move |world| {
            let completion = match settled {
                Ok(value) => match reaction.fulfilled {
                    Some(handler) => handler(world, value),
                    None => Completion::Value(value),
                },
                Err(reason) => match reaction.rejected {
                    Some(handler) => handler(world, reason),
                    None => Completion::Throw(reason),
                },
            };
            if let Some(derived) = reaction.derived {
                world.resolve_with(derived, completion);
            }
        });
    }

    /// Runs the next task, if one waits.
    fn next_task(&mut self) -> bool {
        false
    }

    /// Runs microtasks, and tasks that wait, until none is left.
    fn run_microtasks(&mut self) {
        let mut turns = 0;
        loop {
            while let Some(job) = self.realm().jobs.pop_front() {
                job(self);
                turns += 1;
                assert!(turns < 100_000, "the microtasks never end");
            }
            if !self.next_task() {
                return;
            }
        }
    }
}
