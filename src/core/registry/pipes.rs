//! The commands of pipes.
use super::Core;
use super::joins::JoinedPipe;
use crate::core::byte_readable::ByteReadable;
use crate::core::effect::pipe::*;
use crate::core::effect::writable::{FINISH_ERRORING, RESOLVE_CLOSE};
use crate::core::effect::{PipeReport, ReadableEffects, WritableEffects};
use crate::core::id::{Id, Ref};
use crate::core::pipe::{BYTE_SOURCE, Pipe};
use crate::core::readable::Readable;
use crate::core::writable::Writable;

/// What a pipe reads: a default stream, whose reads and pulls the pipe decides, or a byte stream, whose reads the host carries
/// out.
///
/// ```
/// use tidegate::core::{Core, PipeSource};
///
/// let mut core = Core::new();
/// let id = core.readable_new(1.0, 0);
/// let source = PipeSource::from_bits(id.bits(), 0);
/// # let _ = source;
/// ```
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

impl From<Id<ByteReadable>> for PipeSource {
    #[inline]
    fn from(id: Id<ByteReadable>) -> Self {
        Self::from_bits(id.bits(), BYTE_SOURCE)
    }
}

impl Core {
    /// A new pipe between two streams that the host has locked. `*_end`: 0 open, 1 closed, 2 errored; `flags`: the `PREVENT_*`
    /// bits and [`COUNTED`](crate::core::pipe::COUNTED). None when there is no slot left.
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
        let id = self.pipes.insert(JoinedPipe {
            pipe: Pipe::new(source_end, destination_end, flags),
            source,
            destination: self.writables.reference(destination),
        });
        let pipe = self.pipes.reference(id);
        if let Some(joined) = self.readables.at_mut(source) {
            joined.pipe = pipe;
        }
        id
    }

    /// The pipe has finished; its read request, if one is left, is withdrawn (from a byte stream by
    /// the host).
    pub fn pipe_free(&mut self, id: Id<Pipe>) {
        if let Some(joined) = self.pipes.remove(id)
            && let Some(source) = self.readables.at_mut(joined.source)
        {
            source.stream.release();
            source.pipe = Ref::default();
        }
    }

    /// See [`Pipe::source_ended`].
    pub fn pipe_source_ended(&mut self, id: Id<Pipe>, end: u32) {
        if let Some(joined) = self.pipes.get_mut(id) {
            joined.pipe.source_ended(end);
        }
    }

    /// See [`Pipe::destination_ended`].
    pub fn pipe_destination_ended(&mut self, id: Id<Pipe>, end: u32) {
        if let Some(joined) = self.pipes.get_mut(id) {
            joined.pipe.destination_ended(end);
        }
    }

    /// See [`Pipe::fulfilled`].
    #[inline]
    pub fn pipe_fulfilled(&mut self, id: Id<Pipe>) {
        if let Some(joined) = self.pipes.get_mut(id) {
            joined.pipe.fulfilled();
        }
    }

    /// See [`Pipe::pause`].
    pub fn pipe_pause(&mut self, id: Id<Pipe>, why: u32, paused: bool) {
        if let Some(joined) = self.pipes.get_mut(id) {
            joined.pipe.pause(why, paused);
        }
    }

    /// See [`Pipe::write`].
    #[inline]
    pub fn pipe_write(&mut self, id: Id<Pipe>, size: f64) -> WritableEffects {
        let Some(joined) = self.pipes.get_mut(id) else {
            return WritableEffects::STALE;
        };
        let destination = self.writables.at_mut(joined.destination);
        let effects = joined.pipe.write(destination, size);
        if effects.has(FINISH_ERRORING) {
            let destination = self.writables.id_at(joined.destination);
            self.writables.free(destination);
        }
        effects
    }

    /// See [`Pipe::write_settled`].
    #[inline]
    pub fn pipe_write_settled(&mut self, id: Id<Pipe>) -> PipeReport {
        let Some(joined) = self.pipes.get_mut(id) else {
            return PipeReport::STALE;
        };
        let Some(destination) = self.writables.at_mut(joined.destination) else {
            return PipeReport::STALE;
        };
        if let Some(report) = joined.pipe.before_report(destination) {
            if report.written().is_none()
                && report.destination().has(FINISH_ERRORING | RESOLVE_CLOSE)
            {
                let destination = self.writables.id_at(joined.destination);
                self.writables.free(destination);
            }
            return report;
        }
        PipeReport::of_pipe(joined.go_on(&mut self.readables, &mut self.writables))
    }

    /// Report: the source's pull has fulfilled, then the write that the destination has in flight. The answer is that of
    /// [`Core::pipe_write_settled`] with the effects of the pull's end: at most one of
    /// `CALL_PULL` and `WAKE_WRITE`, so that they fit beside a destination's effects too. Not for a [`BYTE_SOURCE`], whose
    /// id is of another kind: that is answered with [`STALE`], and nothing is reported.
    #[inline]
    pub fn pipe_turned(&mut self, id: Id<Pipe>) -> PipeReport {
        let Some(joined) = self.pipes.get_mut(id) else {
            return PipeReport::STALE;
        };
        if joined.pipe.reads_bytes() {
            return PipeReport::STALE;
        }
        let pulled = match self.readables.at_mut(joined.source) {
            Some(source) => {
                let effects = source.stream.pull_settled();
                source.route_pull(&mut self.writables, effects)
            }
            None => ReadableEffects::NONE,
        };
        self.pipe_write_settled(id).with_pulled(pulled)
    }

    /// See [`Pipe::signalled`].
    pub fn pipe_signalled(&mut self, id: Id<Pipe>) -> PipeAnswer {
        match self.pipes.get_mut(id) {
            Some(joined) => joined.pipe.signalled(self.writables.at(joined.destination)),
            None => STALE,
        }
    }

    /// See [`Pipe::next`].
    #[inline]
    pub fn pipe_next(&mut self, id: Id<Pipe>) -> PipeAnswer {
        let Some(joined) = self.pipes.get_mut(id) else {
            return STALE;
        };
        let destination = self.writables.at(joined.destination);
        if let Some(answer) = joined.pipe.before_read(destination) {
            return answer;
        }
        joined.go_on(&mut self.readables, &mut self.writables)
    }
}
