//! What was produced before the output of this call, as far as matches reach back.

use crate::codec::CodecError;
use crate::codec::raw::{self, PIECE};
use crate::codec::saved::{StateReader, StateWriter};

/// How far back a match reaches.
pub(super) const WINDOW: usize = 32 * 1024;

/// The last bytes produced, round and round.
pub(super) struct Window {
    /// With room for a piece that is read beyond the end.
    bytes: [u8; WINDOW + PIECE],
    /// Where the next byte goes.
    at: usize,
    /// How many there are.
    filled: usize,
}

impl Window {
    pub(super) const fn new() -> Self {
        Self {
            bytes: [0; WINDOW + PIECE],
            at: 0,
            filled: 0,
        }
    }

    pub(super) fn clear(&mut self) {
        (self.at, self.filled) = (0, 0);
    }

    /// How many bytes there are.
    pub(super) fn filled(&self) -> usize {
        self.filled
    }

    pub(super) fn save(&self, state: &mut StateWriter) {
        let mut bytes = self.bytes[..WINDOW].to_vec();
        bytes.rotate_left(self.at);
        state.piece(&bytes[WINDOW - self.filled..]);
    }

    pub(super) fn restore(&mut self, state: &mut StateReader<'_>) -> Result<(), CodecError> {
        let bytes = state.piece(WINDOW)?;
        self.clear();
        self.push(bytes);
        Ok(())
    }

    /// Copies a match that begins in the window to `output[at..]`. `distance` is more than `at`, and no more than `at` and
    /// what there is.
    ///
    /// # Safety
    ///
    /// There must be `length` + [`PIECE`] bytes at `at`.
    #[inline(always)]
    pub(super) unsafe fn copy_fast(
        &self,
        output: &mut [u8],
        at: usize,
        distance: usize,
        length: usize,
    ) {
        let back = distance - at;
        let from = (self.at + WINDOW - back) % WINDOW;
        if back >= length && from + length <= WINDOW {
            // SAFETY: the window has a piece behind its end; the output is the caller's.
            unsafe { raw::copy(&self.bytes, from, output, at, length) };
        } else {
            self.copy(output, at, distance, length);
        }
    }

    /// Copies a match to `output[at..]`, which may begin in the window.
    #[cold]
    #[inline(never)]
    pub(super) fn copy(&self, output: &mut [u8], at: usize, distance: usize, length: usize) {
        // As far as it is in the window, which it may be in two pieces.
        let mut copied = 0;
        while copied < length && distance > at + copied {
            let back = distance - at - copied;
            let from = (self.at + WINDOW - back) % WINDOW;
            let piece = back.min(length - copied).min(WINDOW - from);
            output[at + copied..][..piece].copy_from_slice(&self.bytes[from..from + piece]);
            copied += piece;
        }
        for to in at + copied..at + length {
            output[to] = output[to - distance];
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        let bytes = &bytes[bytes.len().saturating_sub(WINDOW)..];
        let first = bytes.len().min(WINDOW - self.at);
        let (before, behind) = bytes.split_at(first);
        self.bytes[self.at..self.at + first].copy_from_slice(before);
        self.bytes[..behind.len()].copy_from_slice(behind);
        self.at = (self.at + bytes.len()) % WINDOW;
        self.filled = (self.filled + bytes.len()).min(WINDOW);
    }
}
