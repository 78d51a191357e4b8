//! Compressed blocks (RFC 8878, 3.1.1.3).

use super::huffman::Codes;
use super::sequences::{Kind, LITERALS, Literals, MATCHES, OFFSETS, Table, Tables};
use super::window::Window;
use crate::codec::can_allocate;
use crate::codec::raw::PIECE;

/// The most bytes that a block has, or unpacks to.
pub(super) const MOST: usize = 128 * 1024;

/// What blocks of a frame leave to those behind them, and room for literals.
pub(super) struct Blocks {
    pub(super) codes: Codes,
    pub(super) tables: Tables,
    literals: Vec<u8>,
}

/// What is wrong with a block.
pub(super) enum Refusal {
    Corrupt(&'static str),
    NoMemory,
}

impl From<&'static str> for Refusal {
    fn from(what: &'static str) -> Self {
        Self::Corrupt(what)
    }
}

impl Blocks {
    pub(super) const fn new() -> Self {
        Self {
            codes: Codes::new(),
            tables: Tables::new(),
            literals: Vec::new(),
        }
    }

    /// Unpacks a block of at most `most` bytes to the end of the window, which has room for it.
    pub(super) fn unpack(
        &mut self,
        block: &[u8],
        window: &mut Window,
        most: usize,
    ) -> Result<(), Refusal> {
        if self.literals.is_empty() {
            if !can_allocate(MOST + PIECE) {
                return Err(Refusal::NoMemory);
            }
            self.literals = vec![0; MOST + PIECE];
        }
        let (length, consumed) = self.read_literals(block, most)?;
        let literals = Literals {
            bytes: &self.literals,
            length,
        };
        let rest = &block[consumed..];
        let (count, rest) = sequence_count(rest).ok_or("it ends in its count of sequences")?;
        if count == 0 {
            if !rest.is_empty() {
                return Err("there is more than its literals".into());
            }
            window.bytes[window.at..window.at + length].copy_from_slice(&literals.bytes[..length]);
            window.at += length;
            window.total += length as u64;
            return Ok(());
        }
        let (&modes, mut rest) = rest.split_first().ok_or("it ends before its tables")?;
        if modes & 3 != 0 {
            return Err("the modes of its tables have reserved bits".into());
        }
        let Tables {
            literals: of_literals,
            offsets: of_offsets,
            matches: of_matches,
            ..
        } = &mut self.tables;
        for (mode, kind, table) in [
            (modes >> 6, &LITERALS, of_literals),
            (modes >> 4 & 3, &OFFSETS, of_offsets),
            (modes >> 2 & 3, &MATCHES, of_matches),
        ] {
            rest =
                read_table(mode, kind, table, rest).ok_or("a table of its sequences is invalid")?;
        }
        self.tables
            .carry_out(rest, count, &literals, window, most)
            .map_err(Refusal::Corrupt)
    }

    /// Reads the literals (3.1.1.3.1); returns how many there are, and how many bytes of the block they have.
    fn read_literals(&mut self, block: &[u8], most: usize) -> Result<(usize, usize), &'static str> {
        const CUT_OFF: &str = "it ends in its literals";
        let &first = block.first().ok_or(CUT_OFF)?;
        let (kind, format) = (first & 3, first >> 2 & 3);
        let header = |bytes: usize| -> Result<u64, &'static str> {
            let mut word = [0; 8];
            word[..bytes].copy_from_slice(block.get(..bytes).ok_or(CUT_OFF)?);
            Ok(u64::from_le_bytes(word))
        };
        let too_many = |length: usize| {
            if length > most {
                Err("it has more literals than a block may")
            } else {
                Ok(length)
            }
        };
        if kind < 2 {
            let (bytes, shift) = match format {
                0 | 2 => (1, 3),
                1 => (2, 4),
                _ => (3, 4),
            };
            let length = too_many((header(bytes)? >> shift) as usize)?;
            return if kind == 0 {
                let raw = block.get(bytes..bytes + length).ok_or(CUT_OFF)?;
                self.literals[..length].copy_from_slice(raw);
                Ok((length, bytes + length))
            } else {
                let &byte = block.get(bytes).ok_or(CUT_OFF)?;
                self.literals[..length].fill(byte);
                Ok((length, bytes + 1))
            };
        }
        let (bytes, width) = match format {
            0 | 1 => (3, 10),
            2 => (4, 14),
            _ => (5, 18),
        };
        let word = header(bytes)? >> 4;
        let mask = (1 << width) - 1;
        let length = too_many((word & mask) as usize)?;
        let packed = (word >> width & mask) as usize;
        let mut streams = block.get(bytes..bytes + packed).ok_or(CUT_OFF)?;
        if kind == 2 {
            let tree = (self.codes.read(streams)).ok_or("its Huffman codes are invalid")?;
            streams = &streams[tree..];
        } else if !self.codes.is_valid {
            return Err("it repeats Huffman codes, and there are none before it");
        }
        let output = &mut self.literals[..length];
        let decoded = if format == 0 {
            self.codes.decode_one(streams, output)
        } else {
            self.codes.decode_four(streams, output)
        };
        decoded.ok_or("its compressed literals are invalid")?;
        Ok((length, bytes + packed))
    }
}

/// How many sequences there are (3.1.1.3.2.1), and what follows that.
fn sequence_count(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    let first = usize::from(first);
    if first < 128 {
        return Some((first, rest));
    }
    let (&second, rest) = rest.split_first()?;
    let second = usize::from(second);
    if first < 255 {
        return Some(((first - 128) << 8 | second, rest));
    }
    let (&third, rest) = rest.split_first()?;
    Some((second + (usize::from(third) << 8) + 0x7f00, rest))
}

/// Makes or keeps the table of a kind of code; returns what follows it.
fn read_table<'a>(mode: u8, kind: &Kind, table: &mut Table, bytes: &'a [u8]) -> Option<&'a [u8]> {
    match mode {
        0 => {
            table.predefine(kind);
            Some(bytes)
        }
        1 => {
            let (&code, rest) = bytes.split_first()?;
            table.repeat_code(kind, code)?;
            Some(rest)
        }
        2 => {
            table.is_valid = false;
            let consumed = table.read(kind, bytes)?;
            Some(&bytes[consumed..])
        }
        _ => table.is_valid.then_some(bytes),
    }
}
