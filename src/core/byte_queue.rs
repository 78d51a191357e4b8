//! The queue of a byte stream: the lengths of its entries; the bytes are the host's.
use alloc::collections::VecDeque;

/// Entries, first in first out, of which the first may have been read in part.
#[derive(Debug, Default)]
pub(super) struct ByteQueue {
    /// The unread lengths of the entries.
    lengths: VecDeque<u64>,
    /// How much of the first entry has been read.
    offset: u64,
    total: u64,
    /// The most entries, and the most bytes, at a time.
    peak_entries: usize,
    peak: u64,
}

/// Bytes that were taken off the first entry.
pub(super) struct Taken {
    /// Where in the entry they begin.
    pub(super) from: u64,
    pub(super) length: u64,
    /// Whether the entry is used up.
    pub(super) is_last: bool,
}

impl ByteQueue {
    /// The unread bytes.
    #[inline]
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// The entries that have not been read whole.
    pub(super) fn entries(&self) -> usize {
        self.lengths.len()
    }

    /// The most entries, and the most bytes, at a time.
    pub(super) fn peaks(&self) -> (usize, u64) {
        (self.peak_entries, self.peak)
    }

    /// Appends an entry.
    #[inline]
    pub(super) fn push(&mut self, length: u64) {
        self.lengths.push_back(length);
        self.total = self.total.saturating_add(length);
        self.peak_entries = self.peak_entries.max(self.lengths.len());
        self.peak = self.peak.max(self.total);
    }

    /// Takes what is unread of the first entry: how much of it had been read.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<u64> {
        let length = self.lengths.pop_front()?;
        self.total = self.total.saturating_sub(length);
        Some(core::mem::take(&mut self.offset))
    }

    /// Takes `most` bytes at most, of one entry.
    pub(super) fn take(&mut self, most: u64) -> Option<Taken> {
        let unread = self.lengths.front_mut()?;
        let length = most.min(*unread);
        let from = self.offset;
        *unread -= length;
        self.total = self.total.saturating_sub(length);
        let is_last = *unread == 0;
        if is_last {
            self.lengths.pop_front();
            self.offset = 0;
        } else {
            self.offset += length;
        }
        Some(Taken {
            from,
            length,
            is_last,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn takes_each_byte_once_and_in_order(
            lengths in prop::collection::vec(1u64..10, 0..20), takes in prop::collection::vec(0u64..12, 0..60)
        ) {
            let mut queue = ByteQueue::default();
            for &length in &lengths {
                queue.push(length);
            }
            let mut entries: VecDeque<(u64, u64)> = lengths.iter().map(|&length| (0, length)).collect();
            for most in takes {
                prop_assert_eq!(queue.total(), entries.iter().map(|(from, end)| end - from).sum::<u64>());
                if most == 0 {
                    prop_assert_eq!(queue.pop(), entries.pop_front().map(|(from, _)| from));
                    continue;
                }
                let taken = queue.take(most);
                let Some((from, end)) = entries.front_mut() else {
                    prop_assert!(taken.is_none());
                    continue;
                };
                let taken = taken.expect("there is an entry");
                prop_assert_eq!((taken.from, taken.length), (*from, most.min(*end - *from)));
                *from += taken.length;
                prop_assert_eq!(taken.is_last, from == end);
                if taken.is_last {
                    entries.pop_front();
                }
            }
        }
    }
}
