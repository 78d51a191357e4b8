//! [ReadableStreamPipeTo](https://streams.spec.whatwg.org/#readable-stream-pipe-to): what a pipe
//! does next.
//!
//! The host asks [`Pipe::next`] in a microtask whenever something changed (a held chunk was
//! written, the destination has room, an end was reached) and does what it says until the answer
//! is to wait. Chunks move in one burst as long as the destination has room.

use super::effect::pipe::*;
use super::effect::readable::PENDING;
use super::effect::writable::{BACKPRESSURE, CALL_WRITE, HOLD_WRITE, READY, RESOLVE_WRITE};
use super::effect::{PipeAnswer, PipeReport, ReadableEffects, WritableEffects};
use super::readable::Readable;
use super::writable::Writable;

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

/// Why a pipe is paused, for [`Pipe::pause`]: the queues of its pipeline hold too many bytes.
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

/// A pipe that has not finished. It is handed the machines of its two sides with each command that looks at them; one whose
/// machine has ended is `None`, and of a byte stream there is none to hand.
///
/// ```
/// use tidegate::core::effect::pipe::*;
/// use tidegate::core::pipe::{BYTE_SOURCE, Pipe};
/// use tidegate::core::writable::Writable;
///
/// let mut destination = Writable::new(1.0);
/// destination.started();
/// let mut pipe = Pipe::new(0, 0, BYTE_SOURCE);
/// assert_eq!(pipe.next(None, Some(&mut destination)).action(), READ);
/// ```
#[derive(Debug, Default)]
pub struct Pipe {
    state: u32,
    /// Why it is shutting down: one of the `BY_*` bits, or none.
    why: PipeAnswer,
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

impl Pipe {
    /// A new pipe. `*_end`: 0 open, 1 closed, 2 errored; `flags`: the `PREVENT_*` bits, [`BYTE_SOURCE`] and [`COUNTED`].
    pub fn new(source_end: u32, destination_end: u32, flags: u32) -> Self {
        Self {
            state: flags | source_bit(source_end) | destination_bit(destination_end),
            why: PipeAnswer::NONE,
        }
    }

    /// Whether its source is a byte stream.
    #[inline]
    pub(super) fn reads_bytes(&self) -> bool {
        self.state & BYTE_SOURCE != 0
    }

    /// Report: the source closed (1) or errored (2).
    pub fn source_ended(&mut self, end: u32) {
        self.state = self.state & !READING | source_bit(end);
    }

    /// Report: the destination closed (1) or errored (2).
    pub fn destination_ended(&mut self, end: u32) {
        self.state |= destination_bit(end);
    }

    /// Report: the read request was answered; the host holds the chunk. A byte source's host reports it.
    #[inline]
    pub fn fulfilled(&mut self) {
        self.hold();
    }

    /// Stops reading from the source for the reason `why`, one of the `PAUSE_*` bits, or withdraws that reason; the pipe reads
    /// while there is none. After a withdrawal the host asks [`Pipe::next`]. A chunk whose read is under way is written all
    /// the same, and an end shuts the pipe down all the same.
    pub fn pause(&mut self, why: u32, paused: bool) {
        let reason = (why << PAUSE_SHIFT) & PAUSED;
        self.state = if paused {
            self.state | reason
        } else {
            self.state & !reason
        };
    }

    /// What the pipe does next: an action of [`super::effect::pipe`]. With [`PipeAnswer::source`] of a `MOVE` that has `CLOSE`,
    /// the source's machine is at its end.
    pub fn next(
        &mut self,
        source: Option<&mut Readable>,
        destination: Option<&mut Writable>,
    ) -> PipeAnswer {
        if let Some(answer) = self.before_read(destination.as_deref()) {
            return answer;
        }
        self.go_on(source, destination)
    }

    fn go_on(
        &mut self,
        source: Option<&mut Readable>,
        destination: Option<&mut Writable>,
    ) -> PipeAnswer {
        if let Some(answer) = self.before_go_on() {
            return answer;
        }
        let Some(source) = source else {
            return WAIT;
        };
        let read = source.read();
        if read.has(PENDING) {
            return self.leave_request(read);
        }
        self.move_chunk(read, destination)
    }

    /// The first part of [`Pipe::next`]: the answer, where the destination has no room or the pipe is to end.
    #[inline]
    pub(super) fn before_read(&mut self, destination: Option<&Writable>) -> Option<PipeAnswer> {
        if self.state & (ENDED | SHUT_DOWN) != 0 {
            return Some(self.end(destination));
        }
        let Some(to) = destination else {
            return Some(WAIT);
        };
        if to.close_queued_or_in_flight() {
            return Some(self.end(destination));
        }
        to.holds_back().then_some(WAIT)
    }

    /// The second part, where the destination has room: the answer, where the pipe is not to read the source's machine.
    #[inline]
    pub(super) fn before_go_on(&mut self) -> Option<PipeAnswer> {
        if self.state & (PAUSED | READING | HOLDING) != 0 {
            return Some(WAIT);
        }
        if self.reads_bytes() {
            self.state |= READING;
            return Some(READ);
        }
        None
    }

    /// The last part, where the source answered the read with `PENDING`: a read request is left with it.
    #[inline]
    pub(super) fn leave_request(&mut self, read: ReadableEffects) -> PipeAnswer {
        self.state |= READING;
        READ.with_source(read)
    }

    /// The last part, where the source answered the read with a chunk.
    #[inline]
    pub(super) fn move_chunk(
        &mut self,
        read: ReadableEffects,
        destination: Option<&mut Writable>,
    ) -> PipeAnswer {
        (MOVE | self.take(destination)).with_source(read)
    }

    /// The pipe has got a chunk. Where its destination counts chunks, it is written here, and the answer is [`TAKEN`] with
    /// what becomes of it; else (nothing) the host holds it until it calls [`Pipe::write`].
    #[inline]
    fn take(&mut self, destination: Option<&mut Writable>) -> PipeAnswer {
        let Some(destination) = destination else {
            return self.hold();
        };
        if self.state & (COUNTED | SHUT_DOWN) != COUNTED || destination.refuses() {
            return self.hold();
        }
        self.state = self.state & !READING | WROTE;
        let effects = destination.write_ones(1);
        TAKEN
            | BEGIN.when(effects.has(CALL_WRITE))
            | HOLD.when(effects.has(HOLD_WRITE))
            | FULL.when(effects.has(BACKPRESSURE))
    }

    /// The chunk stays with the host.
    #[inline]
    fn hold(&mut self) -> PipeAnswer {
        self.state = self.state & !READING | HOLDING;
        PipeAnswer::NONE
    }

    /// Takes an enqueued chunk of `source`, whose queue is empty, and which has just had the pipe's read request answered:
    /// what [`ReadableEffects::delivery`] says. Where there is room for more, the pipe leaves another read request.
    #[inline]
    pub(super) fn deliver(
        &mut self,
        source: &mut Readable,
        destination: Option<&mut Writable>,
    ) -> PipeAnswer {
        let taken = self.take(destination);
        if taken & (TAKEN | FULL) == TAKEN && self.state & PAUSED == 0 {
            self.state |= READING;
            source.read_on();
        }
        taken
    }

    /// Writes a chunk that the pipe read and that has its size: the destination's effects, as [`Writable::write`] gives them.
    #[inline]
    pub fn write(&mut self, destination: Option<&mut Writable>, size: f64) -> WritableEffects {
        self.state = self.state & !HOLDING | WROTE;
        destination.map_or(WritableEffects::STALE, |to| to.write(size))
    }

    /// Report: the write that the destination has in flight fulfilled. Where it made room and nothing else is to be
    /// done, the answer is [`PipeReport::written`] with what [`Pipe::next`] says; else it is the destination's, as
    /// [`Writable::write_settled`] gives it.
    pub fn write_settled(
        &mut self,
        source: Option<&mut Readable>,
        destination: Option<&mut Writable>,
    ) -> PipeReport {
        let Some(to) = destination else {
            return PipeReport::STALE;
        };
        if let Some(report) = self.before_report(to) {
            return report;
        }
        PipeReport::of_pipe(self.go_on(source, Some(to)))
    }

    /// The first part of [`Pipe::write_settled`]: the report, unless the pipe goes on.
    #[inline]
    pub(super) fn before_report(&mut self, destination: &mut Writable) -> Option<PipeReport> {
        if self.state & SHUT_DOWN != 0 || destination.is_erroring() {
            return Some(PipeReport::of_destination(destination.write_settled()));
        }
        let effects = destination.settle_write();
        if effects == RESOLVE_WRITE {
            return Some(PipeReport::of_pipe(WAIT));
        }
        if effects != (RESOLVE_WRITE | READY) {
            return Some(PipeReport::of_destination(destination.route_write(effects)));
        }
        if self.state & ENDED != 0 {
            return Some(PipeReport::of_pipe(self.end(Some(destination))));
        }
        None
    }

    /// The signal fired. The host asks [`Pipe::next`] after it.
    pub fn signalled(&mut self, destination: Option<&Writable>) -> PipeAnswer {
        if self.why.is_none() {
            self.begin_shutdown(BY_SIGNAL, destination)
        } else {
            WAIT
        }
    }

    /// Shuts the pipe down, or goes on with that: one of its sides has ended, or its destination is closing.
    #[cold]
    #[inline(never)]
    fn end(&mut self, destination: Option<&Writable>) -> PipeAnswer {
        if !self.why.is_none() {
            return self.continue_shutdown(destination);
        }
        let why = match self.state & ENDED {
            ends if ends & SOURCE_ERRORED != 0 => BY_SOURCE_ERROR,
            ends if ends & DESTINATION_ERRORED != 0 => BY_DESTINATION_ERROR,
            ends if ends & SOURCE_CLOSED != 0 => BY_SOURCE_CLOSE,
            _ => BY_DESTINATION_CLOSE,
        };
        self.begin_shutdown(why, destination)
    }

    /// <https://streams.spec.whatwg.org/#rs-pipeTo-shutdown-with-action>
    fn begin_shutdown(&mut self, why: PipeAnswer, destination: Option<&Writable>) -> PipeAnswer {
        self.why = why;
        self.state |= SHUT_DOWN;
        if destination.is_some_and(|to| !to.refuses()) {
            self.state |= DRAINS;
            return BEGIN_DRAINING | why;
        }
        self.continue_shutdown(destination)
    }

    fn continue_shutdown(&mut self, destination: Option<&Writable>) -> PipeAnswer {
        if self.state & ACTED != 0 {
            return WAIT;
        }
        let unfinished = destination.map_or(0, Writable::unfinished_writes);
        let is_unfinished =
            self.state & HOLDING != 0 || (self.state & WROTE != 0 && unfinished > 0);
        if self.state & DRAINS != 0 && is_unfinished {
            return DRAINING;
        }
        self.state |= ACTED;
        let prevented = |flag| self.state & flag != 0;
        let action = match self.why {
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
        action | self.why
    }
}
