//! Deflate (RFC 1951) undone: blocks, and symbols one at a time.
//!
//! The output is written to where the caller wants it; matches that reach back beyond it are taken from a window of
//! what was produced before. Between two calls nothing is held but that window, the tables, and the bits of an
//! element whose end has not come. So a state can be saved anywhere, and the place of a fault is that of the
//! element which is wrong, however the input is split. zlib-rs offers neither, and is slower in Wasm.

use super::huffman::{
    DISTANCE_VALUES, DISTANCES, DistanceTable, END, EXCEPTION, LENGTH_VALUES, LITERAL,
    LITERAL_VALUES, LITERALS, LengthTable, LiteralTable, code_length, low, value,
};
use super::window::{WINDOW, Window};
use crate::codec::CodecError;
use crate::codec::saved::{StateReader, StateWriter};

/// The order in which a block has the lengths of the code for lengths.
const ORDER: [u8; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];

const LONGEST_MATCH: u64 = 258;

/// Why [`Blocks::run`] came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    NeedInput,
    NeedOutput,
    /// The last block has ended.
    End,
    /// The data is invalid.
    Invalid(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before a block.
    Block,
    /// In a stored block, with this many bytes to come.
    Stored(u16),
    /// Among the lengths of the code for lengths.
    Order,
    /// Among the lengths of the codes.
    Lengths,
    /// Among the symbols.
    Symbols,
    End,
}

/// What a block with codes of its own begins with.
struct Header {
    literals: u16,
    distances: u8,
    /// Lengths of the code for lengths that there are.
    order: u8,
    /// How many of the lengths that come now have come.
    have: u16,
    /// Those of the code for lengths.
    code: [u8; ORDER.len()],
    /// Those of both codes, one behind the other.
    lengths: [u8; LITERALS + DISTANCES],
}

pub(super) struct Tables {
    pub(super) literals: LiteralTable,
    pub(super) distances: DistanceTable,
    lengths: LengthTable,
    /// The first two are those of the fixed codes.
    fixed: bool,
}

pub(super) struct Blocks {
    state: State,
    is_last: bool,
    /// Bits that have been taken from the input and not been used, the next one lowest. Those above `count` are 0.
    pub(super) bits: u64,
    pub(super) count: u32,
    /// A match that the output had no room for: how many bytes of it are to come, and from how far back.
    pending: (u16, u16),
    total_in: u64,
    total_out: u64,
    /// The byte in which the element begins that is being read.
    element: u64,
    header: Header,
    pub(super) tables: Tables,
    pub(super) window: Window,
}

/// The input and output of a call.
pub(super) struct Call<'a> {
    pub(super) input: &'a [u8],
    pub(super) at: usize,
    pub(super) output: &'a mut [u8],
    pub(super) produced: usize,
}

impl Blocks {
    pub(super) const fn new() -> Self {
        Self {
            state: State::Block,
            is_last: false,
            bits: 0,
            count: 0,
            pending: (0, 0),
            total_in: 0,
            total_out: 0,
            element: 0,
            header: Header {
                literals: 0,
                distances: 0,
                order: 0,
                have: 0,
                code: [0; ORDER.len()],
                lengths: [0; LITERALS + DISTANCES],
            },
            tables: Tables {
                literals: LiteralTable::new(),
                distances: DistanceTable::new(),
                lengths: LengthTable::new(),
                fixed: false,
            },
            window: Window::new(),
        }
    }

    /// Begins anew, with other data.
    pub(super) fn reset(&mut self) {
        self.state = State::Block;
        self.is_last = false;
        (self.bits, self.count) = (0, 0);
        self.pending = (0, 0);
        (self.total_in, self.total_out) = (0, 0);
        self.window.clear();
    }

    pub(super) fn total_out(&self) -> u64 {
        self.total_out
    }

    /// The byte, counted from the start of the data, in which the element begins that is invalid.
    pub(super) fn element(&self) -> u64 {
        self.element
    }

    /// Reads and writes as much as it can; says how much of either, and why it ended.
    pub(super) fn run(&mut self, input: &[u8], output: &mut [u8]) -> (usize, usize, Outcome) {
        let mut call = Call {
            input,
            at: 0,
            output,
            produced: 0,
        };
        let outcome = self.go(&mut call);
        let Call {
            at,
            produced,
            output,
            ..
        } = call;
        self.total_in += at as u64;
        self.total_out += produced as u64;
        if outcome != Outcome::End {
            self.window.push(&output[..produced]);
        }
        (at, produced, outcome)
    }

    pub(super) fn save(&self, state: &mut StateWriter) {
        let (number, left) = match self.state {
            State::Block => (0, 0),
            State::Stored(left) => (1, left),
            State::Order => (2, 0),
            State::Lengths => (3, 0),
            State::Symbols => (4, 0),
            State::End => (5, 0),
        };
        state.number(number);
        state.number(left.into());
        state.flag(self.is_last);
        state.number(self.bits);
        state.number(self.count.into());
        state.number(self.pending.0.into());
        state.number(self.pending.1.into());
        for count in [self.total_in, self.total_out, self.element] {
            state.number(count);
        }
        state.number(self.header.literals.into());
        state.number(self.header.distances.into());
        state.number(self.header.order.into());
        state.number(self.header.have.into());
        state.piece(&self.header.code);
        state.piece(&self.header.lengths);
        state.flag(self.tables.fixed);
        self.window.save(state);
    }

    /// Refuses a state in which reading on could panic or end nowhere.
    pub(super) fn restore(&mut self, state: &mut StateReader<'_>) -> Result<(), CodecError> {
        let number = state.number(5)?;
        let left = state.number(u16::MAX.into())? as u16;
        self.is_last = state.flag()?;
        self.bits = state.number(u64::MAX)?;
        // An element has at most 48 bits, and the last byte of it up to 7 more.
        self.count = state.number(55)? as u32;
        self.pending = (
            state.number(LONGEST_MATCH)? as u16,
            state.number(WINDOW as u64)? as u16,
        );
        self.total_in = state.count()?;
        self.total_out = state.count()?;
        self.element = state.count()?;
        let header = &mut self.header;
        header.literals = state.number(286)? as u16;
        header.distances = state.number(30)? as u8;
        header.order = state.number(ORDER.len() as u64)? as u8;
        header.have = state.number(316)? as u16;
        for lengths in [&mut header.code[..], &mut header.lengths] {
            let saved = state.piece(lengths.len())?;
            state.require(saved.len() == lengths.len())?;
            lengths.copy_from_slice(saved);
        }
        let fixed = state.flag()?;
        self.window.restore(state)?;
        let bits_are_there = self.bits >> self.count == 0
            && u64::from(self.count) <= self.total_in.saturating_mul(8);
        state.require(bits_are_there && self.header.is_possible())?;
        let distance = usize::from(self.pending.1);
        state.require(self.pending.0 == 0 || (1..=self.window.filled()).contains(&distance))?;
        self.tables.fixed = false;
        let (next, possible) = match number {
            0 => (State::Block, self.count < 64),
            1 => (State::Stored(left), self.count == 0),
            2 => (State::Order, self.header.have <= self.header.order.into()),
            3 => (State::Lengths, self.build_lengths()),
            4 if fixed => {
                self.tables.fix();
                (State::Symbols, true)
            }
            4 => (State::Symbols, self.build_tables()),
            _ => (State::End, true),
        };
        self.state = next;
        state.require(possible)
    }

    fn go(&mut self, call: &mut Call<'_>) -> Outcome {
        loop {
            let result = match self.state {
                State::Block => self.read_block(call),
                State::Stored(left) => self.copy_stored(left, call),
                State::Order => self.read_order(call),
                State::Lengths => self.read_lengths(call),
                State::Symbols => self.read_symbols(call),
                State::End => return Outcome::End,
            };
            if let Err(outcome) = result {
                return outcome;
            }
        }
    }

    /// Takes bytes from the input until there are `wanted` bits, at most 57.
    fn need(&mut self, wanted: u32, call: &mut Call<'_>) -> Result<(), Outcome> {
        while self.count < wanted {
            let Some(&byte) = call.input.get(call.at) else {
                return Err(Outcome::NeedInput);
            };
            call.at += 1;
            self.bits |= u64::from(byte) << self.count;
            self.count += 8;
        }
        Ok(())
    }

    fn take(&mut self, count: u32) -> u32 {
        let taken = low(self.bits, count);
        self.bits >>= count;
        self.count -= count;
        taken as u32
    }

    /// Notes where an element begins.
    fn begin_element(&mut self, call: &Call<'_>) {
        let bits = (self.total_in + call.at as u64) * 8 - u64::from(self.count);
        self.element = bits / 8;
    }

    #[inline(never)]
    fn read_block(&mut self, call: &mut Call<'_>) -> Result<(), Outcome> {
        if self.is_last {
            self.state = State::End;
            return Ok(());
        }
        self.begin_element(call);
        self.need(3, call)?;
        let kind = (self.bits >> 1) & 3;
        match kind {
            0 => {
                let padding = (self.count - 3) % 8;
                self.need(3 + padding + 32, call)?;
                self.is_last = self.take(3) & 1 == 1;
                self.take(padding);
                let (length, complement) = (self.take(16) as u16, self.take(16) as u16);
                if length != !complement {
                    return Err(Outcome::Invalid("the two lengths of a stored block differ"));
                }
                self.state = State::Stored(length);
            }
            1 => {
                self.is_last = self.take(3) & 1 == 1;
                self.tables.fix();
                self.state = State::Symbols;
            }
            2 => {
                self.need(17, call)?;
                self.is_last = self.take(3) & 1 == 1;
                self.header.literals = 257 + self.take(5) as u16;
                self.header.distances = 1 + self.take(5) as u8;
                self.header.order = 4 + self.take(4) as u8;
                if self.header.literals > 286 || self.header.distances > 30 {
                    return Err(Outcome::Invalid("a block has too many symbols"));
                }
                self.header.have = 0;
                self.header.code.fill(0);
                self.header.lengths.fill(0);
                self.state = State::Order;
            }
            _ => return Err(Outcome::Invalid("there is no such type of block")),
        }
        Ok(())
    }

    #[inline(never)]
    fn copy_stored(&mut self, left: u16, call: &mut Call<'_>) -> Result<(), Outcome> {
        let mut left = usize::from(left);
        // No bits are left that belong to the block: its header takes whole bytes, and no more than it needs.
        let rest = &call.input[call.at..];
        let room = &mut call.output[call.produced..];
        let bytes = left.min(rest.len()).min(room.len());
        room[..bytes].copy_from_slice(&rest[..bytes]);
        call.at += bytes;
        call.produced += bytes;
        left -= bytes;
        if left == 0 {
            self.state = State::Block;
            return Ok(());
        }
        self.state = State::Stored(left as u16);
        self.begin_element(call);
        Err(if call.produced == call.output.len() {
            Outcome::NeedOutput
        } else {
            Outcome::NeedInput
        })
    }

    #[inline(never)]
    fn read_order(&mut self, call: &mut Call<'_>) -> Result<(), Outcome> {
        while self.header.have < self.header.order.into() {
            self.need(3, call)?;
            let symbol = ORDER[usize::from(self.header.have)];
            self.header.code[usize::from(symbol)] = self.take(3) as u8;
            self.header.have += 1;
        }
        if !self.build_lengths() {
            return Err(Outcome::Invalid(
                "the code for the lengths of codes is no code",
            ));
        }
        self.header.have = 0;
        self.state = State::Lengths;
        Ok(())
    }

    #[inline(never)]
    fn read_lengths(&mut self, call: &mut Call<'_>) -> Result<(), Outcome> {
        let literals = usize::from(self.header.literals);
        let all = literals + usize::from(self.header.distances);
        while usize::from(self.header.have) < all {
            let mut entry = self.tables.lengths.find(self.bits);
            while self.count < entry & 0xff {
                self.need(self.count + 1, call)?;
                entry = self.tables.lengths.find(self.bits);
            }
            let (length, symbol) = (entry & 0xff, (entry >> 16) as u8);
            let have = usize::from(self.header.have);
            if symbol < 16 {
                self.take(length);
                self.header.lengths[have] = symbol;
                self.header.have += 1;
                continue;
            }
            let (least, extra) = match symbol {
                16 => (3, 2),
                17 => (3, 3),
                _ => (11, 7),
            };
            self.need(length + extra, call)?;
            self.take(length);
            let times = least + self.take(extra) as usize;
            let repeated = match (symbol, have.checked_sub(1)) {
                (16, Some(before)) => self.header.lengths[before],
                (16, None) => return Err(Outcome::Invalid("there is no length to repeat")),
                _ => 0,
            };
            if have + times > all {
                return Err(Outcome::Invalid("a block has more lengths than symbols"));
            }
            self.header.lengths[have..have + times].fill(repeated);
            self.header.have += times as u16;
        }
        if !self.build_tables() {
            return Err(Outcome::Invalid("the codes of a block are no codes"));
        }
        self.state = State::Symbols;
        Ok(())
    }

    fn build_lengths(&mut self) -> bool {
        let table = &mut self.tables.lengths;
        table
            .build(&self.header.code, &LENGTH_VALUES, false)
            .is_ok()
    }

    /// Makes the tables of the codes in the header; says whether they are codes.
    fn build_tables(&mut self) -> bool {
        let (literals, rest) = self.header.lengths.split_at(self.header.literals.into());
        let distances = &rest[..self.header.distances.into()];
        self.tables.fixed = false;
        let Tables {
            literals: literal_table,
            distances: distance_table,
            ..
        } = &mut self.tables;
        literals[256] > 0
            && literal_table.build(literals, &LITERAL_VALUES, true).is_ok()
            && distance_table
                .build(distances, &DISTANCE_VALUES, true)
                .is_ok()
    }

    /// Reads symbols one at a time, as carefully as is needed near the ends of input and output, and leaves the rest to the
    /// fast loop.
    fn read_symbols(&mut self, call: &mut Call<'_>) -> Result<(), Outcome> {
        loop {
            self.finish_match(call)?;
            if self.read_fast(call) {
                self.state = State::Block;
                return Ok(());
            }
            self.begin_element(call);
            let entry = self.symbol_entry(call)?;
            let length = entry & 0xff;
            if entry & LITERAL != 0 {
                let Some(room) = call.output.get_mut(call.produced) else {
                    return Err(Outcome::NeedOutput);
                };
                *room = (entry >> 16) as u8;
                call.produced += 1;
                self.take(length);
            } else if entry & EXCEPTION != 0 {
                if entry & END == 0 {
                    return Err(Outcome::Invalid("a code stands for nothing"));
                }
                self.take(length);
                self.state = State::Block;
                return Ok(());
            } else {
                self.need(length, call)?;
                let mut far = self.tables.distances.find(self.bits >> length);
                // Invalid entries have the length of a code, as others do.
                while self.count < length + code_length(far) {
                    self.need(self.count + 1, call)?;
                    far = self.tables.distances.find(self.bits >> length);
                }
                if far & EXCEPTION != 0 {
                    return Err(Outcome::Invalid("a code stands for no distance"));
                }
                self.need(length + (far & 0xff), call)?;
                let bytes = value(entry, self.bits);
                let distance = value(far, self.bits >> length);
                if distance as usize > self.window.filled() + call.produced {
                    return Err(Outcome::Invalid("a distance goes back beyond the start"));
                }
                self.take(length);
                self.take(far & 0xff);
                // Less than 2^16, as a distance is at most 2^15.
                self.pending = (bytes as u16, distance as u16);
            }
        }
    }

    /// The entry of the symbol that comes next, all of whose code is there.
    fn symbol_entry(&mut self, call: &mut Call<'_>) -> Result<u32, Outcome> {
        loop {
            let entry = self.tables.literals.find(self.bits);
            if self.count >= code_length(entry) {
                return Ok(entry);
            }
            self.need(self.count + 1, call)?;
        }
    }

    /// Writes what it can of the match that there is.
    fn finish_match(&mut self, call: &mut Call<'_>) -> Result<(), Outcome> {
        let (length, distance) = (usize::from(self.pending.0), usize::from(self.pending.1));
        let now = length.min(call.output.len() - call.produced);
        (self.window).copy(call.output, call.produced, distance, now);
        call.produced += now;
        self.pending.0 -= now as u16;
        if now < length {
            return Err(Outcome::NeedOutput);
        }
        Ok(())
    }
}

impl Header {
    /// Whether it can be that of a block, or of none.
    fn is_possible(&self) -> bool {
        let lengths = self.code.iter().all(|&length| length < 8)
            && self.lengths.iter().all(|&length| length < 16);
        lengths && (self.literals == 0 || self.literals >= 257)
    }
}

impl Tables {
    /// Makes the fixed codes the current ones.
    fn fix(&mut self) {
        if self.fixed {
            return;
        }
        let mut lengths = [8; LITERALS];
        lengths[144..256].fill(9);
        lengths[256..280].fill(7);
        let literals = self.literals.build(&lengths, &LITERAL_VALUES, false);
        let distances = self
            .distances
            .build(&[5; DISTANCES], &DISTANCE_VALUES, false);
        debug_assert!(literals.is_ok() && distances.is_ok());
        self.fixed = true;
    }
}
