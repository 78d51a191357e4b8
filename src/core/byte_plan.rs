//! What the answer of a byte stream's command asks the host to move: the numbers that do not fit into an effects word.
use alloc::collections::VecDeque;

/// `Plan` step: there is a copy to make.
pub const COPY_NEXT: u32 = 1;
/// `Plan` step: the queue's first entry is used up by it.
pub const COPY_ENTRY_DONE: u32 = 2;
/// `Plan` step: the first descriptor is complete with it.
pub const COPY_FILLED: u32 = 4;

/// One copy from the queue's first entry to the first descriptor.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Copy {
    pub(super) step: u32,
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) length: u64,
}

/// The numbers that belong to the last answer.
///
/// ```
/// use tidegate::core::{Core, effect::byte_readable};
///
/// let mut core = Core::new();
/// let id = core.byte_readable_new(0.0, 0);
/// core.byte_readable_enqueue(id, 4.0);
/// let effects = core.byte_readable_pull_into(id, 8.0, 0.0, 8.0, 1.0, 1);
/// assert!(effects.has(byte_readable::COPY));
/// assert_ne!(core.byte_readable_next_copy(), 0);
/// assert_eq!(core.byte_readable_copy_length(), 4.0);
/// ```
#[derive(Debug, Default)]
pub struct Plan {
    /// Bytes of a finished or abandoned descriptor.
    pub(super) filled: u64,
    /// Bytes after `filled` that go back to the queue.
    pub(super) remainder: u64,
    /// Entries of the queue that answer requests.
    pub(super) answers: u32,
    /// Where in the queue's first entry its unread part begins.
    pub(super) entry_offset: u64,
    pub(super) copy: Copy,
    pub(super) copies: VecDeque<Copy>,
}

impl Plan {
    pub(super) const fn new() -> Self {
        Self {
            filled: 0,
            remainder: 0,
            answers: 0,
            entry_offset: 0,
            copy: Copy {
                step: 0,
                from: 0,
                to: 0,
                length: 0,
            },
            copies: VecDeque::new(),
        }
    }

    #[inline]
    pub(super) fn clear(&mut self) {
        self.filled = 0;
        self.remainder = 0;
        self.answers = 0;
        self.entry_offset = 0;
        self.copies.clear();
    }

    /// takes the next copy; 0 where there is none left. See [`COPY_NEXT`].
    #[inline]
    pub fn next_copy(&mut self) -> u32 {
        self.copy = self.copies.pop_front().unwrap_or_default();
        self.copy.step
    }

    /// where the copy begins, from the start of the entry's own bytes.
    pub fn copy_from(&self) -> f64 {
        self.copy.from as f64
    }

    /// where the copy goes, from the start of the descriptor's region.
    pub fn copy_to(&self) -> f64 {
        self.copy.to as f64
    }

    /// how many bytes are copied.
    pub fn copy_length(&self) -> f64 {
        self.copy.length as f64
    }

    /// the bytes of the descriptor that `FILLED`, `ABANDONED` or `ANSWER_CLOSED` is about.
    pub fn filled(&self) -> f64 {
        self.filled as f64
    }

    /// the bytes after `filled` that `REMAINDER` is about.
    pub fn remainder(&self) -> f64 {
        self.remainder as f64
    }

    /// how many entries `ANSWER` is about.
    pub fn answers(&self) -> u32 {
        self.answers
    }

    /// where the unread part of the entry of `CHUNK` or `ANSWER` begins.
    pub fn entry_offset(&self) -> f64 {
        self.entry_offset as f64
    }
}
