//! Symbols while there is plenty of input and output.

use super::blocks::{Blocks, Call};
use super::huffman::{END, EXCEPTION, LITERAL, SUBTABLE, low, value};
use crate::codec::raw::{self, PIECE};

/// What a turn reads: the eight bytes of one refill, and seven more of which it has taken before.
const INPUT: usize = 16;

/// What a turn writes: two literals, a match, and what copying in pieces writes beyond it.
const OUTPUT: usize = 2 + 258 + PIECE;

impl Blocks {
    /// Reads symbols while there is plenty of input and output; says whether the block has ended. Whatever is wrong it leaves
    /// unread, for those who say what it is.
    pub(super) fn read_fast(&mut self, call: &mut Call<'_>) -> bool {
        #[cfg(target_arch = "x86_64")]
        if std::is_x86_feature_detected!("bmi2") {
            // SAFETY: it has been detected.
            return unsafe { self.turns_with_bmi2(call) };
        }
        self.turns(call)
    }

    /// The same with shifts that take one instruction in place of three.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "bmi2")]
    fn turns_with_bmi2(&mut self, call: &mut Call<'_>) -> bool {
        self.turns(call)
    }

    #[inline(always)]
    fn turns(&mut self, call: &mut Call<'_>) -> bool {
        let (mut at, mut out) = (call.at, call.produced);
        let (input, output) = (call.input, &mut *call.output);
        let Some(input_end) = input.len().checked_sub(INPUT) else {
            return false;
        };
        let Some(output_end) = output.len().checked_sub(OUTPUT) else {
            return false;
        };
        // Bits of whole bytes may be of an earlier input, to which they could not go back.
        if at > input_end || out > output_end || self.count >= 8 {
            return false;
        }
        let (literals, distances) = (&self.tables.literals, &self.tables.distances);
        let filled = self.window.filled();
        let (mut bits, mut count) = (self.bits, self.count);
        let mut ended = false;
        // Now there are at least 56 bits. Those above `count` are of the input too, and are put there again.
        macro_rules! refill {
            () => {
                // SAFETY: a turn begins at or before `input_end`, and refills at most once before the next begins: seven bytes
                // further on there are eight.
                bits |= unsafe { raw::word(input, at) } << count;
                at += (63 - count as usize) >> 3;
                count |= 56;
            };
        }
        macro_rules! next {
            () => {
                literals.first(bits)
            };
        }
        macro_rules! skip {
            ($bits:expr) => {
                bits >>= $bits;
                count -= $bits;
            };
        }
        macro_rules! literal {
            ($entry:expr) => {
                skip!($entry & 0xff);
                // SAFETY: a turn begins at or before `output_end`, and puts at most three.
                unsafe { raw::put(output, out, ($entry >> 16) as u8) };
                out += 1;
            };
        }
        refill!();
        let mut entry = next!();
        'turns: loop {
            macro_rules! next_turn {
                () => {
                    if at > input_end || out > output_end {
                        break 'turns;
                    }
                    refill!();
                    entry = next!();
                    continue 'turns;
                };
            }
            if entry & LITERAL != 0 {
                literal!(entry);
                entry = next!();
                if entry & LITERAL != 0 {
                    literal!(entry);
                    entry = next!();
                    if entry & LITERAL != 0 {
                        literal!(entry);
                        // Three are a turn.
                        next_turn!();
                    }
                }
            }
            // Two literals have left at least 34 bits.
            if entry & EXCEPTION != 0 {
                if entry & SUBTABLE != 0 {
                    entry = literals.second(entry, bits);
                    if entry & LITERAL != 0 {
                        literal!(entry);
                        next_turn!();
                    }
                }
                if entry & EXCEPTION != 0 {
                    if entry & END != 0 {
                        skip!(entry & 0xff);
                        ended = true;
                    }
                    break;
                }
            }
            // At most 15 + 5 bits of a length and 15 + 13 of a distance.
            let length_bits = entry & 0xff;
            if count - length_bits < 28 {
                refill!();
            }
            let behind = bits >> length_bits;
            let mut far = distances.first(behind);
            if far & EXCEPTION != 0 {
                if far & SUBTABLE != 0 {
                    far = distances.second(far, behind);
                }
                if far & EXCEPTION != 0 {
                    break;
                }
            }
            let length = value(entry, bits) as usize;
            let distance = value(far, behind) as usize;
            if distance > out && distance > out + filled {
                break;
            }
            skip!(length_bits + (far & 0xff));
            let here = out;
            out += length;
            // The next entry is looked up while the match is copied.
            let more = at <= input_end && out <= output_end;
            if more {
                refill!();
                entry = next!();
            }
            // SAFETY: two literals and a match are what a turn writes, so there is room for it and a piece more. No distance is 0, and
            // one beyond the output is in the window.
            unsafe {
                if distance > here {
                    (self.window).copy_fast(output, here, distance, length);
                } else {
                    raw::repeat(output, here, distance, length);
                }
            }
            if !more {
                break;
            }
        }
        // Whole bytes go back.
        at -= (count >> 3) as usize;
        count &= 7;
        (self.bits, self.count) = (low(bits, count), count);
        (call.at, call.produced) = (at, out);
        ended
    }
}
