//! Finds the bytes that mean something to a parser, many bytes at a time: with SIMD where the target has it for certain, else in
//! a word.

/// Bytes that are looked at together.
pub(crate) const BLOCK: usize = imp::BLOCK;

/// Four bytes to look for.
pub(crate) struct Marks(imp::Needles);

impl Marks {
    /// All of them ASCII.
    #[inline]
    pub(crate) fn new(bytes: [u8; 4]) -> Self {
        Self(imp::needles(bytes))
    }

    /// Where they are in the first [`BLOCK`] bytes of `text`, in order.
    #[inline]
    pub(crate) fn find(&self, text: &[u8]) -> Found {
        Found(match text.first_chunk::<BLOCK>() {
            Some(block) => imp::find(&self.0, block),
            None => {
                // What is behind the end is no mark, as marks are ASCII.
                let mut block = [0x80; BLOCK];
                block[..text.len()].copy_from_slice(text);
                imp::find(&self.0, &block)
            }
        })
    }
}

/// Places in a block, in order.
pub(crate) struct Found(imp::Mask);

impl Iterator for Found {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let at = self.0.trailing_zeros() / imp::BITS;
        self.0 &= self.0 - 1;
        Some(at as usize)
    }
}

#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
mod imp {
    use core::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x, _mm_set1_epi8,
    };

    pub(super) const BLOCK: usize = 16;
    /// Of a mask for each byte.
    pub(super) const BITS: u32 = 1;
    pub(super) type Mask = u32;
    pub(super) type Needles = [__m128i; 4];

    #[inline]
    pub(super) fn needles(bytes: [u8; 4]) -> Needles {
        // SAFETY: the module is there only where the whole build has SSE2.
        unsafe { splat(bytes) }
    }

    #[inline]
    pub(super) fn find(needles: &Needles, block: &[u8; BLOCK]) -> Mask {
        // SAFETY: the module is there only where the whole build has SSE2.
        unsafe { compare(needles, block) }
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn splat(bytes: [u8; 4]) -> Needles {
        bytes.map(|byte| _mm_set1_epi8(byte as i8))
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn compare(needles: &Needles, block: &[u8; BLOCK]) -> Mask {
        let words = u128::from_le_bytes(*block);
        let block = _mm_set_epi64x((words >> 64) as i64, words as i64);
        let [a, b, c, d] = needles.map(|needle| _mm_cmpeq_epi8(block, needle));
        _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(a, b), _mm_or_si128(c, d))) as u32
    }
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod imp {
    use core::arch::wasm32::{u8x16_bitmask, u8x16_eq, u8x16_splat, u64x2, v128, v128_or};

    pub(super) const BLOCK: usize = 16;
    /// Of a mask for each byte.
    pub(super) const BITS: u32 = 1;
    pub(super) type Mask = u32;
    pub(super) type Needles = [v128; 4];

    #[inline]
    pub(super) fn needles(bytes: [u8; 4]) -> Needles {
        bytes.map(|byte| u8x16_splat(byte))
    }

    #[inline]
    pub(super) fn find(needles: &Needles, block: &[u8; BLOCK]) -> Mask {
        let words = u128::from_le_bytes(*block);
        let block = u64x2(words as u64, (words >> 64) as u64);
        let [a, b, c, d] = needles.map(|needle| u8x16_eq(block, needle));
        u32::from(u8x16_bitmask(v128_or(v128_or(a, b), v128_or(c, d))))
    }
}

#[cfg(not(any(
    all(target_arch = "x86_64", target_feature = "sse2"),
    all(target_arch = "wasm32", target_feature = "simd128")
)))]
use words as imp;

/// Without SIMD. Tests compare it with the target's own.
#[cfg(any(
    test,
    not(any(
        all(target_arch = "x86_64", target_feature = "sse2"),
        all(target_arch = "wasm32", target_feature = "simd128")
    ))
))]
mod words {
    pub(super) const BLOCK: usize = 8;
    /// Of a mask for each byte: the highest is set.
    #[allow(dead_code)]
    pub(super) const BITS: u32 = 8;
    pub(super) type Mask = u64;
    pub(super) type Needles = [u64; 4];

    const EACH: u64 = 0x0101_0101_0101_0101;
    const LOW: u64 = 0x7f * EACH;
    const HIGH: u64 = 0x80 * EACH;

    #[inline]
    pub(super) fn needles(bytes: [u8; 4]) -> Needles {
        bytes.map(|byte| EACH * u64::from(byte))
    }

    #[inline]
    pub(super) fn find(needles: &Needles, block: &[u8; BLOCK]) -> Mask {
        let word = u64::from_le_bytes(*block);
        // The highest bit of each byte that differs. No sum of 7 bits carries into the next byte.
        let [a, b, c, d] = needles.map(|needle| {
            let other = word ^ needle;
            ((other & LOW) + LOW) | other
        });
        !(a & b & c & d) & HIGH
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn marks_are_found_where_they_are(text in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(&b",\"\r\n"[..])], 0..20)) {
            let bytes = *b",\"\r\n";
            let marks: Vec<_> = Marks::new(bytes).find(&text).collect();
            let expected: Vec<_> = (0..text.len().min(BLOCK)).filter(|&at| bytes.contains(&text[at])).collect();
            prop_assert_eq!(marks, expected);
        }

        #[test]
        fn a_word_without_simd_finds_the_same(block in any::<[u8; words::BLOCK]>(), at in 0..words::BLOCK, mark in 0..4usize) {
            let bytes = *b",\"\r\n";
            let mut block = block;
            block[at] = bytes[mark];
            let found = words::find(&words::needles(bytes), &block);
            for (place, byte) in block.iter().enumerate() {
                prop_assert_eq!(found >> (place * 8) & 0xff, if bytes.contains(byte) { 0x80 } else { 0 });
            }
        }
    }
}
