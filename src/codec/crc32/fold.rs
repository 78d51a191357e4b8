//! CRC-32 (ISO-HDLC, of gzip and zip) without carry-less multiplication, which Wasm does not have.
//!
//! The crates that we tried read a table for every byte on Wasm, which is a third of the speed.
//!
//! `x^300 + x^155 + x^117 + x^89 + 1` is a multiple of the CRC's polynomial. So a bit of the input can be taken away if it is added to
//! the bits 145, 183, 211 and 300 places behind it: the CRC stays the same. In the arithmetic of bits `f(x)^n` is `f(x^n)` for every
//! power of two, so the same holds of units of 1 or 16 bytes. The input is folded with exclusive-ors of whole units, until only
//! the last 300 units are left. 300 units of 16 bytes are folded again in units of one byte, and a table serves the last 300 bytes.
//! The method is that of Chorba (<https://arxiv.org/abs/2412.16398>).

use std::ops::BitXor;

/// How many units behind it a unit is added, the largest first.
const TAPS: [usize; 4] = [300, 211, 183, 145];
const REACH: usize = TAPS[0];
/// Units that are folded at once. Less than the smallest tap, so that none of them is added to another.
const STRIDE: usize = 144;
/// How many strides the window has room for, behind the units that the first of them needs.
const STRIDES: usize = 4;
const WINDOW: usize = REACH + STRIDE * STRIDES;
/// From how many strides on folding pays, given what is left for the table.
const WORTHWHILE: usize = 4;

/// What is folded as a whole.
trait Unit: Copy + BitXor<Output = Self> {
    const ZERO: Self;
    const BYTES: usize;

    /// The whole units of `bytes`, one by one.
    fn units(bytes: &[u8]) -> impl Iterator<Item = Self>;

    /// Adds the state of a CRC to the bytes that follow it.
    fn add_state(units: &mut [Self], state: u32);
}

/// For much input: a load of one reads exactly what one store has written.
#[derive(Clone, Copy)]
struct Block([u64; 2]);

impl BitXor for Block {
    type Output = Self;

    #[inline(always)]
    fn bitxor(self, Self([third, fourth]): Self) -> Self {
        let Self([first, second]) = self;
        Self([first ^ third, second ^ fourth])
    }
}

impl Unit for Block {
    const ZERO: Self = Self([0; 2]);
    const BYTES: usize = 16;

    #[inline(always)]
    fn units(bytes: &[u8]) -> impl Iterator<Item = Self> {
        let (words, _) = bytes.as_chunks::<8>();
        let (pairs, _) = words.as_chunks::<2>();
        pairs.iter().map(|pair| Self(pair.map(u64::from_le_bytes)))
    }

    fn add_state(units: &mut [Self], state: u32) {
        if let Some(Self([first, _])) = units.first_mut() {
            *first ^= u64::from(state);
        }
    }
}

/// For little input.
impl Unit for u8 {
    const ZERO: Self = 0;
    const BYTES: usize = 1;

    #[inline(always)]
    fn units(bytes: &[u8]) -> impl Iterator<Item = Self> {
        bytes.iter().copied()
    }

    fn add_state(units: &mut [Self], state: u32) {
        for (byte, of_state) in units.iter_mut().zip(state.to_le_bytes()) {
            *byte ^= of_state;
        }
    }
}

static TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let mut value = at as u32;
        let mut bit = 0;
        while bit < 8 {
            value = (value >> 1) ^ if value & 1 == 0 { 0 } else { 0xedb8_8320 };
            bit += 1;
        }
        table[at] = value;
        at += 1;
    }
    table
}

/// The state of a CRC after `bytes`, given the state before them. States are inverted, as the algorithm keeps them.
pub(super) fn update(mut state: u32, bytes: &[u8]) -> u32 {
    let mut rest = bytes;
    if strides::<Block>(rest) >= WORTHWHILE {
        let left;
        (left, rest) = fold::<Block>(&mut state, rest);
        let left = left.map(|Block(halves)| halves.map(u64::to_le_bytes));
        state = update_little(state, left.as_flattened().as_flattened());
    }
    update_little(state, rest)
}

fn update_little(mut state: u32, bytes: &[u8]) -> u32 {
    let mut rest = bytes;
    if strides::<u8>(rest) >= WORTHWHILE {
        let left;
        (left, rest) = fold::<u8>(&mut state, rest);
        state = update_by_table(state, &left);
    }
    update_by_table(state, rest)
}

fn update_by_table(mut state: u32, bytes: &[u8]) -> u32 {
    for &byte in bytes {
        let at = (state ^ u32::from(byte)) & 0xff;
        state = (state >> 8) ^ TABLE[at as usize];
    }
    state
}

/// How many strides can be folded of these bytes, so that the units that they are added to remain.
fn strides<U: Unit>(bytes: &[u8]) -> usize {
    (bytes.len() / U::BYTES).saturating_sub(REACH) / STRIDE
}

/// Folds all strides into the units behind them, and the state into the first. Returns the units behind, whose CRC with the state that is
/// left, 0, is that of all, and the rest of the input.
#[inline(never)]
fn fold<'input, U: Unit>(state: &mut u32, bytes: &'input [u8]) -> ([U; REACH], &'input [u8]) {
    let mut window = [U::ZERO; WINDOW];
    let mut rest = bytes;
    let mut at = REACH;
    for _ in 0..strides::<U>(bytes) {
        if at == WINDOW {
            window.copy_within(at - REACH.., 0);
            at = REACH;
        }
        let (input, behind) = rest.split_at(STRIDE * U::BYTES);
        let (before, after) = window.split_at_mut(at);
        let [first, second, third, fourth] = TAPS.map(|tap| &before[at - tap..]);
        add_taps(&mut after[..STRIDE], input, first, second, third, fourth);
        // No unit of this stride has been made of the first one.
        U::add_state(after, std::mem::take(state));
        rest = behind;
        at += STRIDE;
    }
    // What follows is not folded: only the units before it are added to it.
    let mut last = [U::ZERO; 2 * REACH];
    last[..REACH].copy_from_slice(&window[at - REACH..at]);
    let (input, behind) = rest.split_at(REACH * U::BYTES);
    let mut left = [U::ZERO; REACH];
    let [first, second, third, fourth] = TAPS.map(|tap| &last[REACH - tap..]);
    add_taps(&mut left, input, first, second, third, fourth);
    (left, behind)
}

/// Makes each unit of `after` of that of the input and those a tap before it.
// A function of its own, so that the compiler knows that `after` is none of the others, and does not repeat the loop.
#[inline(never)]
fn add_taps<U: Unit>(
    after: &mut [U],
    input: &[u8],
    first: &[U],
    second: &[U],
    third: &[U],
    fourth: &[U],
) {
    let taps = first.iter().zip(second).zip(third.iter().zip(fourth));
    for ((unit, read), ((&first, &second), (&third, &fourth))) in
        after.iter_mut().zip(U::units(input)).zip(taps)
    {
        *unit = read ^ first ^ second ^ third ^ fourth;
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::bytes;
    use super::*;

    #[test]
    fn the_check_value_of_the_algorithm_is_computed() {
        // https://reveng.sourceforge.io/crc-catalogue/17plus.htm#crc.cat.crc-32-iso-hdlc
        assert_eq!(!update_by_table(!0, b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn input_of_every_length_has_the_crc_that_flate2_computes() {
        let data = bytes(100_000);
        let lengths = (0..3000).chain((3000..data.len()).step_by(997));
        for length in lengths.chain([14_015, 14_016, 14_017, 65_535, 65_536, 65_537]) {
            let mut expected = flate2::Crc::new();
            expected.update(&data[..length]);
            assert_eq!(
                !update(!0, &data[..length]),
                expected.sum(),
                "{length} bytes"
            );
        }
    }

    #[test]
    fn the_state_after_two_parts_is_that_after_all() {
        let data = bytes(60_000);
        let expected = update_by_table(!0, &data);
        for at in (0..data.len()).step_by(487) {
            let (first, second) = data.split_at(at);
            assert_eq!(update(update(!0, first), second), expected, "cut at {at}");
        }
    }
}
