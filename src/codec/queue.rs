//! The bounded queue between two stages.

use super::{MIN_OUTPUT, SLICE};

/// What a buffer begins with while little comes, in bytes.
const SMALL: usize = 4096;

/// The length a buffer of `length` bytes, of which `free` are free, should have before work on
/// `waiting` bytes; none if it is long enough. So chains that are given little hold little.
pub(crate) fn length_for(length: usize, free: usize, waiting: usize) -> Option<usize> {
    if length >= SLICE || (free >= MIN_OUTPUT && waiting <= length) {
        None
    } else if length == 0 && waiting <= SMALL {
        Some(SMALL)
    } else {
        Some(SLICE)
    }
}

/// Makes `buffer` longer; says whether there was memory for that.
pub(crate) fn lengthen(buffer: &mut Vec<u8>, length: usize) -> bool {
    let more = length.saturating_sub(buffer.len());
    let reserved = buffer.try_reserve_exact(more).is_ok();
    if reserved {
        buffer.resize(length, 0);
    }
    reserved
}

/// Bytes waiting for a stage, never more than [`SLICE`]. Allocates when something is about to come.
#[derive(Debug, Default)]
pub(crate) struct ByteQueue {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl ByteQueue {
    pub(crate) fn queued(&self) -> usize {
        self.end - self.start
    }

    /// How much more the queue wants: the high-water mark less what is queued.
    pub(crate) fn desired_size(&self) -> usize {
        SLICE - self.queued()
    }

    pub(crate) fn readable(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    pub(crate) fn consume(&mut self, bytes: usize) {
        self.start = self.start.saturating_add(bytes).min(self.end);
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
    }

    /// Makes room for `bytes` bytes, as far as the queue wants them; says whether there was memory.
    pub(crate) fn reserve(&mut self, bytes: usize) -> bool {
        let length = self.queued() + bytes.min(self.desired_size());
        length <= self.buffer.len()
            || lengthen(&mut self.buffer, length.next_power_of_two().max(256))
    }

    /// Makes room for what a stage makes of `waiting` bytes; says whether there was memory.
    pub(crate) fn reserve_for(&mut self, waiting: usize) -> bool {
        let free = self.buffer.len() - self.queued();
        length_for(self.buffer.len(), free, waiting)
            .is_none_or(|length| lengthen(&mut self.buffer, length))
    }

    /// All the room there is, in one piece.
    pub(crate) fn writable(&mut self) -> &mut [u8] {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        &mut self.buffer[self.end..]
    }

    /// Counts bytes that were written to the start of `writable()`.
    pub(crate) fn commit(&mut self, bytes: usize) {
        self.end = self.end.saturating_add(bytes).min(self.buffer.len());
    }
}
