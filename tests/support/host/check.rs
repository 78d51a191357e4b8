//! What must be true of any streams between two turns, whatever user code has done.
use super::{Host, ReadableState, WritableState};
use crate::core_byte_support::ByteStream;
use crate::support::user::Streams;

impl Host {
    /// What is wrong, if anything is.
    pub fn find_fault(&mut self) -> Option<String> {
        for at in 0..self.readables.len() {
            if !self.counts_what_is_queued(at) {
                return Some(format!("readable {at} does not count what is queued"));
            }
        }
        for at in 0..self.pipes.len() {
            if let Some(fault) = self.why_stuck(at) {
                return Some(format!("pipe {at} {fault}"));
            }
        }
        let (live, expected) = (self.core.live(), self.machines_in_use());
        (live != expected).then(|| format!("{live} machines live, {expected} are in use"))
    }

    /// What has not ended, if anything has not. A byte stream that closed before its request was answered keeps that.
    pub fn find_unended(&self) -> Option<String> {
        let readable = |at: &usize| self.readables[*at].state == ReadableState::Readable;
        if let Some(at) = (0..self.readables.len()).find(readable) {
            return Some(format!("readable {at} has not ended"));
        }
        if let Some(at) = self.writables.iter().position(|to| !to.has_told_end) {
            return Some(format!("writable {at} has not ended"));
        }
        if let Some(at) = self.pipes.iter().position(|pipe| !pipe.finished) {
            return Some(format!("pipe {at} has not finished"));
        }
        let tee = self.tees.iter().position(|tee| !tee.id.is_none());
        tee.map(|at| format!("tee {at} has not ended"))
    }

    fn counts_what_is_queued(&mut self, at: usize) -> bool {
        let stream = &self.readables[at];
        if stream.state != ReadableState::Readable || stream.has_size || stream.bytes.is_some() {
            return true;
        }
        let expected = stream.high_water_mark - stream.queue.len() as f64;
        self.desired_size_of(at) == Some(expected)
    }

    fn why_stuck(&mut self, at: usize) -> Option<&'static str> {
        let pipe = &self.pipes[at];
        if pipe.finished || pipe.shutting_down {
            return None;
        }
        let (source, destination, paused) = (pipe.source, pipe.destination, pipe.paused);
        if self.readables[source].state != ReadableState::Readable {
            return Some("has not seen its source's end");
        }
        if self.writables[destination].has_told_end {
            return Some("has not seen its destination's end");
        }
        let has_room = match self.writables[destination].state {
            WritableState::Closed | WritableState::Errored(_) | WritableState::Erroring(_) => false,
            WritableState::Writable => self
                .writer_desired_size(destination)
                .is_some_and(|size| size > 0.0),
        };
        let moves = has_room && !paused && self.has_queued(source);
        moves.then_some("leaves a chunk where it is")
    }

    fn machines_in_use(&mut self) -> u32 {
        let mut count = 0;
        for at in 0..self.readables.len() {
            let is_owed = self.readables[at].bytes.is_some()
                && self.bytes_of(at, |bytes| bytes.byob_request().is_some());
            let is_live = self.readables[at].state == ReadableState::Readable;
            count += u32::from(is_live || is_owed);
        }
        let is_live = |state| matches!(state, WritableState::Writable | WritableState::Erroring(_));
        count += self
            .writables
            .iter()
            .filter(|stream| is_live(stream.state))
            .count() as u32;
        count += self.pipes.iter().filter(|pipe| !pipe.finished).count() as u32;
        count + self.tees.iter().filter(|tee| !tee.id.is_none()).count() as u32
    }
}
