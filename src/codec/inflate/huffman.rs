//! The decoding tables of deflate's Huffman codes (RFC 1951, 3.2.2).
//!
//! A table of 2^`BITS` entries is indexed with the next bits of the input. Codes that are longer have a
//! subtable each for their first `BITS` bits, behind the table. Layout of an entry as in libdeflate:
//!
//! | bits | of a literal | of a length or distance | of a pointer to a subtable |
//! |---|---|---|---|
//! | 31 | 1 | 0 | 0 |
//! | 16 to 30 | the byte | the base | where it begins |
//! | 15 | 0 | 0 | 1, likewise of the end of a block and of what no code stands for |
//! | 8 to 12 | the code's length | the code's length | the bits that index it |
//! | 0 to 7 | the code's length | the same and the number of extra bits | 0 |

pub(super) const LITERAL: u32 = 1 << 31;
/// Neither a literal nor a length or distance.
pub(super) const EXCEPTION: u32 = 1 << 15;
pub(super) const SUBTABLE: u32 = 1 << 14;
pub(super) const END: u32 = 1 << 13;

/// The longest code.
const MAX_BITS: usize = 15;

pub(super) const LITERALS: usize = 288;
pub(super) const DISTANCES: usize = 32;

/// What the most unfavourable code of so many symbols needs, as zlib's `enough.c` computes it.
const LITERAL_ENTRIES: usize = 2342;
const DISTANCE_ENTRIES: usize = 402;
const LENGTH_ENTRIES: usize = 128;

pub(super) type LiteralTable = Table<11, LITERAL_ENTRIES>;
pub(super) type DistanceTable = Table<8, DISTANCE_ENTRIES>;
pub(super) type LengthTable = Table<7, LENGTH_ENTRIES>;

/// A code set that is over-subscribed, or incomplete without need.
#[derive(Debug)]
pub(super) struct Invalid;

/// Always indexed with so many bits: codes that are all shorter are there several times.
pub(super) struct Table<const BITS: u32, const N: usize> {
    entries: [u32; N],
}

impl<const BITS: u32, const N: usize> Table<BITS, N> {
    pub(super) const fn new() -> Self {
        Self {
            entries: [EXCEPTION; N],
        }
    }

    /// The entry of the code at the start of `bits`. It says how long the code is, and has to be ignored if that is more than there are.
    #[inline(always)]
    pub(super) fn find(&self, bits: u64) -> u32 {
        let entry = self.first(bits);
        if entry & SUBTABLE != 0 {
            self.second(entry, bits)
        } else {
            entry
        }
    }

    /// The entry of the subtable that `entry` points to.
    #[inline(always)]
    pub(super) fn second(&self, entry: u32, bits: u64) -> u32 {
        let at = low(bits >> BITS, (entry >> 8) & 0x1f);
        self.entries[(entry >> 16) as usize + at as usize]
    }

    /// The entry of the table itself, which may point to a subtable. There are at least 2^`BITS`, so no bound is checked.
    #[inline(always)]
    pub(super) fn first(&self, bits: u64) -> u32 {
        self.entries[low(bits, BITS) as usize]
    }

    /// Makes the table of the code in which each symbol has a code of so many bits. `values` has the entry of each symbol without the length of its code.
    pub(super) fn build(
        &mut self,
        lengths: &[u8],
        values: &[u32],
        may_be_incomplete: bool,
    ) -> Result<(), Invalid> {
        build(&mut self.entries, BITS, lengths, values, may_be_incomplete)
    }
}

/// One function for the tables of all sizes.
#[inline(never)]
fn build(
    entries: &mut [u32],
    table_bits: u32,
    lengths: &[u8],
    values: &[u32],
    may_be_incomplete: bool,
) -> Result<(), Invalid> {
    let mut counts = [0u16; MAX_BITS + 1];
    for &length in lengths {
        counts[usize::from(length) & MAX_BITS] += 1;
    }
    let unused = usize::from(counts[0]);
    counts[0] = 0;
    let longest = counts.iter().rposition(|&count| count > 0).unwrap_or(0);
    // How many codes of the longest length are left.
    let mut left = 1i32;
    for &count in &counts[1..=MAX_BITS] {
        left = (left << 1) - i32::from(count);
        if left < 0 {
            return Err(Invalid);
        }
    }
    if left > 0 {
        // One distance, or the end of an empty block, needs no more than one of the codes of one bit. There may be no distance.
        if !may_be_incomplete || longest > 1 {
            return Err(Invalid);
        }
        entries[..1 << table_bits].fill(EXCEPTION | 1 << 8 | 1);
        if let Some(symbol) = lengths.iter().position(|&length| length == 1) {
            let entry = with_length(values[symbol], 1);
            entries[..1 << table_bits]
                .iter_mut()
                .step_by(2)
                .for_each(|it| *it = entry);
        }
        return Ok(());
    }
    // The symbols in the order of their codes.
    let mut next = [0u16; MAX_BITS + 1];
    for length in 1..MAX_BITS {
        next[length + 1] = next[length] + counts[length];
    }
    let mut sorted = [0u16; LITERALS];
    for (symbol, &length) in lengths.iter().enumerate() {
        let length = usize::from(length) & MAX_BITS;
        if length > 0 {
            sorted[usize::from(next[length])] = symbol as u16;
            next[length] += 1;
        }
    }
    let sorted = &sorted[..lengths.len() - unused];
    fill(entries, table_bits as usize, sorted, &counts, values);
    Ok(())
}

/// Of a complete code. A code is kept with its bits reversed, as the input has them.
fn fill(
    entries: &mut [u32],
    bits: usize,
    sorted: &[u16],
    counts: &[u16; MAX_BITS + 1],
    values: &[u32],
) {
    let mut symbols = sorted.iter().map(|&symbol| values[usize::from(symbol)]);
    let mut code = 0usize;
    for (length, &count) in counts.iter().enumerate().take(bits + 1).skip(1) {
        // The table for one bit less, twice.
        let half = 1 << (length - 1);
        entries.copy_within(..half, half);
        for _ in 0..count {
            let Some(value) = symbols.next() else { return };
            entries[code] = with_length(value, length as u32);
            code = after(code, length);
        }
    }
    let (mut start, mut end) = (0, 1 << bits);
    let mut prefix = usize::MAX;
    for length in bits + 1..=MAX_BITS {
        for number in 0..counts[length] {
            let Some(value) = symbols.next() else { return };
            let this = code & ((1 << bits) - 1);
            if this != prefix {
                prefix = this;
                start = end;
                // As long as the longest code with these first bits.
                let mut sub_bits = length - bits;
                let mut used = usize::from(counts[length] - number);
                while used < 1 << sub_bits {
                    sub_bits += 1;
                    used = (used << 1) + usize::from(counts[bits + sub_bits]);
                }
                end = start + (1 << sub_bits);
                entries[this] =
                    EXCEPTION | SUBTABLE | (start as u32) << 16 | (sub_bits as u32) << 8;
            }
            let entry = with_length(value, length as u32);
            let step = 1 << (length - bits);
            for at in (start + (code >> bits)..end).step_by(step) {
                entries[at] = entry;
            }
            code = after(code, length);
        }
    }
}

#[inline(always)]
fn with_length(value: u32, length: u32) -> u32 {
    value + (length << 8) + length
}

/// The code of this length that follows, both with their bits reversed; 0 behind the last one.
#[inline(always)]
fn after(code: usize, length: usize) -> usize {
    let zeros = !code & ((1 << length) - 1);
    match zeros.checked_ilog2() {
        Some(highest) => code & ((1 << highest) - 1) | 1 << highest,
        None => 0,
    }
}

/// How long a code is, of any entry but a pointer.
#[inline(always)]
pub(super) fn code_length(entry: u32) -> u32 {
    if entry & (LITERAL | EXCEPTION) == LITERAL {
        entry & 0xff
    } else {
        (entry >> 8) & 0x1f
    }
}

/// The length or distance of an entry whose code is at the start of `bits`.
#[inline(always)]
pub(super) fn value(entry: u32, bits: u64) -> u32 {
    let extra = low(bits, entry & 0xff) >> ((entry >> 8) & 0x1f);
    (entry >> 16) + extra as u32
}

/// The lowest `count` bits.
#[inline(always)]
pub(super) fn low(bits: u64, count: u32) -> u64 {
    bits & ((1u64 << (count & 63)) - 1)
}

pub(super) static LITERAL_VALUES: [u32; LITERALS] = literal_values();
pub(super) static DISTANCE_VALUES: [u32; DISTANCES] = distance_values();
pub(super) static LENGTH_VALUES: [u32; 19] = length_values();

const fn literal_values() -> [u32; LITERALS] {
    let mut values = [EXCEPTION; LITERALS];
    let mut symbol = 0;
    while symbol < 256 {
        values[symbol] = LITERAL | (symbol as u32) << 16;
        symbol += 1;
    }
    values[256] = EXCEPTION | END;
    let (mut base, mut extra) = (3, 0);
    symbol = 257;
    while symbol < 285 {
        values[symbol] = base << 16 | extra;
        base += 1 << extra;
        if symbol >= 264 && symbol % 4 == 0 {
            extra += 1;
        }
        symbol += 1;
    }
    values[285] = 258 << 16;
    values
}

const fn distance_values() -> [u32; DISTANCES] {
    let mut values = [EXCEPTION; DISTANCES];
    let (mut base, mut extra) = (1, 0);
    let mut symbol = 0;
    while symbol < 30 {
        values[symbol] = base << 16 | extra;
        base += 1 << extra;
        if symbol >= 3 && symbol % 2 == 1 {
            extra += 1;
        }
        symbol += 1;
    }
    values
}

const fn length_values() -> [u32; 19] {
    let mut values = [0; 19];
    let mut symbol = 0;
    while symbol < 19 {
        values[symbol] = (symbol as u32) << 16;
        symbol += 1;
    }
    values
}
