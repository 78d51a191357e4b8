//! Skips what means nothing to the grammar, many bytes at a time where the target can.

/// Bytes that are looked at together.
const BLOCK: usize = 16;

/// Where the whitespace ends that begins at `at`.
#[inline]
pub(super) fn skip_spaces(text: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\t' | b'\r') = text.get(at) {
        at += 1;
    }
    at
}

/// Where the first quote, backslash or control character from `at` on is; the length of `text` if there is none.
#[inline]
pub(super) fn skip_plain(text: &[u8], mut at: usize) -> usize {
    while let Some(block) = text.get(at..).and_then(<[u8]>::first_chunk::<BLOCK>) {
        match first(block) {
            BLOCK => at += BLOCK,
            place => return at + place,
        }
    }
    while at < text.len() && !ends_run(text[at]) {
        at += 1;
    }
    at
}

fn ends_run(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | 0..0x20)
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[inline]
fn first(block: &[u8; BLOCK]) -> usize {
    use core::arch::wasm32::{u8x16_bitmask, u8x16_eq, u8x16_lt, u8x16_splat, u64x2, v128_or};

    let words = u128::from_le_bytes(*block);
    let block = u64x2(words as u64, (words >> 64) as u64);
    let quote = u8x16_eq(block, u8x16_splat(b'"'));
    let escape = u8x16_eq(block, u8x16_splat(b'\\'));
    let control = u8x16_lt(block, u8x16_splat(0x20));
    let mask = u8x16_bitmask(v128_or(v128_or(quote, escape), control));
    (u32::from(mask) | 1 << BLOCK).trailing_zeros() as usize
}

#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
#[inline]
fn first(block: &[u8; BLOCK]) -> usize {
    use core::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_max_epu8, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x,
        _mm_set1_epi8,
    };

    #[inline]
    #[target_feature(enable = "sse2")]
    fn mask(block: __m128i) -> u32 {
        let quote = _mm_cmpeq_epi8(block, _mm_set1_epi8(b'"' as i8));
        let escape = _mm_cmpeq_epi8(block, _mm_set1_epi8(b'\\' as i8));
        let control = _mm_cmpeq_epi8(
            _mm_max_epu8(block, _mm_set1_epi8(0x1f)),
            _mm_set1_epi8(0x1f),
        );
        _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, escape), control)) as u32
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn find(block: &[u8; BLOCK]) -> u32 {
        let words = u128::from_le_bytes(*block);
        mask(_mm_set_epi64x((words >> 64) as i64, words as i64))
    }

    // SAFETY: the function is there only where the whole build has SSE2.
    let mask = unsafe { find(block) };
    (mask | 1 << BLOCK).trailing_zeros() as usize
}

#[cfg(not(any(
    all(target_arch = "x86_64", target_feature = "sse2"),
    all(target_arch = "wasm32", target_feature = "simd128")
)))]
#[inline]
fn first(block: &[u8; BLOCK]) -> usize {
    block
        .iter()
        .position(|&byte| ends_run(byte))
        .unwrap_or(BLOCK)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_run_of_plain_text_ends_where_a_string_has_something_else(
            text in prop::collection::vec(prop_oneof![8 => 0x20_u8..=255, 1 => any::<u8>()], 0..80),
            from in 0..80_usize,
        ) {
            let from = from.min(text.len());
            let expected = text[from..].iter().position(|&byte| ends_run(byte)).map_or(text.len(), |at| from + at);
            prop_assert_eq!(skip_plain(&text, from), expected);
        }
    }
}
