//! Huffman codes of literals (RFC 8878, 4.2).

use super::bits::Backward;
use super::fse::Distribution;
use crate::codec::raw;

/// The longest code.
pub(super) const MAX_BITS: u32 = 11;
const SIZE: usize = 1 << MAX_BITS;
/// Of the table of weights.
const MAX_WEIGHT_LOG: u32 = 6;
/// The largest weight is that of a code of one bit.
const MAX_WEIGHT: usize = MAX_BITS as usize;

/// The symbols that are read between two refills of a stream: 55 bits, and 7 that were read before.
const TURN: usize = 5;

/// What the next 11 bits begin with: the symbol above its number of bits.
pub(super) struct Codes {
    entries: [u16; SIZE],
    pub(super) is_valid: bool,
}

impl Codes {
    pub(super) const fn new() -> Self {
        Self {
            entries: [0; SIZE],
            is_valid: false,
        }
    }

    pub(super) fn copy_from(&mut self, other: &Self) {
        self.entries = other.entries;
        self.is_valid = other.is_valid;
    }

    /// Reads the description of the codes (4.2.1), and returns how many bytes it has.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Option<usize> {
        self.is_valid = false;
        let header = usize::from(*bytes.first()?);
        let mut weights = [0_u8; 256];
        let (count, consumed) = if header >= 128 {
            let count = header - 127;
            let packed = bytes.get(1..1 + count.div_ceil(2))?;
            for (place, weight) in weights[..count].iter_mut().enumerate() {
                let pair = packed[place / 2];
                *weight = if place % 2 == 0 { pair >> 4 } else { pair & 15 };
            }
            (count, 1 + packed.len())
        } else {
            let packed = bytes.get(1..1 + header)?;
            (read_weights(packed, &mut weights)?, 1 + header)
        };
        self.build(&mut weights, count)?;
        self.is_valid = true;
        Some(consumed)
    }

    /// Makes the table of the weights of all symbols but the last, whose weight is what is left.
    fn build(&mut self, weights: &mut [u8; 256], count: usize) -> Option<()> {
        let mut ranks = [0_usize; MAX_WEIGHT + 1];
        let mut total = 0;
        for &weight in &weights[..count] {
            *ranks.get_mut(usize::from(weight))? += 1;
            total += (1_u32 << weight) >> 1;
        }
        if total == 0 {
            return None;
        }
        let bits = total.ilog2() + 1;
        let left = (1 << bits) - total;
        if bits > MAX_BITS || !left.is_power_of_two() {
            return None;
        }
        let last = left.ilog2() as usize + 1;
        *weights.get_mut(count)? = last as u8;
        ranks[last] += 1;
        // The longest codes come in pairs.
        if ranks[1] < 2 || ranks[1] % 2 != 0 {
            return None;
        }
        let scale = MAX_BITS - bits;
        let mut starts = [0_usize; MAX_WEIGHT + 1];
        let mut at = 0;
        for weight in 1..=MAX_WEIGHT {
            starts[weight] = at;
            at += ranks[weight] << (weight - 1) << scale;
        }
        for (symbol, &weight) in weights[..=count].iter().enumerate() {
            if weight == 0 {
                continue;
            }
            let length = 1 << (weight - 1) << scale;
            let start = &mut starts[usize::from(weight)];
            let entry = (symbol as u16) << 8 | (bits as u16 + 1 - u16::from(weight));
            self.entries.get_mut(*start..*start + length)?.fill(entry);
            *start += length;
        }
        Some(())
    }

    #[inline(always)]
    fn entry(&self, index: u64) -> u16 {
        self.entries[index as usize & (SIZE - 1)]
    }

    /// Decodes a stream that has exactly the symbols of `output`.
    pub(super) fn decode_one(&self, stream: &[u8], output: &mut [u8]) -> Option<()> {
        self.finish(Backward::new(stream)?, output)
    }

    /// Decodes the rest of a stream, symbol by symbol.
    fn finish(&self, mut bits: Backward<'_>, output: &mut [u8]) -> Option<()> {
        for symbol in output {
            bits.refill();
            if bits.is_exhausted() {
                return None;
            }
            let entry = self.entry(bits.peek(MAX_BITS));
            bits.skip(u32::from(entry & 0xff));
            *symbol = (entry >> 8) as u8;
        }
        bits.refill();
        bits.is_done().then_some(())
    }

    /// Decodes the four streams behind their jump table (4.2.2), of which the first three have as many symbols.
    pub(super) fn decode_four(&self, bytes: &[u8], output: &mut [u8]) -> Option<()> {
        let (jumps, rest) = bytes.split_first_chunk::<6>()?;
        let length = |at: usize| usize::from(u16::from_le_bytes([jumps[at], jumps[at + 1]]));
        let (first, rest) = rest.split_at_checked(length(0))?;
        let (second, rest) = rest.split_at_checked(length(2))?;
        let (third, fourth) = rest.split_at_checked(length(4))?;
        let streams = [first, second, third, fourth];
        let part = output.len().div_ceil(4);
        let (one, rest) = output.split_at_mut_checked(part)?;
        let (two, rest) = rest.split_at_mut_checked(part)?;
        let (three, four) = rest.split_at_mut_checked(part)?;
        let mut outputs = [one, two, three, four];
        let (done, ats, counts) = self.turns(&streams, &mut outputs)?;
        for (place, stream) in streams.into_iter().enumerate() {
            let bits = match counts[place] {
                u32::MAX => Backward::new(stream)?,
                count => Backward::resume(stream, ats[place], count),
            };
            self.finish(bits, &mut outputs[place][done..])?;
        }
        Some(())
    }

    /// Decodes the streams side by side, while each has plenty of input and output. Returns how many symbols of each have been decoded, and how far
    /// each has been read: the place of eight bytes, and the bits of them; `u32::MAX` if it has not been begun.
    #[inline(never)]
    fn turns(
        &self,
        streams: &[&[u8]; 4],
        outputs: &mut [&mut [u8]; 4],
    ) -> Option<(usize, [usize; 4], [u32; 4])> {
        let shortest = streams.iter().map(|stream| stream.len()).min()?;
        if shortest < 16 {
            return Some((0, [0; 4], [u32::MAX; 4]));
        }
        let [s0, s1, s2, s3] = *streams;
        let [o0, o1, o2, o3] = outputs;
        // The lowest bit that is set tells how many have been read.
        macro_rules! start {
            ($stream:ident, $at:ident, $bits:ident) => {
                let mut $at = $stream.len() - 8;
                let last = $stream[$stream.len() - 1];
                if last == 0 {
                    return None;
                }
                // SAFETY: the stream has at least 16 bytes.
                let mut $bits =
                    (unsafe { raw::word($stream, $at) } | 1) << (last.leading_zeros() + 1);
            };
        }
        start!(s0, a0, b0);
        start!(s1, a1, b1);
        start!(s2, a2, b2);
        start!(s3, a3, b3);
        let room = o0.len().min(o1.len()).min(o2.len()).min(o3.len());
        let mut done = 0;
        loop {
            // A turn reads at most 7 bytes of each stream.
            let turns = (a0.min(a1).min(a2).min(a3) / 7).min((room - done) / TURN);
            if turns == 0 {
                break;
            }
            for _ in 0..turns {
                macro_rules! symbol {
                    ($output:ident, $bits:ident, $number:expr) => {
                        let entry = self.entry($bits >> (64 - MAX_BITS));
                        $bits <<= entry & 63;
                        // SAFETY: each output has room for all turns.
                        unsafe { raw::put($output, done + $number, (entry >> 8) as u8) };
                    };
                }
                macro_rules! symbols {
                    ($number:expr) => {
                        symbol!(o0, b0, $number);
                        symbol!(o1, b1, $number);
                        symbol!(o2, b2, $number);
                        symbol!(o3, b3, $number);
                    };
                }
                symbols!(0);
                symbols!(1);
                symbols!(2);
                symbols!(3);
                symbols!(4);
                macro_rules! refill {
                    ($stream:ident, $at:ident, $bits:ident) => {
                        let count = $bits.trailing_zeros();
                        $at -= (count >> 3) as usize;
                        // SAFETY: `at` is not before the stream, as there are seven bytes for each turn, and has become less.
                        $bits = (unsafe { raw::word($stream, $at) } | 1) << (count & 7);
                    };
                }
                refill!(s0, a0, b0);
                refill!(s1, a1, b1);
                refill!(s2, a2, b2);
                refill!(s3, a3, b3);
                done += TURN;
            }
        }
        let counts = [b0, b1, b2, b3].map(u64::trailing_zeros);
        Some((done, [a0, a1, a2, a3], counts))
    }
}

/// Decodes weights that are compressed with finite state entropy (4.2.1.2); returns how many there are.
fn read_weights(packed: &[u8], weights: &mut [u8; 256]) -> Option<usize> {
    let (distribution, consumed) = Distribution::read(packed, MAX_WEIGHT + 1, MAX_WEIGHT_LOG)?;
    let mut table = [(0_u8, 0_u32, 0_usize); 1 << MAX_WEIGHT_LOG];
    distribution.states(
        &mut [0; 1 << MAX_WEIGHT_LOG],
        |state, symbol, bits, base| {
            table[state] = (symbol as u8, bits, base);
        },
    );
    let mut bits = Backward::new(&packed[consumed..])?;
    let mut states = [0; 2];
    for state in &mut states {
        *state = bits.read(distribution.log) as usize;
    }
    if !bits.refill() {
        return None;
    }
    let mut count = 0;
    // The two states take turns. What ends the stream is the state that wants more bits than there are; the other one's symbol is the last.
    for turn in 0.. {
        let state = &mut states[turn % 2];
        let (symbol, width, base) = table[*state & 63];
        // Of 256 symbols the last has no weight here.
        if count >= 255 {
            return None;
        }
        weights[count] = symbol;
        count += 1;
        *state = base + bits.read(width) as usize;
        if !bits.refill() {
            if count >= 255 {
                return None;
            }
            weights[count] = table[states[(turn + 1) % 2] & 63].0;
            return Some(count + 1);
        }
    }
    None
}
