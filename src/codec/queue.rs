//! The bounded queue between two stages.

/// Bytes waiting for a stage, never more than the high-water mark. Allocates once.
#[derive(Debug)]
pub(crate) struct ByteQueue {
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
}

impl ByteQueue {
    pub(crate) fn new(high_water_mark: usize) -> Self {
        Self {
            buffer: vec![0; high_water_mark].into_boxed_slice(),
            start: 0,
            end: 0,
        }
    }

    pub(crate) fn high_water_mark(&self) -> usize {
        self.buffer.len()
    }

    pub(crate) fn queued(&self) -> usize {
        self.end - self.start
    }

    /// How much more the queue wants: the high-water mark less what is queued.
    pub(crate) fn desired_size(&self) -> usize {
        self.high_water_mark() - self.queued()
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

    /// All the room there is, in one piece, `desired_size` bytes long.
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
