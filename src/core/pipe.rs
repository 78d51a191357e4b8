//! [ReadableStreamPipeTo](https://streams.spec.whatwg.org/#readable-stream-pipe-to): what a pipe
//! does next.
//!
//! The host asks [`Core::pipe_next`] in a microtask whenever something changed (a held chunk was
//! written, the destination has room, an end was reached) and does what it says until the answer
//! is to wait. Chunks move in one burst as long as the destination has room.
use super::effect::pipe::*;
use super::effect::readable::{CLOSE, PENDING};
use super::effect::writable::{BACKPRESSURE, CALL_WRITE, HOLD_WRITE, READY, RESOLVE_WRITE};
use super::effect::{Effects, STALE};
use super::id::Slab;
use super::readable::Readable;
use super::transform::{Transform, route_pull, route_write};
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

/// How one side of a pipe stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Open,
    Closed,
    Errored,
}

impl End {
    fn from_code(code: u32) -> Self {
        match code {
            0 => Self::Open,
            1 => Self::Closed,
            _ => Self::Errored,
        }
    }
}

/// A pipe that has not finished.
#[derive(Debug)]
pub struct Pipe {
    source: Id,
    destination: Id,
    flags: u32,
    source_end: End,
    destination_end: End,
    /// A read request is with the source.
    reading: bool,
    /// A chunk was read and not yet written.
    holding: bool,
    /// At least one chunk was written, so that the last unfinished write is the pipe's own.
    wrote: bool,
    /// Why it is shutting down: one of the `BY_*` bits, or 0.
    shutdown: Effects,
    /// The shutdown waits until what was read has been written, whatever becomes of the destination
    /// meanwhile.
    draining: bool,
    acted: bool,
    /// The host asked it to move nothing for now. An end is seen all the same.
    paused: bool,
}

/// What became of the report that a write of a pipe is done.
enum Settled {
    Answer(Effects),
    /// The report is this destination's alone, which is in no state to be written to any more.
    ByDestination(Id),
    /// Reported; the pipe's shutdown begins.
    AtEnd,
}

impl Pipe {
    /// Why it is to end, if one of its sides has.
    #[inline]
    fn end(&self) -> Option<Effects> {
        match (self.source_end, self.destination_end) {
            (End::Open, End::Open) => None,
            (End::Errored, _) => Some(BY_SOURCE_ERROR),
            (_, End::Errored) => Some(BY_DESTINATION_ERROR),
            (End::Closed, _) => Some(BY_SOURCE_CLOSE),
            _ => Some(BY_DESTINATION_CLOSE),
        }
    }

    /// The next step of a pipe. None where it has to shut down before it.
    #[inline]
    fn go_on(
        &mut self,
        destination: &mut Writable,
        readables: &mut Slab<Readable>,
        transforms: &mut Slab<Transform>,
    ) -> Option<Effects> {
        if destination.close_queued_or_in_flight() {
            return None;
        }
        if self.paused
            || self.reading
            || self.holding
            || destination.is_erroring()
            || destination.has_backpressure()
        {
            return Some(WAIT);
        }
        if self.flags & BYTE_SOURCE != 0 {
            self.reading = true;
            return Some(READ);
        }
        let Some(source) = readables.get_mut(self.source) else {
            return Some(WAIT);
        };
        let read = source.read();
        let read = route_pull(transforms, source.transform, read);
        if read & PENDING != 0 {
            self.reading = true;
            return Some(READ | read << SOURCE_SHIFT);
        }
        if read & CLOSE != 0 {
            readables.remove(self.source);
        }
        let taken = self.take(destination, transforms);
        Some(MOVE | taken | read << SOURCE_SHIFT)
    }

    /// The write that the destination has in flight fulfilled.
    #[inline]
    fn write_settled(
        &mut self,
        writables: &mut Slab<Writable>,
        readables: &mut Slab<Readable>,
        transforms: &mut Slab<Transform>,
    ) -> Settled {
        let Some(destination) = writables.get_mut(self.destination) else {
            return Settled::Answer(STALE);
        };
        if self.shutdown != 0 || destination.is_erroring() {
            return Settled::ByDestination(self.destination);
        }
        let effects = destination.write_settled();
        if effects == RESOLVE_WRITE {
            return Settled::Answer(WRITTEN | WAIT);
        }
        if effects != RESOLVE_WRITE | READY {
            return Settled::Answer(route_write(transforms, destination.transform, effects));
        }
        if self.end().is_some() {
            return Settled::AtEnd;
        }
        match self.go_on(destination, readables, transforms) {
            Some(next) => Settled::Answer(WRITTEN | next),
            None => Settled::AtEnd,
        }
    }

    /// The pipe has got a chunk. Where its destination counts chunks, it is written here, and the answer is [`TAKEN`] with
    /// what becomes of it; else (0) the host holds it until it calls [`Core::pipe_write`].
    #[inline]
    fn take(&mut self, destination: &mut Writable, transforms: &mut Slab<Transform>) -> Effects {
        self.reading = false;
        if self.flags & COUNTED == 0 || self.shutdown != 0 || destination.refuses() {
            self.holding = true;
            return 0;
        }
        self.wrote = true;
        let effects = destination.write_ones(1);
        let effects = route_write(transforms, destination.transform, effects);
        let mut answer = TAKEN;
        if effects & CALL_WRITE != 0 {
            answer |= BEGIN;
        }
        if effects & HOLD_WRITE != 0 {
            answer |= HOLD;
        }
        if effects & BACKPRESSURE != 0 {
            answer |= FULL;
        }
        answer
    }
}

/// Hands an enqueued chunk to the pipe that reads `source`, whose queue is empty, and has just had its read request answered:
/// what [`Pipe::take`] says. Where there is room for more, the pipe leaves another read request.
#[inline]
pub(crate) fn deliver(
    pipes: &mut Slab<Pipe>,
    writables: &mut Slab<Writable>,
    transforms: &mut Slab<Transform>,
    source: &mut Readable,
) -> Effects {
    let Some(pipe) = pipes.get_mut(source.pipe) else {
        return 0;
    };
    let Some(destination) = writables.get_mut(pipe.destination) else {
        pipe.reading = false;
        pipe.holding = true;
        return 0;
    };
    let taken = pipe.take(destination, transforms);
    if taken & (TAKEN | FULL) == TAKEN && !pipe.paused {
        pipe.reading = true;
        source.read_on();
    }
    taken
}

impl Core {
    /// A new pipe between two streams that the host has locked. `*_end`: 0 open, 1 closed,
    /// 2 errored; `flags`: the `PREVENT_*` bits, [`BYTE_SOURCE`] and [`COUNTED`].
    pub fn pipe_new(
        &mut self,
        source: Id,
        source_end: u32,
        destination: Id,
        destination_end: u32,
        flags: u32,
    ) -> Id {
        let id = self.pipes.insert(Pipe {
            source,
            destination,
            flags,
            source_end: End::from_code(source_end),
            destination_end: End::from_code(destination_end),
            reading: false,
            holding: false,
            wrote: false,
            shutdown: 0,
            draining: false,
            acted: false,
            paused: false,
        });
        // A byte stream's id is of another kind, and may be that of an unrelated readable.
        if flags & BYTE_SOURCE == 0
            && let Some(stream) = self.readables.get_mut(source)
        {
            stream.pipe = id;
        }
        id
    }

    /// The pipe has finished; its read request, if one is left, is withdrawn (from a byte stream by
    /// the host).
    pub fn pipe_free(&mut self, id: Id) {
        if let Some(pipe) = self.pipes.remove(id)
            && pipe.flags & BYTE_SOURCE == 0
        {
            self.readable_release(pipe.source);
            if let Some(stream) = self.readables.get_mut(pipe.source) {
                stream.pipe = 0;
            }
        }
    }

    /// Report: the source closed (1) or errored (2).
    pub fn pipe_source_ended(&mut self, id: Id, end: u32) {
        if let Some(pipe) = self.pipes.get_mut(id) {
            pipe.source_end = End::from_code(end);
            pipe.reading = false;
        }
    }

    /// Report: the destination closed (1) or errored (2).
    pub fn pipe_destination_ended(&mut self, id: Id, end: u32) {
        if let Some(pipe) = self.pipes.get_mut(id) {
            pipe.destination_end = End::from_code(end);
        }
    }

    /// The read request was answered; the host holds the chunk. A byte source's host reports it.
    #[inline]
    pub fn pipe_fulfilled(&mut self, id: Id) {
        if let Some(pipe) = self.pipes.get_mut(id) {
            pipe.reading = false;
            pipe.holding = true;
        }
    }

    /// Writes a chunk that the pipe read and that has its size: the destination's effects, as
    /// [`Core::writable_write`] gives them.
    #[inline]
    pub fn pipe_write(&mut self, id: Id, size: f64) -> Effects {
        match self.pipes.get_mut(id) {
            Some(pipe) => {
                pipe.holding = false;
                pipe.wrote = true;
                let destination = pipe.destination;
                self.writable_write(destination, size)
            }
            None => STALE,
        }
    }

    /// Report: the write that the destination has in flight fulfilled. Where it made room and nothing else is to be
    /// done, the answer is [`WRITTEN`] with what [`Core::pipe_next`] says; else it is the destination's, as
    /// [`Core::writable_write_settled`] gives it.
    #[inline]
    pub fn pipe_write_settled(&mut self, id: Id) -> Effects {
        let Some(pipe) = self.pipes.get_mut(id) else {
            return STALE;
        };
        let settled = pipe.write_settled(
            &mut self.writables,
            &mut self.readables,
            &mut self.transforms,
        );
        self.after_write(id, settled)
    }

    #[inline]
    fn after_write(&mut self, id: Id, settled: Settled) -> Effects {
        match settled {
            Settled::Answer(answer) => answer,
            Settled::ByDestination(destination) => self.writable_write_settled(destination),
            Settled::AtEnd => WRITTEN | self.end(id),
        }
    }

    /// Report: the source's pull has fulfilled, then the write that the destination has in flight. The answer is that of
    /// [`Core::pipe_write_settled`] with the effects of the pull's end, shifted by [`SOURCE_SHIFT`]: at most one of
    /// `CALL_PULL` and `WAKE_WRITE`, so that they fit beside a destination's effects too. Not for a [`BYTE_SOURCE`], whose
    /// id is of another kind: that is answered with [`STALE`], and nothing is reported.
    #[inline]
    pub fn pipe_turned(&mut self, id: Id) -> Effects {
        let Some(pipe) = self.pipes.get_mut(id) else {
            return STALE;
        };
        if pipe.flags & BYTE_SOURCE != 0 {
            return STALE;
        }
        let pulled = match self.readables.get_mut(pipe.source) {
            Some(source) => {
                let effects = source.pull_settled();
                route_pull(&mut self.transforms, source.transform, effects)
            }
            None => 0,
        };
        let settled = pipe.write_settled(
            &mut self.writables,
            &mut self.readables,
            &mut self.transforms,
        );
        self.after_write(id, settled) | pulled << SOURCE_SHIFT
    }

    /// The signal fired. The host asks [`Core::pipe_next`] after it.
    pub fn pipe_signalled(&mut self, id: Id) -> Effects {
        match self.pipes.get_mut(id) {
            Some(pipe) if pipe.shutdown == 0 => self.begin_shutdown(id, BY_SIGNAL),
            Some(_) => WAIT,
            None => STALE,
        }
    }

    /// Stops reading from the source, or goes on; then the host asks [`Core::pipe_next`]. A chunk whose read is under way is
    /// written all the same, and an end shuts the pipe down all the same.
    pub fn pipe_pause(&mut self, id: Id, paused: bool) {
        if let Some(pipe) = self.pipes.get_mut(id) {
            pipe.paused = paused;
        }
    }

    /// What the pipe does next: an action of [`super::effect::pipe`].
    #[inline]
    pub fn pipe_next(&mut self, id: Id) -> Effects {
        let Some(pipe) = self.pipes.get_mut(id) else {
            return STALE;
        };
        if pipe.shutdown != 0 || pipe.end().is_some() {
            return self.end(id);
        }
        let Some(destination) = self.writables.get_mut(pipe.destination) else {
            return WAIT;
        };
        match pipe.go_on(destination, &mut self.readables, &mut self.transforms) {
            Some(answer) => answer,
            None => self.end(id),
        }
    }

    /// Shuts the pipe down, or goes on with that: one of its sides has ended, or its destination is closing.
    #[cold]
    #[inline(never)]
    fn end(&mut self, id: Id) -> Effects {
        match self.pipes.get_mut(id) {
            Some(pipe) if pipe.shutdown != 0 => self.continue_shutdown(id),
            Some(pipe) => {
                let why = pipe.end().unwrap_or(BY_DESTINATION_CLOSE);
                self.begin_shutdown(id, why)
            }
            None => STALE,
        }
    }

    /// <https://streams.spec.whatwg.org/#rs-pipeTo-shutdown-with-action>
    fn begin_shutdown(&mut self, id: Id, why: Effects) -> Effects {
        let Some(pipe) = self.pipes.get_mut(id) else {
            return STALE;
        };
        pipe.shutdown = why;
        pipe.draining = self
            .writables
            .get(pipe.destination)
            .is_some_and(|to| !to.is_erroring() && !to.close_queued_or_in_flight());
        if pipe.draining {
            return BEGIN_DRAINING | why;
        }
        self.continue_shutdown(id)
    }

    fn continue_shutdown(&mut self, id: Id) -> Effects {
        let Some(pipe) = self.pipes.get_mut(id) else {
            return STALE;
        };
        if pipe.acted {
            return WAIT;
        }
        let unfinished = self
            .writables
            .get(pipe.destination)
            .map_or(0, |destination| destination.unfinished_writes());
        if pipe.draining && (pipe.holding || (pipe.wrote && unfinished > 0)) {
            return DRAINING;
        }
        pipe.acted = true;
        let prevented = |flag| pipe.flags & flag != 0;
        let action = match pipe.shutdown {
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
        action | pipe.shutdown
    }
}
