//! The distinct texts of a column, each with a number.

use std::collections::BTreeMap;

use crate::codec::can_allocate;

/// A dictionary that has more texts, or more bytes of them, makes way for a new one before the next batch, so that a column in which
/// nearly every text is another holds no more than a batch of them.
const MANY_TEXTS: usize = 1 << 16;
const MANY_BYTES: usize = 1 << 20;

/// Places of the cache. A column with a few hundred texts, each of them often, seldom misses it.
const CACHED: usize = 1024;

/// Gives each text a number: from 0, in the order in which they come first.
///
/// The map is a tree, so no choice of texts makes it slow. The cache in front of it makes it fast.
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    codes: BTreeMap<Box<[u8]>, i32>,
    /// Where each text ends in `text`; the first is 0.
    ends: Vec<i32>,
    text: Vec<u8>,
    /// One more than the number of the text that was found last in each place, or 0.
    cache: Vec<u32>,
    /// Texts that were there before the last call of [`forget_new`](Self::forget_new).
    known: usize,
}

impl Dictionary {
    pub(super) fn len(&self) -> usize {
        self.codes.len()
    }

    fn text_of(&self, code: usize) -> Option<&[u8]> {
        let (from, to) = (*self.ends.get(code)?, *self.ends.get(code + 1)?);
        self.text.get(from as usize..to as usize)
    }

    /// The number of a text; none if there is no memory for it.
    pub(super) fn code_of(&mut self, text: &[u8]) -> Option<i32> {
        if self.cache.is_empty() {
            self.cache.try_reserve_exact(CACHED).ok()?;
            self.cache.resize(CACHED, 0);
            self.ends.try_reserve(1).ok()?;
            self.ends.push(0);
        }
        let place = place_of(text);
        let cached = self.cache[place];
        if cached > 0 && self.text_of(cached as usize - 1) == Some(text) {
            return Some(cached as i32 - 1);
        }
        let code = match self.codes.get(text) {
            Some(&code) => code,
            None => self.insert(text)?,
        };
        self.cache[place] = code as u32 + 1;
        Some(code)
    }

    #[cold]
    fn insert(&mut self, text: &[u8]) -> Option<i32> {
        let code = i32::try_from(self.codes.len()).ok()?;
        let end = i32::try_from(self.text.len() + text.len()).ok()?;
        self.text.try_reserve(text.len()).ok()?;
        self.ends.try_reserve(1).ok()?;
        // The box, and a node of the tree with its neighbours.
        if !can_allocate(text.len() + 1024) {
            return None;
        }
        self.codes.insert(text.into(), code);
        self.text.extend_from_slice(text);
        self.ends.push(end);
        Some(code)
    }

    /// The texts that are new since the last batch: how many were there before, their bytes, and where each ends in those of the
    /// whole dictionary, one more than there are texts.
    pub(super) fn new_texts(&self) -> (usize, &[u8], &[i32]) {
        let ends = self.ends.get(self.known..).unwrap_or_default();
        let from = ends.first().map_or(0, |&end| end as usize);
        (self.known, &self.text[from..], ends)
    }

    /// The batch has been taken: its texts are known, or forgotten with the whole dictionary if that has become large.
    pub(super) fn forget_new(&mut self) {
        self.known = self.len();
        if self.known > MANY_TEXTS || self.text.len() > MANY_BYTES {
            *self = Self::default();
        }
    }
}

/// Of few bytes, however long the text is.
#[inline]
fn place_of(text: &[u8]) -> usize {
    let word = |bytes: &[u8]| {
        let mut word = [0; 8];
        word[..bytes.len()].copy_from_slice(bytes);
        u64::from_le_bytes(word)
    };
    let (head, tail) = match (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        (Some(head), Some(tail)) => (u64::from_le_bytes(*head), u64::from_le_bytes(*tail)),
        _ => (word(text), text.len() as u64),
    };
    let mixed = (head ^ tail.rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 54) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_has_one_number() {
        let mut dictionary = Dictionary::default();
        let texts = [
            "Ulm",
            "Bonn",
            "Ulm",
            "",
            "a longer text of one",
            "a longer text of two",
            "Bonn",
        ];
        let codes: Vec<_> = texts
            .iter()
            .map(|text| dictionary.code_of(text.as_bytes()))
            .collect();
        assert_eq!(codes, [0, 1, 0, 2, 3, 4, 1].map(Some));
        let (known, text, ends) = dictionary.new_texts();
        assert_eq!((known, ends), (0, &[0, 3, 7, 7, 27, 47][..]));
        assert!(text.starts_with(b"UlmBonna longer"));
    }

    #[test]
    fn a_batch_has_the_texts_that_are_new_in_it() {
        let mut dictionary = Dictionary::default();
        dictionary.code_of(b"Ulm");
        dictionary.forget_new();
        dictionary.code_of(b"Ulm");
        dictionary.code_of(b"Bonn");
        assert_eq!(dictionary.new_texts(), (1, &b"Bonn"[..], &[3, 7][..]));
    }

    #[test]
    fn a_dictionary_that_has_become_large_makes_way_for_a_new_one() {
        let mut dictionary = Dictionary::default();
        for number in 0..=MANY_TEXTS as u32 {
            dictionary.code_of(&number.to_le_bytes());
        }
        dictionary.forget_new();
        assert_eq!(dictionary.code_of(&7u32.to_le_bytes()), Some(0));
        dictionary.code_of(&[b'x'; MANY_BYTES]);
        dictionary.forget_new();
        assert_eq!(dictionary.len(), 0);
    }
}
