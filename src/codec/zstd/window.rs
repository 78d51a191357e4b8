//! What has been unpacked, as far as matches reach back, round and round; the end of it has yet to be given out.

use crate::codec::can_allocate;
use crate::codec::raw::PIECE;

/// What is copied in pieces writes beyond its end.
const SLACK: usize = 2 * PIECE;

/// What a window begins with, in bytes: most files of the web are no longer.
const FIRST: usize = 512 * 1024;

/// A block is always in one piece. Where there is no room for the next one, it goes to the start; then what is before it in the file is at the end.
#[derive(Default)]
pub(super) struct Window {
    pub(super) bytes: Vec<u8>,
    /// Where the next byte goes.
    pub(super) at: usize,
    /// Where what is before the first byte ends; 0 if nothing is.
    pub(super) wrapped: usize,
    /// How far back a match reaches at most: the frame's window and the dictionary.
    pub(super) reach: usize,
    /// The bytes that were unpacked since the frame began, and those of the dictionary.
    pub(super) total: u64,
    /// Of a block, in bytes.
    block: usize,
}

/// There is no memory for it.
pub(super) struct NoMemory;

impl Window {
    /// A frame begins, whose matches reach `window` bytes back, and into the dictionary.
    pub(super) fn begin(
        &mut self,
        window: usize,
        block: usize,
        dictionary: &[u8],
    ) -> Result<(), NoMemory> {
        (self.at, self.wrapped) = (0, 0);
        self.reach = window + dictionary.len();
        self.block = block;
        self.total = dictionary.len() as u64;
        if !dictionary.is_empty() {
            self.make_room()?;
            self.bytes[..dictionary.len()].copy_from_slice(dictionary);
            self.at = dictionary.len();
        }
        Ok(())
    }

    /// Makes room for a block.
    pub(super) fn make_room(&mut self) -> Result<(), NoMemory> {
        let whole = self.reach + self.block + 2 * SLACK;
        if self.at + self.block + SLACK <= self.bytes.len() {
            return Ok(());
        }
        if self.bytes.len() < whole {
            let length = if self.bytes.is_empty() {
                whole.min(FIRST.max(self.total as usize + self.block + SLACK))
            } else {
                whole
            };
            if !can_allocate(length) {
                return Err(NoMemory);
            }
            let mut bytes = vec![0; length];
            bytes[..self.at].copy_from_slice(&self.bytes[..self.at]);
            self.bytes = bytes;
            return self.make_room();
        }
        (self.wrapped, self.at) = (self.at, 0);
        Ok(())
    }

    /// Copies a match that begins before the first byte; false if it begins nowhere.
    #[cold]
    #[inline(never)]
    pub(super) fn copy_wrapped(
        bytes: &mut [u8],
        wrapped: usize,
        at: usize,
        offset: usize,
        length: usize,
    ) -> bool {
        let back = offset - at;
        let Some(from) = wrapped.checked_sub(back) else {
            return false;
        };
        let first = length.min(back);
        bytes.copy_within(from..from + first, at);
        for place in first..length {
            bytes[at + place] = bytes[place - first];
        }
        true
    }
}
