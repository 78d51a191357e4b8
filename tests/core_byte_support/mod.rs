//! Two byte streams that are driven by the same steps: a host over the core, which carries out the
//! core's answers on real bytes, and a deliberately naive model that follows the standard's text.
#![allow(dead_code)]

pub mod host;
pub mod model;

/// What a reader's request got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Bytes of a chunk.
    Chunk(Vec<u8>),
    /// The end, with the bytes of the view that comes back from a BYOB read; `None` without a view.
    Done(Option<Vec<u8>>),
    /// An error: the stream's, or that the reader was released.
    Failed,
}

/// What a call brings about, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Answer(u32, Answer),
    Pull,
    Closed,
    Errored,
}

/// Why a call threw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The standard throws a TypeError.
    Type,
    /// The standard throws a RangeError.
    Range,
}

/// Which reader holds the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    None,
    Default,
    Byob,
}

/// The stream's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Readable,
    Closed,
    Errored,
}

/// A read into a buffer of `elements * element_size` bytes at `byte_offset`.
#[derive(Debug, Clone, Copy)]
pub struct ReadInto {
    pub byte_offset: usize,
    pub elements: usize,
    pub element_size: usize,
    pub min: usize,
}

impl ReadInto {
    pub fn byte_length(&self) -> usize {
        self.elements * self.element_size
    }

    /// The buffer is one byte longer than what the view needs.
    pub fn buffer_length(&self) -> usize {
        self.byte_offset + self.byte_length() + 1
    }
}

/// Everything that can be seen of a byte stream, whichever of the two it is.
pub trait ByteStream {
    fn started(&mut self);
    fn pull_settled(&mut self);
    fn acquire(&mut self, reader: Reader);
    fn release(&mut self);
    fn read(&mut self, request: u32);
    fn read_into(&mut self, request: u32, read: ReadInto);
    fn enqueue(&mut self, bytes: &[u8]) -> Result<(), Refusal>;
    /// Writes `bytes` to where the byobRequest's view begins, then responds.
    fn respond(&mut self, bytes: &[u8]) -> Result<(), Refusal>;
    /// Responds with a view of `bytes` at `byte_offset` of a buffer of `buffer_length` bytes.
    fn respond_with_view(
        &mut self,
        bytes: &[u8],
        byte_offset: usize,
        buffer_length: usize,
    ) -> Result<(), Refusal>;
    fn close(&mut self) -> Result<(), Refusal>;
    fn error(&mut self);
    fn cancel(&mut self);
    fn state(&self) -> State;
    fn reader(&self) -> Reader;
    fn pulling(&self) -> bool;
    fn pulls(&self) -> u32;
    fn desired_size(&self) -> f64;
    /// Offset in the buffer and length of the byobRequest's view.
    fn byob_request(&self) -> Option<(usize, usize)>;
    /// The buffer's length of the byobRequest's view.
    fn byob_buffer_length(&self) -> usize;
    /// Answers so far, by request, in the order of the requests.
    fn answers(&self) -> &[(u32, Answer)];
}
