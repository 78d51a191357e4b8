//! Finds matches: by one hash of some bytes, or by two of fewer and of more.

use super::lazy::Chains;
use crate::codec::can_allocate;
use crate::codec::raw;

/// A sequence of a block (RFC 8878, 3.1.1.3.2): literals, and a match behind them. The offset is 1 to 3 for one of the recent offsets, else three more than it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sequence {
    pub(super) literals: u32,
    pub(super) offset: u32,
    pub(super) length: u32,
}

/// How a level looks for matches.
#[derive(Clone, Copy)]
pub(super) struct Search {
    /// The window is of 2 to the power of this many bytes.
    pub(super) window_log: u32,
    /// Of the table of short hashes.
    pub(super) hash_log: u32,
    /// How many bytes a short hash is of: 5 to 7.
    hashed: u32,
    /// Of the table of hashes of eight bytes; 0 for none.
    long_log: u32,
    /// Of the table of chains; 0 for none.
    pub(super) chain_log: u32,
    /// How many places of a chain are looked at.
    pub(super) depth: u32,
}

impl Search {
    #[inline(always)]
    pub(super) fn short_hash(&self, word: u64) -> usize {
        let product = (word << (64 - 8 * self.hashed)).wrapping_mul(0xcf1b_bcdc_b7a5_6463);
        (product >> (64 - self.hash_log)) as usize
    }
}

/// One hash.
const FAST: Search = Search {
    window_log: 19,
    hash_log: 14,
    hashed: 7,
    long_log: 0,
    chain_log: 0,
    depth: 0,
};

/// What the levels do, from 1 on.
pub(super) const LEVELS: [Search; 4] = [
    FAST,
    Search {
        window_log: 20,
        hash_log: 16,
        hashed: 6,
        ..FAST
    },
    Search {
        window_log: 21,
        hash_log: 16,
        hashed: 5,
        long_log: 17,
        ..FAST
    },
    Search {
        window_log: 21,
        hash_log: 17,
        hashed: 5,
        chain_log: 18,
        depth: 8,
        ..FAST
    },
];

/// The least length of a match that is looked for.
pub(super) const LEAST: usize = 4;

/// A match is looked for where there are so many bytes.
pub(super) const MARGIN: usize = 8;

/// The tables of positions in the window.
pub(super) struct Finder {
    search: Search,
    short: Vec<u32>,
    long: Vec<u32>,
    chains: Option<Chains>,
    /// The offsets that were used last.
    pub(super) recent: [u32; 3],
}

#[inline(always)]
pub(super) fn read(bytes: &[u8], at: usize) -> u64 {
    debug_assert!(at + 8 <= bytes.len());
    // SAFETY: positions are at least `MARGIN` before the end, or before such ones.
    unsafe { raw::word(bytes, at) }
}

#[inline(always)]
pub(super) fn read_four(bytes: &[u8], at: usize) -> u32 {
    read(bytes, at) as u32
}

/// How many bytes at both places are the same, before `end`.
#[inline(always)]
pub(super) fn same(bytes: &[u8], mut at: usize, mut other: usize, end: usize) -> usize {
    let begin = at;
    while at + 8 <= end {
        let differ = read(bytes, at) ^ read(bytes, other);
        if differ != 0 {
            return at - begin + (differ.trailing_zeros() >> 3) as usize;
        }
        (at, other) = (at + 8, other + 8);
    }
    while at < end && bytes[at] == bytes[other] {
        (at, other) = (at + 1, other + 1);
    }
    at - begin
}

impl Finder {
    /// None if there is no memory.
    pub(super) fn new(search: Search) -> Option<Self> {
        let has_chains = search.chain_log > 0;
        let size = |log: u32| if log == 0 || has_chains { 0 } else { 1 << log };
        let (short, long) = (size(search.hash_log), size(search.long_log));
        if !can_allocate(4 * (short + long)) {
            return None;
        }
        let chains = match has_chains {
            true => Some(Chains::new(search)?),
            false => None,
        };
        Some(Self {
            search,
            short: vec![0; short],
            long: vec![0; long],
            chains,
            recent: [1, 4, 8],
        })
    }

    #[inline(always)]
    fn short_hash(&self, word: u64) -> usize {
        self.search.short_hash(word)
    }

    #[inline(always)]
    fn long_hash(&self, word: u64) -> usize {
        (word.wrapping_mul(0xcf1b_bcdc_b7a5_6463) >> (64 - self.search.long_log)) as usize
    }

    /// All positions are so much less.
    pub(super) fn slide(&mut self, by: usize) {
        if let Some(chains) = &mut self.chains {
            return chains.slide(by);
        }
        for table in [&mut self.short, &mut self.long] {
            for position in table.iter_mut() {
                *position = position.saturating_sub(by as u32);
            }
        }
    }

    /// Takes bytes up to `end` in, for matches to be found in them.
    pub(super) fn index(&mut self, bytes: &[u8], end: usize) {
        let end = end.saturating_sub(MARGIN - 1);
        if let Some(chains) = &mut self.chains {
            return chains.index(bytes, end);
        }
        for at in 0..end {
            let word = read(bytes, at);
            let short = self.short_hash(word);
            self.short[short] = at as u32;
            if self.search.long_log > 0 {
                let long = self.long_hash(word);
                self.long[long] = at as u32;
            }
        }
    }

    /// Finds the sequences of `bytes[start..]`, with matches in what is before it; what is behind the last one are literals.
    pub(super) fn find(&mut self, bytes: &[u8], start: usize, sequences: &mut Vec<Sequence>) {
        sequences.clear();
        if let Some(chains) = &mut self.chains {
            chains.find(bytes, start, &mut self.recent, sequences);
        } else if self.search.long_log > 0 {
            self.find_with::<true>(bytes, start, sequences);
        } else {
            self.find_with::<false>(bytes, start, sequences);
        }
    }

    #[inline(always)]
    fn find_with<const LONG: bool>(
        &mut self,
        bytes: &[u8],
        start: usize,
        sequences: &mut Vec<Sequence>,
    ) {
        let end = bytes.len();
        if end < start + MARGIN + 1 {
            return;
        }
        let low = end.saturating_sub(1 << self.search.window_log);
        let limit = end - MARGIN;
        let [mut first, mut second, mut third] = self.recent.map(|offset| offset as usize);
        let mut at = start;
        let mut anchor = start;
        // Nothing is before the first byte.
        if at == low {
            at += 1;
        }
        macro_rules! found {
            ($offset:expr, $length:expr) => {
                sequences.push(Sequence {
                    literals: (at - anchor) as u32,
                    offset: $offset as u32,
                    length: $length as u32,
                });
                at += $length;
                anchor = at;
            };
        }
        while at < limit {
            let word = read(bytes, at);
            let short = self.short_hash(word);
            let candidate = self.short[short] as usize;
            self.short[short] = at as u32;
            let mut long_candidate = 0;
            if LONG {
                let long = self.long_hash(word);
                long_candidate = self.long[long] as usize;
                self.long[long] = at as u32;
            }
            let here = at;
            let next = at + 1;
            // A recent offset costs least. It is tried two bytes further on: tried everywhere, it would take the place of many longer matches.
            let ahead = (at + 2).min(limit);
            if first <= ahead - low && read_four(bytes, ahead) == read_four(bytes, ahead - first) {
                at = ahead;
                let mut length = LEAST + same(bytes, at + LEAST, at + LEAST - first, end);
                // One literal must be left: without any, the code means another offset.
                let before = at - 1;
                if before > anchor
                    && first <= before - low
                    && bytes[before] == bytes[before - first]
                {
                    (at, length) = (before, length + 1);
                }
                found!(1, length);
            } else {
                let mut length;
                let mut from;
                if LONG
                    && long_candidate >= low
                    && read(bytes, long_candidate) == word
                    && long_candidate < at
                {
                    from = long_candidate;
                    length = 8 + same(bytes, at + 8, from + 8, end);
                } else if candidate >= low
                    && candidate < at
                    && read_four(bytes, candidate) == word as u32
                {
                    from = candidate;
                    length = 0;
                    if LONG {
                        let next_word = read(bytes, next);
                        let long = self.long_hash(next_word);
                        let other = self.long[long] as usize;
                        self.long[long] = next as u32;
                        if other >= low && other < next && read(bytes, other) == next_word {
                            (at, from) = (next, other);
                            length = 8 + same(bytes, at + 8, from + 8, end);
                        }
                    }
                    if length == 0 {
                        length = LEAST + same(bytes, at + LEAST, from + LEAST, end);
                    }
                } else {
                    at += ((at - anchor) >> 8) + 1;
                    continue;
                }
                while at > anchor && from > low && bytes[at - 1] == bytes[from - 1] {
                    (at, from) = (at - 1, from - 1);
                    length += 1;
                }
                let offset = at - from;
                (third, second, first) = (second, first, offset);
                found!(offset + 3, length);
            }
            if at >= limit {
                break;
            }
            let before = at - 2;
            for place in [here + 2, before] {
                let word = read(bytes, place);
                let short = self.short_hash(word);
                self.short[short] = place as u32;
                if LONG {
                    let long = self.long_hash(word);
                    self.long[long] = place as u32;
                }
            }
            // Right behind a match the second of the recent offsets is the first that can be had.
            while at < limit
                && second <= at - low
                && read_four(bytes, at) == read_four(bytes, at - second)
            {
                let length = LEAST + same(bytes, at + LEAST, at + LEAST - second, end);
                (first, second) = (second, first);
                let word = read(bytes, at);
                let short = self.short_hash(word);
                self.short[short] = at as u32;
                if LONG {
                    let long = self.long_hash(word);
                    self.long[long] = at as u32;
                }
                found!(1, length);
            }
        }
        self.recent = [first, second, third].map(|offset| offset as u32);
    }
}
