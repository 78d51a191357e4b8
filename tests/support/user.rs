//! User code as data: what a page calls, what its callbacks do, and what it gets to see.
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::rc::Rc;

use super::realm::{Completion, PromiseId, Value, World};

/// A callback that user code gave to a constructor, and the number of the stream it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Callback {
    SourceStart(usize),
    Pull(usize),
    Cancel(usize),
    ReadableSize(usize),
    SinkStart(usize),
    Write(usize),
    Close(usize),
    Abort(usize),
    /// A listener of the sink controller's `signal`.
    Aborted(usize),
    WritableSize(usize),
    TransformStart(usize),
    Transform(usize),
    Flush(usize),
    TransformCancel(usize),
}

/// A call of user code. Streams are named by their number; numbers wrap around those that exist.
///
/// On a transform's sides, `Enqueue`, `Close` and `Error` are its controller's `enqueue()`, `terminate()` and
/// `error()`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Op {
    GetReader(usize),
    ReleaseReader(usize),
    Read(usize),
    ReaderClosed(usize),
    CancelReader(usize, u8),
    CancelStream(usize, u8),
    Enqueue(usize, u8),
    CloseReadable(usize),
    ErrorReadable(usize, u8),
    GetWriter(usize),
    ReleaseWriter(usize),
    Write(usize, u8),
    WriterReady(usize),
    WriterClosed(usize),
    CloseWriter(usize),
    CloseStream(usize),
    AbortWriter(usize, u8),
    AbortStream(usize, u8),
    ErrorWritable(usize, u8),
    /// Source, destination, the `prevent*` flags as in the core.
    PipeTo(usize, usize, u32),
    Signal(usize, u8),
    /// Settles the oldest pending promise that a callback returned: fulfilled, or rejected with the reason.
    Settle(Callback, Option<u8>),
    /// The same for one of the callbacks that wait for it.
    SettleAny(usize, Option<u8>),
}

/// What a callback returns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outcome {
    Undefined,
    Throws(u8),
    Fulfilled,
    Rejected(u8),
    /// A promise that `Op::Settle` settles.
    Pending,
    /// What `size()` returns; `Undefined` for other callbacks. `size()` returns 1 for other outcomes.
    Size(f64),
}

/// What a callback does when it is called.
#[derive(Debug, Clone, PartialEq)]
pub struct Script {
    pub ops: Vec<Op>,
    pub outcome: Outcome,
}

/// What user code can observe.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    Called(Callback, Value),
    Threw(&'static str, usize, Value),
    /// The nth promise that this kind of call returned for this stream, settled.
    Settled(&'static str, usize, u32, Result<Value, Value>),
    Sizes(&'static str, usize, Option<f64>),
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Called(callback, Value::Undefined) => write!(f, "{callback:?}"),
            Self::Called(callback, argument) => write!(f, "{callback:?} {argument:?}"),
            Self::Threw(what, at, reason) => write!(f, "{what}({at}) threw {reason:?}"),
            Self::Settled(what, at, nth, Ok(value)) => write!(f, "{what}({at})#{nth}: {value:?}"),
            Self::Settled(what, at, nth, Err(reason)) => {
                write!(f, "{what}({at})#{nth} rejected: {reason:?}")
            }
            Self::Sizes(what, at, size) => write!(f, "{what}({at}): {size:?}"),
        }
    }
}

/// A strategy and which callbacks there are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spec {
    pub high_water_mark: f64,
    pub has_size: bool,
    /// Whether there is a `pull` (or a `write`, a `transform`).
    pub has_work: bool,
    pub has_start: bool,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            high_water_mark: 1.0,
            has_size: false,
            has_work: true,
            has_start: false,
        }
    }
}

/// The strategies of a transform's sides, and which callbacks there are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TransformSpec {
    pub writable: Spec,
    pub readable: Spec,
}

/// A stream to make at the start of a program.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cast {
    Readable(Spec),
    Writable(Spec),
    Transform(TransformSpec),
}

/// After so many calls a callback only returns promises that stay pending, so that no program runs for ever.
const CALL_LIMIT: u32 = 12;
const DEPTH_LIMIT: u32 = 3;

/// User code's own state.
#[derive(Default)]
pub struct User {
    pub events: Vec<Event>,
    /// How many calls user code has made.
    pub steps: u64,
    scripts: Rc<[Script]>,
    /// Whether a callback does the same each time.
    steady: bool,
    next: BTreeMap<Callback, VecDeque<Script>>,
    calls: BTreeMap<Callback, u32>,
    promises: BTreeMap<(&'static str, usize), u32>,
    pending: BTreeMap<Callback, VecDeque<PromiseId>>,
    depth: u32,
}

impl User {
    /// The scripts that callbacks follow where `on` gave them none: one after another, or, if `steady`, each callback
    /// one of its own.
    pub fn follow(&mut self, scripts: Rc<[Script]>, steady: bool) {
        self.scripts = scripts;
        self.steady = steady;
    }

    /// What `callback` does the next time that nothing else is planned for it.
    pub fn on(&mut self, callback: Callback, ops: &[Op], outcome: Outcome) {
        self.next.entry(callback).or_default().push_back(Script {
            ops: ops.to_vec(),
            outcome,
        });
    }

    /// Takes what was observed since the last time, in words; desired sizes are left out.
    pub fn log(&mut self) -> Vec<String> {
        self.events
            .drain(..)
            .filter(|event| !matches!(event, Event::Sizes(..)))
            .map(|event| event.to_string())
            .collect()
    }

    fn script(&mut self, callback: Callback) -> Script {
        let count = self.calls.entry(callback).or_default();
        *count += 1;
        let nth = if self.steady { 0 } else { *count };
        if let Some(script) = self.next.get_mut(&callback).and_then(VecDeque::pop_front) {
            return script;
        }
        if self.scripts.is_empty() {
            return Script {
                ops: Vec::new(),
                outcome: Outcome::Undefined,
            };
        }
        if nth > CALL_LIMIT {
            return Script {
                ops: Vec::new(),
                outcome: Outcome::Pending,
            };
        }
        let (kind, index) = callback.place();
        let at = (kind * 7 + index * 3 + nth as usize) % self.scripts.len();
        let mut script = self.scripts[at].clone();
        if self.depth >= DEPTH_LIMIT {
            script.ops.clear();
        }
        script
    }
}

impl Callback {
    fn place(self) -> (usize, usize) {
        match self {
            Self::SourceStart(at) => (0, at),
            Self::Pull(at) => (1, at),
            Self::Cancel(at) => (2, at),
            Self::ReadableSize(at) => (3, at),
            Self::SinkStart(at) => (4, at),
            Self::Write(at) => (5, at),
            Self::Close(at) => (6, at),
            Self::Abort(at) => (7, at),
            Self::WritableSize(at) => (8, at),
            Self::TransformStart(at) => (9, at),
            Self::Transform(at) => (10, at),
            Self::Flush(at) => (11, at),
            Self::TransformCancel(at) => (12, at),
            Self::Aborted(at) => (13, at),
        }
    }
}

/// The streams' public face, with what the two hosts have in common. Results are JavaScript's: `Err` is thrown.
pub trait Streams: World {
    fn new_readable(&mut self, spec: Spec) -> usize;
    fn new_writable(&mut self, spec: Spec) -> usize;
    /// The number of the transform; its sides are the newest readable and the newest writable.
    fn new_transform(&mut self, spec: TransformSpec) -> usize;
    fn readable_count(&self) -> usize;
    fn writable_count(&self) -> usize;
    fn transform_count(&self) -> usize;
    fn pipe_count(&self) -> usize;

    fn get_reader(&mut self, readable: usize) -> Result<(), Value>;
    fn has_reader(&self, readable: usize) -> bool;
    fn release_reader(&mut self, readable: usize);
    fn read(&mut self, readable: usize) -> PromiseId;
    fn reader_closed(&mut self, readable: usize) -> PromiseId;
    fn cancel(&mut self, readable: usize, reason: Value) -> PromiseId;
    fn is_readable_locked(&self, readable: usize) -> bool;
    fn enqueue(&mut self, readable: usize, chunk: Value) -> Result<(), Value>;
    fn close_readable(&mut self, readable: usize) -> Result<(), Value>;
    fn error_readable(&mut self, readable: usize, reason: Value);
    /// The controller's; None for null.
    fn readable_desired_size(&mut self, readable: usize) -> Option<f64>;

    fn get_writer(&mut self, writable: usize) -> Result<(), Value>;
    fn has_writer(&self, writable: usize) -> bool;
    fn release_writer(&mut self, writable: usize);
    fn write(&mut self, writable: usize, chunk: Value) -> PromiseId;
    fn writer_ready(&mut self, writable: usize) -> PromiseId;
    fn writer_closed(&mut self, writable: usize) -> PromiseId;
    fn is_writable_locked(&self, writable: usize) -> bool;
    fn is_closing(&self, writable: usize) -> bool;
    fn close_writable(&mut self, writable: usize) -> PromiseId;
    fn abort(&mut self, writable: usize, reason: Value) -> PromiseId;
    fn error_writable(&mut self, writable: usize, reason: Value);
    /// A writer's; None for null.
    fn writable_desired_size(&mut self, writable: usize) -> Option<f64>;

    fn pipe_to(&mut self, source: usize, destination: usize, flags: u32) -> PromiseId;
    fn signal(&mut self, pipe: usize, reason: Value);
}

/// Calls user code: what it returned, and the size where it was asked for one.
pub fn call<S: Streams>(streams: &mut S, callback: Callback, argument: Value) -> Completion {
    call_for(streams, callback, argument).0
}

/// As [`call`], with the size that a `size()` returned.
pub fn call_for<S: Streams>(
    streams: &mut S,
    callback: Callback,
    argument: Value,
) -> (Completion, f64) {
    let user = streams.user();
    user.events.push(Event::Called(callback, argument));
    let script = user.script(callback);
    user.depth += 1;
    for op in script.ops {
        perform(streams, op);
    }
    streams.user().depth -= 1;
    let size = if let Outcome::Size(size) = script.outcome {
        size
    } else {
        1.0
    };
    let completion = match script.outcome {
        Outcome::Undefined | Outcome::Size(_) => Completion::Value(Value::Undefined),
        Outcome::Throws(reason) => Completion::Throw(Value::Error(reason)),
        Outcome::Fulfilled => Completion::Promise(streams.resolved(Value::Undefined)),
        Outcome::Rejected(reason) => Completion::Promise(streams.rejected(Value::Error(reason))),
        Outcome::Pending => {
            let promise = streams.promise();
            let pending = &mut streams.user().pending;
            pending.entry(callback).or_default().push_back(promise);
            Completion::Promise(promise)
        }
    };
    (completion, size)
}

/// Calls the start callback, if any. A constructor that throws makes no stream, so a throw counts as a rejection.
pub fn call_start<S: Streams>(streams: &mut S, has_start: bool, callback: Callback) -> Completion {
    if has_start {
        call(streams, callback, Value::Undefined)
    } else {
        Completion::Value(Value::Undefined)
    }
}

/// Observes `promise` the way user code does: with a reaction.
fn observe<S: Streams>(streams: &mut S, what: &'static str, at: usize, promise: PromiseId) {
    let count = streams.user().promises.entry((what, at)).or_default();
    *count += 1;
    let nth = *count;
    streams.upon(
        promise,
        move |streams, value| {
            let event = Event::Settled(what, at, nth, Ok(value));
            streams.user().events.push(event);
        },
        move |streams, reason| {
            let event = Event::Settled(what, at, nth, Err(reason));
            streams.user().events.push(event);
        },
    );
}

fn thrown<S: Streams>(
    streams: &mut S,
    what: &'static str,
    at: usize,
    result: Result<(), Value>,
) -> bool {
    if let Err(reason) = result {
        let event = Event::Threw(what, at, reason);
        streams.user().events.push(event);
    }
    result.is_ok()
}

/// Carries out one call, and notes what it answers.
pub fn perform<S: Streams>(streams: &mut S, op: Op) {
    streams.user().steps += 1;
    let readables = streams.readable_count();
    let writables = streams.writable_count();
    match op {
        Op::GetReader(at)
        | Op::ReleaseReader(at)
        | Op::Read(at)
        | Op::ReaderClosed(at)
        | Op::CancelReader(at, _)
        | Op::CancelStream(at, _)
        | Op::Enqueue(at, _)
        | Op::CloseReadable(at)
        | Op::ErrorReadable(at, _)
            if readables > 0 =>
        {
            perform_readable(streams, op, at % readables);
        }
        Op::GetWriter(at)
        | Op::ReleaseWriter(at)
        | Op::Write(at, _)
        | Op::WriterReady(at)
        | Op::WriterClosed(at)
        | Op::CloseWriter(at)
        | Op::CloseStream(at)
        | Op::AbortWriter(at, _)
        | Op::AbortStream(at, _)
        | Op::ErrorWritable(at, _)
            if writables > 0 =>
        {
            perform_writable(streams, op, at % writables);
        }
        Op::PipeTo(from, to, flags) if readables > 0 && writables > 0 => {
            let (from, to) = (from % readables, to % writables);
            if !streams.is_readable_locked(from) && !streams.is_writable_locked(to) {
                let promise = streams.pipe_to(from, to, flags);
                observe(streams, "pipeTo", from, promise);
            }
        }
        Op::Signal(pipe, reason) if streams.pipe_count() > 0 => {
            let pipe = pipe % streams.pipe_count();
            streams.signal(pipe, Value::Error(reason));
        }
        Op::Settle(callback, reason) => settle(streams, callback, reason),
        Op::SettleAny(at, reason) => {
            let pending = &streams.user().pending;
            let waiting: Vec<_> = pending
                .iter()
                .filter(|(_, list)| !list.is_empty())
                .collect();
            if !waiting.is_empty() {
                let callback = *waiting[at % waiting.len()].0;
                settle(streams, callback, reason);
            }
        }
        _ => {}
    }
}

fn settle<S: Streams>(streams: &mut S, callback: Callback, reason: Option<u8>) {
    let pending = streams.user().pending.get_mut(&callback);
    match (pending.and_then(VecDeque::pop_front), reason) {
        (Some(promise), None) => streams.resolve(promise, Value::Undefined),
        (Some(promise), Some(reason)) => streams.reject(promise, Value::Error(reason)),
        (None, _) => {}
    }
}

fn perform_readable<S: Streams>(streams: &mut S, op: Op, at: usize) {
    match op {
        Op::GetReader(_) => {
            let result = streams.get_reader(at);
            if thrown(streams, "getReader", at, result) {
                let promise = streams.reader_closed(at);
                observe(streams, "reader.closed", at, promise);
            }
        }
        Op::ReaderClosed(_) if streams.has_reader(at) => {
            let promise = streams.reader_closed(at);
            observe(streams, "reader.closed", at, promise);
        }
        Op::ReleaseReader(_) if streams.has_reader(at) => streams.release_reader(at),
        Op::Read(_) if streams.has_reader(at) => {
            let promise = streams.read(at);
            observe(streams, "read", at, promise);
        }
        Op::CancelReader(_, reason) if streams.has_reader(at) => {
            let promise = streams.cancel(at, Value::Error(reason));
            observe(streams, "cancel", at, promise);
        }
        Op::CancelStream(_, reason) if !streams.is_readable_locked(at) => {
            let promise = streams.cancel(at, Value::Error(reason));
            observe(streams, "cancel", at, promise);
        }
        Op::Enqueue(_, chunk) => {
            let result = streams.enqueue(at, Value::Chunk(chunk));
            thrown(streams, "enqueue", at, result);
        }
        Op::CloseReadable(_) => {
            let result = streams.close_readable(at);
            thrown(streams, "close", at, result);
        }
        Op::ErrorReadable(_, reason) => streams.error_readable(at, Value::Error(reason)),
        _ => {}
    }
    let size = streams.readable_desired_size(at);
    let event = Event::Sizes("desiredSize", at, size);
    streams.user().events.push(event);
}

fn perform_writable<S: Streams>(streams: &mut S, op: Op, at: usize) {
    match op {
        Op::GetWriter(_) => {
            let result = streams.get_writer(at);
            if thrown(streams, "getWriter", at, result) {
                let promise = streams.writer_closed(at);
                observe(streams, "writer.closed", at, promise);
                let promise = streams.writer_ready(at);
                observe(streams, "writer.ready", at, promise);
            }
        }
        Op::ReleaseWriter(_) if streams.has_writer(at) => streams.release_writer(at),
        Op::Write(_, chunk) if streams.has_writer(at) => {
            let promise = streams.write(at, Value::Chunk(chunk));
            observe(streams, "write", at, promise);
        }
        Op::WriterReady(_) if streams.has_writer(at) => {
            let promise = streams.writer_ready(at);
            observe(streams, "writer.ready", at, promise);
        }
        Op::WriterClosed(_) if streams.has_writer(at) => {
            let promise = streams.writer_closed(at);
            observe(streams, "writer.closed", at, promise);
        }
        Op::CloseWriter(_) if streams.has_writer(at) => close_writable(streams, at),
        Op::CloseStream(_) if !streams.is_writable_locked(at) => close_writable(streams, at),
        Op::AbortWriter(_, reason) if streams.has_writer(at) => {
            let promise = streams.abort(at, Value::Error(reason));
            observe(streams, "abort", at, promise);
        }
        Op::AbortStream(_, reason) if !streams.is_writable_locked(at) => {
            let promise = streams.abort(at, Value::Error(reason));
            observe(streams, "abort", at, promise);
        }
        Op::ErrorWritable(_, reason) => streams.error_writable(at, Value::Error(reason)),
        _ => {}
    }
    let size = streams.writable_desired_size(at);
    let event = Event::Sizes("writer.desiredSize", at, size);
    streams.user().events.push(event);
}

fn close_writable<S: Streams>(streams: &mut S, at: usize) {
    let promise = if streams.is_closing(at) {
        streams.rejected(Value::TypeError)
    } else {
        streams.close_writable(at)
    };
    observe(streams, "close", at, promise);
}

/// Makes the streams of a program.
pub fn make<S: Streams>(streams: &mut S, cast: &[Cast]) {
    for stream in cast {
        match *stream {
            Cast::Readable(spec) => streams.new_readable(spec),
            Cast::Writable(spec) => streams.new_writable(spec),
            Cast::Transform(spec) => streams.new_transform(spec),
        };
    }
}
