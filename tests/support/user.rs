//! User code as data: what a page calls, what its callbacks do, and what it gets to see.
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use super::realm::{Completion, PromiseId, Value, World};
pub use super::words::*;
use crate::core_byte_support::{ReadInto, Refusal};

/// After so many calls a callback only returns promises that stay pending, so that no program runs for ever.
const CALL_LIMIT: u32 = 12;
const DEPTH_LIMIT: u32 = 3;
/// No more tees than that so many readable streams can come of.
const STREAM_LIMIT: usize = 10;

/// User code's own state.
#[derive(Default)]
pub struct User {
    pub events: Vec<Event>,
    /// How many calls user code has made.
    pub steps: u64,
    scripts: Rc<[Script]>,
    /// Whether a callback does the same each time.
    steady: bool,
    steady_sizes: bool,
    next: BTreeMap<Callback, VecDeque<Script>>,
    calls: BTreeMap<Callback, u32>,
    promises: BTreeMap<(&'static str, usize), u32>,
    pending: BTreeMap<Callback, VecDeque<PromiseId>>,
    depth: u32,
    /// Which callback may fail; None: any.
    pub only_failing: Option<Callback>,
    /// Promises that user code has and that are not settled.
    pub unsettled: i64,
    /// How far down the streams are, so that no pipes make a circle.
    readable_ranks: Vec<usize>,
    writable_ranks: Vec<usize>,
}

impl User {
    /// The scripts that callbacks follow where `on` gave them none: one after another, or, if `steady`, each callback
    /// one of its own. With `steady_sizes` a `size()` answers the same each time in any case.
    pub fn follow(&mut self, scripts: Rc<[Script]>, steady: bool, steady_sizes: bool) {
        self.scripts = scripts;
        self.steady = steady;
        self.steady_sizes = steady_sizes;
    }

    /// Whether a promise that a callback returned is pending.
    pub fn owes(&self) -> bool {
        self.pending.values().any(|list| !list.is_empty())
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
        let nth = if self.steady || self.steady_sizes && callback.is_size() {
            0
        } else {
            *count
        };
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
            let outcome = match callback {
                Callback::Pull(_) if self.steady_sizes => Outcome::Never,
                _ => Outcome::Pending,
            };
            return Script {
                ops: Vec::new(),
                outcome,
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

/// The streams' public face, with what the two hosts have in common. Results are JavaScript's: `Err` is thrown.
pub trait Streams: World {
    fn new_readable(&mut self, spec: Spec) -> usize;
    fn new_writable(&mut self, spec: Spec) -> usize;
    /// The number of the transform; its sides are the newest readable and the newest writable.
    fn new_transform(&mut self, spec: TransformSpec) -> usize;
    fn new_bytes(&mut self, spec: BytesSpec) -> usize;
    fn readable_count(&self) -> usize;
    fn writable_count(&self) -> usize;
    fn transform_count(&self) -> usize;
    fn readable_side(&self, transform: usize) -> usize;
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

    fn pipe_to(
        &mut self,
        source: usize,
        destination: usize,
        flags: u32,
        style: PipeStyle,
    ) -> PromiseId;
    fn pause(&mut self, pipe: usize, paused: bool);

    fn read_many(&mut self, readable: usize) -> PromiseId;
    fn has_queued(&self, readable: usize) -> bool;
    fn write_many(&mut self, writable: usize, chunks: &[Value]) -> PromiseId;
    /// The branches are the two newest readables.
    fn tee(&mut self, readable: usize);
    /// Whether user code has the stream's controller.
    fn has_controller(&self, readable: usize) -> bool;
    fn is_byte_stream(&self, readable: usize) -> bool;
    fn get_byob_reader(&mut self, readable: usize) -> Result<(), Value>;
    fn is_byob(&mut self, readable: usize) -> bool;
    fn read_into(&mut self, readable: usize, read: ReadInto) -> PromiseId;
    fn has_byob_request(&mut self, readable: usize) -> bool;
    fn respond(&mut self, readable: usize, bytes: &[u8]) -> Result<(), Value>;
    fn signal(&mut self, pipe: usize, reason: Value);
}

/// The bytes of a chunk that a byte stream's source is given.
pub fn bytes_of_chunk(chunk: Value) -> Vec<u8> {
    let Value::Chunk(first) = chunk else {
        panic!("user code enqueues chunks");
    };
    (0..=first % 5).map(|nth| first.wrapping_add(nth)).collect()
}

pub fn thrown_by(refusal: Refusal) -> Value {
    match refusal {
        Refusal::Type => Value::TypeError,
        Refusal::Range => Value::RangeError,
    }
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
        match (op, callback) {
            (Op::Give(count, first), Callback::Pull(at)) => give(streams, at, count, first),
            (Op::Give(count, first), Callback::Transform(at)) => {
                let readable = streams.readable_side(at);
                give(streams, readable, count, first);
            }
            _ => perform(streams, op),
        }
    }
    streams.user().depth -= 1;
    let size = if let Outcome::Size(size) = script.outcome
        && (size.is_finite() && size >= 0.0 || !is_calm(streams, callback))
    {
        size
    } else {
        1.0
    };
    let user = streams.user();
    // How often a pull that gives nothing is repeated depends on when it ends.
    let never = user.steady && user.steady_sizes && matches!(callback, Callback::Pull(_));
    let completion = match script.outcome {
        Outcome::Throws(_) | Outcome::Rejected(_) if is_calm(streams, callback) => {
            Completion::Value(Value::Undefined)
        }
        Outcome::Pending if never => Completion::Promise(streams.promise()),
        Outcome::Undefined | Outcome::Size(_) => Completion::Value(Value::Undefined),
        Outcome::Pending if callback.is_size() => Completion::Value(Value::Undefined),
        Outcome::Throws(reason) => Completion::Throw(Value::Error(reason)),
        Outcome::Fulfilled => Completion::Promise(streams.resolved(Value::Undefined)),
        Outcome::Rejected(reason) => Completion::Promise(streams.rejected(Value::Error(reason))),
        Outcome::Never => Completion::Promise(streams.promise()),
        Outcome::Pending => {
            let promise = streams.promise();
            let pending = &mut streams.user().pending;
            pending.entry(callback).or_default().push_back(promise);
            Completion::Promise(promise)
        }
    };
    (completion, size)
}

fn give<S: Streams>(streams: &mut S, readable: usize, count: u8, first: u8) {
    for nth in 0..count {
        perform(streams, Op::Enqueue(readable, first.wrapping_add(nth)));
    }
}

/// Whether another callback is the one that fails.
fn is_calm<S: Streams>(streams: &mut S, callback: Callback) -> bool {
    let failing = streams.user().only_failing;
    failing.is_some_and(|failing| failing != callback)
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
    streams.user().unsettled += 1;
    streams.upon(
        promise,
        move |streams, value| {
            streams.user().unsettled -= 1;
            let event = Event::Settled(what, at, nth, Ok(value));
            streams.user().events.push(event);
        },
        move |streams, reason| {
            streams.user().unsettled -= 1;
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
        | Op::ReadMany(at)
        | Op::ReadQueued(at)
        | Op::Tee(at)
        | Op::GetByobReader(at)
        | Op::ReadInto(at, ..)
        | Op::Respond(at, _)
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
        | Op::WriteMany(at, ..)
            if writables > 0 =>
        {
            perform_writable(streams, op, at % writables);
        }
        Op::PipeTo(from, to, flags) if readables > 0 && writables > 0 => {
            pipe(
                streams,
                PipeStyle::Plain,
                from % readables,
                to % writables,
                flags,
            );
        }
        Op::PipeAs(style, from, to, flags) if readables > 0 && writables > 0 => {
            pipe(streams, style, from % readables, to % writables, flags);
        }
        Op::Pause(pipe) if streams.pipe_count() > 0 => {
            streams.pause(pipe % streams.pipe_count(), true);
        }
        Op::Resume(pipe) if streams.pipe_count() > 0 => {
            streams.pause(pipe % streams.pipe_count(), false);
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

fn pipe<S: Streams>(streams: &mut S, style: PipeStyle, from: usize, to: usize, flags: u32) {
    let user = streams.user();
    if let (Some(source), Some(destination)) =
        (user.readable_ranks.get(from), user.writable_ranks.get(to))
        && source >= destination
    {
        return;
    }
    if !streams.is_readable_locked(from) && !streams.is_writable_locked(to) {
        let promise = streams.pipe_to(from, to, flags, style);
        observe(streams, "pipeTo", from, promise);
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
        Op::GetByobReader(_) if streams.is_byte_stream(at) => {
            let result = streams.get_byob_reader(at);
            if thrown(streams, "getReader", at, result) {
                let promise = streams.reader_closed(at);
                observe(streams, "reader.closed", at, promise);
            }
        }
        Op::ReadMany(_) | Op::ReadQueued(_)
            if streams.has_reader(at)
                && !streams.is_byob(at)
                && (matches!(op, Op::ReadMany(_)) || streams.has_queued(at)) =>
        {
            let promise = streams.read_many(at);
            observe(streams, "readMany", at, promise);
        }
        Op::ReadInto(_, elements, element_size, min)
            if streams.has_reader(at) && streams.is_byob(at) =>
        {
            let read = ReadInto {
                byte_offset: 0,
                elements,
                element_size,
                min: min.min(elements),
            };
            let promise = streams.read_into(at, read);
            observe(streams, "read", at, promise);
        }
        Op::Tee(_)
            if !streams.is_readable_locked(at) && streams.readable_count() < STREAM_LIMIT =>
        {
            let rank = streams.user().readable_ranks[at];
            streams.user().readable_ranks.extend([rank, rank]);
            streams.tee(at);
        }
        Op::Enqueue(..) | Op::CloseReadable(_) | Op::ErrorReadable(..) | Op::Respond(..)
            if !streams.has_controller(at) => {}
        Op::Respond(_, count) if streams.has_byob_request(at) => {
            let bytes: Vec<u8> = (0..count as u8).map(|nth| nth + 100).collect();
            let result = streams.respond(at, &bytes);
            thrown(streams, "respond", at, result);
        }
        Op::Read(_) if streams.has_reader(at) && !streams.is_byob(at) => {
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
        Op::WriteMany(_, count, first) if streams.has_writer(at) => {
            let chunks: Vec<Value> = (0..count)
                .map(|nth| Value::Chunk(first.wrapping_add(nth)))
                .collect();
            let promise = streams.write_many(at, &chunks);
            observe(streams, "writeMany", at, promise);
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
        let user = streams.user();
        match *stream {
            Cast::Readable(_) | Cast::Bytes(_) => user.readable_ranks.push(0),
            Cast::Writable(_) => user.writable_ranks.push(usize::MAX),
            Cast::Transform(_) => {
                user.readable_ranks.push(user.writable_ranks.len() + 1);
                user.writable_ranks.push(user.writable_ranks.len() + 1);
            }
        }
        match *stream {
            Cast::Readable(spec) => streams.new_readable(spec),
            Cast::Writable(spec) => streams.new_writable(spec),
            Cast::Transform(spec) => streams.new_transform(spec),
            Cast::Bytes(spec) => streams.new_bytes(spec),
        };
    }
}
