//! Sequences: literals and matches, decoded and carried out (RFC 8878, 3.1.1.3.2 and 3.1.1.4).

use super::bits::Backward;
use super::fse::Distribution;
use super::window::Window;
use crate::codec::raw;

/// The largest tables have so many states.
const SIZE: usize = 512;

/// What a kind of code means: a base and how many bits are added to it.
pub(super) struct Kind {
    pub(super) max_log: u32,
    pub(super) values: &'static [(u32, u8)],
    pub(super) default: Distribution,
}

const fn offsets() -> [(u32, u8); 32] {
    let mut values = [(0, 0); 32];
    let mut code = 0;
    while code < 32 {
        values[code] = (1 << code, code as u8);
        code += 1;
    }
    values
}

/// 3.1.1.3.2.1.1: the codes from 16 on.
const fn literals() -> [(u32, u8); 36] {
    let bits = [
        1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
    ];
    let mut values = [(0, 0); 36];
    let mut code = 0;
    let mut base = 0;
    while code < 36 {
        let width = if code < 16 { 0 } else { bits[code - 16] };
        values[code] = (base, width);
        base += 1 << width;
        code += 1;
    }
    values
}

/// The same of match lengths, from 32 on.
const fn matches() -> [(u32, u8); 53] {
    let bits = [
        1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
    ];
    let mut values = [(0, 0); 53];
    let mut code = 0;
    let mut base = 3;
    while code < 53 {
        let width = if code < 32 { 0 } else { bits[code - 32] };
        values[code] = (base, width);
        base += 1 << width;
        code += 1;
    }
    values
}

pub(super) static LITERALS: Kind = Kind {
    max_log: 9,
    values: &literals(),
    default: Distribution::of(
        6,
        &[
            4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1,
            1, 1, 1, -1, -1, -1, -1,
        ],
    ),
};

pub(super) static MATCHES: Kind = Kind {
    max_log: 9,
    values: &matches(),
    default: Distribution::of(
        6,
        &[
            1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
            1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
        ],
    ),
};

pub(super) static OFFSETS: Kind = Kind {
    max_log: 8,
    values: &offsets(),
    default: Distribution::of(
        5,
        &[
            1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1,
            -1,
        ],
    ),
};

/// A state: the base of its value, then the base of the next state, the bits to read for that, and those to read for the value.
#[derive(Clone, Copy)]
struct Entry(u64);

impl Entry {
    const fn new((base, width): (u32, u8), bits: u32, next: usize) -> Self {
        Self(base as u64 | (next as u64) << 32 | (bits as u64) << 48 | (width as u64) << 56)
    }

    #[inline(always)]
    fn base(self) -> u64 {
        self.0 & 0xffff_ffff
    }

    #[inline(always)]
    fn width(self) -> u32 {
        (self.0 >> 56) as u32
    }

    #[inline(always)]
    fn bits(self) -> u32 {
        (self.0 >> 48) as u32 & 0xff
    }

    #[inline(always)]
    fn next(self) -> usize {
        (self.0 >> 32) as usize & 0xffff
    }
}

/// The table of a kind of code. It stays for blocks that repeat it.
pub(super) struct Table {
    entries: [Entry; SIZE],
    log: u32,
    pub(super) is_valid: bool,
}

impl Table {
    pub(super) const fn new() -> Self {
        Self {
            entries: [Entry(0); SIZE],
            log: 0,
            is_valid: false,
        }
    }

    pub(super) fn copy_from(&mut self, other: &Self) {
        self.entries = other.entries;
        self.log = other.log;
        self.is_valid = other.is_valid;
    }

    fn build(&mut self, kind: &Kind, distribution: &Distribution) {
        distribution.states(&mut [0; SIZE], |state, symbol, bits, next| {
            self.entries[state] = Entry::new(kind.values[symbol], bits, next);
        });
        self.log = distribution.log;
        self.is_valid = true;
    }

    pub(super) fn predefine(&mut self, kind: &Kind) {
        self.build(kind, &kind.default);
    }

    /// One code for all sequences.
    pub(super) fn repeat_code(&mut self, kind: &Kind, code: u8) -> Option<()> {
        self.entries[0] = Entry::new(*kind.values.get(usize::from(code))?, 0, 0);
        (self.log, self.is_valid) = (0, true);
        Some(())
    }

    /// Reads the description of a table, and returns how many bytes it has.
    pub(super) fn read(&mut self, kind: &Kind, bytes: &[u8]) -> Option<usize> {
        let (distribution, consumed) = Distribution::read(bytes, kind.values.len(), kind.max_log)?;
        self.build(kind, &distribution);
        Some(consumed)
    }

    #[inline(always)]
    fn entry(&self, state: usize) -> Entry {
        self.entries[state & (SIZE - 1)]
    }
}

/// The tables of the three kinds, and the offsets that were used last.
pub(super) struct Tables {
    pub(super) literals: Table,
    pub(super) offsets: Table,
    pub(super) matches: Table,
    pub(super) recent: [u32; 3],
}

impl Tables {
    pub(super) const fn new() -> Self {
        Self {
            literals: Table::new(),
            offsets: Table::new(),
            matches: Table::new(),
            recent: [1, 4, 8],
        }
    }

    /// A frame without a dictionary begins.
    pub(super) fn reset(&mut self) {
        for table in [&mut self.literals, &mut self.offsets, &mut self.matches] {
            table.is_valid = false;
        }
        self.recent = [1, 4, 8];
    }

    pub(super) fn copy_from(&mut self, other: &Self) {
        self.literals.copy_from(&other.literals);
        self.offsets.copy_from(&other.offsets);
        self.matches.copy_from(&other.matches);
        self.recent = other.recent;
    }
}

/// The literals of a block, with room for a piece behind them.
pub(super) struct Literals<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) length: usize,
}

impl Tables {
    /// Decodes so many sequences and carries them out at the end of the window, which has room for `room` bytes and a piece. What is before a fault has
    /// been unpacked.
    pub(super) fn carry_out(
        &mut self,
        stream: &[u8],
        count: usize,
        literals: &Literals<'_>,
        window: &mut Window,
        room: usize,
    ) -> Result<(), &'static str> {
        let (mut at, before) = (window.at, window.total);
        let begin = at;
        let end = at + room;
        let mut taken = 0;
        let mut recent = self.recent;
        let result = self.turns(
            stream,
            count,
            literals,
            window,
            end,
            before,
            &mut at,
            &mut taken,
            &mut recent,
        );
        let mut result = result;
        if result.is_ok() {
            let rest = literals.length - taken;
            if rest > end - at {
                result = Err(TOO_LONG);
            } else {
                let from = &literals.bytes[taken..literals.length];
                window.bytes[at..at + rest].copy_from_slice(from);
                at += rest;
            }
        }
        self.recent = recent;
        window.at = at;
        window.total += (at - begin) as u64;
        result
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "all that the loop has in registers"
    )]
    #[inline(never)]
    fn turns(
        &self,
        stream: &[u8],
        count: usize,
        literals: &Literals<'_>,
        window: &mut Window,
        end: usize,
        before: u64,
        place: &mut usize,
        taken: &mut usize,
        recent: &mut [u32; 3],
    ) -> Result<(), &'static str> {
        let mut bits = Backward::new(stream).ok_or("the bits of its sequences have no end")?;
        let mut literal_state = bits.read(self.literals.log) as usize;
        let mut offset_state = bits.read(self.offsets.log) as usize;
        let mut match_state = bits.read(self.matches.log) as usize;
        if !bits.refill() {
            return Err(TOO_FEW_BITS);
        }
        let (wrapped, reach) = (window.wrapped, window.reach);
        let output = &mut window.bytes[..];
        let (source, available) = (literals.bytes, literals.length);
        let begin = *place;
        let mut at = begin;
        let mut used = 0;
        let [mut first, mut second, mut third] = recent.map(|offset| offset as usize);
        let mut left = count;
        let result = loop {
            let literal = self.literals.entry(literal_state);
            let matched = self.matches.entry(match_state);
            let distance = self.offsets.entry(offset_state);
            let value = distance.base() + bits.read(distance.width());
            let length = (matched.base() + bits.read(matched.width())) as usize;
            // Each refill makes 57 bits available, of which the states take up to 26.
            if distance.width() + matched.width() + literal.width() > 31 {
                bits.refill();
            }
            let plain = (literal.base() + bits.read(literal.width())) as usize;
            left -= 1;
            if left > 0 {
                literal_state = literal.next() + bits.read(literal.bits()) as usize;
                match_state = matched.next() + bits.read(matched.bits()) as usize;
                offset_state = distance.next() + bits.read(distance.bits()) as usize;
            }
            if !bits.refill() {
                break Err(TOO_FEW_BITS);
            }
            let offset = if value > 3 {
                let offset = (value - 3) as usize;
                (third, second, first) = (second, first, offset);
                offset
            } else {
                // 3.1.1.5
                let number = value as usize - 1 + usize::from(plain == 0);
                if number > 0 {
                    let offset = match number {
                        1 => second,
                        2 => third,
                        _ => first - 1,
                    };
                    if number > 1 {
                        third = second;
                    }
                    (second, first) = (first, offset);
                }
                first
            };
            if plain > available - used || plain + length > end - at {
                break Err(if plain > available - used {
                    "a sequence has more literals than there are"
                } else {
                    TOO_LONG
                });
            }
            // SAFETY: there are so many literals, and a piece behind all of them, and there is room for them and a piece.
            unsafe { raw::copy_short(source, used, output, at, plain) };
            used += plain;
            at += plain;
            if offset > reach || offset as u64 > before + (at - begin) as u64 || offset == 0 {
                // The literals are before the fault.
                break Err("a match begins before the start of the window");
            }
            if offset <= at {
                // SAFETY: the offset is from 1 to `at`, and there is room for the match and a piece.
                unsafe { raw::repeat(output, at, offset, length) };
            } else if !Window::copy_wrapped(output, wrapped, at, offset, length) {
                break Err("a match begins before the start of the window");
            }
            at += length;
            if left == 0 {
                break if bits.is_done() {
                    Ok(())
                } else {
                    Err("there are more bits than sequences")
                };
            }
        };
        (*place, *taken) = (at, used);
        *recent = [first, second, third].map(|offset| offset as u32);
        result
    }
}

const TOO_LONG: &str = "it unpacks to more than a block may";
const TOO_FEW_BITS: &str = "there are fewer bits than its sequences need";
