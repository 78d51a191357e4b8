//! [ReadableStreamPipeTo](https://streams.spec.whatwg.org/#readable-stream-pipe-to): what a pipe
//! does next.
//!
//! The host asks [`Core::pipe_next`] in a microtask whenever something changed (a held chunk was
//! written, the destination has room, an end was reached) and does what it says until the answer
//! is to wait. Chunks move in one burst as long as the destination has room.
use super::byte_source::ByteSource;
use super::effect::pipe::*;
use super::effect::readable::{CLOSE, PENDING};
use super::effect::writable::{BACKPRESSURE, CALL_WRITE, HOLD_WRITE, READY, RESOLVE_WRITE};
use super::effect::{ReadableEffects, WritableEffects};
use super::id::{Ref, Slab};
use super::readable::Readable;
use super::writable::Writable;
use super::{Core, Id};

/// Do not close the destination when the source closes.
pub const PREVENT_CLOSE: u32 = 1;
/// Do not abort the destination when the source errors or the signal fires.
pub const PREVENT_ABORT: u32 = 2;
/// Do not cancel the source when the destination ends or the signal fires.
pub const PREVENT_CANCEL: u32 = 4;
/// The source is a byte stream: the host itself carries out the read that [`READ`] asks for.
pub const BYTE_SOURCE: u32 = 8;
/// The destination counts chunks, so that one needs no size and is written by the call that hands it to the pipe.
pub const COUNTED: u32 = 16;

/// Why a pipe is paused, for [`Core::pipe_pause`]: the queues of its pipeline hold too many bytes.
pub const PAUSE_MEMORY: u32 = 1;
/// It waits for its next turn, as the thread has to be given back.
pub const PAUSE_TURN: u32 = 2;

/// Bits of [`Pipe::state`], beside the flags above. In one word, as most questions are about several.
/// A read request is with the source.
const READING: u32 = 1 << 5;
/// A chunk was read and not yet written.
const HOLDING: u32 = 1 << 6;
const SOURCE_CLOSED: u32 = 1 << 8;
const SOURCE_ERRORED: u32 = 1 << 9;
const DESTINATION_CLOSED: u32 = 1 << 10;
const DESTINATION_ERRORED: u32 = 1 << 11;
const ENDED: u32 = SOURCE_CLOSED | SOURCE_ERRORED | DESTINATION_CLOSED | DESTINATION_ERRORED;
/// The shutdown has begun.
const SHUT_DOWN: u32 = 1 << 12;
/// The shutdown waits until what was read has been written, whatever becomes of the destination meanwhile.
const DRAINS: u32 = 1 << 13;
/// The shutdown's action has been asked for.
const ACTED: u32 = 1 << 14;
/// At least one chunk was written, so that the last unfinished write is the pipe's own.
const WROTE: u32 = 1 << 15;
/// The host asked it to move nothing for now, for one or more of the `PAUSE_*` reasons. An end is seen all the same.
const PAUSED: u32 = (PAUSE_MEMORY | PAUSE_TURN) << PAUSE_SHIFT;
const PAUSE_SHIFT: u32 = 16;

/// What a pipe reads: a default stream, whose reads and pulls the pipe decides, or a byte stream, whose reads the host carries
/// out.
#[derive(Debug, Clone, Copy)]
pub struct PipeSource {
    /// Of a byte stream, nothing that could be looked up.
    readable: Id<Readable>,
    kind: u32,
}

impl PipeSource {
    /// The stream whose id crossed to the host as `bits`: a byte stream with [`BYTE_SOURCE`] among `flags`, else a default one.
    #[inline]
    pub const fn from_bits(bits: u32, flags: u32) -> Self {
        Self {
            readable: Id::from_bits(bits),
            kind: flags & BYTE_SOURCE,
        }
    }
}

impl From<Id<Readable>> for PipeSource {
    #[inline]
    fn from(readable: Id<Readable>) -> Self {
        Self { readable, kind: 0 }
    }
}

impl From<Id<ByteSource>> for PipeSource {
    #[inline]
    fn from(id: Id<ByteSource>) -> Self {
        Self::from_bits(id.bits(), BYTE_SOURCE)
    }
}

/// A pipe that has not finished.
#[derive(Debug, Default)]
pub struct Pipe {
    /// None where it is a byte stream, whose ids are of another kind.
    source: Ref<Readable>,
    destination: Ref<Writable>,
    state: u32,
    /// Why it is shutting down: one of the `BY_*` bits, or none.
    why: PipeAnswer,
}

impl Pipe {
    /// Why it is to end, if one of its sides has.
    fn end(&self) -> Option<PipeAnswer> {
        match self.state & ENDED {
            0 => None,
            ends if ends & SOURCE_ERRORED != 0 => Some(BY_SOURCE_ERROR),
            ends if ends & DESTINATION_ERRORED != 0 => Some(BY_DESTINATION_ERROR),
            ends if ends & SOURCE_CLOSED != 0 => Some(BY_SOURCE_CLOSE),
            _ => Some(BY_DESTINATION_CLOSE),
        }
    }

    /// The next step of a pipe whose destination has room.
    #[inline]
    fn go_on(
        &mut self,
        writables: &mut Slab<Writable>,
        readables: &mut Slab<Readable>,
    ) -> PipeAnswer {
        if self.state & (PAUSED | READING | HOLDING) != 0 {
            return WAIT;
        }
        if self.state & BYTE_SOURCE != 0 {
            self.state |= READING;
            return READ;
        }
        let Some(source) = readables.at_mut(self.source) else {
            return WAIT;
        };
        let read = source.read();
        let read = source.route_pull(writables, read);
        if read.has(PENDING) {
            self.state |= READING;
            return READ.with_source(read);
        }
        if read.has(CLOSE) {
            let source = readables.id_at(self.source);
            readables.remove(source);
        }
        let taken = match writables.at_mut(self.destination) {
            Some(destination) => self.take(destination),
            None => self.hold(),
        };
        (MOVE | taken).with_source(read)
    }

    /// The pipe has got a chunk. Where its destination counts chunks, it is written here, and the answer is [`TAKEN`] with
    /// what becomes of it; else (nothing) the host holds it until it calls [`Core::pipe_write`].
    #[inline]
    fn take(&mut self, destination: &mut Writable) -> PipeAnswer {
        if self.state & (COUNTED | SHUT_DOWN) != COUNTED || destination.refuses() {
            return self.hold();
        }
        self.state = self.state & !READING | WROTE;
        let effects = destination.write_ones(1);
        let effects = destination.route_write(effects);
        TAKEN
            | BEGIN.when(effects.has(CALL_WRITE))
            | HOLD.when(effects.has(HOLD_WRITE))
            | FULL.when(effects.has(BACKPRESSURE))
    }

    /// The chunk stays with the host.
    fn hold(&mut self) -> PipeAnswer {
        self.state = self.state & !READING | HOLDING;
        PipeAnswer::NONE
    }
}

/// Hands an enqueued chunk to the pipe that reads `source`, whose queue is empty, and has just had its read request answered:
/// what [`Pipe::take`] says. Where there is room for more, the pipe leaves another read request.
#[inline]
pub(crate) fn deliver(
    pipes: &mut Slab<Pipe>,
    writables: &mut Slab<Writable>,
    source: &mut Readable,
) -> PipeAnswer {
    let Some(pipe) = pipes.at_mut(source.pipe) else {
        return PipeAnswer::NONE;
    };
    let Some(destination) = writables.at_mut(pipe.destination) else {
        return pipe.hold();
    };
    let taken = pipe.take(destination);
    if taken & (TAKEN | FULL) == TAKEN && pipe.state & PAUSED == 0 {
        pipe.state |= READING;
        source.read_on();
    }
    taken
}

/// The bit of [`Pipe::state`] for how the source stands: 0 open, 1 closed, 2 errored.
fn source_bit(end: u32) -> u32 {
    match end {
        0 => 0,
        1 => SOURCE_CLOSED,
        _ => SOURCE_ERRORED,
    }
}

/// The same of the destination.
fn destination_bit(end: u32) -> u32 {
    source_bit(end) << 2
}

impl Core {
    /// A new pipe between two streams that the host has locked. `*_end`: 0 open, 1 closed,
    /// 2 errored; `flags`: the `PREVENT_*` bits and [`COUNTED`]. None when there is no slot left.
    #[inline]
    pub fn pipe_new(
        &mut self,
        source: impl Into<PipeSource>,
        source_end: u32,
        destination: Id<Writable>,
        destination_end: u32,
        flags: u32,
    ) -> Id<Pipe> {
        let PipeSource { readable, kind } = source.into();
        let source = if kind == 0 {
            self.readables.reference(readable)
        } else {
            Ref::default()
        };
        let flags = flags & !BYTE_SOURCE | kind;
        let id = self.pipes.insert(Pipe {
            source,
            destination: self.writables.reference(destination),
            state: flags | source_bit(source_end) | destination_bit(destination_end),
            why: PipeAnswer::NONE,
        });
        let pipe = self.pipes.reference(id);
        if let Some(stream) = self.readables.at_mut(source) {
            stream.pipe = pipe;
        }
        id
    }

    /// The pipe has finished; its read request, if one is left, is withdrawn (from a byte stream by
    /// the host).
    pub fn pipe_free(&mut self, id: Id<Pipe>) {
        if let Some(pipe) = self.pipes.remove(id)
            && let Some(stream) = self.readables.at_mut(pipe.source)
        {
            stream.release();
            stream.pipe = Ref::default();
        }
    }

    /// Report: the source closed (1) or errored (2).
    pub fn pipe_source_ended(&mut self, id: Id<Pipe>, end: u32) {
        if let Some(pipe) = self.pipes.get_mut(id) {
            pipe.state = pipe.state & !READING | source_bit(end);
        }
    }

    /// Report: the destination closed (1) or errored (2).
    pub fn pipe_destination_ended(&mut self, id: Id<Pipe>, end: u32) {
        if let Some(pipe) = self.pipes.get_mut(id) {
            pipe.state |= destination_bit(end);
        }
    }

    /// The read request was answered; the host holds the chunk. A byte source's host reports it.
    #[inline]
    pub fn pipe_fulfilled(&mut self, id: Id<Pipe>) {
        if let Some(pipe) = self.pipes.get_mut(id) {
            pipe.state = pipe.state & !READING | HOLDING;
        }
    }

    /// Writes a chunk that the pipe read and that has its size: the destination's effects, as
    /// [`Core::writable_write`] gives them.
    #[inline]
    pub fn pipe_write(&mut self, id: Id<Pipe>, size: f64) -> WritableEffects {
        match self.pipes.get_mut(id) {
            Some(pipe) => {
                pipe.state = pipe.state & !HOLDING | WROTE;
                let destination = self.writables.id_at(pipe.destination);
                self.writable_write(destination, size)
            }
            None => WritableEffects::STALE,
        }
    }

    /// Report: the write that the destination has in flight fulfilled. Where it made room and nothing else is to be
    /// done, the answer is [`WRITTEN`] with what [`Core::pipe_next`] says; else it is the destination's, as
    /// [`Core::writable_write_settled`] gives it.
    #[inline]
    pub fn pipe_write_settled(&mut self, id: Id<Pipe>) -> PipeReport {
        let Some(pipe) = self.pipes.get_mut(id) else {
            return PipeReport::STALE;
        };
        let Some(destination) = self.writables.at_mut(pipe.destination) else {
            return PipeReport::STALE;
        };
        if pipe.state & SHUT_DOWN != 0 || destination.is_erroring() {
            let destination = self.writables.id_at(pipe.destination);
            return PipeReport::of_destination(self.writable_write_settled(destination));
        }
        let effects = destination.write_settled();
        if effects == RESOLVE_WRITE {
            return PipeReport::of_pipe(WAIT);
        }
        if effects != (RESOLVE_WRITE | READY) {
            return PipeReport::of_destination(destination.route_write(effects));
        }
        if pipe.state & ENDED != 0 {
            return PipeReport::of_pipe(self.end(id));
        }
        PipeReport::of_pipe(pipe.go_on(&mut self.writables, &mut self.readables))
    }

    /// Report: the source's pull has fulfilled, then the write that the destination has in flight. The answer is that of
    /// [`Core::pipe_write_settled`] with the effects of the pull's end: at most one of
    /// `CALL_PULL` and `WAKE_WRITE`, so that they fit beside a destination's effects too. Not for a [`BYTE_SOURCE`], whose
    /// id is of another kind: that is answered with [`STALE`], and nothing is reported.
    #[inline]
    pub fn pipe_turned(&mut self, id: Id<Pipe>) -> PipeReport {
        let Some(pipe) = self.pipes.get_mut(id) else {
            return PipeReport::STALE;
        };
        if pipe.state & BYTE_SOURCE != 0 {
            return PipeReport::STALE;
        }
        let pulled = match self.readables.at_mut(pipe.source) {
            Some(source) => {
                let effects = source.pull_settled();
                source.route_pull(&mut self.writables, effects)
            }
            None => ReadableEffects::NONE,
        };
        self.pipe_write_settled(id).with_pulled(pulled)
    }

    /// The signal fired. The host asks [`Core::pipe_next`] after it.
    pub fn pipe_signalled(&mut self, id: Id<Pipe>) -> PipeAnswer {
        match self.pipes.get_mut(id) {
            Some(pipe) if pipe.why.is_none() => self.begin_shutdown(id, BY_SIGNAL),
            Some(_) => WAIT,
            None => STALE,
        }
    }

    /// Stops reading from the source for the reason `why`, one of the `PAUSE_*` bits, or withdraws that reason; the pipe reads
    /// while there is none. After a withdrawal the host asks [`Core::pipe_next`]. A chunk whose read is under way is written all
    /// the same, and an end shuts the pipe down all the same.
    pub fn pipe_pause(&mut self, id: Id<Pipe>, why: u32, paused: bool) {
        if let Some(pipe) = self.pipes.get_mut(id) {
            let reason = (why << PAUSE_SHIFT) & PAUSED;
            pipe.state = if paused {
                pipe.state | reason
            } else {
                pipe.state & !reason
            };
        }
    }

    /// What the pipe does next: an action of [`super::effect::pipe`].
    #[inline]
    pub fn pipe_next(&mut self, id: Id<Pipe>) -> PipeAnswer {
        let Some(pipe) = self.pipes.get_mut(id) else {
            return STALE;
        };
        if pipe.state & (ENDED | SHUT_DOWN) != 0 {
            return self.end(id);
        }
        let Some(destination) = self.writables.at(pipe.destination) else {
            return WAIT;
        };
        if destination.close_queued_or_in_flight() {
            return self.end(id);
        }
        if destination.holds_back() {
            return WAIT;
        }
        pipe.go_on(&mut self.writables, &mut self.readables)
    }

    /// Shuts the pipe down, or goes on with that: one of its sides has ended, or its destination is closing.
    #[cold]
    #[inline(never)]
    fn end(&mut self, id: Id<Pipe>) -> PipeAnswer {
        match self.pipes.get_mut(id) {
            Some(pipe) if !pipe.why.is_none() => self.continue_shutdown(id),
            Some(pipe) => {
                let why = pipe.end().unwrap_or(BY_DESTINATION_CLOSE);
                self.begin_shutdown(id, why)
            }
            None => STALE,
        }
    }

    /// <https://streams.spec.whatwg.org/#rs-pipeTo-shutdown-with-action>
    fn begin_shutdown(&mut self, id: Id<Pipe>, why: PipeAnswer) -> PipeAnswer {
        let Some(pipe) = self.pipes.get_mut(id) else {
            return STALE;
        };
        pipe.why = why;
        pipe.state |= SHUT_DOWN;
        if self
            .writables
            .at(pipe.destination)
            .is_some_and(|to| !to.refuses())
        {
            pipe.state |= DRAINS;
            return BEGIN_DRAINING | why;
        }
        self.continue_shutdown(id)
    }

    fn continue_shutdown(&mut self, id: Id<Pipe>) -> PipeAnswer {
        let Some(pipe) = self.pipes.get_mut(id) else {
            return STALE;
        };
        if pipe.state & ACTED != 0 {
            return WAIT;
        }
        let unfinished = self
            .writables
            .at(pipe.destination)
            .map_or(0, |destination| destination.unfinished_writes());
        let is_unfinished =
            pipe.state & HOLDING != 0 || (pipe.state & WROTE != 0 && unfinished > 0);
        if pipe.state & DRAINS != 0 && is_unfinished {
            return DRAINING;
        }
        pipe.state |= ACTED;
        let prevented = |flag| pipe.state & flag != 0;
        let action = match pipe.why {
            BY_SOURCE_ERROR if prevented(PREVENT_ABORT) => FINISH,
            BY_SOURCE_ERROR => ABORT_DESTINATION,
            BY_DESTINATION_ERROR if prevented(PREVENT_CANCEL) => FINISH,
            BY_DESTINATION_ERROR => CANCEL_SOURCE,
            BY_SOURCE_CLOSE if prevented(PREVENT_CLOSE) => FINISH,
            BY_SOURCE_CLOSE => CLOSE_DESTINATION,
            BY_DESTINATION_CLOSE if prevented(PREVENT_CANCEL) => FINISH,
            BY_DESTINATION_CLOSE => CANCEL_CLOSED,
            _ => ABORT_BOTH,
        };
        action | pipe.why
    }
}
