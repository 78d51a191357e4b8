//! What programs are made of: calls, callbacks, what these do, and what user code gets to see.
use std::fmt;

use super::realm::Value;

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
    /// The same in one of the ways the package has.
    PipeAs(PipeStyle, usize, usize, u32),
    /// What the memory limit of a pipeline does to a pipe.
    Pause(usize),
    Resume(usize),
    ReadMany(usize),
    /// The same where a chunk is queued: how many chunks come together later is open where they come through pipes.
    ReadQueued(usize),
    /// The stream, how many chunks, and the first of them.
    WriteMany(usize, u8, u8),
    Tee(usize),
    GetByobReader(usize),
    /// The stream, how many elements of how many bytes, and at least how many.
    ReadInto(usize, usize, usize, usize),
    /// So many bytes into the `byobRequest`.
    Respond(usize, usize),
    Signal(usize, u8),
    /// In a `pull()` or a `transform()`: enqueues so many chunks, of which this is the first, with its own controller.
    Give(u8, u8),
    /// Settles the oldest pending promise that a callback returned: fulfilled, or rejected with the reason.
    Settle(Callback, Option<u8>),
    /// The same for one of the callbacks that wait for it.
    SettleAny(usize, Option<u8>),
}

/// The ways a pipe is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PipeStyle {
    /// `pipeTo()`.
    Plain,
    /// One that tells of every chunk.
    Watched,
    /// With no microtask before the first chunk.
    AtOnce,
    /// One that gives the thread back after a few chunks.
    Yields,
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
    /// A promise that nothing settles.
    Never,
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

/// A byte stream's strategy and source; `auto_allocate` 0: it allocates nothing by itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BytesSpec {
    pub high_water_mark: f64,
    pub auto_allocate: usize,
    pub has_start: bool,
}

/// A stream to make at the start of a program.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cast {
    Readable(Spec),
    Writable(Spec),
    Transform(TransformSpec),
    Bytes(BytesSpec),
}

impl Callback {
    pub fn is_size(self) -> bool {
        matches!(self, Self::ReadableSize(_) | Self::WritableSize(_))
    }

    pub fn place(self) -> (usize, usize) {
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
