//! Finds matches by chains of positions with the same hash, and takes one only if the next byte has none that is better.

use super::matches::{LEAST, MARGIN, Search, Sequence, read, read_four, same};
use crate::codec::can_allocate;

/// The positions before each position that have its hash, as far as there is room for them.
pub(super) struct Chains {
    search: Search,
    heads: Vec<u32>,
    links: Vec<u32>,
    /// The positions before this one are in the chains.
    indexed: usize,
    /// By how much positions have become less: links stay in their places.
    slid: usize,
}

/// A match that has been found: what its offset is called, and how good it is.
#[derive(Clone, Copy)]
struct Found {
    at: usize,
    length: usize,
    /// 0 for the first of the recent ones.
    offset: usize,
}

impl Found {
    /// What it saves, less what its offset costs, in quarters of a byte or so.
    fn gain(&self, of_length: usize) -> usize {
        (self.length * of_length).saturating_sub((self.offset + 1).ilog2() as usize)
    }
}

impl Chains {
    /// None if there is no memory.
    pub(super) fn new(search: Search) -> Option<Self> {
        let (heads, links) = (1 << search.hash_log, 1 << search.chain_log);
        can_allocate(4 * (heads + links)).then(|| Self {
            search,
            heads: vec![0; heads],
            links: vec![0; links],
            indexed: 0,
            slid: 0,
        })
    }

    /// All positions are so much less.
    pub(super) fn slide(&mut self, by: usize) {
        for table in [&mut self.heads, &mut self.links] {
            for position in table.iter_mut() {
                *position = position.saturating_sub(by as u32);
            }
        }
        self.indexed = self.indexed.saturating_sub(by);
        self.slid = self.slid.wrapping_add(by);
    }

    fn link(&mut self, position: usize) -> &mut u32 {
        let mask = self.links.len() - 1;
        &mut self.links[position.wrapping_add(self.slid) & mask]
    }

    /// Puts the positions before `end` into their chains; there must be eight bytes behind each.
    pub(super) fn index(&mut self, bytes: &[u8], end: usize) {
        for at in self.indexed..end {
            let hash = self.search.short_hash(read(bytes, at));
            *self.link(at) = std::mem::replace(&mut self.heads[hash], at as u32);
        }
        self.indexed = self.indexed.max(end);
    }

    /// The longest match that begins here.
    fn longest(&mut self, bytes: &[u8], at: usize, low: usize, end: usize) -> Option<Found> {
        self.index(bytes, at);
        let word = read_four(bytes, at);
        let mut candidate = self.heads[self.search.short_hash(read(bytes, at))] as usize;
        let oldest = low.max((at + 1).saturating_sub(self.links.len()));
        let mut best = Found {
            at,
            length: LEAST - 1,
            offset: 0,
        };
        for _ in 0..self.search.depth {
            if candidate < oldest || candidate >= at {
                break;
            }
            // One that is longer has the byte behind the best as well.
            if bytes[candidate + best.length] == bytes[at + best.length]
                && read_four(bytes, candidate) == word
            {
                let length = LEAST + same(bytes, at + LEAST, candidate + LEAST, end);
                if length > best.length {
                    (best.length, best.offset) = (length, at - candidate);
                    if at + length >= end {
                        break;
                    }
                }
            }
            let next = *self.link(candidate) as usize;
            if next >= candidate {
                break;
            }
            candidate = next;
        }
        (best.length >= LEAST).then_some(best)
    }

    /// As [`super::matches::Finder::find`].
    pub(super) fn find(
        &mut self,
        bytes: &[u8],
        start: usize,
        recent: &mut [u32; 3],
        sequences: &mut Vec<Sequence>,
    ) {
        let end = bytes.len();
        if end < start + MARGIN + 1 {
            return;
        }
        let low = end.saturating_sub(1 << self.search.window_log);
        let limit = end - MARGIN;
        let [mut first, mut second, mut third] = recent.map(|offset| offset as usize);
        let mut at = start;
        let mut anchor = start;
        if at == low {
            at += 1;
        }
        let repeated = |at: usize, offset: usize| {
            let fits = at < limit
                && offset <= at - low
                && read_four(bytes, at) == read_four(bytes, at - offset);
            fits.then(|| Found {
                at,
                length: LEAST + same(bytes, at + LEAST, at + LEAST - offset, end),
                offset: 0,
            })
        };
        while at < limit {
            // The first of the recent offsets needs a literal before it.
            let mut best = repeated(at + 1, first);
            if let Some(found) = self.longest(bytes, at, low, end)
                && best.is_none_or(|best| found.length > best.length)
            {
                best = Some(found);
            }
            let Some(mut best) = best else {
                at += ((at - anchor) >> 8) + 1;
                continue;
            };
            while at + 1 < limit {
                at += 1;
                let mut better = false;
                if let Some(found) = repeated(at, first)
                    && found.gain(3) > best.gain(3) + 1
                {
                    (best, better) = (found, true);
                }
                if let Some(found) = self.longest(bytes, at, low, end)
                    && found.gain(4) > best.gain(4) + 4
                {
                    (best, better) = (found, true);
                }
                if !better {
                    break;
                }
            }
            let Found {
                at: mut place,
                mut length,
                offset,
            } = best;
            let code = if offset == 0 {
                1
            } else {
                while place > anchor
                    && place - offset > low
                    && bytes[place - 1] == bytes[place - 1 - offset]
                {
                    (place, length) = (place - 1, length + 1);
                }
                (third, second, first) = (second, first, offset);
                offset as u32 + 3
            };
            let mut push = |literals: usize, offset: u32, length: usize| {
                sequences.push(Sequence {
                    literals: literals as u32,
                    offset,
                    length: length as u32,
                });
            };
            push(place - anchor, code, length);
            at = place + length;
            // Right behind a match the second of the recent offsets is the first that can be had.
            while let Some(found) = repeated(at, second) {
                (first, second) = (second, first);
                push(0, 1, found.length);
                at += found.length;
            }
            anchor = at;
        }
        *recent = [first, second, third].map(|offset| offset as u32);
    }
}
